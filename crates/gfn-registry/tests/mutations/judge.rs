//! What must hold of every experiment file: there is an answer and no panic; a refusal says where; what is accepted, written
//! out with every default filled in, is accepted again and written out alike.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use gfn_config::{Problem, Problems, Sources, Tree, with_origins};
use gfn_registry::{Experiment, assemble};

/// The longest message in characters; the line that it is about is shown apart from it.
const MESSAGE_LIMIT: usize = 1_001;
/// The most text that is shown about one file.
const TEXT_LIMIT: usize = 200_000;

/// What mistakes begin with that are of a file as a whole: what it lacks has no line, nor has a file that cannot be read.
const OF_WHOLE_FILES: [&str; 6] = [
    "missing key `",
    "missing section `",
    "cannot read `",
    "there is no file `",
    "`case.toml` is not UTF-8 text",
    "`case.toml` is larger than",
];

/// The layers of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Case {
    /// The experiment file.
    pub(crate) file: Vec<u8>,
    /// The profile that is chosen.
    pub(crate) profile: Option<String>,
    /// Variables by name.
    pub(crate) variables: Vec<(String, String)>,
    /// The values of `--set` flags.
    pub(crate) sets: Vec<String>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", String::from_utf8_lossy(&self.file))?;
        if let Some(profile) = &self.profile {
            writeln!(f, "=== --profile {profile:?}")?;
        }
        for (name, value) in &self.variables {
            writeln!(f, "=== variable {name}={value:?}")?;
        }
        self.sets
            .iter()
            .try_for_each(|set| writeln!(f, "=== --set {set:?}"))
    }
}

/// What the program says of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It can be run.
    Accepted,
    /// It cannot, and the user is told why.
    Refused,
}

thread_local! {
    /// Whether this thread is judging a case.
    static JUDGING: Cell<bool> = const { Cell::new(false) };
    /// The last panic of this thread.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Has panics kept for [`judge`] while it judges instead of printed, in the whole process.
pub(crate) fn catch_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |information| {
        if JUDGING.get() {
            PANIC.with_borrow_mut(|panic| *panic = information.to_string());
        } else {
            print(information);
        }
    }));
}

/// [`examine`], where a panic is one of the things that must not be.
///
/// # Errors
/// What does not hold.
pub(crate) fn judge(case: &Case, folder: &Path) -> Result<Verdict, String> {
    JUDGING.set(true);
    let judged = catch_unwind(AssertUnwindSafe(|| examine(case, folder)));
    JUDGING.set(false);
    judged.unwrap_or_else(|_| Err(PANIC.with_borrow_mut(std::mem::take)))
}

/// Reads a case as `case.toml` in a folder, which may hold files that it extends, and says whether it is accepted.
///
/// # Errors
/// What does not hold.
pub(crate) fn examine(case: &Case, folder: &Path) -> Result<Verdict, String> {
    let path = folder.join("case.toml");
    fs::write(&path, &case.file).map_err(|error| format!("the case cannot be written: {error}"))?;
    let tree = Tree::load_with(&path, case.profile.as_deref(), case.variables.clone(), &case.sets);
    match resolve(tree, folder) {
        Ok(text) => again(&text, folder).map(|()| Verdict::Accepted),
        Err(problems) => check_problems(&problems).map(|()| Verdict::Refused),
    }
}

/// The experiment with every default filled in, as `gfn resolve` prints it.
pub(super) fn resolve(tree: Result<Tree, Problems>, base: &Path) -> Result<String, Problems> {
    let experiment = Experiment::read(tree?, base.to_path_buf())?;
    let parts = assemble(&experiment)?;
    let table = experiment.to_table(parts.loss.needs());
    let commented = with_origins(&table, &experiment.tree, &[("gfn", "this program")]);
    assert_eq!(
        commented.parse::<toml::Table>().ok().as_ref(),
        Some(&table),
        "comments change nothing:\n{commented}"
    );
    Ok(toml::to_string(&table).expect("an experiment is a table of plain values"))
}

/// What was written out is read again, from elsewhere.
fn again(text: &str, folder: &Path) -> Result<(), String> {
    let elsewhere: PathBuf = folder.join("elsewhere");
    let name = elsewhere.join("resolved.toml");
    match resolve(Tree::parse(&name.to_string_lossy(), text), &elsewhere) {
        Ok(second) if second == text => Ok(()),
        Ok(second) => Err(format!(
            "resolved twice it is another file:\n{text}\n--- then ---\n{second}"
        )),
        Err(problems) => Err(format!("accepted, but not when written out:\n{text}\n{problems}")),
    }
}

fn check_problems(problems: &Problems) -> Result<(), String> {
    if problems.is_empty() {
        return Err("refused without a reason".into());
    }
    problems.iter().try_for_each(|problem| {
        check_place(problem, problems.sources())
            .and_then(|()| check_message(problem))
            .map_err(|wrong| format!("{wrong}: {problem:?}"))
    })?;
    let text = problems.to_string();
    if text.len() > TEXT_LIMIT {
        return Err(format!("{} bytes are shown", text.len()));
    }
    match text
        .chars()
        .find(|&letter| letter != '\n' && moves_the_cursor(letter))
    {
        Some(letter) => Err(format!("{letter:?} is shown: {text:?}")),
        None => Ok(()),
    }
}

fn check_place(problem: &Problem, sources: &Sources) -> Result<(), String> {
    let origin = problem.origin.as_ref().ok_or("a refusal has no place")?;
    let source = sources.get(origin.source).ok_or("its source is unknown")?;
    if origin.is_whole() {
        let message = problem.message.replace(&folder_of(&source.name), "");
        return match OF_WHOLE_FILES.iter().any(|start| message.starts_with(start)) {
            true => Ok(()),
            false => Err("a refusal names a file and no line".into()),
        };
    }
    match source.text.get(origin.span.clone()) {
        Some("") | None => Err("its place is none in the text".into()),
        Some(_) => Ok(()),
    }
}

/// The folder of a path as messages spell it, with the slash.
fn folder_of(name: &str) -> String {
    name.rsplit_once('/')
        .map_or(String::new(), |(folder, _)| format!("{folder}/"))
}

fn check_message(problem: &Problem) -> Result<(), String> {
    let help = problem.help.as_deref().unwrap_or("none");
    for text in [problem.message.as_str(), help] {
        if text.trim().is_empty() {
            return Err("it says nothing".into());
        }
        if text.chars().count() > MESSAGE_LIMIT {
            return Err(format!("a message of {} bytes", text.len()));
        }
        if text.contains(['\n', '\r']) {
            return Err("a message of several lines".into());
        }
    }
    Ok(())
}

/// Control characters, and those that turn the direction of writing.
fn moves_the_cursor(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
