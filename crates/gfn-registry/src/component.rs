//! An entry of the registry: a name, the parameters behind it, and how to build from them.

use std::any::Any;
use std::cell::LazyCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use gfn_config::{
    Node, Origin, Problem, SourceKind, Tree, Value, Written, choice_help, literal, read, to_table, to_toml,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::elsewhere::redirect;

/// Makes a component of type `T`, given what it stands on.
pub type Build<T, C> = Box<dyn Fn(&C) -> Result<T, String>>;

/// A component as chosen in a file: its name, its parameters with all defaults filled in, and how to build it.
pub struct Chosen<T, C = ()> {
    /// The registered name.
    pub name: &'static str,
    /// Every parameter, `kind` first: what is written to `resolved.toml`.
    pub table: toml::Table,
    /// Builds it.
    pub build: Build<T, C>,
    /// Where the choice was made.
    pub origin: Option<Origin>,
    /// The files that it reads and writes, besides those of the run.
    pub files: Files,
    parameters: Rc<dyn Any>,
}

impl<T, C> Chosen<T, C> {
    /// The parameters, where the component's are of the type `P`.
    pub fn parameters<P: 'static>(&self) -> Option<&P> {
        self.parameters.downcast_ref()
    }
}

/// The files of a component, besides those of the run.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Files of data that it reads.
    pub read: Vec<PathBuf>,
    /// Where it keeps what it computed, for other runs too.
    pub memory: Option<Memory>,
}

/// A file in which a component keeps what it computed.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The setting that names the file.
    pub key: &'static str,
    /// The file, where the setting is given.
    pub path: Option<PathBuf>,
    /// Begins the file where it is absent; an error where it is another program's, or cannot be written.
    pub begin: fn(&Path) -> Result<(), String>,
}

/// A section, read.
struct ReadSection<T, C> {
    table: toml::Table,
    build: Build<T, C>,
    parameters: Rc<dyn Any>,
}

/// Tells the files of parameters.
type FilesOf = Box<dyn Fn(&dyn Any) -> Files>;

type Read<T, C> = Box<dyn Fn(&Node, &str, &[&str], &Bases<'_>) -> Result<ReadSection<T, C>, Vec<Problem>>>;

/// Where relative paths in a section start: at the file that names them, or where the command was typed.
pub struct Bases<'a> {
    tree: &'a Tree,
    node: &'a Node,
    otherwise: &'a Path,
}

impl<'a> Bases<'a> {
    /// Where relative paths start in `node` of `tree`; for defaults it is `otherwise`.
    pub fn new(tree: &'a Tree, node: &'a Node, otherwise: &'a Path) -> Self {
        Self {
            tree,
            node,
            otherwise,
        }
    }

    /// Whether the user typed the value under `key`: a flag, or a variable of the process. So does a program that embeds this one.
    pub fn is_typed(&self, key: &str) -> bool {
        let source = self
            .node
            .get(key)
            .and_then(|node| self.tree.sources().get(node.origin.source));
        let typed = |kind: &SourceKind| {
            matches!(
                kind,
                SourceKind::Variable | SourceKind::Flag | SourceKind::Provider
            )
        };
        source.is_some_and(|source| typed(&source.kind))
    }

    /// Whether `gfn` wrote the file that the section stands in, in a folder of its own: a run, a trial, a sweep, an acquisition.
    pub(crate) fn is_resolved(&self) -> bool {
        let with = [
            ("resolved.toml", "manifest.json"),
            ("spec.toml", "trial.json"),
            ("experiment.toml", "sweep.json"),
            // While the sweep is made.
            ("experiment.toml", "trials"),
            ("acquisition.toml", ".writer"),
        ];
        let is_one = |file: &Path| {
            let mut beside = with.iter().filter(|(name, _)| file.ends_with(name));
            beside.any(|(_, other)| file.with_file_name(other).exists())
        };
        self.file().is_some_and(is_one)
    }

    /// The experiment's own folder.
    pub(crate) fn own_folder(&self) -> &Path {
        self.otherwise
    }

