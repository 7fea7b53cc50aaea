//! Profiles: what they lie over, what lies over them, and where their values say they come from.

mod common;

use common::{Folder, problems_of};
use gfn_config::{Problem, Tree, to_toml, with_origins};

fn plain(tree: &Tree) -> String {
    toml::to_string(&to_toml(tree.root())).expect("the tree is TOML")
}

fn origin(tree: &Tree, path: &str) -> String {
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    tree.origin_of(&path)
}

fn one(text: &str) -> Folder {
    Folder::new(&[("exp.toml", text)])
}

/// What the user sees of a file with a profile.
fn shown(folder: &Folder, profile: &str) -> String {
    let problems = folder
        .load_profile("exp.toml", profile, &[], &[])
        .expect_err("something is wrong");
    folder.relative(&problems.to_string())
}

#[test]
fn a_profile_lies_over_files_and_under_variables_and_flags() {
    let folder = Folder::new(&[
        (
            "base.toml",
            "a = 1\nb = 1\nc = 1\n[profile.quick]\ne = 3\n[t]\nx = 1\ny = 1\n",
        ),
        (
            "exp.toml",
            "extends = \"base.toml\"\nb = 2\nc = 2\nd = 2\ne = 2\n[profile.quick]\nc = 3\nd = 3\n[profile.quick.t]\ny = 3\n",
        ),
    ]);
    let tree = folder
        .load_profile("exp.toml", "quick", &[("GFN__D", "4")], &["f=5"])
        .unwrap();
    assert_eq!(
        plain(&tree),
        "a = 1\nb = 2\nc = 3\nd = 4\ne = 3\nf = 5\n\n[t]\nx = 1\ny = 3\n"
    );
    assert_eq!(tree.profile(), Some("quick"));
    let places = ["a", "b", "c", "d", "e", "f", "t.y", "g"].map(|key| folder.relative(&origin(&tree, key)));
    let expected = [
        "base.toml:1",
        "exp.toml:2",
        "profile quick, exp.toml:7",
        "GFN__D",
        "profile quick, base.toml:5",
        "--set f=5",
        "profile quick, exp.toml:10",
        "default",
    ];
    assert_eq!(places, expected);
    let without = folder.load("exp.toml").unwrap();
    assert_eq!(
        plain(&without),
        "a = 1\nb = 2\nc = 2\nd = 2\ne = 2\n\n[t]\nx = 1\ny = 1\n"
    );
    assert_eq!(without.profile(), None);
}

#[test]
fn a_profile_that_changes_a_kind_replaces_the_table() {
    let folder = one(
        "[loss]\nkind = \"a\"\nepsilon = 1\n[profile.b.loss]\nkind = \"b\"\n[profile.kind.loss]\nepsilon = 2\n",
    );
    let with = |profile| plain(&folder.load_profile("exp.toml", profile, &[], &[]).unwrap());
    assert_eq!(with("b"), "[loss]\nkind = \"b\"\n");
    assert_eq!(with("kind"), "[loss]\nkind = \"a\"\nepsilon = 2\n");
}

#[test]
fn a_profile_may_be_named_kind_in_several_files() {
    let folder = Folder::new(&[
        ("base.toml", "[profile.kind]\na = 1\n[profile.other]\na = 2\n"),
        ("exp.toml", "extends = \"base.toml\"\n[profile.kind]\nb = 1\n"),
    ]);
    let with = |profile| plain(&folder.load_profile("exp.toml", profile, &[], &[]).unwrap());
    assert_eq!(with("kind"), "a = 1\nb = 1\n");
    assert_eq!(with("other"), "a = 2\n");
}

#[test]
fn profiles_inherit() {
    let folder = one(
        "a = 0\nb = 0\nc = 0\n[profile.top]\ninherits = \"middle\"\nc = 3\n\
                      [profile.middle]\ninherits = \"low\"\nb = 2\nc = 2\n[profile.low]\na = 1\nb = 1\n",
    );
    let tree = folder.load_profile("exp.toml", "top", &[], &[]).unwrap();
    assert_eq!(plain(&tree), "a = 1\nb = 2\nc = 3\n");
    let places = ["a", "b", "c"].map(|key| folder.relative(&origin(&tree, key)));
    assert_eq!(
        places,
        [
            "profile low, exp.toml:12",
            "profile middle, exp.toml:9",
            "profile top, exp.toml:6"
        ]
    );
}

