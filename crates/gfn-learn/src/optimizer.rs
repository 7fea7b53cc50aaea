//! Adam and AdamW over flat buffers, with their state in reach.

use gfn_core::Schedule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};

use crate::LearnError;
use crate::host::{slice, slice_mut};
use crate::parameters::Parameters;

/// Adam: steps along the mean gradient, over the root of the mean squared gradient.
///
/// Formula: m ← β1·m + (1 − β1)·g, v ← β2·v + (1 − β2)·g²,
/// w ← w − learning rate · (m / (1 − β1^t) / (√(v / (1 − β2^t)) + ε) + weight decay · w).
///
/// Reference: Kingma and Ba 2015, "Adam: a method for stochastic optimization", arXiv 1412.6980.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Adam(pub AdamParams);

/// AdamW: Adam that also takes a share of every weight away at each step.
///
/// Formula: m ← β1·m + (1 − β1)·g, v ← β2·v + (1 − β2)·g²,
/// w ← w − learning rate · (m / (1 − β1^t) / (√(v / (1 − β2^t)) + ε) + weight decay · w).
///
/// Reference: Loshchilov and Hutter 2019, "Decoupled weight decay regularization", arXiv 1711.05101.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AdamW(pub AdamParams);

/// What [`Adam`] and [`AdamW`] read, which differ in the weight decay where none is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdamParams {
    /// The step size of the network: a number or a schedule.
    #[schemars(extend("minimum" = 0))]
    pub learning_rate: Schedule,
    /// The step size of the learned log Z, where there is one: a number or a schedule.
    #[schemars(extend("minimum" = 0))]
    pub log_z_learning_rate: Schedule,
    /// Where the learned log Z starts.
    pub log_z: f64,
    /// β1, the decay of the mean gradient.
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    pub beta1: f64,
    /// β2, the decay of the mean squared gradient.
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    pub beta2: f64,
    /// Added to the root of the mean squared gradient.
    #[schemars(extend("minimum" = 1e-30))]
    pub epsilon: f64,
    /// Scales the gradient of the network down to this norm where it is greater; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0), example = 1.0)]
    pub clip_norm: Option<f64>,
    /// The share of every weight that is taken away per step, times the learning rate; absent: 0 for `adam`, 0.01 for
    /// `adamw`. log Z does not decay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0))]
    pub weight_decay: Option<f64>,
}

impl Default for AdamParams {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3.into(),
            log_z_learning_rate: 0.1.into(),
            log_z: 0.0,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            clip_norm: None,
            weight_decay: None,
        }
    }
}

impl AdamParams {
    /// Fills in the weight decay where it is absent, and checks ranges that a schema cannot state.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn complete(&mut self, weight_decay: f64) -> Result<(), String> {
        self.weight_decay.get_or_insert(weight_decay);
        self.fit_single_precision()?;
        self.learning_rate
            .check("optimizer.learning_rate", 0.0, f64::INFINITY)?;
        self.log_z_learning_rate
            .check("optimizer.log_z_learning_rate", 0.0, f64::INFINITY)
    }
}

impl AdamParams {
    /// Refuses numbers that weights, which are in single precision, would take for 0 or for infinity.
    fn fit_single_precision(&self) -> Result<(), String> {
        let rates = [
            ("learning_rate", self.learning_rate.ends().to_vec()),
            ("clip_norm", self.clip_norm.into_iter().collect()),
            ("weight_decay", self.weight_decay.into_iter().collect()),
        ];
        for (key, numbers) in rates {
            let lost = |number: &f64| *number != 0.0 && !(*number as f32).is_normal();
            if let Some(number) = numbers.into_iter().find(lost) {
                let size = if number.abs() < 1.0 {
                    "too small"
                } else {
                    "too large"
                };
                return Err(format!(
                    "`optimizer.{key}` is {number:e}, which is {size} for the single precision of weights; expected 0, or \
                     a number from 1.2e-38 to 3.4e38"
                ));
            }
        }
        Ok(())
    }
}

/// The numbers of one Adam step, bias corrections folded in.
#[derive(Clone, Copy, Debug)]
struct Step {
    beta1: f64,
    beta2: f64,
    rate: f64,
    root_correction: f64,
    epsilon: f64,
    keep: f64,
    scale: f64,
}

impl Step {
    /// Step number `count`, from 1. The update is lr · m̂ / (√v̂ + ε).
    fn new(settings: &AdamParams, learning_rate: f64, weight_decay: f64, count: u64, scale: f64) -> Self {
        let AdamParams {
            beta1,
            beta2,
            epsilon,
            ..
        } = *settings;
        let correct = |beta: f64| 1.0 - beta.powf(count as f64);
        Self {
            beta1,
            beta2,
            rate: learning_rate / correct(beta1),
            root_correction: 1.0 / correct(beta2).sqrt(),
            epsilon,
            keep: 1.0 - learning_rate * weight_decay,
            scale,
        }
    }

