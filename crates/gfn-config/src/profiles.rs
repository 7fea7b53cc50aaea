//! Profiles: variants of an experiment that its files hold as `[profile.NAME.SECTION]`, of which one may be chosen.
//!
//! Profiles of extended files merge as everything else does; the chosen one then lies over all files, below variables
//! and flags.

use std::collections::HashSet;

use crate::describe::{found, key_path, literal};
use crate::merge::merge;
use crate::nearest::{listed, nearest, ranked};
use crate::problem::{Problem, Problems};
use crate::source::{Origin, SourceKind, Sources};
use crate::tree::{Entry, Node, Table, Tree, Value};

/// Most profiles of one experiment, since the experiment is read once with each to find their mistakes.
const PROFILES_LIMIT: usize = 64;
/// The key of a profile that names the one below it.
const INHERITS: &str = "inherits";
/// The keys that speak of a file rather than of the experiment, and so are not part of a [`Tree`].
pub const FILE_KEYS: [&str; 3] = ["extends", "gfn", "profile"];

/// The profiles of an experiment.
#[derive(Clone, Debug)]
pub(crate) struct Profiles {
    /// What they lie over: the files without their profiles.
    files: Node,
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
            files: Node::empty(Origin::whole(0)),
            list: Vec::new(),
            chosen: None,
        }
    }

    /// Takes the profiles out of the merged files.
    pub(crate) fn take(root: &mut Node, problems: &mut Vec<Problem>) -> Self {
        let entry = root.table_mut().and_then(|table| table.remove("profile"));
        let list = match entry.map(|entry| entry.node) {
            None => return Self::none(),
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
            files: root.clone(),
            list,
            chosen: None,
        };
        profiles.check_inheritance(problems);
        profiles
    }

    /// The files with a profile over them; a name that no profile has becomes a problem.
    pub(crate) fn choose(&mut self, name: &str, sources: &mut Sources) -> Result<Node, Problem> {
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

    /// The profile, chosen or inherited by the chosen one, that holds what is written at a place.
    pub(crate) fn holding(&self, origin: &Origin) -> Option<&str> {
        let chain = self.chain(self.chosen()?);
        let profile = chain.into_iter().find(|profile| holds(&profile.node, origin))?;
        Some(&profile.name)
    }

    /// Every profile that was not chosen, laid over the files.
    pub(crate) fn unchosen<'a>(&'a self, sources: &'a Sources) -> impl Iterator<Item = Unchosen> + 'a {
        let others = self
            .list
            .iter()
            .filter(|profile| Some(&profile.name) != self.chosen.as_ref());
        others.map(|profile| {
            let mut own = HashSet::new();
            places(&profile.node, &mut own);
            let root = self.laid(&profile.name, sources);
            let tree = Tree::new(root, sources.clone(), Self::none());
            Unchosen { tree, own }
        })
    }

    fn laid(&self, name: &str, sources: &Sources) -> Node {
        let mut root = self.files.clone();
        for profile in self.chain(name) {
            let layer = Node {
                // What is missing from the experiment is not missing from the profile.
                origin: self.files.origin.clone(),
                ..profile.node.clone()
            };
            merge(&mut root, layer, sources);
        }
        root
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

/// A profile that was not chosen, as if it were: its mistakes should not wait until it is.
pub struct Unchosen {
    /// The files with this profile over them, without variables and flags, which may belong to another.
    pub tree: Tree,
    own: HashSet<Origin>,
}

impl Unchosen {
    /// Those of the problems of [`Self::tree`] that are written in the profile itself. What is missing is not among them:
    /// a flag may provide it.
    pub fn own(&self, problems: &Problems) -> Vec<Problem> {
        let own = |problem: &&Problem| {
            problem
                .origin
                .as_ref()
                .is_some_and(|place| self.own.contains(place))
        };
        problems.iter().filter(own).cloned().collect()
    }
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
    few.filter_map(|(name, entry)| profile(name, entry, problems))
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

fn holds(node: &Node, origin: &Origin) -> bool {
    let mut found = HashSet::new();
    places(node, &mut found);
    found.contains(origin)
}
