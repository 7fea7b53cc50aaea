//! What a name stands for: a section, a component, a setting. Names are those of messages and of `--set`.

use gfn_config::nearest;
use serde::Serialize;

use crate::catalogue::{Described, Parameter, described};
use crate::sections::{default_kind, sections};

/// Most names that are suggested for one that is not known.
const SUGGESTIONS: usize = 3;

/// What can be explained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Topic {
    /// Its full name: `loss`, `loss.flow-matching`, `loss.flow-matching.epsilon`, `training.steps`.
    pub path: String,
    /// The key in a file that it is about, as `--set` takes it: `loss.kind`, `loss.epsilon`, `training.steps`.
    pub key: String,
    /// Other names that mean it too.
    #[serde(skip)]
    also: Vec<String>,
    /// What it is.
    #[serde(flatten)]
    pub about: About,
}

/// What a topic is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A section of a file.
    Section {
        /// What it is for.
        help: String,
        /// The component taken where none is chosen.
        default: Option<&'static str>,
        /// What it can choose, and its own keys.
        contents: Vec<Described>,
    },
    /// A component that a section chooses.
    Component(Described),
    /// A setting.
    Parameter(Parameter),
}

/// Everything that can be explained, in the order of the file.
pub fn topics() -> Vec<Topic> {
    let mut topics = Vec::new();
    for section in sections() {
        let contents = described(&section);
        if !section.name.is_empty() {
            topics.push(Topic {
                path: section.name.into(),
                key: section.name.into(),
                also: vec![format!("[{}]", section.name), format!("{}.kind", section.name)],
                about: About::Section {
                    help: section.help.into(),
                    default: default_kind(section.name),
                    contents: contents.clone(),
                },
            });
        }
        let kinds: Vec<&str> = section
            .components
            .iter()
            .map(|component| component.name)
            .collect();
        for described in contents {
            topics.extend(topics_of(described, &kinds));
        }
    }
    topics
}

/// A component with its parameters, or a section's own keys, which go with each of `kinds`.
fn topics_of(described: Described, kinds: &[&str]) -> Vec<Topic> {
    let (section, name) = (described.section, described.name);
    let dotted = |parts: &[&str]| {
        let parts = parts.iter().filter(|part| !part.is_empty());
        parts.copied().collect::<Vec<_>>().join(".")
    };
    let mut topics = Vec::new();
    for parameter in &described.parameters {
        let key = dotted(&[section, &parameter.name]);
        let also = match name {
            "" => kinds
                .iter()
                .map(|kind| dotted(&[section, kind, &parameter.name]))
                .collect(),
            _ => vec![key.clone()],
        };
        add_parameter(
            &mut topics,
            [dotted(&[section, name, &parameter.name]), key],
            also,
            parameter,
        );
    }
    if !name.is_empty() {
        let component = Topic {
            path: dotted(&[section, name]),
            key: dotted(&[section, "kind"]),
            also: vec![name.to_string()],
            about: About::Component(described),
        };
        topics.insert(0, component);
    }
    topics
}

/// A parameter, and the keys of the table that it can be.
fn add_parameter(
    topics: &mut Vec<Topic>,
    [path, key]: [String; 2],
    also: Vec<String>,
    parameter: &Parameter,
) {
    for inner in &parameter.parameters {
        let below = |name: &String| format!("{name}.{}", inner.name);
        add_parameter(
            topics,
            [below(&path), below(&key)],
            also.iter().map(below).collect(),
            inner,
        );
    }
    let about = About::Parameter(parameter.clone());
    topics.push(Topic {
        path,
        key,
        also,
        about,
    });
}

/// What a name stands for; more than one topic where several components have a parameter of that name. The last part of a
/// name will do.
///
/// # Errors
/// A sentence with the nearest names.
pub fn explain(name: &str) -> Result<Vec<Topic>, String> {
    let topics = topics();
    let exact = |topic: &&Topic| topic.path == name || topic.also.iter().any(|also| also == name);
    let last = |topic: &&Topic| topic.path.rsplit('.').next() == Some(name);
    let found: Vec<Topic> = topics.iter().filter(exact).cloned().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let found: Vec<Topic> = topics.iter().filter(last).cloned().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    Err(unknown(name, &topics))
}

fn unknown(name: &str, topics: &[Topic]) -> String {
    let ends = topics.iter().filter_map(|topic| topic.path.rsplit('.').next());
    let mut known: Vec<&str> = topics.iter().map(|topic| topic.path.as_str()).collect();
    known.extend(
        topics
            .iter()
            .flat_map(|topic| topic.also.iter().map(String::as_str)),
    );
    known.extend(ends);
    let mut near: Vec<String> = Vec::new();
    while let Some(best) = nearest(name, &known).filter(|_| near.len() < SUGGESTIONS) {
        near.push(format!("`{best}`"));
        known.retain(|known| *known != best);
    }
    match near.as_slice() {
        [] => format!("nothing is called `{name}`; `gfn components` lists what there is"),
        near => format!("nothing is called `{name}`; did you mean {}?", near.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(name: &str) -> Vec<String> {
        explain(name)
            .unwrap()
            .into_iter()
            .map(|topic| topic.path)
            .collect()
    }

    #[test]
    fn names_are_found_as_messages_write_them() {
        for (name, expected) in [
            ("loss", "loss"),
            ("loss.flow-matching", "loss.flow-matching"),
            ("loss.flow-matching.epsilon", "loss.flow-matching.epsilon"),
            ("loss.epsilon", "loss.flow-matching.epsilon"),
            ("flow-matching", "loss.flow-matching"),
            ("training.steps", "training.steps"),
            ("reward.hypergrid.r0", "reward.hypergrid.r0"),
            ("reward.druglike.exponent", "reward.exponent"),
            (
                "optimizer.adamw.learning_rate.from",
                "optimizer.adamw.learning_rate.from",
            ),
            ("loss.kind", "loss"),
            ("seed", "seed"),
            ("extends", "extends"),
        ] {
            assert_eq!(paths(name), [expected], "{name}");
        }
        assert_eq!(paths("hypergrid"), ["environment.hypergrid", "reward.hypergrid"]);
        assert_eq!(paths("optimizer.beta1").len(), 2);
        assert!(paths("epsilon").len() > 2);
    }

    #[test]
    fn unknown_names_get_the_nearest() {
        let said = explain("loss.flow-machting").unwrap_err();
        assert!(said.contains("did you mean `loss.flow-matching`"), "{said}");
        assert!(explain("traning.steps").unwrap_err().contains("`training.steps`"));
        assert!(explain("zzzzzz").unwrap_err().contains("gfn components"));
    }

    #[test]
    fn each_name_is_one_thing() {
        let mut paths: Vec<String> = topics().into_iter().map(|topic| topic.path).collect();
        let count = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), count);
    }
}
