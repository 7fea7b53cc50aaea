//! What a person is asked to agree to: shown whole, as it would be typed, with nothing that could hide a part of it.

use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal};

use super::print_error;
use crate::exit::Failure;

/// Asks at the terminal; nobody else can answer. `instead` says what to do where nobody is there.
pub(super) fn is_agreed(question: &str, instead: &str) -> Result<bool, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::usage(format!("nobody can answer here; {instead}")));
    }
    print_error(&format!("{question} [y/N] "));
    let mut answer = String::new();
    stdin
        .lock()
        .read_line(&mut answer)
        .map_err(Failure::system("read standard input"))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// The words of a command as a shell takes them, with every hidden character as an escape.
pub(super) fn typed(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,+@%{}".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_string();
    }
    if !word.chars().any(gfn_text::is_hidden) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut text = "$'".to_string();
    for character in word.chars() {
        let code = u32::from(character);
        // Writing to a string cannot fail.
        let _ = match character {
            '\'' | '\\' => write!(text, "\\{character}"),
            '\n' => write!(text, "\\n"),
            '\t' => write!(text, "\\t"),
            _ if !gfn_text::is_hidden(character) => write!(text, "{character}"),
            _ if code < 0x80 => write!(text, "\\x{code:02x}"),
            _ if code < 0x1_0000 => write!(text, "\\u{code:04x}"),
            _ => write!(text, "\\U{code:08x}"),
        };
    }
    text + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shown_as_they_would_be_typed() {
        let words = |words: &[&str]| typed(&words.iter().map(|word| (*word).to_string()).collect::<Vec<_>>());
        assert_eq!(
            words(&["python3", "reward.py", "--size=3"]),
            "python3 reward.py --size=3"
        );
        assert_eq!(
            words(&["sh", "-c", "rm -rf ~; echo it's", ""]),
            r"sh -c 'rm -rf ~; echo it'\''s' ''"
        );
        assert_eq!(
            words(&["a\u{1b}[2Kb\n", "x\u{202e}y\u{200b}", "\u{e0041}\\'"]),
            r"$'a\x1b[2Kb\n' $'x\u202ey\u200b' $'\U000e0041\\\''"
        );
    }
}
