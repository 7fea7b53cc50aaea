//! The key `gfn`: files that need a newer program, and numbers that are none.

mod common;

use common::{Folder, layered, shown};
use gfn_config::{Tree, VERSION};

#[test]
fn files_for_this_version_and_older_ones_are_read() {
    for version in ["0.0", "0.1", "0.1.0", VERSION] {
        let tree = Tree::parse("exp.toml", &format!("gfn = \"{version}\"\nseed = 1\n")).unwrap();
        assert!(tree.root().get("gfn").is_none() && tree.root().get("seed").is_some());
    }
}

/// Nothing else is told of such a file: what looks wrong in it is probably new.
#[test]
fn newer_files_are_refused_at_the_key() {
    assert_eq!(
        shown("gfn = \"99.1\"\nseeed = 1\n[profile]\nx = 1\n"),
        format!(
            "error: this file needs gfn 99.1 or newer, and this is gfn {VERSION}\n --> exp.toml:1:7\n  |\n\
             1 | gfn = \"99.1\"\n  |       ^^^^^^\n  \
             = help: install a newer gfn, or lower the version if the file needs nothing new\n"
        )
    );
}

#[test]
fn every_file_of_a_chain_may_need_a_version() {
    let folder = Folder::new(&[
        ("base.toml", "seed = 1\ngfn = \"0.1000.0\"\n"),
        ("exp.toml", "extends = \"base.toml\"\ngfn = \"0.1\"\n"),
    ]);
    let text = folder.shown("exp.toml");
    assert!(
        text.starts_with("error: this file needs gfn 0.1000.0 or newer"),
        "{text}"
    );
    assert!(text.contains(" --> base.toml:2:7\n"), "{text}");
}

#[test]
fn what_is_no_version_is_refused() {
    let text = shown("gfn = 0.1\n");
    assert!(
        text.starts_with("error: `gfn`: expected a version, found `0.1`\n --> exp.toml:1:7\n"),
        "{text}"
    );
    assert!(
        text.contains("help: write the lowest version that the file needs, in quotes, such as `gfn = \"0."),
        "{text}"
    );
    for wrong in [
        "\"\"",
        "\"1\"",
        "\">=0.1\"",
        "\"0.1.0.0\"",
        "\"v0.1\"",
        "[0, 1]",
        "true",
        "{ version = \"0.1\" }",
    ] {
        let text = shown(&format!("gfn = {wrong}\n"));
        assert!(
            text.starts_with("error: `gfn`: expected a version, found "),
            "{wrong}: {text}"
        );
    }
}

/// Wherever a number can be written, it must be one.
#[test]
fn numbers_are_finite_in_every_layer() {
    let folder = Folder::new(&[
        ("base.toml", "a = [1.0, -inf]\n"),
        (
            "exp.toml",
            "extends = \"base.toml\"\n[profile.quick.loss]\nepsilon = nan\n[t]\nx = { y = +inf }\n",
        ),
    ]);
    let text = folder.shown("exp.toml");
    let expected = [
        ("`-inf`", "base.toml:1:11"),
        ("`nan`", "exp.toml:3:11"),
        ("`+inf`", "exp.toml:5:11"),
    ];
    for (value, place) in expected {
        assert!(
            text.contains(&format!("error: {value} is not a finite number\n --> {place}\n")),
            "{text}"
        );
    }
    for value in ["nan", "-inf", "[0.5, nan]", "{ x = inf }"] {
        let variable = layered("", &[("GFN__LOSS__EPSILON", value)], &[]);
        let flag = layered("", &[], &[&format!("loss.epsilon={value}")]);
        for text in [variable, flag] {
            assert!(
                text.contains("is not a finite number\n --> ") && text.contains('^'),
                "{value}: {text}"
            );
        }
    }
}
