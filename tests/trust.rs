//! What a user agrees to is what is shown, what runs, and what the record says.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the helpers of tests are tests"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::{gfn_with, top};

/// A folder with an experiment on a small grid and a reward in Python.
struct Lab(tempfile::TempDir);

impl Lab {
    /// `reward` goes into `[reward]`.
    fn new(reward: &str) -> Self {
        let lab = Self(tempfile::tempdir().unwrap());
        lab.experiment(reward);
        lab
    }

    fn experiment(&self, reward: &str) {
        let file = format!(
            "name = \"trust\"\n[environment]\nkind = \"hypergrid\"\nheight = 4\n[reward]\nkind = \"plugin\"\n{reward}\n\
             [network]\nhidden = 8\n[loss]\nkind = \"trajectory-balance\"\n[training]\nsteps = 2\nbatch_size = 4\n\
             tensorboard = false\n[evaluation]\nsamples = 16\nexact_states = 0\n"
        );
        self.write("file.toml", &file);
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), text).unwrap();
    }

    /// The Python package, as it would be installed in a folder.
    fn package(&self, folder: &str) {
        let from = top().join("plugins/python/src/gfn_plugin");
        let to = self.at(folder).join("gfn_plugin");
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from)
            .unwrap()
            .flatten()
            .filter(|entry| entry.path().is_file())
        {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }

    fn gfn(&self, arguments: &[&str]) -> Output {
        let approvals = self.at("approved").display().to_string();
        gfn_with(&[("GFN_APPROVALS", &approvals)], arguments)
    }

    fn trust(&self) -> Output {
        self.gfn(&["plugin", "trust", &self.file(), "--yes"])
    }

    fn file(&self) -> String {
        self.at("file.toml").display().to_string()
    }

    fn run(&self, out: &str) -> Output {
        let out = self.at(out).display().to_string();
        self.gfn(&["run", &self.file(), "--quiet", "--out", &out])
    }

    /// A run that is refused before it leaves anything; why.
    #[track_caller]
    fn refused(&self) -> String {
        let output = self.run("refused");
        assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
        assert!(!self.at("refused").exists());
        errors(&output)
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", errors(output));
}

/// A reward whose default comes from another module.
const REWARD: &str = "
import gfn_plugin, facts
@gfn_plugin.reward(input='states', version=facts.VERSION, parameters={'scale': gfn_plugin.number(facts.SCALE)})
def score(states, parameters):
    return [-parameters['scale'] * sum(state) for state in states]
gfn_plugin.run()
";

#[test]
fn consent_shows_everything_and_hides_nothing() {
    let lab = Lab::new(
        "command = [\"python3\", \"reward.py\", \"\\u001b[2K\\u001b[8m\\u202e it's\"]\nread = [\"da\\u200bta\"]\nnetwork = true",
    );
    lab.write("reward.py", "");
    lab.write("helpers/pyvenv.cfg", "");
    lab.write("helpers/\u{1b}[8m.py", "");
    lab.write("__pycache__/reward.cpython-311.pyc", "");
    lab.write("da\u{200b}ta/x", "");
    for index in 0..60 {
        lab.write(&format!("many/module{index}.py"), "");
    }
    // Nobody is there to be asked.
    let output = lab.gfn(&["plugin", "trust", &lab.file()]);
    assert_eq!(output.status.code(), Some(2));
    let shown = String::from_utf8(output.stdout).unwrap();
    let hidden = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{200b}' | '\u{202e}'));
    assert!(!shown.contains(hidden), "{shown:?}");
    for part in [
        r"python3 reward.py $'\x1b[2K\x1b[8m\u202e it\'s'",
        r"helpers/\u{1b}[8m.py",
        "__pycache__ (compiled by Python)",
        r"read /",
        r"da\u{200b}ta",
        "use the network",
        "not part of the hash",
        "many/module59.py",
        // FIPS 180-2: nothing.
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 reward.py",
        "62 files, 0 bytes, SHA-256 ",
    ] {
        assert!(shown.contains(part), "`{part}` is not in {shown}");
    }
    assert!(shown.lines().count() > 70 && !shown.contains('…'), "{shown}");
}

