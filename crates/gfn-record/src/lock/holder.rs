//! Who writes a run, and whether another process may.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::durable;
use crate::error::FolderError;
use crate::folder::SMALL;

pub(super) const RECORD: &str = "holder.json";

/// A process that writes a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its number; 0 if unknown.
    pub pid: u32,
    /// Its machine's name.
    pub host: String,
    /// What the machine calls this start of its system: another one after it was restarted.
    pub boot: String,
    /// What a cluster calls the job that it is a life of, where that is known: `GFN_JOB`, or Slurm's number of the job.
    #[serde(default)]
    pub job: Option<String>,
    /// How many lives that job had before, as Slurm counts them.
    #[serde(default)]
    pub life: u16,
    /// A random number that tells it from all others.
    #[serde(default)]
    pub nonce: u64,
    /// Whether it said that it writes no more.
    pub released: bool,
}

impl Holder {
    /// This process.
    pub(super) fn this() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_string();
        Self {
            pid: std::process::id(),
            host: read("/proc/sys/kernel/hostname"),
            boot: read("/proc/sys/kernel/random/boot_id"),
            job: job(|name| std::env::var(name).ok()),
            life: std::env::var("SLURM_RESTART_COUNT").map_or(0, |count| count.parse().unwrap_or(0)),
            nonce: RandomState::new().build_hasher().finish(),
            released: false,
        }
    }

    /// Who holds a generation; unknown where it was claimed a moment ago, or its process was killed in that moment.
    pub(super) fn of(claim: &Path) -> Option<Self> {
        let bytes = gfn_files::read(&claim.join(RECORD), SMALL).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Says in the folder of a generation who holds it.
    pub(super) fn record(&self, claim: &Path) -> Result<(), FolderError> {
        let text = serde_json::to_vec(self).expect("a holder is plain data");
        durable::write(&claim.join(".part"), &claim.join(RECORD), &text)
    }

    /// Whether it ran on the machine of `other`, as far as names tell.
    fn is_near(&self, other: &Self) -> bool {
        self.boot == other.boot || (self.host == other.host && self.host != "localhost")
    }

    /// Whether it was an earlier life of the same job: a cluster starts a job again only when it has given the last life up.
    /// That one may live on, on a node that was lost, and is not to take back what its next life has taken over.
    fn is_same_job(&self, this: &Self) -> bool {
        self.job.is_some() && self.job == this.job && self.life <= this.life
    }

    /// Whether it surely runs no more, or surely runs; none where that cannot be known from here.
    pub(super) fn runs(&self, this: &Self) -> Option<bool> {
        if self.released || !self.is_near(this) {
            return self.released.then_some(false);
        }
        let here = self.boot == this.boot;
        Some(here && Path::new("/proc").join(self.pid.to_string()).exists())
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            0 => write!(f, "another process"),
            pid => write!(f, "process {pid} on {}", self.host),
        }
    }
}

/// The job that this process belongs to.
fn job(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(job) = set("GFN_JOB") {
        return Some(job);
    }
    let cluster = set("SLURM_CLUSTER_NAME").unwrap_or_default();
    let number = match (set("SLURM_ARRAY_JOB_ID"), set("SLURM_ARRAY_TASK_ID")) {
        (Some(array), Some(task)) => format!("{array}_{task}"),
        _ => set("SLURM_JOB_ID")?,
    };
    // Tasks of one job live at the same time.
    let tasks = set("SLURM_NTASKS").filter(|tasks| tasks != "1");
    let task = tasks.and_then(|_| set("SLURM_PROCID"));
    let task = task.map_or_else(String::new, |task| format!(" task {task}"));
    Some(format!("slurm {cluster} {number}{task}"))
}

/// What the operating system says about the file `lock`.
pub(super) enum Lock {
    Ours(File),
    Busy,
    /// The file system has no locks.
    Missing,
}

impl Lock {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let file = gfn_files::append(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self::Ours(file)),
            Err(TryLockError::WouldBlock) => Ok(Self::Busy),
            Err(TryLockError::Error(_)) => Ok(Self::Missing),
        }
    }

    /// The file that holds the lock while it is open, if it is ours.
    pub(super) fn file(self) -> Option<File> {
        match self {
            Self::Ours(file) => Some(file),
            Self::Busy | Self::Missing => None,
        }
    }
}

