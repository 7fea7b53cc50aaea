//! Profiles: variants of an experiment that its files hold as `[profile.NAME.SECTION]`, of which one may be chosen.
//!
//! Profiles of extended files merge as everything else does; the chosen one then lies over all files, below variables
//! and flags.

use std::collections::HashSet;

use figment::Metadata;

use crate::describe::{found, key_path, literal};
use crate::nearest::{listed, nearest, ranked};
use crate::node::{Entry, Node, Table, Value};
use crate::problem::Problem;
use crate::source::{Origin, SourceKind, Sources};
use crate::stack::{Layer, Stack};
use crate::unset::is_unset;

/// Most profiles of one experiment, since the experiment is read once with each to find their mistakes.
const PROFILES_LIMIT: usize = 64;
/// The key of a profile that names the one below it.
const INHERITS: &str = "inherits";
/// The keys that speak of a file rather than of the experiment, and so are not part of a [`crate::Tree`].
pub const FILE_KEYS: [&str; 3] = ["extends", "gfn", "profile"];

/// The profiles of an experiment.
#[derive(Clone, Debug)]
pub(crate) struct Profiles {
    /// What they lie over: the files without their profiles.
    files: Stack,
    /// In the order in which they appear.
    list: Vec<Profile>,
    chosen: Option<String>,
}

#[derive(Clone, Debug)]
struct Profile {
    name: String,
    /// The name of the profile below this one.
    inherits: Option<Node>,
    /// The settings.
    node: Node,
}

impl Profiles {
    /// Where there are none.
    pub(crate) fn none() -> Self {
        Self {
            files: Stack::empty(Origin::whole(0)),
            list: Vec::new(),
            chosen: None,
        }
    }

    /// Takes the profiles out of the merged files.
    pub(crate) fn take(files: &mut Stack, problems: &mut Vec<Problem>) -> Self {
        let mut root = files.root();
        let entry = root.table_mut().and_then(|table| table.remove("profile"));
        files.remove("profile");
        let list = match entry.map(|entry| entry.node) {
            None => return Self::none(),
            Some(node) if is_unset(&node) => Vec::new(),
            Some(Node {
                value: Value::Table(table),
                ..
            }) => profiles(table, problems),
            Some(other) => {
                problems.push(no_table("profile", "[profile.NAME.training]", &other));
                Vec::new()
            }
        };
        let profiles = Self {
            files: files.clone(),
            list,
            chosen: None,
        };
        profiles.check_inheritance(problems);
        profiles
    }

    /// The files with a profile over them; a name that no profile has becomes a problem.
    pub(crate) fn choose(&mut self, name: &str, sources: &mut Sources) -> Result<Stack, Problem> {
        if self.position(name).is_none() {
            let flag = format!("--profile {name}");
            let span = flag.len() - name.len()..flag.len();
            let source = sources.add(flag.clone(), flag, SourceKind::Flag);
            return Err(self.unknown(name).at(&Origin::new(source, span)));
        }
        self.chosen = Some(name.to_owned());
        Ok(self.laid(name, sources))
    }

    /// The profile that was chosen.
    pub(crate) fn chosen(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// Every profile that was not chosen: the files with it over them, and its own places.
    pub(crate) fn unchosen<'a>(
        &'a self,
        sources: &'a Sources,
    ) -> impl Iterator<Item = (Stack, HashSet<Origin>)> + 'a {
        let others = self
            .list
            .iter()
            .filter(|profile| Some(&profile.name) != self.chosen.as_ref());
        others.map(|profile| {
            let mut own = HashSet::new();
            places(&profile.node, &mut own);
            (self.laid(&profile.name, sources), own)
        })
    }

    fn laid(&self, name: &str, sources: &Sources) -> Stack {
        let mut stack = self.files.clone();
        for profile in self.chain(name) {
            let layer = Node {
                // What is missing from the experiment is not missing from the profile.
                origin: self.files.origin().clone(),
                ..profile.node.clone()
            };
            stack.lay(Layer::new(metadata(&profile.name), layer), sources);
        }
        stack
    }

    /// A profile and those it inherits from, lowest first; a circle, which is a problem of its own, ends.
    fn chain(&self, name: &str) -> Vec<&Profile> {
        let mut chain = Vec::new();
        let mut next = self.position(name);
        while let Some(index) = next
            && chain.len() < self.list.len()
        {
            chain.push(&self.list[index]);
            next = self.below(index);
        }
        chain.reverse();
        chain
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|profile| profile.name == name)
    }

    /// The profile that another inherits from.
    fn below(&self, index: usize) -> Option<usize> {
        self.position(self.list[index].inherits.as_ref()?.as_str()?)
    }

    fn check_inheritance(&self, problems: &mut Vec<Problem>) {
        for (index, profile) in self.list.iter().enumerate() {
            let Some(inherits) = &profile.inherits else {
                continue;
            };
            match inherits.as_str() {
                Some(name) if self.position(name).is_none() => {
                    problems.push(self.unknown(name).at(&inherits.origin));
                }
                Some(_) => problems.extend(self.circle(index).map(|circle| circle.at(&inherits.origin))),
                None => {
                    let path = key_path(&key_path("profile", &profile.name), "inherits");
                    let found = found(&inherits.value);
                    let problem =
                        Problem::new(format!("`{path}`: expected the name of a profile, found {found}"));
                    problems.push(
                        problem
                            .at(&inherits.origin)
                            .help("for example `inherits = \"quick\"`"),
                    );
                }
            }
        }
    }

    /// The circle that a profile is in; only the first of its profiles tells of it.
    fn circle(&self, start: usize) -> Option<Problem> {
        let mut names = vec![self.list[start].name.as_str()];
        let mut index = start;
        for _ in 0..self.list.len() {
            index = self.below(index)?;
            names.push(&self.list[index].name);
            if index < start {
                return None;
            }
            if index == start {
                let names = names.join(" -> ");
                return Some(Problem::new(format!("`inherits` is circular: {names}")));
            }
        }
        None
    }

    fn unknown(&self, name: &str) -> Problem {
        let names: Vec<&str> = self.list.iter().map(|profile| profile.name.as_str()).collect();
        let all = listed(&ranked(name, &names));
        let help = match (nearest(name, &names), names.len()) {
            (_, 0) => "the file has no profiles; write one as `[profile.NAME.training]` with keys under it"
                .to_owned(),
            (None, 1) => format!("the only profile is {all}"),
            (None, _) => format!("the profiles are {all}"),
            (Some(best), 1) => format!("did you mean `{best}`?"),
            (Some(best), _) => format!("did you mean `{best}`? the profiles are {all}"),
        };
        Problem::new(format!("there is no profile `{}`", literal(name))).help(help)
    }
}

