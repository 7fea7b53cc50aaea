//! The optimizer's state, saved: without it, a run that is resumed would take other steps.

use gfn_input::safetensors_fault;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tch::{Device, Tensor};

use crate::LearnError;
use crate::host::slice;
use crate::optimizer::{Optimizer, ScalarMoments};

const COUNT: &str = "count";
const LOG_Z: &str = "log_z";

/// The state as a safetensors file: `mean.0`, `square.0` and so on for each network (f32), `log_z` (f64: its running means)
/// and `count` (u64). The value of log Z is with the weights.
///
/// # Errors
/// Where the means cannot be copied to the host.
pub fn to_bytes(optimizer: &Optimizer) -> Result<Vec<u8>, LearnError> {
    let mut buffers: Vec<(String, Dtype, usize, Vec<u8>)> = Vec::new();
    for (number, moments) in optimizer.moments.iter().enumerate() {
        for (name, tensor) in [("mean", &moments.mean), ("square", &moments.square)] {
            let values = tensor.f_to(Device::Cpu)?.f_contiguous()?;
            let bytes = slice(&values)
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            buffers.push((format!("{name}.{number}"), Dtype::F32, values.numel(), bytes));
        }
    }
    let ScalarMoments { mean, square } = optimizer.log_z;
    let log_z = [mean, square].map(f64::to_le_bytes).concat();
    buffers.push((LOG_Z.into(), Dtype::F64, 2, log_z));
    buffers.push((
        COUNT.into(),
        Dtype::U64,
        1,
        optimizer.count.to_le_bytes().to_vec(),
    ));
    let views = buffers.iter().map(|(name, dtype, length, bytes)| {
        let view = TensorView::new(*dtype, vec![*length], bytes).expect("as many bytes as the shape says");
        (name.as_str(), view)
    });
    Ok(safetensors::serialize(views, None).expect("names are distinct and shapes are right"))
}

/// Restores what [`to_bytes`] saved of an optimizer of the same networks.
///
/// # Errors
/// A sentence about the first tensor that does not fit.
pub fn restore(optimizer: &mut Optimizer, bytes: &[u8]) -> Result<(), String> {
    let saved = SafeTensors::deserialize(bytes).map_err(|error| safetensors_fault(bytes, &error))?;
    let data = |name: &str, dtype: Dtype, length: usize| match saved.tensor(name) {
        Ok(view) if view.dtype() == dtype && view.shape() == [length] => Ok(view.data().to_vec()),
        _ => Err(format!("it holds no tensor `{name}` of {length} {dtype:?}")),
    };
    for (number, moments) in optimizer.moments.iter_mut().enumerate() {
        for (name, tensor) in [("mean", &mut moments.mean), ("square", &mut moments.square)] {
            let bytes = data(&format!("{name}.{number}"), Dtype::F32, tensor.numel())?;
            let values: Vec<f32> = words(&bytes).map(f32::from_le_bytes).collect();
            Tensor::f_from_slice(&values)
                .and_then(|values| tensor.f_copy_(&values))
                .map_err(|error| error.to_string())?;
        }
    }
    let log_z = data(LOG_Z, Dtype::F64, 2)?;
    let mut numbers = words(&log_z).map(f64::from_le_bytes);
    let mut next = || numbers.next().expect("two numbers");
    (optimizer.log_z.mean, optimizer.log_z.square) = (next(), next());
    let count = data(COUNT, Dtype::U64, 1)?;
    optimizer.count = words(&count).map(u64::from_le_bytes).next().expect("one number");
    Ok(())
}

fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.as_chunks::<N>().0.iter().copied()
}
