//! Training one member of the ensemble.

use std::ops::ControlFlow;

use gfn_core::schedule::{Ramp, Shape};
use gfn_core::{Cancel, Purpose, Schedule, Stream};
use gfn_learn::optimizer::{AdamParams, Optimizer};
use gfn_learn::parameters::{Layout, Parameters, Start};
use gfn_proxy::fitted::{Architecture, BOND_KINDS};
use tch::{Device, Kind, Tensor};

use crate::FitError;
use crate::batch::{Batch, Example};
use crate::fit::Settings;
use crate::network::{forward, views};
use crate::split::shuffle;

/// Molecules of about one size are put together within so many batches, so that little is filled up.
const BATCHES_SORTED: usize = 8;

/// Molecules that are only measured are computed by so many, and fewer where their bonds are more numbers than this: one large
/// molecule would fill up all the others.
const MEASURED_AT_ONCE: usize = 256;
const MAX_NUMBERS: usize = 1 << 26;

/// The longest gradient that is followed whole.
const CLIP: f64 = 5.0;

/// How a member did in an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// The root of the mean squared error of training molecules, while they were trained on; in the target's unit.
    pub training: f64,
    /// That of validation molecules, at the end.
    pub validation: f64,
}

/// A member that is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// What became of it, epoch by epoch.
    pub epochs: Vec<Epoch>,
    /// The epoch, from 0, whose weights it has: the best of validation.
    pub best: usize,
}

/// An epoch of a member is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The member, from 0.
    pub member: usize,
    /// Epochs that it has done.
    pub epoch: usize,
    /// How it did.
    pub now: Epoch,
    /// The best of validation so far.
    pub best: f64,
    /// Whether it is done.
    pub is_last: bool,
}

/// What members are trained on.
pub(crate) struct Data<'a> {
    pub(crate) training: Vec<Example<'a>>,
    pub(crate) validation: Vec<Example<'a>>,
    /// What a standardised value of 1 is in the target's unit.
    pub(crate) deviation: f64,
    /// Whether a stop was asked for.
    pub(crate) cancel: &'a Cancel,
}

