//! The papers that the parts of the experiment come from.

use maud::{Markup, html};

use super::Context;
use crate::bibtex::{bibliography, papers};

pub(super) fn body(context: &Context<'_>) -> Option<Markup> {
    let found = papers(context.runs(), context.known);
    let version = context
        .runs()
        .find_map(|run| run.manifest.as_ref())
        .map(|manifest| manifest.gfn.as_str());
    (!found.is_empty()).then(|| html! {
        ul.papers { @for paper in &found { li { (paper.text) " " span.about { (paper.parts.join(", ")) } } } }
        details {
            summary { "BibTeX" }
            div.copied { button type="button" data-copy="" { "copy" } pre { (bibliography(&found, version)) } }
        }
    })
}
