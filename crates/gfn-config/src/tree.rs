//! The merged configuration, in which every value knows its origin.

use std::collections::HashSet;
use std::sync::Arc;

use figment::{Figment, Metadata, value::Value as Merged};

use crate::finding::Written;
use crate::node::Node;
use crate::problem::{Problem, Problems};
use crate::profiles::Profiles;
use crate::source::{Origin, SourceKind, Sources};
use crate::stack::Stack;
use crate::unset::{Unset, without_unset};
use crate::variables::Stray;

/// The whole configuration of an experiment, with the texts it was read from.
#[derive(Clone, Debug)]
pub struct Tree {
    root: Node,
    sources: Sources,
    stack: Arc<Stack>,
    values: Arc<Merged>,
    profiles: Arc<Profiles>,
    strays: Vec<Stray>,
}

impl Tree {
    pub(crate) fn new(stack: Stack, sources: Sources, profiles: Profiles) -> Self {
        let values = stack.values();
        Self {
            root: without_unset(stack.node(&values)),
            sources,
            stack: Arc::new(stack),
            values: Arc::new(values),
            profiles: Arc::new(profiles),
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

    /// The keys that a layer unsets, whether or not a lower layer sets them. Only the program knows whether such keys exist.
    pub fn unsets(&self) -> &[Unset] {
        self.stack.unsets()
    }

    /// The profile that was chosen.
    pub fn profile(&self) -> Option<&str> {
        self.profiles.chosen()
    }

    /// The files' other profiles, each as if it had been chosen.
    pub fn unchosen(&self) -> impl Iterator<Item = Unchosen> + '_ {
        let unchosen = self.profiles.unchosen(&self.sources);
        unchosen.map(|(stack, own)| Unchosen {
            tree: Self::new(stack, self.sources.clone(), Profiles::none()),
            own,
        })
    }

    pub(crate) fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The layers as figment holds them.
    pub fn figment(&self) -> &Figment {
        self.stack.figment()
    }

    /// The layer that the value of a key path comes from; none where no layer sets it.
    pub fn layer_of(&self, path: &[String]) -> Option<&Metadata> {
        let mut value = &*self.values;
        for key in path {
            match value {
                Merged::Dict(_, dict) => value = dict.get(key)?,
                // A value in short stands for all of a table.
                _ => break,
            }
        }
        self.figment().get_metadata(value.tag())
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
            Some(SourceKind::Provider) => Written::Provider,
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

/// A profile that was not chosen, as if it were: its mistakes should not wait until it is.
pub struct Unchosen {
    /// The files with this profile over them, without variables and flags, which may belong to another.
    pub tree: Tree,
    own: HashSet<Origin>,
}

impl Unchosen {
    /// Those of the problems of [`Self::tree`] that are written in the profile itself. What is missing is not among them:
    /// a flag may provide it.
    pub fn own(&self, problems: &Problems) -> Vec<Problem> {
        let own = |problem: &&Problem| {
            problem
                .origin
                .as_ref()
                .is_some_and(|place| self.own.contains(place))
        };
        problems.iter().filter(own).cloned().collect()
    }
}
