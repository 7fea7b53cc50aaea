//! Pythons that are installed: their environments, and where they keep packages. Found without running any of them, because
//! an interpreter may have come along with an experiment that nobody has approved yet.

use std::fs;
use std::path::{Path, PathBuf};

/// The longest `pyvenv.cfg` or `.pth` file that is read, in bytes.
const MAX_CONFIGURATION: u64 = 1 << 16;

/// Whether a folder is a virtual environment of Python or one of conda. An empty `pyvenv.cfg` makes none: it names the
/// interpreter that the environment is of, and has one of its own.
pub(crate) fn is_environment(folder: &Path) -> bool {
    let has_interpreter = ["bin/python", "bin/python3", "Scripts/python.exe"]
        .iter()
        .any(|name| folder.join(name).is_file());
    has_interpreter && (home_of(folder).is_some() || folder.join("conda-meta/history").is_file())
}

/// The program that the first word of a command starts, if it is there.
pub(crate) fn program(word: &str, folder: &Path) -> Option<PathBuf> {
    if word.contains('/') {
        return Some(folder.join(word)).filter(|path| path.is_file());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|place| folder.join(place).join(word))
        .find(|path| path.is_file())
}

/// The environment that a program lies in.
pub(crate) fn environment_of(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?.parent()?;
    is_environment(folder).then(|| folder.to_path_buf())
}

/// The folders in which the packages of an interpreter lie, its environment first; none for other programs.
pub(crate) fn prefixes(program: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Some(environment) = environment_of(program) {
        let home = home_of(&environment);
        found.push(environment);
        found.extend(home.and_then(|home| Some(home.parent()?.to_path_buf())));
    }
    let real = program.canonicalize().ok();
    found.extend(real.and_then(|real| Some(real.parent()?.parent()?.to_path_buf())));
    let mut distinct: Vec<PathBuf> = Vec::new();
    for prefix in found {
        if !libraries(&prefix).is_empty() && !distinct.contains(&prefix) {
            distinct.push(prefix);
        }
    }
    distinct
}

/// Where the package or module of this name lies, as `python -m` finds it: its folder or file, and the folder of libraries
/// that wheels put beside it.
pub(crate) fn module(name: &str, program: &Path) -> Vec<PathBuf> {
    let prefixes = prefixes(program);
    let named = std::env::var_os("PYTHONPATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&named)
        .filter(|place| place.is_absolute())
        .collect();
    if environment_of(program).is_none() {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        places.extend(home.iter().flat_map(|home| sites(&home.join(".local"))));
    }
    places.extend(prefixes.iter().flat_map(|prefix| sites(prefix)));
    let linked: Vec<PathBuf> = places.iter().flat_map(|place| linked(place)).collect();
    places
        .iter()
        .chain(&linked)
        .map(|place| in_place(name, place))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn in_place(name: &str, place: &Path) -> Vec<PathBuf> {
    let folder = place.join(name);
    if folder.is_dir() {
        let libraries = place.join(format!("{name}.libs"));
        let libraries = Some(libraries).filter(|folder| folder.is_dir());
        return std::iter::once(folder).chain(libraries).collect();
    }
    let file = place.join(format!("{name}.py"));
    Some(file).filter(|file| file.is_file()).into_iter().collect()
}

/// Folders of a prefix that hold the libraries of a version.
fn libraries(prefix: &Path) -> Vec<PathBuf> {
    let of = |name: &str| {
        let entries = fs::read_dir(prefix.join(name)).into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("python3"))
    };
    let places = ["lib", "lib64", "local/lib"].iter().flat_map(|name| of(name));
    let mut found: Vec<PathBuf> = places
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

/// Folders of a prefix that packages are installed in.
fn sites(prefix: &Path) -> Vec<PathBuf> {
    let sites = libraries(prefix);
    let sites = sites
        .iter()
        .flat_map(|library| ["site-packages", "dist-packages"].map(|name| library.join(name)));
    sites.filter(|site| site.is_dir()).collect()
}

/// Folders that the `.pth` files of a site add, as installations that can be edited do.
fn linked(site: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(site).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "pth"));
    files.sort();
    let texts = files.iter().filter_map(|file| configuration(file));
    let lines: Vec<String> = texts
        .flat_map(|text| text.lines().map(str::to_string).collect::<Vec<_>>())
        .collect();
    lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("import"))
        .map(|line| site.join(line))
        .filter(|folder| folder.is_dir())
        .collect()
}

/// The folder of the interpreter that an environment is of, by its `pyvenv.cfg`.
fn home_of(environment: &Path) -> Option<PathBuf> {
    let text = configuration(&environment.join("pyvenv.cfg"))?;
    let value = |line: &str| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "home" && !value.trim().is_empty()).then(|| PathBuf::from(value.trim()))
    };
    text.lines().find_map(value)
}

fn configuration(file: &Path) -> Option<String> {
    gfn_files::read_text(file, MAX_CONFIGURATION).ok()
}
