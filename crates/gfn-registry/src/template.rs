//! A new experiment file: every setting with its default and its help, for chosen components.
//!
//! What is written is the resolved experiment, so it holds only settings that go together. Settings at their default are
//! commented out as `#key = value`, without a space: with the `#` taken away each still reads.

use std::path::{Path, PathBuf};

use gfn_config::{Problems, Tree};
use serde_json::Value;

use crate::assemble::assemble;
use crate::catalogue::{Described, Parameter, described};
use crate::describe::{value_text, wrap};
use crate::experiment::Experiment;
use crate::sections::{SectionSchema, default_kind, sections};

/// What is tried first for a section that must choose; else the first component of the list.
const FIRST_KINDS: [(&str, &str); 1] = [("loss", "trajectory-balance")];
/// Most combinations that are tried.
const MAX_TRIED: usize = 64;
/// Longest line of help.
const WIDTH: usize = 110;

/// What to write.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The experiment's name.
    pub name: String,
    /// Sections and what they choose; the other sections get what goes with those.
    pub kinds: Vec<(String, String)>,
    /// Settings, as `--set` takes them.
    pub sets: Vec<String>,
    /// The schema that an editor is to check the file with; a relative path starts from the file.
    pub schema: Option<PathBuf>,
}

/// The text of a new experiment file, which runs as it stands.
///
/// # Errors
/// Where something wanted does not exist, or does not go together.
pub fn new_file(wanted: &Wanted) -> Result<String, Problems> {
    let sections = sections();
    let resolved = resolved(&sections, wanted)?;
    Ok(written(&sections, &resolved, wanted.schema.as_deref()))
}

/// The first experiment of the candidates that goes together, resolved; else what is wrong with the one that has the fewest
/// mistakes.
fn resolved(sections: &[SectionSchema], wanted: &Wanted) -> Result<toml::Table, Problems> {
    let kinds = wanted
        .kinds
        .iter()
        .map(|(section, kind)| format!("{section}.kind={}", Value::from(kind.as_str())));
    let sets: Vec<String> = kinds.chain(wanted.sets.iter().cloned()).collect();
    let candidates = candidates(sections, wanted);
    // Some rewards can be 0, and need a floor.
    let with_floor = [&[FLOOR.to_string()], &sets[..]].concat();
    let found = first_of(&candidates, &sets);
    found.or_else(|problems| first_of(&candidates, &with_floor).map_err(|_| problems))
}

/// A floor that does little to rewards around 1.
const FLOOR: &str = "reward.floor=1e-3";

/// The first candidate that goes together with these settings, resolved; else the mistakes of the one that has the fewest.
fn first_of(candidates: &[String], sets: &[String]) -> Result<toml::Table, Problems> {
    let mut fewest: Option<Problems> = None;
    for text in candidates {
        let tree = Tree::parse_with("the new file", text, [], sets)?;
        let tried = Experiment::read(tree, PathBuf::new()).and_then(|experiment| {
            let parts = assemble(&experiment)?;
            Ok(experiment.to_table(parts.loss.needs()))
        });
        match tried {
            Ok(table) => return Ok(table),
            Err(problems) if fewest.as_ref().is_none_or(|least| problems.len() < least.len()) => {
                fewest = Some(problems);
            }
            Err(_) => {}
        }
    }
    Err(fewest.expect("there is a candidate, since every section has components"))
}

/// Minimal files with combinations of what is left open. The first sections, whose choices must fit one another, vary
/// fastest.
fn candidates(sections: &[SectionSchema], wanted: &Wanted) -> Vec<String> {
    let mut texts = vec![String::new()];
    let chosen = |section: &SectionSchema| wanted.kinds.iter().any(|(name, _)| name == section.name);
    for section in sections
        .iter()
        .filter(|section| !section.components.is_empty() && !chosen(section))
    {
        let with = |kind: &str, text: &String| match default_kind(section.name) == Some(kind) {
            true => text.clone(),
            false => format!("{text}[{}]\nkind = {}\n", section.name, Value::from(kind)),
        };
        let kinds = kinds(section);
        texts = kinds
            .iter()
            .flat_map(|kind| texts.iter().map(|text| with(kind, text)))
            .collect();
    }
    let name = format!("name = {}\n", Value::from(wanted.name.as_str()));
    texts
        .iter()
        .take(MAX_TRIED)
        .map(|text| format!("{name}{text}"))
        .collect()
}

