//! Warnings of environment variables that were probably meant as settings, or as one of gfn's own variables.

use gfn_config::{OWN_VARIABLES, Origin, Problem, Problems, SourceKind, Sources, Stray, Tree, nearest};

use crate::catalogue::catalogue;

/// How variables begin.
const PREFIX: &str = "GFN_";
/// How the variables of settings begin.
const SETTING: &str = "GFN__";
/// What tells a setting's variable from others: a dot, as environments can hold it.
const DOT: &str = "__";

/// The variables of this process.
///
/// # Errors
/// Where a setting's value is not text, which a setting could not hold.
pub(crate) fn of_the_process() -> Result<Vec<(String, String)>, Problems> {
    let mut variables = Vec::new();
    for (name, value) in std::env::vars_os() {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => variables.push((name, value)),
            (Ok(name), Err(value)) if name.starts_with(SETTING) => {
                let text = format!("{name}={}", value.to_string_lossy());
                let mut sources = Sources::default();
                let source = sources.add(name.clone(), text.clone(), SourceKind::Variable);
                let origin = Origin::new(source, name.len() + 1..text.len());
                let problem = Problem::new(format!("the value of `{name}` is not UTF-8 text")).at(&origin);
                return Err(Problems::new(sources, vec![problem]));
            }
            _ => {}
        }
    }
    Ok(variables)
}

/// A warning for each variable that sets nothing and looks as if it should.
pub(crate) fn warnings(tree: &Tree) -> Vec<Problem> {
    if tree.strays().is_empty() {
        return Vec::new();
    }
    let known = settings();
    tree.strays()
        .iter()
        .filter_map(|stray| warning(stray, &known))
        .collect()
}

/// The variable of every setting: `GFN__TRAINING__STEPS`.
fn settings() -> Vec<String> {
    let all = catalogue();
    let keys = all.iter().flat_map(|described| {
        let section = described.section;
        described.parameters.iter().map(move |parameter| match section {
            "" => format!("GFN__{}", parameter.name),
            section => format!("GFN__{section}__{}", parameter.name),
        })
    });
    let kinds = all
        .iter()
        .map(|described| format!("GFN__{}__KIND", described.section));
    let mut names: Vec<String> = keys.chain(kinds).map(|name| name.to_uppercase()).collect();
    names.sort();
    names.dedup();
    names
}

fn warning(stray: &Stray, known: &[String]) -> Option<Problem> {
    let name = &stray.name;
    let same = known.iter().find(|known| letters(known) == letters(name));
    let own = nearest(
        &name[PREFIX.len()..],
        &OWN_VARIABLES.map(|own| &own[PREFIX.len()..]),
    );
    let help = match (same, own) {
        (Some(right), _) => format!("write `{right}`: capitals, and two underscores for each dot"),
        (None, Some(own)) if !name.contains(DOT) => format!("did you mean `{PREFIX}{own}`?"),
        (None, _) if name.contains(DOT) => {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            match nearest(name, &names) {
                Some(right) => format!("did you mean `{right}`?"),
                None => "a setting is written `GFN__SECTION__KEY`, such as `GFN__TRAINING__STEPS`".to_owned(),
            }
        }
        _ => return None,
    };
    let problem = Problem::new(format!("the environment variable `{name}` sets nothing"));
    Some(problem.at(&stray.origin).help(help).warning())
}

/// A name without what is easily mistaken: case and underscores.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(|letter| *letter != '_');
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}
