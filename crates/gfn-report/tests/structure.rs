//! What is on a page, and in what order.

use super::made::RunFixture;

/// The outline of a page: its headings, what its pictures show, the heads of its tables, its figures.
fn outline(page: &str) -> String {
    let mut lines = Vec::new();
    for tag in page.split('<').skip(1) {
        let (head, text) = tag.split_once('>').unwrap_or((tag, ""));
        let name = head.split([' ', '/']).next().unwrap_or_default();
        let label = head
            .split_once("aria-label=\"")
            .and_then(|(_, rest)| rest.split_once('"'));
        match name {
            "h1" | "h2" | "h3" | "summary" | "dt" => lines.push(format!("{name} {}", text.trim())),
            "button" if !text.is_empty() => lines.push(format!("  {}", text.trim())),
            "svg" => lines.extend(label.map(|(label, _)| format!("  picture: {label}"))),
            _ => {}
        }
    }
    lines.join("\n")
}

#[test]
fn a_run_on_a_grid() {
    let made = RunFixture::new();
    made.grid("a", 0);
    insta::assert_snapshot!(outline(&made.page(&["a"])));
}

#[test]
fn a_run_of_molecules() {
    let made = RunFixture::new();
    made.molecules("a");
    let page = made.page(&["a"]);
    insta::assert_snapshot!(outline(&page));
    assert_eq!(
        page.matches("class=\"molecule\"").count(),
        3,
        "each molecule once"
    );
}

#[test]
fn runs_that_differ_in_their_seed_and_another_experiment() {
    let made = RunFixture::new();
    (0..3).for_each(|seed| made.grid(&format!("seed-{seed}"), seed));
    made.molecules("mol");
    insta::assert_snapshot!(outline(&made.page(&["seed-0", "seed-1", "seed-2", "mol"])));
}

#[test]
fn a_page_loads_nothing_and_runs_no_script_but_its_own() {
    let made = RunFixture::new();
    made.grid("a", 0);
    made.molecules("b");
    let page = made.page(&["a", "b"]);
    for forbidden in [
        "http:", "https:", "src=", "@import", "url(", "<link", "<iframe", "style=", " onload", " onclick",
    ] {
        assert!(!page.contains(forbidden), "the page has `{forbidden}`");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.matches("href=").count() == page.matches("href=\"#").count());
    assert!(page.contains("default-src 'none'"));
    assert!(page.contains("@misc{malkin2022trajectory,") && !page.contains("Unused"));
}

#[test]
fn the_same_runs_make_the_same_page() {
    let made = RunFixture::new();
    made.grid("a", 0);
    assert_eq!(made.page(&["a"]), made.page(&["a"]));
}
