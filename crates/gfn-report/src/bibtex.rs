//! The papers of a run's parts, as BibTeX.
//!
//! Components name their papers in one form (a test of the catalogue holds them to it): `Bengio et al. 2023, "GFlowNet
//! foundations", arXiv 2111.09266`, with a journal, volume and pages where there are some, and a remark in brackets at the end.

use std::collections::BTreeSet;

use toml::Value;

use crate::{Component, Run};

/// A paper, and what it is about in the experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paper {
    /// As the component names it.
    pub(crate) text: String,
    /// The parts that come from it: `loss.trajectory-balance`.
    pub(crate) parts: Vec<String>,
}

/// The papers of what a run's experiment chose, each once. A paper whose remark names a choice, such as `` (`cosine`) ``, is
/// left out where another was made.
pub(crate) fn papers<'a>(runs: impl IntoIterator<Item = &'a Run>, known: &[Component]) -> Vec<Paper> {
    let mut papers: Vec<Paper> = Vec::new();
    for run in runs {
        let chosen = known
            .iter()
            .filter(|part| run.kind(&part.section) == Some(part.name.as_str()));
        for part in chosen {
            let name = format!("{}.{}", part.section, part.name);
            for text in part
                .references
                .iter()
                .filter(|text| is_of_choice(run, part, text))
            {
                match papers.iter_mut().find(|paper| bare(&paper.text) == bare(text)) {
                    Some(paper) if paper.parts.contains(&name) => {}
                    Some(paper) => paper.parts.push(name.clone()),
                    None => papers.push(Paper {
                        text: text.clone(),
                        parts: vec![name.clone()],
                    }),
                }
            }
        }
    }
    papers
}

/// A reference without its remark.
fn bare(text: &str) -> &str {
    remark(text).0
}

/// A reference, and the remark in brackets at its end.
fn remark(text: &str) -> (&str, Option<&str>) {
    let found = text
        .trim_end_matches('.')
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once(" ("));
    found.map_or((text, None), |(before, remark)| (before, Some(remark)))
}

fn is_of_choice(run: &Run, part: &Component, text: &str) -> bool {
    let Some(choice) = remark(text)
        .1
        .and_then(|remark| remark.strip_prefix('`')?.strip_suffix('`'))
    else {
        return true;
    };
    let section = run.settings.get(&part.section).and_then(Value::as_table);
    section
        .into_iter()
        .flatten()
        .any(|(_, value)| value.as_str() == Some(choice))
}

/// Entries for all papers, with keys of their own, and one for the program.
pub(crate) fn bibliography(papers: &[Paper], version: Option<&str>) -> String {
    let mut keys = BTreeSet::new();
    let mut entries: Vec<String> = papers.iter().map(|paper| entry(&paper.text, &mut keys)).collect();
    let version = version.map_or(String::new(), |version| {
        format!("  version = {{{}}},\n", escaped(version))
    });
    entries.push(format!(
        "@software{{gfn,\n  title = {{gfn: generative flow networks in Rust}},\n{version}}}\n"
    ));
    entries.join("\n")
}

fn entry(text: &str, keys: &mut BTreeSet<String>) -> String {
    let (reference, note) = remark(text);
    let parsed = ParsedReference::of(reference);
    let key = fresh(
        &parsed.as_ref().map_or("paper".into(), ParsedReference::key),
        keys,
    );
    let (kind, mut fields) = parsed.map_or(
        ("misc", vec![("note", reference.to_string())]),
        ParsedReference::fields,
    );
    let note = note.filter(|note| !note.starts_with('`'));
    fields.extend(note.map(|note| ("annote", note.to_string())));
    let lines = fields
        .iter()
        .map(|(name, value)| format!("  {name} = {{{}}},\n", escaped(value)));
    format!("@{kind}{{{key},\n{}}}\n", lines.collect::<String>())
}

/// A key that no entry has yet: `bengio2023gflownet`, `bengio2023gflownetb`.
fn fresh(key: &str, keys: &mut BTreeSet<String>) -> String {
    let endings =
        std::iter::once(String::new()).chain((b'b'..=b'z').map(|letter| char::from(letter).to_string()));
    let found = endings
        .map(|ending| format!("{key}{ending}"))
        .find(|key| !keys.contains(key));
    let found = found.unwrap_or_else(|| format!("{key}-{}", keys.len()));
    keys.insert(found.clone());
    found
}

/// A reference taken apart.
#[derive(Debug, PartialEq, Eq)]
struct ParsedReference<'a> {
    authors: &'a str,
    year: &'a str,
    title: &'a str,
    /// What comes after the title: journal, volume, pages, number.
    rest: Vec<&'a str>,
}

impl<'a> ParsedReference<'a> {
    fn of(reference: &'a str) -> Option<Self> {
        let (before, after) = reference.split_once(", \"")?;
        let (title, rest) = after.split_once('"')?;
        let (authors, year) = before.rsplit_once(' ')?;
        let is_year = year.len() == 4 && year.chars().all(|digit| digit.is_ascii_digit());
        let rest = rest
            .trim_start_matches(',')
            .split(", ")
            .map(str::trim)
            .filter(|part| !part.is_empty());
        is_year.then(|| Self {
            authors,
            year,
            title,
            rest: rest.collect(),
        })
    }

