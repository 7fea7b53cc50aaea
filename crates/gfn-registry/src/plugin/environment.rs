//! An environment by a plugin.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use gfn_chem::canonical_of;
use gfn_core::environment::one_by_one;
use gfn_core::testkit::{Thoroughness, check_environment};
use gfn_core::{Cancel, Enumerable, Environment, EnvironmentSpec, Mask, ObjectKind, Observation, View};
use gfn_plugins::{Actions, PluginError, RemoteEnvironment, open_environment};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::settings::Source;
use super::{locked, log, stop_by};

/// States whose answers are remembered; when there are more, all are forgotten.
const REMEMBERED: usize = 1 << 16;
/// States up to which the graph is walked whole before anything is trained: its exact figures are then at hand.
const SWEPT: usize = 2000;
/// Random walks that must keep the contract before anything is trained.
const WALKS: usize = 16;

/// Walks the states of a plugin: a library with the functions of `gfn_plugin.h`.
///
/// It is asked about a state once and its answers are remembered, so that a small graph costs no more than one of `gfn`'s own.
/// Before anything is trained, random walks are held to the contract: actions and their inverses agree, every walk ends. Graphs
/// of up to 2,000 states are walked whole. Networks see numbers, which `mlp` takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Params(pub Source);

/// What is known of a state.
#[derive(Clone, Default)]
struct StateAnswers {
    forward: Vec<u64>,
    backward: Vec<u64>,
    features: Vec<f32>,
    /// What it is called, where it was asked.
    words: Option<String>,
    steps: Moves,
    undone: Moves,
}

/// By action, or backward action: the state it leads to, and the action that leads back.
type Moves = HashMap<u32, (Vec<i32>, u32), FxBuildHasher>;

/// An environment by a plugin. Where the plugin fails, masks are empty from then on and [`Environment::failure`] says why.
pub struct PluginEnvironment {
    spec: EnvironmentSpec,
    remote: RemoteEnvironment,
    known: Mutex<HashMap<Box<[i32]>, StateAnswers, FxBuildHasher>>,
    failure: Mutex<Option<String>>,
    /// The number of states, where it was counted.
    states: Option<u64>,
}

impl PluginEnvironment {
    /// Starts an approved plugin, and holds it to the contract.
    ///
    /// # Errors
    /// Why it may not or does not start, or what of the contract it breaks, at which state.
    pub fn new(params: &Params, host: PathBuf, cancel: &Cancel) -> Result<Self, String> {
        let source = &params.0;
        source
            .is_allowed()
            .map_err(|message| format!("`environment.path`: {message}"))?;
        let folder = source.folder.clone().unwrap_or_default();
        let mut options = source.options(Path::new(&folder), host);
        options.log = log();
        options.stop = stop_by(cancel);
        let name = options.name.clone();
        let remote = open_environment(options).map_err(|error| error.to_string())?;
        let mut environment = Self {
            spec: spec_of(&remote),
            remote,
            known: Mutex::default(),
            failure: Mutex::default(),
            states: None,
        };
        let how = Thoroughness {
            walks: WALKS,
            sweep: SWEPT,
            seed: 0,
        };
        let checked = check_environment(&environment, how);
        if let Some(failure) = environment.failure() {
            return Err(failure);
        }
        let checked = checked.map_err(|violation| format!("plugin `{name}`: {violation}"))?;
        environment.states = checked.states.map(|states| states as u64);
        Ok(environment)
    }

    /// Answers from what is known of `state`, which `ask` completes where `answer` finds nothing; none where the plugin fails.
    fn recall<T>(
        &self,
        state: &[i32],
        answer: impl Fn(&StateAnswers) -> Option<T>,
        ask: impl FnOnce(&mut StateAnswers) -> Result<(), PluginError>,
    ) -> Option<T> {
        let mut known = locked(&self.known);
        if !known.contains_key(state) && known.len() >= REMEMBERED {
            known.clear();
        }
        let entry = known.entry(state.into()).or_default();
        if let Some(found) = answer(entry) {
            return Some(found);
        }
        if locked(&self.failure).is_some() {
            return None;
        }
        match ask(entry) {
            Ok(()) => answer(entry),
            Err(error) => {
                locked(&self.failure).get_or_insert(error.to_string());
                None
            }
        }
    }