#[test]
fn a_folder_with_the_mark_of_an_environment_is_asked_about_again() {
    let lab = Lab::new("command = [\"python3\", \"reward.py\"]");
    lab.package("");
    lab.write("helpers/pyvenv.cfg", "");
    lab.write("helpers/facts.py", "VERSION, SCALE = '1.0', 1.0\n");
    lab.write(
        "reward.py",
        &REWARD.replace(
            "import gfn_plugin, facts",
            "import gfn_plugin\nfrom helpers import facts",
        ),
    );
    succeeded(&lab.trust());
    succeeded(&lab.run("first"));
    lab.write("helpers/facts.py", "VERSION, SCALE = '1.0', 1.0\nimport os\n");
    assert!(
        lab.refused().contains("`helpers/facts.py` was changed"),
        "{}",
        lab.refused()
    );
}

/// An environment of Python's with the package, as pip would leave it; nothing where Python cannot make one.
fn environment(lab: &Lab) -> Option<PathBuf> {
    let made = Command::new("python3")
        .args(["-m", "venv", "--without-pip"])
        .arg(lab.at("env"))
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        let reason = "skipped: there is no python3 that makes environments";
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{reason}");
        println!("{reason}");
        return None;
    }
    let library = fs::read_dir(lab.at("env/lib"))
        .unwrap()
        .flatten()
        .next()
        .unwrap()
        .path();
    let site = library.join("site-packages");
    let inside = |path: &Path| path.strip_prefix(lab.at("")).unwrap().display().to_string();
    lab.package(&inside(&site));
    Some(site)
}

