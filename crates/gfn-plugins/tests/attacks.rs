//! Operations that a confined plugin must not succeed in, each tried as a superuser, as an ordinary user, and where the
//! kernel gives no namespaces; and that nothing has changed afterwards. `scripts/attack` prints the table.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use gfn_plugins::{Batch, Options, Oracle, Report, open_reward};
use serde_json::json;

use crate::support::{host, library};

/// An ordinary user that exists everywhere and owns nothing.
const NOBODY: u32 = 65534;

/// Errors that mean "refused", and those of what is out of sight: EPERM, ESRCH, EAGAIN, EACCES, ENOSYS, ENOENT.
const REFUSED: [f64; 6] = [1.0, 3.0, 11.0, 13.0, 38.0, 2.0];

/// As whom a plugin runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Root,
    Ordinary,
    /// An ordinary user to whom the kernel gives no namespaces.
    WithoutNamespaces,
}

impl User {
    /// Those that this test can be.
    fn all() -> Vec<Self> {
        match is_root() {
            true => vec![Self::Root, Self::Ordinary, Self::WithoutNamespaces],
            false => vec![Self::Ordinary, Self::WithoutNamespaces],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Ordinary => "ordinary user",
            Self::WithoutNamespaces => "no namespaces",
        }
    }

    /// Whether it is another user than that of the test.
    fn is_other(self) -> bool {
        self != Self::Root && is_root()
    }

    /// The words in front of a command that make it run as this user.
    fn words(self) -> Vec<&'static str> {
        let mut words = Vec::new();
        if self.is_other() {
            words.extend(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
        }
        if self == Self::WithoutNamespaces {
            let limit = "echo 0 > /proc/sys/user/max_pid_namespaces; exec \"$@\"";
            words.extend(["unshare", "--user", "--map-root-user", "sh", "-c", limit, "-"]);
        }
        words
    }

