//! Values out of range or out of choice, as the user sees them.

mod common;

use common::shown;

#[test]
fn zero_where_positive() {
    assert_eq!(
        shown("[loss]\nepsilon = 0\n"),
        "\
error: `loss.epsilon`: expected a number greater than 0, found `0`\n\
\x20--> exp.toml:2:11\n\
\x20 |\n\
2 | epsilon = 0\n\
\x20 |           ^\n\
"
    );
}

#[test]
fn negative() {
    assert_eq!(
        shown("[loss]\nterminal_weight = -1.5\n"),
        "\
error: `loss.terminal_weight`: expected a number of at least 0, found `-1.5`\n\
\x20--> exp.toml:2:19\n\
\x20 |\n\
2 | terminal_weight = -1.5\n\
\x20 |                   ^^^^\n\
"
    );
}

#[test]
fn above_an_optional_bound() {
    assert_eq!(
        shown("[loss]\nclip = 2\n"),
        "\
error: `loss.clip`: expected a number greater than 0 and at most 1, found `2`\n\
\x20--> exp.toml:2:8\n\
\x20 |\n\
2 | clip = 2\n\
\x20 |        ^\n\
"
    );
}

#[test]
fn out_of_range() {
    assert_eq!(
        shown("[training]\nsteps = 0\nbatch_size = 5000\n"),
        "\
error: `training.steps`: expected a whole number of at least 1, found `0`\n\
\x20--> exp.toml:2:9\n\
\x20 |\n\
2 | steps = 0\n\
\x20 |         ^\n\n\
error: `training.batch_size`: expected a whole number from 1 to 4096, found `5000`\n\
\x20--> exp.toml:3:14\n\
\x20 |\n\
3 | batch_size = 5000\n\
\x20 |              ^^^^\n\
"
    );
}

#[test]
fn too_wide_for_the_format() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nport = 3000000000\nhidden = [70000]\n"),
        "\
error: `training.port`: expected a whole number from -2147483648 to 2147483647, found `3000000000`\n\
\x20--> exp.toml:4:8\n\
\x20 |\n\
4 | port = 3000000000\n\
\x20 |        ^^^^^^^^^^\n\n\
error: `training.hidden[0]`: expected a whole number from 0 to 65535, found `70000`\n\
\x20--> exp.toml:5:11\n\
\x20 |\n\
5 | hidden = [70000]\n\
\x20 |           ^^^^^\n\
"
    );
}

#[test]
fn unknown_choice() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nprecision = \"f23\"\n"),
        "\
error: `training.precision`: unknown value `f23`\n\
\x20--> exp.toml:4:13\n\
\x20 |\n\
4 | precision = \"f23\"\n\
\x20 |             ^^^^^\n\
\x20 = help: did you mean `f32`? the choices are `f32`, `f64` and `mixed-precision`\n\
"
    );
}

#[test]
fn unknown_choice_with_no_near_name() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nprecision = \"bfloat\"\n"),
        "\
error: `training.precision`: unknown value `bfloat`\n\
\x20--> exp.toml:4:13\n\
\x20 |\n\
4 | precision = \"bfloat\"\n\
\x20 |             ^^^^^^^^\n\
\x20 = help: the choices are `f32`, `f64` and `mixed-precision`\n\
"
    );
}

#[test]
fn choice_of_wrong_type() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nprecision = 32\n"),
        "\
error: `training.precision`: expected one of `f32`, `f64` or `mixed-precision`, found `32`\n\
\x20--> exp.toml:4:13\n\
\x20 |\n\
4 | precision = 32\n\
\x20 |             ^^\n\
"
    );
}

#[test]
fn too_few_items() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nhidden = []\n"),
        "\
error: `training.hidden`: expected at least 1 item, found 0\n\
\x20--> exp.toml:4:10\n\
\x20 |\n\
4 | hidden = []\n\
\x20 |          ^^\n\
"
    );
}

#[test]
fn wrong_number_of_items() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nlayers = [1, 2, 3]\n"),
        "\
error: `training.layers`: expected 2 items, found 3\n\
\x20--> exp.toml:4:10\n\
\x20 |\n\
4 | layers = [1, 2, 3]\n\
\x20 |          ^^^^^^^^^\n\
"
    );
}

#[test]
fn text_too_long() {
    assert_eq!(
        shown(
            "[training]\nsteps = 10\nbatch_size = 4\nmilestones = [{ step = 1, name = \"\" }, { step = 2, name = \"the-very-last\" }]\n"
        ),
        "\
error: `training.milestones[0].name`: expected 1 to 8 characters, found 0\n\
\x20--> exp.toml:4:34\n\
\x20 |\n\
4 | milestones = [{ step = 1, name = \"\" }, { step = 2, name = \"the-very-last\" }]\n\
\x20 |                                  ^^\n\n\
error: `training.milestones[1].name`: expected 1 to 8 characters, found 13\n\
\x20--> exp.toml:4:59\n\
\x20 |\n\
4 | milestones = [{ step = 1, name = \"\" }, { step = 2, name = \"the-very-last\" }]\n\
\x20 |                                                           ^^^^^^^^^^^^^^^\n\
"
    );
}

#[test]
fn refused_by_code() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\ndevice = \"gpu\"\n"),
        "\
error: `training.device`: there is no device `gpu`; devices are `auto`, `cpu`, `cuda` and `cuda:N`\n\
\x20--> exp.toml:4:10\n\
\x20 |\n\
4 | device = \"gpu\"\n\
\x20 |          ^^^^^\n\
"
    );
}
