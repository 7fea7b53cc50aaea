//! Docking with AutoDock Vina, molecule by molecule.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use gfn_chem::canonical_of;
use gfn_core::reward::Repeats;
use gfn_core::{Cancel, Incident, ObjectKind, Objects, Remark, Reward, RewardError};
use gfn_docking::{Docker, DockingError, Outcome, Receptor, Request, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rewards a molecule by the energy with which AutoDock Vina docks it to a receptor.
///
/// Open Babel makes the molecule's structure and Vina places it, each in a process of its own; both must be installed, with
/// libfaketime, which makes Open Babel repeat itself (Debian and Ubuntu: `apt-get install openbabel autodock-vina faketime`). Cost:
/// two seconds of processor time for a small molecule at `exhaustiveness = 1`, minutes for a large one at 8. Equal molecules are docked
/// once a run, and once for all runs that name the same `cache_file`.
///
/// A receptor that Vina cannot read, or reads as something else than it is, is refused before the first molecule; where the first eight
/// all fail in the same way, the run stops. What the machine causes (memory, disk, a program that is missing or killed) is no
/// molecule's failure: the molecule is docked again, and then the run stops, saved up to there.
///
/// A molecule without a structure or a pose, one that takes longer than `timeout_seconds`, and one whose energy is not below 0, also
/// with another seed, has reward 0, and so have a salt, a single heavy atom, and a molecule with an element that Vina has no atom type
/// for, such as boron; `quarantine.jsonl` says which and why. So the reward needs a floor. For a seed, a molecule's energy depends
/// neither on the other molecules nor on how many are docked at a time.
///
/// `gfn dock RUN` docks the best molecules of a run that was trained on another reward.
///
/// Formula: R(x) = max(score(x), 0) / divide_by, score(x) = mean_score − (min(E(x), 0) − mean_energy) / energy_deviation, with the energy
/// E in kcal/mol. The defaults are those of Bengio et al. 2021: a score of 8 is an energy of −13 kcal/mol.
///
/// References: Trott & Olson 2010, "AutoDock Vina: improving the speed and accuracy of docking", doi 10.1002/jcc.21334; Eberhardt et al.
/// 2021, "AutoDock Vina 1.2.0", doi 10.1021/acs.jcim.1c00203; O'Boyle et al. 2011, "Open Babel: an open chemical toolbox", doi
/// 10.1186/1758-2946-3-33; Bengio et al. 2021, arXiv 2106.04399 (scores).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The receptor, a PDBQT file; a relative path starts from the file that names it.
    #[schemars(example = "seh/seh_4jnc_receptor.pdbqt")]
    pub receptor: String,
    /// The sha256 of that file in 64 hexadecimal digits; with another file, nothing is run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        extend("pattern" = "^[0-9a-fA-F]{64}$"),
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub sha256: Option<String>,
    /// The center of the box in which poses are sought: x, y, z. The default fits the receptor of Bengio et al. 2021, sEH (4JNC).
    #[serde(default = "seh_center")]
    #[schemars(extend("x-unit" = "ångström"))]
    pub center: [f64; 3],
    /// The edges of that box.
    #[serde(default = "seh_size")]
    #[schemars(
        inner(range(min = 0.1, max = 200.0)),
        extend("x-unit" = "ångström")
    )]
    pub size: [f64; 3],
    /// How many searches Vina makes for a molecule: the time grows with it, and how sure an energy is.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1024), extend("x-unit" = "searches"))]
    pub exhaustiveness: u32,
    /// The seed of Vina's random numbers. It is not the run's, so that runs with different seeds have the same reward.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub seed: u32,
    /// How many molecules are docked at a time, on a processor each; absent: as many as `hardware.reward_threads` says. No
    /// result depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024), extend("x-unit" = "processes"), example = 4)]
    pub jobs: Option<usize>,
    /// The longest that a molecule may take.
    #[serde(default = "five_minutes")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1e6, "x-unit" = "seconds"))]
    pub timeout_seconds: f64,
    /// A file that remembers energies, a line a molecule; a relative path starts from the file that names it. It lies beside that
    /// file, in a folder below, or in the user's cache (`GFN_CACHE`); elsewhere only where it is named on the command line. Runs may
    /// share one at the same time, also with other settings. Absent: a run remembers what it has docked until it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "seh/energies.jsonl")]
    pub cache_file: Option<String>,
    /// The energy of a molecule that scores `mean_score`.
    #[serde(default = "seh_mean")]
    #[schemars(extend("x-unit" = "kcal/mol"))]
    pub mean_energy: f64,
    /// How much lower the energy of a molecule is that scores 1 more.
    #[serde(default = "seh_deviation")]
    #[schemars(extend("exclusiveMinimum" = 0, "x-unit" = "kcal/mol"))]
    pub energy_deviation: f64,
    /// The score of a molecule of that energy.
    #[serde(default = "four")]
    #[schemars(extend("x-unit" = "score"))]
    pub mean_score: f64,
    /// What scores are divided by; the reward of a molecule that scores this is 1.
    #[serde(default = "eight")]
    #[schemars(extend("exclusiveMinimum" = 0, "x-unit" = "score"))]
    pub divide_by: f64,
}

