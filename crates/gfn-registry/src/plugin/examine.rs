//! A plugin's settings against what is known of it, without running any of its code.

use std::path::{Path, PathBuf};

use gfn_config::{Node, Origin, Problem, Tree, check_against, literal, read};
use gfn_plugins::trust::{self, Identity, LockFile, Pin, TARGET};
use gfn_plugins::{Description, Kind, fill_in};
use gfn_rewards::shaped::Shape;
use serde_json::Value;

use super::reward::Params;
use super::settings::{Isolation, Pinned, Source};
use crate::component::{Bases, Examined};
use crate::experiment::keys_of;

impl Examined<'_> {
    /// The place of a key, or of the table that should hold it.
    fn origin(&self, key: &str) -> &Origin {
        self.node.get(key).map_or(&self.node.origin, |node| &node.origin)
    }

    pub(crate) fn problem(&self, key: &str, message: String) -> Problem {
        Problem::new(message).at(self.origin(key))
    }

    /// The folder that the path under `key` starts from, absolute.
    fn base(&self, key: &str) -> PathBuf {
        let folder = self.bases.of(key);
        std::path::absolute(match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => &folder,
        })
        .unwrap_or(folder)
    }
}

/// Reads what a section says of a plugin, if it names one.
type ReadSource = fn(&Tree, &Path) -> Result<Option<Source>, Vec<Problem>>;

/// Where an experiment can name a plugin.
pub(crate) const NAMED: [(&str, ReadSource); 2] = [("reward", of_reward), ("environment", of_environment)];

fn of_reward(tree: &Tree, base: &Path) -> Result<Option<Source>, Vec<Problem>> {
    let Some(node) = tree.section("reward").filter(|node| is_plugin(node)) else {
        return Ok(None);
    };
    let shape = keys_of(&Shape::default());
    let mut ignore = vec!["kind"];
    ignore.extend(shape.iter().map(String::as_str));
    let params: Params = read(node, "reward", &ignore)?;
    whole(params.source, node, "reward", &Bases::new(tree, node, base)).map(Some)
}

fn of_environment(tree: &Tree, base: &Path) -> Result<Option<Source>, Vec<Problem>> {
    let Some(node) = tree.section("environment") else {
        return Ok(None);
    };
    if is_plugin(node) {
        let source: Source = read(node, "environment", &["kind"])?;
        return whole(source, node, "environment", &Bases::new(tree, node, base)).map(Some);
    }
    let Some(node) = node.get("plugin") else {
        return Ok(None);
    };
    let source: Source = read(node, "environment.plugin", &[])?;
    whole(source, node, "environment.plugin", &Bases::new(tree, node, base)).map(Some)
}

/// The plugin with absolute paths.
fn whole(mut source: Source, node: &Node, section: &str, bases: &Bases<'_>) -> Result<Source, Vec<Problem>> {
    let place = Examined { node, section, bases };
    one_program(&source, &place).map_err(|problem| vec![problem])?;
    absolute(&mut source, &place);
    Ok(source)
}

fn is_plugin(node: &Node) -> bool {
    node.get("kind").and_then(Node::as_str) == Some("plugin")
}

/// Makes paths absolute, finds the plugin in `gfn.lock`, and checks its parameters; fills in its hash and the parameters'
/// defaults.
///
/// # Errors
/// Every mistake, at its place.
pub(crate) fn examine(source: &mut Source, kind: Kind, place: &Examined<'_>) -> Result<(), Vec<Problem>> {
    one_program(source, place).map_err(|problem| vec![problem])?;
    absolute(source, place);
    let folder = PathBuf::from(source.folder.as_deref().unwrap_or_default());
    let key = if source.path.is_some() { "path" } else { "command" };
    let identity = trust::identity(&source.program(&folder));
    let identity =
        identity.map_err(|error| vec![place.problem(key, format!("`{}.{key}`: {error}", place.section))])?;
    same_hash(source, &identity, place).map_err(|problem| vec![problem])?;
    let (lock, pin) = pin(source, &identity, &folder, place).map_err(|problem| vec![problem])?;
    suits(source, &pin.description, kind, place).map_err(|problem| vec![problem])?;
    parameters(source, &pin.description, place)?;
    source.sha256 = Some(identity.sha256.clone());
    source.pinned = Some(Pinned { lock, pin, identity });
    source.follow();
    Ok(())
}

/// A library or a command, and what goes with it.
fn one_program(source: &Source, place: &Examined<'_>) -> Result<(), Problem> {
    let path = place.section;
    match (&source.path, source.command.as_slice()) {
        (None, []) => Err(place
            .problem("kind", format!("`{path}`: neither `path` nor `command` is given"))
            .help("`path` is a library, `command` a program and its arguments in any language")),
        (Some(_), [_, ..]) => Err(place
            .problem(
                "command",
                format!("`{path}.command` is given, and `{path}.path` too"),
            )
            .help("`path` is a library, `command` a program and its arguments: keep one of them")),
        (Some(_), _) if !source.code.is_empty() => Err(place
            .problem("code", format!("`{path}.code`: a library is one file"))
            .help("remove the key; it says what is hashed of a command")),
        (None, _) if source.isolation == Isolation::Inline => Err(place
            .problem(
                "isolation",
                format!("`{path}.isolation`: a command always has a process of its own"),
            )
            .help("remove the key; `inline` is for libraries")),
        _ => Ok(()),
    }
}

