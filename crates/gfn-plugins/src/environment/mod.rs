//! Environments of plugins, wherever they run.

mod call;
mod spec;

use crate::description::{Description, Kind};
use crate::error::{Output, PluginError, cut};
use crate::inline::Inline;
use crate::native::Environment;
use crate::opened::Opened;
use crate::options::{Isolation, Options, Report};
use crate::protocol::{Reply, Request};

pub(crate) use call::{Call, CallLayout, Place, Question};
pub use spec::{Actions, EnvironmentSpec};

/// The most bytes of a wrong answer that a message shows.
const LONGEST_SHOWN: usize = 100;

/// A plugin's environment, which is asked about many states at once; it may be shared by threads.
///
/// Its process is started again when it dies, and asked again: nothing of the environment's answers may depend on what it was
/// asked before. There is no finding out the state that it dies of; that is an error.
pub struct RemoteEnvironment {
    name: String,
    spec: EnvironmentSpec,
    host: Host,
}

enum Host {
    Process(Opened),
    Inline(Inline<Environment>),
}

/// Opens a plugin's environment.
///
/// # Errors
/// [`PluginError::BadParameters`] where the plugin refuses its parameters; others where it cannot be read or started, is
/// not the library that was expected, or is no environment.
pub fn open_environment(options: Options) -> Result<RemoteEnvironment, PluginError> {
    let name = options.name.clone();
    let host = match options.isolation {
        Isolation::Inline => Host::Inline(Inline::open(options, Kind::Environment, Environment::new)?),
        Isolation::Process => Host::Process(Opened::new(options, Kind::Environment)?),
    };
    let spec = match &host {
        Host::Inline(inline) => inline.spec()?,
        Host::Process(opened) => match opened.ask(&Request::Spec)? {
            Reply::Spec { spec } => spec,
            _ => {
                return Err(misbehaved(
                    &name,
                    "it answered something else than its spec".to_string(),
                ));
            }
        },
    };
    let spec = EnvironmentSpec::read(spec).map_err(|message| misbehaved(&name, message))?;
    Ok(RemoteEnvironment { name, spec, host })
}

fn misbehaved(plugin: &str, message: String) -> PluginError {
    PluginError::Misbehaved {
        plugin: plugin.to_string(),
        message,
        output: Output::default(),
    }
}

impl RemoteEnvironment {
    /// What is fixed about it.
    pub fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    /// What the plugin says of itself.
    pub fn description(&self) -> &Description {
        match &self.host {
            Host::Process(opened) => &opened.description,
            Host::Inline(inline) => &inline.description,
        }
    }

    /// The SHA-256 of the library that was loaded, in hexadecimal digits; none for a command.
    pub fn hash(&self) -> Option<&str> {
        match &self.host {
            Host::Process(opened) => opened.hash.as_deref(),
            Host::Inline(inline) => Some(&inline.hash),
        }
    }

    /// What the kernel could do of its confinement.
    pub fn enforced(&self) -> &Report {
        match &self.host {
            Host::Process(opened) => &opened.report,
            Host::Inline(inline) => &inline.report,
        }
    }

    /// How often processes of it were started again.
    pub fn restarts(&self) -> u32 {
        match &self.host {
            Host::Process(opened) => opened.restarts(),
            Host::Inline(_) => 0,
        }
    }

    /// Sets the bits of the actions that are legal in each of `states` (one after the other): action `a` of state `i` is bit
    /// `a % 64` of `bits[i * mask_words + a / 64]`, with the [`Actions::mask_words`] of the actions.
    ///
    /// # Errors
    /// Where the plugin failed, died twice, or answered nonsense; or where the slices do not fit together.
    pub fn forward_mask(&self, states: &[i32], bits: &mut [u64]) -> Result<(), PluginError> {
        let words = self.spec.actions.mask_words();
        self.masks(Question::ForwardMask, states, bits, words)
    }

    /// The same for backward actions.
    ///
    /// # Errors
    /// As for [`Self::forward_mask`].
    pub fn backward_mask(&self, states: &[i32], bits: &mut [u64]) -> Result<(), PluginError> {
        let words = self.spec.backward_actions.mask_words();
        self.masks(Question::BackwardMask, states, bits, words)
    }

