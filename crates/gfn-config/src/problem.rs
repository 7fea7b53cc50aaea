//! What is wrong, where, and what would be right.

use std::collections::HashSet;
use std::fmt;

use crate::render;
use crate::source::{Origin, Sources};

/// Problems shown at once; a file with more is no experiment, and each takes a walk through the text to show.
const SHOWN_LIMIT: usize = 100;

/// One mistake of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong: lower case, one sentence without a full stop, literals and key paths in backticks.
    pub message: String,
    /// Where; `None` only where no text is to blame.
    pub origin: Option<Origin>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without a place yet.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            origin: None,
            help: None,
        }
    }

    /// The same problem at a place.
    pub fn at(self, origin: &Origin) -> Self {
        Self {
            origin: Some(origin.clone()),
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

    fn order(&self) -> (usize, usize) {
        self.origin
            .as_ref()
            .map_or((usize::MAX, 0), |origin| (origin.source, origin.span.start))
    }
}

/// All mistakes found, with the texts to show them in; `Display` renders them as rustc does.
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
    /// A file that is extended along two ways is read twice; what reads alike is one mistake.
    pub fn new(sources: Sources, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(Problem::order);
        let mut shown = HashSet::new();
        list.retain(|problem| {
            let place = problem.origin.as_ref();
            let place = place.map(|origin| (sources.name(origin.source), origin.span.clone()));
            shown.insert((problem.message.clone(), problem.help.clone(), place))
        });
        Self { sources, list }
    }

    /// The problems, sorted by place.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
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
