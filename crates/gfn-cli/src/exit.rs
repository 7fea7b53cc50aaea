//! What an error looks like, and what the process ends with.

use std::io::Write;

use gfn_cluster::ClusterError;
use gfn_config::Problems;
use gfn_record::folder::FolderError;
use gfn_runner::RunError;
use gfn_sweep::SweepError;

/// All went well.
pub(crate) const DONE: u8 = 0;
/// The run failed.
const FAILED: u8 = 1;
/// Two experiments are not the same.
const DIFFERENT: u8 = 1;
/// The experiment file or the command line is wrong.
pub(crate) const BAD_FILE: u8 = 2;

/// The run was asked to stop, is saved, and goes on with the same command: the system's `EX_TEMPFAIL`.
const SAVED: u8 = 75;
/// Another process writes the run's folder.
const FENCED: u8 = 76;
/// A plugin failed; the run is saved up to there, and goes on with the same command once the plugin is mended.
const PLUGIN: u8 = 77;

/// An error on its way out.
pub(crate) struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    /// A failure of the command line.
    pub(crate) fn usage(text: String) -> Self {
        Self {
            text: format!("error: {text}\n"),
            code: BAD_FILE,
        }
    }

    /// Files that are wrong, of which everything is said in `text`.
    pub(crate) fn refused(text: String) -> Self {
        Self { text, code: BAD_FILE }
    }

    /// A failure of the work.
    pub(crate) fn failed(text: impl std::fmt::Display) -> Self {
        Self {
            text: format!("error: {text}\n"),
            code: FAILED,
        }
    }

    /// A failure of the system at something: "cannot write `a.csv`: permission denied".
    pub(crate) fn system(action: impl std::fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::failed(format!("cannot {action}: {}", gfn_text::io_words(&error)))
    }

    /// Two things that were compared are not the same, which has been said.
    pub(crate) fn different() -> Self {
        Self {
            text: String::new(),
            code: DIFFERENT,
        }
    }

    /// The same failure of a command whose code 1 means something else.
    pub(crate) fn into_trouble(self) -> Self {
        Self {
            code: BAD_FILE,
            ..self
        }
    }

    /// A plugin did not do what it should.
    pub(crate) fn plugin(text: impl std::fmt::Display) -> Self {
        Self {
            code: PLUGIN,
            ..Self::failed(text)
        }
    }

    /// Another process does what was asked for.
    pub(crate) fn fenced(text: impl std::fmt::Display) -> Self {
        Self {
            code: FENCED,
            ..Self::failed(text)
        }
    }

    /// No failure, but no end either.
    pub(crate) fn saved(text: &str) -> Self {
        Self {
            text: format!("{text}\n"),
            code: SAVED,
        }
    }

    /// Tells it on standard error; returns the exit code.
    pub(crate) fn show(&self) -> u8 {
        let _ = gfn_text::stderr().write_all(self.text.as_bytes());
        self.code
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self {
            text: problems.to_string(),
            code: BAD_FILE,
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Experiment(problems) => (*problems).into(),
            other => Self {
                code: code_of(&other),
                ..Self::failed(other)
            },
        }
    }
}

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Experiment(problems) => (*problems).into(),
            SweepError::Another(_) | SweepError::Occupied(_) | SweepError::Grid | SweepError::NoTrial(_) => {
                Self {
                    code: BAD_FILE,
                    ..Self::failed(error)
                }
            }
            SweepError::Cluster(error @ ClusterError::Setting(_)) => Self {
                code: BAD_FILE,
                ..Self::failed(error)
            },
            SweepError::Folder(error) => RunError::from(error).into(),
            other => Self::failed(other),
        }
    }
}

fn code_of(error: &RunError) -> u8 {
    match error {
        RunError::Changed { .. } | RunError::TooFar { .. } | RunError::Folder(FolderError::Occupied(_)) => {
            BAD_FILE
        }
        RunError::Folder(
            FolderError::Held { .. }
            | FolderError::Elsewhere { .. }
            | FolderError::Fenced { .. }
            | FolderError::Gone(_),
        ) => FENCED,
        error if error.is_not_allowed() || error.is_of_the_set_up() => BAD_FILE,
        error if error.is_of_a_plugin() => PLUGIN,
        _ => FAILED,
    }
}