    fn masks(
        &self,
        question: Question,
        states: &[i32],
        bits: &mut [u64],
        words: usize,
    ) -> Result<(), PluginError> {
        let count = self.count(states)?;
        self.fits(bits.len() == count * words)?;
        self.call(
            &Call {
                question,
                states,
                actions: &[],
            },
            &mut Place::Bits(bits),
        )
    }

    /// Takes an action in each of `states`: writes the next states, and the backward actions that undo them.
    ///
    /// # Errors
    /// As for [`Self::forward_mask`].
    pub fn step(
        &self,
        states: &[i32],
        actions: &[u32],
        next: &mut [i32],
        backward: &mut [u32],
    ) -> Result<(), PluginError> {
        let call = Call {
            question: Question::Step,
            states,
            actions,
        };
        self.moves(&call, next, backward)
    }

    /// Takes a backward action in each of `states`: writes the states before, and the actions that redo them.
    ///
    /// # Errors
    /// As for [`Self::forward_mask`].
    pub fn undo(
        &self,
        states: &[i32],
        backward: &[u32],
        previous: &mut [i32],
        actions: &mut [u32],
    ) -> Result<(), PluginError> {
        let call = Call {
            question: Question::Undo,
            states,
            actions: backward,
        };
        self.moves(&call, previous, actions)
    }

    fn moves(&self, call: &Call<'_>, states: &mut [i32], reverse: &mut [u32]) -> Result<(), PluginError> {
        let count = self.count(call.states)?;
        self.fits(
            call.actions.len() == count && reverse.len() == count && states.len() == call.states.len(),
        )?;
        self.call(call, &mut Place::Moved { states, reverse })
    }

    /// Writes what a network sees of each of `states`: [`EnvironmentSpec::features`] numbers.
    ///
    /// # Errors
    /// As for [`Self::forward_mask`].
    pub fn observe(&self, states: &[i32], features: &mut [f32]) -> Result<(), PluginError> {
        let count = self.count(states)?;
        self.fits(features.len() == count * self.spec.features)?;
        let call = Call {
            question: Question::Observe,
            states,
            actions: &[],
        };
        self.call(&call, &mut Place::Features(features))
    }

    /// A finished state in words, on one line.
    ///
    /// # Errors
    /// As for [`Self::forward_mask`].
    pub fn describe(&self, state: &[i32]) -> Result<String, PluginError> {
        self.fits(state.len() == self.spec.state_words())?;
        let text = match &self.host {
            Host::Inline(inline) => inline.describe(state)?,
            Host::Process(opened) => match opened.ask(&Request::Describe {
                state: state.to_vec(),
            })? {
                Reply::Text { text } => text,
                _ => {
                    return Err(misbehaved(
                        &self.name,
                        "it answered something else than a text".to_string(),
                    ));
                }
            },
        };
        // It goes into files with a line for each object, and to terminals.
        match text.chars().any(char::is_control) {
            true => Err(misbehaved(
                &self.name,
                format!(
                    "`describe` must give one line without control characters, not {}",
                    cut(&format!("{text:?}"), LONGEST_SHOWN)
                ),
            )),
            false => Ok(text),
        }
    }

    fn call(&self, call: &Call<'_>, place: &mut Place<'_>) -> Result<(), PluginError> {
        if call.states.is_empty() {
            return Ok(());
        }
        match &self.host {
            Host::Process(opened) => opened.call(&self.spec, call, place),
            Host::Inline(inline) => inline.call(&self.spec, call, place),
        }
    }

    fn count(&self, states: &[i32]) -> Result<usize, PluginError> {
        let words = self.spec.state_words();
        self.fits(states.len().is_multiple_of(words))
            .map(|()| states.len() / words)
    }

    fn fits(&self, fits: bool) -> Result<(), PluginError> {
        let message = "was given arrays of lengths that do not fit together".to_string();
        match fits {
            true => Ok(()),
            false => Err(PluginError::Unsuitable {
                plugin: self.name.clone(),
                message,
            }),
        }
    }
}
