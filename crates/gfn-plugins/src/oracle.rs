//! Rewards of plugins, wherever they run.

use crate::batch::{Batch, Scores};
use crate::description::{Description, Kind};
use crate::error::PluginError;
use crate::inline::{Apart, Inline};
use crate::native::Reward;
use crate::opened::{self, Opened};
use crate::options::{Isolation, Options, Report};
use crate::regions::not_announced;

/// A plugin's reward, ready to score; it may be shared by threads.
pub struct Oracle {
    name: String,
    place: Place,
}

enum Place {
    Process(Box<Opened>),
    Inline(Apart),
}

/// What a plugin says of itself. A confined process is started for it, asked, and ended; nothing of the plugin runs in this
/// one, whatever `options` say of its isolation (but on systems without such processes).
///
/// # Errors
/// Where the plugin cannot be read or started, or its description is wrong.
pub fn describe(options: &Options) -> Result<Description, PluginError> {
    opened::describe(options.clone())
}

/// Opens a plugin's reward.
///
/// # Errors
/// [`PluginError::BadParameters`] where the plugin refuses its parameters; others where it cannot be read or started, is
/// not the library that was expected, or is no reward.
pub fn open_reward(options: Options) -> Result<Oracle, PluginError> {
    let name = options.name.clone();
    let place = match options.isolation {
        Isolation::Inline => {
            let stop = options.stop.clone();
            let inline = Inline::open(options, Kind::Reward, Reward::new)?;
            let no_thread = |error: std::io::Error| PluginError::Unsuitable {
                plugin: name.clone(),
                message: format!("has no thread to run on: {error}"),
            };
            Place::Inline(Apart::new(inline, stop).map_err(no_thread)?)
        }
        Isolation::Process => Place::Process(Box::new(Opened::new(options, Kind::Reward)?)),
    };
    Ok(Oracle { name, place })
}

impl Oracle {
    /// What the plugin says of itself.
    pub fn description(&self) -> &Description {
        match &self.place {
            Place::Process(opened) => &opened.description,
            Place::Inline(apart) => &apart.inline.description,
        }
    }

    /// The SHA-256 of the library that was loaded, in hexadecimal digits; none for a command.
    pub fn hash(&self) -> Option<&str> {
        match &self.place {
            Place::Process(opened) => opened.hash.as_deref(),
            Place::Inline(apart) => Some(&apart.inline.hash),
        }
    }

    /// What the kernel could do of its confinement.
    pub fn enforced(&self) -> &Report {
        match &self.place {
            Place::Process(opened) => &opened.report,
            Place::Inline(apart) => &apart.inline.report,
        }
    }

    /// How often processes of it were started again.
    pub fn restarts(&self) -> u32 {
        match &self.place {
            Place::Process(opened) => opened.restarts(),
            Place::Inline(_) => 0,
        }
    }

    /// Scores finished objects. Objects that the plugin cannot score, or dies of, are among the failures of the answer.
    ///
    /// # Errors
    /// Where nothing more can be asked of the plugin: it died too often, or cannot be started again.
    pub fn score(&self, batch: &Batch<'_>) -> Result<Scores, PluginError> {
        self.check(batch)?;
        let mut scores = match &self.place {
            Place::Process(opened) => opened.score(batch)?,
            Place::Inline(apart) => apart.score(batch)?,
        };
        if !self.description().can_be_zero {
            scores.refuse_zeros(not_announced);
        }
        Ok(scores)
    }

    fn check(&self, batch: &Batch<'_>) -> Result<(), PluginError> {
        let wanted = self.description().input;
        let problem = match batch {
            _ if batch.form() != wanted => format!("scores {wanted}, and was given {}", batch.form()),
            Batch::States { words, stride } if *stride == 0 || words.len() % stride != 0 => {
                format!(
                    "was given {} words, which are not whole objects of {stride} words",
                    words.len()
                )
            }
            _ => return Ok(()),
        };
        Err(PluginError::Unsuitable {
            plugin: self.name.clone(),
            message: problem,
        })
    }
}
