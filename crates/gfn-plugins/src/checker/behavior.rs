//! What holds for every reward, whatever it is made of: checked from outside, batch by batch.

use std::time::Duration;

use super::agreement::{Agreement, TOLERANCE, compare, worse};
use super::report::{Finding, Problem, fail, skip};
use super::samples::Objects;
use super::subject::{Anomaly, Subject};
use crate::batch::{Scores, Status};
use crate::description::Description;
use crate::options::{Options, Program, Protocol};
use crate::regions::is_mistake;

/// How many objects are many.
const MANY: usize = 1_024;

/// How long many objects may take; fewer are tried where they would take longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A reward and the objects that it is tried with.
pub(super) struct Session<'a> {
    pub(super) options: &'a Options,
    pub(super) description: &'a Description,
    pub(super) parameters: serde_json::Value,
    pub(super) objects: &'a Objects,
    subject: Subject,
    /// How many objects are tried where many are: fewer if they are slow.
    many: usize,
}

impl<'a> Session<'a> {
    /// What is asked of `subject`, which was started like this.
    pub(super) fn new(
        options: &'a Options,
        description: &'a Description,
        parameters: serde_json::Value,
        objects: &'a Objects,
        subject: Subject,
    ) -> Self {
        Self {
            options,
            description,
            parameters,
            objects,
            subject,
            many: MANY,
        }
    }

    fn all(&mut self) -> Result<Scores, Anomaly> {
        self.subject.score(self.objects)
    }

    fn must_share_memory(&self) -> Result<(), Problem> {
        match self.options.program {
            Program::Command {
                protocol: Protocol::Lines,
                ..
            } => skip("objects and scores are in messages, not in memory"),
            _ => Ok(()),
        }
    }

    fn must_repeat(&self) -> Result<(), Problem> {
        match self.description.deterministic {
            true => Ok(()),
            false => skip("the plugin says that it is not `deterministic`"),
        }
    }
}

/// A batch of no objects.
pub(super) fn empty(session: &mut Session<'_>) -> Finding {
    let scores = session.subject.score(&session.objects.pick([]))?;
    match scores.status.len() {
        0 => Ok("a batch without objects is answered".to_string()),
        count => fail(format!("a batch without objects has {count} scores")),
    }
}

/// Batches of one object. The time that they take tells how many are many.
pub(super) fn one(session: &mut Session<'_>) -> Finding {
    let count = session.objects.len().min(5);
    let mut slowest = Duration::ZERO;
    for index in 0..count {
        let (_, took) = session.subject.timed(&session.objects.pick([index]))?;
        slowest = slowest.max(took);
    }
    let affordable = PATIENCE.as_secs_f64() / slowest.as_secs_f64().max(1e-6);
    session.many = (affordable as usize).clamp(2, MANY);
    Ok(format!(
        "{count} objects one by one, {:.1} ms at most",
        slowest.as_secs_f64() * 1e3
    ))
}

/// A batch of more than a thousand objects.
pub(super) fn many(session: &mut Session<'_>) -> Finding {
    let count = session.many;
    let scores = session.subject.score(&session.objects.cycled(count))?;
    let slow = if count < MANY {
        "; more would take too long"
    } else {
        ""
    };
    Ok(format!("{} objects at once{slow}", scores.status.len()))
}

/// Texts as short, as long and as odd as they come: they need not be scored, but must do no harm.
pub(super) fn ragged(session: &mut Session<'_>) -> Finding {
    if !matches!(session.objects, Objects::Texts(_)) {
        return skip("states are all of one length");
    }
    let long = "C".repeat(300);
    let odd = ["", "C", &long, "é", "?", "(", "\u{1F9EA}", " ", "C\nC"].map(str::to_string);
    match session.subject.score(&Objects::Texts(odd.to_vec())) {
        Err(Anomaly::Died(how)) => fail(format!("of texts of 0 to 300 bytes the plugin {how}")),
        Err(Anomaly::Refused(why)) => Ok(format!(
            "a batch with odd texts is refused as a whole, which costs time: {why}"
        )),
        Ok(scores) => {
            faultless(&scores, &Objects::Texts(odd.to_vec()))?;
            Ok(format!(
                "texts of 0 to 300 bytes; {} of {} have no reward",
                scores.failures.len(),
                odd.len()
            ))
        }
    }
}

/// Objects are left as they are: they lie in memory that can only be read, so that writing there ends the process.
pub(super) fn inputs(session: &mut Session<'_>) -> Finding {
    session.must_share_memory()?;
    session.all()?;
    Ok("objects are left as they are".to_string())
}

/// No byte outside of the arrays of scores is written.
pub(super) fn bounds(session: &mut Session<'_>) -> Finding {
    session.must_share_memory()?;
    for count in [1, 2, 7, 8, 9, 63, 64, 65] {
        session
            .subject
            .score(&session.objects.cycled(count.min(session.many)))?;
    }
    Ok("nothing is written outside of the scores' arrays".to_string())
}