#[test]
fn what_a_plugin_says_of_itself_is_held_to_what_it_said() {
    let lab = Lab::new("command = [\"env/bin/python\", \"-m\", \"mine\"]");
    let Some(site) = environment(&lab) else { return };
    let facts = |text: &str| fs::write(site.join("facts.py"), text).unwrap();
    fs::create_dir(site.join("mine")).unwrap();
    fs::write(site.join("mine/__init__.py"), "").unwrap();
    fs::write(site.join("mine/__main__.py"), REWARD).unwrap();
    facts("VERSION, SCALE = '1.0', 1.0\n");
    let trusted = lab.trust();
    succeeded(&trusted);
    let shown = String::from_utf8_lossy(&trusted.stdout).into_owned();
    assert!(
        shown.contains("mine/__main__.py") && shown.contains(&lab.at("env").display().to_string()),
        "{shown}"
    );
    succeeded(&lab.run("first"));
    // A package that it depends on is another: what it says differs, and both sides are told.
    facts("VERSION, SCALE = '1.1', 2.5\n");
    let text = lab.refused();
    for part in [
        "`version`",
        "\"1.1\"",
        "\"1.0\"",
        "scale.default",
        "2.5",
        "gfn plugin trust",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    succeeded(&lab.trust());
    succeeded(&lab.run("second"));
    let written = |name: &str| fs::read_to_string(lab.at(name)).unwrap();
    assert!(written("second/manifest.json").contains("\"version\": \"1.1\""));
    assert!(written("second/resolved.toml").contains("scale = 2.5"));
    // The package itself is another.
    fs::write(site.join("mine/__init__.py"), "import os\n").unwrap();
    let text = lab.refused();
    assert!(text.contains("`mine/__init__.py` was changed"), "{text}");
}

#[test]
fn a_folder_that_became_a_link_is_another_to_write_to() {
    let lab = Lab::new("command = [\"python3\", \"reward.py\"]\nwrite = [\"out\"]");
    lab.package("");
    lab.write("facts.py", "VERSION, SCALE = '1.0', 1.0\n");
    lab.write("reward.py", REWARD);
    lab.write("out/kept", "");
    lab.write("secret/kept", "");
    succeeded(&lab.trust());
    succeeded(&lab.run("first"));
    fs::rename(lab.at("out"), lab.at("before")).unwrap();
    symlink("secret", lab.at("out")).unwrap();
    let text = lab.refused();
    let real = format!("not to read and write {}", lab.at("secret").display());
    assert!(text.contains(&real), "{text}");
}

#[test]
fn approvals_that_others_can_write_approve_nothing() {
    use std::os::unix::fs::PermissionsExt;

    let lab = Lab::new("command = [\"python3\", \"reward.py\"]");
    lab.package("");
    lab.write("facts.py", "VERSION, SCALE = '1.0', 1.0\n");
    lab.write("reward.py", REWARD);
    succeeded(&lab.trust());
    let set = |mode: u32| fs::set_permissions(lab.at("approved"), fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o660, 0o602] {
        set(mode);
        let text = lab.refused();
        assert!(
            text.contains("can be written by others") && text.contains("chmod go-w"),
            "{text}"
        );
    }
    set(0o600);
    succeeded(&lab.run("first"));
}

/// A Python that scripts can name by its path; nothing where there is none.
fn real_python() -> Option<String> {
    let script = "import sys; sys.stdout.write(sys.executable)";
    let asked = Command::new("python3")
        .args(["-c", script])
        .current_dir("/")
        .output();
    let found = asked.ok().filter(|asked| asked.status.success());
    if found.is_none() {
        println!("skipped: there is no python3");
    }
    Some(String::from_utf8(found?.stdout).unwrap())
}

/// Puts a script into a folder, as managers of versions do.
fn script(folder: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;

    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn no_file_of_an_experiment_steers_the_python_that_path_names() {
    let Some(python) = real_python() else { return };
    let lab = Lab::new("command = [\"python3\", \"reward.py\"]");
    lab.package("");
    lab.write("facts.py", "VERSION, SCALE = '1.0', 1.0\n");
    lab.write("reward.py", REWARD);
    let ran = lab.at("ran");
    let evil = format!("touch '{}'\n", ran.display());
    lab.write(".python-version", &evil);
    script(&lab.at("hooks"), "helper", &format!("#!/bin/sh\n{evil}"));
    // The manager runs what the folder that it is started in says, what a variable says, and what lies in the experiment's
    // folder by `PATH`.
    let home = tempfile::tempdir().unwrap();
    let manager = format!(
        "#!/bin/sh\n[ -f .python-version ] && . ./.python-version\n[ -n \"$PYENV_DIR\" ] && . \"$PYENV_DIR/.python-version\"\n\
         command -v helper >/dev/null && helper\nexec '{python}' \"$@\"\n"
    );
    script(home.path(), "python3", &manager);
    let usual = std::env::var("PATH").unwrap();
    let hooks = lab.at("hooks").display().to_string();
    let approvals = lab.at("approved").display().to_string();
    let folder = lab.at("").display().to_string();
    let gfn = |first: &Path, arguments: &[&str]| {
        let path = format!(".:{}:{hooks}:{usual}", first.display());
        let output = gfn_with(
            &[
                ("GFN_APPROVALS", &approvals),
                ("PATH", &path),
                ("PYENV_DIR", &folder),
            ],
            arguments,
        );
        assert!(!ran.exists(), "{arguments:?}");
        output
    };
    let asked = gfn(home.path(), &["plugin", "trust", &lab.file()]);
    assert_eq!(asked.status.code(), Some(2));
    let shown = String::from_utf8_lossy(&asked.stdout).into_owned();
    assert!(shown.contains(&format!("    {python}\n")), "{shown}");
    succeeded(&gfn(home.path(), &["plugin", "trust", &lab.file(), "--yes"]));
    let run = |first: &Path, out: &str| {
        let out = lab.at(out).display().to_string();
        gfn(first, &["run", &lab.file(), "--quiet", "--out", &out])
    };
    succeeded(&run(home.path(), "first"));
    // Another interpreter is asked about, and then they both may run it.
    let other = tempfile::tempdir().unwrap();
    symlink(&python, other.path().join("python3")).unwrap();
    let refused = run(other.path(), "second");
    assert_eq!(refused.status.code(), Some(2));
    let text = errors(&refused);
    let by = format!("not to be run by {}", other.path().join("python3").display());
    assert!(text.contains(&by) && text.contains("gfn plugin trust"), "{text}");
    succeeded(&gfn(other.path(), &["plugin", "trust", &lab.file(), "--yes"]));
    succeeded(&run(other.path(), "second"));
    succeeded(&run(home.path(), "third"));
}
