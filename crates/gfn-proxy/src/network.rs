//! The network: message passing over atoms, then Set2Set over each molecule.

use ndarray::{Array2, ArrayView1, Axis, concatenate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::features::{COLUMNS, Input};
use crate::matrix::Rows;
use crate::pooling::Pooling;
use crate::real::Real;
use crate::weights::{HIDDEN, Weights};

/// Rounds of messages.
const ROUNDS: usize = 12;

/// Kinds of bonds: single, double, triple, aromatic, and that of a lone atom with itself.
const KINDS: usize = 5;

/// The kind of a lone atom's bond with itself.
const LONE: usize = 4;

/// Molecules are computed together up to this many atoms, so that what belongs to them stays in the caches.
const ATOMS_AT_ONCE: usize = 384;

/// Which function is computed with the published weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// The function that was trained, and that the paper's numbers are about.
    #[default]
    Original,
    /// The function of the library `gflownet` of Recursion, which many later papers report: there the weights of an atom's own
    /// state are loaded transposed, and no atom counts as open. It differs from the original by 0.7 on average.
    Recursion,
}

/// The sEH proxy in `f32` or `f64`. A molecule's score does not depend on what is scored with it.
#[derive(Clone, Debug)]
pub struct SehProxy<T> {
    /// Atom's columns to hidden units, `[71, 64]`, and a bias.
    embed: Array2<T>,
    embed_bias: Vec<T>,
    /// What a neighbour's state is multiplied by, for each kind of bond, `[64, 64]`.
    kernels: Vec<Array2<T>>,
    /// What an atom's own state is multiplied by: for its message, and for the three gates, `[64, 64 + 192]`.
    own: Array2<T>,
    message_bias: Vec<T>,
    /// What its message is multiplied by for the gates, `[64, 192]`.
    gates: Array2<T>,
    /// The bias of the gates r and z, of the message's part of n, and of the state's part of n.
    gate_bias: [[T; HIDDEN]; 4],
    pooling: Pooling<T>,
}

impl<T: Real> SehProxy<T> {
    /// The network with these weights.
    pub fn new(weights: &Weights, variant: Variant) -> Self {
        let root = match variant {
            Variant::Original => weights.matrix("conv.root"),
            Variant::Recursion => weights.transposed("conv.root"),
        };
        let state_gates = weights.transposed("gru.weight_hh");
        let own = concatenate(Axis(1), &[root.view(), state_gates.view()]);
        let vector = |name| weights.matrix::<T>(name).into_raw_vec_and_offset().0;
        let (message, state) = (vector("gru.bias_ih"), vector("gru.bias_hh"));
        let sum = |gate: usize| {
            let gate = gate * HIDDEN..(gate + 1) * HIDDEN;
            array(&gate.map(|at| message[at] + state[at]).collect::<Vec<T>>())
        };
        Self {
            embed: weights.transposed("lin0.weight"),
            embed_bias: vector("lin0.bias"),
            kernels: kernels(weights),
            own: own.expect("both have 64 rows"),
            message_bias: vector("conv.bias"),
            gates: weights.transposed("gru.weight_ih"),
            gate_bias: [
                sum(0),
                sum(1),
                array(&message[2 * HIDDEN..]),
                array(&state[2 * HIDDEN..]),
            ],
            pooling: Pooling::new(weights),
        }
    }

    /// The score of each molecule: 4 − (e + 8.6) / 1.1 for a docking energy e of at most 0 kcal/mol. A molecule without atoms
    /// scores NaN.
    pub fn scores(&self, molecules: &[Input]) -> Vec<f64> {
        let mut scores = Vec::with_capacity(molecules.len());
        let mut rest = molecules;
        while !rest.is_empty() {
            let mut atoms = 0;
            let fits = |molecule: &&Input| {
                atoms += molecule.atom_count();
                atoms <= ATOMS_AT_ONCE
            };
            let (now, later) = rest.split_at(rest.iter().take_while(fits).count().max(1));
            let states = self.states(now);
            scores.extend(self.pooling.scores(&states, now));
            rest = later;
        }
        scores
    }

