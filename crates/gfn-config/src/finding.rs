//! A problem as plain data, for programs: editors, continuous integration, scripts.

use serde::Serialize;

use crate::problem::{Problem, Severity};
use crate::render::{line_and_column, line_text};
use crate::source::{Origin, Source, SourceKind, Sources};

/// Where a setting can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Written {
    /// In a file.
    File,
    /// In an environment variable.
    Variable,
    /// In a command-line flag.
    Flag,
    /// In a program that embeds this one.
    Provider,
}

/// One problem with its place; what there is none of is `None`, and `null` in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Finding {
    /// Whether it stops the experiment.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What holds the mistake.
    pub source: Written,
    /// The file; for a variable, a flag or a provider, the experiment file that it was to change.
    pub file: Option<String>,
    /// The variable's name, the flag as typed, or the provider.
    pub setting: Option<String>,
    /// The line, from 1; `None` where the file as a whole is meant.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// The line of the last character.
    pub end_line: Option<usize>,
    /// The column after the last character.
    pub end_column: Option<usize>,
    /// The line as messages show it: long lines are clipped.
    pub snippet: Option<String>,
}

impl Finding {
    /// The problem with the place that `sources` know.
    pub(crate) fn new(problem: &Problem, sources: &Sources) -> Self {
        let file = |source: &Source| matches!(source.kind, SourceKind::File(_)).then(|| source.name.clone());
        let experiment = sources.get(0).and_then(file);
        let unplaced = Self {
            severity: problem.severity,
            message: problem.message.clone(),
            help: problem.help.clone(),
            source: Written::File,
            file: experiment,
            setting: None,
            line: None,
            column: None,
            end_line: None,
            end_column: None,
            snippet: None,
        };
        let place = problem.origin.as_ref();
        match place.and_then(|origin| Some((origin, sources.get(origin.source)?))) {
            Some((origin, source)) => unplaced.at(origin, source),
            None => unplaced,
        }
    }

    fn at(self, origin: &Origin, source: &Source) -> Self {
        match source.kind {
            SourceKind::File(_) => self.in_file(origin, source),
            SourceKind::Variable => self.in_setting(Written::Variable, source),
            SourceKind::Flag => self.in_setting(Written::Flag, source),
            SourceKind::Provider => Self {
                snippet: Some(line_text(&source.text, &origin.span)),
                ..self.in_setting(Written::Provider, source)
            },
            SourceKind::Default => self,
        }
    }

    fn in_setting(self, written: Written, source: &Source) -> Self {
        Self {
            source: written,
            setting: Some(source.name.clone()),
            snippet: Some(source.text.clone()),
            ..self
        }
    }

    fn in_file(self, origin: &Origin, source: &Source) -> Self {
        let file = Some(source.name.clone());
        if origin.is_whole() {
            return Self { file, ..self };
        }
        let (line, column) = line_and_column(&source.text, origin.span.start);
        let end = line_and_column(&source.text, origin.span.end);
        let (end_line, end_column) = end.max((line, column));
        Self {
            file,
            line: Some(line),
            column: Some(column),
            end_line: Some(end_line),
            end_column: Some(end_column),
            snippet: Some(line_text(&source.text, &origin.span)),
            ..self
        }
    }
}
