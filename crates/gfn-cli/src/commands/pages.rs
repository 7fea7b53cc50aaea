//! What there is to know of a section, a component or a setting, on a terminal.

use gfn_registry::catalogue::{Described, Parameter};
use gfn_registry::describe::wrap;
use gfn_registry::explain::{About, Topic};

/// Longest line.
pub(crate) const WIDTH: usize = 100;
/// Columns for the names of a list.
const NAMES: usize = 24;

/// Everything about a topic.
pub(crate) fn page(topic: &Topic) -> String {
    match &topic.about {
        About::Section {
            help,
            default,
            contents,
        } => {
            let mut text = format!("{}\n\n{}\n\n", topic.path, wrap(help, "  ", WIDTH));
            let choices = contents.iter().any(|described| !described.name.is_empty());
            if choices {
                let default = default.map_or("must be given".into(), |kind| format!("default \"{kind}\""));
                text += &format!("kind ({default})\n{}\n", list(contents));
            }
            let own = contents.iter().filter(|described| described.name.is_empty());
            text + &own.map(of_described).collect::<String>()
        }
        About::Component(described) => {
            let head = format!(
                "{}\n\n  [{}]\n  kind = \"{}\"\n\n",
                topic.path, described.section, described.name
            );
            head + &of_described(described)
        }
        About::Parameter(parameter) => format!("{}\n\n{}", topic.path, of_parameter(parameter, "")),
    }
}

/// A line a component.
pub(crate) fn list(all: &[Described]) -> String {
    let named = all.iter().filter(|described| !described.name.is_empty());
    named
        .map(|described| entry(described.name, described.text.purpose()))
        .collect()
}

/// A name and, beside it, what it is.
pub(crate) fn entry(name: &str, purpose: &str) -> String {
    let indent = " ".repeat(NAMES + 3);
    let beside = wrap(purpose, &indent, WIDTH);
    format!("  {name:<NAMES$} {}\n", beside.trim_start())
}

/// Help, formula, parameters, papers.
fn of_described(described: &Described) -> String {
    let text = &described.text;
    let mut page = format!("{}\n", wrap(&text.help, "  ", WIDTH));
    if let Some(formula) = &text.formula {
        page += &format!("\nFormula\n{}\n", wrap(formula, "  ", WIDTH));
    }
    if !described.parameters.is_empty() {
        page += "\nParameters\n";
    }
    let parameters = described
        .parameters
        .iter()
        .map(|parameter| of_parameter(parameter, "  "));
    page += &parameters.collect::<Vec<_>>().join("\n");
    if !text.references.is_empty() {
        page += "\nPapers\n";
    }
    for reference in &text.references {
        page += &format!("{}\n", wrap(reference, "  ", WIDTH));
    }
    page
}

/// A parameter: what it takes, its unit, its default, its help, its choices and the keys below it.
pub(crate) fn of_parameter(parameter: &Parameter, indent: &str) -> String {
    let unit = parameter
        .unit
        .as_ref()
        .map_or(String::new(), |unit| format!(" [{unit}]"));
    let default = match (&parameter.default, &parameter.example) {
        (Some(default), _) => format!(" (default {default})"),
        (None, Some(example)) => format!(" (no default; such as {example})"),
        (None, None) => String::new(),
    };
    let inner = format!("{indent}    ");
    let mut text = format!(
        "{indent}{}: {}{unit}{default}\n",
        parameter.name, parameter.accepts
    );
    text += &format!("{}\n", wrap(&parameter.help, &inner, WIDTH));
    for choice in &parameter.choices {
        let help = format!("\"{}\": {}", choice.name, choice.help);
        let hanging = wrap(&help, &format!("{inner}  "), WIDTH);
        text += &format!("{inner}- {}\n", hanging.trim_start());
    }
    let below = parameter
        .parameters
        .iter()
        .map(|parameter| of_parameter(parameter, &inner));
    text + &below.collect::<String>()
}