    /// Whether programs can run as this user here.
    fn exists(self) -> bool {
        let words = self.words();
        let Some((program, arguments)) = words.split_first() else {
            return true;
        };
        let ran = Command::new(program).args(arguments).arg("true").output();
        let exists = ran.as_ref().is_ok_and(|output| output.status.success());
        if !exists {
            println!("skipped: {} cannot be had here: {ran:?}", self.name());
        }
        exists
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A folder that this user owns, with a file; a process of this user; a port; and the program in which plugins run, for it.
struct Targets {
    folder: tempfile::TempDir,
    victim: Child,
    port: std::net::TcpListener,
    host: PathBuf,
}

impl Targets {
    fn new(user: User) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("own/other")).unwrap();
        std::fs::write(at("own/file"), "secret").unwrap();
        std::fs::copy(host(), at("host")).unwrap();
        let words = user.words().join("' '");
        let script = match words.is_empty() {
            true => format!("#!/bin/sh\nexec '{}' \"$@\"\n", at("host").display()),
            false => format!("#!/bin/sh\nexec '{words}' '{}' \"$@\"\n", at("host").display()),
        };
        std::fs::write(at("start"), script).unwrap();
        for open in [folder.path().to_path_buf(), at("start"), at("host")] {
            std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        if user.is_other() {
            for owned in ["own", "own/other", "own/file"] {
                std::os::unix::fs::chown(at(owned), Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        // Not all file systems have attributes.
        let _ = Command::new("setfattr")
            .args(["-n", "user.here", "-v", "1"])
            .arg(at("own/file"))
            .output();
        let mut victim = match user.is_other() {
            true => Command::new("setpriv"),
            false => Command::new("sleep"),
        };
        if user.is_other() {
            victim.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sleep"]);
        }
        Self {
            victim: victim.arg("600").stdin(Stdio::null()).spawn().unwrap(),
            port: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
            host: at("start"),
            folder,
        }
    }

    fn own(&self) -> PathBuf {
        self.folder.path().join("own")
    }

    /// The plugin that attacks them.
    fn options(&self) -> Option<Options> {
        let mut options = library("attacks", &[])?;
        options.host = self.host.clone();
        options.confinement.read = vec![self.own()];
        options.parameters = json!({
            "file": self.own().join("file"),
            "folder": self.own(),
            "victim": self.victim.id(),
            "port": self.port.local_addr().unwrap().port(),
        });
        Some(options)
    }

    /// All that an attack could change.
    fn state(&self) -> Vec<String> {
        let mut state = vec![content(&self.own())];
        for name in ["", "file", "other"] {
            let found = std::fs::metadata(self.own().join(name)).unwrap();
            let (mode, uid, gid) = (found.mode(), found.uid(), found.gid());
            let times = (
                found.mtime(),
                found.mtime_nsec(),
                found.ctime(),
                found.ctime_nsec(),
            );
            state.push(format!("{name} {mode:o} {uid} {gid} {} {times:?}", found.nlink()));
        }
        let process = format!("/proc/{}", self.victim.id());
        for name in ["limits", "cgroup", "setgroups"] {
            state.push(std::fs::read_to_string(format!("{process}/{name}")).unwrap());
        }
        let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
        let kept = ["Cpus_allowed", "TracerPid", "SigPnd", "ShdPnd", "Uid", "CapEff"];
        state.extend(
            status
                .lines()
                .filter(|line| kept.iter().any(|key| line.starts_with(key)))
                .map(String::from),
        );
        let stat = std::fs::read_to_string(format!("{process}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        // Its group and session, priority, nice, policy.
        state.extend([2, 3, 15, 16, 37, 38].map(|index| fields[index].to_string()));
        state
    }
}

impl Drop for Targets {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
    }
}

fn content(own: &Path) -> String {
    let mut names: Vec<_> = std::fs::read_dir(own)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    format!(
        "{names:?} {:?}",
        std::fs::read_to_string(own.join("file")).unwrap()
    )
}

/// The names of all attacks, as the plugin tells them.
fn names(oracle: &Oracle) -> Vec<String> {
    let name = |index: usize| {
        let scores = oracle.score(&Batch::Texts(&[&format!("?{index}")])).unwrap();
        scores.failures[0].reason.clone()
    };
    (0..).map(name).take_while(|name| name != "end").collect()
}

/// What became of every attack, and of what is no attack, as this user; and what was in force.
fn attacked(user: User) -> Option<(BTreeMap<String, f64>, Report)> {
    let targets = Targets::new(user);
    let mut options = targets.options()?;
    options.limits.timeout = std::time::Duration::from_secs(60);
    let oracle = open_reward(options).unwrap();
    let names = names(&oracle);
    let texts: Vec<&str> = names.iter().map(String::as_str).collect();
    let before = targets.state();
    let scores = oracle.score(&Batch::Texts(&texts)).unwrap();
    assert!(
        scores.failures.is_empty(),
        "{}: {:?}",
        user.name(),
        scores.failures
    );
    assert_eq!(targets.state(), before, "{}", user.name());
    assert_eq!(oracle.restarts(), 0);
    // Numbers of another processor end the plugin: there is nothing to go on with.
    if cfg!(target_arch = "x86_64") {
        let scores = oracle.score(&Batch::Texts(&["32-bit program"])).unwrap();
        assert!(
            scores.failures.iter().all(|failure| failure.deadly),
            "{:?}",
            scores.failures
        );
        assert_eq!(scores.failures.len(), 1);
    }
    let report = oracle.enforced().clone();
    Some((names.into_iter().zip(scores.log_reward).collect(), report))
}

/// What is wrong with what became of an attack.
fn is_wrong(name: &str, error: f64, report: &Report) -> bool {
    match name.starts_with("own ") {
        true => error != 0.0,
        // Old kernels guard less, and say so.
        false if report.landlock < 6 => false,
        false => !REFUSED.contains(&error),
    }
}

#[test]
fn every_attack_is_refused_and_nothing_changes() {
    for user in User::all() {
        if !user.exists() {
            continue;
        }
        let Some((errors, report)) = attacked(user) else {
            return;
        };
        assert!(errors.len() > 150, "{}", errors.len());
        let wrong: Vec<_> = errors
            .iter()
            .filter(|(name, error)| is_wrong(name, **error, &report))
            .collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}\n{report:?}", user.name());
        let has_namespaces = report.namespaces.iter().any(|name| name == "pid");
        assert!(user != User::WithoutNamespaces || !has_namespaces, "{report:?}");
    }
}

/// Prints what `scripts/attack` shows.
#[test]
#[ignore = "for scripts/attack"]
fn table_of_attacks() {
    let users: Vec<User> = User::all().into_iter().filter(|user| user.exists()).collect();
    let results: Vec<_> = users.iter().filter_map(|user| attacked(*user)).collect();
    let mut counts = vec![(0, 0); users.len()];
    let mut rows = Vec::new();
    let attacks = results[0].0.keys().filter(|name| !name.starts_with("own "));
    for name in attacks {
        let mut row = format!("| {name} |");
        for ((errors, _), count) in results.iter().zip(&mut counts) {
            let error = errors[name];
            let refused = REFUSED.contains(&error);
            count.0 += usize::from(refused);
            count.1 += 1;
            row += &match refused {
                true => format!(" {} |", words(error)),
                false => format!(" **succeeded** ({error}) |"),
            };
        }
        rows.push(row);
    }
    let columns = |cell: &dyn Fn(usize) -> String| {
        (0..users.len())
            .map(|index| format!(" {} |", cell(index)))
            .collect::<String>()
    };
    println!(
        "| operation |{}",
        columns(&|index| users[index].name().to_string())
    );
    println!("|---|{}", columns(&|_| "---".to_string()).replace(' ', ""));
    println!(
        "| **refused** |{}",
        columns(&|index| format!("**{} of {}**", counts[index].0, counts[index].1))
    );
    println!("| in force |{}", columns(&|index| results[index].1.in_force()));
    rows.iter().for_each(|row| println!("{row}"));
    assert!(counts.iter().all(|(refused, all)| refused == all), "{counts:?}");
}

fn words(error: f64) -> &'static str {
    match error as i32 {
        1 => "EPERM",
        2 => "not there",
        3 => "no such process",
        11 => "EAGAIN",
        13 => "EACCES",
        38 => "ENOSYS",
        _ => "other",
    }
}