    /// Asks about all of the states of which something is not known yet, in one call: `lacks` says whether it is, `ask` asks about the
    /// states at these places, `learn` remembers the answer to the first, second … of them. Whatever fails is told later, by who
    /// walks on.
    fn learn_all<T>(
        &self,
        states: &[i32],
        lacks: impl Fn(&StateAnswers, usize) -> bool,
        ask: impl FnOnce(&[i32], &[usize]) -> Result<T, PluginError>,
        learn: impl Fn(&mut StateAnswers, &T, usize, usize),
    ) {
        let len = self.spec.state_len();
        if len == 0 || locked(&self.failure).is_some() {
            return;
        }
        let mut known = locked(&self.known);
        let count = states.len() / len;
        if known.len() + count > REMEMBERED {
            known.clear();
        }
        let state = |place: usize| &states[place * len..(place + 1) * len];
        let is_unknown = |place: &usize| known.get(state(*place)).is_none_or(|known| lacks(known, *place));
        let places: Vec<usize> = (0..count).filter(is_unknown).collect();
        if places.is_empty() {
            return;
        }
        let unknown: Vec<i32> = places.iter().flat_map(|&place| state(place)).copied().collect();
        match ask(&unknown, &places) {
            Ok(answers) => {
                for (row, &place) in places.iter().enumerate() {
                    learn(
                        known.entry(state(place).into()).or_default(),
                        &answers,
                        row,
                        place,
                    );
                }
            }
            Err(error) => {
                locked(&self.failure).get_or_insert(error.to_string());
            }
        }
    }

    /// Asks for masks of several states, in one call, and remembers them.
    fn learn_masks(
        &self,
        states: &[i32],
        words: usize,
        bits: impl Fn(&StateAnswers) -> &Vec<u64>,
        bits_mut: impl Fn(&mut StateAnswers) -> &mut Vec<u64>,
        ask: impl FnOnce(&[i32], &mut [u64]) -> Result<(), PluginError>,
    ) {
        self.learn_all(
            states,
            |known, _| bits(known).is_empty(),
            |unknown, places| {
                let mut all = vec![0; places.len() * words];
                ask(unknown, &mut all).map(|()| all)
            },
            |known, all, row, _| *bits_mut(known) = all[row * words..(row + 1) * words].to_vec(),
        );
    }

    /// Takes actions of several states, in one call, and remembers where they lead.
    fn learn_moves(
        &self,
        states: &[i32],
        actions: &[usize],
        moves: impl Fn(&StateAnswers) -> &Moves,
        moves_mut: impl Fn(&mut StateAnswers) -> &mut Moves,
        ask: impl FnOnce(&[i32], &[u32], &mut [i32], &mut [u32]) -> Result<(), PluginError>,
    ) {
        let len = self.spec.state_len();
        self.learn_all(
            states,
            |known, place| !moves(known).contains_key(&(actions[place] as u32)),
            |unknown, places| {
                let taken: Vec<u32> = places.iter().map(|&place| actions[place] as u32).collect();
                let (mut reached, mut reverse) = (unknown.to_vec(), vec![0; taken.len()]);
                ask(unknown, &taken, &mut reached, &mut reverse)?;
                Ok((reached, reverse))
            },
            |known, (reached, reverse), row, place| {
                let reached = reached[row * len..(row + 1) * len].to_vec();
                moves_mut(known).insert(actions[place] as u32, (reached, reverse[row]));
            },
        );
    }

    fn mask(
        &self,
        state: &[i32],
        count: usize,
        mask: &mut Mask,
        bits: impl Fn(&StateAnswers) -> &Vec<u64>,
        ask: impl FnOnce(&mut StateAnswers) -> Result<(), PluginError>,
    ) {
        mask.reset(count);
        let found = self.recall(
            state,
            |known| Some(bits(known).clone()).filter(|bits| !bits.is_empty()),
            ask,
        );
        let Some(bits) = found else {
            return;
        };
        let legal = (0..count).filter(|action| bits[action / 64] >> (action % 64) & 1 == 1);
        legal.for_each(|action| mask.allow(action));
    }
}

/// What the plugin says is fixed about it.
fn spec_of(remote: &RemoteEnvironment) -> EnvironmentSpec {
    let spec = remote.spec();
    let actions = |actions: Actions| match actions {
        Actions::Fixed(count) => gfn_core::Actions::fixed(count),
        Actions::Ragged(most) => gfn_core::Actions::ragged(most),
    };
    EnvironmentSpec {
        name: "plugin",
        initial: spec.initial.clone(),
        actions: actions(spec.actions),
        backward_actions: actions(spec.backward_actions),
        most_steps: spec.most_steps,
        stop: None,
        views: vec![View::Dense {
            features: spec.features,
        }],
        objects: match spec.objects.as_str() {
            "molecule" => ObjectKind::Molecule,
            other => ObjectKind::Other(other.to_string().into()),
        },
    }
}

impl Environment for PluginEnvironment {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn forward_mask(&self, state: &[i32], mask: &mut Mask) {
        let actions = self.remote.spec().actions;
        self.mask(
            state,
            actions.most(),
            mask,
            |known| &known.forward,
            |known| {
                known.forward = vec![0; actions.mask_words()];
                self.remote.forward_mask(state, &mut known.forward)
            },
        );
    }

    fn backward_mask(&self, state: &[i32], mask: &mut Mask) {
        let actions = self.remote.spec().backward_actions;
        self.mask(
            state,
            actions.most(),
            mask,
            |known| &known.backward,
            |known| {
                known.backward = vec![0; actions.mask_words()];
                self.remote.backward_mask(state, &mut known.backward)
            },
        );
    }

