//! The files of a folder that a program's code can be in.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::TrustError;
use super::python::is_environment;

/// More files than any plugin's code has.
const MAX_FILES: usize = 10_000;

/// More files and folders than are looked at to find them.
const MAX_SEEN: usize = 100_000;

/// More bytes than any plugin's code has.
pub(super) const MAX_BYTES: u64 = 256 << 20;

/// Endings of files that programs read and do not run: a run writes them, an experiment is one of them.
const DATA: [&str; 29] = [
    "toml",
    "md",
    "rst",
    "txt",
    "json",
    "jsonl",
    "csv",
    "tsv",
    "log",
    "err",
    "html",
    "svg",
    "png",
    "pdf",
    "lock",
    "safetensors",
    "smi",
    "sdf",
    "pdb",
    "fasta",
    "npy",
    "typed",
    "gitignore",
    "swp",
    "swo",
    "tmp",
    "bak",
    "orig",
    "rej",
];

/// Files that would be data by their ending, and say which code is loaded.
const LOADED_BY: [&str; 7] = [
    "package.json",
    "deno.json",
    "tsconfig.json",
    "Project.toml",
    "Manifest.toml",
    "JuliaProject.toml",
    "JuliaManifest.toml",
];

/// Endings of files that Python loads modules or objects with code from, and of scripts: those that count where everything
/// else may come and go.
const MODULES: [&str; 22] = [
    "py", "pyw", "so", "pyd", "dylib", "dll", "zip", "egg", "whl", "pth", "pkl", "pickle", "joblib", "pt",
    "sh", "r", "R", "jl", "js", "mjs", "cjs", "lua",
];

/// Folders of tools.
const OF_TOOLS: [&str; 7] = [
    ".git",
    ".hg",
    ".svn",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".ipynb_checkpoints",
];

/// Folders of an environment that its packages lie in.
const OF_ENVIRONMENTS: [&str; 11] = [
    "bin",
    "lib",
    "lib64",
    "include",
    "share",
    "etc",
    "ssl",
    "Scripts",
    "Lib",
    "Include",
    "conda-meta",
];

/// What Python compiles modules into.
const COMPILED: &str = "__pycache__";

/// What lies in a folder.
#[derive(Default)]
pub(super) struct Tree {
    /// The files, by their paths from the folder, in the order of their bytes.
    pub(super) files: Vec<PathBuf>,
    /// Folders that were not looked into, with what they are. The command cannot read them.
    pub(super) left_out: Vec<(PathBuf, &'static str)>,
    seen: usize,
    bytes: u64,
}

/// Which files count as code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Which {
    /// All that are not plain data.
    #[default]
    All,
    /// Those that modules are loaded from.
    Modules,
    /// Those of an installed package: all.
    Package,
}

impl Tree {
    /// Looks through `root`, a folder or a file. Links are followed: what counts is what is found behind them.
    ///
    /// # Errors
    /// Where something cannot be looked at, or there is too much of it.
    pub(super) fn of(root: &Path, which: Which) -> Result<Self, TrustError> {
        let mut tree = Self::default();
        let found = fs::metadata(root).map_err(TrustError::file(root))?;
        match found.is_dir() {
            true => tree.look_into(root, Path::new(""), which, &mut BTreeSet::new())?,
            false => tree.files.push(PathBuf::new()),
        }
        tree.files.sort_by(|a, b| {
            a.as_os_str()
                .as_encoded_bytes()
                .cmp(b.as_os_str().as_encoded_bytes())
        });
        tree.left_out.sort();
        Ok(tree)
    }

    /// Looks through the folder at `inner` from `root`. `above` are the folders that it lies in: links can go in circles.
    fn look_into(
        &mut self,
        root: &Path,
        inner: &Path,
        which: Which,
        above: &mut BTreeSet<PathBuf>,
    ) -> Result<(), TrustError> {
        let folder = root.join(inner);
        let real = folder.canonicalize().map_err(TrustError::file(&folder))?;
        if !above.insert(real.clone()) {
            return Ok(());
        }
        let is_environment = !inner.as_os_str().is_empty() && is_environment(&folder);
        for entry in fs::read_dir(&folder).map_err(TrustError::file(&folder))? {
            let entry = entry.map_err(TrustError::file(&folder))?;
            let inner = inner.join(entry.file_name());
            // A link that leads nowhere loads nothing.
            let Ok(found) = fs::metadata(entry.path()) else {
                continue;
            };
            self.seen += 1;
            if found.is_dir() {
                let is_installed =
                    is_environment && OF_ENVIRONMENTS.iter().any(|name| entry.file_name() == *name);
                match is_installed {
                    true => self.left_out.push((inner, "packages of an interpreter")),
                    false => self.folder(root, &inner, which, above)?,
                }
            } else if found.is_file() && is_code(&entry.file_name(), which) {
                self.bytes += found.len();
                self.files.push(inner);
            }
            self.check_size(root)?;
        }
        above.remove(&real);
        Ok(())
    }

    fn folder(
        &mut self,
        root: &Path,
        inner: &Path,
        which: Which,
        above: &mut BTreeSet<PathBuf>,
    ) -> Result<(), TrustError> {
        let path = root.join(inner);
        let name = inner.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let why = if name == COMPILED {
            "compiled by Python"
        } else if OF_TOOLS.contains(&name) {
            "of a tool"
        } else if name == "target" && is_built_by_cargo(&path) {
            "built by cargo"
        } else {
            let is_run = which == Which::All && is_run_folder(&path);
            let which = if is_run { Which::Modules } else { which };
            return self.look_into(root, inner, which, above);
        };
        self.left_out.push((inner.to_path_buf(), why));
        Ok(())
    }

    fn check_size(&self, root: &Path) -> Result<(), TrustError> {
        let what = if self.files.len() > MAX_FILES {
            format!("{MAX_FILES} files of code")
        } else if self.seen > MAX_SEEN {
            format!("{MAX_SEEN} files")
        } else if self.bytes > MAX_BYTES {
            format!("{} MiB of code", MAX_BYTES >> 20)
        } else {
            return Ok(());
        };
        let folder = root.to_path_buf();
        Err(TrustError::TooMuch { folder, what })
    }
}

/// What cargo has built, by the two files that it always leaves.
fn is_built_by_cargo(folder: &Path) -> bool {
    folder.join("CACHEDIR.TAG").is_file() && folder.join(".rustc_info.json").is_file()
}

/// The folder of a run, by what is in it from its first moment on.
fn is_run_folder(folder: &Path) -> bool {
    folder.join(".writer").is_dir() || folder.join("resolved.toml").is_file()
}

fn is_code(name: &OsStr, which: Which) -> bool {
    let name = name.to_string_lossy();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    // What editors and this program keep for a moment.
    let is_passing = name.ends_with('~') || name.starts_with(".#") || name.starts_with(".gfn-");
    let is_compiled = ending == "pyc";
    match which {
        Which::Modules => MODULES.contains(&ending),
        Which::All => LOADED_BY.contains(&&*name) || !is_passing && !is_compiled && !DATA.contains(&ending),
        Which::Package => !is_compiled,
    }
}
