//! Parameters in one flat buffer, so that the optimizer is one loop and a checkpoint is one copy.

use gfn_core::{Purpose, Stream};
use tch::{Device, Kind, Tensor};

use crate::LearnError;

/// How a parameter starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// All zero.
    Zero,
    /// Uniform in ±1/√`fan_in`, which is PyTorch's default for linear layers.
    Uniform {
        /// Inputs of the layer.
        fan_in: usize,
    },
    /// Normal with this standard deviation.
    Normal(f64),
}

/// A named parameter in the flat buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name, as saved: `hidden.0.weight`.
    pub name: String,
    /// The shape.
    pub shape: Vec<i64>,
    offset: i64,
    start: Start,
}

impl Entry {
    fn len(&self) -> i64 {
        self.shape.iter().product()
    }
}

/// Which parameters a network has; collected first, allocated together.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    entries: Vec<Entry>,
}

impl Layout {
    /// Adds a parameter; returns its number.
    pub fn add(&mut self, name: impl Into<String>, shape: &[usize], start: Start) -> usize {
        let offset = self.entries.last().map_or(0, |last| last.offset + last.len());
        let shape = shape.iter().map(|&size| size as i64).collect();
        self.entries.push(Entry {
            name: name.into(),
            shape,
            offset,
            start,
        });
        self.entries.len() - 1
    }
}

/// A network's parameters and their gradient.
#[derive(Debug)]
pub struct Parameters {
    entries: Vec<Entry>,
    /// All values, `[P]`.
    pub values: Tensor,
    /// The gradient, `[P]`.
    pub gradient: Tensor,
    value_views: Vec<Tensor>,
    gradient_views: Vec<Tensor>,
}

impl Parameters {
    /// Allocates and fills `layout` on `device`. Parameter k of network `network` draws from a stream of its own.
    ///
    /// # Errors
    /// Where libtorch has no memory.
    pub fn new(layout: Layout, seed: u64, network: u64, device: Device) -> Result<Self, LearnError> {
        let mut values: Vec<f32> = Vec::new();
        for (number, entry) in layout.entries.iter().enumerate() {
            let mut stream = Stream::new(seed, Purpose::Weights, (network << 32) | number as u64);
            let mut draw = || match entry.start {
                Start::Zero => 0.0,
                Start::Uniform { fan_in } => (2.0 * stream.uniform() - 1.0) / (fan_in as f64).sqrt(),
                Start::Normal(deviation) => deviation * stream.normal(),
            };
            values.extend((0..entry.len()).map(|_| draw() as f32));
        }
        let values = Tensor::f_from_slice(&values)?.f_to(device)?;
        let gradient = values.f_zeros_like()?;
        let views = |flat: &Tensor| -> Result<Vec<Tensor>, LearnError> {
            let view = |entry: &Entry| {
                flat.f_narrow(0, entry.offset, entry.len())?
                    .f_view(entry.shape.as_slice())
            };
            Ok(layout.entries.iter().map(view).collect::<Result<_, _>>()?)
        };
        let (value_views, gradient_views) = (views(&values)?, views(&gradient)?);
        Ok(Self {
            entries: layout.entries,
            values,
            gradient,
            value_views,
            gradient_views,
        })
    }

    /// The parameters' names and shapes.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.values.numel()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of parameter `number`, a view.
    pub fn value(&self, number: usize) -> &Tensor {
        &self.value_views[number]
    }

    /// The gradient of parameter `number`, a view.
    pub fn gradient_of(&mut self, number: usize) -> &mut Tensor {
        &mut self.gradient_views[number]
    }

    /// All values, copied to the host.
    ///
    /// # Errors
    /// Where the copy fails.
    pub fn to_host(&self) -> Result<Vec<f32>, LearnError> {
        Ok(crate::host::slice(&self.values.f_to(Device::Cpu)?.f_contiguous()?).to_vec())
    }

    /// Replaces all values.
    ///
    /// # Errors
    /// Where the number of values differs.
    pub fn set(&mut self, values: &[f32]) -> Result<(), LearnError> {
        assert_eq!(values.len(), self.len(), "as many values as parameters");
        let _guard = tch::no_grad_guard();
        self.values.f_copy_(&Tensor::f_from_slice(values)?)?;
        Ok(())
    }

    /// The square of the gradient's norm.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn squared_gradient_norm(&self) -> Result<f64, LearnError> {
        if self.gradient.device() == Device::Cpu {
            return Ok(crate::kernels::sum_of_squares(crate::host::slice(&self.gradient)));
        }
        Ok(self.gradient.f_norm()?.f_double_value(&[])?.powi(2))
    }
}

/// Copies a tensor of numbers to the host as f64.
///
/// # Errors
/// Where the copy fails.
pub fn to_f64(tensor: &Tensor) -> Result<Vec<f64>, LearnError> {
    let host = tensor.f_to(Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?;
    Ok(crate::host::slice(&host)
        .iter()
        .map(|&value| f64::from(value))
        .collect())
}

/// Makes a tensor of f64 numbers, as f32 on `device`.
///
/// # Errors
/// Where libtorch has no memory.
pub fn from_f64(values: &[f64], shape: &[i64], device: Device) -> Result<Tensor, LearnError> {
    let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    Ok(Tensor::f_from_slice(&values)?.f_view(shape)?.f_to(device)?)
}
