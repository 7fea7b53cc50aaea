//! An experiment's parts, made and checked against one another before anything is trained.

use gfn_config::{Origin, Problem, Problems};
use gfn_core::{Environment, Loss, Sampler};
use gfn_learn::model::{BackwardPolicy, ModelParams};
use gfn_rewards::shaped::Shaped;

use crate::builtin::RewardContext;
use crate::experiment::Experiment;
use crate::settings::BackwardKind;

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
    /// Where trajectories come from.
    pub sampler: Box<dyn Sampler>,
}

/// Makes the parts. Nothing is allocated on a device yet.
///
/// # Errors
/// Every combination that cannot work, naming both sides.
pub fn assemble(experiment: &Experiment) -> Result<Assembled, Problems> {
    let mut problems = Vec::new();
    let parts = make(experiment, &mut problems);
    match parts {
        Some(parts) if problems.is_empty() => Ok(parts),
        _ => Err(experiment.tree.problems(problems)),
    }
}

fn make(experiment: &Experiment, problems: &mut Vec<Problem>) -> Option<Assembled> {
    let report = |problems: &mut Vec<Problem>, message: String, origin: &Option<Origin>| {
        problems.push(Problem {
            message,
            origin: origin.clone(),
            help: None,
        });
    };
    let loss =
        (experiment.loss.build)(&()).map_err(|message| report(problems, message, &experiment.loss.origin));
    let network = (experiment.network.build)(&());
    let backward = (experiment.backward_policy.build)(&());
    let sampler = (experiment.sampler.build)(&());
    let optimiser = (experiment.optimiser.build)(&());
    let environment = (experiment.environment.build)(&experiment.base)
        .map_err(|message| report(problems, message, &experiment.environment.origin));
    let (Ok(loss), Ok(network), Ok(backward), Ok(sampler), Ok(optimiser), Ok(environment)) =
        (loss, network, backward, sampler, optimiser, environment)
    else {
        return None;
    };
    let spec = environment.spec();
    if let Err(needs) = network.accepts(spec) {
        let message = format!("network `{}` needs {needs}", experiment.network.name);
        let origin = experiment
            .network
            .origin
            .clone()
            .or_else(|| experiment.environment.origin.clone());
        report(problems, message, &origin);
    }
    check_loss(experiment, &*loss, problems);
    if let Err(message) = gfn_learn::device::check_name(&experiment.hardware.device) {
        let origin = experiment
            .tree
            .section("hardware")
            .and_then(|node| node.get("device"));
        report(problems, message, &origin.map(|node| node.origin.clone()));
    }
    let context = RewardContext {
        objects: spec.objects.clone(),
        threads: experiment.hardware.reward_thread_count(),
    };
    let reward = match (experiment.reward.build)(&context) {
        Ok(reward) => reward,
        Err(needs) => {
            let (reward, environment) = (experiment.reward.name, experiment.environment.name);
            let message = format!("reward `{reward}` needs {needs}; environment `{environment}` is chosen");
            report(problems, message, &experiment.reward.origin);
            return None;
        }
    };
    let backward = match backward {
        _ if !loss.needs().backward_policy => BackwardPolicy::Uniform,
        BackwardKind::Uniform => BackwardPolicy::Uniform,
        BackwardKind::Tied => BackwardPolicy::Tied,
        BackwardKind::Learned => BackwardPolicy::Learned(network.clone()),
    };
    let model = ModelParams {
        network,
        backward,
        needs: loss.needs(),
        optimiser,
    };
    let reward = Shaped::new(reward, experiment.shape.clone());
    Some(Assembled {
        environment,
        reward,
        model,
        loss,
        sampler,
    })
}

fn check_loss(experiment: &Experiment, loss: &dyn Loss, problems: &mut Vec<Problem>) {
    let name = experiment.loss.name;
    if let (false, Some(origin)) = (loss.needs().backward_policy, &experiment.backward_policy_given) {
        let chosen = experiment.backward_policy.name;
        let message = format!("loss `{name}` has no backward policy, but `backward_policy` is `{chosen}`");
        problems.push(
            Problem::new(message)
                .at(origin)
                .help("remove the table `[backward_policy]`, or choose another loss"),
        );
    }
    if name == "log-partition-variance" && experiment.training.batch_size < 2 {
        let message = format!("loss `{name}` is a variance over the batch, but `training.batch_size` is 1");
        let origin = experiment
            .tree
            .section("training")
            .and_then(|node| node.get("batch_size"));
        let origin = origin
            .map(|node| node.origin.clone())
            .or_else(|| experiment.loss.origin.clone());
        problems.push(Problem {
            message,
            origin,
            help: Some("use a batch of at least 2".into()),
        });
    }
    let floor = experiment.shape.floor;
    if experiment.shape.clip.is_some_and(|clip| clip < floor) {
        let origin = experiment
            .tree
            .section("reward")
            .and_then(|node| node.get("clip"));
        let message = format!("`reward.clip` is below `reward.floor`, which is {floor}");
        problems.push(Problem {
            message,
            origin: origin.map(|node| node.origin.clone()),
            help: None,
        });
    }
}
