//! What is wrong, where, and what would be right.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Serialize;

use crate::advice::with_quotes;
use crate::finding::Finding;
use crate::render;
use crate::source::{Origin, Sources};

/// Problems shown at once; a file with more is no experiment, and each takes a walk through the text to show.
pub(crate) const SHOWN_LIMIT: usize = 100;
/// Longest message in characters: what one repeats of a file, such as a name or a path, may be of any length.
const MESSAGE_LIMIT: usize = 1_000;

/// Whether an experiment with this problem can run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It cannot.
    #[default]
    Error,
    /// It can, but some setting does nothing.
    Warning,
}

impl Severity {
    /// The word that messages begin with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Where a value would be right as a text in quotes, so that the help shows how those are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quotes {
    /// Nowhere.
    #[default]
    Never,
    /// In a flag or a variable, where a word needs no quotes and so nobody thinks of them.
    CommandLine,
    /// Wherever it is written.
    Everywhere,
}

/// One mistake of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stops the experiment.
    pub severity: Severity,
    /// What is wrong: lower case, one sentence without a full stop, literals and key paths in backticks.
    pub message: String,
    /// Where; `None` only where no text is to blame.
    pub origin: Option<Origin>,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether quotes would help.
    pub quotes: Quotes,
}

impl Problem {
    /// An error without a place yet.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            origin: None,
            help: None,
            quotes: Quotes::Never,
        }
    }

    /// The same problem at a place.
    pub fn at(self, origin: &Origin) -> Self {
        Self {
            origin: Some(origin.clone()),
            ..self
        }
    }

    /// The same problem as something that does not stop the experiment.
    pub fn warning(self) -> Self {
        Self {
            severity: Severity::Warning,
            ..self
        }
    }

    /// The same problem with advice.
    pub fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// The same problem of a value that would be right as a text in quotes.
    pub fn quotes(self, quotes: Quotes) -> Self {
        Self { quotes, ..self }
    }

    /// The key path that the message begins with, as of a value that is wrong.
    fn path(&self) -> Option<&str> {
        let (path, _) = self.message.strip_prefix('`')?.split_once("`: ")?;
        Some(path)
    }

    /// The same problem, message and help on one line each and not too long, whatever they repeat.
    fn tidy(self) -> Self {
        Self {
            message: one_line(self.message),
            help: self.help.map(one_line),
            ..self
        }
    }

    fn order(&self) -> (usize, usize) {
        self.origin
            .as_ref()
            .map_or((usize::MAX, 0), |origin| (origin.source, origin.span.start))
    }
}

/// For each source the first that has its name; names are compared once, since a flag's is as long as the flag.
fn first_of_name(sources: &Sources) -> Vec<usize> {
    let mut known = HashMap::new();
    let sources = sources.iter().enumerate();
    sources
        .map(|(index, source)| *known.entry(source.name.as_str()).or_insert(index))
        .collect()
}

fn one_line(text: String) -> String {
    let mut characters = text.chars();
    let mut out: String = characters.by_ref().take(MESSAGE_LIMIT).collect();
    if characters.next().is_some() {
        out.push('…');
    }
    out.replace(['\n', '\r', '\t'], " ")
}

/// All problems found, with the texts to show them in; `Display` renders them as rustc does.
///
/// One blank line stands between two, and a newline ends the last.
/// Never empty where it is returned as an error; sorted by place, and the same mistake only once.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Problems {
    sources: Sources,
    list: Vec<Problem>,
}

impl Problems {
    /// Sorts the problems and keeps them with the texts that they point into.
    ///
    /// A file that is extended along two ways is read twice; what reads alike is one mistake. So are two errors about one value,
    /// which several parts of the program may read: the first stays.
    pub fn new(sources: Sources, list: Vec<Problem>) -> Self {
        let fitted = list.into_iter().map(|problem| with_quotes(problem, &sources));
        let mut list: Vec<Problem> = fitted.map(Problem::tidy).collect();
        list.sort_by_key(Problem::order);
        let mut shown = HashSet::new();
        let first = first_of_name(&sources);
        list.retain(|problem| {
            let place = problem.origin.as_ref();
            let place = place.map(|origin| (first.get(origin.source), origin.span.clone()));
            shown.insert((problem.message.clone(), problem.help.clone(), place))
        });
        let mut values = HashSet::new();
        list.retain(|problem| {
            let value = problem.path().map(str::to_owned).zip(problem.origin.clone());
            value.is_none_or(|value| values.insert((problem.severity, value)))
        });
        Self { sources, list }
    }

    /// The problems, sorted by place.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// The problems as plain data, for programs.
    pub fn findings(&self) -> impl Iterator<Item = Finding> + '_ {
        self.list
            .iter()
            .map(|problem| Finding::new(problem, &self.sources))
    }

    /// Keeps the problems that `keep` says yes to, such as those that were not shown yet.
    pub fn retain(&mut self, mut keep: impl FnMut(&Finding) -> bool) {
        self.list
            .retain(|problem| keep(&Finding::new(problem, &self.sources)));
    }

    /// How many of them have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        let alike = self.list.iter().filter(|problem| problem.severity == severity);
        alike.count()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The texts that the origins point into.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.list.iter().take(SHOWN_LIMIT);
        let mut texts: Vec<String> = shown
            .map(|problem| render::problem(problem, &self.sources))
            .collect();
        if let more @ 1.. = self.list.len().saturating_sub(SHOWN_LIMIT) {
            texts.push(format!("error: {more} more of these\n"));
        }
        formatter.write_str(&texts.join("\n"))
    }
}
