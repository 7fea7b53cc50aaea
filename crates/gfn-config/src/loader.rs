//! Reads files with what they extend.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use figment::Metadata;
use gfn_text::io_words;

use crate::nearest::nearest;
use crate::node::{Node, Value};
use crate::problem::Problem;
use crate::source::{Origin, SourceKind, Sources};
use crate::stack::{Layer, Stack};
use crate::syntax;
use crate::version::{self, Refusal};

/// Largest configuration file; a larger one is some other file.
const FILE_LIMIT: u64 = 1 << 20;
/// Longest chain of files that extend one another.
const EXTENDS_DEPTH: usize = 8;
/// Most files read for one experiment, since a chain that forks at every step doubles with each.
const FILES_LIMIT: usize = 64;
/// Most files of a folder that are looked at for the one that was meant.
const NEIGHBOURS: usize = 1000;

/// Reads layer by layer and collects what is wrong on the way.
#[derive(Default)]
pub(crate) struct Loader {
    pub(crate) sources: Sources,
    pub(crate) problems: Vec<Problem>,
    /// What needs a newer program than this one.
    pub(crate) newer: Vec<Problem>,
    /// The files being read now, outermost first.
    chain: Vec<Link>,
    files: usize,
}

struct Link {
    name: String,
    /// The path that two names of one file share.
    identity: PathBuf,
}

impl Loader {
    /// The experiment file with everything below it.
    pub(crate) fn file(&mut self, path: &Path) -> Stack {
        let source = self
            .sources
            .add(display_name(path), "", SourceKind::File(path.to_owned()));
        self.read_layer(path, source, &Origin::whole(source))
    }

    /// A text in place of the experiment file.
    pub(crate) fn text(&mut self, path: &Path, text: &str) -> Stack {
        let source = self
            .sources
            .add(display_name(path), text, SourceKind::File(path.to_owned()));
        self.parse_layer(path, source, text)
    }

    /// Reads the file of a source; where it cannot be read, `blame` is the place that asked for it.
    fn read_layer(&mut self, path: &Path, source: usize, blame: &Origin) -> Stack {
        self.files += 1;
        match read_text(path) {
            Ok(text) => {
                self.sources.set_text(source, text.clone());
                self.parse_layer(path, source, &text)
            }
            Err(problem) => {
                self.problems.push(problem.at(blame));
                Stack::empty(Origin::whole(source))
            }
        }
    }

    fn parse_layer(&mut self, path: &Path, source: usize, text: &str) -> Stack {
        let mut node = syntax::document(text, source, &mut self.problems);
        let mut taken = |key| node.table_mut().and_then(|table| table.remove(key));
        let (bases, needed) = (taken("extends"), taken("gfn"));
        if let Some(needed) = needed {
            self.version(&needed.node);
        }
        let layer = Layer::new(Metadata::from("file", path), node);
        let Some(bases) = bases else {
            return Stack::of(layer);
        };
        self.chain.push(Link {
            name: display_name(path),
            identity: identity(path),
        });
        let mut below = Stack::empty(Origin::whole(source));
        for base in self.base_names(bases.node) {
            let base = self.base(path, &base);
            below.lay_stack(base, &self.sources);
        }
        self.chain.pop();
        below.lay(layer, &self.sources);
        below
    }

    fn version(&mut self, needed: &Node) {
        match version::check(needed) {
            Ok(()) => {}
            Err(Refusal::Form(problem)) => self.problems.push(problem),
            Err(Refusal::Newer(problem)) => self.newer.push(problem),
        }
    }

    /// The strings of `extends = "a"` or `extends = ["a", "b"]`.
    fn base_names(&mut self, node: Node) -> Vec<Node> {
        let items = match node.value {
            Value::Array(items) => items,
            value => vec![Node {
                value,
                origin: node.origin,
            }],
        };
        let (names, others): (Vec<Node>, Vec<Node>) = items
            .into_iter()
            .partition(|item| item.as_str().is_some_and(|name| !name.is_empty()));
        self.problems.extend(others.iter().map(|other| {
            Problem::new("`extends`: expected a path, or an array of paths")
                .at(&other.origin)
                .help("for example `extends = \"base.toml\"`, relative to this file")
        }));
        names
    }

    /// One extended file, relative to the file that names it.
    fn base(&mut self, from: &Path, base: &Node) -> Stack {
        let relative = base.as_str().expect("base_names keeps strings only");
        let path: PathBuf = from
            .parent()
            .unwrap_or(Path::new(""))
            .join(relative)
            .components()
            .collect();
        if let Some(problem) = self.refusal(&path) {
            self.problems.push(problem.at(&base.origin));
            return Stack::empty(base.origin.clone());
        }
        let source = self
            .sources
            .add(display_name(&path), "", SourceKind::File(path.clone()));
        self.read_layer(&path, source, &base.origin)
            .at(Origin::whole(source))
    }

    /// Why a file may not be extended here: it is being read already, or the chain is too long.
    fn refusal(&self, path: &Path) -> Option<Problem> {
        let mut names: Vec<&str> = self.chain.iter().map(|link| link.name.as_str()).collect();
        let name = display_name(path);
        names.push(&name);
        let chain = names.join(" -> ");
        let same = identity(path);
        if self.chain.iter().any(|link| link.identity == same) {
            return Some(Problem::new(format!("`extends` is circular: {chain}")));
        }
        if self.chain.len() > EXTENDS_DEPTH {
            return Some(Problem::new(format!(
                "`extends` is nested more than {EXTENDS_DEPTH} files deep: {chain}"
            )));
        }
        (self.files >= FILES_LIMIT)
            .then(|| Problem::new(format!("`extends` reads more than {FILES_LIMIT} files: {chain}")))
    }
}

pub(crate) fn display_name(path: &Path) -> String {
    path.display().to_string()
}

/// The path by which a file is recognized under another name; a file that is absent is told apart by its name.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

pub(crate) fn read_text(path: &Path) -> Result<String, Problem> {
    let bytes = gfn_files::read(path, FILE_LIMIT).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => Problem::new(format!(
            "`{}` is larger than 1 MiB, too large for an experiment",
            display_name(path)
        ))
        .help("keep data in a file of its own, and name its path in the experiment"),
        _ => missing(path, &error),
    })?;
    decoded(path, bytes)
}

fn missing(path: &Path, error: &std::io::Error) -> Problem {
    if error.kind() == std::io::ErrorKind::NotFound {
        let problem = Problem::new(format!("there is no file `{}`", display_name(path)));
        return match neighbour(path) {
            Some(name) => problem.help(format!(
                "did you mean `{}`?",
                display_name(&path.with_file_name(name))
            )),
            None => problem,
        };
    }
    Problem::new(format!(
        "cannot read `{}`: {}",
        display_name(path),
        io_words(error)
    ))
}

/// The file in the same folder whose name was probably meant.
fn neighbour(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names = entries
        .take(NEIGHBOURS)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".toml")).collect();
    names.sort();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    nearest(path.file_name()?.to_str()?, &known).map(str::to_owned)
}

fn decoded(path: &Path, bytes: Vec<u8>) -> Result<String, Problem> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        let byte = error.as_bytes()[valid];
        Problem::new(format!(
            "`{}` is not UTF-8 text: byte 0x{byte:02x} in line {line}",
            display_name(path)
        ))
        .help("save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
