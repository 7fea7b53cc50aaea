//! Which layer wins, and where a value says it comes from.

mod common;

use common::{Folder, Loss, Training, problems_of};
use gfn_config::{Node, Origin, Tree, Value, choice_help, nearest, read, to_table, to_toml, unknown_keys};

fn plain(tree: &Tree) -> String {
    toml::to_string(&to_toml(tree.root())).expect("the tree is TOML")
}

fn origin(tree: &Tree, path: &str) -> String {
    let node = path
        .split('.')
        .fold(tree.root(), |node, key| node.get(key).expect("the key is there"));
    tree.sources().place(&node.origin)
}

fn overridden(text: &str, variables: &[(&str, &str)], sets: &[&str]) -> Tree {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let sets: Vec<String> = sets.iter().map(|flag| (*flag).to_owned()).collect();
    Tree::parse_with("exp.toml", text, variables, &sets).expect("the layers are right")
}

#[test]
fn every_layer_wins_over_the_ones_below() {
    let folder = Folder::new(&[
        ("base.toml", "a = 1\nb = 1\nc = 1\nd = 1\n"),
        ("exp.toml", "extends = \"base.toml\"\nb = 2\nc = 2\nd = 2\n"),
    ]);
    let tree = folder
        .load_with("exp.toml", &[("GFN__C", "3"), ("GFN__D", "3")], &["d=4"])
        .unwrap();
    assert_eq!(plain(&tree), "a = 1\nb = 2\nc = 3\nd = 4\n");
    let places: Vec<String> = ["a", "b", "c", "d"]
        .map(|key| folder.relative(&origin(&tree, key)))
        .into();
    assert_eq!(places, ["base.toml:1:5", "exp.toml:2:5", "GFN__C", "--set d=4"]);
}

#[test]
fn tables_merge_and_arrays_replace() {
    let folder = Folder::new(&[
        ("base.toml", "[t]\na = [1, 2, 3]\nb = 1\n[t.deep]\nx = 1\n"),
        (
            "exp.toml",
            "extends = \"base.toml\"\n[t]\na = [4]\n[t.deep]\ny = 2\n",
        ),
    ]);
    let tree = folder.load("exp.toml").unwrap();
    assert_eq!(plain(&tree), "[t]\na = [4]\nb = 1\n\n[t.deep]\nx = 1\ny = 2\n");
    assert_eq!(folder.relative(&origin(&tree, "t.deep")), "exp.toml:4:1");
    assert_eq!(folder.relative(&origin(&tree, "t.deep.x")), "base.toml:5:5");
}

#[test]
fn a_table_whose_kind_changes_is_replaced() {
    let base = "[loss]\nkind = \"a\"\nepsilon = 1\n[loss.inner]\nx = 1\n";
    let folder = Folder::new(&[
        ("base.toml", base),
        ("exp.toml", "extends = \"base.toml\"\n[loss]\nkind = \"b\"\n"),
    ]);
    assert_eq!(plain(&folder.load("exp.toml").unwrap()), "[loss]\nkind = \"b\"\n");
    assert_eq!(
        plain(&overridden(base, &[], &["loss.kind=b"])),
        "[loss]\nkind = \"b\"\n"
    );
}

#[test]
fn a_table_whose_kind_stays_is_merged() {
    let tree = overridden(
        "[loss]\nkind = \"a\"\nepsilon = 1\n",
        &[],
        &["loss.kind=a", "loss.clip=2"],
    );
    assert_eq!(plain(&tree), "[loss]\nkind = \"a\"\nepsilon = 1\nclip = 2\n");
}

#[test]
fn the_order_of_flags_does_not_drop_any() {
    let base = "[loss]\nkind = \"a\"\nepsilon = 1\n";
    for sets in [["loss.clip=2", "loss.kind=b"], ["loss.kind=b", "loss.clip=2"]] {
        let tree = overridden(base, &[], &sets);
        let kind = tree.section("loss").and_then(Node::kind).map(|(name, _)| name);
        assert_eq!(kind, Some("b"));
        assert!(tree.section("loss").unwrap().get("clip").is_some(), "{sets:?}");
        assert!(tree.section("loss").unwrap().get("epsilon").is_none(), "{sets:?}");
    }
}

