//! The numbers of a network's matrix products, as declared. Weights, biases, activations and the optimizer are f32 always,
//! losses f64: a precision says only how products round.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::LearnError;

/// How the matrix products of a network round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Single precision. Losses are computed in double precision always.
    #[default]
    F32,
    /// TensorFloat-32: a GPU (Ampere or later) rounds the inputs of products to 10 bits after the point. Needs a GPU.
    Tf32,
    /// bfloat16: inputs and results of products are rounded to 7 bits after the point, sums are f32, and so are the weights.
    /// On a CPU the same roundings are made, which gains no speed: it shows how a GPU would learn.
    Bf16,
}

impl Precision {
    /// Its name in an experiment file.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Tf32 => "tf32",
            Self::Bf16 => "bf16",
        }
    }

    /// a·b as f32; `[N, K]` and `[K, M]` give `[N, M]`. Gradients flow through.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn product(self, a: &Tensor, b: &Tensor) -> Result<Tensor, LearnError> {
        Ok(match self {
            Self::F32 | Self::Tf32 => a.f_mm(b)?,
            Self::Bf16 => widened(&rounded(a)?.f_mm(&rounded(b)?)?)?,
        })
    }

    /// Sets `target` to a·b.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn product_into(self, target: &mut Tensor, a: &Tensor, b: &Tensor) -> Result<(), LearnError> {
        match self {
            Self::F32 | Self::Tf32 => a.f_mm_out(target, b).map(|_| ())?,
            Self::Bf16 => target.f_copy_(&self.product(a, b)?)?,
        }
        Ok(())
    }

    /// a·b plus `bias` (`[M]`) in every row. Gradients flow through.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn affine(self, bias: &Tensor, a: &Tensor, b: &Tensor) -> Result<Tensor, LearnError> {
        Ok(match self {
            Self::F32 | Self::Tf32 => bias.f_addmm(a, b)?,
            Self::Bf16 => self.product(a, b)?.f_add(bias)?,
        })
    }
}

/// What a product in bf16 is given. A CPU gets the rounded numbers as f32: its product of those is exact up to the order of
/// sums, fast on every processor, and has the same bits at any number of threads, which its bf16 product has not promised.
fn rounded(x: &Tensor) -> Result<Tensor, LearnError> {
    let short = x.f_to_kind(Kind::BFloat16)?;
    Ok(if x.device() == Device::Cpu {
        short.f_to_kind(Kind::Float)?
    } else {
        short
    })
}

/// A product's result, rounded as a GPU's bf16 product is, as f32.
fn widened(product: &Tensor) -> Result<Tensor, LearnError> {
    Ok(product.f_to_kind(Kind::BFloat16)?.f_to_kind(Kind::Float)?)
}

/// Where a network lives, and how its products round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compute {
    /// The place of its tensors.
    pub device: Device,
    /// The rounding of its products.
    pub precision: Precision,
}

impl From<Device> for Compute {
    /// Single precision there.
    fn from(device: Device) -> Self {
        Self {
            device,
            precision: Precision::F32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gfn_core::{Purpose, Stream};

    fn random(stream: u64, shape: &[i64]) -> Tensor {
        let mut stream = Stream::new(0, Purpose::Test, stream);
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|_| stream.normal() as f32)
            .collect();
        Tensor::from_slice(&values).view(shape)
    }

    fn relative(a: &Tensor, b: &Tensor) -> f64 {
        ((a - b).norm() / b.norm()).double_value(&[])
    }

    #[test]
    fn single_precision_is_libtorchs_own_product() {
        let (a, b, bias) = (random(0, &[9, 33]), random(1, &[33, 5]), random(2, &[5]));
        for precision in [Precision::F32, Precision::Tf32] {
            assert_eq!(precision.product(&a, &b).unwrap(), a.mm(&b));
            assert_eq!(precision.affine(&bias, &a, &b).unwrap(), bias.addmm(&a, &b));
            let mut target = random(3, &[9, 5]);
            precision.product_into(&mut target, &a, &b).unwrap();
            assert_eq!(target, a.mm(&b));
        }
    }

    /// Against libtorch's own bf16 product, which adds up in another order; all three forms say the same.
    #[test]
    fn bf16_is_libtorchs_bf16_up_to_rounding() {
        let (a, b, bias) = (random(0, &[9, 33]), random(1, &[33, 5]), random(2, &[5]));
        let product = Precision::Bf16.product(&a, &b).unwrap();
        let short = |x: &Tensor| x.to_kind(Kind::BFloat16);
        let native = short(&a).mm(&short(&b)).to_kind(Kind::Float);
        assert_eq!(product.kind(), Kind::Float);
        assert!(relative(&product, &native) < 3e-3);
        let apart = relative(&product, &a.mm(&b));
        assert!((1e-4..1e-2).contains(&apart), "{apart}");
        assert_eq!(Precision::Bf16.affine(&bias, &a, &b).unwrap(), &product + &bias);
        let mut target = random(3, &[9, 5]);
        Precision::Bf16.product_into(&mut target, &a, &b).unwrap();
        assert_eq!(target, product);
    }

    #[test]
    fn gradients_flow_through_the_roundings() {
        let leaf = |stream, shape: &[i64]| random(stream, shape).set_requires_grad(true);
        let gradients = |precision: Precision| {
            let (a, b) = (leaf(0, &[9, 33]), leaf(1, &[33, 5]));
            let product = precision.product(&a, &b).unwrap();
            product.tanh().sum(Kind::Float).backward();
            assert_eq!(a.grad().kind(), Kind::Float);
            [a.grad(), b.grad()]
        };
        for (short, single) in gradients(Precision::Bf16).iter().zip(gradients(Precision::F32)) {
            assert!((1e-4..2e-2).contains(&relative(short, &single)));
        }
    }
}
