//! The file of a fitted proxy: safetensors, whose metadata hold [`Metadata`] as JSON under the key `gfn-proxy`.
//!
//! Tensors are `descriptors.mean`, `descriptors.deviation`, and for member n those of [`super::Architecture::tensors`] with the
//! prefix `n.`; all are F32.
//!
//! The metadata begin with `"sealed":true` and end with the SHA-256 of the file, in which its own digits count as zeros: a changed
//! byte is noticed wherever it is. Files of earlier versions have no seal.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gfn_files::seal::{self, Seal};
use gfn_input::{check_safetensors, safetensors_fault};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use thiserror::Error;

use super::features::{DESCRIPTORS, FEATURES_VERSION};
use super::metadata::{Architecture, Metadata};
use super::predict::Proxy;
use crate::weights::{read_file, sha256_of};

const KEY: &str = "gfn-proxy";
const MEAN: &str = "descriptors.mean";
const DEVIATION: &str = "descriptors.deviation";

/// Larger ensembles than this are taken for a mistake.
const MOST: Architecture = Architecture {
    members: 100,
    hidden: 1024,
    rounds: 100,
};

/// Why there is no proxy.
#[derive(Debug, Error)]
pub enum ProxyError {
    /// The file is not there, or not readable.
    #[error(
        "the proxy `{file}` cannot be read: {}; `gfn proxy fit DATA.csv` makes one",
        gfn_text::io_words(source)
    )]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("`{file}` holds no proxy that `gfn proxy fit` made: {message}")]
    Format {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The file is not as it was written.
    #[error(
        "the proxy `{file}` was changed after it was written: its bytes are not those that its seal is of; put a copy of the file \
         back, or fit it again with `gfn proxy fit`"
    )]
    Altered {
        /// The file.
        file: PathBuf,
    },
    /// The file was made for another version of what networks see.
    #[error(
        "`{file}` was fitted by gfn {gfn} to version {found} of what a network sees of a molecule, and this gfn knows version \
         {FEATURES_VERSION}: fit it again with `gfn proxy fit`"
    )]
    Version {
        /// The file.
        file: PathBuf,
        /// What wrote it.
        gfn: String,
        /// Its version.
        found: u32,
    },
    /// The file is not the one that was asked for.
    #[error(
        "the proxy `{file}` has the sha256 {found}, not {wanted}: take the file that was meant, or change `sha256`"
    )]
    Hash {
        /// The file.
        file: PathBuf,
        /// The hash of its content.
        found: String,
        /// The hash that was asked for.
        wanted: String,
    },
}

impl Proxy {
    /// Reads a proxy and the hash of its file; where a hash is `wanted` (64 hexadecimal digits), the file must have that hash.
    ///
    /// # Errors
    /// [`ProxyError`] names the file, what is wrong with it and what to do.
    pub fn load(path: &Path, wanted: Option<&str>) -> Result<(Self, String), ProxyError> {
        let bytes = read_file(path).map_err(|source| ProxyError::Read {
            file: path.into(),
            source,
        })?;
        Self::read(path, &bytes, wanted)
    }

    /// The same from the bytes of a file that is called `path` in messages.
    ///
    /// # Errors
    /// As for [`Self::load`].
    pub fn read(path: &Path, bytes: &[u8], wanted: Option<&str>) -> Result<(Self, String), ProxyError> {
        let found = sha256_of(bytes);
        if let Some(wanted) = wanted.filter(|wanted| !wanted.eq_ignore_ascii_case(&found)) {
            return Err(ProxyError::Hash {
                file: path.into(),
                found,
                wanted: wanted.into(),
            });
        }
        Ok((from_bytes(path, bytes)?, found))
    }
}

/// The bytes of a proxy's file.
pub fn to_bytes(proxy: &Proxy) -> Vec<u8> {
    let metadata = proxy.metadata();
    let [means, deviations] = proxy.scales();
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = vec![
        (MEAN.into(), vec![DESCRIPTORS], little_endian(means)),
        (DEVIATION.into(), vec![DESCRIPTORS], little_endian(deviations)),
    ];
    for (member, weights) in proxy.weights().iter().enumerate() {
        let mut rest = &weights[..];
        for tensor in metadata.architecture.tensors() {
            let (own, after) = rest.split_at(tensor.shape.iter().product());
            rest = after;
            tensors.push((name(member, tensor.name), tensor.shape, little_endian(own)));
        }
    }
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (name.as_str(), view.expect("as many bytes as the shape says"))
    });
    let text = serde_json::to_string(metadata).expect("metadata are plain data");
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let inner = inner.expect("metadata are an object");
    let zeros = "0".repeat(DIGITS);
    let text = format!("{BEGIN}{inner}{SEAL}{zeros}\"}}");
    let account = HashMap::from([(KEY.to_string(), text)]);
    let bytes = safetensors::serialize(views, Some(account));
    let mut bytes = bytes.expect("names are distinct and shapes are right");
    let at = place_of_seal(&bytes).expect("it was just put there");
    seal::fill(&mut bytes, at, PLACE);
    bytes
}

const BEGIN: &str = "{\"sealed\":true,";
const SEAL: &str = ",\"seal\":\"";
const DIGITS: usize = 64;
/// What a seal of a proxy is of, unlike other seals.
const PLACE: &str = "proxy";

