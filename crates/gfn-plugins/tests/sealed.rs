//! Commands run from a copy of what was hashed: nothing else beside the script can be read, and nothing of it stays behind.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use gfn_plugins::trust::identity;
use gfn_plugins::{Confinement, Options, Oracle, PluginError, Program, Protocol, open_reward};

use crate::support::{host, is_confined, python, quick, texts};

/// Does what its objects say: the number of the error, 0 where it succeeds.
const SCRIPT: &str = r#"
import importlib, json, os, sys

def do(text):
    what, path = text.split(" ", 1)
    try:
        if what == "read":
            open(path).read()
        elif what == "list":
            os.listdir(path)
        elif what == "import":
            importlib.import_module(path)
        elif what == "value":
            return importlib.import_module(path).VALUE
        elif what == "write":
            open(path, "w").write("x")
    except ImportError:
        return 99
    except OSError as error:
        return error.errno
    return 0

for line in sys.stdin:
    request = json.loads(line)
    if request["type"] == "close":
        break
    if request["type"] == "hello":
        answer = {"type": "ready", "protocol": 1, "description": {"name": "does", "input": "texts"}}
    else:
        answer = {"type": "scored", "batch": request["batch"], "log_reward": [do(text) for text in request["objects"]]}
    print(json.dumps(answer), flush=True)
"#;

const NOT_THERE: f64 = 2.0;
const REFUSED: f64 = 13.0;
const NO_MODULE: f64 = 99.0;

/// A folder with the script.
struct Project(tempfile::TempDir);

impl Project {
    fn new(files: &[&str]) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        project.write("mine/does.py", SCRIPT);
        files.iter().for_each(|file| project.write(file, "VALUE = 1.0\n"));
        project
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), text).unwrap();
    }

    /// How it is opened, started in the folder `mine`; nothing where there is no Python.
    fn options(&self, script: &str, confinement: Confinement) -> Option<Options> {
        let program = Program::Command {
            words: vec![python()?, script.to_string()],
            folder: self.at("mine"),
            protocol: Protocol::Lines,
            code: Vec::new(),
            expected_hash: None,
        };
        let mut options = quick(Options::new("does", program, host()));
        options.confinement = confinement;
        Some(options)
    }

    fn open(&self, confinement: Confinement) -> Option<Oracle> {
        Some(open_reward(self.options("does.py", confinement)?).unwrap())
    }
}

/// What comes of each deed.
#[track_caller]
fn assert_does(oracle: &Oracle, table: &[(String, f64)]) {
    let deeds: Vec<&str> = table.iter().map(|(deed, _)| deed.as_str()).collect();
    let scores = texts(oracle, &deeds);
    for (index, (deed, expected)) in table.iter().enumerate() {
        assert_eq!(
            scores.log_reward[index], *expected,
            "{deed}: {:?}",
            scores.failures
        );
    }
}

fn deed(what: &str, path: impl AsRef<Path>) -> String {
    format!("{what} {}", path.as_ref().display())
}

/// The folders of copies that are there.
fn copies(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let copies = entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("gfn-sealed-") && path.join(of.strip_prefix("/").unwrap()).exists()
    });
    copies.collect()
}

#[test]
fn only_what_was_hashed_is_read_beside_a_script() {
    let project = Project::new(&[
        "mine/module.py",
        "mine/data.json",
        "mine/looks/pyvenv.cfg",
        "mine/looks/inside.py",
        "mine/.git/hidden.py",
        "mine/env/bin/python",
        "mine/env/lib/hidden.py",
        "elsewhere/data.json",
    ]);
    project.write("mine/env/pyvenv.cfg", "home = /nowhere\n");
    let Some(oracle) = project.open(Confinement::default()) else {
        return;
    };
    if !is_confined(&oracle) {
        return;
    }
    symlink(project.at("mine"), project.at("elsewhere/link")).unwrap();
    let table = [
        (deed("import", "module"), 0.0),
        (deed("import", "looks.inside"), 0.0),
        (deed("import", "env.lib.hidden"), NO_MODULE),
        (deed("read", "module.py"), 0.0),
        (deed("read", "data.json"), NOT_THERE),
        (deed("read", ".git/hidden.py"), NOT_THERE),
        (deed("read", "env/lib/hidden.py"), NOT_THERE),
        (deed("write", "module.py"), REFUSED),
        (deed("write", "new.py"), REFUSED),
        // Where it was copied from, by whatever name.
        (deed("read", project.at("mine/module.py")), REFUSED),
        (deed("read", project.at("mine/data.json")), REFUSED),
        (deed("read", project.at("mine/env/lib/hidden.py")), REFUSED),
        (deed("list", project.at("mine")), REFUSED),
        (deed("read", project.at("elsewhere/link/data.json")), REFUSED),
        (deed("read", project.at("elsewhere/data.json")), 0.0),
    ];
    assert_does(&oracle, &table);
    // Nobody writes to the copy, and it goes with the plugin.
    let found = copies(&project.at("mine"));
    let [copy] = &found[..] else { panic!("{found:?}") };
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let inside = copy.join(project.at("mine").strip_prefix("/").unwrap());
    assert_eq!(
        (mode(copy), mode(&inside), mode(&inside.join("module.py"))),
        (0o500, 0o500, 0o400)
    );
    drop(oracle);
    assert_eq!(copies(&project.at("mine")), [] as [PathBuf; 0]);
}