/// `resolved.toml` lies elsewhere, and must find the same files.
fn absolute(source: &mut Source, place: &Examined<'_>) {
    let from = |key: &str, path: &str| place.base(key).join(path).to_string_lossy().into_owned();
    if let Some(path) = &mut source.path {
        *path = from("path", path);
    }
    if !source.command.is_empty() {
        let folder = source.folder.as_deref().map(|folder| from("folder", folder));
        source.folder = Some(folder.unwrap_or_else(|| place.base("command").to_string_lossy().into_owned()));
    }
    source.code.iter_mut().for_each(|path| *path = from("code", path));
    source.read.iter_mut().for_each(|path| *path = from("read", path));
    source
        .write
        .iter_mut()
        .for_each(|path| *path = from("write", path));
}

fn same_hash(source: &Source, identity: &Identity, place: &Examined<'_>) -> Result<(), Problem> {
    match &source.sha256 {
        Some(wanted) if !wanted.eq_ignore_ascii_case(&identity.sha256) => Err(place
            .problem(
                "sha256",
                format!(
                    "`{}.sha256` is {}, but {} has {}",
                    place.section,
                    literal(wanted),
                    source.shown(),
                    identity.sha256
                ),
            )
            .help("the file was written for another version of the plugin; look at what changed before you change the key")),
        _ => Ok(()),
    }
}

/// What `gfn.lock` knows of the plugin, and which file that is: the experiment's own, or one near the plugin.
fn pin(
    source: &Source,
    identity: &Identity,
    folder: &Path,
    place: &Examined<'_>,
) -> Result<(PathBuf, Pin), Problem> {
    let key = if source.path.is_some() { "path" } else { "command" };
    let near = source.path.as_deref().and_then(|path| Path::new(path).parent());
    let mut before = None;
    for folder in [
        Some(place.base(key)),
        Some(folder.to_path_buf()),
        near.map(Path::to_path_buf),
    ] {
        let Some(folder) = folder.filter(|folder| folder.is_absolute()) else {
            continue;
        };
        let lock = LockFile::near(&folder).map_err(|error| place.problem(key, error.to_string()))?;
        if let Some(pin) = lock.pins.iter().find(|pin| pin.sha256 == identity.sha256) {
            return Ok((lock.path.clone(), pin.clone()));
        }
        let named = lock.pins.iter().find(|pin| is_source(pin, source, &lock));
        before = before.or_else(|| named.map(|pin| (pin.sha256.clone(), pin.difference(identity))));
    }
    if let Some((before, difference)) = before {
        let message = format!(
            "plugin `{}` was changed since it was pinned: {difference}; it has the SHA-256 {}, not {before}",
            source.name(),
            identity.sha256
        );
        return Err(place.problem(key, message).help(format!(
            "look at what changed; where you trust it: {}",
            advice(place)
        )));
    }
    let message = format!(
        "plugin `{}` is in no `gfn.lock`, so nothing is known of it",
        source.name()
    );
    let help = format!(
        "it would load {} (SHA-256 {}); where you trust it: {}",
        source.shown(),
        identity.sha256,
        advice(place)
    );
    Err(place.problem(key, message).help(help))
}

/// The command that pins and approves what the file names.
fn advice(place: &Examined<'_>) -> String {
    let file = place.bases.file();
    format!(
        "gfn plugin trust {}",
        file.map_or_else(|| "FILE".into(), |file| file.display().to_string())
    )
}

/// Whether a pin with another hash is of the library, or the command, that `source` names.
fn is_source(pin: &Pin, source: &Source, lock: &LockFile) -> bool {
    let for_us = pin.target.as_deref().is_none_or(|target| target == TARGET);
    for_us
        && match &pin.source {
            trust::Source::Library(path) => {
                let whole = |path: PathBuf| path.canonicalize().ok();
                let pinned = lock.path.parent().and_then(|folder| whole(folder.join(path)));
                let named = source.path.as_ref().and_then(|path| whole(path.into()));
                pinned.is_some() && pinned == named
            }
            trust::Source::Command(words) => *words == source.command,
        }
}

fn suits(
    source: &Source,
    description: &Description,
    kind: Kind,
    place: &Examined<'_>,
) -> Result<(), Problem> {
    if description.is(kind) {
        return Ok(());
    }
    let kinds: Vec<String> = description.kinds.iter().map(ToString::to_string).collect();
    let key = if source.path.is_some() { "path" } else { "command" };
    let message = format!(
        "plugin `{}` is no {kind}: it is a {}",
        description.name,
        kinds.join(", a ")
    );
    Err(place.problem(key, message))
}

/// The parameters against the plugin's own schema, with its defaults filled in.
fn parameters(
    source: &mut Source,
    description: &Description,
    place: &Examined<'_>,
) -> Result<(), Vec<Problem>> {
    let path = format!("{}.parameters", place.section);
    let absent = Node::empty(place.node.origin.clone());
    let node = place.node.get("parameters").unwrap_or(&absent);
    let problems = check_against(&description.parameters, node, &path);
    if !problems.is_empty() {
        return Err(problems);
    }
    let given = serde_json::to_value(&source.parameters).unwrap_or_default();
    let mut filled = fill_in(&description.parameters, &given);
    if let Value::Object(members) = &mut filled {
        members.retain(|_, value| !value.is_null());
    }
    source.parameters = serde_json::from_value(filled)
        .map_err(|error| vec![place.problem("parameters", format!("`{path}`: {error}"))])?;
    Ok(())
}
