//! Settings laid over a tree that is read already, as a sweep tries them.

use crate::profiles::Profiles;
use crate::setting::Setting;
use crate::tree::Tree;

impl Tree {
    /// The experiment with these settings over it, and without some of its top-level keys. Its profiles are gone, since one was
    /// chosen already. As with layers, tables merge, unless their `kind` changes.
    pub fn overlaid(&self, settings: &[Setting], without: &[&str]) -> Self {
        let mut stack = self.stack().clone();
        without.iter().for_each(|key| stack.remove(key));
        for setting in settings {
            stack.lay_setting(setting, self.sources());
        }
        Self::new(stack, self.sources().clone(), Profiles::none())
    }
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
            Setting {
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
