//! What does nothing. The experiment runs, but somebody expected something of the setting.
//!
//! Settings that are at their defaults are passed over: a file with every default written out, as a run leaves one, must
//! read without remarks.

use gfn_config::Severity;
use gfn_core::{Environment, Loss, ObjectKind, Objective, Reward, Sampler};
use gfn_rewards::shaped::Shaped;
use toml::Value;

use super::Report;
use crate::builtin;
use crate::settings::{Checkpoint, Evaluation, Training};

/// So many threads a core are one too many for sure; fewer may be meant for another machine.
const FAR_ABOVE: usize = 2;

/// The parts of an experiment, as far as they could be made.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    pub(crate) environment: &'a dyn Environment,
    pub(crate) reward: &'a Shaped,
    pub(crate) loss: Option<&'a dyn Loss>,
    pub(crate) sampler: Option<&'a dyn Sampler>,
}

/// Everything that does nothing.
pub(crate) fn all(report: &mut Report<'_>, parts: &Parts<'_>) {
    let Parts {
        environment,
        reward,
        loss,
        sampler: drawn_by,
    } = *parts;
    intervals(report);
    schedules(report);
    learning(report);
    if let Some(drawn_by) = drawn_by {
        sampler(report, drawn_by);
    }
    shape(report, reward.inner());
    window(report, environment);
    swept_slowly(report, environment, reward.inner());
    if let Some(loss) = loss {
        flow_window(report, loss);
    }
    modes(report, environment, reward.inner());
    threads(report);
}

/// More threads than the machine has cores for, by far: they wait for one another.
fn threads(report: &mut Report<'_>) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let hardware = &report.experiment.hardware;
    for (key, threads) in [
        ("threads", hardware.threads),
        ("reward_threads", hardware.reward_threads),
    ] {
        if threads > FAR_ABOVE * cores {
            let message = format!(
                "`hardware.{key}` is {threads}, and this machine has {cores} cores for this process: threads that share a core wait for \
                 one another"
            );
            report.warn(
                "hardware",
                message,
                Some(&format!("set it to {cores} or less here")),
            );
        }
    }
}

/// Things done every so many updates of a training that has fewer.
fn intervals(report: &mut Report<'_>) {
    let experiment = report.experiment;
    let steps = experiment.training.steps;
    let settings = [
        (
            "training",
            "log_every",
            experiment.training.log_every,
            Training::default().log_every,
            "no training step is written to `metrics.jsonl`",
        ),
        (
            "evaluation",
            "every",
            experiment.evaluation.every,
            Evaluation::default().every,
            "the policy is measured before the first and after the last update only",
        ),
        (
            "checkpoint",
            "every_steps",
            experiment.checkpoint.every_steps,
            Checkpoint::default().every_steps,
            "no checkpoint is written by number of updates",
        ),
    ];
    for (section, key, every, default, so) in settings {
        if every > steps && every != default {
            let message = format!("`{section}.{key}` is {every}, but `training.steps` is {steps}: {so}");
            report.warn(section, message, Some("lower it, or train longer"));
        }
    }
}

/// Schedules that training does not live to see the end of.
fn schedules(report: &mut Report<'_>) {
    let experiment = report.experiment;
    let steps = experiment.training.steps;
    for (section, table) in [
        ("sampler", &experiment.sampler.table),
        ("optimizer", &experiment.optimizer.table),
    ] {
        for (key, value) in table {
            let number = |name: &str| value.get(name)?.as_integer();
            let Some(length) = number("steps").and_then(|length| u64::try_from(length).ok()) else {
                continue;
            };
            if length > steps && value.get("from") != value.get("to") {
                let message = format!(
                    "`{section}.{key}` takes {length} updates to its end, but `training.steps` is {steps}: training ends before the schedule does"
                );
                let help = format!("lower its `steps` to {steps} at most, or train longer");
                report.warn(section, message, Some(&help));
            }
        }
    }
}

/// A learning rate at which nothing is learned.
fn learning(report: &mut Report<'_>) {
    let table = &report.experiment.optimizer.table;
    if float(table.get("learning_rate")) == Some(0.0) {
        let message = "`optimizer.learning_rate` is 0: the network does not learn".to_owned();
        report.warn("optimizer", message, Some("1e-3 is the default"));
    }
}

/// Settings of the sampler that make no difference.
fn sampler(report: &mut Report<'_>, sampler: &dyn Sampler) {
    for remark in sampler.remarks(&report.plan()) {
        report.remark("sampler", remark, Severity::Warning);
    }
}

