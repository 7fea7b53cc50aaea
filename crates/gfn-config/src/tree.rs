//! The merged configuration, in which every value knows its origin.

use std::path::Path;

use crate::finding::Written;
use crate::layers::Loader;
use crate::problem::{Problem, Problems};
use crate::profiles::{Profiles, Unchosen};
use crate::source::{Origin, SourceKind, Sources};
use crate::variables::Stray;

/// A table in the order of its keys' first appearance.
pub type Table = toml::map::Map<String, Entry>;

/// One key of a table: where the key stands, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where the key itself is written; what an unknown key is underlined at.
    pub key_origin: Origin,
    /// The value.
    pub node: Node,
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it is written; for a table, its header.
    pub origin: Origin,
}

/// A TOML value; dates, NaN and infinities are refused when a text is read, so code after that need not think of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Float(f64),
    /// A text.
    String(String),
    /// A list, possibly of mixed types.
    Array(Vec<Node>),
    /// Keys and values.
    Table(Table),
}

impl Node {
    /// An empty table, standing in for a section that is absent, so that its defaults and missing keys are found alike.
    pub fn empty(origin: Origin) -> Self {
        Self {
            value: Value::Table(Table::new()),
            origin,
        }
    }

    /// The table, where this is one.
    pub fn table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value {
            Some(table)
        } else {
            None
        }
    }

    pub(crate) fn table_mut(&mut self) -> Option<&mut Table> {
        if let Value::Table(table) = &mut self.value {
            Some(table)
        } else {
            None
        }
    }

    /// The text, where this is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value {
            Some(text)
        } else {
            None
        }
    }

    /// The value of a key; `None` also where this is no table.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// A key with its origin and its value.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.table()?.get(key)
    }

    /// The name and the place of the implementation that a section chooses with `kind`.
    pub fn kind(&self) -> Option<(&str, &Origin)> {
        let kind = self.get("kind")?;
        Some((kind.as_str()?, &kind.origin))
    }
}

/// The whole configuration of an experiment, with the texts it was read from.
#[derive(Clone, Debug)]
pub struct Tree {
    root: Node,
    sources: Sources,
    profiles: Profiles,
    strays: Vec<Stray>,
}

impl Tree {
    /// [`Self::load_with`] without a profile.
    pub fn load(
        path: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
        sets: &[String],
    ) -> Result<Self, Problems> {
        Self::load_with(path, None, variables, sets)
    }

    /// Reads and merges all layers: what the file `extends`, the file, the profile of that name, `GFN__…` variables,
    /// `--set` flags.
    ///
    /// Variables are an argument, not read from the process, so that a test or a server decides what counts;
    /// those without the `GFN__` prefix are passed over. `sets` are the flags' values, such as `loss.epsilon=1e-3`.
    pub fn load_with(
        path: &Path,
        profile: Option<&str>,
        variables: impl IntoIterator<Item = (String, String)>,
        sets: &[String],
    ) -> Result<Self, Problems> {
        let mut loader = Loader::default();
        let root = loader.file(path);
        loader.finish(root, profile, variables, sets)
    }

    /// Reads one text as if it were the file `name`.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        Self::parse_with(name, text, [], &[])
    }

    /// Reads one text as if it were the file `name`, with variables and flags on top.
    pub fn parse_with(
        name: &str,
        text: &str,
        variables: impl IntoIterator<Item = (String, String)>,
        sets: &[String],
    ) -> Result<Self, Problems> {
        let mut loader = Loader::default();
        let root = loader.text(Path::new(name), text);
        loader.finish(root, None, variables, sets)
    }

    pub(crate) fn new(root: Node, sources: Sources, profiles: Profiles) -> Self {
        Self {
            root,
            sources,
            profiles,
            strays: Vec::new(),
        }
    }

    pub(crate) fn with_strays(self, strays: Vec<Stray>) -> Self {
        Self { strays, ..self }
    }

    /// The variables that begin as gfn's do and set nothing: most are misspelt.
    pub fn strays(&self) -> &[Stray] {
        &self.strays
    }

    /// The profile that was chosen.
    pub fn profile(&self) -> Option<&str> {
        self.profiles.chosen()
    }

    /// The files' other profiles, each as if it had been chosen.
    pub fn unchosen(&self) -> impl Iterator<Item = Unchosen> + '_ {
        self.profiles.unchosen(&self.sources)
    }

    pub(crate) fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// The table of everything.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Where the text at a place is written, which decides what advice on it looks like.
    pub fn written(&self, origin: &Origin) -> Written {
        match self.sources.get(origin.source).map(|source| &source.kind) {
            Some(SourceKind::Variable) => Written::Variable,
            Some(SourceKind::Flag) => Written::Flag,
            _ => Written::File,
        }
    }

    /// A top-level key's value.
    pub fn section(&self, name: &str) -> Option<&Node> {
        self.root.get(name)
    }

    /// The texts that the origins point into.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Problems found in this tree, ready to be shown.
    pub fn problems(&self, list: Vec<Problem>) -> Problems {
        Problems::new(self.sources.clone(), list)
    }
}
