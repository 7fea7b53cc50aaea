#![allow(clippy::unwrap_used, reason = "tests may")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{Description, Program};

mod commands;

/// A folder with a library, a script, and the lists of a user.
struct Project {
    folder: TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        project.write("lib.so", "bytes of a library");
        project.write("reward.py", "print('hi')");
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn library(&self) -> Program {
        Program::Library {
            path: self.path("lib.so"),
            expected_hash: None,
        }
    }

    fn command(&self, words: &[&str]) -> Program {
        Program::Command {
            words: words.iter().map(|word| word.to_string()).collect(),
            folder: self.folder.path().to_path_buf(),
            protocol: Default::default(),
            code: Vec::new(),
            expected_hash: None,
        }
    }

    fn hash(&self, words: &[&str]) -> String {
        identity(&self.command(words)).unwrap().sha256
    }

    fn lock(&self) -> LockFile {
        LockFile::near(self.folder.path()).unwrap()
    }

    fn approvals(&self) -> Approvals {
        Approvals::load(&self.path("approved.txt")).unwrap()
    }

    fn pin(&self, program: &Program) -> Pin {
        let description = Description {
            name: "sums".to_string(),
            ..Description::default()
        };
        Pin::new(
            "sums",
            program,
            &identity(program).unwrap(),
            description,
            self.folder.path(),
        )
    }

    fn trust(&self, program: &Program) {
        let pin = self.pin(program);
        self.approvals().approve(&pin.sha256, "sums", "a note").unwrap();
        LockFile::update(&self.path("gfn.lock"), |lock| lock.pin(pin)).unwrap();
    }

    fn check(&self, program: &Program) -> Result<(), TrustError> {
        check(
            &self.lock(),
            &self.approvals(),
            "sums",
            &identity(program).unwrap(),
        )
    }
}

/// The names of the files that were hashed.
fn names(identity: &Identity) -> Vec<&str> {
    identity.files.iter().map(|file| file.name.as_str()).collect()
}