    fn on_number(&self, value: &mut f64, gradient: f64, mean: &mut f64, square: &mut f64) {
        *mean += (1.0 - self.beta1) * (gradient - *mean);
        *square += (1.0 - self.beta2) * (gradient * gradient - *square);
        *value -= self.rate * *mean / (square.sqrt() * self.root_correction + self.epsilon);
    }

    fn on_slices(&self, values: &mut [f32], gradient: &[f32], means: &mut [f32], squares: &mut [f32]) {
        let [one_minus_beta1, one_minus_beta2] = [(1.0 - self.beta1) as f32, (1.0 - self.beta2) as f32];
        let [rate, root, epsilon, keep, scale] = [
            self.rate,
            self.root_correction,
            self.epsilon,
            self.keep,
            self.scale,
        ]
        .map(|x| x as f32);
        let moments = means.iter_mut().zip(squares);
        for ((value, gradient), (mean, square)) in values.iter_mut().zip(gradient).zip(moments) {
            let gradient = gradient * scale;
            *mean += one_minus_beta1 * (gradient - *mean);
            *square += one_minus_beta2 * (gradient * gradient - *square);
            *value = *value * keep - rate * *mean / (square.sqrt() * root + epsilon);
        }
    }

    fn on_tensors(&self, state: &mut Moments, parameters: &mut Parameters) -> Result<(), LearnError> {
        let _guard = tch::no_grad_guard();
        let gradient = parameters.gradient.f_mul_scalar(self.scale)?;
        let mean = state
            .mean
            .f_mul_scalar(self.beta1)?
            .f_add(&gradient.f_mul_scalar(1.0 - self.beta1)?)?;
        let square = gradient.f_square()?.f_mul_scalar(1.0 - self.beta2)?;
        let square = state.square.f_mul_scalar(self.beta2)?.f_add(&square)?;
        state.mean.f_copy_(&mean)?;
        state.square.f_copy_(&square)?;
        let below = square
            .f_sqrt()?
            .f_mul_scalar(self.root_correction)?
            .f_add_scalar(self.epsilon)?;
        let update = mean.f_div(&below)?.f_mul_scalar(self.rate)?;
        let values = parameters.values.f_mul_scalar(self.keep)?.f_sub(&update)?;
        parameters.values.f_copy_(&values)?;
        Ok(())
    }
}

/// The running means of one flat buffer.
#[derive(Debug)]
pub struct Moments {
    /// The mean gradient, `[P]`.
    pub mean: Tensor,
    /// The mean squared gradient, `[P]`.
    pub square: Tensor,
}

/// The running means of one number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScalarMoments {
    /// The mean gradient.
    pub mean: f64,
    /// The mean squared gradient.
    pub square: f64,
}

/// Adam with its whole state.
#[derive(Debug)]
pub struct Optimizer {
    settings: AdamParams,
    /// Steps taken.
    pub count: u64,
    /// One pair of running means a network.
    pub moments: Vec<Moments>,
    /// The running means of log Z's gradient.
    pub log_z: ScalarMoments,
}

impl Optimizer {
    /// An optimizer that has taken no step.
    ///
    /// # Errors
    /// Where libtorch has no memory.
    pub fn new(settings: AdamParams, networks: &[&Parameters]) -> Result<Self, LearnError> {
        let moments = networks
            .iter()
            .map(|parameters| {
                Ok(Moments {
                    mean: parameters.values.f_zeros_like()?,
                    square: parameters.values.f_zeros_like()?,
                })
            })
            .collect::<Result<_, LearnError>>()?;
        Ok(Self {
            settings,
            count: 0,
            moments,
            log_z: ScalarMoments::default(),
        })
    }