#[test]
fn the_last_of_several_bases_wins() {
    let folder = Folder::new(&[
        ("a.toml", "x = 1\ny = 1\n"),
        ("b.toml", "y = 2\n"),
        ("exp.toml", "extends = [\"a.toml\", \"b.toml\"]\n"),
    ]);
    let tree = folder.load("exp.toml").unwrap();
    assert_eq!(plain(&tree), "x = 1\ny = 2\n");
    assert!(tree.root().get("extends").is_none());
}

#[test]
fn bases_are_relative_to_the_file_that_names_them() {
    let folder = Folder::new(&[
        ("_base/deep.toml", "x = 1\n"),
        ("_base/base.toml", "extends = \"./deep.toml\"\n"),
        ("mol/exp.toml", "extends = \"../_base/base.toml\"\n"),
    ]);
    let tree = folder.load("mol/exp.toml").unwrap();
    assert_eq!(folder.relative(&origin(&tree, "x")), "mol/../_base/deep.toml:1:5");
}

#[test]
fn one_base_along_two_ways_is_no_circle() {
    let folder = Folder::new(&[
        ("base.toml", "x = \n"),
        ("a.toml", "extends = \"base.toml\"\n"),
        ("b.toml", "extends = \"base.toml\"\n"),
        ("exp.toml", "extends = [\"a.toml\", \"b.toml\"]\n"),
    ]);
    let text = folder.shown("exp.toml");
    assert_eq!(text.matches("error: ").count(), 1, "{text}");
}

#[test]
fn circles_are_named() {
    let folder = Folder::new(&[
        ("a.toml", "extends = \"b.toml\"\n"),
        ("b.toml", "x = 1\nextends = [\"c.toml\"]\n"),
        ("c.toml", "extends = \"./a.toml\"\n"),
    ]);
    assert_eq!(
        folder.shown("a.toml"),
        "error: `extends` is circular: a.toml -> b.toml -> c.toml -> a.toml\n\
         \x20--> c.toml:1:11\n  |\n1 | extends = \"./a.toml\"\n  |           ^^^^^^^^^^\n"
    );
}

#[test]
fn long_chains_and_wide_trees_end() {
    let folder = Folder::new(&[]);
    for index in 0..12 {
        let next = index + 1;
        folder.write(
            &format!("{index}.toml"),
            format!("extends = \"{next}.toml\"\n").as_bytes(),
        );
        let both = format!("extends = [\"w{next}.toml\", \"w{next}.toml\"]\n");
        folder.write(&format!("w{index}.toml"), both.as_bytes());
    }
    folder.write("8.toml", b"x = 1\n");
    assert!(folder.load("0.toml").is_ok(), "eight files deep is allowed");
    folder.write("8.toml", b"extends = \"9.toml\"\n");
    let text = folder.shown("0.toml");
    assert!(
        text.starts_with("error: `extends` is nested more than 8 files deep: 0.toml -> 1.toml -> "),
        "{text}"
    );
    assert!(folder.shown("w0.toml").contains("reads more than 64 files"));
}

#[test]
fn extends_of_a_wrong_type_and_absent_bases() {
    let folder = Folder::new(&[("exp.toml", "extends = [\"gone.toml\", 3, \"\"]\n")]);
    assert_eq!(
        folder.shown("exp.toml"),
        "error: there is no file `gone.toml`\n\
         \x20--> exp.toml:1:12\n  |\n1 | extends = [\"gone.toml\", 3, \"\"]\n  |            ^^^^^^^^^^^\n\n\
         error: `extends`: expected a path, or an array of paths\n\
         \x20--> exp.toml:1:25\n  |\n1 | extends = [\"gone.toml\", 3, \"\"]\n  |                         ^\n\
         \x20 = help: for example `extends = \"base.toml\"`, relative to this file\n\n\
         error: `extends`: expected a path, or an array of paths\n\
         \x20--> exp.toml:1:28\n  |\n1 | extends = [\"gone.toml\", 3, \"\"]\n  |                            ^^\n\
         \x20 = help: for example `extends = \"base.toml\"`, relative to this file\n"
    );
}

