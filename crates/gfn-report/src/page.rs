//! The page: one file with everything in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::group::groups;
use crate::number::{count, moment};
use crate::origin::{GENERATOR, RUNS, identity};
use crate::sections::{self, Context, Section, sections};
use crate::{Component, Run, Sweep};

const STYLE: &str = include_str!("page/report.css");
const SCRIPT: &str = include_str!("page/report.js");

/// Runs as a page of HTML. `known` is what the program knows of its components: for their papers.
pub fn page(runs: &[Run], known: &[Component]) -> String {
    let context = Context {
        groups: groups(runs),
        known,
    };
    let head = Head {
        title: title(&context),
        subtitle: subtitle(&context),
        description: description(&context).map(str::to_string),
        made_from: Some(identity(runs.iter().map(|run| run.folder.as_path()))),
    };
    whole(&head, &sections(&context))
}

/// A sweep as a page of HTML; `best` are the runs of its best setting.
pub fn page_of_sweep(sweep: &Sweep, best: &[Run], known: &[Component]) -> String {
    let context = Context {
        groups: groups(best),
        known,
    };
    let manifest = &sweep.manifest;
    let head = Head {
        title: format!("{}, a sweep", manifest.name),
        subtitle: format!(
            "{} settings by {}, {} each, from {}",
            count(sweep.wanted),
            manifest.method,
            match manifest.seeds.len() {
                1 => "one seed".into(),
                several => format!("{several} seeds"),
            },
            manifest.experiment
        ),
        description: description(&context).map(str::to_string),
        made_from: Some(identity([sweep.folder.as_path()].into_iter())),
    };
    let mut all = sections::sweep::sections(sweep);
    // How the best runs stand is told with the sweep.
    let of_best = sections(&context).into_iter();
    all.extend(of_best.filter(|section| section.id != "overview" && !best.is_empty()));
    whole(&head, &all)
}

/// What stands above everything.
pub(crate) struct Head {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) description: Option<String>,
    /// What tells the runs that are shown from others.
    pub(crate) made_from: Option<String>,
}

/// A whole page.
pub(crate) fn whole(head: &Head, sections: &[Section]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name=(GENERATOR) content={ "gfn " (env!("CARGO_PKG_VERSION")) };
                @if let Some(made_from) = &head.made_from { meta name=(RUNS) content=(made_from); }
                title { (head.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(head, sections))
                main { @for section in sections { (of_section(section)) } }
                footer { "Made by gfn " (env!("CARGO_PKG_VERSION")) ". This page loads nothing from elsewhere." }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    // Names and messages of others may reorder a page's text as they may a terminal's.
    gfn_text::visible_lines(&page.into_string()).into_owned()
}

/// Nothing is loaded, and of scripts and styles none but this crate's counts, whatever got past the escaping.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!("default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'")
}

fn title(context: &Context<'_>) -> String {
    let names: Vec<&str> = context.groups.iter().map(|group| group.name.as_str()).collect();
    match &names[..] {
        [] => "No runs".into(),
        [one, two, rest @ ..] if !rest.is_empty() => format!("{one}, {two} and {} more", rest.len()),
        names => names.join(" and "),
    }
}

fn header(head: &Head, sections: &[Section]) -> Markup {
    html! {
        header {
            div.inner {
                h1 { (head.title) }
                p.subtitle { (head.subtitle) }
                @if let Some(description) = &head.description { p.description { (description) } }
                nav { @for section in sections { a href={ "#" (section.id) } { (section.title) } } }
            }
        }
    }
}

/// What is learned how, on which seed, when.
fn subtitle(context: &Context<'_>) -> String {
    let kinds = |run: &Run| {
        let chosen = ["environment", "reward", "loss", "network"]
            .into_iter()
            .filter_map(|section| run.kind(section));
        let mut chosen: Vec<String> = chosen.map(str::to_string).collect();
        chosen.dedup();
        chosen
    };
    let mut parts = match &context.groups[..] {
        [group] => kinds(group.first()),
        groups => vec![format!("{} experiments", groups.len())],
    };
    match context.only() {
        Some(run) => {
            parts.extend(run.seed().map(|seed| format!("seed {seed}")));
            parts.extend(run.manifest.as_ref().map(|manifest| moment(manifest.started)));
        }
        None => parts.push(format!("{} runs", context.runs().count())),
    }
    parts.join(" · ")
}

fn description<'a>(context: &Context<'a>) -> Option<&'a str> {
    let run = context.runs().next().filter(|_| context.groups.len() == 1)?;
    run.setting("", "description")?
        .as_str()
        .filter(|text| !text.is_empty())
}

fn of_section(section: &Section) -> Markup {
    html! { section id=(section.id) { h2 { (section.title) } (section.body) } }
}
