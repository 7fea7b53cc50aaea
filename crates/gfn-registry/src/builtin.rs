//! The one list of what is built in. Adding a component is adding a line here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gfn_core::{Cancel, Environment, Loss, ObjectKind, Reward, Sampler};
use gfn_envs::hypergrid;
use gfn_files::place;
use gfn_learn::networks::{Architecture, message_passing, mlp};
use gfn_learn::optimizer::{Adam, AdamParams, AdamW};
use gfn_losses::{
    detailed_balance, flow_matching, log_partition_variance, none, ppo, sub_trajectory_balance,
    trajectory_balance,
};
use gfn_plugins::Kind;
use gfn_rewards::{docking, druglike, hypergrid as hypergrid_reward, proxy, seh_proxy};
use gfn_samplers::{metropolis, on_policy, replay};

use crate::component::{Bases, Entry, Files, Memory, entry, entry_examined, no_check};
use crate::plugin::{self, environment, examine, vocabulary};
use crate::settings::{BackwardKind, LearnedBackward, TiedBackward, UniformBackward};

/// What an environment stands on.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentContext {
    /// The folder that relative paths start from.
    pub base: std::path::PathBuf,
    /// Whether its answers are still waited for.
    pub cancel: Cancel,
}

/// Environments.
pub fn environments() -> Vec<Entry<Box<dyn Environment>, EnvironmentContext>> {
    vec![
        entry("hypergrid", no_check, |params: &hypergrid::Params, _| {
            Ok(Box::new(hypergrid::Hypergrid::new(params)))
        }),
        entry_examined(
            "fragments",
            vocabulary::examine,
            |params: &vocabulary::Params, context: &EnvironmentContext| {
                vocabulary::build(params, context, plugin::host())
                    .map(|environment| Box::new(environment) as Box<dyn Environment>)
            },
        )
        .with_files(|params: &vocabulary::Params| reads([params.vocabulary_file()])),
        entry_examined(
            "plugin",
            |params: &mut environment::Params, place| {
                examine::examine(&mut params.0, Kind::Environment, place)
            },
            |params: &environment::Params, context| {
                environment::PluginEnvironment::new(params, plugin::host(), &context.cancel)
                    .map(|environment| Box::new(environment) as Box<dyn Environment>)
            },
        ),
    ]
}

/// What a reward stands on.
#[derive(Clone, Debug)]
pub struct RewardContext {
    /// What it scores.
    pub objects: ObjectKind,
    /// The threads that it may use; no result depends on it.
    pub threads: usize,
    /// The run's seed.
    pub seed: u64,
    /// Whether its answers are still waited for.
    pub cancel: Cancel,
}