    /// The learning rates, each under the name of its metric, with the number of the step that they were last asked for.
    pub fn schedules(&self) -> [(&'static str, &Schedule, u64); 2] {
        let step = self.count.saturating_sub(1);
        [
            ("train.learning_rate", &self.settings.learning_rate, step),
            (
                "train.log_z_learning_rate",
                &self.settings.log_z_learning_rate,
                step,
            ),
        ]
    }

    /// Takes one step of the networks and of log Z along their gradients; returns the gradient's norm before clipping. Where
    /// the gradient is not a number, no step is taken and NaN is returned.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn step(
        &mut self,
        networks: &mut [&mut Parameters],
        log_z: &mut f64,
        log_z_gradient: f64,
    ) -> Result<f64, LearnError> {
        let mut squared = 0.0;
        for parameters in networks.iter() {
            squared += parameters.squared_gradient_norm()?;
        }
        let norm = squared.sqrt();
        if !norm.is_finite() || !log_z_gradient.is_finite() {
            return Ok(f64::NAN);
        }
        let scale = self
            .settings
            .clip_norm
            .map_or(1.0, |most| (most / norm.max(1e-12)).min(1.0));
        let learning_rate = self.settings.learning_rate.at(self.count);
        let log_z_rate = self.settings.log_z_learning_rate.at(self.count);
        self.count += 1;
        let step = Step::new(
            &self.settings,
            learning_rate,
            self.settings.weight_decay.unwrap_or(0.0),
            self.count,
            scale,
        );
        for (parameters, state) in networks.iter_mut().zip(&mut self.moments) {
            if parameters.values.device() == Device::Cpu {
                let gradient = slice(&parameters.gradient);
                let (mean, square) = (slice_mut(&mut state.mean), slice_mut(&mut state.square));
                step.on_slices(slice_mut(&mut parameters.values), gradient, mean, square);
            } else {
                step.on_tensors(state, parameters)?;
            }
        }
        let ScalarMoments { mean, square } = &mut self.log_z;
        Step::new(&self.settings, log_z_rate, 0.0, self.count, 1.0).on_number(
            log_z,
            log_z_gradient,
            mean,
            square,
        );
        Ok(norm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::{Layout, Start};

    fn parameters(values: &[f32]) -> Parameters {
        let mut layout = Layout::default();
        layout.add("x", &[values.len()], Start::Zero);
        let mut parameters = Parameters::new(layout, 0, 0, Device::Cpu).unwrap();
        parameters.set(values).unwrap();
        parameters
    }

    /// Three steps at rate 0.1 and decay 0.01 from x = [1, -2, 3] with gradient x², worked out in f64 from the papers'
    /// formulas apart from this code.
    #[test]
    fn follows_the_papers() {
        let mut parameters = parameters(&[1.0, -2.0, 3.0]);
        let params = AdamParams {
            learning_rate: 0.1.into(),
            weight_decay: Some(0.01),
            ..AdamParams::default()
        };
        let mut optimizer = Optimizer::new(params, &[&parameters]).unwrap();
        for _ in 0..3 {
            parameters.gradient = parameters.values.square();
            optimizer.step(&mut [&mut parameters], &mut 0.0, 0.0).unwrap();
        }
        let expected = [0.701_519_67, -2.294_198_2, 2.692_210_4];
        for (value, expected) in slice(&parameters.values).iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{value} {expected}");
        }
    }

    /// The loop over slices and the tensor operations are the same step.
    #[test]
    fn both_forms_agree() {
        let settings = AdamParams::default();
        let (mut a, mut b) = (parameters(&[1.0, -2.0, 3.0]), parameters(&[1.0, -2.0, 3.0]));
        let mut states = [&a, &b].map(|parameters| Optimizer::new(settings.clone(), &[parameters]).unwrap());
        for count in 1..=20 {
            for parameters in [&mut a, &mut b] {
                parameters.gradient = parameters.values.sin();
            }
            let step = Step::new(&settings, 0.05, 0.01, count, 0.5);
            let Moments { mean, square } = &mut states[0].moments[0];
            let gradient = slice(&a.gradient).to_vec();
            step.on_slices(
                slice_mut(&mut a.values),
                &gradient,
                slice_mut(mean),
                slice_mut(square),
            );
            step.on_tensors(&mut states[1].moments[0], &mut b).unwrap();
        }
        assert!((&a.values - &b.values).abs().max().double_value(&[]) < 1e-6);
    }

    #[test]
    fn clipping_scales_and_log_z_has_its_own_rate() {
        let mut parameters = parameters(&[0.0, 0.0]);
        let params = AdamParams {
            clip_norm: Some(1.0),
            log_z_learning_rate: 0.5.into(),
            ..AdamParams::default()
        };
        let mut optimizer = Optimizer::new(params, &[&parameters]).unwrap();
        parameters.gradient = Tensor::from_slice(&[3f32, 4.0]);
        let mut log_z = 0.0;
        let norm = optimizer.step(&mut [&mut parameters], &mut log_z, -2.0).unwrap();
        assert!((norm - 5.0).abs() < 1e-6);
        assert!((slice(&optimizer.moments[0].mean)[0] - 0.06).abs() < 1e-6);
        assert!((log_z - 0.5).abs() < 1e-6);
    }
}