#[test]
fn what_is_declared_is_used_in_place_and_by_the_same_path() {
    let project = Project::new(&[
        "mine/data/a.json",
        "mine/b.json",
        "mine/out/old.txt",
        "mine/module.py",
        "more/c.json",
    ]);
    let confinement = Confinement {
        read: ["mine/data", "mine/b.json", "more"]
            .map(|name| project.at(name))
            .to_vec(),
        write: vec![project.at("mine/out")],
        ..Confinement::default()
    };
    let Some(oracle) = project.open(confinement.clone()) else {
        return;
    };
    if !is_confined(&oracle) {
        return;
    }
    let table = [
        (deed("read", "data/a.json"), 0.0),
        (deed("read", "b.json"), 0.0),
        (deed("read", "../more/c.json"), 0.0),
        (deed("read", project.at("mine/b.json")), 0.0),
        (deed("write", "out/new.txt"), 0.0),
        (deed("read", "out/old.txt"), 0.0),
        (deed("write", "data/a.json"), REFUSED),
        (deed("read", project.at("mine/module.py")), REFUSED),
        (deed("import", "module"), 0.0),
    ];
    assert_does(&oracle, &table);
    assert_eq!(fs::read_to_string(project.at("mine/out/new.txt")).unwrap(), "x");
    // A folder that is exchanged while the plugin runs is noticed when it is started again; so is a link in its place.
    fs::create_dir(project.at("secret")).unwrap();
    fs::rename(project.at("mine/out"), project.at("mine/before")).unwrap();
    symlink(project.at("secret"), project.at("mine/out")).unwrap();
    assert_does(
        &oracle,
        &[(deed("write", project.at("mine/out/stolen.txt")), REFUSED)],
    );
    let options = project.options("does.py", confinement).unwrap();
    let error = open_reward(options).err().unwrap();
    assert!(error.to_string().contains("a link took its place"), "{error}");
    assert_eq!(fs::read_dir(project.at("secret")).unwrap().count(), 0);
}

#[test]
fn a_script_that_is_a_link_finds_the_modules_where_it_lies() {
    let project = Project::new(&["real/module.py", "mine/beside.py"]);
    fs::rename(project.at("mine/does.py"), project.at("real/does.py")).unwrap();
    symlink("../real/does.py", project.at("mine/does.py")).unwrap();
    let Some(oracle) = project.open(Confinement::default()) else {
        return;
    };
    assert_does(&oracle, &[(deed("import", "module"), 0.0)]);
    // Named from the root, and from a folder beside.
    for script in [
        project.at("real/does.py").display().to_string(),
        "../real/does.py".to_string(),
    ] {
        let oracle = open_reward(project.options(&script, Confinement::default()).unwrap()).unwrap();
        assert_does(&oracle, &[(deed("import", "module"), 0.0)]);
    }
}

#[test]
fn what_is_approved_is_what_runs() {
    let project = Project::new(&["mine/module.py"]);
    let Some(mut options) = project.options("does.py", Confinement::default()) else {
        return;
    };
    let hash = identity(&options.program).unwrap().sha256;
    if let Program::Command { expected_hash, .. } = &mut options.program {
        *expected_hash = Some(hash);
    }
    let oracle = open_reward(options.clone()).unwrap();
    project.write("mine/module.py", "VALUE = 2.0\n");
    assert_does(&oracle, &[(deed("value", "module"), 1.0)]);
    let error = open_reward(options).err().unwrap();
    assert!(matches!(error, PluginError::CodeChanged { .. }), "{error}");
}

#[test]
fn what_a_killed_process_left_behind_is_removed() {
    let left = tempfile::Builder::new()
        .prefix("gfn-sealed-")
        .tempdir()
        .unwrap()
        .keep();
    fs::create_dir_all(left.join("deep/inside")).unwrap();
    fs::write(left.join("deep/inside/file"), "").unwrap();
    fs::set_permissions(left.join("deep/inside"), fs::Permissions::from_mode(0o500)).unwrap();
    let project = Project::new(&[]);
    let Some(oracle) = project.open(Confinement::default()) else {
        return;
    };
    assert!(!left.exists());
    // That of a process which lives is not.
    let second = project.open(Confinement::default()).unwrap();
    assert_eq!(copies(&project.at("mine")).len(), 2);
    drop((oracle, second));
}

#[test]
fn a_command_that_is_too_large_is_told_what_to_do() {
    let project = Project::new(&[]);
    let large = fs::File::create(project.at("large.bin")).unwrap();
    large.set_len(257 << 20).unwrap();
    let Some(mut options) = project.options("does.py", Confinement::default()) else {
        return;
    };
    if let Program::Command { words, .. } = &mut options.program {
        words.push(project.at("large.bin").display().to_string());
    }
    let error = open_reward(options).err().unwrap().to_string();
    for part in ["large.bin", "256 MiB", "`read`"] {
        assert!(error.contains(part), "{error}");
    }
}
