//! What the parser says of a text that is no TOML, in words for people who never read the grammar.

use std::ops::Range;

use toml::de::Error;

use crate::describe::literal;
use crate::problem::Problem;
use crate::render::line_and_column;
use crate::source::Origin;
use crate::syntax::{DEPTH_LIMIT, widened};

/// Syntax errors shown of one text: the parser recovers, but what it finds later is mostly an echo of the first.
const SYNTAX_LIMIT: usize = 3;

/// The first few errors, one per line, in reading order.
pub(crate) fn syntax_problems(text: &str, source: usize, errors: &[Error]) -> Vec<Problem> {
    let mut errors: Vec<&Error> = errors.iter().collect();
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    // A text that is no TOML at all has an error on every line, and to find a line is a walk through the text.
    errors.truncate(SYNTAX_LIMIT * 16);
    let mut found: Vec<(usize, Problem)> = errors
        .into_iter()
        .map(|error| syntax_problem(text, source, error))
        .collect();
    found.dedup_by_key(|(line, _)| *line);
    found
        .into_iter()
        .take(SYNTAX_LIMIT)
        .map(|(_, problem)| problem)
        .collect()
}

fn syntax_problem(text: &str, source: usize, error: &Error) -> (usize, Problem) {
    let span = widened(text, error.span().unwrap_or_else(|| longest_path(text)));
    let marked = text[span.clone()].trim();
    let line = line_and_column(text, span.start).0;
    let help = match error.message() {
        "duplicate key" => set_before(&text[..span.start], marked),
        _ if text.trim_start().starts_with('{') => Some(
            "this looks like JSON; an experiment file is TOML, with lines such as `name = \"small\"`"
                .to_owned(),
        ),
        _ => help(error, marked),
    };
    let problem = Problem::new(message(error, marked)).at(&Origin::new(source, span));
    (line, Problem { help, ..problem })
}

/// The line with the most dots: the parser names no place for one mistake, a key of too many parts.
fn longest_path(text: &str) -> Range<usize> {
    let line = text.lines().max_by_key(|line| line.matches('.').count());
    let line = line.unwrap_or_default().trim();
    let start = text.find(line).unwrap_or_default();
    start..start + line.len()
}

/// The parser's message, reworded where it assumes that the reader knows the grammar.
fn message(error: &Error, marked: &str) -> String {
    let reason = match error.message() {
        _ if is_no_value(error, marked) && unfinished(marked) => "a value is missing here".to_owned(),
        _ if is_no_value(error, marked) => {
            format!(
                "`{}` is neither a number, `true` or `false`, nor a text in quotes",
                literal(marked)
            )
        }
        "duplicate key" => return format!("`{}` is set twice in this file", literal(marked)),
        "recursion limit" | "cannot recurse further; max recursion depth met" => {
            return format!("nested more than {DEPTH_LIMIT} levels deep");
        }
        message if message.starts_with("invalid unquoted key") => {
            format!("`{}` cannot stand in a key", literal(marked))
        }
        message => plain_words(message),
    };
    format!("not valid TOML: {reason}")
}

/// A message of the parser's as people would say it.
pub(crate) fn plain_words(message: &str) -> String {
    match message {
        "key with no value, expected `=`" => "a key is not followed by `=`",
        "invalid basic string, expected `\"`" => "a text is not closed, expected `\"`",
        "invalid literal string, expected `'`" => "a text is not closed, expected `'`",
        "unclosed table, expected `]`" => "the name of a section is not closed, expected `]`",
        "unclosed array, expected `]`" => "an array is not closed, expected `]`",
        "unclosed inline table, expected `}`" => "a table is not closed, expected `}`",
        "unexpected key or value, expected newline, `#`" => "the line should end here",
        "unexpected leading zero, expected nothing" => "a number does not begin with a 0",
        "invalid key-value pair, expected key" => "a key is missing here",
        other => other,
    }
    .to_owned()
}

/// Whether something stands where a value should; the parser guesses what it was to be from the first letter.
fn is_no_value(error: &Error, marked: &str) -> bool {
    let message = error.message();
    let guessed = message.starts_with("invalid boolean") || message.starts_with("invalid float");
    message.starts_with("string values must be quoted") || guessed && marked.starts_with(char::is_alphabetic)
}

fn help(error: &Error, marked: &str) -> Option<String> {
    if !is_no_value(error, marked) {
        return match marked.chars().next()? {
            ':' => Some("a key is followed by `=`: `key = value`".to_owned()),
            ',' if error.message().starts_with("unexpected key or value") => {
                Some("numbers have a point: `0.5`; several values stand in brackets: `[1, 2]`".to_owned())
            }
            _ => None,
        };
    }
    Some(match marked {
        _ if unfinished(marked) => "write a value after the `=`".to_owned(),
        "True" | "TRUE" | "yes" | "on" => "write `true`".to_owned(),
        "False" | "FALSE" | "no" | "off" => "write `false`".to_owned(),
        "None" | "null" | "nil" => "leave the key out to have its default".to_owned(),
        word if begins_a_number(word) => NUMBERS.to_owned(),
        word => format!(
            "a text is written in quotes: `\"{}\"`",
            literal(word).replace('"', "")
        ),
    })
}

/// How numbers are written.
pub(crate) const NUMBERS: &str = "a number is written like `20`, `0.5` or `1e-3`, without blanks or units";

/// Whether a word was probably to be a number.
pub(crate) fn begins_a_number(word: &str) -> bool {
    word.trim_start_matches(['+', '-', '.'])
        .starts_with(|letter: char| letter.is_ascii_digit())
}

/// Where a key or a section that is set twice was set first, where a line above says so plainly.
fn set_before(above: &str, name: &str) -> Option<String> {
    let is_header = above.ends_with('[');
    let sets = |line: &str| {
        let line = line.trim();
        let rest = line.trim_start_matches('[').trim_start().strip_prefix(name);
        let after = rest.and_then(|rest| rest.trim_start().chars().next());
        match after {
            Some('=' | '.') => !line.starts_with('['),
            Some(']') => is_header && line.starts_with('['),
            _ => false,
        }
    };
    let lines = above.lines().enumerate().take(above.matches('\n').count());
    let (index, _) = lines.filter(|(_, line)| sets(line)).last()?;
    Some(format!("line {} sets it already", index + 1))
}

fn unfinished(marked: &str) -> bool {
    marked.is_empty() || marked.starts_with('#') || marked.starts_with('=')
}
