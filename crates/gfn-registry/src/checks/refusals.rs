//! What cannot work, with both sides named.

use gfn_config::{Severity, number};
use gfn_core::{BehaviorPolicy, Environment, EnvironmentSpec, Loss, Remark, Sampler};
use gfn_learn::networks::{Architecture, Heads};
use gfn_learn::{determinism, device};
use gfn_rewards::shaped::Shaped;

use super::Report;
use crate::builtin::{self, RewardContext};
use crate::experiment::LOG_Z_KEYS;
use crate::sections::default_kind;

/// What depends on no other part than those named in the settings themselves.
pub(crate) fn settings(report: &mut Report<'_>) {
    hardware(report);
    shape(report);
}

/// What can be said before the device is looked for; `auto` is judged when it has been found.
fn hardware(report: &mut Report<'_>) {
    let hardware = &report.experiment.hardware;
    if let Err(message) = device::check_name(&hardware.device) {
        report.refuse("hardware", message, None);
    }
    let Some(gpu) = device::asks_for_gpu(&hardware.device) else {
        return;
    };
    for message in determinism::conflicts(&hardware.device, gpu, hardware.precision, hardware.determinism) {
        report.refuse("hardware", message, None);
    }
}

fn shape(report: &mut Report<'_>) {
    let shape = &report.experiment.shape;
    let floor = shape.floor;
    if let Some(clip) = shape.clip.filter(|clip| *clip < floor) {
        let message = format!("`reward.clip` is {clip}, which is below `reward.floor`, {floor}");
        let help = "rewards are raised to the floor and cut off at the clip";
        report.refuse("reward", message, Some(help));
    }
    let power = shape.exponent / shape.temperature;
    if !power.is_normal() {
        let message = format!(
            "`reward.exponent` / `reward.temperature` is {} / {}, which is too large for a number",
            number(shape.exponent),
            number(shape.temperature)
        );
        let help = "rewards are raised to this power; 1 to 100 is usual";
        report.refuse("reward", message, Some(help));
    }
}

/// The network with what it observes and is asked for: by the forward policy, and by a backward policy with a network of its own.
pub(crate) fn network(
    report: &mut Report<'_>,
    network: &dyn Architecture,
    (forward, backward): (Heads, Option<Heads>),
    spec: &EnvironmentSpec,
) {
    let experiment = report.experiment;
    let of_forward_alone = Heads {
        backward: false,
        ..forward
    };
    if let Err(needs) = network.accepts(spec, of_forward_alone) {
        return unfit_network(report, &needs);
    }
    let of_backward = backward.unwrap_or(forward);
    if let Err(needs) = network.accepts(spec, of_backward) {
        let (name, policy) = (experiment.network.name, experiment.backward_policy.name);
        let message =
            format!("backward policy `{policy}` is learned, for which network `{name}` needs {needs}");
        let help = "set `backward_policy.kind` to `uniform`, or choose another network or environment";
        match experiment
            .backward_policy
            .origin
            .as_ref()
            .or(experiment.environment.origin.as_ref())
        {
            Some(origin) => report.refuse_at(origin, message, Some(help)),
            None => report.refuse("environment", message, Some(help)),
        }
    }
}

/// A network that does not fit the environment, whatever the backward policy.
fn unfit_network(report: &mut Report<'_>, needs: &str) {
    let experiment = report.experiment;
    let (chosen, otherwise) = (&experiment.network.origin, &experiment.environment.origin);
    let help = match chosen {
        Some(_) => "choose another `network.kind`, or another environment",
        None => "the file sets no `network.kind`, so it is `mlp`; choose another one",
    };
    let message = format!("network `{}` needs {needs}", experiment.network.name);
    match chosen.as_ref().or(otherwise.as_ref()) {
        Some(origin) => report.refuse_at(origin, message, Some(help)),
        None => report.refuse("environment", message, Some(help)),
    }
}

/// Objects that a thread scores before it is looked whether a stop was asked for: a second of the slowest built-in reward.
const PART_PER_THREAD: usize = 512;

/// The reward, shaped, where it understands the environment's objects.
pub(crate) fn reward(report: &mut Report<'_>, environment: &dyn Environment) -> Option<Shaped> {
    let experiment = report.experiment;
    let context = RewardContext {
        objects: environment.spec().objects.clone(),
        threads: experiment.hardware.reward_thread_count(),
        seed: experiment.top.seed,
        cancel: report.cancel.clone(),
    };
    let name = experiment.reward.name;
    match (experiment.reward.build)(&context) {
        Ok(reward) => {
            if reward.can_be_zero() && experiment.shape.floor == 0.0 {
                let message = format!("reward `{name}` is 0 for some objects, and flows must be positive");
                report.refuse(
                    "reward",
                    message,
                    Some("set `reward.floor`, such as 1e-3: rewards below it are raised to it"),
                );
            }
            let heeds_stops = reward.heeds_stops();
            let shaped = Shaped::new(reward, experiment.shape.clone());
            Some(match heeds_stops {
                true => shaped,
                false => shaped.in_parts(&report.cancel, PART_PER_THREAD * context.threads.max(1)),
            })
        }
        // About a setting of its own.
        Err(message) if message.starts_with("`reward.") => {
            report.refuse("reward", message, None);
            None
        }
        Err(needs) => {
            let chosen = experiment.environment.name;
            let message = format!("reward `{name}` needs {needs}; environment `{chosen}` is chosen");
            match &experiment.reward.origin {
                Some(origin) => report.refuse_at(origin, message, None),
                None => report.refuse("reward", message, None),
            }
            None
        }
    }
}

