//! Help that depends on where a value is written: a file, a variable, or a flag whose quotes the shell takes away.

use crate::describe::literal;
use crate::paths::FLAG;
use crate::problem::{Problem, Quotes};
use crate::source::{Origin, Source, SourceKind, Sources};

/// The problem with advice on quotes added to its help, where a text in quotes would be right.
pub(crate) fn with_quotes(problem: Problem, sources: &Sources) -> Problem {
    let place = problem.origin.as_ref().filter(|origin| !origin.is_whole());
    let source = place.and_then(|origin| Some((origin, sources.get(origin.source)?)));
    let advice = match (problem.quotes, source) {
        (Quotes::Never, _) | (_, None) => None,
        (_, Some((_, source))) if source.kind == SourceKind::Provider => None,
        (Quotes::CommandLine, Some((_, source))) if matches!(source.kind, SourceKind::File(_)) => None,
        (_, Some((origin, source))) => quoted(origin, source),
    };
    match (advice, problem.help.clone()) {
        (None, _) => problem,
        (Some(advice), None) => problem.help(advice),
        (Some(advice), Some(help)) => problem.help(format!("{help}; {advice}")),
    }
}

/// How the value at a place is written as a text.
fn quoted(origin: &Origin, source: &Source) -> Option<String> {
    let value = source.text.get(origin.span.clone())?;
    let text = format!("\"{}\"", literal(value).replace('"', ""));
    let before = source.text.get(..origin.span.start)?;
    let is_whole = source.text.get(origin.span.end..)?.trim().is_empty() && before.trim_end().ends_with('=');
    Some(match source.kind {
        SourceKind::File(_) => format!("write a string in quotes: `{text}`"),
        _ if !is_whole => format!("write a string in quotes: `{text}`"),
        _ => format!("a string needs two kinds of quotes: {}", setting(before, &text)),
    })
}

/// A flag or a variable as the shell hands it on: `--set 'name="a b"'`.
pub(crate) fn setting(before: &str, quoted: &str) -> String {
    match before.strip_prefix(FLAG) {
        Some(key) => format!("{FLAG}'{}{quoted}'", key.trim_end()),
        None => format!("{before}'{quoted}'"),
    }
}
