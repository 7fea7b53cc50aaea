//! From atoms to a score: Set2Set (Vinyals et al. 2016, "Order matters: sequence to sequence for sets", arXiv 1511.06391), which
//! asks a molecule's atoms three times, and a linear readout.

use ndarray::Array2;

use crate::features::Input;
use crate::matrix::Rows;
use crate::real::Real;
use crate::weights::{HIDDEN, Weights};

/// How often the atoms are asked.
const STEPS: usize = 3;

/// Set2Set and the readout.
#[derive(Clone, Debug)]
pub(crate) struct Pooling<T> {
    /// Question and answer to the four gates, `[128, 256]`.
    input_gates: Array2<T>,
    /// The state before to the four gates, `[64, 256]`.
    state_gates: Array2<T>,
    bias: Vec<T>,
    readout: Vec<T>,
    readout_bias: T,
}

impl<T: Real> Pooling<T> {
    pub(crate) fn new(weights: &Weights) -> Self {
        let vector = |name| weights.matrix::<T>(name).into_raw_vec_and_offset().0;
        let biases = vector("set2set.lstm.bias_ih")
            .into_iter()
            .zip(vector("set2set.lstm.bias_hh"));
        Self {
            input_gates: weights.transposed("set2set.lstm.weight_ih"),
            state_gates: weights.transposed("set2set.lstm.weight_hh"),
            bias: biases.map(|(one, two)| one + two).collect(),
            readout: vector("lin3.weight"),
            readout_bias: vector("lin3.bias")[0],
        }
    }

    /// The score of each molecule from the states of all atoms, `[atoms, 64]`.
    pub(crate) fn scores(&self, states: &Rows<T>, molecules: &[Input]) -> Vec<f64> {
        let pooled = self.pooled(states, molecules);
        let score = |(index, molecule): (usize, &Input)| match molecule.atom_count() {
            0 => f64::NAN,
            _ => (self.readout_bias + dot(pooled.row(index), &self.readout)).widen(),
        };
        molecules.iter().enumerate().map(score).collect()
    }

    /// Question and answer of each molecule after the last step, `[molecules, 128]`.
    fn pooled(&self, states: &Rows<T>, molecules: &[Input]) -> Rows<T> {
        let count = molecules.len();
        let mut asked = Rows::zeros(count, 2 * HIDDEN);
        let (mut question, mut cell) = (Rows::zeros(count, HIDDEN), Rows::zeros(count, HIDDEN));
        for _ in 0..STEPS {
            let input = asked.times(&self.input_gates);
            let own = question.times(&self.state_gates);
            let mut first = 0;
            for (index, molecule) in molecules.iter().enumerate() {
                let atoms = first..first + molecule.atom_count();
                first = atoms.end;
                self.remember(
                    question.row_mut(index),
                    cell.row_mut(index),
                    input.row(index),
                    own.row(index),
                );
                let (head, tail) = asked.row_mut(index).split_at_mut(HIDDEN);
                head.copy_from_slice(question.row(index));
                attend(states, atoms, head, tail);
            }
        }
        asked
    }

    /// A cell of long short-term memory, gates in the order i, f, g, o.
    fn remember(&self, question: &mut [T], cell: &mut [T], input: &[T], own: &[T]) {
        let gate = |gate: usize, unit: usize| {
            let at = gate * HIDDEN + unit;
            input[at] + own[at] + self.bias[at]
        };
        for unit in 0..HIDDEN {
            let kept = gate(1, unit).sigmoid() * cell[unit];
            cell[unit] = kept + gate(0, unit).sigmoid() * gate(2, unit).tanh();
            question[unit] = gate(3, unit).sigmoid() * cell[unit].tanh();
        }
    }
}

/// Writes to `answer` the mean of the atoms' states, weighted by how well they match the question.
fn attend<T: Real>(states: &Rows<T>, atoms: std::ops::Range<usize>, question: &[T], answer: &mut [T]) {
    answer.fill(T::zero());
    let matches: Vec<T> = atoms
        .clone()
        .map(|atom| dot(states.row(atom), question))
        .collect();
    let greatest = matches
        .iter()
        .copied()
        .reduce(|one, two| if two > one { two } else { one });
    let Some(greatest) = greatest else { return };
    let weights: Vec<T> = matches
        .into_iter()
        .map(|score| (score - greatest).exp())
        .collect();
    let total = weights.iter().fold(T::zero(), |sum, &weight| sum + weight);
    for (atom, weight) in atoms.zip(weights) {
        let terms = answer.iter_mut().zip(states.row(atom));
        terms.for_each(|(sum, &state)| *sum += state * (weight / total));
    }
}

fn dot<T: Real>(one: &[T], two: &[T]) -> T {
    let products = one.iter().zip(two);
    products.fold(T::zero(), |sum, (&one, &two)| sum + one * two)
}
