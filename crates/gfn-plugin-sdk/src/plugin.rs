//! What plugins of all kinds have in common: a description, parameters, and being made.

use std::fmt;
use std::sync::Arc;

use crate::json::Json;
use crate::parameters::Parameters;
use crate::{Error, abi};

/// What every plugin tells and how it is made; then it is a [`Reward`](crate::Reward), a
/// [`BatchReward`](crate::BatchReward), a [`Vocabulary`](crate::Vocabulary) or an [`Environment`](crate::Environment).
///
/// It is shared between threads, so what it changes while it works must be behind a lock.
pub trait Plugin: Sized + Send + Sync + 'static {
    /// What it can be told: [`parameters!`](crate::parameters!) declares them, and
    /// [`NoParameters`](crate::parameters::NoParameters) is none.
    type Parameters: Parameters;

    /// What it is.
    const DESCRIPTION: Description;

    /// Makes one.
    ///
    /// # Errors
    /// Whatever stands in the way; [`BadParameters`] where it is the parameters that do not go together.
    fn create(parameters: Self::Parameters, context: &Context) -> Result<Self, Error>;
}

/// What a plugin is.
///
/// ```
/// use gfn_plugin_sdk::Description;
/// const DESCRIPTION: Description = Description {
///     objects: &["molecule"],
///     ..Description::new("weight", env!("CARGO_PKG_VERSION"), "Prefers heavy molecules.")
/// };
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Description {
    /// What it is called: letters, digits and `-`.
    pub name: &'static str,
    /// Its own version: `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// One sentence for lists.
    pub summary: &'static str,
    /// An SPDX expression, or nothing.
    pub licence: &'static str,
    /// The kinds of objects that it understands, `"molecule"`, `"grid"` or others' names; none for any.
    pub objects: &'static [&'static str],
    /// Whether the same object always gets the same score.
    pub deterministic: bool,
    /// The most objects in a batch, 0 for any.
    pub max_batch: u64,
    /// Rewards: whether some object's reward may be 0, its logarithm minus infinity.
    pub can_be_zero: bool,
    /// Rewards: a reward (not its logarithm) that no object's exceeds.
    pub greatest: Option<f64>,
    /// Rewards: the reward from which an object counts as a mode.
    pub mode_threshold: Option<f64>,
    /// Whether it cannot work without a GPU.
    pub needs_gpu: bool,
}

impl Description {
    /// A deterministic plugin for any objects, with nothing else to tell.
    pub const fn new(name: &'static str, version: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            version,
            summary,
            licence: "",
            objects: &[],
            deterministic: true,
            max_batch: 0,
            can_be_zero: false,
            greatest: None,
            mode_threshold: None,
            needs_gpu: false,
        }
    }
}

/// What a plugin learns when it is made.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// For plugins that draw random numbers.
    pub seed: u64,
    /// What the finished objects are, where the host has some in mind.
    pub objects: Option<Objects>,
    /// Takes messages for the run's log.
    pub log: Log,
}

/// What finished objects are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objects {
    /// Cells of a grid: the first `dimensions` words of a state are coordinates in `0..height`.
    Grid {
        /// The number of coordinates.
        dimensions: usize,
        /// The number of values of a coordinate.
        height: usize,
    },
    /// Molecules, described by canonical SMILES.
    Molecule,
    /// What an environment calls its objects.
    Other(String),
}

impl Objects {
    /// Reads what the host says.
    ///
    /// # Errors
    /// What is missing in it.
    pub fn read(text: &str) -> Result<Self, String> {
        let json = Json::read(text)?;
        let number = |name: &str| {
            let number = json.member(name).and_then(Json::as_number);
            number.ok_or_else(|| format!("the host's objects have no `{name}`: {text}"))
        };
        match json.member("kind").and_then(Json::as_text) {
            Some("molecule") => Ok(Self::Molecule),
            Some("grid") => Ok(Self::Grid {
                dimensions: number("dimensions")?,
                height: number("height")?,
            }),
            Some(other) => Ok(Self::Other(other.into())),
            None => Err(format!("the host's objects have no `kind`: {text}")),
        }
    }
}

/// Where messages go: a level of [`abi`] and a text.
type Sink = dyn Fn(i32, &str) + Send + Sync;

/// Takes messages for the run's log; the default one drops them.
#[derive(Clone, Default)]
pub struct Log(Option<Arc<Sink>>);

impl Log {
    /// A log that hands levels ([`abi::LOG_ERROR`] to [`abi::LOG_DEBUG`]) and texts to `sink`.
    pub fn new(sink: impl Fn(i32, &str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(sink)))
    }

    fn write(&self, level: i32, text: &str) {
        if let Some(sink) = &self.0 {
            sink(level, text);
        }
    }

    /// Something went wrong.
    pub fn error(&self, text: &str) {
        self.write(abi::LOG_ERROR, text);
    }

    /// Something may be wrong.
    pub fn warning(&self, text: &str) {
        self.write(abi::LOG_WARNING, text);
    }

    /// Something that everybody may want to know.
    pub fn info(&self, text: &str) {
        self.write(abi::LOG_INFO, text);
    }

    /// Something for whoever looks for a fault.
    pub fn debug(&self, text: &str) {
        self.write(abi::LOG_DEBUG, text);
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Log" } else { "Log (none)" })
    }
}

/// Parameters that do not go together: `return Err(BadParameters::new("`least` is more than `most`").into())`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadParameters(String);

impl BadParameters {
    /// Says which parameters, and why.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for BadParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadParameters {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_told_apart() {
        let grid = Objects::read(r#"{"kind": "grid", "dimensions": 3, "height": 2}"#);
        assert_eq!(
            grid,
            Ok(Objects::Grid {
                dimensions: 3,
                height: 2
            })
        );
        assert_eq!(Objects::read(r#"{"kind": "molecule"}"#), Ok(Objects::Molecule));
        assert_eq!(
            Objects::read(r#"{"kind": "words"}"#),
            Ok(Objects::Other("words".into()))
        );
        assert!(
            Objects::read(r#"{"kind": "grid", "height": 2}"#)
                .unwrap_err()
                .contains("no `dimensions`")
        );
        assert!(Objects::read("{}").unwrap_err().contains("no `kind`"));
    }
}
