//! The key `gfn = "0.1"` of a file: the least version of the program that reads it as it was meant.

use crate::describe::{found, literal};
use crate::node::Node;
use crate::problem::Problem;

/// The version of this program, which all of its crates share.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Why a file's version is refused.
pub(crate) enum Refusal {
    /// It is no version.
    Form(Problem),
    /// It is newer than this program, whose other complaints about the file would then mislead.
    Newer(Problem),
}

/// Checks the value of the key `gfn`.
pub(crate) fn check(node: &Node) -> Result<(), Refusal> {
    let needed = node.as_str().and_then(|text| Some((text, numbers(text)?)));
    let Some((text, needed)) = needed else {
        return Err(Refusal::Form(no_version(node)));
    };
    if needed <= own() {
        return Ok(());
    }
    let message = format!("this file needs gfn {text} or newer, and this is gfn {VERSION}");
    let help = "install a newer gfn, or lower the version if the file needs nothing new";
    Err(Refusal::Newer(Problem::new(message).at(&node.origin).help(help)))
}

fn no_version(node: &Node) -> Problem {
    let value = match node.as_str() {
        Some(text) => format!("`{}`", literal(text)),
        None => found(&node.value),
    };
    Problem::new(format!("`gfn`: expected a version, found {value}"))
        .at(&node.origin)
        .help(format!(
            "write the lowest version that the file needs, in quotes, such as `gfn = \"{}\"`",
            short(VERSION)
        ))
}

/// `1.2` or `1.2.3` as numbers; a version that is still being tested counts as the one that it will be.
fn numbers(text: &str) -> Option<[u32; 3]> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('.').collect();
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(|part| digits(part)) {
        return None;
    }
    let mut numbers = [0; 3];
    for (number, part) in numbers.iter_mut().zip(parts) {
        *number = part.parse().ok()?;
    }
    Some(numbers)
}

fn own() -> [u32; 3] {
    let released = VERSION.split(['-', '+']).next().unwrap_or(VERSION);
    numbers(released).expect("Cargo's versions are three numbers")
}

/// `0.1` of `0.1.0`.
fn short(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_and_dots() {
        assert_eq!(numbers("0.1"), Some([0, 1, 0]));
        assert_eq!(numbers("10.0.12"), Some([10, 0, 12]));
        for wrong in [
            "",
            "1",
            "0.1.2.3",
            "0.x",
            ">=0.1",
            "0.1.",
            "+0.1",
            " 0.1",
            "0.99999999999",
        ] {
            assert_eq!(numbers(wrong), None, "{wrong}");
        }
        assert!(numbers("0.10") > numbers("0.9.9"));
    }

    #[test]
    fn the_program_knows_its_own() {
        assert!(own() >= [0, 1, 0]);
        assert_eq!(short("0.1.0"), "0.1");
    }
}
