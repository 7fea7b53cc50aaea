//! A network of an ensemble: rounds of messages over the atoms, sums over the molecule, and a perceptron.
//!
//! With columns x_i of an atom, and N_k(i) its neighbours by bonds of kind k:
//! h_i ← f(x_i E + e); then, the same each round, h_i ← h_i + f(h_i O + Σ_k (Σ_{j ∈ N_k(i)} h_j) W_k + b); then
//! p = [Σ_i h_i / 16, mean_i h_i, descriptors] and the value is v · f(p R + r) + c, with f(x) = x where positive, else 0.01 x.
//! The same weights in each round, and few of them, suit tables of some thousand molecules.

use ndarray::Array2;

use super::features::{ATOM_COLUMNS, DESCRIPTORS, Features};
use super::metadata::Architecture;
use crate::matrix::Rows;
use crate::real::Real;

/// Kinds of bonds: single, double, triple, aromatic.
pub const BOND_KINDS: usize = 4;

/// What sums over a molecule's atoms are divided by: a usual number of atoms, so that sums are of the size of means.
pub const USUAL_ATOMS: f32 = 16.0;

/// Molecules are computed together up to this many atoms, so that what belongs to them stays in the caches.
const ATOMS_AT_ONCE: usize = 384;

/// A network of an ensemble, from features to a standardised value.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    rounds: usize,
    embed: Array2<f32>,
    embed_bias: Vec<f32>,
    own: Array2<f32>,
    kernels: Vec<Array2<f32>>,
    round_bias: Vec<f32>,
    readout: Array2<f32>,
    readout_bias: Vec<f32>,
    value: Vec<f32>,
    value_bias: f32,
}

impl Member {
    /// The network with these weights, which are those of [`Architecture::tensors`] one after the other.
    pub(crate) fn new(architecture: Architecture, weights: &[f32]) -> Self {
        let hidden = architecture.hidden;
        let mut rest = weights;
        let mut take = |count: usize| {
            let (taken, after) = rest.split_at(count);
            rest = after;
            taken.to_vec()
        };
        let matrix = |rows: usize, values: Vec<f32>| {
            Array2::from_shape_vec((rows, hidden), values).expect("as many numbers as were taken")
        };
        Self {
            rounds: architecture.rounds,
            embed: matrix(ATOM_COLUMNS, take(ATOM_COLUMNS * hidden)),
            embed_bias: take(hidden),
            own: matrix(hidden, take(hidden * hidden)),
            kernels: (0..BOND_KINDS)
                .map(|_| matrix(hidden, take(hidden * hidden)))
                .collect(),
            round_bias: take(hidden),
            readout: matrix(
                2 * hidden + DESCRIPTORS,
                take((2 * hidden + DESCRIPTORS) * hidden),
            ),
            readout_bias: take(hidden),
            value: take(hidden),
            value_bias: take(1)[0],
        }
    }

    /// The standardised value of each molecule; its descriptors are standardised too.
    pub(crate) fn values(&self, molecules: &[NetworkInput<'_>]) -> Vec<f32> {
        let mut values = Vec::with_capacity(molecules.len());
        let mut rest = molecules;
        while !rest.is_empty() {
            let mut atoms = 0;
            let fits = |molecule: &&NetworkInput<'_>| {
                atoms += molecule.features.atoms.len();
                atoms <= ATOMS_AT_ONCE
            };
            let (now, later) = rest.split_at(rest.iter().take_while(fits).count().max(1));
            values.extend(self.together(now));
            rest = later;
        }
        values
    }