/// The box of the 2021 paper's docking to sEH.
fn seh_center() -> [f64; 3] {
    [-13.4, 26.3, -13.3]
}

fn seh_size() -> [f64; 3] {
    [20.013, 16.3, 18.5]
}

fn one() -> u32 {
    1
}

fn five_minutes() -> f64 {
    300.0
}

/// The mean and the standard deviation of the energies of that paper's data.
fn seh_mean() -> f64 {
    -8.6
}

fn seh_deviation() -> f64 {
    1.1
}

fn four() -> f64 {
    4.0
}

fn eight() -> f64 {
    8.0
}

/// Whether a file is there and remembers energies.
pub fn is_cache(path: &Path) -> bool {
    gfn_docking::is_cache(path)
}

/// Makes sure that a file may remember energies.
///
/// # Errors
/// Where it is there and is something else.
pub fn check_cache(path: &Path) -> Result<(), String> {
    gfn_docking::check_cache(path).map_err(|error| error.to_string())
}

/// Begins the file that remembers energies, where the parameters name one.
///
/// # Errors
/// Where it cannot be written, or is there and holds something else.
pub fn begin_cache(path: &Path) -> Result<(), String> {
    gfn_docking::begin_cache(path).map_err(|error| error.to_string())
}

impl Params {
    /// All defaults, with this receptor.
    pub fn with_receptor(receptor: String) -> Self {
        Self {
            receptor,
            sha256: None,
            center: seh_center(),
            size: seh_size(),
            exhaustiveness: one(),
            seed: one(),
            jobs: None,
            timeout_seconds: five_minutes(),
            cache_file: None,
            mean_energy: seh_mean(),
            energy_deviation: seh_deviation(),
            mean_score: four(),
            divide_by: eight(),
        }
    }

    /// The score of an energy.
    pub fn score(&self, energy: f64) -> f64 {
        self.mean_score - (energy.min(0.0) - self.mean_energy) / self.energy_deviation
    }

    /// The receptor that these parameters name, whose box must hold something of it.
    ///
    /// # Errors
    /// [`DockingError`] names the file, what is wrong with it and what to do; or a sentence about the box.
    pub fn receptor(&self) -> Result<Receptor, String> {
        let receptor = Receptor::load(Path::new(&self.receptor), self.sha256.as_deref())
            .map_err(|error| format!("`reward.receptor` names no receptor: {error}"))?;
        match self.beside(&receptor) {
            None => Ok(receptor),
            Some(message) => Err(format!("`reward.center` is {}: {message}", numbers(self.center))),
        }
    }

    /// What is wrong with the box, where no atom of the receptor lies in it; completes a sentence about its center.
    pub fn beside(&self, receptor: &Receptor) -> Option<String> {
        let [x, y, z] = receptor
            .extent()
            .map(|[low, high]| format!("{low:.1} to {high:.1}"));
        (!receptor.reaches(self.center, self.size)).then(|| {
            format!(
                "no atom of the receptor lies in a box of {} ångström around it; its atoms are at x {x}, y {y}, z {z}",
                numbers(self.size)
            )
        })
    }

    /// How to dock, with `threads` molecules at a time unless the parameters say how many.
    pub fn settings(&self, threads: usize) -> Settings {
        Settings {
            center: self.center,
            size: self.size,
            exhaustiveness: self.exhaustiveness,
            seed: self.seed,
            timeout: Duration::from_secs_f64(self.timeout_seconds),
            jobs: NonZeroUsize::new(self.jobs.unwrap_or(threads)).unwrap_or(NonZeroUsize::MIN),
            cache: self.cache_file.as_ref().map(PathBuf::from),
        }
    }
}

/// Three numbers as they are typed.
fn numbers(values: [f64; 3]) -> String {
    values.map(|value| value.to_string()).join(" ")
}

/// The reward; [`Params`] says what it is.
#[derive(Debug)]
pub struct DockingReward {
    params: Params,
    settings: Settings,
    receptor: Receptor,
    /// Opened when it is first needed: checking an experiment starts no program.
    docker: OnceLock<Docker>,
    cancel: Cancel,
    incidents: Mutex<Vec<Incident>>,
}

impl DockingReward {
    /// The reward, which docks `threads` molecules at a time unless its parameters say how many, and none once `cancel` asks
    /// for a stop.
    ///
    /// # Errors
    /// Where the receptor or the file of energies cannot be used: a sentence that begins with the setting.
    pub fn new(params: &Params, threads: usize, cancel: &Cancel) -> Result<Self, String> {
        if let Some(path) = &params.cache_file {
            gfn_docking::check_cache(Path::new(path))
                .map_err(|error| format!("`reward.cache_file` cannot remember energies: {error}"))?;
        }
        Ok(Self {
            settings: params.settings(threads),
            receptor: params.receptor()?,
            params: params.clone(),
            docker: OnceLock::new(),
            cancel: cancel.clone(),
            incidents: Mutex::default(),
        })
    }

