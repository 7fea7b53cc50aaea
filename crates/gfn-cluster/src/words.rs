//! What may stand in a batch script.

use std::path::Path;

use crate::ClusterError;

/// A word as a shell reads it back unchanged, whatever it holds.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// Words of a command, for a shell.
pub(crate) fn command(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// A path as text that a batch script can hold.
pub(crate) fn path(path: &Path) -> Result<&str, ClusterError> {
    let text = path
        .to_str()
        .filter(|text| !text.contains(['\n', '\r', '\0', '\\']));
    text.ok_or_else(|| ClusterError::Path(path.into()))
}

/// A name with only what every batch system takes, and not too long.
pub(crate) fn name(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '-'
        }
    };
    text.chars().take(40).map(plain).collect()
}

/// Whether text is one word of letters, digits and some signs.
pub(crate) fn is_word(text: &str, signs: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || signs.contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        let words = [
            "plain",
            "",
            "two words",
            "it's",
            "$(rm x)",
            "`x`",
            "a\nb",
            "\\",
            "*?[x]",
            "~",
            "ü",
            "-n",
        ];
        for word in words {
            let script = format!("printf '%s' {}", quoted(word));
            let output = std::process::Command::new("sh")
                .args(["-c", &script])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
        assert_eq!(command(&["a".into(), "b c".into()]), "a 'b c'");
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(name("my run: ü%"), "my-run----");
        assert_eq!(name(&"x".repeat(100)).len(), 40);
        assert!(
            is_word("gpu:a100:2", ":") && !is_word("a b", ":") && !is_word("", "") && !is_word("-x", "-")
        );
    }
}
