//! Saved weights: safetensors, nothing that can run code.

use std::path::Path;

use gfn_files::regular::MIB;
use gfn_input::check_safetensors;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::LearnError;
use crate::model::Model;

/// The largest file of weights: two thousand million parameters.
const FILE_LIMIT: u64 = 8 * 1024 * MIB;

const NETWORKS: [&str; 2] = ["forward", "backward"];
const LOG_Z: &str = "log_z";

/// The model's weights as a safetensors file: `forward.*`, `backward.*` (f32) and `log_z` (f64, one number).
///
/// # Errors
/// Where the weights cannot be copied to the host.
pub fn to_bytes(model: &Model) -> Result<Vec<u8>, LearnError> {
    let mut buffers: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    for (prefix, network) in NETWORKS.iter().zip(model.networks()) {
        let parameters = network.parameters();
        let values = parameters.to_host()?;
        let mut rest = &values[..];
        for entry in parameters.entries() {
            let shape: Vec<usize> = entry.shape.iter().map(|&size| size as usize).collect();
            let (own, after) = rest.split_at(shape.iter().product());
            rest = after;
            let bytes = own.iter().flat_map(|value| value.to_le_bytes()).collect();
            buffers.push((format!("{prefix}.{}", entry.name), Dtype::F32, shape, bytes));
        }
    }
    let log_z = model.log_z.to_le_bytes().to_vec();
    buffers.push((LOG_Z.into(), Dtype::F64, vec![1], log_z));
    let views = buffers.iter().map(|(name, dtype, shape, bytes)| {
        let view = TensorView::new(*dtype, shape.clone(), bytes).expect("as many bytes as the shape says");
        (name.as_str(), view)
    });
    Ok(safetensors::serialize(views, None).expect("names are distinct and shapes are right"))
}

/// Reads weights into a model of the same shape.
///
/// # Errors
/// Where the file is missing, damaged, or of another model: the message names the tensor that does not fit.
pub fn load(model: &mut Model, path: &Path) -> Result<(), LearnError> {
    let refuse = |message: String| LearnError::Weights {
        path: path.display().to_string(),
        message,
    };
    let bytes = gfn_files::read(path, FILE_LIMIT)
        .map_err(|error| refuse(format!("cannot be read: {}", gfn_text::io_words(&error))))?;
    restore(model, &bytes).map_err(refuse)
}

/// Reads the bytes of [`to_bytes`] into a model of the same shape.
///
/// # Errors
/// What is wrong with them, completing "the file …"; the model is then as it was, or its log Z is.
pub fn restore(model: &mut Model, bytes: &[u8]) -> Result<(), String> {
    let refuse = |message: String| message;
    let saved = SafeTensors::deserialize(bytes).map_err(|error| match check_safetensors(bytes) {
        Err(reason) => reason,
        Ok(()) => format!("is damaged: {error}"),
    })?;
    let tensor = |name: &str, dtype: Dtype, shape: &[usize]| {
        let view = saved
            .tensor(name)
            .map_err(|_| refuse(format!("holds no tensor `{name}`; it is of another model")))?;
        if view.dtype() != dtype || view.shape() != shape {
            let (found, kind) = (view.shape(), view.dtype());
            return Err(refuse(format!(
                "tensor `{name}` is {found:?} {kind:?}; the model has {shape:?} {dtype:?}"
            )));
        }
        Ok(view.data().to_vec())
    };
    let log_z = tensor(LOG_Z, Dtype::F64, &[1])?;
    for (prefix, network) in NETWORKS.iter().zip(model.networks_mut()) {
        let mut values: Vec<f32> = Vec::new();
        for entry in network.parameters().entries() {
            let shape: Vec<usize> = entry.shape.iter().map(|&size| size as usize).collect();
            let data = tensor(&format!("{prefix}.{}", entry.name), Dtype::F32, &shape)?;
            values.extend(
                data.chunks_exact(4)
                    .map(|word| f32::from_le_bytes(word.try_into().expect("four bytes"))),
            );
        }
        network
            .parameters_mut()
            .set(&values)
            .map_err(|error| format!("cannot be used: {error}"))?;
    }
    if let Some(name) = saved.names().into_iter().find(|name| !is_known(model, name)) {
        return Err(refuse(format!(
            "holds a tensor `{name}` that the model has not; it is of another model"
        )));
    }
    model.log_z = f64::from_le_bytes(log_z.try_into().expect("eight bytes"));
    Ok(())
}

/// Whether the model has a tensor of that name.
fn is_known(model: &Model, name: &str) -> bool {
    name == LOG_Z
        || NETWORKS.iter().zip(model.networks()).any(|(prefix, network)| {
            let own = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'));
            own.is_some_and(|own| {
                network
                    .parameters()
                    .entries()
                    .iter()
                    .any(|entry| entry.name == own)
            })
        })
}