    /// The same for a table within the section.
    pub fn inside(&self, node: &'a Node) -> Self {
        Self { node, ..*self }
    }

    /// The file that the section stands in, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.tree.sources().get(self.node.origin.source)?.kind {
            SourceKind::File(file) => Some(file),
            _ => None,
        }
    }

    /// The folder from which the path under `key` starts.
    pub fn of(&self, key: &str) -> PathBuf {
        let source = self
            .node
            .get(key)
            .and_then(|node| self.tree.sources().get(node.origin.source));
        match source.map(|source| &source.kind) {
            Some(SourceKind::File(file)) => file.parent().unwrap_or(Path::new("")).to_path_buf(),
            Some(SourceKind::Variable | SourceKind::Flag | SourceKind::Provider) => PathBuf::new(),
            Some(SourceKind::Default) | None => self.otherwise.to_path_buf(),
        }
    }
}

/// The place of the setting that a message begins with (`loss.epsilon` …), or of the section.
pub fn place(node: &Node, section: &str, message: &str) -> Origin {
    let word = message
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .trim_matches('`');
    let key = word
        .strip_prefix(section)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(word);
    node.get(key)
        .map_or_else(|| node.origin.clone(), |node| node.origin.clone())
}

/// A registered component.
pub struct Entry<T, C = ()> {
    /// The name by which a file chooses it.
    pub name: &'static str,
    /// The JSON Schema of its parameters; the doc comments in it are its help.
    pub schema: Json,
    read: Read<T, C>,
    files: FilesOf,
}

impl<T, C> Entry<T, C> {
    /// The same component, with the files that its parameters name.
    #[must_use]
    pub fn with_files<P: 'static>(self, files: fn(&P) -> Files) -> Self {
        let files = move |parameters: &dyn Any| parameters.downcast_ref().map(files).unwrap_or_default();
        Self {
            files: Box::new(files),
            ..self
        }
    }

    /// The component at its defaults, where it has a default for everything.
    pub fn at_defaults(&self, context: &C) -> Option<T> {
        let read = self.read_nothing()?;
        (read.build)(context).ok()
    }

    /// Every parameter that has a default, at its default, as reading an empty section fills them in.
    pub fn defaults(&self) -> toml::Table {
        // A component with parameters that must be given has no defaults to show beyond those in its schema.
        self.read_nothing()
            .map_or_else(toml::Table::new, |read| read.table)
    }

    /// An empty section, read.
    fn read_nothing(&self) -> Option<ReadSection<T, C>> {
        let tree = Tree::parse("defaults", "").expect("an empty text is TOML");
        let bases = Bases {
            tree: &tree,
            node: tree.root(),
            otherwise: Path::new(""),
        };
        (self.read)(tree.root(), "", &[], &bases).ok()
    }
}

/// Registers a component whose parameters are `P`. `check` states what a schema cannot; `build` makes the component.
pub fn entry<P, T, C>(
    name: &'static str,
    check: fn(&mut P, &Bases<'_>) -> Result<(), String>,
    build: fn(&P, &C) -> Result<T, String>,
) -> Entry<T, C>
where
    P: DeserializeOwned + Serialize + JsonSchema + 'static,
    T: 'static,
    C: 'static,
{
    let examine = move |params: &mut P, place_of: &Examined<'_>| {
        check(params, place_of.bases).map_err(|message| {
            let origin = place(place_of.node, place_of.section, &message);
            vec![Problem::new(message).at(&origin)]
        })
    };
    entry_examined(name, examine, build)
}

/// A section under examination.
pub struct Examined<'a> {
    /// Its table.
    pub node: &'a Node,
    /// Its name.
    pub section: &'a str,
    /// Where its relative paths start.
    pub bases: &'a Bases<'a>,
}

