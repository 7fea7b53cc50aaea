//! Keys that a layer unsets.

mod common;

use common::Folder;
use gfn_config::{Tree, to_toml, unset_flag};

fn plain(tree: &Tree) -> String {
    toml::to_string(&to_toml(tree.root())).expect("the tree is TOML")
}

fn with_flags(text: &str, flags: &[String]) -> String {
    match Tree::parse_with("exp.toml", text, [], flags) {
        Ok(tree) => plain(&tree),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn a_file_unsets_keys_of_its_base() {
    let folder = Folder::new(&[
        (
            "base.toml",
            "a = 1\nb = 1\n[t]\nx = 1\ny = 1\n[t.deep]\nz = 1\n[gone]\nx = 1\n",
        ),
        (
            "exp.toml",
            "extends = \"base.toml\"\na = { unset = true }\nnew = { unset = true }\n[t]\ny.unset = true\n[gone]\nunset = true\n",
        ),
    ]);
    let tree = folder.load("exp.toml").unwrap();
    assert_eq!(plain(&tree), "b = 1\n\n[t]\nx = 1\n\n[t.deep]\nz = 1\n");
    let origin = |path: &str| {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        folder.relative(&tree.origin_of(&path))
    };
    assert_eq!(
        ["a", "b", "t.y", "t.x"].map(origin),
        ["default", "base.toml:2", "default", "base.toml:4"]
    );
    let unset: Vec<String> = tree
        .unsets()
        .iter()
        .map(|unset| {
            let keys: Vec<&str> = unset.path.iter().map(|(key, _)| key.as_str()).collect();
            let (_, place) = unset.path.last().unwrap();
            format!(
                "{} at {}",
                keys.join("."),
                folder.relative(&tree.sources().place(place))
            )
        })
        .collect();
    assert_eq!(
        unset,
        [
            "a at exp.toml:2:1",
            "new at exp.toml:3:1",
            "t.y at exp.toml:5:1",
            "gone at exp.toml:6:2"
        ]
    );
}

#[test]
fn flags_unset_before_they_set() {
    let text = "seed = 1\n[loss]\nkind = \"a\"\nepsilon = 1\n";
    let flags = |keys: &[&str]| keys.iter().map(|key| unset_flag(key)).collect::<Vec<_>>();
    assert_eq!(
        with_flags(text, &flags(&["seed", "loss.epsilon"])),
        "[loss]\nkind = \"a\"\n"
    );
    let again = [vec!["loss.clip=2".to_owned()], flags(&["loss"])].concat();
    assert_eq!(with_flags(text, &again), "seed = 1\n\n[loss]\nclip = 2\n");
    assert_eq!(
        with_flags(text, &["seed={ unset = true }".to_owned()]),
        "[loss]\nkind = \"a\"\nepsilon = 1\n"
    );
    // The settings of one choice mean nothing to another.
    assert_eq!(with_flags(text, &flags(&["loss.kind"])), "seed = 1\n");
}

#[test]
fn variables_unset_too() {
    let variables = [("GFN__SEED".to_owned(), "{ unset = true }".to_owned())];
    let tree = Tree::parse_with("exp.toml", "seed = 1\nname = \"x\"\n", variables, &[]).unwrap();
    assert_eq!(plain(&tree), "name = \"x\"\n");
    assert_eq!(tree.unsets().len(), 1);
}

#[test]
fn profiles_unset_when_they_are_chosen() {
    let folder = Folder::new(&[
        (
            "base.toml",
            "a = 1\nb = 1\n[profile.old]\nb = 2\n[profile.bare]\na = { unset = true }\n",
        ),
        (
            "exp.toml",
            "extends = \"base.toml\"\n[profile]\nold = { unset = true }\n[profile.bare]\nb = 3\n",
        ),
    ]);
    assert_eq!(plain(&folder.load("exp.toml").unwrap()), "a = 1\nb = 1\n");
    let bare = folder.load_profile("exp.toml", "bare", &[], &[]).unwrap();
    assert_eq!(plain(&bare), "b = 3\n");
    assert_eq!(bare.unsets().len(), 1);
    let gone = folder.load_profile("exp.toml", "old", &[], &[]).unwrap_err();
    assert!(gone.to_string().contains("the only profile is `bare`"), "{gone}");
}

#[test]
fn other_tables_unset_nothing() {
    let text = "a = { unset = false }\nb = [{ unset = true }]\nc = { unset = true, x = 1 }\n";
    assert_eq!(
        to_toml(Tree::parse("exp.toml", text).unwrap().root()),
        toml::Value::Table(text.parse().unwrap())
    );
}

#[test]
fn paths_end_at_tables() {
    let text = with_flags("seed = 1\n", &[unset_flag("seed.x")]);
    assert!(
        text.contains("`seed.x` cannot be unset: `seed` is `1`, not a table"),
        "{text}"
    );
    assert!(text.contains(" --> --unset seed.x\n"), "{text}");
}

#[test]
fn parameters_of_a_file_are_unset() {
    let folder = Folder::new(&[("parameters.toml", "coupling = 1.0\nfield = 2.0\n")]);
    let file = folder.0.join("parameters.toml");
    let table = gfn_config::parameters(Some(&file), &[unset_flag("field")]).unwrap();
    assert_eq!(table.to_string(), "coupling = 1.0\n");
    let wrong = gfn_config::parameters(Some(&file), &[unset_flag("feild")]).unwrap_err();
    assert!(wrong.to_string().contains("did you mean `field`?"), "{wrong}");
}
