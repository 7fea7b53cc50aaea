//! Many molecules, several at once.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::alike::{SetUpHealth, Verdict};
use crate::cache::Cache;
use crate::error::DockingError;
use crate::molecule::refusal;
use crate::programs::Programs;
use crate::receptor::Receptor;
use crate::single::{self, Attempt, Outcome};

/// How long to wait before a molecule is docked again that the machine got in the way of.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// How often a wait looks whether somebody asks to stop.
const SHORT: Duration = Duration::from_millis(20);

/// How to dock.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The box's center, in ångström.
    pub center: [f64; 3],
    /// The box's edges, in ångström.
    pub size: [f64; 3],
    /// How many searches vina makes for a molecule.
    pub exhaustiveness: u32,
    /// The seed of vina's random numbers, from 1; 0 would draw one.
    pub seed: u32,
    /// The longest that a molecule may take.
    pub timeout: Duration,
    /// How many molecules are docked at a time; no energy depends on it.
    pub jobs: NonZeroUsize,
    /// The file that remembers energies.
    pub cache: Option<PathBuf>,
}

/// A molecule to dock.
#[derive(Clone, Debug)]
pub struct Request {
    /// The molecule, written as it is to be remembered.
    pub smiles: String,
    /// Where its pose is to be written.
    pub pose: Option<PathBuf>,
    /// Docks it although its energy is remembered, and leaves what is remembered as it is.
    pub again: bool,
}

/// Docks molecules into one receptor.
#[derive(Debug)]
pub struct Docker {
    settings: Settings,
    receptor: Receptor,
    programs: Programs,
    cache: Mutex<Cache>,
    standing: Mutex<SetUpHealth>,
}

impl Docker {
    /// Finds the programs, and what the file of energies knows.
    ///
    /// # Errors
    /// [`DockingError::Stopped`] once `stop` says so; where a program is missing, the receptor and the box do not fit, or the file of energies cannot be used.
    pub fn new(
        settings: Settings,
        receptor: Receptor,
        stop: &dyn Fn() -> bool,
    ) -> Result<Self, DockingError> {
        let programs = Programs::find(stop)?;
        let key = key(&settings, &receptor, &programs);
        let cache = Cache::open(settings.cache.as_deref(), key)?;
        let standing = match cache.has_energies() {
            true => SetUpHealth::Works,
            false => SetUpHealth::Doubtful(Vec::new()),
        };
        Ok(Self {
            settings,
            receptor,
            programs,
            cache: Mutex::new(cache),
            standing: Mutex::new(standing),
        })
    }

    /// What energies depend on besides the settings, for the record: names and values.
    pub fn provenance(&self) -> Vec<(String, String)> {
        let tell = |name: &str, value: &str| (name.to_string(), value.to_string());
        vec![
            tell("receptor", self.receptor.sha256()),
            tell("vina", &self.programs.vina_version),
            tell("obabel", &self.programs.obabel_version),
        ]
    }