#[test]
fn circles_and_unknown_parents_are_told_whatever_is_chosen() {
    let folder = one(
        "[profile.a]\ninherits = \"b\"\n[profile.b]\ninherits = \"a\"\n[profile.c]\ninherits = \"b\"\n\
         [profile.d]\ninherits = \"d\"\n[profile.e]\ninherits = \"cc\"\n[profile.f]\ninherits = 3\n",
    );
    let expected = "error: `inherits` is circular: a -> b -> a\n --> exp.toml:2:12\n  |\n2 | inherits = \"b\"\n  |            ^^^\n\n\
         error: `inherits` is circular: d -> d\n --> exp.toml:8:12\n  |\n8 | inherits = \"d\"\n  |            ^^^\n\n\
         error: there is no profile `cc`\n  --> exp.toml:10:12\n   |\n10 | inherits = \"cc\"\n   |            ^^^^\n   \
         = help: the profiles are `c`, `a`, `b`, `d`, `e` and `f`\n\n\
         error: `profile.f.inherits`: expected the name of a profile, found `3`\n  --> exp.toml:12:12\n   |\n12 | inherits = 3\n   |            ^\n   \
         = help: for example `inherits = \"quick\"`\n";
    assert_eq!(folder.shown("exp.toml"), expected);
    assert_eq!(shown(&folder, "c"), expected);
}

#[test]
fn unknown_profiles_are_told_with_those_there_are() {
    let folder = one("[profile.quick]\na = 1\n[profile.ci]\na = 2\n");
    assert_eq!(
        shown(&folder, "quik"),
        "error: there is no profile `quik`\n --> --profile quik\n               ^^^^\n  \
         = help: did you mean `quick`? the profiles are `quick` and `ci`\n"
    );
    assert!(shown(&folder, "zzz").ends_with("= help: the profiles are `quick` and `ci`\n"));
    assert!(shown(&folder, "").starts_with("error: there is no profile ``\n"));
    let single = one("[profile.quick]\na = 1\n");
    assert!(shown(&single, "quik").ends_with("help: did you mean `quick`?\n"));
    assert!(shown(&single, "zzz").ends_with("help: the only profile is `quick`\n"));
    let none = shown(&one("a = 1\n"), "quick");
    assert!(
        none.contains("the file has no profiles; write one as `[profile.NAME.training]`"),
        "{none}"
    );
    // What a broken file has lost is not missed.
    let broken = shown(&one("a = \n[profile.quick]\na = 1\n"), "quick");
    assert_eq!(broken.matches("error: ").count(), 1, "{broken}");
}

#[test]
fn profiles_are_tables_and_hold_no_keys_of_files() {
    let help =
        "write a profile as `[profile.NAME.training]` with keys under it; choose it with `--profile NAME`";
    assert_eq!(
        one("profile = \"quick\"\n").shown("exp.toml"),
        format!(
            "error: `profile`: expected a table, found the string `quick`\n --> exp.toml:1:11\n  |\n\
             1 | profile = \"quick\"\n  |           ^^^^^^^\n  = help: {help}\n"
        )
    );
    let text = one("[profile]\nsteps = 3\n").shown("exp.toml");
    assert!(
        text.starts_with("error: `profile.steps`: expected a table, found `3`\n --> exp.toml:2:9"),
        "{text}"
    );
    let text = one("[profile.quick]\nextends = \"x\"\ngfn = \"0.1\"\nprofile.x.a = 1\n").shown("exp.toml");
    for key in ["extends", "gfn", "profile"] {
        assert!(
            text.contains(&format!("`profile.quick.{key}`: a profile has no `{key}`")),
            "{text}"
        );
    }
}

#[test]
fn profiles_are_written_in_files_only() {
    for (variables, sets) in [
        (vec![("GFN__PROFILE__QUICK__A", "1")], vec![]),
        (vec![("GFN__PROFILE", "quick")], vec![]),
        (vec![], vec!["profile.quick.a=1"]),
    ] {
        let text = common::layered("", &variables, &sets);
        assert!(
            text.starts_with("error: `profile` can be set in a file only\n"),
            "{text}"
        );
        assert!(
            text.ends_with("help: choose a profile with `--profile NAME`\n"),
            "{text}"
        );
    }
    let text = common::layered("", &[], &["gfn=\"0.1\""]);
    assert!(
        text.starts_with("error: `gfn` can be set in a file only\n"),
        "{text}"
    );
}

