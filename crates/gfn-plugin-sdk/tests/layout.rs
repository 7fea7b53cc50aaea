//! The layout of every struct that crosses the border, in three places that must agree: `layout.txt`, the C header as a C
//! compiler sees it, and the Rust structs. A plugin that was built once must work for as long as the major version lasts.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod compiler;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::mem::offset_of;

use gfn_plugin_sdk::abi::{
    self, Batch, EnvironmentTable, Host, Plugin, RewardTable, Scores, VocabularyTable,
};

const COMMITTED: &str = include_str!("../layout.txt");

/// What `layout.txt` says but for its comments.
fn committed() -> Vec<&'static str> {
    COMMITTED.lines().filter(|line| !line.starts_with('#')).collect()
}

macro_rules! layout {
    ($($c:literal $rust:ident { $($member:ident)* })*) => {{
        let mut lines = Vec::new();
        $(
            lines.push(format!("{} size {}", $c, size_of::<$rust>()));
            $(lines.push(format!("{}.{} at {}", $c, stringify!($member), offset_of!($rust, $member)));)*
        )*
        lines
    }};
}

fn rust_structs() -> Vec<String> {
    layout! {
        "gfn_host" Host { struct_size abi_minor context log objects }
        "gfn_batch" Batch { struct_size form count data stride offsets }
        "gfn_scores" Scores { struct_size reserved log_reward status context explain }
        "gfn_reward" RewardTable { struct_size reserved create score destroy }
        "gfn_vocabulary" VocabularyTable { struct_size reserved create block_count block destroy }
        "gfn_environment" EnvironmentTable {
            struct_size reserved create spec forward_mask backward_mask step undo observe describe destroy
        }
        "gfn_plugin" Plugin { struct_size abi_minor description reward vocabulary environment }
    }
}

fn rust_constants() -> Vec<String> {
    let constants = [
        ("GFN_ABI_MAJOR", i64::from(abi::MAJOR)),
        ("GFN_OK", i64::from(abi::OK)),
        ("GFN_FAILED", i64::from(abi::FAILED)),
        ("GFN_BAD_PARAMETERS", i64::from(abi::BAD_PARAMETERS)),
        ("GFN_UNSUPPORTED", i64::from(abi::UNSUPPORTED)),
        ("GFN_STATES", i64::from(abi::STATES)),
        ("GFN_TEXTS", i64::from(abi::TEXTS)),
        ("GFN_NOT_SCORED", i64::from(abi::NOT_SCORED)),
        ("GFN_SCORED", i64::from(abi::SCORED)),
        ("GFN_ZERO", i64::from(abi::ZERO)),
        ("GFN_NO_SCORE", i64::from(abi::NO_SCORE)),
        ("GFN_LOG_ERROR", i64::from(abi::LOG_ERROR)),
        ("GFN_LOG_WARNING", i64::from(abi::LOG_WARNING)),
        ("GFN_LOG_INFO", i64::from(abi::LOG_INFO)),
        ("GFN_LOG_DEBUG", i64::from(abi::LOG_DEBUG)),
    ];
    constants
        .iter()
        .map(|(name, value)| format!("{name} is {value}"))
        .collect()
}

/// A program that prints the same lines from the header.
fn c_program() -> String {
    let mut program = String::from("#include <stdio.h>\n#include \"gfn_plugin.h\"\nint main(void) {\n");
    for line in committed() {
        let words: Vec<&str> = line.split(' ').collect();
        let value = match (words[1], words[0].split_once('.')) {
            ("size", _) => format!("sizeof({})", words[0]),
            (_, Some((table, member))) => format!("offsetof({table}, {member})"),
            _ => words[0].to_owned(),
        };
        let format = format!("{} {} %llu\\n", words[0], words[1]);
        writeln!(
            program,
            "    printf(\"{format}\", (unsigned long long)({value}));"
        )
        .unwrap();
    }
    program + "    return 0;\n}\n"
}

#[test]
fn the_rust_structs_are_as_committed() {
    let found: Vec<String> = rust_structs().into_iter().chain(rust_constants()).collect();
    let known: BTreeSet<&str> = committed().into_iter().collect();
    let new: Vec<&String> = found
        .iter()
        .filter(|line| !known.contains(line.as_str()))
        .collect();
    assert!(
        new.is_empty(),
        "`layout.txt` lacks these lines. It says at its top what may be added to it; anything else breaks every plugin there \
         is.\n{new:#?}"
    );
    assert_eq!(found, committed(), "layout.txt has lines that are no longer true");
}

#[test]
fn the_header_is_as_committed() {
    let folder = compiler::folder("layout");
    for (language, standard) in [("c", "c99"), ("c", "c11"), ("c++", "c++11"), ("c++", "c++17")] {
        let program = compiler::program(&folder, language, standard, &c_program());
        let printed = std::process::Command::new(program).output().unwrap();
        let printed = String::from_utf8(printed.stdout).unwrap();
        assert_eq!(
            printed.lines().collect::<Vec<_>>(),
            committed(),
            "{language}, {standard}"
        );
    }
}

/// A member added to the header alone would change the size of its struct, unless padding took it: so nothing is padded.
#[test]
fn no_struct_has_room_for_a_hidden_member() {
    let sizes = |lines: &[String], name: &str| -> Vec<usize> {
        let of = lines
            .iter()
            .filter(|line| line.split(['.', ' ']).next() == Some(name));
        let number = |line: &String| line.rsplit(' ').next().unwrap().parse().unwrap();
        let mut numbers: Vec<usize> = of.map(number).collect();
        numbers.rotate_left(1);
        numbers
    };
    let lines = rust_structs();
    for name in lines
        .iter()
        .filter_map(|line| line.split_once(" size "))
        .map(|(name, _)| name)
    {
        let gaps: Vec<usize> = sizes(&lines, name)
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .collect();
        assert!(
            gaps[..2] == [4, 4] && gaps[2..].iter().all(|&gap| gap == 8),
            "{name}: {gaps:?}"
        );
    }
}
