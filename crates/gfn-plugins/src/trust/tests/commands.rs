//! Which files are the code of a command.

use super::*;

/// A folder with these files.
fn project(files: &[&str]) -> Project {
    let project = Project::new();
    fs::remove_file(project.path("lib.so")).unwrap();
    files.iter().for_each(|file| write(&project, file, file));
    project
}

fn write(project: &Project, file: &str, text: &str) {
    let path = project.path(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn found(project: &Project, words: &[&str]) -> Identity {
    identity(&project.command(words)).unwrap()
}

fn hashed(project: &Project, words: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = names(&found(project, words))
        .iter()
        .map(|name| name.to_string())
        .collect();
    names.sort();
    names
}

fn declared(project: &Project, words: &[&str], declared: &[&str]) -> Program {
    let Program::Command {
        words,
        folder,
        protocol,
        ..
    } = project.command(words)
    else {
        unreachable!()
    };
    Program::Command {
        words,
        folder,
        protocol,
        code: declared.iter().map(|name| project.path(name)).collect(),
        expected_hash: None,
    }
}

const PYTHON: [&str; 2] = ["python3", "reward.py"];

#[test]
fn what_a_script_can_import_is_part_of_it() {
    let files = ["helper.py", "package/__init__.py", "package/fast.so", "model.pkl"];
    let project = project(&files);
    let mut expected: Vec<&str> = files.into_iter().chain(["reward.py"]).collect();
    expected.sort_unstable();
    assert_eq!(hashed(&project, &PYTHON), expected);
    let pinned = project.pin(&project.command(&PYTHON));
    for file in files {
        let before = project.hash(&PYTHON);
        write(&project, file, "another");
        let now = found(&project, &PYTHON);
        assert_ne!(now.sha256, before, "{file}");
        assert_says(pinned.difference(&now), &[&format!("`{file}` was changed")]);
        write(&project, file, file);
        assert_eq!(project.hash(&PYTHON), before, "{file}");
    }
    write(&project, "package/new.py", "");
    fs::remove_file(project.path("helper.py")).unwrap();
    let told = pinned.difference(&found(&project, &PYTHON));
    assert_eq!(told, "`package/new.py` is new, `helper.py` is gone");
    project.trust(&project.command(&PYTHON));
    write(&project, "package/new.py", "evil()");
    let error = project.check(&project.command(&PYTHON)).unwrap_err();
    assert_says(error, &["was changed since", "`package/new.py` was changed"]);
}

#[test]
fn where_a_file_lies_is_part_of_it_and_what_it_is_called() {
    let a = project(&["a/x.py"]);
    let before = a.hash(&PYTHON);
    fs::rename(a.path("a"), a.path("b")).unwrap();
    assert_ne!(a.hash(&PYTHON), before);
    // Two files cannot trade places.
    let b = project(&[]);
    write(&b, "one.py", "1");
    write(&b, "two.py", "2");
    let before = b.hash(&PYTHON);
    write(&b, "one.py", "2");
    write(&b, "two.py", "1");
    assert_ne!(b.hash(&PYTHON), before);
}

#[test]
fn data_and_what_tools_keep_are_not_part_of_it() {
    let project = project(&[]);
    let before = project.hash(&PYTHON);
    let others = [
        "experiment.toml",
        "gfn.lock",
        "README.md",
        ".git/hooks.py",
        "__pycache__/reward.cpython-311.pyc",
        "stray.pyc",
        "env/bin/python",
        "env/lib/module.py",
        "target/CACHEDIR.TAG",
        "target/.rustc_info.json",
        "target/debug/lib.so",
        "runs/mine/seed-0/resolved.toml",
        "runs/mine/seed-0/tensorboard/events.out.tfevents.1",
    ];
    others.iter().for_each(|file| write(&project, file, ""));
    write(&project, "env/pyvenv.cfg", "home = /usr/bin\n");
    let now = found(&project, &PYTHON);
    assert_eq!(now.sha256, before);
    // Nothing of that can be read where the command runs.
    assert_eq!(
        now.left_out,
        [
            ".git (of a tool)",
            "__pycache__ (compiled by Python)",
            "env/bin (packages of an interpreter)",
            "env/lib (packages of an interpreter)",
            "target (built by cargo)",
        ]
    );
    // Nobody hides a module in what looks like the folder of a run, or beside the packages of an environment.
    for module in [
        "runs/mine/seed-0/module.py",
        "env/module.py",
        "env/mine/module.py",
    ] {
        let before = project.hash(&PYTHON);
        write(&project, module, "");
        assert_ne!(project.hash(&PYTHON), before, "{module}");
    }
}

#[test]
fn a_mark_alone_keeps_no_folder_out_of_the_hash() {
    for mark in [
        "pyvenv.cfg",
        "conda-meta/history",
        "CACHEDIR.TAG",
        "target/CACHEDIR.TAG",
        ".rustc_info.json",
        ".writer/0",
        "resolved.toml",
        "bin/python",
        "git/HEAD",
    ] {
        let project = project(&["helpers/module.py", "helpers/lib/deep.py", "target/lib.so"]);
        write(
            &project,
            &format!("helpers/{mark}"),
            "Signature: 8a477f597d28d172789f06886806bc55",
        );
        for module in ["helpers/module.py", "helpers/lib/deep.py", "target/lib.so"] {
            let before = project.hash(&PYTHON);
            write(&project, module, "evil()");
            assert_ne!(project.hash(&PYTHON), before, "{mark}: {module}");
        }
    }
}

#[test]
fn an_installed_package_is_part_of_the_command_that_starts_it() {
    let project = project(&["env/bin/python", "env/lib/python3.11/site-packages/other.py"]);
    write(&project, "env/pyvenv.cfg", "home = /nowhere/bin\n");
    let site = "env/lib/python3.11/site-packages";
    let words = ["env/bin/python", "-um", "mine.run"];
    let error = identity(&project.command(&words)).unwrap_err();
    assert_says(error, &["the package `mine`", "neither in the folder", "`code`"]);
    let files = [
        "mine/__init__.py",
        "mine/data.json",
        "mine/inner/x.so",
        "mine.libs/y.so",
    ];
    for file in files {
        write(&project, &format!("{site}/{file}"), file);
    }
    let first = found(&project, &words);
    for file in files {
        assert!(names(&first).contains(&file), "{file}: {:?}", names(&first));
        let before = project.hash(&words);
        write(&project, &format!("{site}/{file}"), "another");
        assert_ne!(project.hash(&words), before, "{file}");
    }
    // What else is installed is told as what it is: not covered.
    let before = project.hash(&words);
    write(&project, &format!("{site}/other.py"), "another");
    write(&project, &format!("{site}/mine/__pycache__/x.pyc"), "compiled");
    let now = found(&project, &words);
    assert_eq!(now.sha256, before);
    assert_eq!(uncovered(&project.command(&words)), [project.path("env")]);
    // One that is edited where it lies, and a module of one file.
    fs::remove_dir_all(project.path(site).join("mine")).unwrap();
    write(&project, "source/mine/__init__.py", "");
    write(
        &project,
        &format!("{site}/mine.pth"),
        &format!("import x\n{}\n", project.path("source").display()),
    );
    let before = project.hash(&words);
    write(&project, "source/mine/__init__.py", "another");
    assert_ne!(project.hash(&words), before);
    for words in [
        &["env/bin/python", "-Im", "mine"][..],
        &["env/bin/python", "-P", "-W", "ignore", "-m", "mine"],
    ] {
        let error = identity(&project.command(words)).unwrap_err();
        assert_says(error, &["`-m mine`", "leave -I and -P out"]);
    }
    for options in [
        &["-X", "dev", "-m"][..],
        &["-Wignore", "-um"],
        &["-W", "ignore", "-B", "-m"],
    ] {
        let words = [&["env/bin/python"][..], options, &["mine"]].concat();
        assert!(
            names(&found(&project, &words))
                .iter()
                .any(|name| name.starts_with("mine/")),
            "{words:?}"
        );
    }
    // That in the folder is the one that Python takes.
    write(&project, "mine/__init__.py", "");
    assert!(names(&found(&project, &words)).contains(&"mine/__init__.py"));
}

#[test]
fn a_file_that_is_the_value_of_an_option_is_part_of_it() {
    let project = project(&["model.bin", "other.bin"]);
    let words = ["python3", "reward.py", "--model=model.bin"];
    assert_eq!(hashed(&project, &words), ["model.bin", "reward.py"]);
    let before = project.hash(&words);
    write(&project, "model.bin", "another");
    assert_ne!(project.hash(&words), before);
}

#[test]
fn other_languages_may_load_anything_that_is_no_data() {
    let files = [
        "Project.toml",
        ".Rprofile",
        "inner/tool",
        "library.R",
        "package.json",
        "score.R",
    ];
    let project = project(&files);
    write(&project, "data.json", "");
    write(&project, "experiment.toml", "");
    let mut expected: Vec<&str> = files.into_iter().chain(["reward.py"]).collect();
    expected.sort_unstable();
    assert_eq!(hashed(&project, &["Rscript", "score.R"]), expected);
    // The folder that it is started in, too, wherever the script lies.
    let elsewhere = Project::new();
    let script = elsewhere.path("reward.py").display().to_string();
    let names = hashed(&project, &["julia", &script]);
    assert!(
        names.contains(&"library.R".to_string()) && names.contains(&script),
        "{names:?}"
    );
}

#[test]
fn python_is_given_the_folder_that_it_is_started_in_where_it_may_look_there() {
    let project = project(&["inner/script.py", "module.py"]);
    assert_eq!(
        hashed(&project, &["python3.11", "-u", "inner/script.py"]),
        ["inner/script.py"]
    );
    let all = ["inner/script.py", "module.py", "reward.py"];
    for words in [
        &["python3", "-m", "module"][..],
        &["python3", "-um", "module"],
        &["python3", "-m", "module", "inner/script.py"],
        &["python3", "-c", "import module"],
        &["sh", "inner/script.py"],
        &["./inner/script.py"],
    ] {
        assert_eq!(hashed(&project, words), all, "{words:?}");
    }
    // A folder with a `__main__.py` is a script.
    assert_eq!(hashed(&project, &["python3", "inner"]), ["inner/script.py"]);
}

#[test]
fn links_are_followed_but_not_for_ever() {
    let project = project(&["real/script.py", "real/beside.py", "outside/module.py"]);
    let link = |to: &str, from: &str| std::os::unix::fs::symlink(to, project.path(from)).unwrap();
    fs::create_dir(project.path("code")).unwrap();
    link("../real/script.py", "code/script.py");
    link("../outside", "code/package");
    link(".", "code/circle");
    link("nowhere.py", "code/broken.py");
    let words = ["python3", "code/script.py"];
    let names = hashed(&project, &words);
    // Python looks where a script really lies.
    assert!(
        names.iter().any(|name| name.ends_with("real/beside.py")),
        "{names:?}"
    );
    let before = project.hash(&words);
    write(&project, "outside/module.py", "another");
    assert_ne!(project.hash(&words), before);
    let before = project.hash(&words);
    write(&project, "code/nowhere.py", "there now");
    assert_ne!(project.hash(&words), before);
}

#[test]
fn compiled_modules_are_no_part_of_any_command() {
    let project = project(&["package/x.py"]);
    for words in [
        &PYTHON[..],
        &["python3", "-I", "reward.py"],
        &["env", "-i", "python3", "reward.py"],
        &["./reward.py"],
    ] {
        let before = project.hash(words);
        write(&project, "package/__pycache__/x.cpython-311.pyc", "evil");
        write(&project, "package/x.pyc", "evil");
        assert_eq!(project.hash(words), before, "{words:?}");
        fs::remove_dir_all(project.path("package/__pycache__")).unwrap();
        fs::remove_file(project.path("package/x.pyc")).unwrap();
    }
}

#[test]
fn an_experiment_can_say_what_the_code_is() {
    let project = project(&[
        "package/x.py",
        "other.py",
        "model.weights",
        "env/pyvenv.cfg",
        "env/x.py",
    ]);
    let of = |code: &[&str]| {
        let identity = identity(&declared(&project, &PYTHON, code)).unwrap();
        (
            identity.sha256.clone(),
            names(&identity)
                .iter()
                .map(|name| name.to_string())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(of(&["package"]).1, ["reward.py", "package/x.py"]);
    assert_eq!(
        of(&["package", "model.weights"]).1,
        ["reward.py", "package/x.py", "model.weights"]
    );
    // A virtual environment counts where it is named.
    assert_eq!(of(&["env"]).1, ["reward.py", "env/x.py"]);
    assert_ne!(of(&["package"]).0, of(&["env"]).0);
    let missing = identity(&declared(&project, &PYTHON, &["missing"])).unwrap_err();
    assert_says(missing, &["missing", "no such file"]);
}

#[test]
fn nobody_hashes_the_whole_disk() {
    let project = project(&[]);
    let large = fs::File::create(project.path("large.so")).unwrap();
    large.set_len(257 << 20).unwrap();
    let error = identity(&project.command(&PYTHON)).unwrap_err();
    assert_says(error, &["more than 256 MiB of code", "`code`"]);
    assert!(identity(&declared(&project, &PYTHON, &["reward.py"])).is_ok());
}
