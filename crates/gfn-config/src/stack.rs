//! Layers on one another, merged by figment.
//!
//! Each layer is a [`Provider`] of values, and a [`Span`] of their places. figment merges the values and keeps for each the
//! metadata of its layer; the spans merge beside it, by the same rules. `crates/README.md` lists what figment lacks: here that
//! is a mark, laid as a layer of its own, on each table that the next layer replaces whole.

use figment::value::{Dict, Empty, Map, Tag, Value as Merged};
use figment::{Error, Figment, Metadata, Profile, Provider};

use crate::node::Node;
use crate::setting::Setting;
use crate::source::{Origin, Sources};
use crate::spans::{Span, split};
use crate::unset::{self, Unset};

/// The key that chooses an implementation: where it changes, the rest of its table means something else.
const KIND: &str = "kind";
/// A value that is empty.
const EMPTY: Merged = Merged::Empty(Tag::Default, Empty::Unit);

/// One layer.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) metadata: Metadata,
    pub(crate) values: Dict,
    pub(crate) span: Span,
    pub(crate) unsets: Vec<Unset>,
}

impl Layer {
    /// A table as a layer.
    pub(crate) fn new(metadata: Metadata, table: Node) -> Self {
        let unsets = unset::of_layer(&table);
        let (values, span) = split(table);
        Self {
            metadata,
            values: values.into_dict().unwrap_or_default(),
            span,
            unsets,
        }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// Values that stand in no file, with the name of their layer.
struct Values(&'static str, Dict);

impl Provider for Values {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.1.clone()))
    }
}

/// Layers on one another.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    figment: Figment,
    span: Span,
    unsets: Vec<Unset>,
}

impl Stack {
    /// No layers; `origin` is the place of what is missing.
    pub(crate) fn empty(origin: Origin) -> Self {
        Self {
            figment: Figment::new(),
            span: Span::table(origin),
            unsets: Vec::new(),
        }
    }

    /// One layer.
    pub(crate) fn of(layer: Layer) -> Self {
        Self {
            figment: Figment::from(&layer),
            span: layer.span,
            unsets: layer.unsets,
        }
    }

    /// The same layers, with the metadata that the tags of their values refer to.
    pub(crate) fn knowing(self, metadata: &Figment) -> Self {
        Self {
            figment: self.figment.merge(metadata),
            ..self
        }
    }

    /// The same layers, with another place for what is missing.
    pub(crate) fn at(mut self, origin: Origin) -> Self {
        self.span.origin = origin;
        self
    }

    /// The layers as figment holds them.
    pub(crate) fn figment(&self) -> &Figment {
        &self.figment
    }

    /// The keys that the layers unset.
    pub(crate) fn unsets(&self) -> &[Unset] {
        &self.unsets
    }

    /// Merges a layer over these.
    pub(crate) fn lay(&mut self, layer: Layer, sources: &Sources) {
        self.lay_stack(Self::of(layer), sources);
    }

    /// Merges layers over these: tables by key, anything else is replaced.
    ///
    /// A table whose `kind` changes is replaced whole: the settings of one loss mean nothing to another, and would only come back
    /// as unknown keys that the user never wrote in this file.
    pub(crate) fn lay_stack(&mut self, above: Self, sources: &Sources) {
        let marks = marks(&values(&self.figment), &values(&above.figment));
        self.merge(&above.figment, &marks);
        let marks = Merged::Dict(Tag::Default, marks);
        self.span.cover(above.span, Some(&marks), sources);
        self.unsets.extend(above.unsets);
    }

    /// Merges a single setting over these layers. Nothing but its own tables is replaced: a path that ends in `kind` leaves the
    /// other keys of the table.
    pub(crate) fn lay_setting(&mut self, setting: &Setting, sources: &Sources) {
        let (value, span) = split(setting.node.clone());
        let below = self.values();
        let below = setting
            .path
            .iter()
            .try_fold(&below, |value, key| value.as_dict()?.get(key));
        let mark = below.and_then(|below| mark(below, &value));
        let within = |value| {
            let wrap = |value, key: &String| Merged::Dict(Tag::Default, Dict::from([(key.clone(), value)]));
            let table = setting.path.iter().rev().fold(value, wrap);
            table.into_dict().unwrap_or_default()
        };
        let marks = mark.clone().map(within).unwrap_or_default();
        self.merge(&Figment::from(Values("setting", within(value))), &marks);
        self.span
            .cover_setting(&setting.path, &setting.key_origin, span, mark.as_ref(), sources);
    }

    /// Merges values with marks on what they replace.
    fn merge(&mut self, above: &Figment, marks: &Dict) {
        let mut figment = std::mem::take(&mut self.figment);
        if !marks.is_empty() {
            figment = figment.merge(Values("replaced", marks.clone()));
        }
        self.figment = figment.merge(above);
    }

    /// Removes a top-level key.
    pub(crate) fn remove(&mut self, key: &str) {
        let removed = self.span.keys_mut().and_then(|keys| keys.remove(key));
        if removed.is_some() {
            let marks = Dict::from([(key.to_owned(), EMPTY)]);
            self.figment = std::mem::take(&mut self.figment).merge(Values("removed", marks));
        }
    }

    /// The merged values, each with its tag.
    pub(crate) fn values(&self) -> Merged {
        Merged::Dict(Tag::Default, values(&self.figment))
    }

    /// The merged values with their places.
    pub(crate) fn root(&self) -> Node {
        self.node(&self.values())
    }

    /// The same, where the values are known.
    pub(crate) fn node(&self, values: &Merged) -> Node {
        self.span.node(values)
    }

    /// The place of what is missing.
    pub(crate) fn origin(&self) -> &Origin {
        &self.span.origin
    }
}

/// What is merged so far; our layers cannot fail.
fn values(figment: &Figment) -> Dict {
    let all = figment.data().unwrap_or_default();
    all.into_iter()
        .find_map(|(profile, dict)| (profile == Profile::Default).then_some(dict))
        .unwrap_or_default()
}

/// An empty value for each table of `below` whose `kind` is another one in `above`, within the tables that lead to it.
fn marks(below: &Dict, above: &Dict) -> Dict {
    let marked = |(key, above): (&String, &Merged)| Some((key.clone(), mark(below.get(key)?, above)?));
    above.iter().filter_map(marked).collect()
}

/// The same of one value.
fn mark(below: &Merged, above: &Merged) -> Option<Merged> {
    let (below, above) = (below.as_dict()?, above.as_dict()?);
    if kind_changes(below, above) {
        return Some(EMPTY);
    }
    let inner = marks(below, above);
    (!inner.is_empty()).then_some(Merged::Dict(Tag::Default, inner))
}

fn kind_changes(below: &Dict, above: &Dict) -> bool {
    match (below.get(KIND), above.get(KIND)) {
        // A profile may be named `kind`.
        (Some(below), Some(above)) if below.as_dict().is_none() => below != above,
        _ => false,
    }
}
