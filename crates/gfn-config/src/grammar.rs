//! What the parser says of a text that is no TOML, in words for people who never read the grammar.

use std::ops::Range;

use toml::de::Error;

use crate::describe::literal;
use crate::numeric::{NUMBERS, meant};
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
    if let Some(word) = number_around(text, &span).filter(|_| is_about_a_number(error)) {
        let written = &text[word.clone()];
        let problem = Problem::new(format!("not valid TOML: `{}` is not a number", literal(written)))
            .at(&Origin::new(source, word.clone()))
            .help(number_help(written));
        return (line_and_column(text, word.start).0, problem);
    }
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

/// Whether the parser stumbled over the form of a number.
fn is_about_a_number(error: &Error) -> bool {
    let about = [
        "invalid mantissa",
        "invalid fraction",
        "invalid exponent",
        "invalid integer number",
        "invalid hexadecimal number",
        "invalid octal number",
        "invalid binary number",
        "invalid float",
        "invalid date-time",
        "redundant",
        "integers with a radix cannot be signed",
        "radix must be lowercase",
        "unexpected sign",
        "`_` may only go between digits",
    ];
    about.iter().any(|start| error.message().starts_with(start))
}

/// The word around a place, where it begins as a number does.
fn number_around(text: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let ends = |letter: char| letter.is_whitespace() || ",=[]{}#\"'".contains(letter);
    let after = |at: usize| at + text[at..].chars().next().map_or(0, char::len_utf8);
    let start = text[..span.start].rfind(ends).map_or(0, after);
    let end = text[span.start..]
        .find(ends)
        .map_or(text.len(), |at| span.start + at);
    let word = text.get(start..end)?;
    begins_a_number(word).then_some(start..end)
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
                "`{}` is neither a number, `true` or `false`, nor a string in quotes",
                literal(marked)
            )
        }
        "duplicate key" => return format!("`{}` is set twice in this file", literal(marked)),
        "recursion limit" | "cannot recurse further; max recursion depth met" => {
            return format!("nested more than {DEPTH_LIMIT} levels deep");
        }
        message if message.starts_with("invalid unquoted key") => {
            format!("`{}` is not allowed in a key", literal(marked))
        }
        message => plain_words(message),
    };
    format!("not valid TOML: {reason}")
}

/// A message of the parser's as people would say it.
pub(crate) fn plain_words(message: &str) -> String {
    let (reason, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let words = match (reason, expected) {
        ("key with no value" | "missing value for key", _) => "a key is not followed by `=`",
        ("missing assignment between key-value pairs", _) => "a key is not followed by `=`",
        ("extra assignment between key-value pairs" | "extra `=`", _) => "there is one `=` too many",
        ("unexpected `=` in array", _) => "an array holds values alone, without keys",
        ("extra comma in array" | "extra comma in inline table", _) => "there is one comma too many",
        ("missing comma between array elements" | "missing comma between key-value pairs", _) => {
            "a comma is missing here"
        }
        ("missing value" | "invalid value", _) => "a value is missing here",
        ("invalid key-value pair" | "missing key for inline table element", _) => "a key is missing here",
        ("unquoted keys cannot be empty", _) => "a key is missing here",
        ("invalid inline table element", _) => "a table in braces holds keys with values: `{ key = value }`",
        ("keys cannot be multi-line basic strings" | "keys cannot be multi-line literal strings", _) => {
            "a key cannot span several lines"
        }
        ("invalid basic string" | "missing opening quote", "`\"`") => "a string is not closed, expected `\"`",
        ("invalid literal string" | "missing opening quote", "`'`") => "a string is not closed, expected `'`",
        ("invalid multi-line basic string", "`\"`") => "a string is not closed, expected `\"\"\"`",
        ("invalid multi-line literal string", "`'`") => "a string is not closed, expected `'''`",
        (reason, _) if reason.ends_with(" string") => {
            "a string holds a control character; write it as an escape such as `\\u001b`"
        }
        ("missing escaped value", _) => {
            "this is no escape; a backslash is written `\\\\`, or put the string in single quotes"
        }
        ("too few unicode value digits", _) => "an escape `\\u` has four digits, `\\U` has eight",
        ("invalid comment character", _) => "a comment holds a control character",
        ("carriage return must be followed by newline", _) => {
            "a carriage return stands alone; lines end with a line feed, or with both"
        }
        ("unclosed table" | "missing table open", _) => "the section header is not closed, expected `]`",
        ("unclosed array table", _) => "the section header is not closed, expected `]]`",
        ("unclosed array" | "missing array opening", _) => "an array is not closed, expected `]`",
        ("unclosed inline table" | "missing inline table opening", _) => {
            "a table is not closed, expected `}`"
        }
        ("unexpected leading zero", _) => "a number cannot start with 0",
        ("string values must be quoted", _) => "write a string in quotes",
        ("recursion limit" | "cannot recurse further; max recursion depth met", _) => "it is nested too deep",
        (reason, _) if reason.starts_with("unexpected") => "expected the end of the line",
        (reason, _) if reason.starts_with("invalid") => "this is neither a number nor a string in quotes",
        _ => "this is not TOML",
    };
    words.to_owned()
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
            ':' => Some("write `key = value`".to_owned()),
            ',' if error.message().starts_with("unexpected key or value") => Some(
                "write decimals with a point, `0.5`, and several values in brackets, `[1, 2]`".to_owned(),
            ),
            _ => None,
        };
    }
    Some(match marked {
        _ if unfinished(marked) => "write a value after the `=`".to_owned(),
        "True" | "TRUE" | "yes" | "on" => "write `true`".to_owned(),
        "False" | "FALSE" | "no" | "off" => "write `false`".to_owned(),
        "None" | "null" | "nil" => "leave the key out for its default".to_owned(),
        word if begins_a_number(word) => number_help(word),
        word => format!(
            "write a string in quotes: `\"{}\"`",
            literal(word).replace('"', "")
        ),
    })
}

/// How the number that was probably meant is written.
pub(crate) fn number_help(word: &str) -> String {
    match (meant(word), crate::numeric::float(word)) {
        (Some(right), Err(_)) => format!("numbers have no suffix and no commas: write `{right}`"),
        // `.5` and `5.`, which TOML does not know.
        (_, Ok(number)) => format!("write `{}`", toml::Value::Float(number)),
        _ => NUMBERS.to_owned(),
    }
}

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
    Some(format!("it is set first in line {}", index + 1))
}

fn unfinished(marked: &str) -> bool {
    marked.is_empty() || marked.starts_with('#') || marked.starts_with('=')
}