    fn step(&self, state: &[i32], action: usize, next: &mut [i32]) -> usize {
        let action = action as u32;
        let taken = self.recall(
            state,
            |known| known.steps.get(&action).cloned(),
            |known| {
                let (mut next, mut reverse) = (state.to_vec(), [0]);
                self.remote.step(state, &[action], &mut next, &mut reverse)?;
                known.steps.insert(action, (next, reverse[0]));
                Ok(())
            },
        );
        moved(taken, state, next)
    }

    fn undo(&self, state: &[i32], action: usize, previous: &mut [i32]) -> usize {
        let action = action as u32;
        let taken = self.recall(
            state,
            |known| known.undone.get(&action).cloned(),
            |known| {
                let (mut previous, mut reverse) = (state.to_vec(), [0]);
                self.remote.undo(state, &[action], &mut previous, &mut reverse)?;
                known.undone.insert(action, (previous, reverse[0]));
                Ok(())
            },
        );
        moved(taken, state, previous)
    }

    fn observe(&self, _view: usize, state: &[i32], observation: &mut Observation) {
        let width = self.remote.spec().features;
        let features = self.recall(
            state,
            |known| Some(known.features.clone()).filter(|features| features.len() == width),
            |known| {
                known.features = vec![0.0; width];
                self.remote.observe(state, &mut known.features)
            },
        );
        observation.states += 1;
        observation
            .dense
            .extend(features.unwrap_or_else(|| vec![0.0; width]));
    }

    fn forward_masks(&self, states: &[i32], masks: &mut [Mask]) {
        let words = self.remote.spec().actions.mask_words();
        let ask = |states: &[i32], bits: &mut [u64]| self.remote.forward_mask(states, bits);
        self.learn_masks(
            states,
            words,
            |known| &known.forward,
            |known| &mut known.forward,
            ask,
        );
        one_by_one::forward_masks(self, states, masks);
    }

    fn backward_masks(&self, states: &[i32], masks: &mut [Mask]) {
        let words = self.remote.spec().backward_actions.mask_words();
        let ask = |states: &[i32], bits: &mut [u64]| self.remote.backward_mask(states, bits);
        self.learn_masks(
            states,
            words,
            |known| &known.backward,
            |known| &mut known.backward,
            ask,
        );
        one_by_one::backward_masks(self, states, masks);
    }

    fn step_all(&self, states: &[i32], actions: &[usize], next: &mut [i32], backward_actions: &mut [usize]) {
        let ask = |states: &[i32], actions: &[u32], next: &mut [i32], reverse: &mut [u32]| {
            self.remote.step(states, actions, next, reverse)
        };
        self.learn_moves(
            states,
            actions,
            |known| &known.steps,
            |known| &mut known.steps,
            ask,
        );
        one_by_one::step_all(self, states, actions, next, backward_actions);
    }

    fn undo_all(
        &self,
        states: &[i32],
        backward_actions: &[usize],
        previous: &mut [i32],
        actions: &mut [usize],
    ) {
        let ask = |states: &[i32], actions: &[u32], previous: &mut [i32], reverse: &mut [u32]| {
            self.remote.undo(states, actions, previous, reverse)
        };
        self.learn_moves(
            states,
            backward_actions,
            |known| &known.undone,
            |known| &mut known.undone,
            ask,
        );
        one_by_one::undo_all(self, states, backward_actions, previous, actions);
    }

    fn observe_all(&self, view: usize, states: &[i32], observation: &mut Observation) {
        let width = self.remote.spec().features;
        self.learn_all(
            states,
            |known, _| known.features.len() != width,
            |unknown, places| {
                let mut features = vec![0.0; places.len() * width];
                self.remote.observe(unknown, &mut features).map(|()| features)
            },
            |known, features, row, _| known.features = features[row * width..(row + 1) * width].to_vec(),
        );
        one_by_one::observe_all(self, view, states, observation);
    }

    fn describe(&self, state: &[i32]) -> String {
        let words = self.recall(
            state,
            |known| known.words.clone(),
            |known| {
                let words = self.remote.describe(state)?;
                // One molecule is one object, however the plugin writes it.
                known.words = Some(match self.spec.objects {
                    ObjectKind::Molecule => canonical_of(&words).unwrap_or(words),
                    _ => words,
                });
                Ok(())
            },
        );
        words.unwrap_or_else(|| format!("{state:?}"))
    }

    fn may_fail(&self) -> bool {
        true
    }

    fn failure(&self) -> Option<String> {
        locked(&self.failure).clone()
    }

    fn as_enumerable(&self) -> Option<&dyn Enumerable> {
        self.states.is_some().then_some(self as &dyn Enumerable)
    }
}

impl Enumerable for PluginEnvironment {
    fn state_count(&self) -> u64 {
        self.states.unwrap_or(u64::MAX)
    }
}

/// Writes where an action leads; nowhere, where the plugin failed.
fn moved(taken: Option<(Vec<i32>, u32)>, state: &[i32], target: &mut [i32]) -> usize {
    let (reached, reverse) = taken.unwrap_or_else(|| (state.to_vec(), 0));
    target.copy_from_slice(&reached);
    reverse as usize
}
