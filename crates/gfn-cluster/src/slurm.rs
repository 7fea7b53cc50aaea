//! Slurm: what is submitted, waits, runs, and is queued again.

use std::path::Path;
use std::time::Duration;

use crate::script::{Job, Submission, trial_of};
use crate::{ClusterError, client, words};

/// `MaxArraySize` where Slurm does not say: indices are less than it.
const ARRAY: u64 = 1001;
/// What `squeue` still tells of jobs that have ended.
const ENDED: [&str; 11] = [
    "BOOT_FAIL",
    "CANCELLED",
    "COMPLETED",
    "DEADLINE",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "PREEMPTED",
    "REVOKED",
    "TIMEOUT",
    "LAUNCH_FAILED",
];

/// Slurm's programs, each given little time.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// How long a program may take.
    pub limit: Duration,
}

/// An element of an array that waits or runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// The number of its array.
    pub array: String,
    /// Its own number.
    pub element: u64,
    /// The trial that it does; none where it takes what is next.
    pub trial: Option<u64>,
    /// As Slurm says it: `PENDING`, `RUNNING`.
    pub state: String,
    /// Why it waits, or where it runs.
    pub reason: String,
}

impl Client {
    /// The number of elements that an array may have.
    pub fn most_elements(&self) -> u64 {
        let answer = self.run(&["scontrol", "show", "config"]).unwrap_or_default();
        let line = answer
            .lines()
            .find_map(|line| line.trim().strip_prefix("MaxArraySize"));
        let said = line.and_then(|line| line.trim_start_matches([' ', '=']).trim().parse().ok());
        said.unwrap_or(ARRAY).max(2) - 1
    }

    /// Submits an array, of which at most `at_once` elements run at the same time; the number of its job.
    ///
    /// # Errors
    /// Where Slurm refuses it, or does not answer: then it may or may not be in the queue.
    pub fn submit(
        &self,
        job: &Job,
        submission: &Submission,
        at_once: Option<u64>,
    ) -> Result<String, ClusterError> {
        let last = submission.elements.count().saturating_sub(1);
        let limit = at_once.map_or_else(String::new, |limit| format!("%{}", limit.max(1)));
        // In the pattern of a file's name `%` has a meaning.
        let logs = words::path(&submission.place)?.replace('%', "%%");
        let script = submission.script();
        let words = [
            "sbatch".to_string(),
            "--parsable".into(),
            format!("--array=0-{last}{limit}"),
            format!("--job-name={}", submission.name(job)),
            format!("--output={logs}/logs/%a.txt"),
            words::path(&script)?.into(),
        ];
        let answer = client::run(&words, self.limit)?;
        // With several clusters the name of one follows.
        let number = answer.trim().split(';').next().unwrap_or_default();
        match !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Ok(number.into()),
            false => Err(ClusterError::Unclear {
                program: "sbatch".into(),
                said: answer.trim().into(),
            }),
        }
    }

    /// All elements of a sweep's arrays that wait or run.
    ///
    /// # Errors
    /// Where Slurm cannot be asked.
    pub fn queue(&self, job: &Job) -> Result<Vec<Queued>, ClusterError> {
        let user = format!("--user={}", rustix::process::getuid().as_raw());
        let answer = self.run(&[
            "squeue",
            "--noheader",
            "--array",
            "--states=all",
            "--format=%i|%j|%T|%R",
            &user,
        ])?;
        let prefix = job.prefix();
        let lines = answer
            .lines()
            .filter_map(|line| queued(line, &prefix, &job.folder));
        Ok(lines
            .filter(|queued| !ENDED.contains(&queued.state.as_str()))
            .collect())
    }

    /// Cancels arrays, by number.
    ///
    /// # Errors
    /// Where Slurm cannot be asked.
    pub fn cancel(&self, arrays: &[String]) -> Result<(), ClusterError> {
        if arrays.is_empty() {
            return Ok(());
        }
        let words = ["scancel"].into_iter().chain(arrays.iter().map(String::as_str));
        self.run(&words.collect::<Vec<_>>()).map(drop)
    }

    /// Puts an element back into the queue: it starts again, under the same number, on whatever node is free.
    ///
    /// # Errors
    /// Where Slurm refuses or cannot be asked.
    pub fn requeue(&self, element: &str) -> Result<(), ClusterError> {
        self.run(&["scontrol", "requeue", element]).map(drop)
    }

    fn run(&self, words: &[&str]) -> Result<String, ClusterError> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        client::run(&words, self.limit)
    }
}

/// The element that this process is, if it is one: `<array>_<element>`, so that nothing else of the array is meant.
pub fn own_element(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let number = |name: &str| {
        let is_number = |value: &String| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        variable(name).filter(is_number)
    };
    match (number("SLURM_ARRAY_JOB_ID"), number("SLURM_ARRAY_TASK_ID")) {
        (Some(array), Some(element)) => Some(format!("{array}_{element}")),
        _ => None,
    }
}

/// A line of `squeue`, where it tells of one of ours.
fn queued(line: &str, prefix: &str, sweep: &Path) -> Option<Queued> {
    let mut fields = line.trim().splitn(4, '|');
    let (number, name, state) = (fields.next()?, fields.next()?, fields.next()?);
    let submission: u64 = name.strip_prefix(prefix)?.parse().ok()?;
    let (array, element) = number.split_once('_')?;
    let element = element.parse().ok()?;
    Some(Queued {
        array: array.into(),
        element,
        trial: trial_of(sweep, submission, element),
        state: state.into(),
        reason: fields.next().unwrap_or_default().trim_matches(['(', ')']).into(),
    })
}