/// The loss, and the settings that only other losses read. Those at their defaults change nothing, and are not refused: a file with
/// every default written out, as a run leaves one, runs with another loss too.
pub(crate) fn loss(report: &mut Report<'_>, loss: &dyn Loss, spec: Option<&EnvironmentSpec>) {
    if let Some(Err(message)) = spec.map(|spec| loss.accepts(spec)) {
        report.refuse("loss", message, None);
    }
    backward_policy(report, loss);
    log_z(report, loss);
    batch(report, loss);
}

/// The sampler: what it refuses itself, and a loss that is right for the policy's own trajectories alone beside one that draws others.
pub(crate) fn sampler(report: &mut Report<'_>, sampler: &dyn Sampler, loss: Option<&dyn Loss>) {
    for refusal in sampler.refusals(&report.plan()) {
        report.remark("sampler", refusal, Severity::Error);
    }
    if !loss.is_some_and(|loss| loss.needs().on_policy) {
        return;
    }
    let experiment = report.experiment;
    let name = experiment.loss.name;
    let needs = format!("loss `{name}` needs trajectories drawn by the policy alone");
    match sampler.behavior_policy() {
        BehaviorPolicy::Trained => {}
        BehaviorPolicy::Altered(settings) => {
            for (key, plain) in settings {
                let given = experiment.sampler.table.get(key).map(toml::Value::to_string);
                let message = format!("`sampler.{key}` is {}, but {needs}", given.unwrap_or_default());
                let help = format!(
                    "remove the key (the default is {}), or choose another loss",
                    number(plain)
                );
                report.remark("sampler", Remark::new(key, message).help(help), Severity::Error);
            }
        }
        BehaviorPolicy::Other => {
            let message = format!("{needs}, but sampler `{}` is chosen", experiment.sampler.name);
            let help = "choose the sampler `on-policy`, or another loss";
            match &experiment.sampler.origin {
                Some(origin) => report.refuse_at(origin, message, Some(help)),
                None => report.refuse("loss", message, Some(help)),
            }
        }
    }
}

fn backward_policy(report: &mut Report<'_>, loss: &dyn Loss) {
    let experiment = report.experiment;
    let is_default = default_kind("backward_policy") == Some(experiment.backward_policy.name);
    if loss.needs().backward_policy || is_default {
        return;
    }
    if let Some(origin) = &experiment.backward_policy_given {
        let (name, chosen) = (experiment.loss.name, experiment.backward_policy.name);
        let message = format!("loss `{name}` uses no backward policy, but `backward_policy` is `{chosen}`");
        let help = "remove the section `backward_policy`, or choose another loss";
        report.refuse_at(origin, message, Some(help));
    }
}

fn log_z(report: &mut Report<'_>, loss: &dyn Loss) {
    let experiment = report.experiment;
    if loss.needs().log_z {
        return;
    }
    let optimizer = experiment.tree.section("optimizer");
    let defaults = builtin::optimizers()
        .into_iter()
        .find(|entry| entry.name == experiment.optimizer.name)
        .map(|entry| entry.defaults())
        .unwrap_or_default();
    let changed = |key: &&str| experiment.optimizer.table.get(*key) != defaults.get(*key);
    for key in LOG_Z_KEYS.into_iter().filter(changed) {
        if let Some(entry) = optimizer.and_then(|node| node.entry(key)) {
            let name = experiment.loss.name;
            let message = format!("loss `{name}` does not learn log Z, but `optimizer.{key}` is set");
            let help = "remove the key, or choose another loss";
            report.refuse_at(&entry.key_origin, message, Some(help));
        }
    }
}

fn batch(report: &mut Report<'_>, loss: &dyn Loss) {
    let experiment = report.experiment;
    let (batch_size, least) = (experiment.training.batch_size, loss.needs().least_batch);
    if batch_size >= least {
        return;
    }
    let name = experiment.loss.name;
    let message =
        format!("loss `{name}` needs a batch of at least {least}, but `training.batch_size` is {batch_size}");
    let training = experiment.tree.section("training");
    match training.and_then(|node| node.get("batch_size")) {
        Some(given) => report.refuse_at(&given.origin, message, None),
        None => report.refuse("loss", message, None),
    }
}
