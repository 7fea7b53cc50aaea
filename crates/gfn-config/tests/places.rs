//! Places: columns, line endings, long lines, several mistakes.

mod common;

use common::shown;

fn long_line() -> String {
    let labels = |name: &str| {
        (0..30)
            .map(|index| format!("{name}{index} = {index}, "))
            .collect::<String>()
    };
    let (before, after) = (labels("label"), labels("more"));
    format!("training = {{ steps = 1, batch_size = 1, labels = {{ {before}bad = \"x\", {after} }} }}\n")
}

#[test]
fn columns_count_characters() {
    assert_eq!(
        shown("[training]\nsteps = 1\nbatch_size = 1\nmilestones = [{ name = \"äöü…日本\", stepp = 1 }]\n"),
        "\
error: unknown key `training.milestones[0].stepp`\n\
\x20--> exp.toml:4:34\n\
\x20 |\n\
4 | milestones = [{ name = \"äöü…日本\", stepp = 1 }]\n\
\x20 |                                  ^^^^^\n\
\x20 = help: did you mean `step`?\n\
"
    );
}

#[test]
fn tabs_are_widened() {
    assert_eq!(
        shown("[loss]\n\tepsilom\t=\t1\n"),
        "\
error: unknown key `loss.epsilom`\n\
\x20--> exp.toml:2:2\n\
\x20 |\n\
2 |     epsilom    =    1\n\
\x20 |     ^^^^^^^\n\
\x20 = help: did you mean `epsilon`?\n\
"
    );
}

#[test]
fn windows_line_endings() {
    assert_eq!(
        shown("[loss]\r\nkind = \"x\"\r\nepsilom = 1\r\n"),
        "\
error: unknown key `loss.epsilom`\n\
\x20--> exp.toml:3:1\n\
\x20 |\n\
3 | epsilom = 1\n\
\x20 | ^^^^^^^\n\
\x20 = help: did you mean `epsilon`?\n\
"
    );
}

#[test]
fn windows_line_endings_in_syntax_errors() {
    assert_eq!(
        shown("[loss]\r\nepsilon =\r\n"),
        "\
error: not valid TOML: a value is missing here\n\
\x20--> exp.toml:2:10\n\
\x20 |\n\
2 | epsilon =\n\
\x20 |          ^\n\
\x20 = help: write a value after the `=`\n\
"
    );
}

#[test]
fn control_characters_are_not_repeated() {
    assert_eq!(
        shown("[loss]\n\"\\u001b[31mred\" = 1\n"),
        "\
error: unknown key `loss.\"\\u{1b}[31mred\"`\n\
\x20--> exp.toml:2:1\n\
\x20 |\n\
2 | \"\\u001b[31mred\" = 1\n\
\x20 | ^^^^^^^^^^^^^^^\n\
\x20 = help: the known keys are `kind`, `epsilon`, `terminal_weight` and `clip`\n\
"
    );
}

#[test]
fn long_lines_are_clipped() {
    assert_eq!(
        shown(&long_line()),
        "\
error: `training.labels.bad`: expected a number, found the string `x`\n\
\x20--> exp.toml:1:458\n\
\x20 |\n\
1 | …, label27 = 27, label28 = 28, label29 = 29, bad = \"x\", more0 = 0, more1 = 1, more2 = 2, more3 = 3, more4 = 4, more5 = 5,…\n\
\x20 |                                                    ^^^\n\
"
    );
}

#[test]
fn line_numbers_of_two_digits() {
    assert_eq!(
        shown(&format!("{}[loss]\nepsilom = 1\n", "# comment\n".repeat(11))),
        "\
error: unknown key `loss.epsilom`\n\
\x20 --> exp.toml:13:1\n\
\x20  |\n\
13 | epsilom = 1\n\
\x20  | ^^^^^^^\n\
\x20  = help: did you mean `epsilon`?\n\
"
    );
}

#[test]
fn all_mistakes_at_once() {
    assert_eq!(
        shown("seeed = 1\n[loss]\nepsilon = -1\nweight = 2\n[training]\nsteps = 1.5\nprecision = \"f65\"\n"),
        "\
error: unknown key `seeed`\n\
\x20--> exp.toml:1:1\n\
\x20 |\n\
1 | seeed = 1\n\
\x20 | ^^^^^\n\
\x20 = help: did you mean `seed`?\n\n\
error: `loss.epsilon`: expected a number greater than 0, found `-1`\n\
\x20--> exp.toml:3:11\n\
\x20 |\n\
3 | epsilon = -1\n\
\x20 |           ^^\n\n\
error: unknown key `loss.weight`\n\
\x20--> exp.toml:4:1\n\
\x20 |\n\
4 | weight = 2\n\
\x20 | ^^^^^^\n\
\x20 = help: the known keys are `kind`, `epsilon`, `terminal_weight` and `clip`\n\n\
error: missing key `training.batch_size`\n\
\x20--> exp.toml:5:1\n\
\x20 |\n\
5 | [training]\n\
\x20 | ^^^^^^^^^^\n\
\x20 = help: it is a whole number from 1 to 4096\n\n\
error: `training.steps`: expected a whole number of at least 1, found `1.5`\n\
\x20--> exp.toml:6:9\n\
\x20 |\n\
6 | steps = 1.5\n\
\x20 |         ^^^\n\n\
error: `training.precision`: unknown value `f65`\n\
\x20--> exp.toml:7:13\n\
\x20 |\n\
7 | precision = \"f65\"\n\
\x20 |             ^^^^^\n\
\x20 = help: did you mean `f64`? the choices are `f64`, `f32` and `mixed-precision`\n\
"
    );
}
