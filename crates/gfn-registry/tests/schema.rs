//! The JSON Schema of experiment files accepts and refuses what the program does.

use std::path::{Path, PathBuf};

use gfn_config::Tree;
use gfn_registry::Experiment;
use gfn_registry::json_schema::experiment_schema;
use jsonschema::Validator;

/// A small good experiment, to be spoiled.
const GOOD: &str = r#"name = "small"
[environment]
kind = "hypergrid"
height = 4
[reward]
kind = "hypergrid"
[loss]
kind = "sub-trajectory-balance"
[training]
steps = 2
"#;

/// What is put in place of a part of the good file, or at its end where that part is empty, and is wrong then.
const BAD: [(&str, &str); 36] = [
    ("height = 4", "height = { unset = false }"),
    ("height = 4", "heigth = { unset = true }"),
    ("height = 4", "heigth = 4"),
    ("height = 4", "height = \"four\""),
    ("height = 4", "height = 1"),
    ("height = 4", "height = 4.5"),
    ("height = 4", "height = true"),
    ("height = 4", "terminal = \"nowhere\""),
    ("height = 4", "vocabulary = \"other\""),
    ("kind = \"sub-trajectory-balance\"", "kind = \"tb\""),
    ("kind = \"sub-trajectory-balance\"", "kind = 3"),
    ("kind = \"sub-trajectory-balance\"", ""),
    ("kind = \"sub-trajectory-balance\"", "lambda = 0.5"),
    (
        "kind = \"sub-trajectory-balance\"",
        "kind = \"flow-matching\"\nepsilon = -1.0",
    ),
    (
        "kind = \"sub-trajectory-balance\"",
        "kind = \"flow-matching\"\nterminal_weight = 0",
    ),
    (
        "kind = \"sub-trajectory-balance\"",
        "kind = \"flow-matching\"\nlambda = 0.5",
    ),
    ("[training]", "[trainig]"),
    ("[training]", "[training.more]"),
    ("[training]\nsteps = 2", "training = 2"),
    ("steps = 2", "steps = 0"),
    ("steps = 2", "step = 2"),
    ("steps = 2", "steps = -1"),
    ("[reward]\nkind = \"hypergrid\"", ""),
    (
        "[reward]\nkind = \"hypergrid\"",
        "[reward]\nkind = \"hypergrid\"\nexponent = 0",
    ),
    (
        "[reward]\nkind = \"hypergrid\"",
        "[reward]\nkind = \"hypergrid\"\nfunction = \"flat\"",
    ),
    ("name = \"small\"", "name = \"a/b\""),
    ("name = \"small\"", "name = \"\""),
    ("name = \"small\"", "seed = -1"),
    ("name = \"small\"", "seeds = 1"),
    ("", "[sampler]\ncapacity = 10"),
    ("", "[sampler]\nrandom_action_probability = 1.5"),
    ("", "[sampler]\ntemperature = { from = 1.0, to = 2.0 }"),
    (
        "",
        "[sampler]\ntemperature = { from = 1.0, to = 2.0, steps = 5, shape = \"square\" }",
    ),
    ("", "[optimizer]\nkind = \"adam\"\nbeta1 = 1.0"),
    ("", "[hardware]\nprecision = \"fp16\""),
    ("", "[evaluation]\nmode_similarity = 2"),
];

/// The same, but right.
const STILL_GOOD: [(&str, &str); 11] = [
    ("height = 4", "height = { unset = true }"),
    ("", "[acquisition]\nunset = true"),
    (
        "",
        "[profile.plain]\nsweep = { unset = true }\nseed = { unset = true }",
    ),
    ("", ""),
    ("name = \"small\"", ""),
    ("[training]\nsteps = 2", ""),
    ("", "[network]\nlayers = 3\nactivation = \"tanh\""),
    ("", "[network]\nkind = \"message-passing\"\nlayers = 0"),
    (
        "",
        "[sampler]\nkind = \"replay\"\ncapacity = 10\nselection = \"top-tenth\"",
    ),
    (
        "",
        "[sampler]\ntemperature = { from = 1.0, to = 2.0, steps = 5, shape = \"cosine\" }",
    ),
    ("", "[optimizer]\nlearning_rate = 1\nclip_norm = 2"),
];