/// What an open section can get, the usual first; a plugin is nothing that a file gets unasked.
fn kinds(section: &SectionSchema) -> Vec<&'static str> {
    let first = FIRST_KINDS.iter().find(|(name, _)| *name == section.name);
    let first = default_kind(section.name).or(first.map(|(_, kind)| *kind));
    let mut kinds: Vec<&'static str> = section
        .components
        .iter()
        .map(|component| component.name)
        .filter(|name| *name != "plugin")
        .collect();
    kinds.sort_by_key(|kind| Some(*kind) != first);
    kinds
}

fn written(sections: &[SectionSchema], resolved: &toml::Table, schema: Option<&Path>) -> String {
    let mut text = schema.map_or(String::new(), |path| format!("#:schema {}\n", path.display()));
    text += "# What is commented out as `#key = value` is at its default: take the `#` away to change it.\n";
    text += "# `gfn explain KEY` tells more, as `gfn explain loss` does; `gfn run FILE` trains.\n\n";
    for section in sections {
        if section.name.is_empty() {
            text += &settings(&described(section), resolved, &|_, _| true);
        } else if let Some(table) = resolved.get(section.name).and_then(toml::Value::as_table) {
            let reads = |key: &str, example: &str| reads_with(resolved, section.name, key, example);
            text += &section_text(section, table, &reads);
        }
    }
    text
}

/// Whether an experiment can be read with an example as one more setting: some go with other choices only.
fn reads_with(resolved: &toml::Table, section: &str, key: &str, example: &str) -> bool {
    let setting = format!("{section}.{key}={example}");
    let tree = Tree::parse_with("the new file", &resolved.to_string(), [], &[setting]);
    tree.and_then(|tree| Experiment::read(tree, PathBuf::new()))
        .is_ok()
}

/// Whether a setting may have an example as its value.
type Reads<'a> = &'a dyn Fn(&str, &str) -> bool;

fn section_text(section: &SectionSchema, table: &toml::Table, reads: Reads<'_>) -> String {
    let mut text = format!("\n# {}\n[{}]\n", section.help, section.name);
    let mut parts = described(section);
    if let Some(kind) = table.get("kind").and_then(toml::Value::as_str) {
        parts.retain(|part| part.name.is_empty() || part.name == kind);
        let others: Vec<&str> = section
            .components
            .iter()
            .map(|component| component.name)
            .collect();
        let others: Vec<&str> = others.into_iter().filter(|name| *name != kind).collect();
        let purpose = parts.first().map_or("", |part| part.text.purpose());
        let mut help = format!("{purpose}.");
        if !others.is_empty() {
            help += &format!(" Or: {}.", others.join(", "));
        }
        text += &format!("{}\nkind = {}\n", wrap(&help, "# ", WIDTH), Value::from(kind));
    }
    text + &settings(&parts, table, reads)
}

/// The settings of a table, each under its help.
fn settings(parts: &[Described], table: &toml::Table, reads: Reads<'_>) -> String {
    let parameters = parts.iter().flat_map(|part| &part.parameters);
    parameters
        .filter_map(|parameter| Some(setting(parameter, line(parameter, table, reads)?)))
        .collect()
}

fn setting(parameter: &Parameter, line: String) -> String {
    let unit = parameter
        .unit
        .as_ref()
        .map_or(String::new(), |unit| format!("; {unit}"));
    format!(
        "{}\n{line}    # {}{unit}\n",
        wrap(&parameter.help, "# ", WIDTH),
        parameter.accepts
    )
}