    fn docker(&self) -> Result<&Docker, DockingError> {
        if let Some(docker) = self.docker.get() {
            return Ok(docker);
        }
        let stop = || self.cancel.is_asked();
        let docker = Docker::new(self.settings.clone(), self.receptor.clone(), &stop)?;
        Ok(self.docker.get_or_init(|| docker))
    }

    fn log_reward_of(&self, outcome: &Outcome) -> f64 {
        let score = outcome.energy().map(|energy| self.params.score(energy));
        (score.unwrap_or(0.0).max(0.0) / self.params.divide_by).ln()
    }
}

/// What went wrong with docking before the first molecule, as a reward says it.
fn failed(error: DockingError) -> RewardError {
    match error {
        DockingError::Stopped => RewardError::Stopped,
        error => RewardError::Failed(error.to_string()),
    }
}

/// What went wrong on the way. A run that has begun is saved up to there, and can be resumed once the machine is well.
fn interrupted(error: DockingError) -> RewardError {
    match error {
        DockingError::Stopped => RewardError::Stopped,
        DockingError::Alike { .. } => RewardError::SetUp(format!("`reward.kind = \"docking\"`: {error}")),
        other => RewardError::Plugin(format!("the reward `docking`: {other}")),
    }
}

impl Reward for DockingReward {
    fn accepts(&self, kind: &ObjectKind) -> Result<(), String> {
        crate::seh_proxy::accepts(kind)
    }

    fn prepare(&self) -> Result<(), RewardError> {
        self.docker().map(|_| ()).map_err(failed)
    }

    fn log_reward(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
        self.dock(objects, false, log_reward)
    }

    fn heeds_stops(&self) -> bool {
        true
    }

    fn repeats(&self) -> Repeats {
        Repeats::Costly
    }

    fn score_again(&self, objects: &Objects<'_>, log_reward: &mut [f64]) -> Result<(), RewardError> {
        self.dock(objects, true, log_reward)
    }

    fn mode_threshold(&self) -> Option<f64> {
        Some(crate::seh_proxy::MODE_SCORE / self.params.divide_by)
    }

    fn can_be_zero(&self) -> bool {
        true
    }

    fn provenance(&self) -> Vec<(String, String)> {
        self.docker.get().map(Docker::provenance).unwrap_or_default()
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn remarks(&self) -> Vec<Remark> {
        let warnings = self.receptor.warnings().into_iter();
        warnings
            .map(|warning| Remark::new("receptor", format!("`reward.receptor`: {warning}")))
            .collect()
    }

    fn incidents(&self) -> Vec<Incident> {
        std::mem::take(&mut *self.incidents.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl DockingReward {
    /// Docks objects; `again`, although their energies are remembered.
    fn dock(&self, objects: &Objects<'_>, again: bool, log_reward: &mut [f64]) -> Result<(), RewardError> {
        // Another environment than ours may write a molecule in many ways.
        let canonical = |text: String| canonical_of(&text).unwrap_or(text);
        let smiles: Vec<String> = (0..objects.len())
            .map(|index| canonical(objects.describe(index)))
            .collect();
        let mut requests: Vec<Request> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for smiles in &smiles {
            places.entry(smiles).or_insert_with(|| {
                let (smiles, pose) = (smiles.clone(), None);
                requests.push(Request { smiles, pose, again });
                requests.len() - 1
            });
        }
        let docker = self.docker().map_err(failed)?;
        let stop = || self.cancel.is_asked();
        let outcomes = docker.dock(&requests, &stop, &|_, _| ()).map_err(interrupted)?;
        let done: Option<Vec<Outcome>> = outcomes.into_iter().collect();
        let outcomes = done.ok_or(RewardError::Stopped)?;
        for (smiles, value) in smiles.iter().zip(log_reward) {
            *value = self.log_reward_of(&outcomes[places[smiles.as_str()]]);
        }
        let failures = requests
            .into_iter()
            .zip(outcomes)
            .filter_map(|(request, outcome)| match outcome {
                Outcome::Failed(reason) => Some(Incident {
                    object: request.smiles,
                    reason,
                    answer: "reward 0",
                }),
                Outcome::Energy(_) => None,
            });
        let mut incidents = self.incidents.lock().unwrap_or_else(PoisonError::into_inner);
        incidents.extend(failures);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_the_papers() {
        let params = Params::with_receptor(String::new());
        for (energy, score) in [
            (-8.6, 4.0),
            (-13.0, 8.0),
            (0.0, -3.818_181_818_181_818),
            (5.0, params.score(0.0)),
        ] {
            assert!(
                (params.score(energy) - score).abs() < 1e-12,
                "{energy}: {}",
                params.score(energy)
            );
        }
    }

    #[test]
    fn what_is_left_out_is_the_default() {
        let read: Params = serde_json::from_str("{\"receptor\": \"r.pdbqt\"}").unwrap();
        assert_eq!(read, Params::with_receptor("r.pdbqt".into()));
    }
}