    fn key(&self) -> String {
        let letters = |text: &str| {
            text.chars()
                .filter(char::is_ascii_alphanumeric)
                .collect::<String>()
                .to_lowercase()
        };
        let short = ["a", "an", "the", "on"];
        let word = self
            .title
            .split([' ', ':', '-'])
            .map(letters)
            .find(|word| !word.is_empty() && !short.contains(&word.as_str()));
        let author = letters(self.authors.split([' ', ',']).next().unwrap_or_default());
        format!("{author}{}{}", self.year, word.unwrap_or_default())
    }

    fn fields(self) -> (&'static str, Vec<(&'static str, String)>) {
        let authors = self.authors.replace(" et al.", " and others");
        let mut fields = vec![
            ("author", authors),
            ("title", self.title.to_string()),
            ("year", self.year.to_string()),
        ];
        let mut kind = "misc";
        for part in self.rest {
            match part.split_once(' ') {
                Some(("arXiv", number)) => {
                    fields.extend([("eprint", number.into()), ("archiveprefix", "arXiv".into())])
                }
                Some(("doi", number)) => fields.push(("doi", number.into())),
                _ if part
                    .chars()
                    .all(|letter| letter.is_ascii_digit() || "-–".contains(letter)) =>
                {
                    fields.push(("pages", part.replace(['–', '-'], "--")));
                }
                Some((journal, volume)) if kind == "misc" => {
                    kind = "article";
                    let split = part
                        .rsplit_once(' ')
                        .filter(|(_, last)| last.chars().all(|digit| digit.is_ascii_digit()));
                    match split {
                        Some((journal, volume)) => {
                            fields.extend([("journal", journal.into()), ("volume", volume.into())]);
                        }
                        None => fields.push(("journal", format!("{journal} {volume}"))),
                    }
                }
                _ => fields.push(("howpublished", part.into())),
            }
        }
        (kind, fields)
    }
}

/// A value between braces: nothing in it may close them or begin a command.
fn escaped(value: &str) -> String {
    let mut text = String::new();
    for letter in value.chars() {
        match letter {
            '{' | '}' => text.push_str(if letter == '{' { "\\{" } else { "\\}" }),
            '\\' => text.push_str("\\textbackslash "),
            '#' | '$' | '%' | '&' | '_' => text.extend(['\\', letter]),
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preprint_and_an_article() {
        let mut keys = BTreeSet::new();
        let text = r#"Bengio et al. 2023, "GFlowNet foundations", arXiv 2111.09266"#;
        let expected = "@misc{bengio2023gflownet,\n  author = {Bengio and others},\n  title = {GFlowNet foundations},\n  \
             year = {2023},\n  eprint = {2111.09266},\n  archiveprefix = {arXiv},\n}\n";
        assert_eq!(entry(text, &mut keys), expected);
        assert!(entry(text, &mut keys).starts_with("@misc{bengio2023gflownetb,"));

        let text = r#"Bickerton et al. 2012, "Quantifying the chemical beauty of drugs", Nature Chemistry 4, 90-98, doi 10.1038/nchem.1243"#;
        let found = entry(text, &mut keys);
        assert!(found.starts_with("@article{bickerton2012quantifying,"), "{found}");
        for field in [
            "journal = {Nature Chemistry}",
            "volume = {4}",
            "pages = {90--98}",
            "doi = {10.1038/nchem.1243}",
        ] {
            assert!(found.contains(field), "{found}");
        }
    }

    #[test]
    fn what_is_in_no_form_is_kept_as_it_is_and_closes_no_brace() {
        let found = entry("} somebody, \\write 1999", &mut BTreeSet::new());
        assert_eq!(
            found,
            "@misc{paper,\n  note = {\\} somebody, \\textbackslash write 1999},\n}\n"
        );
    }

    #[test]
    fn papers_are_those_of_what_was_chosen() {
        let part = |section: &str, name: &str, references: &[&str]| Component {
            section: section.into(),
            name: name.into(),
            references: references.iter().map(ToString::to_string).collect(),
            ..Component::default()
        };
        let known = [
            part(
                "reward",
                "grid",
                &["A 2021, \"X\" (`original`)", "B 2022, \"Y\" (`cosine`)"],
            ),
            part("loss", "tb", &["C 2020, \"Z\" (the form is our own)"]),
            part("sampler", "plain", &["C 2020, \"Z\""]),
            part("loss", "db", &["D 2020, \"W\""]),
        ];
        let run = Run {
            settings:
                "[reward]\nkind = 'grid'\nfunction = 'cosine'\n[loss]\nkind = 'tb'\n[sampler]\nkind = 'plain'"
                    .parse()
                    .unwrap(),
            ..Run::default()
        };
        let found = papers([&run, &run], &known);
        let texts: Vec<&str> = found.iter().map(|paper| bare(&paper.text)).collect();
        assert_eq!(texts, ["B 2022, \"Y\"", "C 2020, \"Z\""]);
        assert_eq!(found[1].parts, ["loss.tb", "sampler.plain"]);
        let text = bibliography(&found, Some("0.1.0"));
        assert!(
            text.contains("annote = {the form is our own}") && text.contains("version = {0.1.0}"),
            "{text}"
        );
    }
}
