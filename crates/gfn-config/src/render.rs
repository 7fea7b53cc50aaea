//! Problems as text: the message, the place, the line, carets, help. Plain, so that it reads alike in a log.

use std::ops::Range;

use crate::problem::Problem;
use crate::source::{Origin, Source, SourceKind, Sources};

/// Longest part of a line that is shown; a generated file can hold everything on one line.
const LINE_LIMIT: usize = 120;
/// How many bytes of a line before and after the caret are looked at: more than are shown, and not all of a great one.
const NEAR: usize = 1_000;
/// How much of a clipped line is shown before the caret.
const BEFORE_CARET: usize = 50;

/// One problem, ending in a newline.
pub(crate) fn problem(problem: &Problem, sources: &Sources) -> String {
    let severity = problem.severity.name();
    let mut out = format!("{severity}: {}\n", visible(&problem.message));
    let source = problem
        .origin
        .as_ref()
        .and_then(|origin| Some((origin, sources.get(origin.source)?)));
    let margin = match source {
        Some((origin, source)) => place(&mut out, origin, source),
        None => 1,
    };
    if let Some(help) = &problem.help {
        out.push_str(&format!("{:margin$} = help: {}\n", "", visible(help)));
    }
    out
}

/// Writes the place and returns the width of the margin that help lines up with.
fn place(out: &mut String, origin: &Origin, source: &Source) -> usize {
    if origin.is_whole() || source.kind == SourceKind::Default {
        out.push_str(&format!(" --> {}\n", visible(&source.name)));
        return 1;
    }
    let line = Line::at(&source.text, &origin.span);
    match source.kind {
        SourceKind::File(_) => file_place(out, source, &line),
        SourceKind::Provider => {
            out.push_str(&format!(
                " --> {}\n     {}\n     {}\n",
                visible(&source.name),
                line.shown,
                line.carets
            ));
            1
        }
        _ => {
            out.push_str(&format!(" --> {}\n     {}\n", line.shown, line.carets));
            1
        }
    }
}

fn file_place(out: &mut String, source: &Source, line: &Line) -> usize {
    let margin = line.number.to_string().len();
    let Line {
        number,
        column,
        shown,
        carets,
    } = line;
    out.push_str(&format!(
        "{:margin$}--> {}:{number}:{column}\n",
        "",
        visible(&source.name)
    ));
    out.push_str(&format!(
        "{:margin$} |\n{number} | {shown}\n{:margin$} | {carets}\n",
        "", ""
    ));
    margin
}

/// The line of a place as messages show it.
pub(crate) fn line_text(text: &str, span: &Range<usize>) -> String {
    Line::at(text, span).shown
}

/// A line of a text, ready to be shown with carets under a part of it.
struct Line {
    number: usize,
    column: usize,
    shown: String,
    carets: String,
}

impl Line {
    fn at(text: &str, span: &Range<usize>) -> Self {
        let start = line_position(text, span.start);
        let (number, column) = line_and_column(text, span.start);
        let (from, to) = line_bounds(text, start);
        let from = from.max(char_floor(text, start.saturating_sub(NEAR)));
        let to = to.min(char_floor(text, start + NEAR));
        let end = char_floor(text, span.end).clamp(start, to.max(start));
        let before = visible(&text[from..start.min(to)]);
        let marked = visible(&text[start.min(to)..end.min(to)]);
        let after = visible(&text[end.min(to)..to]);
        clip(number, column, &before, &marked, &after)
    }
}

/// Keeps the part of a line around the carets.
fn clip(number: usize, column: usize, before: &str, marked: &str, after: &str) -> Line {
    let line: Vec<char> = before
        .chars()
        .chain(marked.chars())
        .chain(after.chars())
        .collect();
    let caret = before.chars().count();
    let from = if line.len() <= LINE_LIMIT {
        0
    } else {
        caret.saturating_sub(BEFORE_CARET)
    };
    let to = line.len().min(from + LINE_LIMIT);
    let (left, right) = (
        if from > 0 { "…" } else { "" },
        if to < line.len() { "…" } else { "" },
    );
    let width = marked.chars().count().min(to.saturating_sub(caret)).max(1);
    let kept: String = line[from..to].iter().collect();
    let indent = caret - from + left.chars().count();
    Line {
        number,
        column,
        shown: format!("{left}{kept}{right}").trim_end().to_owned(),
        carets: format!("{}{}", " ".repeat(indent), "^".repeat(width)),
    }
}

/// Line and column of a byte position, both from 1, the column in characters.
pub(crate) fn line_and_column(text: &str, position: usize) -> (usize, usize) {
    let position = line_position(text, position);
    let (from, _) = line_bounds(text, position);
    let number = text[..from].matches('\n').count() + 1;
    (number, text[from..position].chars().count() + 1)
}

/// The position to show: on a character, and where only blanks follow, just after the last thing written,
/// since nobody finds a mistake on the empty line after the end.
fn line_position(text: &str, position: usize) -> usize {
    let position = char_floor(text, position);
    if text[position..].trim().is_empty() {
        position.min(text.trim_end().len())
    } else {
        position
    }
}

/// The line around a position, without its line ending.
fn line_bounds(text: &str, position: usize) -> (usize, usize) {
    let from = text[..position].rfind('\n').map_or(0, |index| index + 1);
    let to = text[position..]
        .find('\n')
        .map_or(text.len(), |index| position + index);
    let line = &text[from..to];
    (
        from,
        from + line
            .strip_suffix('\r')
            .unwrap_or(line)
            .len()
            .max(position.min(to) - from),
    )
}

/// The largest character boundary at or before a position.
pub(crate) fn char_floor(text: &str, position: usize) -> usize {
    let mut position = position.min(text.len());
    while !text.is_char_boundary(position) {
        position -= 1;
    }
    position
}

/// A part of a line as it can be shown: tabs are widened, the carriage return of a line's end is left out, and other hidden
/// characters become escapes.
pub(crate) fn visible(text: &str) -> String {
    let line = text.strip_suffix('\r').unwrap_or(text).replace('\t', "    ");
    gfn_text::visible(&line).into_owned()
}