/// What figment calls the layer of a profile.
const LAYER: &str = "profile";

fn metadata(profile: &str) -> Metadata {
    Metadata::from(LAYER, profile)
}

/// The name of the profile whose layer this is.
pub(crate) fn profile_of(layer: &Metadata) -> Option<&str> {
    let source = layer.source.as_ref().filter(|_| layer.name == LAYER);
    source?.custom()
}

fn profiles(table: Table, problems: &mut Vec<Problem>) -> Vec<Profile> {
    if let Some((_, entry)) = table.iter().nth(PROFILES_LIMIT) {
        let problem = Problem::new(format!("there are more than {PROFILES_LIMIT} profiles"));
        problems.push(
            problem
                .at(&entry.key_origin)
                .help("write variants as files that extend this one"),
        );
    }
    let few = table.into_iter().take(PROFILES_LIMIT);
    let kept = few.filter(|(_, entry)| !is_unset(&entry.node));
    kept.filter_map(|(name, entry)| profile(name, entry, problems))
        .collect()
}

fn profile(name: String, entry: Entry, problems: &mut Vec<Problem>) -> Option<Profile> {
    let path = key_path("profile", &name);
    let mut node = entry.node;
    let Some(table) = node.table_mut() else {
        problems.push(no_table(&path, &format!("[{path}.training]"), &node));
        return None;
    };
    let inherits = table.remove(INHERITS).map(|entry| entry.node);
    let keys: Vec<String> = table.keys().cloned().collect();
    for key in keys.iter().filter(|key| nearest(key, &[INHERITS]).is_some()) {
        let entry = table.remove(key);
        let key_origin = entry.map(|entry| entry.key_origin);
        let problem = Problem::new(format!("unknown key `{}`", key_path(&path, key)));
        let problem = problem.help(format!("did you mean `{INHERITS}`?"));
        problems.extend(key_origin.map(|origin| problem.at(&origin)));
    }
    for key in FILE_KEYS {
        if let Some(entry) = table.remove(key) {
            let problem = Problem::new(format!("`{}`: a profile has no `{key}`", key_path(&path, key)));
            let help = match key {
                "extends" => format!("a profile builds on another one with `{INHERITS} = \"NAME\"`"),
                _ => format!("`{key}` belongs to a whole file; write it outside of the profiles"),
            };
            problems.push(problem.at(&entry.key_origin).help(help));
        }
    }
    Some(Profile { name, inherits, node })
}

fn no_table(path: &str, header: &str, node: &Node) -> Problem {
    let found = found(&node.value);
    Problem::new(format!("`{path}`: expected a table, found {found}"))
        .at(&node.origin)
        .help(format!(
            "write a profile as `{header}` with keys under it; choose it with `--profile NAME`"
        ))
}

/// The places of keys and values, those of tables left out, where missing keys are shown.
fn places(node: &Node, found: &mut HashSet<Origin>) {
    match &node.value {
        Value::Table(table) => {
            for (_, entry) in table {
                found.insert(entry.key_origin.clone());
                places(&entry.node, found);
            }
        }
        Value::Array(items) => {
            found.insert(node.origin.clone());
            items.iter().for_each(|item| places(item, found));
        }
        _ => {
            found.insert(node.origin.clone());
        }
    }
}
