//! The kinds of structs that serde and schemars make: flattened, nested, recursive, all sorts of enums.

mod common;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use gfn_config::{Tree, read};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One field per kind of schema.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Everything {
    path: PathBuf,
    count: Option<NonZeroU32>,
    single: Option<Single>,
    external: Option<External>,
    wrapped: Option<Wrapped>,
    recursive: Option<Box<Recursive>>,
    tables: BTreeMap<String, Inner>,
    triple: Option<[f32; 3]>,
    anything: Option<serde_json::Value>,
    flat: Option<Flat>,
    /// Described, which puts a keyword beside the reference.
    #[schemars(extend("exclusiveMaximum" = 10))]
    below: u64,
    auto: Option<Auto>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Single {
    Only,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum External {
    Plain,
    Bare,
    Struct { x: f64 },
    Newtype(String),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Wrapped {
    First(Inner),
    Second(Other),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Inner {
    x: f64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Other {
    y: i8,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Recursive {
    value: i64,
    next: Option<Box<Recursive>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Flat {
    own: bool,
    #[serde(flatten)]
    shared: Shared,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Shared {
    shared: u32,
}

/// A word or a number.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Auto {
    Word(Word),
    Number(u32),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Word {
    /// Chosen by the program.
    Auto,
    /// None at all.
    Off,
}

fn messages(text: &str) -> Vec<String> {
    let tree = Tree::parse("exp.toml", text).expect("the text is TOML");
    let problems = read::<Everything>(tree.root(), "", &[]).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn what_is_right_is_read() {
    for text in [
        "path = \"a/b\"\ncount = 1\nsingle = \"Only\"\nbelow = 9",
        "external = \"plain\"",
        "external = { struct = { x = 1 } }",
        "external.newtype = \"x\"",
        "wrapped = { kind = \"first\", x = 1 }",
        "wrapped = { kind = \"second\", y = -128 }",
        "[recursive]\nvalue = 1\nnext = { value = 2, next = { value = 3 } }",
        "[tables.a]\nx = 1\n[tables.\"b c\"]\nx = 2.5",
        "triple = [1, 2.5, 3]",
        "anything = { a = [1, { b = \"c\" }] }",
        "flat = { own = true, shared = 3 }",
        "auto = \"auto\"",
        "auto = 3",
    ] {
        assert_eq!(messages(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_is_wrong_is_found() {
    for (text, expected) in [
        (
            "count = 0",
            vec!["`count`: expected a whole number of at least 1, found `0`"],
        ),
        ("single = \"Onli\"", vec!["`single`: unknown value `Onli`"]),
        ("external = \"plan\"", vec!["`external`: unknown value `plan`"]),
        (
            "external = { struct = { x = \"a\" } }",
            vec!["`external.struct.x`: expected a number, found the string `a`"],
        ),
        (
            "external = 3",
            vec![
                "`external`: expected one of `plain` or `bare`, a table with `struct` or a table with `newtype`, found `3`",
            ],
        ),
        (
            "wrapped = { kind = \"first\", x = 1, z = 2 }",
            vec!["unknown key `wrapped.z`"],
        ),
        (
            "wrapped = { kind = \"second\", y = 128 }",
            vec!["`wrapped.y`: expected a whole number from -128 to 127, found `128`"],
        ),
        ("wrapped = { kind = \"second\" }", vec!["missing key `wrapped.y`"]),
        (
            "[recursive]\nvalue = 1\nnext.next.value = 1",
            vec!["missing key `recursive.next.value`"],
        ),
        (
            "[recursive]\nvalue = 1\nxyz = 2",
            vec!["unknown key `recursive.xyz`"],
        ),
        (
            "[tables.a]\n[tables.\"b c\"]\nx = \"y\"",
            vec![
                "missing key `tables.a.x`",
                "`tables.\"b c\".x`: expected a number, found the string `y`",
            ],
        ),
        (
            "triple = [1, 2, \"x\", 4]",
            vec![
                "`triple`: expected 3 items, found 4",
                "`triple[2]`: expected a number, found the string `x`",
            ],
        ),
        (
            "flat = { own = true, shared = -1, more = 1 }",
            vec![
                "`flat.shared`: expected a whole number of at least 0, found `-1`",
                "unknown key `flat.more`",
            ],
        ),
        (
            "below = 10",
            vec!["`below`: expected a whole number of at least 0 and less than 10, found `10`"],
        ),
        ("auto = \"of\"", vec!["`auto`: unknown value `of`"]),
        (
            "auto = 1.5",
            vec!["`auto`: expected one of `auto` or `off` or a whole number of at least 0, found `1.5`"],
        ),
        (
            "auto = -1",
            vec!["`auto`: expected a whole number of at least 0, found `-1`"],
        ),
    ] {
        assert_eq!(messages(text), expected, "{text}");
    }
}