/// [`entry`], with an `examine` that finds many mistakes at many places.
pub fn entry_examined<P, T, C>(
    name: &'static str,
    examine: impl Fn(&mut P, &Examined<'_>) -> Result<(), Vec<Problem>> + 'static,
    build: fn(&P, &C) -> Result<T, String>,
) -> Entry<T, C>
where
    P: DeserializeOwned + Serialize + JsonSchema + 'static,
    T: 'static,
    C: 'static,
{
    let read_parameters: Read<T, C> = Box::new(move |node, section, ignore, bases| {
        let mut params: P = read(node, section, ignore)?;
        let examined = Examined { node, section, bases };
        examine(&mut params, &examined)?;
        let table =
            to_table(&params).map_err(|error| vec![Problem::new(error.to_string()).at(&node.origin)])?;
        let params = Rc::new(params);
        let parameters: Rc<dyn Any> = Rc::clone(&params) as Rc<dyn Any>;
        let build: Build<T, C> = Box::new(move |context| build(&params, context));
        Ok(ReadSection {
            table,
            build,
            parameters,
        })
    });
    Entry {
        name,
        schema: schema_of::<P>(),
        read: read_parameters,
        files: Box::new(|_| Files::default()),
    }
}

/// Nothing to check beyond the schema.
pub fn no_check<P>(_: &mut P, _: &Bases<'_>) -> Result<(), String> {
    Ok(())
}

/// The JSON Schema of a parameter struct.
pub fn schema_of<P: JsonSchema>() -> Json {
    schemars::schema_for!(P).to_value()
}

/// Where and how a section is read.
pub struct Section<'a> {
    /// The file with its layers.
    pub tree: &'a Tree,
    /// The section's name.
    pub name: &'static str,
    /// The component taken where the section or its `kind` is absent.
    pub default: Option<&'static str>,
    /// Keys in the section that are not the component's own.
    pub shared_keys: &'a [&'a str],
    /// The folder that relative paths start from.
    pub base: &'a Path,
}

/// Reads a section against the components it may choose.
///
/// # Errors
/// Every mistake in the section.
pub fn choose<T, C>(entries: Vec<Entry<T, C>>, section: &Section<'_>) -> Result<Chosen<T, C>, Vec<Problem>> {
    let root = section.tree.root();
    let absent = Node::empty(Origin::whole(root.origin.source));
    let node = section.tree.section(section.name).unwrap_or(&absent);
    if node.table().is_none() {
        return Err(vec![no_table(section.tree, node, section.name)]);
    }
    let names: Vec<&'static str> = entries.iter().map(|entry| entry.name).collect();
    let (name, origin) = name_of(node, section, &names)?;
    let idle = idle_keys(&entries, &name, node);
    let Some(entry) = entries.into_iter().find(|entry| entry.name == name) else {
        let noun = section.name.replace('_', " ");
        let help = choice_help(&name, &names, &plural(&noun));
        let problem = Problem::new(format!("unknown {noun} `{}`", literal(&name))).help(help);
        let problem = match &origin {
            Some(origin) => problem.at(origin),
            None => problem,
        };
        return Err(vec![problem]);
    };
    let bases = Bases {
        tree: section.tree,
        node,
        otherwise: section.base,
    };
    let mut ignore = vec!["kind"];
    ignore.extend_from_slice(section.shared_keys);
    ignore.extend(idle.iter().map(String::as_str));
    let read = (entry.read)(node, section.name, &ignore, &bases)
        .map_err(|problems| redirect(problems, section.tree, node, section.name, entry.name))?;
    let mut table = toml::Table::new();
    table.insert("kind".into(), entry.name.into());
    table.extend(read.table);
    Ok(Chosen {
        name: entry.name,
        table,
        build: read.build,
        origin,
        files: (entry.files)(&*read.parameters),
        parameters: read.parameters,
    })
}

