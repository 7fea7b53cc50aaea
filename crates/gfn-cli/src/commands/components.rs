//! `gfn components`.

use gfn_config::choice_help;
use gfn_registry::catalogue::{Described, catalogue};

use super::print;
use crate::exit::Failure;

pub(crate) fn components(section: Option<&str>, name: Option<&str>, json: bool) -> Result<(), Failure> {
    let chosen = choose(catalogue(), section, name)?;
    if json {
        let text = serde_json::to_string_pretty(&chosen).expect("descriptions are plain data");
        return print(&(text + "\n"));
    }
    let text = match (section, name) {
        (None, _) => overview(&chosen),
        _ => chosen.iter().map(page).collect::<Vec<_>>().join("\n"),
    };
    print(&text)
}

fn choose(all: Vec<Described>, section: Option<&str>, name: Option<&str>) -> Result<Vec<Described>, Failure> {
    let Some(section) = section else { return Ok(all) };
    let mut sections: Vec<&str> = all.iter().map(|described| described.section).collect();
    sections.dedup();
    if !sections.contains(&section) {
        let help = choice_help(section, &sections, "sections");
        return Err(Failure::usage(format!("unknown section `{section}`; {help}")));
    }
    let within: Vec<Described> = all
        .into_iter()
        .filter(|described| described.section == section)
        .collect();
    let Some(name) = name else { return Ok(within) };
    let names: Vec<&str> = within
        .iter()
        .map(|described| described.name)
        .filter(|name| !name.is_empty())
        .collect();
    if !names.contains(&name) {
        let help = choice_help(name, &names, "names");
        return Err(Failure::usage(format!("unknown {section} `{name}`; {help}")));
    }
    Ok(within
        .into_iter()
        .filter(|described| described.name == name || described.name.is_empty())
        .collect())
}

/// A line a component.
fn overview(all: &[Described]) -> String {
    let mut text = String::new();
    let mut last = "";
    for described in all {
        if described.section != last {
            text += &format!("[{}]\n", described.section);
            last = described.section;
        }
        let name = if described.name.is_empty() {
            "(settings)"
        } else {
            described.name
        };
        text += &format!("  {name:<24} {}\n", first_sentence(&described.help));
    }
    text + "\n`gfn components SECTION NAME` tells the parameters.\n"
}

fn first_sentence(help: &str) -> String {
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = words
        .match_indices(['.', ':'])
        .map(|(at, _)| at)
        .find(|&at| words[at + 1..].starts_with(' '));
    let sentence = end.map_or(words.as_str(), |end| &words[..end]);
    sentence.trim_end_matches('.').to_string()
}

/// Everything about a component.
fn page(described: &Described) -> String {
    let mut text = format!("[{}]\n", described.section);
    if !described.name.is_empty() {
        text += &format!("kind = \"{}\"\n", described.name);
    }
    text += &format!("\n{}\n", wrap(&described.help, ""));
    for parameter in &described.parameters {
        let default = parameter
            .default
            .as_ref()
            .map_or(String::new(), |default| format!(" (default {default})"));
        text += &format!(
            "\n  {}: {}{default}\n{}\n",
            parameter.name,
            parameter.accepts,
            wrap(&parameter.help, "      ")
        );
    }
    text
}

/// Lines of at most 100 characters; blank lines stay.
fn wrap(help: &str, indent: &str) -> String {
    let paragraph = |paragraph: &str| {
        let mut lines = vec![indent.to_string()];
        for word in paragraph.split_whitespace() {
            let line = lines.last_mut().expect("never empty");
            if line.chars().count() + word.chars().count() >= 100 && line.len() > indent.len() {
                lines.push(format!("{indent}{word}"));
            } else {
                if line.len() > indent.len() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        lines.join("\n")
    };
    help.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n")
}