/// Every object has a status that means something and a score that is a number, as the description says.
pub(super) fn outcomes(session: &mut Session<'_>) -> Finding {
    let scores = session.all()?;
    faultless(&scores, session.objects)?;
    as_described(&scores, session)?;
    let count = |wanted: Status| scores.status.iter().filter(|status| **status == wanted).count();
    let [scored, zero, failed] = [Status::Scored, Status::Zero, Status::Failed].map(count);
    match scores.failures.first() {
        Some(failure) if failed == scores.status.len() => fail(format!(
            "no sample object has a reward, the first because: {}",
            failure.reason
        )),
        Some(failure) => Ok(format!(
            "{scored} scored, {zero} with a reward of 0, {failed} without, the first of them {} because: {}",
            session.objects.shown(failure.index),
            failure.reason
        )),
        None => Ok(format!("{scored} scored, {zero} with a reward of 0")),
    }
}

/// No object's outcome breaks the agreement.
fn faultless(scores: &Scores, objects: &Objects) -> Result<(), Problem> {
    match scores.failures.iter().find(|failure| is_mistake(&failure.reason)) {
        Some(failure) => fail(format!("{}: {}", objects.shown(failure.index), failure.reason)),
        None => Ok(()),
    }
}

fn as_described(scores: &Scores, session: &Session<'_>) -> Result<(), Problem> {
    let shown = |index: usize| session.objects.shown(index);
    let zero = scores.status.iter().position(|status| *status == Status::Zero);
    if let (Some(index), false) = (zero, session.description.can_be_zero) {
        return fail(format!(
            "the reward of {} is 0, but the description does not say `can_be_zero`",
            shown(index)
        ));
    }
    let Some(greatest) = session.description.greatest else {
        return Ok(());
    };
    let is_greater = |log_reward: &f64| *log_reward > greatest.ln() + TOLERANCE;
    match scores.log_reward.iter().position(is_greater) {
        Some(index) => fail(format!(
            "the reward of {} is {}, greater than the `greatest` of the description, {greatest}",
            shown(index),
            scores.log_reward[index].exp()
        )),
        None => Ok(()),
    }
}

/// The same batch has the same scores, in the same process and in another one.
pub(super) fn repeat(session: &mut Session<'_>) -> Finding {
    session.must_repeat()?;
    let first = session.all()?;
    let again = session.all()?;
    let here = compare(&first, &again, session.objects, "the second time", |index| index)?;
    let another = Subject::start(session.options, session.description, session.parameters.clone());
    let mut another = another.map_err(|error| Problem::Fail(format!("a second process: {error}")))?;
    let elsewhere = another.score(session.objects)?;
    let there = compare(
        &first,
        &elsewhere,
        session.objects,
        "in another process",
        |index| index,
    )?;
    Ok(format!(
        "the same batch again, and in another process: {}",
        worse(here, there)
    ))
}

/// An object's score does not depend on where in the batch it is.
pub(super) fn order(session: &mut Session<'_>) -> Finding {
    session.must_repeat()?;
    let len = session.objects.len();
    let first = session.all()?;
    let reversed = session.subject.score(&session.objects.pick((0..len).rev()))?;
    let agreement = compare(&first, &reversed, session.objects, "in another order", |index| {
        len - 1 - index
    })?;
    Ok(format!("the objects in reverse: {agreement}"))
}

/// An object's score does not depend on which others are in the batch.
pub(super) fn split(session: &mut Session<'_>) -> Finding {
    session.must_repeat()?;
    let len = session.objects.len();
    let whole = session.all()?;
    let mut agreement = Agreement::Exact;
    for size in [len.div_ceil(2), 3, 1] {
        let mut parts = Scores::default();
        for start in (0..len).step_by(size) {
            let part = session.objects.pick(start..len.min(start + size));
            parts.append(session.subject.score(&part)?);
        }
        let with_fewer = compare(
            &whole,
            &parts,
            session.objects,
            &format!("in a batch of {size}"),
            |index| index,
        )?;
        agreement = worse(agreement, with_fewer);
    }
    Ok(format!("in smaller batches: {agreement}"))
}

/// How fast it is.
pub(super) fn throughput(session: &mut Session<'_>) -> Finding {
    let objects = session.objects.cycled(session.many);
    session.subject.score(&objects)?;
    let (mut scored, mut took) = (0, Duration::ZERO);
    while took < Duration::from_millis(300) {
        let (scores, this) = session.subject.timed(&objects)?;
        scored += scores.status.len();
        took += this;
    }
    let rate = scored as f64 / took.as_secs_f64();
    let digits = usize::from(rate < 10.0);
    Ok(format!(
        "{rate:.digits$} objects/s in batches of {}, from one process",
        objects.len()
    ))
}
