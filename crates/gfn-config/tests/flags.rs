//! Mistakes in `--set` flags and variables, as the user sees them.

mod common;

use common::layered;

#[test]
fn flag_of_wrong_type() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[],
            &["training.steps=many"]
        ),
        "\
error: `training.steps`: expected a whole number of at least 1, found the string `many`\n\
\x20--> --set training.steps=many\n\
\x20                         ^^^^\n\
"
    );
}

#[test]
fn flag_with_unknown_key() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[],
            &["training.stepps=5"]
        ),
        "\
error: unknown key `training.stepps`\n\
\x20--> --set training.stepps=5\n\
\x20                   ^^^^^^\n\
\x20 = help: did you mean `steps`?\n\
"
    );
}

#[test]
fn flag_below_range() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[],
            &["loss.epsilon = -1e-3"]
        ),
        "\
error: `loss.epsilon`: expected a number greater than 0, found `-0.001`\n\
\x20--> --set loss.epsilon = -1e-3\n\
\x20                         ^^^^^\n\
"
    );
}

#[test]
fn flag_through_a_number() {
    assert_eq!(
        layered("seed = 0\n", &[], &["seed.x=1"]),
        "\
error: `seed.x` cannot be set: `seed` is `0`, not a table\n\
\x20--> --set seed.x=1\n\
\x20          ^^^^\n\
\x20 = help: `seed` is set at exp.toml:1:8\n\
"
    );
}

#[test]
fn flag_without_value() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[],
            &["training.steps="]
        ),
        "\
error: a value is missing after the `=`\n\
\x20--> --set training.steps=\n\
\x20                   ^^^^^\n\
\x20 = help: write an empty string as `\"\"`\n\
"
    );
}

#[test]
fn flag_without_equals() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[],
            &["training.steps"]
        ),
        "\
error: expected `--set key=value`\n\
\x20--> --set training.steps\n\
\x20          ^^^^^^^^^^^^^^\n\
"
    );
}

#[test]
fn flag_without_key() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[],
            &["=5", "training.=5"]
        ),
        "\
error: a key is missing before this\n\
\x20--> --set =5\n\
\x20          ^\n\n\
error: a key is missing before this\n\
\x20--> --set training.=5\n\
\x20                   ^\n\
"
    );
}

#[test]
fn flag_with_a_strange_key() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[],
            &["training.é=5", "a b=1", "\"a=1"]
        ),
        "\
error: `é` is not allowed in a key without quotes\n\
\x20--> --set training.é=5\n\
\x20                   ^\n\n\
error: a key cannot contain a blank; join its parts with dots, `section.key`\n\
\x20--> --set a b=1\n\
\x20           ^\n\n\
error: the quote \" is not closed\n\
\x20--> --set \"a=1\n\
\x20          ^^^^\n\
"
    );
}

#[test]
fn flag_with_broken_value() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[],
            &["training.seeds=[1,", "name=my run"]
        ),
        "\
error: `[1,` is not a TOML value: an array is not closed, expected `]`\n\
\x20--> --set training.seeds=[1,\n\
\x20                         ^^^\n\n\
error: `my run` is neither a TOML value nor a plain word\n\
\x20--> --set name=my run\n\
\x20               ^^^^^^\n\
\x20 = help: a string with special characters needs two kinds of quotes: --set 'name=\"my run\"'\n\
"
    );
}

#[test]
fn flag_with_nan() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[],
            &["loss.epsilon=nan"]
        ),
        "\
error: `nan` is not a finite number\n\
\x20--> --set loss.epsilon=nan\n\
\x20                       ^^^\n\
\x20 = help: numbers must be finite; leave the key out for no limit; a string needs two kinds of quotes: --set 'loss.epsilon=\"nan\"'\n\
"
    );
}

#[test]
fn flag_inside_an_inline_table() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[],
            &["training.schedule={kind=\"exponential\", half_life=\"é\", x=1}"]
        ),
        "\
error: `training.schedule.half_life`: expected a number, found the string `é`\n\
\x20--> --set training.schedule={kind=\"exponential\", half_life=\"é\", x=1}\n\
\x20                                                           ^^^\n\n\
error: unknown key `training.schedule.x`\n\
\x20--> --set training.schedule={kind=\"exponential\", half_life=\"é\", x=1}\n\
\x20                                                                ^\n\
\x20 = help: the known keys are `kind` and `half_life`\n\
"
    );
}

#[test]
fn flag_that_extends() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[],
            &["extends=base.toml"]
        ),
        "\
error: `extends` can be set in a file only\n\
\x20--> --set extends=base.toml\n\
\x20          ^^^^^^^\n\
"
    );
}

#[test]
fn variable_of_wrong_type() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[("GFN__TRAINING__STEPS", "many")],
            &[]
        ),
        "\
error: `training.steps`: expected a whole number of at least 1, found the string `many`\n\
\x20--> GFN__TRAINING__STEPS=many\n\
\x20                         ^^^^\n\
"
    );
}

#[test]
fn variable_with_unknown_key() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[("GFN__LOSS__EPSILOM", "1"), ("GFN_CACHE", "x"), ("PATH", "y")],
            &[]
        ),
        "\
error: unknown key `loss.epsilom`\n\
\x20--> GFN__LOSS__EPSILOM=1\n\
\x20               ^^^^^^^\n\
\x20 = help: did you mean `epsilon`?\n\
"
    );
}

#[test]
fn variable_with_an_empty_part() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[("GFN__LOSS__", "1"), ("GFN__", "2")],
            &[]
        ),
        "\
error: expected a variable such as `GFN__SECTION__KEY`\n\
\x20--> GFN__=2\n\
\x20    ^^^^^\n\n\
error: expected a variable such as `GFN__SECTION__KEY`\n\
\x20--> GFN__LOSS__=1\n\
\x20    ^^^^^^^^^^^\n\
"
    );
}

#[test]
fn variable_without_value() {
    assert_eq!(
        layered(
            "[training]\nsteps = 10\nbatch_size = 4\n",
            &[("GFN__LOSS__EPSILON", "")],
            &[]
        ),
        "\
error: a value is missing after the `=`\n\
\x20--> GFN__LOSS__EPSILON=\n\
\x20               ^^^^^^^\n\
\x20 = help: write an empty string as `\"\"`\n\
"
    );
}

#[test]
fn variable_through_a_text() {
    assert_eq!(
        layered("name = \"a\"\n", &[("GFN__NAME__FIRST", "b")], &[]),
        "\
error: `name.first` cannot be set: `name` is the string `a`, not a table\n\
\x20--> GFN__NAME__FIRST=b\n\
\x20         ^^^^\n\
\x20 = help: `name` is set at exp.toml:1:8\n\
"
    );
}

#[test]
fn file_variable_and_flag_at_once() {
    assert_eq!(
        layered(
            "[loss]\nepsilon = 0\n",
            &[("GFN__LOSS__CLIP", "7")],
            &["loss.terminal_weight=-1"]
        ),
        "\
error: `loss.epsilon`: expected a number greater than 0, found `0`\n\
\x20--> exp.toml:2:11\n\
\x20 |\n\
2 | epsilon = 0\n\
\x20 |           ^\n\n\
error: `loss.clip`: expected a number greater than 0 and at most 1, found `7`\n\
\x20--> GFN__LOSS__CLIP=7\n\
\x20                    ^\n\n\
error: `loss.terminal_weight`: expected a number of at least 0, found `-1`\n\
\x20--> --set loss.terminal_weight=-1\n\
\x20                               ^^\n\
"
    );
}
