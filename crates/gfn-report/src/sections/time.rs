//! The time of each phase.

use gfn_record::manifest::Manifest;
use maud::{Markup, html};

use super::Context;
use crate::number::{duration, figure, per_cent};

pub(super) fn body(context: &Context<'_>) -> Option<Markup> {
    let timed = context
        .groups
        .iter()
        .filter_map(|group| Some((group, phases(group.first().manifest.as_ref()?)?)));
    let timed: Vec<_> = timed.collect();
    (!timed.is_empty()).then(|| {
        html! {
            @for (group, phases) in &timed {
                @if context.only().is_none() { h3 { (group.name) ", " (group.run_names()[0]) } }
                (table(phases, group.first().updates()))
                @if let Some(rates) = rates(group.first()) { p.note { (rates) } }
            }
        }
    })
}

/// A part of the time, in seconds, and what was done in it.
struct Phase {
    name: &'static str,
    about: &'static str,
    seconds: f64,
    is_training: bool,
}

fn phases(manifest: &Manifest) -> Option<Vec<Phase>> {
    let phases = manifest.phases?;
    let phase = |name, about, seconds| Phase {
        name,
        about,
        seconds,
        is_training: true,
    };
    let mut all = vec![
        phase(
            "sampling, network",
            "the policy's outputs for states on the way",
            phases.sampling_network,
        ),
        phase("sampling, the rest", "masks, choices, steps", phases.sampling),
        phase("reward", "scoring finished objects", phases.reward),
        phase("plan", "collecting the states that the loss needs", phases.plan),
        phase(
            "forward",
            "the network's forward pass for the loss",
            phases.forward,
        ),
        phase("loss", "the loss and its gradient", phases.loss),
        phase(
            "backward",
            "the backward pass and the optimizer's step",
            phases.backward,
        ),
    ];
    if let (Some(seconds), Some(training)) = (manifest.seconds, manifest.training_seconds) {
        let rest = Phase {
            name: "measuring, saving",
            about: "all that is not training",
            seconds: (seconds - training).max(0.0),
            is_training: false,
        };
        all.push(rest);
    }
    let is_known = all.iter().any(|phase| phase.is_training && phase.seconds > 0.0);
    is_known.then_some(all)
}

fn table(phases: &[Phase], updates: u64) -> Markup {
    let total: f64 = phases.iter().map(|phase| phase.seconds).sum();
    let most = phases.iter().map(|phase| phase.seconds).fold(0.0, f64::max);
    let length = |seconds: f64| format!("{:.2}", 100.0 * seconds / most);
    let an_update = |phase: &Phase| match phase.is_training {
        true => figure(1e3 * phase.seconds / updates.max(1) as f64),
        false => "–".into(),
    };
    html! {
        div.scroll { table.bars {
            thead { tr {
                th { "phase" } th {} th.number { "share" } th.number { "time" } th.number { "ms an update" } th { "what is done" }
            } }
            tbody { @for phase in phases { tr {
                th scope="row" { (phase.name) }
                td.bar { svg.length viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                    rect.rest[!phase.is_training] width=(length(phase.seconds)) height="10" {}
                } }
                td.number { (per_cent(phase.seconds / total)) }
                td.number { (duration(phase.seconds)) }
                td.number { (an_update(phase)) }
                td.about { (phase.about) }
            } } }
        } }
    }
}

fn rates(run: &crate::Run) -> Option<String> {
    let seconds = run
        .manifest
        .as_ref()?
        .training_seconds
        .filter(|seconds| *seconds > 0.0)?;
    let last = run.steps.last()?;
    let (updates, trajectories) = (run.updates() as f64 / seconds, last.trajectories as f64 / seconds);
    Some(format!(
        "{} updates and {} trajectories a second while training.",
        figure(updates),
        figure(trajectories)
    ))
}
