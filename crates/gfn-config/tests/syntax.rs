//! Texts that are no TOML, or hold what an experiment never does, as the user sees them.

mod common;

use common::shown;

#[test]
fn word_without_quotes() {
    assert_eq!(
        shown("[loss]\nkind = flow-matching\n"),
        "\
error: not valid TOML: `flow-matching` is neither a number, `true` or `false`, nor a string in quotes\n\
\x20--> exp.toml:2:8\n\
\x20 |\n\
2 | kind = flow-matching\n\
\x20 |        ^^^^^^^^^^^^^\n\
\x20 = help: write a string in quotes: `\"flow-matching\"`\n\
"
    );
}

#[test]
fn capital_boolean() {
    assert_eq!(
        shown("deterministic = True\n"),
        "\
error: not valid TOML: `True` is neither a number, `true` or `false`, nor a string in quotes\n\
\x20--> exp.toml:1:17\n\
\x20 |\n\
1 | deterministic = True\n\
\x20 |                 ^^^^\n\
\x20 = help: write `true`\n\
"
    );
}

#[test]
fn null() {
    assert_eq!(
        shown("clip = None\n"),
        "\
error: not valid TOML: `None` is neither a number, `true` or `false`, nor a string in quotes\n\
\x20--> exp.toml:1:8\n\
\x20 |\n\
1 | clip = None\n\
\x20 |        ^^^^\n\
\x20 = help: leave the key out for its default\n\
"
    );
}

#[test]
fn missing_value() {
    assert_eq!(
        shown("seed =\nname = \"a\"\n"),
        "\
error: not valid TOML: a value is missing here\n\
\x20--> exp.toml:1:7\n\
\x20 |\n\
1 | seed =\n\
\x20 |       ^\n\
\x20 = help: write a value after the `=`\n\
"
    );
}

#[test]
fn missing_value_before_comment() {
    assert_eq!(
        shown("seed = # later\n"),
        "\
error: not valid TOML: a value is missing here\n\
\x20--> exp.toml:1:8\n\
\x20 |\n\
1 | seed = # later\n\
\x20 |        ^\n\
\x20 = help: write a value after the `=`\n\
"
    );
}

#[test]
fn missing_equals() {
    assert_eq!(
        shown("seed 3\n"),
        "\
error: not valid TOML: a key is not followed by `=`\n\
\x20--> exp.toml:1:6\n\
\x20 |\n\
1 | seed 3\n\
\x20 |      ^\n\
"
    );
}

#[test]
fn unclosed_string() {
    assert_eq!(
        shown("name = \"mol\nseed = 0\n"),
        "\
error: not valid TOML: a string is not closed, expected `\"`\n\
\x20--> exp.toml:1:12\n\
\x20 |\n\
1 | name = \"mol\n\
\x20 |            ^\n\
"
    );
}

#[test]
fn unclosed_header() {
    assert_eq!(
        shown("[loss\nepsilon = 1\n"),
        "\
error: not valid TOML: the section header is not closed, expected `]`\n\
\x20--> exp.toml:1:6\n\
\x20 |\n\
1 | [loss\n\
\x20 |      ^\n\
"
    );
}

#[test]
fn unclosed_array_at_the_end() {
    assert_eq!(
        shown("seeds = [0, 1\n\n\n"),
        "\
error: not valid TOML: an array is not closed, expected `]`\n\
\x20--> exp.toml:1:14\n\
\x20 |\n\
1 | seeds = [0, 1\n\
\x20 |              ^\n\
"
    );
}

#[test]
fn key_set_twice() {
    assert_eq!(
        shown("seed = 0\nname = \"a\"\nseed = 1\n"),
        "\
error: `seed` is set twice in this file\n\
\x20--> exp.toml:3:1\n\
\x20 |\n\
3 | seed = 1\n\
\x20 | ^^^^\n\
\x20 = help: it is set first in line 1\n\
"
    );
}

