//! Molecules drawn as structures.

use std::fmt::Write;

use gfn_draw::sketch::{Anchor, HEIGHT, Sketch, WIDTH, Word};
use maud::{Markup, html};

/// The structure of a SMILES; none where it is no molecule.
pub(crate) fn structure(smiles: &str) -> Option<Markup> {
    let sketch = Sketch::of(smiles)?;
    let mut lines = String::new();
    for (from, to) in &sketch.lines {
        // Writing into a string does not fail.
        let _ = write!(lines, "M{:.1} {:.1}L{:.1} {:.1}", from.0, from.1, to.0, to.1);
    }
    Some(html! {
        svg.molecule viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(smiles) {
            path d=(lines) {}
            @for word in &sketch.words { (letters(word)) }
        }
    })
}

fn letters(word: &Word) -> Markup {
    let anchor = match word.anchor {
        Anchor::Start => "start",
        Anchor::End => "end",
    };
    let (x, y) = (format!("{:.1}", word.at.0), format!("{:.1}", word.at.1));
    html! { text class={ "e-" (word.symbol) } x=(x) y=(y) text-anchor=(anchor) { (word.text) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_structure_is_lines_and_letters() {
        let svg = structure("CC(=O)[O-]").unwrap().into_string();
        assert!(
            svg.contains("class=\"e-O\"") && svg.contains("O⁻</text>"),
            "{svg}"
        );
        assert_eq!(svg.matches('M').count(), 4, "{svg}");
        assert!(structure("<script>").is_none());
    }
}