    /// Docks molecules, of which no two should be the same, and tells `each` of every one as it is done, in no particular
    /// order. A request is left without an outcome where `stop` said so before it was done.
    ///
    /// # Errors
    /// Where the machine gets in the way again and again, all molecules fail alike, or a file cannot be written. Molecules that were
    /// done are remembered.
    pub fn dock(
        &self,
        requests: &[Request],
        stop: &(dyn Fn() -> bool + Sync),
        each: &(dyn Fn(usize, &Outcome) + Sync),
    ) -> Result<Vec<Option<Outcome>>, DockingError> {
        self.cache().refresh()?;
        let outcomes = Mutex::new(vec![None; requests.len()]);
        let (next, failed, error) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(None));
        let work = || {
            while let Some(index) =
                Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < requests.len())
            {
                if failed.load(Ordering::Relaxed) {
                    return;
                }
                match self.one(&requests[index], &|| stop() || failed.load(Ordering::Relaxed)) {
                    Ok(Some(outcome)) => {
                        each(index, &outcome);
                        locked(&outcomes)[index] = Some(outcome);
                    }
                    Ok(None) => return,
                    Err(first) => {
                        failed.store(true, Ordering::Relaxed);
                        locked(&error).get_or_insert(first);
                        return;
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            // A child dies with the thread that started it: these threads wait for theirs.
            for _ in 0..self.settings.jobs.get().min(requests.len()) {
                scope.spawn(work);
            }
        });
        match error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    fn one(&self, request: &Request, stop: &dyn Fn() -> bool) -> Result<Option<Outcome>, DockingError> {
        let smiles = &request.smiles;
        // Before what is remembered, which may be what the programs said of it once.
        if let Some(reason) = refusal(smiles) {
            return Ok(Some(Outcome::Failed(reason)));
        }
        let is_kept = |pose: &Path| pose.is_file();
        let known = self.cache().get(smiles).cloned();
        let known = known.or_else(|| locked(&self.standing).failure(smiles).cloned());
        let known = known.filter(|_| !request.again);
        if let Some(known) = known
            && (known.energy().is_none() || request.pose.as_deref().is_none_or(is_kept))
        {
            self.judge(smiles, &known)?;
            return Ok(Some(known));
        }
        // What is remembered is answered all the same.
        if stop() {
            return Ok(None);
        }
        let Some(outcome) = self.attempt(request, stop)? else {
            return Ok(None);
        };
        if !request.again {
            self.judge(smiles, &outcome)?;
        }
        Ok(Some(outcome))
    }

    /// Docks a molecule, again where the machine got in the way.
    fn attempt(&self, request: &Request, stop: &dyn Fn() -> bool) -> Result<Option<Outcome>, DockingError> {
        let (programs, receptor, settings) = (&self.programs, &self.receptor, &self.settings);
        let (smiles, pose) = (&request.smiles, request.pose.as_deref());
        let mut pauses = PAUSES.into_iter();
        loop {
            let (reason, pause) = match single::dock(programs, receptor, settings, smiles, pose, stop) {
                Attempt::Done(outcome) => return Ok(Some(outcome)),
                Attempt::Stopped => return Ok(None),
                Attempt::Machine(reason) => (reason, pauses.next()),
                Attempt::Starved(reason) => (reason, None),
            };
            let Some(pause) = pause else {
                return Err(DockingError::Machine {
                    smiles: smiles.clone(),
                    reason,
                });
            };
            let until = Instant::now() + pause;
            while Instant::now() < until {
                if stop() {
                    return Ok(None);
                }
                std::thread::sleep(SHORT);
            }
        }
    }

    /// Remembers an outcome, unless it may be the set-up's fault.
    fn judge(&self, smiles: &str, outcome: &Outcome) -> Result<(), DockingError> {
        let verdict = locked(&self.standing).take(smiles, outcome);
        match verdict {
            Verdict::Alike(count, reason) => Err(DockingError::Alike { count, reason }),
            Verdict::Remember(outcomes) => {
                let mut cache = self.cache();
                for (smiles, outcome) in outcomes {
                    if cache.get(&smiles).is_none() {
                        cache.insert(&smiles, &outcome)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// How many molecules failed, all for one reason and none otherwise, before any was docked.
    pub fn doubt(&self) -> Option<DockingError> {
        let (count, reason) = locked(&self.standing).alike()?;
        Some(DockingError::Alike { count, reason })
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        locked(&self.cache)
    }
}

/// What a mutex holds, whatever happened to a thread that held it: what is in there is whole between any two steps.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A hash of everything besides the molecule that an outcome depends on; where a molecule took too long is such an outcome.
fn key(settings: &Settings, receptor: &Receptor, programs: &Programs) -> String {
    let Settings {
        center,
        size,
        exhaustiveness,
        seed,
        timeout,
        jobs: _,
        cache: _,
    } = settings;
    let (vina, obabel) = (&programs.vina_version, &programs.obabel_version);
    let receptor = receptor.sha256();
    let text = format!(
        "1|{receptor}|{center:?}|{size:?}|{exhaustiveness}|{seed}|{}|{vina}|{obabel}",
        timeout.as_secs_f64()
    );
    let hash = Sha256::digest(text.as_bytes());
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