#[test]
fn table_opened_twice() {
    assert_eq!(
        shown("[loss]\nepsilon = 1\n[loss]\n"),
        "\
error: `loss` is set twice in this file\n\
\x20--> exp.toml:3:2\n\
\x20 |\n\
3 | [loss]\n\
\x20 |  ^^^^\n\
\x20 = help: it is set first in line 1\n\
"
    );
}

#[test]
fn date() {
    assert_eq!(
        shown("name = 2026-01-31\n"),
        "\
error: dates and times are not allowed\n\
\x20--> exp.toml:1:8\n\
\x20 |\n\
1 | name = 2026-01-31\n\
\x20 |        ^^^^^^^^^^\n\
\x20 = help: write it in quotes\n\
"
    );
}

#[test]
fn not_a_number() {
    assert_eq!(
        shown("[loss]\nepsilon = nan\nterminal_weight = inf\nclip = 1e999\n"),
        "\
error: `nan` is not a finite number\n\
\x20--> exp.toml:2:11\n\
\x20 |\n\
2 | epsilon = nan\n\
\x20 |           ^^^\n\
\x20 = help: numbers must be finite; leave the key out for no limit\n\n\
error: `inf` is not a finite number\n\
\x20--> exp.toml:3:19\n\
\x20 |\n\
3 | terminal_weight = inf\n\
\x20 |                   ^^^\n\
\x20 = help: numbers must be finite; leave the key out for no limit\n\n\
error: `1e999` is too large for a number\n\
\x20--> exp.toml:4:8\n\
\x20 |\n\
4 | clip = 1e999\n\
\x20 |        ^^^^^\n\
\x20 = help: numbers go up to about 1.8e308; leave the key out for no limit\n\
"
    );
}

#[test]
fn whole_number_too_large() {
    assert_eq!(
        shown("seed = 18446744073709551615\n"),
        "\
error: the whole number `18446744073709551615` is out of range\n\
\x20--> exp.toml:1:8\n\
\x20 |\n\
1 | seed = 18446744073709551615\n\
\x20 |        ^^^^^^^^^^^^^^^^^^^^\n\
\x20 = help: whole numbers run from -9223372036854775808 to 9223372036854775807\n\
"
    );
}

#[test]
fn three_errors_at_most() {
    assert_eq!(
        shown("a = \nb = \nc = \nd = \n"),
        "\
error: not valid TOML: a value is missing here\n\
\x20--> exp.toml:1:5\n\
\x20 |\n\
1 | a =\n\
\x20 |     ^\n\
\x20 = help: write a value after the `=`\n\n\
error: not valid TOML: a value is missing here\n\
\x20--> exp.toml:2:5\n\
\x20 |\n\
2 | b =\n\
\x20 |     ^\n\
\x20 = help: write a value after the `=`\n\n\
error: not valid TOML: a value is missing here\n\
\x20--> exp.toml:3:5\n\
\x20 |\n\
3 | c =\n\
\x20 |     ^\n\
\x20 = help: write a value after the `=`\n\
"
    );
}

#[test]
fn error_on_a_last_line_without_newline() {
    assert_eq!(
        shown("seed = 0\nname ="),
        "\
error: not valid TOML: a value is missing here\n\
\x20--> exp.toml:2:6\n\
\x20 |\n\
2 | name =\n\
\x20 |      ^\n\
\x20 = help: write a value after the `=`\n\
"
    );
}

#[test]
fn nested_too_deep() {
    assert_eq!(
        shown(&format!("a = {}{}\n", "[".repeat(40), "]".repeat(40))),
        "\
error: nested more than 32 levels deep\n\
\x20--> exp.toml:1:36\n\
\x20 |\n\
1 | a = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n\
\x20 |                                    ^^^^^^^^^^^^^^^^^^\n\
\x20 = help: write it flatter\n\
"
    );
}
