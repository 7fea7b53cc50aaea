//! What is spoiled: the experiments that are shipped, as they are and with every default filled in.

use std::fs;
use std::path::{Path, PathBuf};

use gfn_config::Tree;

use super::judge::resolve;
use super::lines::{heading, setting};

/// The folders of shipped experiments, from the top.
const FOLDERS: [&str; 3] = [
    "experiments",
    "experiments/hypergrid",
    "crates/gfn-cli/benchmarks",
];

/// A vocabulary for molecules, small so that reading it is quick.
const BLOCKS: &str = r#"{"name": "tiny", "blocks": [
    {"name": "branch", "smiles": "[*:1]C([*:2])[*:3]"},
    {"name": "cap", "smiles": "[*:1]F"}
]}"#;

/// Texts to spoil, and what they are made of.
pub(crate) struct Corpus {
    /// Whole files.
    pub(crate) texts: Vec<String>,
    /// The shipped files by their names, which experiments may extend.
    pub(crate) files: Vec<(String, String)>,
    /// Every key with its section: `environment.height`.
    pub(crate) keys: Vec<String>,
    /// The names of sections.
    pub(crate) sections: Vec<String>,
    /// Every value that some file has.
    pub(crate) values: Vec<String>,
}

impl Corpus {
    /// Reads the shipped experiments.
    pub(crate) fn read() -> Self {
        let paths = shipped();
        let read = |path: &PathBuf| fs::read_to_string(path).unwrap();
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        let files: Vec<(String, String)> = paths.iter().map(|path| (name(path), read(path))).collect();
        let resolved = paths.iter().map(|path| {
            let folder = path.parent().unwrap();
            resolve(Tree::load(path, [], &[]), folder).unwrap_or_else(|problems| panic!("{problems}"))
        });
        let mut texts: Vec<String> = files.iter().map(|(_, text)| text.clone()).collect();
        texts.extend(resolved);
        // Most texts with molecules have a small vocabulary, since reading the great one takes most of the time.
        let small = |text: &String| text.replace("vocabulary = \"druglike\"", "vocabulary = \"blocks.json\"");
        texts = texts.iter().map(small).collect();
        let mut corpus = Self {
            texts,
            files,
            keys: Vec::new(),
            sections: Vec::new(),
            values: Vec::new(),
        };
        corpus.collect();
        corpus
    }

    /// Takes keys, sections and values from the texts.
    fn collect(&mut self) {
        for text in &self.texts {
            let mut section = String::new();
            for line in text.lines() {
                if let Some(name) = heading(line) {
                    section = format!("{name}.");
                    self.sections.push(name.to_owned());
                } else if let Some(found) = setting(line) {
                    self.keys.push(format!("{section}{}", found.key));
                    self.values.push(found.value.to_owned());
                }
            }
        }
        for list in [&mut self.keys, &mut self.sections, &mut self.values] {
            list.sort();
            list.dedup();
        }
    }

    /// Puts what a case may extend or name into its folder.
    pub(crate) fn furnish(&self, folder: &Path) {
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        self.files.iter().for_each(|(name, text)| write(name, text));
        write("blocks.json", BLOCKS);
        write("first.toml", "extends = \"second.toml\"");
        write("second.toml", "extends = \"first.toml\"");
        write(
            "fork.toml",
            "extends = [\"tb.toml\", \"mol.toml\", \"tb-4d.toml\"]",
        );
        write("bad.toml", "seed = 1e999\n[loss\n");
        fs::create_dir_all(folder.join("elsewhere")).unwrap();
    }
}

/// The paths of all shipped experiments, sorted.
fn shipped() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths: Vec<PathBuf> = FOLDERS
        .iter()
        .flat_map(|folder| fs::read_dir(top.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 10, "the experiments are elsewhere");
    paths
}
