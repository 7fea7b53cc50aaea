//! Pages of documentation as far as tests look at them: fences, links, headings, and the commands in them.
//!
//! Tests of several crates include this file, since none of the crates is there for tests alone.
#![allow(dead_code, reason = "every test uses its own part")]

use std::path::{Path, PathBuf};

/// A block between two fences.
#[derive(Debug)]
pub(crate) struct Block {
    /// The line of its first fence, from 1.
    pub(crate) line: usize,
    /// What is written behind that.
    pub(crate) info: String,
    /// What is between them.
    pub(crate) text: String,
}

impl Block {
    /// What it is written in.
    pub(crate) fn language(&self) -> &str {
        self.info.split_whitespace().next().unwrap_or_default()
    }

    /// Whether another word behind its fence says so.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.info.split_whitespace().skip(1).any(|found| found == word)
    }
}

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    /// Its path from the top of the checkout.
    pub(crate) name: String,
    pub(crate) blocks: Vec<Block>,
    /// The lines outside of blocks, with their numbers.
    pub(crate) prose: Vec<(usize, String)>,
    /// The line of a fence that nothing closes.
    pub(crate) unclosed: Option<usize>,
}

impl Page {
    /// Reads the text of a page.
    pub(crate) fn of(path: &Path, name: &str, text: &str) -> Self {
        let mut page = Self {
            path: path.into(),
            name: name.into(),
            blocks: Vec::new(),
            prose: Vec::new(),
            unclosed: None,
        };
        let mut open: Option<Block> = None;
        for (line, words) in (1..).zip(text.lines()) {
            let fence = words.trim_start().strip_prefix("```").map(str::trim);
            match (&mut open, fence) {
                (None, None) => page.prose.push((line, words.into())),
                (None, Some(info)) => {
                    open = Some(Block {
                        line,
                        info: info.into(),
                        text: String::new(),
                    });
                }
                (Some(_), Some("")) => page.blocks.extend(open.take()),
                // A fence that says a language begins a block and closes none.
                (Some(block), Some(_)) => page.unclosed = page.unclosed.or(Some(block.line)),
                (Some(block), None) => block.text += &format!("{words}\n"),
            }
        }
        page.unclosed = page.unclosed.or(open.map(|block| block.line));
        page
    }

    /// The anchors of its headings, as code hosts make them.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        for (_, line) in &self.prose {
            let Some(heading) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#')) else {
                continue;
            };
            let letters = heading.trim().to_lowercase();
            let kept = letters
                .chars()
                .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            let anchor: String = kept
                .map(|letter| if letter == ' ' { '-' } else { letter })
                .collect();
            let same = anchors.iter().filter(|other| **other == anchor).count();
            anchors.push(if same == 0 {
                anchor
            } else {
                format!("{anchor}-{same}")
            });
        }
        anchors
    }

    /// The targets of its links, with their lines.
    pub(crate) fn links(&self) -> Vec<(usize, &str)> {
        let mut links = Vec::new();
        for (line, words) in &self.prose {
            // What stands in code is no link, as the brackets of a SMILES.
            let is_code = |at: usize| words[..at].matches('`').count() % 2 == 1;
            for (_, rest) in words
                .match_indices("](")
                .filter(|(at, _)| !is_code(*at))
                .map(|(at, found)| words.split_at(at + found.len()))
            {
                links.extend(rest.split_once(')').map(|(target, _)| (*line, target)));
            }
        }
        links
    }

    /// Pieces of code within lines, with their lines.
    pub(crate) fn code(&self) -> Vec<(usize, &str)> {
        let pieces = |(line, words): &'_ (usize, String)| -> Vec<(usize, usize, usize)> {
            let ticks: Vec<usize> = words.match_indices('`').map(|(at, _)| at).collect();
            ticks
                .chunks_exact(2)
                .map(|pair| (*line, pair[0] + 1, pair[1]))
                .collect()
        };
        let lines = self.prose.iter();
        lines
            .flat_map(|line| {
                pieces(line)
                    .into_iter()
                    .map(|(number, from, to)| (number, &line.1[from..to]))
            })
            .collect()
    }
}