#[track_caller]
fn assert_says(error: impl std::fmt::Display, parts: &[&str]) {
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

fn other_pin(name: &str, target: &str) -> Pin {
    Pin {
        name: name.to_string(),
        source: Source::Library("other.so".into()),
        sha256: "0".repeat(64),
        target: Some(target.to_string()),
        size: 1,
        files: Default::default(),
        description: Description::default(),
    }
}

#[test]
fn a_librarys_identity_is_the_sha_256_of_its_bytes() {
    let project = Project::new();
    project.write("lib.so", "abc");
    let found = identity(&project.library()).unwrap();
    // FIPS 180-2, appendix B.1.
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((found.sha256.as_str(), found.size), (expected, 3));
    assert_eq!(found.target.as_deref(), Some(TARGET));
    assert!(TARGET.contains('-'), "{TARGET}");
}

#[test]
fn a_commands_identity_is_its_words_and_the_files_that_they_name() {
    let project = Project::new();
    let words = ["python3", "reward.py", "--fast"];
    let first = identity(&project.command(&words)).unwrap();
    assert_eq!(names(&first), ["reward.py", "lib.so"]);
    assert_eq!((first.target, first.size), (None, 11 + 18));
    assert_ne!(
        first.sha256,
        project.hash(&["python3", "reward.py", "--fas", "t"])
    );
    assert_ne!(first.sha256, project.hash(&["python3", "reward.py"]));

    project.write("reward.py", "print('ho')");
    assert_ne!(first.sha256, project.hash(&words));
    project.write("reward.py", "print('hi')");
    assert_eq!(first.sha256, project.hash(&words));
    // The folder is no part of it: a project can be moved.
    assert_eq!(first.sha256, Project::new().hash(&words));
    fs::remove_file(project.path("reward.py")).unwrap();
    assert_ne!(first.sha256, project.hash(&words));
}

#[test]
fn a_program_is_hashed_where_its_path_is_given_and_not_where_it_is_looked_up() {
    let project = Project::new();
    let hashes = || ["python3", "./python3"].map(|program| project.hash(&[program, "reward.py"]));
    project.write("python3", "one");
    let before = hashes();
    project.write("python3", "two");
    let after = hashes();
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    let elsewhere = Project::new();
    let script = elsewhere.path("reward.py");
    let named = project.command(&["python3", script.to_str().unwrap()]);
    let found = identity(&named).unwrap();
    assert_eq!(names(&found)[0], script.display().to_string());
}

#[test]
fn what_cannot_be_read_is_told() {
    let project = Project::new();
    fs::remove_file(project.path("lib.so")).unwrap();
    assert_says(
        identity(&project.library()).unwrap_err(),
        &["lib.so", "no such file"],
    );
    assert_says(
        identity(&project.command(&[])).unwrap_err(),
        &["empty", "name a program"],
    );
}

#[test]
fn what_is_pinned_and_approved_may_run() {
    let project = Project::new();
    for program in [project.library(), project.command(&["python3", "reward.py"])] {
        project.trust(&program);
        project.check(&program).unwrap();
    }
}

#[test]
fn what_is_not_pinned_may_not_run() {
    let project = Project::new();
    let hash = identity(&project.library()).unwrap().sha256;
    let error = project.check(&project.library()).unwrap_err();
    assert!(matches!(error, TrustError::NotPinned { .. }), "{error}");
    let command = format!("`gfn plugin trust {}`", project.path("lib.so").display());
    assert_says(error, &["plugin `sums`", &hash, "gfn.lock", &command]);

    project.write("gfn.lock", "version = 1\n");
    let mut lock = project.lock();
    lock.pin(other_pin("sums", "riscv64-unknown-elf")).unwrap();
    lock.save().unwrap();
    assert_says(
        project.check(&project.library()).unwrap_err(),
        &[TARGET, "only for riscv64-unknown-elf"],
    );
}

#[test]
fn what_was_changed_may_not_run_and_both_hashes_are_told() {
    let project = Project::new();
    project.trust(&project.library());
    let before = identity(&project.library()).unwrap().sha256;
    // One bit of one byte.
    project.write("lib.so", "cytes of a library");
    let after = identity(&project.library()).unwrap().sha256;
    let error = project.check(&project.library()).unwrap_err();
    assert!(matches!(error, TrustError::Changed { .. }), "{error}");
    assert_says(error, &["was changed since", &before, &after, "gfn plugin trust"]);
}

#[test]
fn what_another_user_pinned_may_not_run_before_this_one_approves_it() {
    let project = Project::new();
    project.trust(&project.library());
    let hash = identity(&project.library()).unwrap().sha256;
    assert!(project.approvals().revoke(&hash).unwrap());
    let error = project.check(&project.library()).unwrap_err();
    assert!(matches!(error, TrustError::NotApproved { .. }), "{error}");
    assert_says(
        error,
        &["you have not approved", "lib.so", &hash, "gfn plugin trust"],
    );
    assert!(!project.approvals().revoke(&hash).unwrap());
}

#[test]
fn a_pin_of_another_name_is_of_no_use() {
    let project = Project::new();
    project.trust(&project.library());
    let found = identity(&project.library()).unwrap();
    let error = check(&project.lock(), &project.approvals(), "other", &found).unwrap_err();
    assert!(matches!(error, TrustError::NotPinned { .. }), "{error}");
}

#[test]
fn a_lock_file_keeps_everything() {
    let project = Project::new();
    let mut lock = project.lock();
    let mut pin = project.pin(&project.command(&["python3", "reward.py", "it's \"'''\n"]));
    pin.description.parameters = json!({"default": null, "enum": ["'''", "\u{1}", 0.1, 1e300, "é"]});
    lock.pin(pin).unwrap();
    lock.pin(project.pin(&project.library())).unwrap();
    lock.pin(other_pin("a", "x")).unwrap();
    lock.save().unwrap();
    assert_eq!(project.lock(), lock);
    let order: Vec<&str> = lock.pins.iter().map(|pin| pin.name.as_str()).collect();
    assert_eq!(order, ["a", "sums", "sums"]);
    assert_eq!(lock.pins[2].source, Source::Library("lib.so".into()));
    assert!(lock.unpin("a") && !lock.unpin("a"));
}

#[test]
fn a_plugin_is_pinned_once_for_each_target() {
    let project = Project::new();
    let mut lock = project.lock();
    lock.pin(other_pin("sums", "riscv64-unknown-elf")).unwrap();
    for text in ["one", "two"] {
        project.write("lib.so", text);
        lock.pin(project.pin(&project.library())).unwrap();
    }
    assert_eq!(lock.pins.len(), 2);
    assert_eq!(
        lock.find("sums").unwrap().sha256,
        identity(&project.library()).unwrap().sha256
    );
    assert_eq!(lock.find("other"), None);
    let bad = Pin {
        name: "../x".to_string(),
        ..other_pin("x", "y")
    };
    assert_says(lock.pin(bad).unwrap_err(), &["`../x` cannot be a plugin's name"]);
}

#[test]
fn the_nearest_lock_file_counts() {
    let project = Project::new();
    let deep = project.path("a/b");
    fs::create_dir_all(&deep).unwrap();
    assert_eq!(LockFile::near(&deep).unwrap().path, deep.join("gfn.lock"));
    project.trust(&project.library());
    let found = LockFile::near(&deep).unwrap();
    assert_eq!((found.path, found.pins.len()), (project.path("gfn.lock"), 1));
    fs::write(project.path("a/gfn.lock"), "version = 1").unwrap();
    assert_eq!(LockFile::near(&deep).unwrap().pins, []);
}

#[test]
fn a_lock_file_is_read_strictly() {
    let project = Project::new();
    let hash = "0".repeat(64);
    let plugin = |lines: &str| format!("version = 1\n[[plugin]]\n{lines}\n");
    let whole =
        format!("name = \"a\"\nlibrary = \"a.so\"\nsha256 = \"{hash}\"\nsize = 1\ndescription = \"{{}}\"");
    let changed = |from: &str, to: &str| plugin(&whole.replace(from, to));
    project.write("gfn.lock", &plugin(&whole));
    assert_eq!(project.lock().pins.len(), 1);
    for (text, expected) in [
        (String::new(), "no `version`"),
        (
            "version = 2".to_string(),
            "its version is 2, and this gfn reads version 1",
        ),
        ("version = 1\nx = 1".to_string(), "unknown field `x`"),
        ("version = 1\n[[plugin]\n".to_string(), "line 2"),
        (changed("size = 1", ""), "missing field `size`"),
        (changed("size = 1", "size = -1"), "line 6"),
        (
            changed("name = \"a\"", "name = \"a b\""),
            "`a b` cannot be a plugin's name",
        ),
        (
            changed("library", "command = [\"x\"]\nlibrary"),
            "plugin `a`: expected either `library` or `command`",
        ),
        (changed("library = \"a.so\"", ""), "expected either"),
        (changed(&hash, &"Z".repeat(64)), "plugin `a`: `sha256` is not"),
        (changed("{}", "{"), "plugin `a`: `description` is not"),
        (
            plugin(&format!("{whole}\n[[plugin]]\n{whole}")),
            "plugin `a` is pinned twice",
        ),
    ] {
        project.write("gfn.lock", &text);
        let error = LockFile::near(project.folder.path()).unwrap_err();
        assert_says(error, &["gfn.lock", expected]);
    }
    fs::write(project.path("gfn.lock"), b"\xff").unwrap();
    assert_says(LockFile::near(project.folder.path()).unwrap_err(), &["not UTF-8"]);
}

#[test]
fn approvals_stay_and_hold_one_line_each() {
    let project = Project::new();
    let hashes = ["a".repeat(64), "b".repeat(64)];
    let mut approvals = project.approvals();
    for hash in [&hashes[0], &hashes[1], &hashes[0]] {
        assert_eq!(approvals, project.approvals());
        approvals
            .approve(hash, "sums", " a path\nwith  lines\u{7} ")
            .unwrap();
    }
    assert!(hashes.iter().all(|hash| project.approvals().contains(hash)));
    assert!(!approvals.contains(&"c".repeat(64)) && !approvals.contains(""));
    let list = project.approvals().list().to_vec();
    assert_eq!((list.len(), list[1].sha256.as_str()), (2, hashes[0].as_str()));
    assert_eq!(
        (list[1].name.as_str(), list[1].note.as_str()),
        ("sums", "a path with lines")
    );
    assert_says(
        approvals.approve(&hashes[0], "a b", "").unwrap_err(),
        &["`a b` cannot be"],
    );
    assert_says(
        approvals.approve("x", "a", "").unwrap_err(),
        &["`x` would not be a SHA-256"],
    );
}

#[test]
fn approvals_that_are_none_or_cannot_be_read_are_told() {
    let project = Project::new();
    for text in [
        "x",
        &"a".repeat(64),
        &format!("{} a/b", "a".repeat(64)),
        &format!("{}  a", "A".repeat(64)),
    ] {
        project.write("approved.txt", &format!("# mine\n\n{text}\n"));
        let error = Approvals::load(&project.path("approved.txt")).unwrap_err();
        assert_says(error, &["approved", "line 3"]);
    }
    // Not even the administrator reads a folder.
    let error = Approvals::load(project.folder.path()).unwrap_err();
    assert_says(
        error,
        &[&*project.folder.path().to_string_lossy(), "it is a folder"],
    );
}

#[cfg(unix)]
#[test]
fn approvals_are_the_users_own() {
    use std::os::unix::fs::PermissionsExt;

    let project = Project::new();
    let path = project.path("new/folder/approved");
    let mut approvals = Approvals::load(&path).unwrap();
    approvals.approve(&"a".repeat(64), "sums", "").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let folder = path.parent().unwrap();
    assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    let set = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for (loose, tight, mode) in [
        (&*path, 0o600, 0o602),
        (&path, 0o644, 0o620),
        (folder, 0o755, 0o777),
        (folder, 0o700, 0o770),
    ] {
        set(loose, mode);
        let advice = format!("chmod go-w {}", loose.display());
        let error = Approvals::load(&path).unwrap_err();
        assert_says(
            error,
            &[&loose.display().to_string(), "written by others", &advice],
        );
        assert!(approvals.approve(&"b".repeat(64), "sums", "").is_err());
        set(loose, tight);
        assert!(Approvals::load(&path).is_ok(), "{mode:o}");
    }
    // By a link, what counts is where it leads.
    let link = project.path("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    set(&path, 0o622);
    assert_says(Approvals::load(&link).unwrap_err(), &["written by others"]);
    set(&path, 0o600);
    // In a folder of everybody, as that of temporary files, a file is still one's own.
    set(folder, 0o1777);
    assert!(Approvals::load(&path).is_ok());
    set(folder, 0o700);
    for owned in [&*path, folder] {
        // Only root gives files away.
        if std::os::unix::fs::chown(owned, Some(12_345), None).is_err() {
            return println!("skipped: this user cannot change the owner of a file");
        }
        assert_says(
            Approvals::load(&path).unwrap_err(),
            &["belongs to another user (12345)"],
        );
        std::os::unix::fs::chown(owned, Some(0), None).unwrap();
    }
    assert!(Approvals::load(&path).is_ok());
}

#[cfg(unix)]
#[test]
fn neither_a_sticky_folder_nor_a_link_may_be_anothers() {
    use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

    let folder = tempfile::tempdir().unwrap();
    let (real, shared) = (folder.path().join("real"), folder.path().join("shared"));
    fs::create_dir(&shared).unwrap();
    // As the folder of temporary files has.
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
    let (inside, link, second) = (
        shared.join("approved"),
        shared.join("link"),
        folder.path().join("link"),
    );
    for file in [&real, &inside] {
        fs::write(file, "").unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    symlink("../real", &link).unwrap();
    symlink("shared/link", &second).unwrap();
    for path in [&inside, &link, &second] {
        assert!(Approvals::load(path).is_ok(), "{}", path.display());
    }
    // Only a superuser gives files away.
    if chown(&shared, Some(12_345), None).is_err() {
        return;
    }
    for path in [&inside, &link, &second] {
        let error = Approvals::load(path).unwrap_err();
        assert_says(
            error,
            &["shared belongs to another user (12345)", "folder of your own"],
        );
    }
    chown(&shared, Some(0), None).unwrap();
    lchown(&link, Some(12_345), None).unwrap();
    assert!(Approvals::load(&inside).is_ok());
    for path in [&link, &second] {
        let error = Approvals::load(path).unwrap_err();
        assert_says(error, &["link belongs to another user (12345)", "GFN_APPROVALS"]);
    }
}

#[test]
fn the_list_of_approvals_is_where_variables_say() {
    let place = |pairs: &[(&str, &str)]| {
        let found = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        };
        approvals::place(found)
    };
    let [named, config, home] = [("GFN_APPROVALS", "/n"), ("XDG_CONFIG_HOME", "/c"), ("HOME", "/h")];
    assert_eq!(place(&[named, config, home]).unwrap(), Path::new("/n"));
    assert_eq!(place(&[config, home]).unwrap(), Path::new("/c/gfn/approved"));
    for ignored in [("GFN_APPROVALS", ""), ("XDG_CONFIG_HOME", "relative")] {
        assert_eq!(
            place(&[ignored, home]).unwrap(),
            Path::new("/h/.config/gfn/approved")
        );
    }
    assert_eq!(place(&[]), None);
}

#[test]
fn processes_that_save_at_the_same_time_lose_nothing() {
    let project = Project::new();
    let hash = |index: usize| format!("{index:064x}");
    std::thread::scope(|scope| {
        for index in 0..8 {
            let project = &project;
            scope.spawn(move || {
                for index in index * 4..index * 4 + 4 {
                    let pin = other_pin(&format!("p{index}"), TARGET);
                    LockFile::update(&project.path("gfn.lock"), |lock| lock.pin(pin)).unwrap();
                    project.approvals().approve(&hash(index), "p", "").unwrap();
                    // Whoever reads meanwhile reads a whole file.
                    project.lock();
                }
            });
        }
    });
    assert_eq!(
        (project.lock().pins.len(), project.approvals().list().len()),
        (32, 32)
    );
    let left: Vec<_> = fs::read_dir(project.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn what_cannot_be_saved_leaves_what_was_there() {
    let project = Project::new();
    fs::create_dir(project.path("gfn.lock")).unwrap();
    let lock = LockFile {
        path: project.path("gfn.lock"),
        pins: Vec::new(),
    };
    assert_says(lock.save().unwrap_err(), &["gfn.lock"]);
    assert!(project.path("gfn.lock").is_dir());
    assert_eq!(fs::read_dir(project.folder.path()).unwrap().count(), 3);
}

#[test]
fn names_that_could_leave_a_folder_or_a_line_are_none() {
    for name in ["a", "A-1", "x_y.z", &"n".repeat(64)] {
        assert!(is_name(name), "{name}");
    }
    for name in [
        "",
        ".",
        "..",
        "a/b",
        "a b",
        "-a",
        "_a",
        "é",
        "a\n",
        &"n".repeat(65),
    ] {
        assert!(!is_name(name), "{name}");
    }
}
