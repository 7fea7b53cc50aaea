//! What is to be done next: read off the sweep's folder, decided from what lies there, and claimed.
//!
//! Any number of processes look at one folder. Each works out the same way what is open, claims a trial as one claims a run's
//! folder ([`gfn_record::lock`]), and does it. A decision, such as the values of a setting that depends on results, is published
//! under a name that only one process can take; the others then find it there and go by it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gfn_record::folder::FolderError;
use gfn_record::lock::{Holder, Writer};
use gfn_record::sweep::{Promotion, Seen, Setting, SweepFolder, Trial, TrialView, names, publish};
use gfn_search::Point;

use crate::plan::Plan;
use crate::results::{self, Standing};
use crate::{SweepError, points};

/// A sweep's folder, with what is known of it.
pub struct Board {
    /// What the sweep is.
    pub plan: Plan,
    /// Where it is.
    pub folder: SweepFolder,
    /// Take over trials that a process on another machine did not say it left.
    pub takeover: bool,
    settings: Vec<Setting>,
    /// Trials that ended: nothing about them changes any more.
    ended: BTreeMap<u64, TrialView>,
}

/// The right to train a trial.
pub struct Claim {
    /// What the trial is.
    pub trial: Trial,
    /// Its folder.
    pub folder: PathBuf,
    /// The update at which it is compared with others; none where it runs to its end.
    pub until: Option<u64>,
    /// Attempts that failed before.
    pub failures: u64,
    pub(crate) takeover: bool,
    pub(crate) sweep: SweepFolder,
    pub(crate) point: Point,
    pub(crate) writer: Writer,
}

/// What a process that is free to work finds.
pub enum Next {
    /// A trial, which is now its own.
    Work(Box<Claim>),
    /// Nothing now; others are at work on what is left.
    Wait {
        /// The trials of processes that cannot be asked from here whether they still run.
        elsewhere: Vec<(u64, Holder)>,
        /// How many trials processes of this machine have.
        here: usize,
    },
    /// All is done.
    Done,
    /// The sweep was cancelled.
    Cancelled,
    /// Too many trials failed.
    TooManyFailures(u64),
}

/// What became of an attempt to claim a trial.
enum ClaimOutcome {
    Ours(Box<Claim>),
    Closed,
    Held,
    Elsewhere(Holder),
}

impl Board {
    /// A sweep's folder, to work at.
    pub(crate) fn new(plan: Plan, folder: SweepFolder, takeover: bool) -> Self {
        Self {
            plan,
            folder,
            takeover,
            settings: Vec::new(),
            ended: BTreeMap::new(),
        }
    }