/// Rewards.
pub fn rewards() -> Vec<Entry<Box<dyn Reward>, RewardContext>> {
    vec![
        entry(
            "hypergrid",
            no_check,
            |params: &hypergrid_reward::Params, context| {
                hypergrid_reward::HypergridReward::new(params.clone(), &context.objects)
                    .map(|reward| Box::new(reward) as Box<dyn Reward>)
            },
        ),
        entry("druglike", no_check, |params: &druglike::Params, context| {
            let reward = druglike::Druglike::new(params, context.threads);
            reward.accepts(&context.objects)?;
            Ok(Box::new(reward))
        }),
        entry(
            "proxy",
            |params: &mut proxy::Params, bases| {
                params.path = params.path.as_ref().map(|path| whole_path(path, "path", bases));
                params.check()
            },
            |params: &proxy::Params, context: &RewardContext| {
                proxy::accepts(&context.objects)?;
                proxy::ProxyReward::new(params, context.threads)
                    .map(|reward| Box::new(reward) as Box<dyn Reward>)
                    .map_err(|error| format!("`reward.path` names no proxy: {error}"))
            },
        )
        .with_files(|params: &proxy::Params| reads([params.path.as_deref()])),
        entry(
            "seh-proxy",
            |params: &mut seh_proxy::Params, bases| {
                params.path = whole_path(&params.path, "path", bases);
                Ok(())
            },
            |params: &seh_proxy::Params, context: &RewardContext| {
                seh_proxy::accepts(&context.objects)?;
                seh_proxy::SehReward::new(params, context.threads)
                    .map(|reward| Box::new(reward) as Box<dyn Reward>)
                    .map_err(|error| format!("`reward.path` names no network: {error}"))
            },
        )
        .with_files(|params: &seh_proxy::Params| reads([Some(&params.path)])),
        entry(
            "docking",
            whole_paths,
            |params: &docking::Params, context: &RewardContext| {
                seh_proxy::accepts(&context.objects)?;
                docking::DockingReward::new(params, context.threads, &context.cancel)
                    .map(|reward| Box::new(reward) as Box<dyn Reward>)
            },
        )
        .with_files(|params: &docking::Params| Files {
            memory: Some(Memory {
                key: "cache_file",
                path: params.cache_file.as_ref().map(PathBuf::from),
                begin: docking::begin_cache,
            }),
            ..reads([Some(&params.receptor)])
        }),
        entry_examined(
            "plugin",
            |params: &mut plugin::reward::Params, place| {
                examine::examine(&mut params.source, Kind::Reward, place)
            },
            |params: &plugin::reward::Params, context| {
                let reward = plugin::reward::PluginReward::new(params, context, plugin::host());
                reward.accepts(&context.objects)?;
                Ok(Box::new(reward))
            },
        ),
    ]
}

/// Files that are read, where they are named.
fn reads<'a>(paths: impl IntoIterator<Item = Option<&'a (impl AsRef<Path> + ?Sized + 'a)>>) -> Files {
    let paths = paths
        .into_iter()
        .flatten()
        .map(|path| path.as_ref().to_path_buf());
    Files {
        read: paths.filter(|path| path.is_absolute()).collect(),
        memory: None,
    }
}

/// Files are kept with their whole paths, so that `resolved.toml` runs from anywhere.
fn whole_path(path: &str, key: &str, bases: &Bases<'_>) -> String {
    let path = bases.of(key).join(path);
    let path = std::path::absolute(&path).unwrap_or(path);
    path.to_string_lossy().into_owned()
}

fn whole_paths(params: &mut docking::Params, bases: &Bases<'_>) -> Result<(), String> {
    params.receptor = whole_path(&params.receptor, "receptor", bases);
    if let Some(path) = &mut params.cache_file {
        *path = written_path("reward.cache_file", path, "cache_file", bases, docking::is_cache)?;
    }
    Ok(())
}

/// The whole path of a file that an experiment writes, which must lie where an experiment may write: beside the file that
/// names it or below, or in the user's cache. What the user types may lie anywhere. What `gfn` has resolved, for a run to go
/// on, names a file that is there and `is_ours`.
fn written_path(
    setting: &str,
    path: &str,
    key: &str,
    bases: &Bases<'_>,
    is_ours: fn(&Path) -> bool,
) -> Result<String, String> {
    let whole = whole_path(path, key, bases);
    if bases.is_typed(key) {
        return Ok(whole);
    }
    let beside = |folder: PathBuf| match folder.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => folder,
    };
    let own = [bases.of(key), bases.own_folder().to_path_buf()].map(beside);
    let cache = place::cache();
    let folders = own.iter().chain(&cache).map(PathBuf::as_path);
    let why = match place::is_within(Path::new(&whole), folders) {
        Ok(true) => return Ok(whole),
        Ok(false) if bases.is_resolved() && is_ours(Path::new(&whole)) => return Ok(whole),
        Ok(false) => "neither in the folder of the file that names it, nor in your cache".to_string(),
        Err(error) => gfn_text::io_words(&error),
    };
    Err(format!(
        "`{setting}` is a file to be written, and `{path}` lies elsewhere: {why}; name a file beside the experiment, or allow \
         this one on the command line with `--set {setting}='\"{whole}\"'`",
    ))
}

