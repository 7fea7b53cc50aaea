//! What the system refuses, in words: which file, what is wrong with it, and no numbers of the system's.

use std::fs;
use std::path::Path;
use std::process::Command;

/// An experiment that runs.
const SMALL: &str = "name = \"small\"\n[environment]\nkind = \"hypergrid\"\nheight = 4\n[reward]\nkind = \"hypergrid\"\n\
                     [loss]\nkind = \"trajectory-balance\"\n[training]\nsteps = 2\nbatch_size = 2\n";

/// `a` is a file, `d` a folder, `small.toml` an experiment, `none` nothing, and `run` the folder of a run.
fn said(folder: &Path, line: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_gfn"))
        .args(line.split(' '))
        .env("GFN_APPROVALS", folder.join("approvals"))
        .stdin(std::process::Stdio::null())
        .current_dir(folder)
        .output()
        .expect("gfn starts");
    (
        output.status.code(),
        String::from_utf8(output.stderr).expect("UTF-8"),
    )
}

fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a"), "x\n").expect("a file");
    fs::write(folder.path().join("small.toml"), SMALL).expect("a file");
    for name in ["d", "run"] {
        fs::create_dir(folder.path().join(name)).expect("a folder");
    }
    fs::write(folder.path().join("d/x"), "").expect("a file");
    fs::write(folder.path().join("run/resolved.toml"), SMALL).expect("a file");
    folder
}

#[test]
fn the_systems_errors_are_words() {
    let folder = place();
    for (line, words) in [
        ("run none.toml", "there is no file `none.toml`"),
        ("run d", "it is a folder"),
        ("run a/b.toml", "a part of the path is a file"),
        ("run small.toml --out a", "exists already"),
        (
            "run small.toml --out a/b",
            "a: a file or folder of this name exists already",
        ),
        ("run small.toml --out d", "name a new folder with --out"),
        ("resume none", "is not the folder of a run"),
        ("resume a", "is not the folder of a run"),
        ("show none", "is not the folder of a run"),
        ("ls none", "there is no folder `none`"),
        ("top none", "there is no folder `none`"),
        ("report none", "is not the folder of a run"),
        ("report run -o none/page.html", "no such file or folder"),
        ("report run -o d", "it is a folder"),
        ("report run --figures a", "exists already"),
        ("export run --to csv -o a", "exists already"),
        ("export none --to csv", "there is no run in `none`"),
        ("sample none", "is not the folder of a run"),
        ("eval none", "is not the folder of a run"),
        ("acquire none.toml", "there is no file `none.toml`"),
        (
            "dock none.smi --receptor a",
            "the receptor a: line 1: `x` begins no line",
        ),
        ("proxy fit none.csv", "no such file or folder"),
        ("proxy fit d", "it is a folder"),
        ("proxy info none", "no such file or folder"),
        ("proxy info d", "it is"),
        ("plugin info none.so", "no such file or folder"),
        ("plugin info --params none a.py", "there is no file `none`"),
        ("plugin run --input none a.py", "no such file or folder"),
        ("plugin check --input none a.py", "no such file or folder"),
        ("plugin trust none.so", "no such file or folder"),
        ("new none/new.toml", "no such file or folder"),
        ("new d", "exists already"),
        ("schema -o none/x", "no such file or folder"),
        ("schema -o d", "it is a folder"),
        ("sweep run small.toml --grid seed=[1]", "`seed` cannot be tried"),
        (
            "sweep run small.toml --grid network.hidden=[4] --out a",
            "exists already",
        ),
        ("sweep status none", "is not the folder of a sweep"),
        ("sweep cancel none", "is not the folder of a sweep"),
        ("bench none.toml", "there is no file `none.toml`"),
        ("diff none.toml small.toml", "there is no file `none.toml`"),
        (
            "check small.toml --set environment.kind=fragments --set environment.vocabulary=none",
            "no such file or folder",
        ),
        (
            "check small.toml --set reward.kind=proxy --set reward.path=none --set environment.kind=fragments --set network.kind=message-passing",
            "no such file or folder",
        ),
        (
            "check small.toml --set reward.kind=plugin --set reward.path=none.so",
            "no such file or folder",
        ),
    ] {
        let (code, text) = said(folder.path(), line);
        assert!(
            matches!(code, Some(1 | 2 | 76 | 77)),
            "gfn {line}: {code:?} {text}"
        );
        assert!(text.contains(words), "gfn {line}: expected {words:?} in {text}");
        for wrong in [
            "os error",
            "Os {",
            "Some(",
            "panicked",
            "No such file",
            "Is a directory",
            "Not a directory",
            "File exists",
        ] {
            assert!(!text.contains(wrong), "gfn {line}: {text}");
        }
    }
}

/// Usage errors end with code 2, one error, a hint, and the usage of the command.
#[test]
fn usage_errors_have_a_hint() {
    let folder = place();
    for line in [
        "rnu",
        "run",
        "run small.toml --stpes 5",
        "sample run -n -1",
        "dock run --size -1 20 20",
        "report",
    ] {
        let (code, text) = said(folder.path(), line);
        assert_eq!(code, Some(2), "gfn {line}: {text}");
        assert_eq!(text.matches("error: ").count(), 1, "gfn {line}: {text}");
        assert!(
            !text.contains("-- -") && !text.contains("tip:"),
            "gfn {line}: {text}"
        );
    }
}