    fn together(&self, molecules: &[NetworkInput<'_>]) -> Vec<f32> {
        let neighbours = Neighbours::of(molecules);
        let mut states = self.embedded(molecules);
        let mut space = Space::default();
        for _ in 0..self.rounds {
            self.round(&mut states, &neighbours, &mut space);
        }
        self.read_out(&states, molecules)
    }

    fn embedded(&self, molecules: &[NetworkInput<'_>]) -> Rows<f32> {
        let atoms: Vec<&Vec<u8>> = molecules.iter().flat_map(|seen| &seen.features.atoms).collect();
        let mut states = Rows::zeros(atoms.len(), self.embed_bias.len());
        for (index, columns) in atoms.into_iter().enumerate() {
            let state = states.row_mut(index);
            state.copy_from_slice(&self.embed_bias);
            for &column in columns {
                add(
                    state,
                    self.embed
                        .row(usize::from(column))
                        .as_slice()
                        .expect("rows are whole"),
                );
            }
            state.iter_mut().for_each(|value| *value = value.leaky());
        }
        states
    }

    fn round(&self, states: &mut Rows<f32>, neighbours: &Neighbours, space: &mut Space) {
        space.messages.set_product(states, &self.own);
        for (kernel, receivers) in self.kernels.iter().zip(&neighbours.kinds) {
            if receivers.is_empty() {
                continue;
            }
            space.gathered.width = states.width;
            space.gathered.values.clear();
            space.gathered.values.resize(receivers.len() * states.width, 0.0);
            for (place, (_, senders)) in receivers.iter().enumerate() {
                for &sender in senders {
                    add(space.gathered.row_mut(place), states.row(sender));
                }
            }
            space.sent.set_product(&space.gathered, kernel);
            for (place, (receiver, _)) in receivers.iter().enumerate() {
                add(space.messages.row_mut(*receiver), space.sent.row(place));
            }
        }
        for index in 0..states.count() {
            let messages = space.messages.row(index).iter().zip(&self.round_bias);
            for (state, (message, bias)) in states.row_mut(index).iter_mut().zip(messages) {
                *state += (message + bias).leaky();
            }
        }
    }

    fn read_out(&self, states: &Rows<f32>, molecules: &[NetworkInput<'_>]) -> Vec<f32> {
        let hidden = states.width;
        let mut pooled = Rows::zeros(molecules.len(), 2 * hidden + DESCRIPTORS);
        let mut first = 0;
        for (index, molecule) in molecules.iter().enumerate() {
            let atoms = molecule.features.atoms.len();
            let row = pooled.row_mut(index);
            (first..first + atoms).for_each(|atom| add(&mut row[..hidden], states.row(atom)));
            first += atoms;
            for unit in 0..hidden {
                row[hidden + unit] = row[unit] / atoms as f32;
                row[unit] /= USUAL_ATOMS;
            }
            row[2 * hidden..].copy_from_slice(&molecule.descriptors);
        }
        let units = pooled.times(&self.readout);
        let value = |index: usize| {
            let units = units.row(index).iter().zip(&self.readout_bias).zip(&self.value);
            units.fold(self.value_bias, |sum, ((unit, bias), weight)| {
                sum + (unit + bias).leaky() * weight
            })
        };
        (0..molecules.len()).map(value).collect()
    }
}

/// A molecule with its descriptors standardised.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NetworkInput<'a> {
    pub(crate) features: &'a Features,
    pub(crate) descriptors: [f32; DESCRIPTORS],
}

fn add(sum: &mut [f32], terms: &[f32]) {
    sum.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
}

/// Who hears whom, for each kind of bond: atoms, and those that they hear.
struct Neighbours {
    kinds: [Vec<(usize, Vec<usize>)>; BOND_KINDS],
}

impl Neighbours {
    fn of(molecules: &[NetworkInput<'_>]) -> Self {
        let mut kinds = [const { Vec::new() }; BOND_KINDS];
        let mut first = 0;
        for molecule in molecules {
            let atoms = molecule.features.atoms.len();
            let mut heard: [Vec<Vec<usize>>; BOND_KINDS] = std::array::from_fn(|_| vec![Vec::new(); atoms]);
            for &(one, two, kind) in &molecule.features.bonds {
                let (kind, one, two) = (usize::from(kind), one as usize, two as usize);
                heard[kind][one].push(first + two);
                heard[kind][two].push(first + one);
            }
            for (kind, heard) in kinds.iter_mut().zip(heard) {
                let receivers = heard.into_iter().enumerate();
                kind.extend(
                    receivers
                        .filter(|(_, senders)| !senders.is_empty())
                        .map(|(atom, senders)| (first + atom, senders)),
                );
            }
            first += atoms;
        }
        Self { kinds }
    }
}

/// Room for what a round computes, kept from one to the next.
#[derive(Default)]
struct Space {
    messages: Rows<f32>,
    gathered: Rows<f32>,
    sent: Rows<f32>,
}