/// All pages of the checkout.
pub(crate) fn pages(top: &Path) -> Vec<Page> {
    let mut paths = Vec::new();
    find(top, &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(top).unwrap_or(path).display().to_string();
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        Page::of(path, &name, &text)
    };
    paths.iter().map(read).collect()
}

/// Pages below a folder; what is built, fetched or hidden is none.
fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let is_ours =
            !name.starts_with('.') && !["target", "runs", "sweeps", "corpus", "seh"].contains(&name.as_str());
        if is_folder && is_ours {
            find(&path, found);
        } else if path.extension().is_some_and(|end| end == "md") {
            found.push(path);
        }
    }
}

/// The commands of a piece of shell, each as its words; what is redirected, piped or chained is parted.
pub(crate) fn commands(shell: &str) -> Vec<Vec<String>> {
    let (mut all, mut words, mut word): (Vec<Vec<String>>, Vec<String>, Option<String>) = Default::default();
    let mut letters = shell.chars().peekable();
    let mut quote = None;
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), letter) => word.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(letter);
            }
            (None, '\\') if letters.peek() == Some(&'\n') => drop(letters.next()),
            (None, '#') if word.is_none() => while letters.next_if(|letter| *letter != '\n').is_some() {},
            (None, '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')') => {
                words.extend(word.take());
                all.push(std::mem::take(&mut words));
                // The name of a file begins what is no command.
                words.extend("<>".contains(letter).then(|| String::from("file:")));
            }
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (None, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    all.push(words);
    all.retain(|words| !words.is_empty());
    all
}

/// The words behind the program's name, where a command calls it, perhaps through another.
pub(crate) fn arguments_of_gfn(command: &[String]) -> Option<&[String]> {
    let is_before = |word: &&String| {
        let is_variable = word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|letter| letter.is_ascii_uppercase() || letter == '_')
        });
        is_variable || ["$", "srun", "nohup", "time", "exec", "!", "--cpu"].contains(&word.as_str())
    };
    let at = command.iter().take_while(is_before).count();
    let (program, rest) = command.get(at..)?.split_first()?;
    (program == "gfn" || program.ends_with("scripts/gfn")).then(|| match rest {
        [cpu, rest @ ..] if cpu == "--cpu" => rest,
        rest => rest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_links_and_headings_are_found() {
        let text =
            "# A b: `c`\n[x](y.md#z) and [q](r)\n```sh runnable\na\n```\n## A b: c\n`one` two `three`\n";
        let page = Page::of(Path::new("p.md"), "p.md", text);
        assert_eq!(page.anchors(), ["a-b-c", "a-b-c-1"]);
        assert_eq!(page.links(), [(2, "y.md#z"), (2, "r")]);
        assert_eq!(
            (page.blocks[0].language(), page.blocks[0].text.as_str()),
            ("sh", "a\n")
        );
        assert!(page.blocks[0].is("runnable") && page.unclosed.is_none());
        assert_eq!(page.code(), [(1, "c"), (7, "one"), (7, "three")]);
        for (text, line) in [("```sh\na\n```text\nb\n```\n", 1), ("\n```\na", 2)] {
            assert_eq!(
                Page::of(Path::new("p.md"), "p.md", text).unclosed,
                Some(line),
                "{text}"
            );
        }
    }

    #[test]
    fn commands_are_parted() {
        let shell = "gfn run 'a b.toml' --out x  # gfn no\ncd y && ./scripts/gfn --cpu ls | head\nsource <(gfn completions bash)\nX=1 srun gfn \\\n  show \"r\" > out";
        let found = commands(shell);
        let ours: Vec<Vec<&str>> = found
            .iter()
            .filter_map(|command| arguments_of_gfn(command))
            .map(|words| words.iter().map(String::as_str).collect())
            .collect();
        let expected: [&[&str]; 4] = [
            &["run", "a b.toml", "--out", "x"],
            &["ls"],
            &["completions", "bash"],
            &["show", "r"],
        ];
        assert_eq!(ours, expected);
    }
}
