//! The paths of single settings: `GFN__A__B`, `--set a.b` and `--unset a.b`.

use std::ops::Range;

use crate::describe::literal;
use crate::render::char_floor;

/// How the text of a flag that sets a key starts.
pub(crate) const FLAG: &str = "--set ";
/// How the text of a flag that unsets a key starts.
pub(crate) const UNSET_FLAG: &str = "--unset ";
/// How the name of a variable starts.
pub(crate) const PREFIX: &str = "GFN__";

/// One part of a path, with its place in the source's text.
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
}

/// The path and where the value starts, if a value follows; or what is wrong where.
pub(crate) type Parts = Result<(Vec<Segment>, Option<usize>), (String, Range<usize>)>;

/// A flag whose path is read.
struct Flag<'a> {
    text: &'a str,
    /// Where the path starts.
    start: usize,
    /// How the flag is written.
    form: &'static str,
}

/// `GFN__A__B=value` to `a`, `b`: environments spell names in capitals.
pub(crate) fn variable_path(text: &str, name_length: usize) -> Parts {
    let mut start = PREFIX.len();
    let mut path = Vec::new();
    for part in text[start..name_length].split("__") {
        let span = start..start + part.len();
        if part.is_empty() {
            return Err((
                "expected a variable such as `GFN__SECTION__KEY`".to_owned(),
                0..name_length,
            ));
        }
        path.push(Segment {
            name: part.to_ascii_lowercase(),
            span,
        });
        start += part.len() + 2;
    }
    Ok((path, Some(name_length + 1)))
}

/// The flag that unsets a key, in the form in which [`crate::Layers::flags`] takes it.
pub fn unset_flag(key: &str) -> String {
    format!("{UNSET_FLAG}{key}")
}

/// `--set a."b c".d = value`: keys as in TOML, with quotes where a key holds a dot.
pub(crate) fn flag_path(text: &str) -> Parts {
    let flag = Flag {
        text,
        start: FLAG.len(),
        form: "--set key=value",
    };
    let (path, end) = flag.path()?;
    match text[end..].starts_with('=') {
        true => Ok((path, Some(end + 1))),
        false => Err(flag.incomplete()),
    }
}

/// `--unset a."b c".d`.
pub(crate) fn unset_path(text: &str) -> Parts {
    let flag = Flag {
        text,
        start: UNSET_FLAG.len(),
        form: "--unset key",
    };
    let (path, end) = flag.path()?;
    match text[end..].is_empty() {
        true => Ok((path, None)),
        false => Err((
            "`--unset` takes a key alone; `--set` takes a key with a value".to_owned(),
            end..text.len(),
        )),
    }
}

impl Flag<'_> {
    /// The keys, and where they end: at a `=`, or at the end of the text.
    fn path(&self) -> Result<(Vec<Segment>, usize), (String, Range<usize>)> {
        let text = self.text;
        let mut rest = self.start;
        let mut path = Vec::new();
        loop {
            rest += blanks(&text[rest..]);
            let (segment, after) = self.segment(rest)?;
            path.push(segment);
            rest = after + blanks(&text[after..]);
            match text[rest..].chars().next() {
                Some('.') => rest += 1,
                Some('=') | None => return Ok((path, rest)),
                Some(_) if rest > after => return Err(self.no_segment(after)),
                Some(other) => return Err(strange(other, rest)),
            }
        }
    }

    fn incomplete(&self) -> (String, Range<usize>) {
        (format!("expected `{}`", self.form), self.start..self.text.len())
    }

    fn segment(&self, start: usize) -> Result<(Segment, usize), (String, Range<usize>)> {
        let text = self.text;
        let rest = &text[start..];
        if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
            let Some(length) = rest[1..].find(quote) else {
                return Err((format!("the quote {quote} is not closed"), start..text.len()));
            };
            let end = start + length + 2;
            return Ok((
                Segment {
                    name: rest[1..=length].to_owned(),
                    span: start..end,
                },
                end,
            ));
        }
        let bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
        let length = rest.find(|letter| !bare(letter)).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.no_segment(start));
        }
        Ok((
            Segment {
                name: rest[..length].to_owned(),
                span: start..start + length,
            },
            start + length,
        ))
    }

    fn no_segment(&self, start: usize) -> (String, Range<usize>) {
        match self.text[start..].chars().next() {
            Some(other) if other != '=' && other != '.' => strange(other, start),
            Some(_) => ("a key is missing before this".to_owned(), start..start + 1),
            None => (
                format!("expected `{}`", self.form),
                char_floor(self.text, start - 1)..start,
            ),
        }
    }
}

fn strange(letter: char, start: usize) -> (String, Range<usize>) {
    let message = match letter {
        blank if blank.is_whitespace() => {
            "a key cannot contain a blank; join its parts with dots, `section.key`".to_owned()
        }
        letter => format!(
            "`{}` is not allowed in a key without quotes",
            literal(&letter.to_string())
        ),
    };
    (message, start..start + letter.len_utf8())
}

pub(crate) fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}
