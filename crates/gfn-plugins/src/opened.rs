//! A plugin that has been started in processes of its own, with an instance in each.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use crate::batch::{Batch, Scores};
use crate::description::{Description, Kind};
use crate::environment::{Call, EnvironmentSpec, Place};
use crate::error::{Output, PluginError, cleaned, cut};
use crate::granted::Granted;
use crate::image::Image;
use crate::options::{Options, Program, Report};
use crate::parameters::complete;
use crate::policy::{self, Trouble};
use crate::process::{Blueprint, ProcessSlot, seal};
use crate::protocol::{Reply, Request};
use crate::sharing::{joined, most_in_a_call, shared};

/// A plugin's processes.
pub(crate) struct Opened {
    pub(crate) description: Description,
    pub(crate) report: Report,
    /// Of the library.
    pub(crate) hash: Option<String>,
    blueprint: Arc<Blueprint>,
    seats: Vec<Mutex<ProcessSlot>>,
    /// Whose turn it is where all are busy.
    turn: AtomicUsize,
}

/// What a plugin says of itself.
pub(crate) fn describe(mut options: Options) -> Result<Description, PluginError> {
    // A process that is only asked needs none of the rights that it may have later.
    options.confinement.write.clear();
    let (blueprint, _) = blueprint(options, Kind::Reward)?;
    Ok(ProcessSlot::new(Arc::new(blueprint)).fill()?.description)
}

impl Opened {
    /// Starts a plugin, with an instance of that kind in every process.
    pub(crate) fn new(options: Options, kind: Kind) -> Result<Self, PluginError> {
        let (workers, given) = (options.workers.max(1), options.parameters.clone());
        let (blueprint, hash) = blueprint(options, kind)?;
        let blueprint = Arc::new(blueprint);
        let mut seats: Vec<ProcessSlot> = (0..workers)
            .map(|_| ProcessSlot::new(Arc::clone(&blueprint)))
            .collect();
        let hello = seats[0].fill()?;
        let name = &blueprint.options.name;
        let parameters = complete(name, &hello.description, kind, &given)?;
        let _ = blueprint.parameters.set(parameters);
        fill_all(&mut seats)?;
        let (description, report) = (hello.description, hello.report);
        Ok(Self {
            description,
            report,
            hash,
            blueprint,
            seats: seats.into_iter().map(Mutex::new).collect(),
            turn: AtomicUsize::new(0),
        })
    }

    /// How often processes were started again.
    pub(crate) fn restarts(&self) -> u32 {
        self.blueprint.restarts.load(Ordering::Relaxed)
    }

    /// Scores a batch, shared among the processes.
    pub(crate) fn score(&self, batch: &Batch<'_>) -> Result<Scores, PluginError> {
        // Always in the same order, so that two callers do not wait for one another.
        let mut locked: Vec<_> = self.seats.iter().map(lock).collect();
        let mut seats: Vec<&mut ProcessSlot> = locked.iter_mut().map(|seat| &mut **seat).collect();
        let most = most_in_a_call(&self.description);
        shared(batch, &mut seats, |seat, part| {
            policy::score_in_calls(&mut seat.scoring(part), part.len(), most)
        })
    }

    /// Asks an environment about many states.
    pub(crate) fn call(
        &self,
        spec: &EnvironmentSpec,
        call: &Call<'_>,
        place: &mut Place<'_>,
    ) -> Result<(), PluginError> {
        self.speak(|seat| seat.call(spec, call, place))
    }

    /// What a process answers that has nothing to do.
    pub(crate) fn ask(&self, request: &Request) -> Result<Reply, PluginError> {
        self.speak(|seat| seat.ask(request))
    }

