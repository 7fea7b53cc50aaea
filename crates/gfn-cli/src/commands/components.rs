//! `gfn components`, the list, and `gfn explain`, all about one name.

use std::path::Path;

use gfn_config::choice_help;
use gfn_plugins::trust::LockFile;
use gfn_registry::catalogue::Described;
use gfn_registry::explain::{About, Topic, explain as find, topics};
use serde::Serialize;

use super::pages::{entry, list, page};
use super::{plugin, print, print_json as print_text_of_json};
use crate::exit::Failure;

pub(crate) fn components(section: Option<&str>, name: Option<&str>, json: bool) -> Result<(), Failure> {
    if let (Some(section), Some(name)) = (section, name) {
        return explain(&format!("{section}.{name}"), json);
    }
    let sections = chosen(topics(), section)?;
    if json {
        let contents: Vec<&Described> = sections.iter().flat_map(contents).collect();
        return print_json(&contents);
    }
    print(&format!(
        "{}\n`gfn explain NAME` shows the parameters of one, as in `gfn explain loss.flow-matching`.\n",
        overview(&sections)
    ))
}

pub(crate) fn explain(name: &str, json: bool) -> Result<(), Failure> {
    let pinned = LockFile::near(Path::new(".")).map_err(Failure::failed)?;
    if let Some(pin) = pinned.find(name) {
        return match json {
            true => print_json(&pin.description),
            false => print(&plugin::page(&pin.description)),
        };
    }
    let found = find(name).map_err(Failure::usage)?;
    if json {
        return print_json(&found);
    }
    print(&found.iter().map(page).collect::<Vec<_>>().join("\n\n"))
}

fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).expect("descriptions are plain data");
    print_text_of_json(&(text + "\n"))
}

/// The sections among the topics: all, or the one that is named.
fn chosen(topics: Vec<Topic>, section: Option<&str>) -> Result<Vec<Topic>, Failure> {
    let is_section = |topic: &Topic| matches!(topic.about, About::Section { .. });
    let sections: Vec<Topic> = topics.into_iter().filter(is_section).collect();
    let Some(section) = section else {
        return Ok(sections);
    };
    let names: Vec<&str> = sections.iter().map(|topic| topic.path.as_str()).collect();
    if !names.contains(&section) {
        let help = choice_help(section, &names, "sections");
        return Err(Failure::usage(format!("unknown section `{section}`; {help}")));
    }
    Ok(sections
        .into_iter()
        .filter(|topic| topic.path == section)
        .collect())
}

fn contents(section: &Topic) -> &[Described] {
    match &section.about {
        About::Section { contents, .. } => contents,
        About::Component(_) | About::Parameter(_) => &[],
    }
}

/// A line a component, and a line for the settings of each section.
fn overview(sections: &[Topic]) -> String {
    let mut text = String::new();
    for section in sections {
        text += &format!("[{}]\n{}", section.path, list(contents(section)));
        for own in contents(section)
            .iter()
            .filter(|described| described.name.is_empty())
        {
            let keys: Vec<&str> = own
                .parameters
                .iter()
                .map(|parameter| parameter.name.as_str())
                .collect();
            text += &entry("(settings)", &keys.join(", "));
        }
    }
    text
}