/// Trains member number `member`; returns its weights, too. Where `progress` breaks, it stops.
pub(crate) fn train(
    data: &Data<'_>,
    settings: &Settings,
    member: usize,
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<(Vec<f32>, Trained), FitError> {
    let mut learner = Learner::new(settings, data.training.len(), member)?;
    let validation = measured(&data.validation)?;
    let (mut epochs, mut best) = (Vec::new(), (f64::INFINITY, 0, Vec::new()));
    for epoch in 0..settings.epochs {
        let now = Epoch {
            training: data.deviation * learner.epoch(&data.training, data.cancel)?,
            validation: data.deviation * learner.error(&validation)?,
        };
        epochs.push(now);
        if now.validation < best.0 {
            best = (now.validation, epoch, learner.parameters.to_host()?);
        }
        let is_last = epoch + 1 == settings.epochs || epoch >= best.1 + settings.patience;
        let told = progress(Progress {
            member,
            epoch: epoch + 1,
            now,
            best: best.0,
            is_last,
        });
        if told.is_break() {
            return Err(FitError::Stopped);
        }
        if is_last {
            break;
        }
    }
    let (error, best, weights) = best;
    match error.is_finite() {
        true => Ok((weights, Trained { epochs, best })),
        false => Err(FitError::Diverged(member)),
    }
}

/// Molecules that are only measured, as batches.
fn measured(examples: &[Example<'_>]) -> Result<Vec<Batch>, FitError> {
    let mut order: Vec<&Example<'_>> = examples.iter().collect();
    order.sort_by_key(|example| example.features.atoms.len());
    let atoms: Vec<usize> = order.iter().map(|example| example.features.atoms.len()).collect();
    let (mut batches, mut first) = (Vec::new(), 0);
    while first < order.len() {
        let count = together(&atoms[first..]);
        batches.push(Batch::of(&order[first..first + count])?);
        first += count;
    }
    Ok(batches)
}

/// How many molecules of as many atoms, ascending, are measured at once.
fn together(atoms: &[usize]) -> usize {
    let fits = |(index, atoms): &(usize, &usize)| (index + 1) * BOND_KINDS * atoms.pow(2) <= MAX_NUMBERS;
    let fitting = atoms.iter().take(MEASURED_AT_ONCE).enumerate().take_while(fits);
    fitting.count().max(1)
}

struct Learner {
    architecture: Architecture,
    batch_size: usize,
    parameters: Parameters,
    /// The same numbers, to which gradients come back.
    leaf: Tensor,
    optimizer: Optimizer,
    stream: Stream,
}

impl Learner {
    fn new(settings: &Settings, examples: usize, member: usize) -> Result<Self, FitError> {
        let architecture = settings.architecture();
        let mut layout = Layout::default();
        for tensor in architecture.tensors() {
            let start = match tensor.inputs {
                0 => Start::Zero,
                fan_in => Start::Uniform { fan_in },
            };
            layout.add(tensor.name, &tensor.shape, start);
        }
        let parameters = Parameters::new(layout, settings.seed, member as u64, Device::Cpu)?;
        let steps = settings.epochs * examples.div_ceil(settings.batch_size);
        let adam = AdamParams {
            learning_rate: Schedule::Ramp(Ramp {
                from: settings.learning_rate,
                to: 0.0,
                steps: steps as u64,
                shape: Shape::Cosine,
            }),
            weight_decay: Some(settings.weight_decay),
            clip_norm: Some(CLIP),
            ..AdamParams::default()
        };
        Ok(Self {
            architecture,
            batch_size: settings.batch_size,
            leaf: parameters.values.f_detach()?.f_set_requires_grad(true)?,
            optimizer: Optimizer::new(adam, &[&parameters])?,
            parameters,
            stream: Stream::new(settings.seed, Purpose::Fitting, 1 + member as u64),
        })
    }

    /// Sees every example once; returns the root of their mean squared error.
    fn epoch(&mut self, examples: &[Example<'_>], cancel: &Cancel) -> Result<f64, FitError> {
        let mut order: Vec<&Example<'_>> = examples.iter().collect();
        shuffle(&mut order, &mut self.stream);
        for part in order.chunks_mut(BATCHES_SORTED * self.batch_size) {
            part.sort_by_key(|example| example.features.atoms.len());
        }
        let mut batches: Vec<&[&Example<'_>]> = order.chunks(self.batch_size).collect();
        shuffle(&mut batches, &mut self.stream);
        let mut squares = 0.0;
        for batch in batches {
            if cancel.is_asked() {
                return Err(FitError::Stopped);
            }
            squares += batch.len() as f64 * self.step(&Batch::of(batch)?)?;
        }
        Ok((squares / examples.len() as f64).sqrt())
    }

    /// Takes a step; returns the mean squared error before it.
    fn step(&mut self, batch: &Batch) -> Result<f64, FitError> {
        let weights = views(self.architecture, &self.leaf)?;
        let error = forward(self.architecture, &weights, batch)?.f_sub(&batch.values)?;
        let loss = error.f_square()?.f_mean(Kind::Float)?;
        loss.f_backward()?;
        let gradient = self.leaf.f_grad()?;
        self.parameters.gradient.f_copy_(&gradient)?;
        self.leaf.zero_grad();
        // It has no log Z.
        self.optimizer.step(&mut [&mut self.parameters], &mut 0.0, 0.0)?;
        Ok(loss.f_double_value(&[])?)
    }

    /// The root of the mean squared error.
    fn error(&self, batches: &[Batch]) -> Result<f64, FitError> {
        let _guard = tch::no_grad_guard();
        let weights = views(self.architecture, &self.leaf)?;
        let (mut squares, mut count) = (0.0, 0.0);
        for batch in batches {
            let error = forward(self.architecture, &weights, batch)?.f_sub(&batch.values)?;
            squares += error.f_square()?.f_sum(Kind::Double)?.f_double_value(&[])?;
            count += batch.molecules as f64;
        }
        Ok((squares / count).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_molecules_are_measured_apart() {
        assert_eq!(together(&[30; 300]), MEASURED_AT_ONCE);
        assert_eq!(together(&[256; 300]), MEASURED_AT_ONCE);
        assert_eq!(together(&[30; 7]), 7);
        let mut with_large = vec![30; 100];
        with_large.push(500);
        assert_eq!(together(&with_large), 100);
        assert_eq!(together(&[500; 300]), 67);
        assert_eq!(together(&[1_000_000; 2]), 1);
    }
}
