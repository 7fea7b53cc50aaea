//! Environments, walked state by state as the SDK walks those of its authors, and asked about many states at once.

use std::sync::{Mutex, MutexGuard};

use gfn_plugin_sdk as sdk;

use super::report::{Finding, Problem, fail};
use crate::environment::{Actions, RemoteEnvironment};
use crate::error::PluginError;

/// How many states are walked: each is asked about on its own.
const MAX_STATES: usize = 300;

/// How many states are asked about at once.
const TOGETHER: usize = 64;

/// Masks agree with steps, undoing reverses steps, nothing leads in a circle; and states are answered together as alone.
pub(super) fn walk(environment: RemoteEnvironment) -> Finding {
    let walked = RemoteWalk {
        environment,
        memory: Mutex::default(),
    };
    let finding = sdk::check_environment(&walked, MAX_STATES);
    if let Some(error) = walked.memory().error.take() {
        return fail(error);
    }
    let count = finding.map_err(Problem::Fail)?;
    let states = std::mem::take(&mut walked.memory().states);
    together(&walked.environment, &states)?;
    let all = if count < MAX_STATES {
        "all of them"
    } else {
        "those nearest to the source"
    };
    Ok(format!(
        "{count} states, {all}: masks, steps and undoing agree, for states alone and together"
    ))
}

/// An environment in another process as the SDK knows environments.
struct RemoteWalk {
    environment: RemoteEnvironment,
    memory: Mutex<Memory>,
}

/// What is remembered of a walk.
#[derive(Default)]
struct Memory {
    /// Why the environment stopped answering.
    error: Option<String>,
    /// Some of the states, one after the other.
    states: Vec<i32>,
}

impl RemoteWalk {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Asks, unless the environment has stopped answering; remembers why it does.
    fn ask(&self, ask: impl FnOnce(&RemoteEnvironment) -> Result<(), PluginError>) {
        if self.memory().error.is_none()
            && let Err(error) = ask(&self.environment)
        {
            self.memory().error = Some(error.to_string());
        }
    }

    fn mask(
        &self,
        actions: Actions,
        mask: &mut sdk::Mask<'_>,
        ask: impl FnOnce(&RemoteEnvironment, &mut [u64]) -> Result<(), PluginError>,
    ) {
        let mut bits = vec![0; actions.mask_words()];
        self.ask(|environment| ask(environment, &mut bits));
        let is_legal = |action: &usize| bits[action / 64] >> (action % 64) & 1 == 1;
        (0..actions.most())
            .filter(is_legal)
            .for_each(|action| mask.allow(action));
    }
}

impl sdk::Plugin for RemoteWalk {
    type Parameters = sdk::parameters::NoParameters;

    const DESCRIPTION: sdk::Description = sdk::Description::new("walked", "", "");

    fn create(_: Self::Parameters, _: &sdk::Context) -> Result<Self, sdk::Error> {
        Err("it is made by the checker".into())
    }
}

impl sdk::Environment for RemoteWalk {
    fn spec(&self) -> sdk::EnvironmentSpec {
        let spec = self.environment.spec();
        let actions = |actions: Actions| match actions {
            Actions::Fixed(most) => sdk::Actions::Fixed(most),
            Actions::Ragged(most) => sdk::Actions::Ragged(most),
        };
        sdk::EnvironmentSpec {
            initial: spec.initial.clone(),
            actions: actions(spec.actions),
            backward_actions: actions(spec.backward_actions),
            most_steps: spec.most_steps,
            features: spec.features,
            objects: spec.objects.clone(),
        }
    }

    fn forward_mask(&self, state: &[i32], mask: &mut sdk::Mask<'_>) {
        let actions = self.environment.spec().actions;
        self.mask(actions, mask, |environment, bits| {
            environment.forward_mask(state, bits)
        });
        let mut memory = self.memory();
        if memory.states.len() < TOGETHER * state.len() {
            memory.states.extend(state);
        }
    }

    fn backward_mask(&self, state: &[i32], mask: &mut sdk::Mask<'_>) {
        let actions = self.environment.spec().backward_actions;
        self.mask(actions, mask, |environment, bits| {
            environment.backward_mask(state, bits)
        });
    }

    fn step(&self, state: &[i32], action: usize, next: &mut [i32]) -> usize {
        let mut backward = [0];
        self.ask(|environment| environment.step(state, &[number(action)], next, &mut backward));
        backward[0] as usize
    }

    fn undo(&self, state: &[i32], action: usize, previous: &mut [i32]) -> usize {
        let mut forward = [0];
        self.ask(|environment| environment.undo(state, &[number(action)], previous, &mut forward));
        forward[0] as usize
    }

    fn observe(&self, state: &[i32], features: &mut [f32]) {
        self.ask(|environment| environment.observe(state, features));
    }

    fn describe(&self, state: &[i32]) -> String {
        let mut words = "no words".to_string();
        self.ask(|environment| environment.describe(state).map(|described| words = described));
        words
    }
}

/// An action as plugins number them; there are never so many that one would not fit.
fn number(action: usize) -> u32 {
    u32::try_from(action).unwrap_or(u32::MAX)
}

/// States that are asked about together have the answers that they have alone.
fn together(environment: &RemoteEnvironment, states: &[i32]) -> Result<(), Problem> {
    let spec = environment.spec();
    let (words, features) = (spec.actions.mask_words(), spec.features);
    let count = states.len() / spec.initial.len();
    let died = |error: PluginError| Problem::Fail(error.to_string());
    let (mut bits, mut seen) = (vec![0; count * words], vec![0.0; count * features]);
    environment.forward_mask(states, &mut bits).map_err(died)?;
    environment.observe(states, &mut seen).map_err(died)?;
    for (index, state) in states.chunks(spec.initial.len()).enumerate() {
        let (mut alone, mut seen_alone) = (vec![0; words], vec![0.0; features]);
        environment.forward_mask(state, &mut alone).map_err(died)?;
        environment.observe(state, &mut seen_alone).map_err(died)?;
        if alone != bits[index * words..(index + 1) * words] {
            return fail(format!(
                "state {state:?} has other actions in a batch of {count} states than alone"
            ));
        }
        if seen_alone != seen[index * features..(index + 1) * features] {
            return fail(format!(
                "state {state:?} is observed otherwise in a batch of {count} states than alone"
            ));
        }
    }
    Ok(())
}
