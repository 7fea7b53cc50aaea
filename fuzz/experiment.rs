//! Experiment files, fuzzed by coverage: what must hold of every file is in `gfn-registry`'s `tests/mutations/judge.rs`.
//!
//! An input is an experiment file. Lines at its top that begin with `--set ` or `--profile ` are flags.
#![no_main]

#[path = "../crates/gfn-registry/tests/mutations/judge.rs"]
#[allow(dead_code, reason = "the tests' part of it is not used here")]
mod judge;

use std::sync::LazyLock;

use judge::{Case, examine};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    folder.expect("a temporary folder can be made")
});

/// Flags, then the file.
fn case(mut input: &[u8]) -> Case {
    let mut case = Case::default();
    loop {
        if let Some(set) = flag(&mut input, b"--set ") {
            case.sets.push(set);
        } else if let Some(profile) = flag(&mut input, b"--profile ") {
            case.profile = Some(profile);
        } else {
            break;
        }
    }
    case.file = input.to_vec();
    case
}

/// Takes a line that begins with the flag off the input.
fn flag(input: &mut &[u8], flag: &[u8]) -> Option<String> {
    let after = input.strip_prefix(flag)?;
    let end = after.iter().position(|&byte| byte == b'\n').unwrap_or(after.len());
    *input = after.get(end + 1..).unwrap_or_default();
    Some(String::from_utf8_lossy(&after[..end]).into_owned())
}

fuzz_target!(|input: &[u8]| {
    if let Err(wrong) = examine(&case(input), FOLDER.path()) {
        panic!("{wrong}");
    }
});
