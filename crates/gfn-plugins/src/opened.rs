//! A plugin that has been started in processes of its own, with an instance in each.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use serde_json::Value;

use crate::batch::{Batch, Scores};
use crate::description::{Description, Kind};
use crate::error::{Output, PluginError};
use crate::image::Image;
use crate::interpreter;
use crate::options::{Options, Program, Report};
use crate::parameters::{check, fill_in};
use crate::policy::{self, Trouble};
use crate::process::{Blueprint, Seat};
use crate::protocol::{Reply, Request};

/// A plugin's processes.
pub(crate) struct Opened {
    pub(crate) description: Description,
    pub(crate) report: Report,
    /// Of the library.
    pub(crate) hash: Option<String>,
    blueprint: Arc<Blueprint>,
    seats: Vec<Mutex<Seat>>,
    /// Whose turn it is where all are busy.
    turn: AtomicUsize,
}

/// What a plugin says of itself.
pub(crate) fn describe(mut options: Options) -> Result<Description, PluginError> {
    // A process that is only asked needs none of the rights that it may have later.
    options.confinement.write.clear();
    let (blueprint, _) = blueprint(options, Kind::Reward)?;
    Ok(Seat::new(Arc::new(blueprint)).fill()?.description)
}

impl Opened {
    /// Starts a plugin, with an instance of that kind in every process.
    pub(crate) fn new(options: Options, kind: Kind) -> Result<Self, PluginError> {
        let (workers, given) = (options.workers.max(1), options.parameters.clone());
        let (blueprint, hash) = blueprint(options, kind)?;
        let blueprint = Arc::new(blueprint);
        let mut seats: Vec<Seat> = (0..workers).map(|_| Seat::new(Arc::clone(&blueprint))).collect();
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
        let mut seats: Vec<&mut Seat> = locked.iter_mut().map(|seat| &mut **seat).collect();
        let most = most_in_a_call(&self.description);
        shared(batch, &mut seats, |seat, part| {
            policy::score_in_calls(&mut seat.scoring(part), part.len(), most)
        })
    }

    /// What a process answers that has nothing to do.
    pub(crate) fn ask(&self, request: &Request) -> Result<Reply, PluginError> {
        self.speak(|seat| seat.ask(request))
    }

    /// Speaks with a process that has nothing to do, and again if it dies of it.
    pub(crate) fn speak<T>(
        &self,
        mut speak: impl FnMut(&mut Seat) -> Result<T, Trouble>,
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

    fn free_seat(&self) -> MutexGuard<'_, Seat> {
        let free = self.seats.iter().find_map(|seat| seat.try_lock().ok());
        let turn = || self.turn.fetch_add(1, Ordering::Relaxed) % self.seats.len();
        free.unwrap_or_else(|| lock(&self.seats[turn()]))
    }

    /// An error that says what the plugin did.
    pub(crate) fn misbehaved(&self, message: String, output: Output) -> PluginError {
        PluginError::Misbehaved {
            plugin: self.blueprint.options.name.clone(),
            message,
            output,
        }
    }
}

fn lock(seat: &Mutex<Seat>) -> MutexGuard<'_, Seat> {
    seat.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The most objects in a call.
pub(crate) fn most_in_a_call(description: &Description) -> usize {
    match usize::try_from(description.max_batch) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(most) => most,
    }
}

/// What every process is started from, and the hash of the library.
pub(crate) fn blueprint(
    mut options: Options,
    kind: Kind,
) -> Result<(Blueprint, Option<String>), PluginError> {
    check_paths(&options)?;
    let (mut library, mut hash) = (None, None);
    if let Program::Library { path, expected_hash } = &options.program {
        let image = Image::read(&options.name, path, expected_hash.as_deref())?;
        library = Some(image.sealed().map_err(PluginError::file(&options.name, path))?);
        hash = Some(image.hash().to_string());
    }
    if let Program::Command { words, folder, .. } = &mut options.program {
        interpreter::resolve(words, folder);
    }
    let (parameters, restarts) = (OnceLock::new(), Default::default());
    Ok((
        Blueprint {
            options,
            library,
            kind,
            parameters,
            restarts,
        },
        hash,
    ))
}

/// Rights to files that are not there would be lost without a word.
fn check_paths(options: &Options) -> Result<(), PluginError> {
    let allowed = &options.confinement;
    for path in allowed.read.iter().chain(&allowed.write) {
        std::fs::metadata(path).map_err(PluginError::file(&options.name, path))?;
    }
    Ok(())
}

/// The parameters with the defaults of the plugin's schema, checked against it.
pub(crate) fn complete(
    plugin: &str,
    description: &Description,
    kind: Kind,
    given: &Value,
) -> Result<Value, PluginError> {
    let plugin = plugin.to_string();
    if !description.is(kind) {
        let kinds: Vec<String> = description.kinds.iter().map(Kind::to_string).collect();
        let message = format!(
            "is no {kind} but a {}; name it where that is wanted",
            kinds.join(" and a ")
        );
        return Err(PluginError::Unsuitable { plugin, message });
    }
    let parameters = fill_in(&description.parameters, given);
    match check(&description.parameters, &parameters) {
        Ok(()) => Ok(parameters),
        Err(message) => Err(PluginError::BadParameters { plugin, message }),
    }
}

/// Makes the instance in the first process, which runs already, and starts the others meanwhile.
fn fill_all(seats: &mut [Seat]) -> Result<(), PluginError> {
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

/// What a thread returned; a panic goes on here.
fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Shares a batch among workers, a stretch each; what is answered does not depend on how many there are.
pub(crate) fn shared<W: Send>(
    batch: &Batch<'_>,
    workers: &mut [W],
    score: impl Fn(&mut W, Batch<'_>) -> Result<Scores, PluginError> + Sync,
) -> Result<Scores, PluginError> {
    let stretch = batch.len().div_ceil(workers.len().max(1)).max(1);
    let starts = (0..batch.len()).step_by(stretch);
    let parts: Vec<_> = starts
        .map(|start| batch.part(start..(start + stretch).min(batch.len())))
        .collect();
    let score = &score;
    let mut answers = Vec::with_capacity(parts.len());
    match (&parts[..], workers.first_mut()) {
        ([part], Some(worker)) => answers.push(score(worker, *part)),
        _ => std::thread::scope(|scope| {
            let pairs = workers.iter_mut().zip(parts);
            let threads: Vec<_> = pairs
                .map(|(worker, part)| scope.spawn(move || score(worker, part)))
                .collect();
            answers.extend(threads.into_iter().map(joined));
        }),
    }
    let mut scores = Scores::default();
    for answer in answers {
        scores.append(answer?);
    }
    Ok(scores)
}
