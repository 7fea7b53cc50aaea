//! An experiment's parts, made and checked against one another before anything is trained.

use std::sync::Arc;

use gfn_config::{Problems, Severity};
use gfn_core::{Cancel, Environment, Loss};
use gfn_learn::model::{BackwardPolicy, ModelParams};
use gfn_learn::networks::Architecture;
use gfn_rewards::shaped::Shaped;

use crate::builtin::{EnvironmentContext, MakeSampler};
use crate::checks::{Report, refusals, remarks};
use crate::experiment::Experiment;
use crate::settings::BackwardKind;
use crate::variables;

/// The parts of an experiment, made.
pub struct Assembled {
    /// What is walked.
    pub environment: Box<dyn Environment>,
    /// What is sought, shaped.
    pub reward: Shaped,
    /// What is learned.
    pub model: ModelParams,
    /// The objective.
    pub loss: Box<dyn Loss>,
    /// Makes what trajectories come from.
    pub sampler: MakeSampler,
    /// Settings that do nothing, to be shown to the user; there may be none.
    pub warnings: Problems,
}

/// Makes the parts. Nothing is allocated on a device yet.
///
/// # Errors
/// Every combination that cannot work, naming both sides, with the warnings among them.
pub fn assemble(experiment: &Experiment) -> Result<Assembled, Problems> {
    assemble_until(experiment, &Cancel::default())
}

/// The same, of parts that wait for no answer once a stop is asked for by `cancel`.
///
/// # Errors
/// Those of [`assemble`]; also where a stop was asked for while a plugin was started.
pub fn assemble_until(experiment: &Experiment, cancel: &Cancel) -> Result<Assembled, Problems> {
    let mut report = Report::new(experiment, cancel.clone());
    let parts = make(&mut report);
    report.problems.extend(variables::warnings(&experiment.tree));
    let problems = experiment.tree.problems(report.problems);
    match parts {
        Some(parts) if problems.count(Severity::Error) == 0 => Ok(Assembled {
            warnings: problems,
            ..parts
        }),
        _ => Err(problems),
    }
}

/// Makes what can be made and checks what was, so that one bad part hides as little as possible of what is wrong with others.
fn make(report: &mut Report<'_>) -> Option<Assembled> {
    let experiment = report.experiment;
    let loss = report.keep("loss", (experiment.loss.build)(&()));
    let network = report.keep("network", (experiment.network.build)(&()));
    let backward = report.keep("backward_policy", (experiment.backward_policy.build)(&()));
    let sampler = report.keep("sampler", (experiment.sampler.build)(&()));
    let optimizer = report.keep("optimizer", (experiment.optimizer.build)(&()));
    let context = EnvironmentContext {
        base: experiment.base.clone(),
        cancel: report.cancel.clone(),
    };
    let environment = report.keep("environment", (experiment.environment.build)(&context));
    refusals::settings(report);
    let spec = environment.as_ref().map(|environment| environment.spec());
    let backward = match (backward, &loss, &network) {
        (Some(kind), Some(loss), Some(network)) => Some(backward_policy(kind, &**loss, network)),
        _ => None,
    };
    if let (Some(network), Some(spec)) = (&network, spec) {
        let needs = loss.as_ref().map(|loss| loss.needs()).unwrap_or_default();
        let policy = backward.as_ref().unwrap_or(&BackwardPolicy::Uniform);
        refusals::network(report, &**network, policy.heads(needs), spec);
    }
    if let Some(loss) = &loss {
        refusals::loss(report, &**loss, spec);
    }
    let drawn_by = sampler.as_ref().map(|make| make());
    if let Some(sampler) = &drawn_by {
        refusals::sampler(report, &**sampler, loss.as_deref());
    }
    let environment = environment?;
    let reward = refusals::reward(report, &*environment)?;
    let parts = remarks::Parts {
        environment: &*environment,
        reward: &reward,
        loss: loss.as_deref(),
        sampler: drawn_by.as_deref(),
    };
    remarks::all(report, &parts);
    let (loss, network) = (loss?, network?);
    let model = ModelParams {
        backward: backward?,
        network,
        needs: loss.needs(),
        optimizer: optimizer?,
    };
    Some(Assembled {
        environment,
        reward,
        model,
        loss,
        sampler: sampler?,
        warnings: experiment.tree.problems(Vec::new()),
    })
}

fn backward_policy(kind: BackwardKind, loss: &dyn Loss, network: &Arc<dyn Architecture>) -> BackwardPolicy {
    match kind {
        _ if !loss.needs().backward_policy => BackwardPolicy::Uniform,
        BackwardKind::Uniform => BackwardPolicy::Uniform,
        BackwardKind::Tied => BackwardPolicy::Tied,
        BackwardKind::Learned => BackwardPolicy::Learned(network.clone()),
    }
}