/// Networks.
pub fn networks() -> Vec<Entry<Arc<dyn Architecture>>> {
    vec![
        entry("mlp", no_check, |params: &mlp::Params, ()| {
            Ok(Arc::new(params.clone()))
        }),
        entry(
            "message-passing",
            no_check,
            |params: &message_passing::Params, ()| Ok(Arc::new(params.clone())),
        ),
    ]
}

/// Backward policies.
pub fn backward_policies() -> Vec<Entry<BackwardKind>> {
    vec![
        entry("uniform", no_check, |_: &UniformBackward, ()| {
            Ok(BackwardKind::Uniform)
        }),
        entry("tied", no_check, |_: &TiedBackward, ()| Ok(BackwardKind::Tied)),
        entry("learned", no_check, |_: &LearnedBackward, ()| {
            Ok(BackwardKind::Learned)
        }),
    ]
}

/// Losses.
pub fn losses() -> Vec<Entry<Box<dyn Loss>>> {
    vec![
        entry("flow-matching", no_check, |params: &flow_matching::Params, ()| {
            Ok(Box::new(flow_matching::FlowMatching::new(params)))
        }),
        entry(
            "detailed-balance",
            no_check,
            |_: &detailed_balance::Params, ()| Ok(Box::new(detailed_balance::DetailedBalance)),
        ),
        entry(
            "trajectory-balance",
            no_check,
            |_: &trajectory_balance::Params, ()| Ok(Box::new(trajectory_balance::TrajectoryBalance)),
        ),
        entry(
            "sub-trajectory-balance",
            no_check,
            |params: &sub_trajectory_balance::Params, ()| {
                Ok(Box::new(sub_trajectory_balance::SubTrajectoryBalance::new(
                    params,
                )))
            },
        ),
        entry(
            "log-partition-variance",
            no_check,
            |_: &log_partition_variance::Params, ()| {
                Ok(Box::new(log_partition_variance::LogPartitionVariance))
            },
        ),
        entry("ppo", no_check, |params: &ppo::Params, ()| {
            Ok(Box::new(ppo::Ppo::new(params)))
        }),
        entry("none", no_check, |_: &none::Params, ()| {
            Ok(Box::new(none::Nothing))
        }),
    ]
}

/// Makes samplers that remember nothing yet: each run has one of its own.
pub type MakeSampler = Box<dyn Fn() -> Box<dyn Sampler> + Send + Sync>;

/// Samplers.
pub fn samplers() -> Vec<Entry<MakeSampler>> {
    vec![
        entry(
            "on-policy",
            |params: &mut on_policy::Params, _| params.check(),
            |params: &on_policy::Params, ()| Ok(make(params, on_policy::OnPolicy::new)),
        ),
        entry(
            "replay",
            |params: &mut replay::Params, _| params.check(),
            |params: &replay::Params, ()| Ok(make(params, replay::Replay::new)),
        ),
        entry("metropolis", no_check, |params: &metropolis::Params, ()| {
            Ok(make(params, metropolis::Metropolis::new))
        }),
    ]
}

fn make<P, S>(params: &P, new: fn(P) -> S) -> MakeSampler
where
    P: Clone + Send + Sync + 'static,
    S: Sampler + 'static,
{
    let params = params.clone();
    Box::new(move || Box::new(new(params.clone())))
}

/// Optimizers.
pub fn optimizers() -> Vec<Entry<AdamParams>> {
    vec![
        entry(
            "adam",
            |params: &mut Adam, _| params.0.complete(0.0),
            |params: &Adam, ()| Ok(params.0.clone()),
        ),
        entry(
            "adamw",
            |params: &mut AdamW, _| params.0.complete(0.01),
            |params: &AdamW, ()| Ok(params.0.clone()),
        ),
    ]
}