/// Whether the folder may be claimed, given who claimed it last; otherwise who must be shown, and whether they are
/// elsewhere.
pub(super) fn may_claim(
    lock: &Lock,
    last: Option<&Holder>,
    this: &Holder,
    takeover: bool,
) -> Result<(), (Holder, bool)> {
    let Some(last) = last else {
        return match lock {
            Lock::Busy => Err((Holder::default(), false)),
            _ => Ok(()),
        };
    };
    let takeover = takeover || last.is_same_job(this);
    match (lock, last.runs(this)) {
        // On one machine the lock knows better than a process number, which another process may have by now.
        (Lock::Ours(_), Some(_)) | (Lock::Missing, Some(false)) => Ok(()),
        (Lock::Ours(_) | Lock::Missing, None) if !takeover => Err((last.clone(), true)),
        (Lock::Busy, None | Some(false)) if !takeover => Err((last.clone(), false)),
        (_, None | Some(false)) => Ok(()),
        (Lock::Busy | Lock::Missing, Some(true)) => Err((last.clone(), false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(host: &str, boot: &str) -> Holder {
        let (host, boot) = (host.to_string(), boot.to_string());
        // A number that no process has.
        Holder {
            pid: u32::MAX,
            host,
            boot,
            ..Holder::default()
        }
    }

    /// Whether it may be claimed when the lock is ours, busy, missing; without and with a takeover.
    fn answers(last: Option<&Holder>) -> [(bool, bool); 3] {
        let this = holder("here", "today");
        let lock = tempfile::tempfile().unwrap();
        let answer = |lock: &Lock, takeover| may_claim(lock, last, &this, takeover).is_ok();
        [Lock::Ours(lock), Lock::Busy, Lock::Missing].map(|lock| (answer(&lock, false), answer(&lock, true)))
    }

    #[test]
    fn who_may_claim() {
        const YES: (bool, bool) = (true, true);
        const NO: (bool, bool) = (false, false);
        const IF_TAKEN_OVER: (bool, bool) = (false, true);

        assert_eq!(answers(None), [YES, NO, YES]);
        let dead = holder("here", "today");
        assert_eq!(answers(Some(&dead)), [YES, IF_TAKEN_OVER, YES]);
        let alive = Holder {
            pid: std::process::id(),
            ..dead.clone()
        };
        assert_eq!(answers(Some(&alive)), [YES, NO, NO]);
        let restarted = Holder {
            pid: std::process::id(),
            ..holder("here", "yesterday")
        };
        assert_eq!(answers(Some(&restarted)), [YES, IF_TAKEN_OVER, YES]);
        let elsewhere = holder("there", "today, there");
        assert_eq!(answers(Some(&elsewhere)), [IF_TAKEN_OVER; 3]);
        let released = Holder {
            released: true,
            ..elsewhere
        };
        assert_eq!(answers(Some(&released)), [YES, IF_TAKEN_OVER, YES]);
    }

    /// The next life of a job goes on on another machine without being asked to take over; another job does not.
    #[test]
    fn a_job_follows_itself() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, String)> = pairs
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect();
            job(move |name| {
                let pair = pairs.iter().find(|(key, _)| key == name);
                pair.map(|(_, value)| value.clone())
            })
        };
        let [seven, element] = [
            of(&[("SLURM_JOB_ID", "7"), ("SLURM_CLUSTER_NAME", "c")]),
            of(&[
                ("SLURM_JOB_ID", "9"),
                ("SLURM_ARRAY_JOB_ID", "7"),
                ("SLURM_ARRAY_TASK_ID", "3"),
            ]),
        ];
        assert_eq!(seven.as_deref(), Some("slurm c 7"));
        let task = [
            ("SLURM_JOB_ID", "7"),
            ("SLURM_NTASKS", "2"),
            ("SLURM_PROCID", "1"),
        ];
        assert_eq!(of(&task).as_deref(), Some("slurm  7 task 1"));
        assert_eq!(element.as_deref(), Some("slurm  7_3"));
        assert_eq!(
            of(&[("GFN_JOB", "mine"), ("SLURM_JOB_ID", "7")]).as_deref(),
            Some("mine")
        );
        assert_eq!(of(&[("GFN_JOB", "")]), None);
        let life = |host: &str, job: &Option<String>, life: u16| Holder {
            job: job.clone(),
            life,
            ..holder(host, host)
        };
        let may = |job: &Option<String>, last: u16, this: u16| {
            let lock = Lock::Ours(tempfile::tempfile().unwrap());
            may_claim(
                &lock,
                Some(&life("there", &seven, last)),
                &life("here", job, this),
                false,
            )
            .is_ok()
        };
        assert!(may(&seven, 0, 0) && !may(&element, 0, 0) && !may(&None, 0, 0));
        assert!(
            may(&seven, 1, 2) && !may(&seven, 2, 1),
            "only the next life follows"
        );
    }
}
