//! `gfn plugin info`.

use gfn_plugins::{Description, describe};
use gfn_registry::catalogue::parameters_of;
use gfn_registry::describe::wrap;

use super::{failed, options};
use crate::args::PluginArgs;
use crate::commands::pages::{WIDTH, of_parameter};
use crate::commands::{print, print_json};
use crate::exit::Failure;

pub(crate) fn info(args: &PluginArgs, json: bool) -> Result<(), Failure> {
    let description = describe(&options(args)?).map_err(failed)?;
    if json {
        let text = serde_json::to_string_pretty(&description).map_err(Failure::failed)?;
        return print_json(&format!("{text}\n"));
    }
    print(&text(&description))
}

/// A plugin in words.
pub(crate) fn text(description: &Description) -> String {
    let mut text = format!("{} {}", description.name, description.version);
    if let Some(licence) = &description.licence {
        text += &format!(" ({licence})");
    }
    text += "\n";
    if !description.summary.is_empty() {
        text += &format!("\n{}\n", wrap(&description.summary, "  ", WIDTH));
    }
    for (name, value) in facts(description) {
        text += &format!("\n  {name:<12}{value}");
    }
    text += "\n";
    let parameters = parameters_of(&description.parameters);
    if parameters.is_empty() {
        return text + "\nIt has no parameters.\n";
    }
    text += "\nParameters\n";
    let pages = parameters.iter().map(|parameter| of_parameter(parameter, "  "));
    text + &pages.collect::<Vec<_>>().join("\n")
}

fn facts(description: &Description) -> Vec<(&'static str, String)> {
    let kinds: Vec<String> = description.kinds.iter().map(ToString::to_string).collect();
    let objects = match description.objects.is_empty() {
        true => "any".to_string(),
        false => description.objects.join(", "),
    };
    let yes = |value: bool| if value { "yes" } else { "no" }.to_string();
    let mut facts = vec![
        ("is a", kinds.join(", ")),
        ("objects", objects),
        ("repeats", yes(description.deterministic)),
        ("threads", yes(description.thread_safe)),
    ];
    if description.needs_gpu {
        facts.push(("GPU", "needed".to_string()));
    }
    if let Some(greatest) = description.greatest {
        facts.push(("greatest", greatest.to_string()));
    }
    facts
}
