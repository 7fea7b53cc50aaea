//! Settings laid over a tree that is read already, as a sweep tries them.

use crate::merge::merge;
use crate::profiles::Profiles;
use crate::source::{Origin, Sources};
use crate::tree::{Entry, Node, Table, Tree, Value};

/// A setting to be laid over a tree. Its places are those where it was asked for, so that what is wrong with it is shown there.
#[derive(Clone, Debug, PartialEq)]
pub struct Laid {
    /// The keys that lead to it.
    pub path: Vec<String>,
    /// The place of the path.
    pub key_origin: Origin,
    /// The value.
    pub node: Node,
}

impl Tree {
    /// The experiment with these settings over it, and without some of its top-level keys. Its profiles are gone, since one was
    /// chosen already. As with layers, tables merge, unless their `kind` changes.
    pub fn overlaid(&self, settings: &[Laid], without: &[&str]) -> Self {
        let mut root = self.root().clone();
        if let Some(table) = root.table_mut() {
            table.retain(|key, _| !without.contains(&key));
        }
        for setting in settings {
            lay(&mut root, &setting.path, setting, self.sources());
        }
        Self::new(root, self.sources().clone(), Profiles::none())
    }
}

fn lay(node: &mut Node, path: &[String], setting: &Laid, sources: &Sources) {
    let Some((key, rest)) = path.split_first() else {
        let place = node.origin.clone();
        merge(node, setting.node.clone(), sources);
        // Keys that are missing from a section are missing where the section is written.
        if node.table().is_some() && !place.is_whole() {
            node.origin = place;
        }
        return;
    };
    let empty = || Node {
        value: Value::Table(Table::new()),
        origin: setting.key_origin.clone(),
    };
    if node.table().is_none() {
        *node = empty();
    }
    let table = node.table_mut().expect("it was made one");
    let mut entry = table.remove(key).unwrap_or_else(|| Entry {
        key_origin: setting.key_origin.clone(),
        node: empty(),
    });
    if rest.is_empty() {
        entry.key_origin = setting.key_origin.clone();
    }
    lay(&mut entry.node, rest, setting, sources);
    table.insert(key.clone(), entry);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::to_toml;

    #[test]
    fn tables_merge_unless_their_kind_changes() {
        let text = "a = 1\n[loss]\nkind = \"x\"\nepsilon = 2\n[sweep]\nto = 3\nof = { kind = \"y\" }\n";
        let tree = Tree::parse("f.toml", text).unwrap();
        let sweep = tree.section("sweep").unwrap();
        let laid = |path: &str, key: &str| {
            let entry = sweep.entry(key).unwrap();
            let path = path.split('.').map(str::to_string).collect();
            let (key_origin, node) = (entry.key_origin.clone(), entry.node.clone());
            Laid {
                path,
                key_origin,
                node,
            }
        };
        let set = tree.overlaid(&[laid("loss.epsilon", "to"), laid("b.c", "to")], &["sweep"]);
        let expected: toml::Table = "a = 1\nloss = { kind = 'x', epsilon = 3 }\nb = { c = 3 }"
            .parse()
            .unwrap();
        assert_eq!(to_toml(set.root()), toml::Value::Table(expected));
        let other = tree.overlaid(&[laid("loss", "of")], &["sweep"]);
        assert_eq!(other.section("loss").unwrap().kind().unwrap().0, "y");
        assert!(other.section("loss").unwrap().get("epsilon").is_none());
        assert!(other.section("sweep").is_none());
        let place = &other.root().entry("loss").unwrap().key_origin;
        assert_eq!(tree.sources().place(place), "f.toml:7:1");
    }
}