/// Where the digits of the seal are in a file, which has the metadata's quotes escaped.
fn place_of_seal(bytes: &[u8]) -> Option<usize> {
    let header = header(bytes)?;
    let before = escaped(SEAL);
    let end = escaped("\"}");
    let found = header
        .windows(before.len())
        .rposition(|window| window == before.as_bytes())?;
    let at = found + before.len();
    let rest = header.get(at + DIGITS..)?;
    rest.starts_with(end.as_bytes()).then_some(at + LENGTH)
}

fn escaped(text: &str) -> String {
    text.replace('"', "\\\"")
}

/// Bytes before the header, which say how long it is.
const LENGTH: usize = 8;

fn header(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

/// Whether the bytes of a proxy's file are as they were written.
pub fn seal_of(bytes: &[u8]) -> Seal {
    let header = header(bytes).unwrap_or_default();
    let begin = escaped(BEGIN);
    let begins = header
        .windows(begin.len())
        .any(|window| window == begin.as_bytes());
    match (place_of_seal(bytes), begins) {
        (None, false) => Seal::Absent,
        (Some(at), true) => seal::verdict(bytes, at, PLACE),
        _ => Seal::Broken,
    }
}

/// A proxy from the bytes of its file; `file` is for messages.
///
/// # Errors
/// [`ProxyError`] where the bytes are something else, or of another version.
pub fn from_bytes(file: &Path, bytes: &[u8]) -> Result<Proxy, ProxyError> {
    let refuse = |message: String| ProxyError::Format {
        file: file.into(),
        message,
    };
    let metadata = account(bytes).map_err(refuse)?;
    let known: CommonHeader =
        serde_json::from_str(&metadata).map_err(|error| refuse(gfn_files::json_words(&error)))?;
    if known.features != FEATURES_VERSION {
        return Err(ProxyError::Version {
            file: file.into(),
            gfn: known.gfn,
            found: known.features,
        });
    }
    // Last: a file that is something else, or cut off, is told for what it is.
    if seal_of(bytes) == Seal::Broken {
        return Err(ProxyError::Altered { file: file.into() });
    }
    let metadata = serde_json::from_str(&metadata).map_err(|error| refuse(gfn_files::json_words(&error)))?;
    read(metadata, bytes).map_err(refuse)
}

/// What every version says.
#[derive(serde::Deserialize)]
struct CommonHeader {
    gfn: String,
    features: u32,
}

fn account(bytes: &[u8]) -> Result<String, String> {
    check_safetensors(bytes).map_err(|reason| format!("it {reason}"))?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| safetensors_fault(bytes, &error))?;
    let text = header.metadata().as_ref().and_then(|all| all.get(KEY));
    text.cloned()
        .ok_or_else(|| format!("it holds tensors of something else (its metadata have no `{KEY}`)"))
}

fn read(metadata: Metadata, bytes: &[u8]) -> Result<Proxy, String> {
    check(&metadata)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| safetensors_fault(bytes, &error))?;
    let architecture = metadata.architecture;
    let scales = [MEAN, DEVIATION].map(|name| numbers(&tensors, name, &[DESCRIPTORS]));
    let [means, deviations] = scales;
    let (means, deviations) = (means?, deviations?);
    if deviations.iter().any(|deviation| *deviation <= 0.0) {
        return Err(format!(
            "the tensor `{DEVIATION}` holds values that are not positive"
        ));
    }
    let member = |member: usize| -> Result<Vec<f32>, String> {
        let parts = architecture.tensors().into_iter();
        let parts = parts.map(|tensor| numbers(&tensors, &name(member, tensor.name), &tensor.shape));
        Ok(parts.collect::<Result<Vec<_>, _>>()?.concat())
    };
    let weights = (0..architecture.members).map(member).collect::<Result<_, _>>()?;
    let array = |values: &[f32]| std::array::from_fn(|index| values[index]);
    Ok(Proxy::new(metadata, [array(&means), array(&deviations)], weights))
}

/// Whether the numbers can be what they say.
fn check(metadata: &Metadata) -> Result<(), String> {
    let Architecture {
        members,
        hidden,
        rounds,
    } = metadata.architecture;
    let sizes = [
        ("members", members, MOST.members),
        ("hidden", hidden, MOST.hidden),
        ("rounds", rounds, MOST.rounds),
    ];
    if let Some((name, size, most)) = sizes.iter().find(|(_, size, most)| !(1..=*most).contains(size)) {
        return Err(format!(
            "`architecture.{name}` is {size}, not between 1 and {most}"
        ));
    }
    let (target, uncertainty) = (&metadata.target, &metadata.uncertainty);
    let numbers = [target.mean, target.best, uncertainty.factor, uncertainty.constant];
    if !(target.deviation > 0.0 && target.deviation.is_finite()) || numbers.iter().any(|x| !x.is_finite()) {
        return Err(
            "a number of its target or uncertainty is not finite, or its deviation not positive".into(),
        );
    }
    Ok(())
}

fn name(member: usize, tensor: &str) -> String {
    format!("{member}.{tensor}")
}

fn numbers(tensors: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
    let tensor = tensors
        .tensor(name)
        .map_err(|_| format!("the tensor `{name}` is missing"))?;
    if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
        return Err(format!(
            "the tensor `{name}` is {:?} {:?}, not F32 {shape:?}",
            tensor.dtype(),
            tensor.shape()
        ));
    }
    let (chunks, _) = tensor.data().as_chunks::<4>();
    let values: Vec<f32> = chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect();
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(values),
        false => Err(format!("the tensor `{name}` holds values that are not finite")),
    }
}

fn little_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