#[test]
fn mistakes_in_a_base_are_shown_in_the_base() {
    let folder = Folder::new(&[
        ("base.toml", "[loss]\nepsilom = 1\n"),
        ("exp.toml", "extends = \"base.toml\"\n[loss]\nclip = 3\n"),
    ]);
    let text = folder.shown("exp.toml");
    assert!(text.contains(" --> base.toml:2:1\n"), "{text}");
    assert!(text.contains(" --> exp.toml:3:8\n"), "{text}");
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new(&[("folder/x", ""), ("empty.toml", "")]);
    folder.write("latin1.toml", b"a = 1\nb = \"\xe4\"\n");
    folder.write("large.toml", "# large\n".repeat(1 << 17).as_bytes());
    folder.write("larger.toml", "# larger\n".repeat(1 << 17).as_bytes());
    folder.write("mark.toml", "\u{feff}[loss]\nepsilom = 1\n".as_bytes());
    assert_eq!(
        folder.shown("gone.toml"),
        "error: there is no file `gone.toml`\n --> gone.toml\n"
    );
    assert_eq!(
        folder.shown("folder"),
        "error: cannot read `folder`: it is a folder\n --> folder\n"
    );
    assert_eq!(folder.shown("empty.toml"), "");
    assert_eq!(folder.shown("large.toml"), "");
    assert_eq!(
        folder.shown("larger.toml"),
        "error: `larger.toml` is larger than 1 MiB, too large for an experiment\n --> larger.toml\n  \
         = help: keep data in a file of its own, and name its path in the experiment\n"
    );
    assert_eq!(
        folder.shown("latin1.toml"),
        "error: `latin1.toml` is not UTF-8 text: byte 0xe4 in line 2\n --> latin1.toml\n  \
         = help: save the file as UTF-8\n"
    );
    assert!(folder.shown("mark.toml").contains("mark.toml:2:1"));
}

#[test]
fn values_of_flags_and_variables() {
    let sets = [
        "a=1",
        "b=1.5",
        "c=true",
        "d=word",
        "e=\"a text\"",
        "f=[1, two]",
        "g={ x = 1 }",
        "h.i.j=2",
        "k=cuda:1",
        "l=plugins/x.toml",
        "m.\"loss.epsilon\"=[1]",
        "n='''x'''",
        "o=2024x",
    ];
    let broken: Vec<&str> = sets
        .iter()
        .copied()
        .filter(|flag| Tree::parse_with("x", "", [], &[(*flag).to_owned()]).is_err())
        .collect();
    assert_eq!(broken, ["f=[1, two]", "o=2024x"]);
    let right: Vec<&str> = sets.into_iter().filter(|flag| !broken.contains(flag)).collect();
    let tree = overridden("", &[("GFN__P__Q", "7"), ("GFN__R", "word")], &right);
    let expected = "p = { q = 7 }\nr = \"word\"\na = 1\nb = 1.5\nc = true\nd = \"word\"\ne = \"a text\"\ng = { x = 1 }\n\
                    h = { i = { j = 2 } }\nk = \"cuda:1\"\nl = \"plugins/x.toml\"\nm = { \"loss.epsilon\" = [1] }\nn = \"x\"\n";
    assert_eq!(
        to_toml(tree.root()),
        toml::Value::Table(toml::from_str(expected).unwrap())
    );
}

#[test]
fn a_flag_replaces_a_whole_array_and_merges_an_inline_table() {
    let text = "seeds = [0, 1]\n[loss]\nepsilon = 1\n";
    let tree = overridden(text, &[], &["seeds=[7]", "loss={clip=0.5}"]);
    assert_eq!(plain(&tree), "seeds = [7]\n\n[loss]\nepsilon = 1\nclip = 0.5\n");
}

