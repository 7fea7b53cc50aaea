//! Where values come from: the texts, and places in them.

use std::ops::Range;
use std::path::PathBuf;

use crate::render;

/// The place of a key or a value: a byte range in one of the [`Sources`].
///
/// Small and free of lifetimes, so that every value can carry one and problems can outlive the tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Index into the [`Sources`].
    pub source: usize,
    /// Byte range in the source's text; `0..0` stands for the source as a whole, which has no line to show.
    pub span: Range<usize>,
}

impl Origin {
    /// A place within a source.
    pub fn new(source: usize, span: Range<usize>) -> Self {
        Self { source, span }
    }

    /// The source as a whole, for what is missing from it rather than wrong in it.
    pub fn whole(source: usize) -> Self {
        Self { source, span: 0..0 }
    }

    /// Whether this is a source as a whole.
    pub fn is_whole(&self) -> bool {
        self.span == (0..0)
    }
}

/// What a source is, which decides how a place in it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A file, shown as `path:line:column`.
    File(PathBuf),
    /// An environment variable; the text is `NAME=value`.
    Variable,
    /// A command-line flag; the text is the flag as typed, `--set a.b=value`.
    Flag,
    /// Settings of a program that embeds this one, from a `figment::Provider`; the text has a line for each, as in a file.
    Provider,
    /// A component's own defaults, which have no text.
    Default,
}

/// One text that values were read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name that messages show.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// What it is.
    pub kind: SourceKind,
}

/// All texts that a tree was read from; the first is the experiment file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Adds a source and returns its index.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>, kind: SourceKind) -> usize {
        self.list.push(Source {
            name: name.into(),
            text: text.into(),
            kind,
        });
        self.list.len() - 1
    }

    /// The source with this index.
    pub fn get(&self, index: usize) -> Option<&Source> {
        self.list.get(index)
    }

    /// All sources, in the order they were read.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.list.iter()
    }

    /// A place in one line: `file:line:column`, the flag, the variable's name, or `defaults`.
    pub fn place(&self, origin: &Origin) -> String {
        match self.line_and_column(origin) {
            Some((line, column)) => format!("{}:{line}:{column}", self.name(origin.source)),
            None => self.name(origin.source),
        }
    }

    /// The same without the column: where a value is from, rather than what is wrong with it.
    pub fn line(&self, origin: &Origin) -> String {
        match self.line_and_column(origin) {
            Some((line, _)) => format!("{}:{line}", self.name(origin.source)),
            None => self.name(origin.source),
        }
    }

    /// Line and column in a file, both from 1.
    fn line_and_column(&self, origin: &Origin) -> Option<(usize, usize)> {
        let source = self.get(origin.source).filter(|_| !origin.is_whole())?;
        matches!(source.kind, SourceKind::File(_))
            .then(|| render::line_and_column(&source.text, origin.span.start))
    }

    pub(crate) fn name(&self, index: usize) -> String {
        self.get(index)
            .map(|source| source.name.clone())
            .unwrap_or_default()
    }

    pub(crate) fn is_file(&self, index: usize) -> bool {
        self.get(index)
            .is_some_and(|source| matches!(source.kind, SourceKind::File(_)))
    }

    pub(crate) fn set_text(&mut self, index: usize, text: String) {
        if let Some(source) = self.list.get_mut(index) {
            source.text = text;
        }
    }
}
