//! The sections of an experiment file, each with what it can choose and the schemas of its keys. The catalogue, the JSON
//! Schema for editors and new files are all made from this, and this from the components' own parameters.

use gfn_rewards::shaped::Shape;
use schemars::JsonSchema;
use serde_json::Value;

use crate::acquisition::Acquisition;
use crate::builtin;
use crate::component::{Entry, schema_of};
use crate::inline::inlined;
use crate::settings::{Checkpoint, Evaluation, FileKeys, Hardware, Top, Training};
use crate::sweep::Sweep;

/// The component taken where a section, or its `kind`, is absent. The other sections with a choice must be there.
const DEFAULT_KINDS: [(&str, &str); 4] = [
    ("network", "mlp"),
    ("backward_policy", "uniform"),
    ("sampler", "on-policy"),
    ("optimizer", "adam"),
];

/// The component taken where a section, or its `kind`, is absent.
pub fn default_kind(section: &str) -> Option<&'static str> {
    let found = DEFAULT_KINDS.iter().find(|(name, _)| *name == section);
    found.map(|(_, kind)| *kind)
}

/// A section of a file, or the keys above the first one.
#[derive(Clone, Debug)]
pub struct SectionSchema {
    /// Its name; empty for the keys above the first section.
    pub name: &'static str,
    /// What it is for, in a sentence.
    pub help: &'static str,
    /// What `kind` can be; empty where there is nothing to choose.
    pub components: Vec<ComponentSchema>,
    /// The schemas, without references, of the keys that do not depend on a choice.
    pub own: Vec<Value>,
}

/// A component that a section can choose.
#[derive(Clone, Debug)]
pub struct ComponentSchema {
    /// Its name, as `kind`.
    pub name: &'static str,
    /// The schema of its parameters, without references.
    pub schema: Value,
    /// Its parameters at their defaults.
    pub defaults: toml::Table,
}

/// The keys above the first section, and every section in the order of the file.
pub fn sections() -> Vec<SectionSchema> {
    let top = vec![schema::<FileKeys>(), schema::<Top>()];
    vec![
        plain("", "The experiment as a whole.", top),
        choice(
            "environment",
            "The environment: the objects, and the steps that build them.",
            builtin::environments(),
        ),
        SectionSchema {
            own: vec![schema::<Shape>()],
            ..choice("reward", "The reward of objects.", builtin::rewards())
        },
        choice(
            "network",
            "The network of the forward policy.",
            builtin::networks(),
        ),
        choice(
            "backward_policy",
            "The probability of each way back from a state.",
            builtin::backward_policies(),
        ),
        choice("loss", "The objective that training lowers.", builtin::losses()),
        choice("sampler", "The source of trajectories.", builtin::samplers()),
        choice(
            "optimizer",
            "The optimizer of the network's weights.",
            builtin::optimizers(),
        ),
        plain("training", "The length of training.", vec![schema::<Training>()]),
        plain(
            "checkpoint",
            "When to save checkpoints.",
            vec![schema::<Checkpoint>()],
        ),
        plain("hardware", "Devices and threads.", vec![schema::<Hardware>()]),
        plain(
            "evaluation",
            "How the policy is evaluated.",
            vec![schema::<Evaluation>()],
        ),
        plain(
            "acquisition",
            "Active learning: rounds that fit a proxy to the reward.",
            vec![schema::<Acquisition>()],
        ),
        plain(
            "sweep",
            "The settings to search, and how.",
            vec![schema::<Sweep>()],
        ),
    ]
}

fn schema<P: JsonSchema>() -> Value {
    inlined(&schema_of::<P>())
}

fn plain(name: &'static str, help: &'static str, own: Vec<Value>) -> SectionSchema {
    SectionSchema {
        name,
        help,
        components: Vec::new(),
        own,
    }
}

fn choice<T, C>(name: &'static str, help: &'static str, entries: Vec<Entry<T, C>>) -> SectionSchema {
    let components = entries.iter().map(|entry| ComponentSchema {
        name: entry.name,
        schema: inlined(&entry.schema),
        defaults: entry.defaults(),
    });
    SectionSchema {
        name,
        help,
        components: components.collect(),
        own: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::SECTIONS;

    #[test]
    fn every_section_is_here_in_the_order_of_the_file() {
        let names: Vec<&str> = sections().iter().skip(1).map(|section| section.name).collect();
        assert_eq!(names, SECTIONS);
    }

    #[test]
    fn the_keys_of_the_file_itself_are_all_here() {
        let schema = schema::<FileKeys>();
        let mut keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        keys.sort();
        let mut known = gfn_config::FILE_KEYS;
        known.sort_unstable();
        assert_eq!(keys, known.each_ref());
    }

    #[test]
    fn default_kinds_exist() {
        for (section, kind) in DEFAULT_KINDS {
            let sections = sections();
            let section = sections.iter().find(|known| known.name == section).unwrap();
            assert!(section.components.iter().any(|component| component.name == kind));
        }
    }
}