    /// All settings there will be, those of extensions included.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn all_settings(&self) -> Result<u64, FolderError> {
        Ok(self.plan.settings + self.folder.extended_by()?)
    }

    /// How each setting that was chosen stands.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn standings(&mut self) -> Result<Vec<Standing>, FolderError> {
        while let Some(setting) = self.folder.setting(self.settings.len() as u64)? {
            self.settings.push(setting);
        }
        let settings = self.settings.clone();
        settings
            .into_iter()
            .map(|setting| self.standing(setting))
            .collect()
    }

    fn standing(&mut self, setting: Setting) -> Result<Standing, FolderError> {
        let repeats = self.plan.seeds.len() as u64;
        let first = setting.setting * repeats;
        let trials: Result<_, _> = (first..first + repeats).map(|number| self.view(number)).collect();
        let until = match self.plan.rungs() {
            None => None,
            Some(rungs) => {
                let sent_on = self.folder.promotions(setting.setting)?;
                let target = sent_on
                    .iter()
                    .map(|promotion| promotion.to)
                    .max()
                    .unwrap_or(rungs[0]);
                Some(target).filter(|target| Some(target) != rungs.last())
            }
        };
        Ok(Standing {
            setting,
            trials: trials?,
            until,
        })
    }

    fn view(&mut self, number: u64) -> Result<Option<TrialView>, FolderError> {
        if let Some(view) = self.ended.get(&number) {
            return Ok(Some(view.clone()));
        }
        let view = self.folder.trial(number)?;
        if let Some(view) = view.as_ref().filter(|view| view.result.is_some()) {
            self.ended.insert(number, view.clone());
        }
        Ok(view)
    }

    /// What to do next; what has to be decided for that is.
    ///
    /// # Errors
    /// Where the folder cannot be read or written.
    pub fn claim_next(&mut self) -> Result<Next, SweepError> {
        loop {
            if self.folder.is_cancelled() {
                return Ok(Next::Cancelled);
            }
            let standings = self.standings()?;
            let failed = results::failures(&standings);
            if failed > self.plan.sweep.max_failures {
                return Ok(Next::TooManyFailures(failed));
            }
            if self.promote(&standings)? {
                continue;
            }
            let mut elsewhere = Vec::new();
            let (mut here, mut is_old) = (0, false);
            for (standing, repeat) in open(&standings) {
                match self.claim(standing, repeat)? {
                    ClaimOutcome::Ours(claim) => return Ok(Next::Work(claim)),
                    // What is known is out of date: there may be more to decide.
                    ClaimOutcome::Closed => is_old = true,
                    ClaimOutcome::Held => here += 1,
                    ClaimOutcome::Elsewhere(holder) => {
                        elsewhere.push((standing.first_trial() + repeat as u64, holder));
                    }
                }
            }
            if (standings.len() as u64) < self.all_settings()? {
                self.choose(&standings)?;
            } else if !is_old {
                let is_done = here == 0 && elsewhere.is_empty();
                return Ok(if is_done {
                    Next::Done
                } else {
                    Next::Wait { elsewhere, here }
                });
            }
        }
    }

    /// One trial, whether or not it is its turn.
    ///
    /// # Errors
    /// Where the folder cannot be read or written, or there is no such trial.
    pub fn take(&mut self, trial: u64) -> Result<Next, SweepError> {
        let repeats = self.plan.seeds.len() as u64;
        let setting = trial / repeats;
        if setting >= self.all_settings()? {
            return Err(SweepError::NoTrial(trial));
        }
        if self.folder.is_cancelled() {
            return Ok(Next::Cancelled);
        }
        let setting = self.chosen(setting)?;
        let standing = self.standing(setting)?;
        let repeat = (trial % repeats) as usize;
        if !standing.is_open(repeat) {
            return Ok(Next::Done);
        }
        let is_same = standing.trials[repeat]
            .as_ref()
            .is_some_and(|view| view.same.is_some());
        Ok(match self.claim(&standing, repeat)? {
            ClaimOutcome::Ours(claim) => Next::Work(claim),
            // Whoever trains its like trains it.
            ClaimOutcome::Held | ClaimOutcome::Elsewhere(_) if is_same => Next::Done,
            ClaimOutcome::Closed => Next::Done,
            ClaimOutcome::Held => Next::Wait {
                elsewhere: Vec::new(),
                here: 1,
            },
            ClaimOutcome::Elsewhere(holder) => Next::Wait {
                elsewhere: vec![(trial, holder)],
                here: 0,
            },
        })
    }

    /// A setting; it is chosen where it was not yet, after those before it if it depends on their results.
    fn chosen(&mut self, number: u64) -> Result<Setting, SweepError> {
        loop {
            if let Some(setting) = self.folder.setting(number)? {
                return Ok(setting);
            }
            match self.plan.point(number) {
                Some(point) => self.publish(number, &point, None)?,
                None => {
                    let standings = self.standings()?;
                    self.choose(&standings)?;
                }
            }
        }
    }

    /// Chooses the next setting, unless another process does so first.
    fn choose(&self, standings: &[Standing]) -> Result<(), SweepError> {
        let number = standings.len() as u64;
        let seen = self
            .plan
            .method
            .needs_results()
            .then(|| results::seen(&self.plan, standings));
        let observations = points::observations(&self.plan, standings, seen.as_deref().unwrap_or_default());
        let point = self
            .plan
            .method
            .point(&self.plan.space, self.plan.sweep.seed, number, &observations);
        let point = point.ok_or(SweepError::NoSetting(number))?;
        self.publish(number, &point, seen)
    }

    fn publish(&self, number: u64, point: &Point, seen: Option<Vec<Seen>>) -> Result<(), SweepError> {
        let setting = Setting {
            setting: number,
            values: self.plan.values(point),
            point: point.iter().map(|at| points::recorded(*at)).collect(),
            seen,
        };
        publish(&self.folder.setting_folder(number).join(names::SETTING), &setting)?;
        Ok(())
    }

    /// Sends on settings that did well enough; whether there were any.
    fn promote(&self, standings: &[Standing]) -> Result<bool, SweepError> {
        let mut any = false;
        for promotion in results::promotions(&self.plan, standings) {
            let Promotion { setting, to, .. } = promotion;
            let path = self
                .folder
                .setting_folder(setting)
                .join(format!("to-{to:06}.json"));
            publish(&path, &promotion)?;
            any = true;
        }
        Ok(any)
    }

    fn claim(&self, standing: &Standing, repeat: usize) -> Result<ClaimOutcome, SweepError> {
        let number = standing.first_trial() + repeat as u64;
        // What is to be trained for a trial that is the same as another is that one.
        let same = self.folder.same(number)?;
        let folder = self.folder.trial_folder(same.unwrap_or(number));
        let writer = match Writer::acquire(&folder, 0, self.takeover) {
            Ok(writer) => writer,
            Err(FolderError::Held { .. } | FolderError::Fenced { .. }) => return Ok(ClaimOutcome::Held),
            Err(FolderError::Elsewhere { holder, .. }) => return Ok(ClaimOutcome::Elsewhere(holder)),
            Err(error) => return Err(error.into()),
        };
        if same.is_none() {
            let trial = Trial {
                trial: number,
                setting: standing.setting.setting,
                repeat: repeat as u64,
                seed: self.plan.seeds[repeat],
                values: standing.setting.values.clone(),
            };
            publish(&folder.join(names::TRIAL), &trial)?;
        }
        // Until the claim was ours, another process may have done it, or found it to be the same as another.
        let view = self.folder.trial(number)?;
        let is_old = view.as_ref().is_some_and(|view| view.same != same);
        if is_old || !results::is_open(view.as_ref(), standing.until) {
            return Ok(ClaimOutcome::Closed);
        }
        let trial = match same {
            None => view.as_ref().map(|view| view.trial.clone()),
            Some(same) => self.folder.trial(same)?.map(|view| view.trial),
        };
        let trial = trial.ok_or(SweepError::NoTrial(number))?;
        let failures = view.map_or(0, |view| view.failures.len() as u64);
        let point = standing
            .setting
            .point
            .iter()
            .map(|at| points::coordinate(*at))
            .collect();
        Ok(ClaimOutcome::Ours(Box::new(Claim {
            trial,
            folder,
            until: standing.until,
            failures,
            takeover: self.takeover,
            sweep: self.folder.clone(),
            point,
            writer,
        })))
    }
}

/// The trials that are not where they are to go yet: those that are to go furthest first, since others are waiting to be
/// compared with them.
fn open(standings: &[Standing]) -> Vec<(&Standing, usize)> {
    let mut open: Vec<(&Standing, usize)> = standings
        .iter()
        .flat_map(|standing| (0..standing.trials.len()).map(move |repeat| (standing, repeat)))
        .filter(|(standing, repeat)| standing.is_open(*repeat))
        .collect();
    open.sort_by_key(|(standing, _)| std::cmp::Reverse(standing.until.unwrap_or(u64::MAX)));
    open
}