    /// Speaks with a process that has nothing to do, and again if it dies of it.
    fn speak<T>(
        &self,
        mut speak: impl FnMut(&mut ProcessSlot) -> Result<T, Trouble>,
    ) -> Result<T, PluginError> {
        let mut seat = self.free_seat();
        let mut last = String::new();
        for _ in 0..2 {
            match speak(&mut seat) {
                Ok(answer) => return Ok(answer),
                Err(Trouble::Fatal(error)) => return Err(error),
                Err(Trouble::Refused(message)) => {
                    return Err(self.misbehaved(message, Output::default()));
                }
                Err(Trouble::Died(how)) => last = how,
            }
        }
        Err(self.misbehaved(format!("asked twice, it {last}"), seat.last_output()))
    }

    fn free_seat(&self) -> MutexGuard<'_, ProcessSlot> {
        let free = self.seats.iter().find_map(|seat| seat.try_lock().ok());
        let turn = || self.turn.fetch_add(1, Ordering::Relaxed) % self.seats.len();
        free.unwrap_or_else(|| lock(&self.seats[turn()]))
    }

    /// An error that says what the plugin did.
    pub(crate) fn misbehaved(&self, message: String, output: Output) -> PluginError {
        let (plugin, message) = (
            self.blueprint.options.name.clone(),
            cut(&cleaned(&message), 2_000),
        );
        PluginError::Misbehaved {
            plugin,
            message,
            output,
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // All at once: each is then waited for, and may take its time.
        self.seats.iter().for_each(|seat| lock(seat).say_close());
    }
}

fn lock(seat: &Mutex<ProcessSlot>) -> MutexGuard<'_, ProcessSlot> {
    seat.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What every process is started from, and the hash of the library.
pub(crate) fn blueprint(
    mut options: Options,
    kind: Kind,
) -> Result<(Blueprint, Option<String>), PluginError> {
    let granted = grant(&mut options)?;
    tell_unset(&options);
    let (mut library, mut hash) = (None, None);
    if let Program::Library { path, expected_hash } = &options.program {
        let image = Image::read(&options.name, path, expected_hash.as_deref())?;
        library = Some(image.sealed().map_err(PluginError::file(&options.name, path))?);
        hash = Some(image.hash().to_string());
    }
    let sealed = seal(&options.name, &options.program, &options.confinement)?;
    if let (Program::Command { words, folder, .. }, Some(sealed)) = (&mut options.program, &sealed) {
        words.clone_from(&sealed.words);
        folder.clone_from(&sealed.folder);
    }
    let (parameters, restarts) = (OnceLock::new(), Default::default());
    Ok((
        Blueprint {
            options,
            library,
            sealed,
            granted,
            kind,
            parameters,
            restarts,
        },
        hash,
    ))
}

/// Finds what lies at the paths that a plugin may read and write: rights to files that are not there would be lost without a
/// word. Links are not followed: what was approved is where they led then.
fn grant(options: &mut Options) -> Result<Vec<Granted>, PluginError> {
    let (name, allowed) = (&options.name, &mut options.confinement);
    let mut granted = Vec::new();
    for path in allowed.read.iter_mut().chain(&mut allowed.write) {
        let wrong = PluginError::file(name, path);
        let whole = std::path::absolute(&*path).unwrap_or_else(|_| path.clone());
        granted.push(Granted::new(&whole).map_err(wrong)?);
        *path = whole;
    }
    Ok(granted)
}

/// Tells which environment variables the plugin is to see and that are not there.
fn tell_unset(options: &Options) {
    for name in &options.confinement.env {
        if std::env::var_os(name).is_none() {
            (options.log)(&format!(
                "{}: `env` names the variable {name}, which is not set",
                options.name
            ));
        }
    }
}

/// Makes the instance in the first process, which runs already, and starts the others meanwhile.
fn fill_all(seats: &mut [ProcessSlot]) -> Result<(), PluginError> {
    std::thread::scope(|scope| {
        let Some((first, others)) = seats.split_first_mut() else {
            return Ok(());
        };
        let others: Vec<_> = others
            .iter_mut()
            .map(|seat| scope.spawn(|| seat.fill().map(drop)))
            .collect();
        let first = first.create();
        let others = others.into_iter().map(joined);
        std::iter::once(first).chain(others).collect()
    })
}