    /// The state of each atom after the last round, `[atoms, 64]`.
    fn states(&self, molecules: &[Input]) -> Rows<T> {
        let neighbours = Neighbours::new(molecules);
        let mut states = self.embedded(molecules);
        let mut space = Space::default();
        for _ in 0..ROUNDS {
            self.round(&mut states, &neighbours, &mut space);
        }
        states
    }

    fn embedded(&self, molecules: &[Input]) -> Rows<T> {
        let atoms: Vec<_> = molecules.iter().flat_map(|molecule| &molecule.atoms).collect();
        let mut states = Rows::zeros(atoms.len(), HIDDEN);
        for (index, columns) in atoms.into_iter().enumerate() {
            let state = states.row_mut(index);
            state.copy_from_slice(&self.embed_bias);
            for &(column, value) in columns {
                let weights = self.embed.row(column);
                let products = state.iter_mut().zip(weights);
                products.for_each(|(sum, &weight)| *sum += weight * T::of(value));
            }
            state.iter_mut().for_each(|value| *value = value.leaky());
        }
        states
    }

    fn round(&self, states: &mut Rows<T>, neighbours: &Neighbours<T>, space: &mut Space<T>) {
        space.own.set_product(states, &self.own);
        self.messages(states, neighbours, space);
        space.gates.set_product(&space.messages, &self.gates);
        for index in 0..states.count() {
            let own = &space.own.row(index)[HIDDEN..];
            self.update(states.row_mut(index), space.gates.row(index), own);
        }
    }

    /// The mean of what the neighbours send, with the atom's own part.
    fn messages(&self, states: &Rows<T>, neighbours: &Neighbours<T>, space: &mut Space<T>) {
        space.messages.width = HIDDEN;
        space.messages.values.clear();
        for index in 0..states.count() {
            let own = space.own.row(index)[..HIDDEN].iter().zip(&self.message_bias);
            space.messages.values.extend(own.map(|(&own, &bias)| own + bias));
        }
        for (kind, receivers) in neighbours.kinds.iter().enumerate() {
            if receivers.is_empty() {
                continue;
            }
            gather(states, receivers, &mut space.gathered);
            space.sent.set_product(&space.gathered, &self.kernels[kind]);
            for (place, receiver) in receivers.iter().enumerate() {
                let message = space.messages.row_mut(receiver.atom).iter_mut();
                message
                    .zip(space.sent.row(place))
                    .for_each(|(sum, &sent)| *sum += sent);
            }
        }
        let values = space.messages.values.iter_mut();
        values.for_each(|value| *value = value.leaky());
    }

    /// A gated recurrent unit: `message` and `own` hold the parts of the gates r, z and n. All lengths are known to the compiler,
    /// which then takes several units at once.
    fn update(&self, state: &mut [T], message: &[T], own: &[T]) {
        let (state, message, own) = (
            &mut state.as_chunks_mut::<HIDDEN>().0[0],
            array::<T, { 3 * HIDDEN }>(message),
            array::<T, { 3 * HIDDEN }>(own),
        );
        let [r_bias, z_bias, message_bias, own_bias] = &self.gate_bias;
        for unit in 0..HIDDEN {
            let (at_z, at_n) = (unit + HIDDEN, unit + 2 * HIDDEN);
            let r = (message[unit] + own[unit] + r_bias[unit]).sigmoid();
            let z = (message[at_z] + own[at_z] + z_bias[unit]).sigmoid();
            let own_part = r * (own[at_n] + own_bias[unit]);
            let n = (message[at_n] + message_bias[unit] + own_part).tanh();
            state[unit] = (T::one() - z) * n + z * state[unit];
        }
    }
}