fn validator() -> Validator {
    jsonschema::draft202012::new(&experiment_schema()).expect("the schema is a schema")
}

fn spoiled((from, to): &(&str, &str)) -> String {
    if from.is_empty() {
        return format!("{GOOD}{to}\n");
    }
    assert!(GOOD.contains(from), "{from:?} is not in the file");
    GOOD.replace(from, to)
}

/// What the schema has against a text.
fn complaints(validator: &Validator, text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().expect("TOML");
    let json = serde_json::to_value(table).expect("plain data");
    validator
        .iter_errors(&json)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn program_accepts(text: &str) -> bool {
    Tree::parse("small.toml", text)
        .and_then(|tree| Experiment::read(tree, PathBuf::new()))
        .is_ok()
}

#[test]
fn bad_files_are_refused_by_both() {
    let validator = validator();
    for change in &BAD {
        let text = spoiled(change);
        assert!(!program_accepts(&text), "the program accepts\n{text}");
        assert!(
            !complaints(&validator, &text).is_empty(),
            "the schema accepts\n{text}"
        );
    }
}

#[test]
fn good_files_are_accepted_by_both() {
    let validator = validator();
    for change in &STILL_GOOD {
        let text = spoiled(change);
        assert!(program_accepts(&text), "the program refuses\n{text}");
        assert_eq!(complaints(&validator, &text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn shipped_experiments_are_accepted() {
    let validator = validator();
    let mut count = 0;
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments")) {
        let text = std::fs::read_to_string(&file).expect("a file");
        assert_eq!(
            complaints(&validator, &text),
            Vec::<String>::new(),
            "{}",
            file.display()
        );
        count += 1;
    }
    assert!(count >= 9);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let visit = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries
        .flat_map(visit)
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect()
}

/// One mistake is one complaint, at the key that is wrong: what a list of alternatives could not do.
#[test]
fn complaints_are_about_the_key() {
    let validator = validator();
    for (change, place) in [
        (("height = 4", "height = \"four\""), "/environment/height"),
        (("height = 4", "heigth = 4"), "/environment"),
        (
            ("kind = \"sub-trajectory-balance\"", "kind = \"tb\""),
            "/loss/kind",
        ),
        (
            ("", "[sampler]\nkind = \"replay\"\nfraction = 2.0"),
            "/sampler/fraction",
        ),
    ] {
        let complaints = complaints(&validator, &spoiled(&change));
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].starts_with(&format!("{place}: ")), "{complaints:?}");
    }
}

/// Where the schema cannot know, it is silent. What a file extends is not read: such a file may leave out what must be there,
/// and a section without a `kind` may have the keys of any. Neither are settings compared with one another.
#[test]
fn the_schema_knows_one_file_and_no_cross_checks() {
    let validator = validator();
    for text in [
        "extends = \"base.toml\"\n[loss]\nepsilon = 0.1\n".to_string(),
        "extends = [\"a.toml\", \"b.toml\"]\n[sampler]\ncapacity = 10\n".to_string(),
        spoiled(&("[reward]\nkind = \"hypergrid\"", "[reward]\nkind = \"druglike\"")),
        spoiled(&(
            "[reward]\nkind = \"hypergrid\"",
            "[reward]\nkind = \"hypergrid\"\nfloor = 2.0\nclip = 1.0",
        )),
        // JSON has one kind of number, so 2.0 is a whole one there; in TOML it is not.
        spoiled(&("steps = 2", "steps = 2.0")),
    ] {
        assert_eq!(complaints(&validator, &text), Vec::<String>::new(), "{text}");
    }
    let typo = "extends = \"base.toml\"\n[loss]\nepsilom = 0.1\n";
    assert!(!complaints(&validator, typo).is_empty());
}