#[test]
fn a_missing_key_is_shown_at_the_file_even_when_a_flag_reaches_in() {
    let tree = overridden(
        "[training]\nbatch_size = 1\n",
        &[],
        &["training.deterministic=true"],
    );
    assert_eq!(origin(&tree, "training"), "exp.toml:1:1");
    let text = tree.problems(problems_of(&tree)).to_string();
    assert!(text.contains("exp.toml:1:1"), "{text}");
}

#[test]
fn a_missing_key_of_a_table_that_only_flags_made() {
    let tree = overridden("", &[], &["training.steps=1"]);
    assert_eq!(
        tree.problems(problems_of(&tree)).to_string(),
        "error: missing key `training.batch_size`\n --> --set training.steps=1\n           ^^^^^^^^\n  \
         = help: it is a whole number from 1 to 4096\n"
    );
}

#[test]
fn an_absent_section_names_the_file() {
    let tree = Tree::parse("exp.toml", "").unwrap();
    let absent = Node::empty(tree.root().origin.clone());
    let problems = tree.problems(read::<Training>(&absent, "training", &[]).unwrap_err());
    assert_eq!(problems.len(), 2);
    assert_eq!(
        problems.to_string(),
        "error: missing key `training.steps`\n --> exp.toml\n  = help: it is a whole number of at least 1\n\n\
         error: missing key `training.batch_size`\n --> exp.toml\n  = help: it is a whole number from 1 to 4096\n"
    );
}

#[test]
fn a_right_section_is_read_with_its_defaults() {
    let text = "[loss]\nkind = \"flow-matching\"\nterminal_weight = 3\n[training]\nsteps = 1\nbatch_size = 2\n\
                seeds = { range = [0, 3] }\nprecision = \"mixed-precision\"\nschedule = { kind = \"constant\" }\n\
                layers = [-1, 2]\nhidden = [8]\ndevice = \"cuda:1\"\nlabels = { a = 1 }\n";
    let tree = Tree::parse("exp.toml", text).unwrap();
    assert_eq!(problems_of(&tree), []);
    let loss: Loss = read(tree.section("loss").unwrap(), "loss", &["kind"]).unwrap();
    assert_eq!(
        loss,
        Loss {
            terminal_weight: 3.0,
            ..Loss::default()
        }
    );
    let training: Training = read(tree.section("training").unwrap(), "training", &[]).unwrap();
    let again = toml::to_string(&to_table(&training).unwrap()).unwrap();
    let again = Tree::parse("again.toml", &again).unwrap();
    assert_eq!(read::<Training>(again.root(), "", &[]).unwrap(), training);
}

#[test]
fn kind_knows_its_place_and_helps_to_name_the_nearest() {
    let tree = Tree::parse("exp.toml", "[loss]\nkind = \"flow_matching\"\n").unwrap();
    let (kind, place) = tree.section("loss").and_then(Node::kind).unwrap();
    assert_eq!(
        (kind, tree.sources().place(place).as_str()),
        ("flow_matching", "exp.toml:2:8")
    );
    let known = ["trajectory-balance", "flow-matching"];
    assert_eq!(nearest(kind, &known), Some("flow-matching"));
    assert_eq!(
        choice_help(kind, &known, "losses"),
        "did you mean `flow-matching`?"
    );
    assert!(
        Tree::parse("exp.toml", "[loss]\nkind = 3\n")
            .unwrap()
            .section("loss")
            .unwrap()
            .kind()
            .is_none()
    );
}

#[test]
fn a_table_read_by_hand() {
    let tree = Tree::parse("exp.toml", "[sweep]\nmethod = \"grid\"\nparamters = 1\n").unwrap();
    let problems = unknown_keys(tree.section("sweep").unwrap(), "sweep", &["method", "parameters"]);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "unknown key `sweep.paramters`");
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `parameters`?"));
    assert_eq!(
        unknown_keys(
            &Node {
                value: Value::Integer(1),
                origin: Origin::whole(0)
            },
            "",
            &[]
        ),
        []
    );
}