/// A setting as it is, or commented out at its default, or as an example where it has none; nothing where a setting that has a
/// default is not in the resolved table, because what is chosen does not read it, or that goes with other choices only.
fn line(parameter: &Parameter, table: &toml::Table, reads: Reads<'_>) -> Option<String> {
    let name = &parameter.name;
    let value = table.get(name).and_then(|value| serde_json::to_value(value).ok());
    match (
        value.as_ref().map(value_text),
        &parameter.default,
        &parameter.example,
    ) {
        (Some(value), Some(default), _) if value == *default => Some(format!("#{name} = {value}")),
        (Some(value), _, _) => Some(format!("{name} = {value}")),
        (None, None, Some(example)) if reads(name, example) => Some(format!("#{name} = {example}")),
        (None, _, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> toml::Table {
        let tree = Tree::parse("new.toml", text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        let experiment =
            Experiment::read(tree, PathBuf::new()).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        experiment
            .resolved()
            .unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    }

    /// All choices of all sections, but for environments, rewards and networks that do not go together, whatever the rest is.
    fn combinations(sections: &[SectionSchema]) -> Vec<Vec<(String, String)>> {
        let mut all = vec![Vec::new()];
        for section in sections.iter().filter(|section| !section.components.is_empty()) {
            let names = section.components.iter().map(|component| component.name);
            let with = |kind: &str, so_far: &Vec<(String, String)>| {
                let mut longer = so_far.clone();
                longer.push((section.name.to_string(), kind.to_string()));
                longer
            };
            all = names
                .flat_map(|kind| all.iter().map(move |so_far| with(kind, so_far)))
                .collect();
            if section.name == "network" {
                all.retain(|kinds| resolved(sections, &plainest(kinds)).is_ok());
            }
        }
        all
    }

    /// The rest at its default, so that there is one candidate.
    fn plainest(kinds: &[(String, String)]) -> Wanted {
        let rest = [
            ("loss", "detailed-balance"),
            ("backward_policy", "uniform"),
            ("sampler", "on-policy"),
            ("optimizer", "adam"),
        ];
        let rest = rest.map(|(section, kind)| (section.to_string(), kind.to_string()));
        Wanted {
            name: "new".into(),
            kinds: kinds.iter().cloned().chain(rest).collect(),
            ..Wanted::default()
        }
    }

    /// Whatever fits together makes a file that reads as what was put together, and with every comment sign before a setting taken away.
    #[test]
    fn every_combination_that_fits_reads() {
        let sections = sections();
        let mut count = 0;
        for kinds in combinations(&sections) {
            let backward = kinds
                .iter()
                .any(|(section, kind)| section == "backward_policy" && kind != "uniform");
            let mut wanted = Wanted {
                name: "new".into(),
                kinds,
                ..Wanted::default()
            };
            if !backward {
                wanted.kinds.retain(|(section, _)| section != "backward_policy");
            }
            let Ok(made) = resolved(&sections, &wanted) else {
                continue;
            };
            for (section, kind) in &wanted.kinds {
                assert_eq!(made[section]["kind"].as_str(), Some(kind.as_str()));
            }
            let text = written(&sections, &made, None);
            assert_eq!(read(&text), made, "{text}");
            let bare = text.lines().map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with([' ', ':']) && !rest.starts_with("extends") => rest,
                _ => line,
            });
            read(&bare.collect::<Vec<_>>().join("\n"));
            count += 1;
        }
        // Two environments, each with its reward and network; four losses with three backward policies and one with none;
        // two samplers and two optimizers.
        assert!(count >= 2 * (4 * 3 + 1) * 2 * 2, "{count}");
    }

    #[test]
    fn open_sections_fit_those_that_are_chosen() {
        let with = |section: &str, kind: &str| Wanted {
            name: "new".into(),
            kinds: vec![(section.into(), kind.into())],
            ..Wanted::default()
        };
        let kind = |wanted: &Wanted, section: &str| read(&new_file(wanted).unwrap())[section]["kind"].clone();
        let wanted = with("reward", "druglike");
        assert_eq!(kind(&wanted, "environment").as_str(), Some("fragments"));
        assert_eq!(kind(&wanted, "network").as_str(), Some("message-passing"));
        assert_eq!(
            kind(&with("backward_policy", "learned"), "loss").as_str(),
            Some("trajectory-balance")
        );
        let said = new_file(&with("loss", "flow-machting")).unwrap_err().to_string();
        assert!(said.contains("did you mean `flow-matching`?"), "{said}");
    }

    #[test]
    fn settings_are_set_and_the_schema_is_named() {
        let wanted = Wanted {
            name: "new".into(),
            sets: vec!["training.steps=7".into(), "reward.clip=3.0".into()],
            schema: Some("gfn.schema.json".into()),
            ..Wanted::default()
        };
        let text = new_file(&wanted).unwrap();
        assert!(text.starts_with("#:schema gfn.schema.json\n"), "{text}");
        assert!(
            text.contains("\nsteps = 7 ") && text.contains("\nclip = 3.0 "),
            "{text}"
        );
        assert!(text.contains("\n#batch_size = 16 "), "{text}");
    }
}