/// Parameters of the reward that make no difference, and a shape that makes all objects alike.
fn shape(report: &mut Report<'_>, reward: &dyn Reward) {
    for remark in reward.remarks() {
        report.remark("reward", remark, Severity::Warning);
    }
    let shape = &report.experiment.shape;
    let (floor, name) = (shape.floor, report.experiment.reward.name);
    let alike = "every object has the same reward";
    if let Some(greatest) = reward
        .greatest()
        .filter(|greatest| floor >= *greatest && floor > 0.0)
    {
        let message =
            format!("`reward.floor` is {floor}, and reward `{name}` is at most {greatest}: {alike}");
        report.warn("reward", message, Some("choose a smaller floor"));
    } else if shape.clip == Some(floor) {
        let message = format!("`reward.clip` and `reward.floor` are both {floor}: {alike}");
        report.warn(
            "reward",
            message,
            Some("choose a greater clip or a smaller floor"),
        );
    }
}

/// A window of visited objects without the exact target that it is compared with.
fn window(report: &mut Report<'_>, environment: &dyn Environment) {
    let Evaluation {
        window, exact_states, ..
    } = report.experiment.evaluation;
    let states = environment.as_enumerable().map(gfn_core::Enumerable::state_count);
    if window == 0 || states.is_some_and(|states| states <= exact_states) {
        return;
    }
    let name = report.experiment.environment.name;
    let message = format!(
        "`evaluation.window` is {window}, but environment `{name}` is not enumerated, so there is no exact target to compare with"
    );
    let help = match states {
        Some(states) if states <= u64::from(u32::MAX) => {
            format!("to enumerate it, set `evaluation.exact_states` to {states} or more")
        }
        _ => "remove the key; the environment has too many states".to_owned(),
    };
    report.warn("evaluation", message, Some(&help));
}

/// An environment that is swept by a reward which takes seconds an object: that takes hours before the first update.
fn swept_slowly(report: &mut Report<'_>, environment: &dyn Environment, reward: &dyn Reward) {
    let experiment = report.experiment;
    let states = environment.as_enumerable().map(gfn_core::Enumerable::state_count);
    let swept = states.filter(|states| *states <= experiment.evaluation.exact_states);
    // Rounds train on a proxy.
    let has_rounds = experiment.acquisition.is_some();
    if let (Some(states), true, false) = (swept, reward.is_slow(), has_rounds) {
        let message = format!(
            "the environment has {states} states, so it is enumerated for exact metrics: reward `{}` scores every object in it, each in seconds, before the first update",
            experiment.reward.name
        );
        report.warn(
            "evaluation",
            message,
            Some("set `evaluation.exact_states = 0` to turn exact metrics off"),
        );
    }
}

/// A window of flows where the loss has none.
fn flow_window(report: &mut Report<'_>, loss: &dyn Loss) {
    let experiment = report.experiment;
    let has_flows = |loss: &dyn Loss| matches!(loss.objective(), Objective::Flow(_));
    let (window, name) = (experiment.evaluation.flow_window, experiment.loss.name);
    if window == 0 || has_flows(loss) {
        return;
    }
    let message = format!("`evaluation.flow_window` is {window}, but loss `{name}` has no state flows");
    let others = builtin::losses().into_iter().filter(|entry| {
        let loss = entry.at_defaults(&());
        loss.is_some_and(|loss| has_flows(&*loss))
    });
    let others: Vec<String> = others.map(|entry| format!("`{}`", entry.name)).collect();
    let help = format!("remove the key; it applies to {}", others.join(", "));
    report.warn("evaluation", message, Some(&help));
}

/// Modes that cannot be, or are not told apart by similarity.
fn modes(report: &mut Report<'_>, environment: &dyn Environment, reward: &dyn Reward) {
    let experiment = report.experiment;
    let Evaluation {
        mode_threshold,
        mode_similarity,
        ..
    } = experiment.evaluation;
    if let (Some(threshold), Some(greatest)) = (mode_threshold, reward.greatest())
        && threshold > greatest * (1.0 + 1e-9)
    {
        let name = experiment.reward.name;
        let message = format!(
            "`evaluation.mode_threshold` is {threshold}, but reward `{name}` is at most {greatest}: no object is a mode"
        );
        report.warn(
            "evaluation",
            message,
            Some("the threshold is in reward units, before the exponent"),
        );
    }
    if mode_similarity == Evaluation::default().mode_similarity {
        return;
    }
    if environment.spec().objects != ObjectKind::Molecule {
        let message = format!(
            "`evaluation.mode_similarity` is set, but environment `{}` has no molecules to compare",
            experiment.environment.name
        );
        report.warn("evaluation", message, Some("remove the key"));
    } else if mode_threshold.or_else(|| reward.mode_threshold()).is_none() {
        let message = "`evaluation.mode_similarity` is set, but modes are not counted".to_owned();
        report.warn(
            "evaluation",
            message,
            Some("set `evaluation.mode_threshold`, the reward from which a molecule is a mode"),
        );
    }
}

fn float(value: Option<&Value>) -> Option<f64> {
    value?.as_float()
}
