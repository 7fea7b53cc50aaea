//! The network's weights, read from a safetensors file and checked name by name.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use gfn_input::{Kind, safetensors_fault};
use ndarray::Array2;
use safetensors::tensor::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::features::COLUMNS;
use crate::real::Real;

/// Largest file that is read: ten times the weights.
const FILE_LIMIT: u64 = 1 << 25;

/// Units of a hidden layer.
pub(crate) const HIDDEN: usize = 64;

/// Why there are no weights.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The file is not there, or not readable.
    #[error(
        "the proxy's weights `{file}` cannot be read: {}; `docs/molecules.md` says where they come from and how the file is \
         made",
        gfn_text::io_words(source)
    )]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error(
        "`{file}` does not hold the sEH proxy's weights in safetensors: {message}; `docs/molecules.md` lists the tensors"
    )]
    Format {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The file is not the one that was asked for.
    #[error(
        "the proxy's weights `{file}` have the sha256 {found}, not {wanted}: take the file that was meant, or change `sha256`"
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

/// A tensor as stored: rows, columns (1 for a vector), values row by row.
#[derive(Clone, Debug)]
struct StoredTensor {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

/// The weights as stored, in single precision.
#[derive(Clone, Debug)]
pub struct Weights {
    tensors: Vec<(&'static str, StoredTensor)>,
    sha256: String,
}

/// Names, rows and columns of the tensors that the score needs.
const TENSORS: [(&str, usize, usize); 18] = [
    ("lin0.weight", HIDDEN, COLUMNS),
    ("lin0.bias", HIDDEN, 1),
    ("conv.root", HIDDEN, HIDDEN),
    ("conv.bias", HIDDEN, 1),
    ("conv.nn.0.weight", 128, 4),
    ("conv.nn.0.bias", 128, 1),
    ("conv.nn.2.weight", HIDDEN * HIDDEN, 128),
    ("conv.nn.2.bias", HIDDEN * HIDDEN, 1),
    ("gru.weight_ih", 3 * HIDDEN, HIDDEN),
    ("gru.weight_hh", 3 * HIDDEN, HIDDEN),
    ("gru.bias_ih", 3 * HIDDEN, 1),
    ("gru.bias_hh", 3 * HIDDEN, 1),
    ("set2set.lstm.weight_ih", 4 * HIDDEN, 2 * HIDDEN),
    ("set2set.lstm.weight_hh", 4 * HIDDEN, HIDDEN),
    ("set2set.lstm.bias_ih", 4 * HIDDEN, 1),
    ("set2set.lstm.bias_hh", 4 * HIDDEN, 1),
    ("lin3.weight", 1, 2 * HIDDEN),
    ("lin3.bias", 1, 1),
];

impl Weights {
    /// Reads the weights; where `sha256` is given (64 hexadecimal digits), the file must have that hash.
    ///
    /// # Errors
    /// [`WeightsError`] names the file, what is wrong with it and what to do.
    pub fn load(path: &Path, sha256: Option<&str>) -> Result<Self, WeightsError> {
        let bytes = read_file(path).map_err(|source| WeightsError::Read {
            file: path.into(),
            source,
        })?;
        let found = sha256_of(&bytes);
        if let Some(wanted) = sha256.filter(|wanted| !wanted.eq_ignore_ascii_case(&found)) {
            return Err(WeightsError::Hash {
                file: path.into(),
                found,
                wanted: wanted.into(),
            });
        }
        let tensors = parse(&bytes).map_err(|message| WeightsError::Format {
            file: path.into(),
            message,
        })?;
        Ok(Self {
            tensors,
            sha256: found,
        })
    }

    /// The hash of the file, in 64 hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// A matrix as stored, `[rows, columns]`; a vector is a matrix of one row.
    pub(crate) fn matrix<T: Real>(&self, name: &str) -> Array2<T> {
        let stored = self.tensors.iter().find(|(known, _)| *known == name);
        let stored = &stored.expect("only listed tensors are asked for").1;
        let shape = match stored.columns {
            1 => (1, stored.rows),
            columns => (stored.rows, columns),
        };
        Array2::from_shape_fn(shape, |(row, column)| {
            T::of(f64::from(stored.values[row * shape.1 + column]))
        })
    }

    /// The transpose of a matrix, laid out row by row.
    pub(crate) fn transposed<T: Real>(&self, name: &str) -> Array2<T> {
        self.matrix(name).t().as_standard_layout().into_owned()
    }
}

fn parse(bytes: &[u8]) -> Result<Vec<(&'static str, StoredTensor)>, String> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| safetensors_fault(bytes, &error))?;
    let read = |&(name, rows, columns): &(&'static str, usize, usize)| {
        let tensor = tensors
            .tensor(name)
            .map_err(|_| format!("the tensor `{name}` is missing"))?;
        let wanted: &[usize] = if columns == 1 { &[rows] } else { &[rows, columns] };
        if tensor.dtype() != Dtype::F32 || tensor.shape() != wanted {
            return Err(format!(
                "the tensor `{name}` is {:?} {:?}, not F32 {wanted:?}",
                tensor.dtype(),
                tensor.shape()
            ));
        }
        let (chunks, _) = tensor.data().as_chunks::<4>();
        let values: Vec<f32> = chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(format!("the tensor `{name}` holds values that are not finite"));
        }
        Ok((
            name,
            StoredTensor {
                rows,
                columns,
                values,
            },
        ))
    };
    TENSORS.iter().map(read).collect()
}

/// The bytes of a file, if it is one and of a sensible size.
pub(crate) fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    gfn_files::read(path, FILE_LIMIT).map_err(|error| match error.kind() {
        // A file of that size is something else, which its first bytes may tell.
        ErrorKind::FileTooLarge => {
            let mut head = Vec::new();
            let read = gfn_files::open(path).and_then(|file| file.take(1 << 16).read_to_end(&mut head));
            let kind = Kind::of(&head).filter(|kind| read.is_ok() && *kind != Kind::Safetensors);
            let kind = kind.map_or(String::new(), |kind| format!(" and {kind}"));
            std::io::Error::other(format!("{error}{kind}"))
        }
        _ => error,
    })
}

/// The sha256 of some bytes in 64 hexadecimal digits.
pub(crate) fn sha256_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
