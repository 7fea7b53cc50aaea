//! Values of the wrong type, as the user sees them.

mod common;

use common::shown;

#[test]
fn string_for_whole_number() {
    assert_eq!(
        shown("[training]\nsteps = \"many\"\nbatch_size = 4\n"),
        "\
error: `training.steps`: expected a whole number of at least 1, found the string `many`\n\
\x20--> exp.toml:2:9\n\
\x20 |\n\
2 | steps = \"many\"\n\
\x20 |         ^^^^^^\n\
"
    );
}

#[test]
fn quoted_number() {
    assert_eq!(
        shown("[training]\nsteps = \"5000\"\nbatch_size = 4\n"),
        "\
error: `training.steps`: expected a whole number of at least 1, found the string `5000`\n\
\x20--> exp.toml:2:9\n\
\x20 |\n\
2 | steps = \"5000\"\n\
\x20 |         ^^^^^^\n\
\x20 = help: without quotes: `5000`\n\
"
    );
}

#[test]
fn float_for_whole_number() {
    assert_eq!(
        shown("[training]\nsteps = 5e3\nbatch_size = 4.5\n"),
        "\
error: `training.steps`: expected a whole number of at least 1, found `5000.0`\n\
\x20--> exp.toml:2:9\n\
\x20 |\n\
2 | steps = 5e3\n\
\x20 |         ^^^\n\
\x20 = help: write `5000`\n\n\
error: `training.batch_size`: expected a whole number from 1 to 4096, found `4.5`\n\
\x20--> exp.toml:3:14\n\
\x20 |\n\
3 | batch_size = 4.5\n\
\x20 |              ^^^\n\
"
    );
}

#[test]
fn number_for_table() {
    assert_eq!(
        shown("loss = 3\n"),
        "\
error: `loss`: expected a table, found `3`\n\
\x20--> exp.toml:1:8\n\
\x20 |\n\
1 | loss = 3\n\
\x20 |        ^\n\
"
    );
}

#[test]
fn array_for_number() {
    assert_eq!(
        shown("[loss]\nepsilon = [1e-6, 1e-5]\n"),
        "\
error: `loss.epsilon`: expected a number greater than 0, found an array\n\
\x20--> exp.toml:2:11\n\
\x20 |\n\
2 | epsilon = [1e-6, 1e-5]\n\
\x20 |           ^^^^^^^^^^^^\n\
"
    );
}

#[test]
fn table_for_number() {
    assert_eq!(
        shown("[loss.epsilon]\nvalue = 1\n"),
        "\
error: `loss.epsilon`: expected a number greater than 0, found a table\n\
\x20--> exp.toml:1:1\n\
\x20 |\n\
1 | [loss.epsilon]\n\
\x20 | ^^^^^^^^^^^^^^\n\
"
    );
}

#[test]
fn quoted_boolean() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\ndeterministic = \"true\"\n"),
        "\
error: `training.deterministic`: expected `true` or `false`, found the string `true`\n\
\x20--> exp.toml:4:17\n\
\x20 |\n\
4 | deterministic = \"true\"\n\
\x20 |                 ^^^^^^\n\
\x20 = help: without quotes: `true`\n\
"
    );
}

#[test]
fn number_for_boolean() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\ndeterministic = 1\n"),
        "\
error: `training.deterministic`: expected `true` or `false`, found `1`\n\
\x20--> exp.toml:4:17\n\
\x20 |\n\
4 | deterministic = 1\n\
\x20 |                 ^\n\
\x20 = help: write `true`\n\
"
    );
}

#[test]
fn number_for_string() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\ndevice = 0\n"),
        "\
error: `training.device`: expected a string, found `0`\n\
\x20--> exp.toml:4:10\n\
\x20 |\n\
4 | device = 0\n\
\x20 |          ^\n\
\x20 = help: write a string in quotes: `\"0\"`\n\
"
    );
}

#[test]
fn string_for_optional_number() {
    assert_eq!(
        shown("[loss]\nclip = \"none\"\n"),
        "\
error: `loss.clip`: expected a number greater than 0 and at most 1, found the string `none`\n\
\x20--> exp.toml:2:8\n\
\x20 |\n\
2 | clip = \"none\"\n\
\x20 |        ^^^^^^\n\
"
    );
}

#[test]
fn no_variant_of_untagged_enum() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nseeds = \"all\"\n"),
        "\
error: `training.seeds`: expected a whole number of at least 0, an array or a table with `range`, found the string `all`\n\
\x20--> exp.toml:4:9\n\
\x20 |\n\
4 | seeds = \"all\"\n\
\x20 |         ^^^^^\n\
"
    );
}

#[test]
fn wrong_item_of_untagged_enum() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nseeds = [0, 1, -2]\n"),
        "\
error: `training.seeds[2]`: expected a whole number of at least 0, found `-2`\n\
\x20--> exp.toml:4:16\n\
\x20 |\n\
4 | seeds = [0, 1, -2]\n\
\x20 |                ^^\n\
"
    );
}

#[test]
fn wrong_key_of_untagged_enum() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nseeds = { rang = [0, 3] }\n"),
        "\
error: unknown key `training.seeds.rang`\n\
\x20--> exp.toml:4:11\n\
\x20 |\n\
4 | seeds = { rang = [0, 3] }\n\
\x20 |           ^^^^\n\
\x20 = help: did you mean `range`?\n\
"
    );
}

#[test]
fn wrong_value_in_a_map() {
    assert_eq!(
        shown("[training]\nsteps = 10\nbatch_size = 4\nlabels = { a = 1, b = \"two\" }\n"),
        "\
error: `training.labels.b`: expected a number, found the string `two`\n\
\x20--> exp.toml:4:23\n\
\x20 |\n\
4 | labels = { a = 1, b = \"two\" }\n\
\x20 |                       ^^^^^\n\
"
    );
}
