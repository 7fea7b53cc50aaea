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
    let files = [
        "helper.py",
        "package/__init__.py",
        "package/fast.so",
        "stray.pyc",
        "model.pkl",
    ];
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
        "env/pyvenv.cfg",
        "env/lib/module.py",
        "target/CACHEDIR.TAG",
        "target/debug/lib.so",
        "runs/mine/seed-0/resolved.toml",
        "runs/mine/seed-0/tensorboard/events.out.tfevents.1",
    ];
    others.iter().for_each(|file| write(&project, file, ""));
    let now = found(&project, &PYTHON);
    assert_eq!(now.sha256, before);
    assert!(now.has_compiled);
    let mut told = now.left_out;
    told.sort();
    assert_eq!(
        told,
        ["env (packages of an interpreter)", "target (built by cargo)"]
    );
    // Nobody hides a module in what looks like the folder of a run.
    write(&project, "runs/mine/seed-0/module.py", "");
    assert_ne!(project.hash(&PYTHON), before);
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
fn compiled_modules_are_refused_where_they_cannot_be_kept_away() {
    let project = project(&["package/__pycache__/x.cpython-311.pyc"]);
    assert!(found(&project, &PYTHON).has_compiled);
    for words in [
        &["python3", "-I", "reward.py"][..],
        &["python3", "-uE", "reward.py"],
        &["env", "-i", "python3", "reward.py"],
        &["./reward.py"],
    ] {
        let error = identity(&project.command(words)).unwrap_err();
        assert_says(error, &["package/__pycache__", "remove the folder"]);
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
    assert_says(missing, &["missing", "No such file"]);
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