/// The first `N` numbers.
fn array<T: Real, const N: usize>(values: &[T]) -> [T; N] {
    values.as_chunks::<N>().0[0]
}

/// What a neighbour's state is multiplied by across a bond of each kind: computed once, as there are but a few kinds.
fn kernels<T: Real>(weights: &Weights) -> Vec<Array2<T>> {
    let (first, bias) = (
        weights.matrix::<T>("conv.nn.0.weight"),
        weights.matrix::<T>("conv.nn.0.bias"),
    );
    // A lone atom's bond has no kind of its own: the bias alone.
    let hidden = Array2::from_shape_fn((KINDS, bias.ncols()), |(kind, unit)| {
        let from_kind = if kind == LONE {
            T::zero()
        } else {
            first[(unit, kind)]
        };
        (bias[(0, unit)] + from_kind).leaky()
    });
    let flat =
        hidden.dot(&weights.matrix::<T>("conv.nn.2.weight").t()) + weights.matrix::<T>("conv.nn.2.bias");
    let kernel = |row: ArrayView1<'_, T>| {
        Array2::from_shape_vec((HIDDEN, HIDDEN), row.to_vec()).expect("4096 numbers are 64 times 64")
    };
    flat.rows().into_iter().map(kernel).collect()
}

/// Sums the states of each receiver's neighbours, over their number.
fn gather<T: Real>(states: &Rows<T>, receivers: &[Receiver<T>], gathered: &mut Rows<T>) {
    gathered.width = HIDDEN;
    gathered.values.clear();
    for receiver in receivers {
        let start = gathered.values.len();
        gathered.values.resize(start + HIDDEN, T::zero());
        let sum = &mut gathered.values[start..];
        for &neighbour in &receiver.neighbours {
            let terms = sum.iter_mut().zip(states.row(neighbour));
            terms.for_each(|(sum, &term)| *sum += term * receiver.share);
        }
    }
}

/// An atom and its neighbours across one kind of bond.
struct Receiver<T> {
    atom: usize,
    /// One over the number of all its neighbours.
    share: T,
    neighbours: Vec<usize>,
}

/// Who hears whom, for each kind of bond.
struct Neighbours<T> {
    kinds: [Vec<Receiver<T>>; KINDS],
}

impl<T: Real> Neighbours<T> {
    fn new(molecules: &[Input]) -> Self {
        let mut kinds = [const { Vec::new() }; KINDS];
        let mut first = 0;
        for molecule in molecules {
            let mut bonded: Vec<Vec<(usize, usize)>> = vec![Vec::new(); molecule.atom_count()];
            for &(one, two, kind) in &molecule.bonds {
                bonded[one as usize].push((kind, first + two as usize));
                bonded[two as usize].push((kind, first + one as usize));
            }
            if let [only] = bonded.as_mut_slice() {
                only.push((LONE, first));
            }
            for (atom, bonds) in bonded.iter().enumerate() {
                Self::listen(&mut kinds, first + atom, bonds);
            }
            first += molecule.atom_count();
        }
        Self { kinds }
    }

    fn listen(kinds: &mut [Vec<Receiver<T>>; KINDS], atom: usize, bonds: &[(usize, usize)]) {
        let share = T::of(1.0 / bonds.len() as f64);
        for (kind, receivers) in kinds.iter_mut().enumerate() {
            let of_kind = bonds.iter().filter(|bond| bond.0 == kind);
            let neighbours: Vec<usize> = of_kind.map(|bond| bond.1).collect();
            if !neighbours.is_empty() {
                receivers.push(Receiver {
                    atom,
                    share,
                    neighbours,
                });
            }
        }
    }
}

/// Room for what a round computes, kept from one to the next.
#[derive(Default)]
struct Space<T> {
    own: Rows<T>,
    messages: Rows<T>,
    gates: Rows<T>,
    gathered: Rows<T>,
    sent: Rows<T>,
}

/// The network reads this many columns of an atom.
const _: () = assert!(COLUMNS == 71);