#[test]
fn there_is_a_limit_to_profiles() {
    let many = |count: usize| -> String {
        (0..count)
            .map(|index| format!("[profile.p{index}]\na = 1\n"))
            .collect()
    };
    assert!(one(&many(64)).load("exp.toml").is_ok());
    let text = one(&many(65)).shown("exp.toml");
    assert!(
        text.starts_with("error: there are more than 64 profiles\n   --> exp.toml:129:10\n"),
        "{text}"
    );
}

/// What others have wrong is known before they are chosen; what is missing from them may yet come.
#[test]
fn profiles_that_are_not_chosen_have_mistakes_of_their_own() {
    let text = "[loss]\nepsilom = 1\n[training]\nsteps = 1\nbatch_size = 1\n\
                [profile.a.training]\nsteps = 0\nbatch_sise = 2\n[profile.b]\ninherits = \"a\"\nseeed = 1\n\
                [profile.c.training]\nschedule = { kind = \"exponential\" }\nseeds = [1, -1]\n";
    let folder = one(text);
    let mistakes = |profile: &str| -> Vec<String> {
        let tree = folder.load_profile("exp.toml", profile, &[], &[]).unwrap();
        let own = |other: gfn_config::Unchosen| other.own(&other.tree.problems(problems_of(&other.tree)));
        let all: Vec<Problem> = tree.unchosen().flat_map(own).collect();
        all.into_iter().map(|problem| problem.message).collect()
    };
    let a = "`training.steps`: expected a whole number of at least 1, found `0`";
    let typo = "unknown key `training.batch_sise`";
    assert_eq!(mistakes("a")[0], "unknown key `seeed`");
    let others = mistakes("b");
    assert_eq!(others[..2], [a, typo]);
    assert!(others[2].starts_with("`training.seeds"), "{others:?}");
    assert_eq!(others.len(), 3, "{others:?}");
    let tree = folder.load("exp.toml").unwrap();
    assert_eq!(tree.unchosen().count(), 3);
    assert!(tree.unchosen().all(|other| other.tree.unchosen().count() == 0));
}

#[test]
fn values_tell_where_they_come_from() {
    let folder = one(
        "name = \"x\"\nrate = 0.5\n[t]\nlist = [1, 2]\n[t.deep]\na = 1\n[profile.quick.t]\nlist = [\n 3,\n]\n",
    );
    let sets = ["t.\"odd key\"=2", "u=a-word"];
    let tree = folder
        .load_profile("exp.toml", "quick", &[("GFN__T__DEEP__A", "7")], &sets)
        .unwrap();
    // What a program makes of it: a default more, a table where a number stood, a text of several lines.
    let resolved: toml::Table = toml::from_str(
        "gfn = \"9\"\nname = \"x\"\nu = \"\"\"two\nlines\"\"\"\n[t]\nlist = [3]\n\"odd key\" = 2\nmore = true\n\
         [t.deep]\na = 7\nlong = \"a text that is so long that the comments of all other lines stay where they are\"\n\
         [rate]\nfrom = 0.5\nto = 0.5\n",
    )
    .unwrap();
    let text = folder.relative(&with_origins(&resolved, &tree, &[("gfn", "this program")]));
    assert_eq!(toml::from_str::<toml::Table>(&text).unwrap(), resolved, "{text}");
    let lines: Vec<&str> = text.lines().collect();
    for expected in [
        "gfn = \"9\"      # this program",
        "name = \"x\"     # exp.toml:1",
        "list = [3]     # profile quick, exp.toml:8",
        "\"odd key\" = 2  # --set t.\"odd key\"=2",
        "more = true    # default",
        "a = 7          # GFN__T__DEEP__A",
        "from = 0.5     # exp.toml:2",
    ] {
        assert!(lines.contains(&expected), "{expected:?} in:\n{text}");
    }
    assert!(text.contains("lines\"\"\"  # --set u=a-word\n"), "{text}");
    assert!(text.contains("they are\"  # default\n"), "{text}");
}

#[test]
fn origins_cannot_break_out_of_their_comment() {
    let sets = ["name=\"\"\"a\nname = 1\"\"\"".to_owned()];
    let tree = Tree::parse_with("exp\n\u{1b}[31m.toml", "seed = 1\n", [], &sets).unwrap();
    let table = toml::from_str::<toml::Table>("name = \"x\"\nseed = 1\n").unwrap();
    let text = with_origins(&table, &tree, &[]);
    assert_eq!(toml::from_str::<toml::Table>(&text).unwrap(), table);
    assert_eq!(text.lines().count(), 2);
    assert!(!text.contains('\u{1b}'), "{text:?}");
}