/// The keys of a section that belong to other components than the chosen one, at their defaults there: they change nothing.
fn idle_keys<T, C>(entries: &[Entry<T, C>], chosen: &str, node: &Node) -> Vec<String> {
    let is_chosen = |entry: &&Entry<T, C>| entry.name == chosen;
    let Some(chosen) = entries.iter().find(is_chosen) else {
        return Vec::new();
    };
    let foreign = |(key, _): &(&String, _)| *key != "kind" && chosen.schema["properties"].get(*key).is_none();
    let given = node.table().into_iter().flatten().filter(foreign);
    let others = entries.iter().filter(|entry| !is_chosen(entry));
    let defaults = LazyCell::new(|| others.map(Entry::defaults).collect::<Vec<_>>());
    let is_default = |key: &str, value: &toml::Value| {
        let mut defaults = defaults.iter().filter_map(|table| table.get(key));
        defaults.any(|default| same(default, value))
    };
    given
        .filter(|(key, entry)| is_default(key, &to_toml(&entry.node)))
        .map(|(key, _)| key.clone())
        .collect()
}

/// Whether two values are equal; a whole number is equal to one with a fraction of 0.
fn same(left: &toml::Value, right: &toml::Value) -> bool {
    match (left, right) {
        (toml::Value::Integer(whole), toml::Value::Float(float))
        | (toml::Value::Float(float), toml::Value::Integer(whole)) => *float == *whole as f64,
        (left, right) => left == right,
    }
}

/// Something else where a component's table should be.
fn no_table(tree: &Tree, node: &Node, section: &str) -> Problem {
    let help = match (&node.value, tree.written(&node.origin)) {
        (Value::String(kind), Written::File) => {
            format!("write `[{section}]`, and under it `kind = \"{}\"`", literal(kind))
        }
        (Value::String(kind), Written::Flag) => format!("write `--set {section}.kind={}`", literal(kind)),
        (Value::String(kind), Written::Variable) => {
            format!("write `GFN__{}__KIND={}`", section.to_uppercase(), literal(kind))
        }
        (_, Written::Flag) => format!("set its keys one by one, as in `--set {section}.kind=NAME`"),
        (_, Written::Variable) => {
            format!(
                "set its keys one by one, as in `GFN__{}__KIND=NAME`",
                section.to_uppercase()
            )
        }
        (_, Written::Provider) => format!("set its keys one by one, such as `{section}.kind`"),
        (Value::Array(_), Written::File) => format!("write `[{section}]`, in single brackets"),
        (_, Written::File) => format!("write `[{section}]`, and its keys under it"),
    };
    Problem::new(format!("`{section}`: expected a table"))
        .at(&node.origin)
        .help(help)
}

fn name_of(
    node: &Node,
    section: &Section<'_>,
    names: &[&str],
) -> Result<(String, Option<Origin>), Vec<Problem>> {
    match (node.get("kind"), section.default) {
        (Some(kind), _) => match kind.as_str() {
            Some(name) => Ok((name.to_string(), Some(kind.origin.clone()))),
            None => {
                let message = format!("`{}.kind`: expected a name in quotes", section.name);
                Err(vec![
                    Problem::new(message)
                        .at(&kind.origin)
                        .help(format!("write one of {}", list(names))),
                ])
            }
        },
        (None, Some(default)) => Ok((default.to_string(), None)),
        (None, None) => Err(vec![no_kind(node, section, names)]),
    }
}

/// A section without `kind`, or no section at all.
fn no_kind(node: &Node, section: &Section<'_>, names: &[&str]) -> Problem {
    let name = section.name;
    if section.tree.section(name).is_none() {
        let help = format!("add `[{name}]`, and under it `kind = …`, one of {}", list(names));
        return Problem::new(format!("missing section `{name}`"))
            .at(&node.origin)
            .help(help);
    }
    let mut entries = node.table().into_iter().flatten();
    let other = entries.find(|(_, entry)| entry.node.as_str().is_some_and(|text| names.contains(&text)));
    let problem = Problem::new(format!("missing key `{name}.kind`"));
    match other {
        Some((key, entry)) => problem.at(&entry.key_origin).help(format!(
            "a component is chosen with `kind`; write `kind` instead of `{}`",
            literal(key)
        )),
        None => problem
            .at(&node.origin)
            .help(format!("write one of {}", list(names))),
    }
}

fn plural(noun: &str) -> String {
    match noun {
        "loss" => "losses".to_owned(),
        "backward policy" => "backward policies".to_owned(),
        noun => format!("{noun}s"),
    }
}

fn list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
