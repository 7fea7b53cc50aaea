//! The objects that plugins are tried with.

use std::path::Path;

use gfn_files::regular::MIB;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use crate::batch::Batch;
use crate::description::{Description, Input};

/// The largest file of objects.
const FILE_LIMIT: u64 = 256 * MIB;

/// Molecules as a run would find them: drugs, small molecules, rings, charges, stereo centers.
const MOLECULES: &str = include_str!("molecules.smi");

/// The key of what objects are by which their kind is told.
const KIND: &str = "kind";

/// Coordinates of the built-in grids.
const DIMENSIONS: usize = 4;

/// Objects of some kinds, to try plugins with.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    sets: Vec<Set>,
}

/// Objects of one kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Set {
    /// What plugins are told of them, with their `kind`.
    pub(super) told: Value,
    pub(super) objects: Objects,
}

/// Objects that belong to no batch yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Objects {
    /// Words, one object after the other.
    States {
        /// Of all objects.
        words: Vec<i32>,
        /// Words in an object, at least one.
        stride: usize,
    },
    /// Texts.
    Texts(Vec<String>),
}

/// Why there are no samples.
#[derive(Debug, Error)]
pub enum SampleError {
    /// The file cannot be read.
    #[error("{path}: {}", gfn_text::io_words(error))]
    Io {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line is no object.
    #[error(
        "{path}, line {line}: {message}; write a text (\"CCO\") or a list of whole numbers ([1, 2]) on each line"
    )]
    Line {
        /// Which file.
        path: std::path::PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

impl Default for Samples {
    /// Some forty molecules as SMILES, and states of two grids, one of them of spins.
    fn default() -> Self {
        let molecules = MOLECULES
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        let molecules = Objects::Texts(molecules.map(str::to_string).collect());
        let mut sets = vec![Set {
            told: json!({KIND: "molecule"}),
            objects: molecules,
        }];
        for height in [8, 2] {
            let told = json!({KIND: "grid", "dimensions": DIMENSIONS, "height": height});
            sets.push(Set {
                told,
                objects: grid(height),
            });
        }
        Self { sets }
    }
}

impl Samples {
    /// Those built in, with these in place of those of their kind: `told` is what plugins are told of them, an object with a
    /// `kind`.
    pub fn with(mut self, told: Value, objects: Objects) -> Self {
        self.sets.retain(|set| set.told.get(KIND) != told.get(KIND));
        self.sets.insert(0, Set { told, objects });
        self
    }

    /// Those that fit a plugin, as far as it says; or what to do where there are none.
    pub(super) fn fitting(&self, description: &Description) -> Result<Vec<&Set>, String> {
        let sets: Vec<&Set> = self.sets.iter().filter(|set| set.fits(description)).collect();
        if !sets.is_empty() {
            return Ok(sets);
        }
        let kinds = match description.objects.is_empty() {
            true => "any kind".to_string(),
            false => description.objects.join(", "),
        };
        Err(format!(
            "there are no sample objects of {kinds} as {}; give some, a line of JSON each",
            description.input
        ))
    }
}

impl Set {
    fn fits(&self, description: &Description) -> bool {
        let kind = self.told.get(KIND).and_then(Value::as_str).unwrap_or_default();
        let is_known =
            description.objects.is_empty() || description.objects.iter().any(|known| known == kind);
        is_known && self.objects.form() == description.input && !self.objects.is_empty()
    }
}

impl Objects {
    /// Reads objects, one a line: all texts, or all lists of as many whole numbers.
    ///
    /// # Errors
    /// Where the file cannot be read, or a line is no object.
    pub fn read(path: &Path) -> Result<Self, SampleError> {
        let text = gfn_files::read_text(path, FILE_LIMIT).map_err(|error| SampleError::Io {
            path: path.to_path_buf(),
            error,
        })?;
        let mut objects: Option<Self> = None;
        let lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty());
        for (index, line) in lines {
            let read = serde_json::from_str(line).map_err(|error| error.to_string());
            let added = read.and_then(|value| add(&mut objects, value));
            added.map_err(|message| SampleError::Line {
                path: path.to_path_buf(),
                line: index + 1,
                message,
            })?;
        }
        Ok(objects.unwrap_or(Self::Texts(Vec::new())))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.batch(&self.texts()).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a plugin that takes them says of its input.
    pub fn form(&self) -> Input {
        match self {
            Self::States { .. } => Input::States,
            Self::Texts(_) => Input::Texts,
        }
    }

    /// The texts, for [`Objects::batch`].
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::States { .. } => Vec::new(),
            Self::Texts(texts) => texts.iter().map(String::as_str).collect(),
        }
    }

    /// All of them as a batch.
    pub(super) fn batch<'a>(&'a self, texts: &'a [&'a str]) -> Batch<'a> {
        match self {
            Self::States { words, stride } => Batch::States {
                words,
                stride: *stride,
            },
            Self::Texts(_) => Batch::Texts(texts),
        }
    }

    /// Some of them, in this order, as often as they are named.
    pub(super) fn pick(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        let indices = indices.into_iter();
        match self {
            Self::Texts(texts) => Self::Texts(indices.map(|index| texts[index].clone()).collect()),
            Self::States { words, stride } => {
                let state = |index: usize| &words[index * stride..(index + 1) * stride];
                Self::States {
                    words: indices.flat_map(state).copied().collect(),
                    stride: *stride,
                }
            }
        }
    }

    /// `count` of them, from the first again after the last.
    pub(super) fn cycled(&self, count: usize) -> Self {
        let len = self.len().max(1);
        self.pick((0..count).map(|index| index % len))
    }

    /// One of them in words.
    pub(super) fn shown(&self, index: usize) -> String {
        match self {
            Self::Texts(texts) => format!("`{}`", texts[index]),
            Self::States { words, stride } => format!("{:?}", &words[index * stride..(index + 1) * stride]),
        }
    }
}

/// Adds an object to those of the same form.
fn add(objects: &mut Option<Objects>, value: Value) -> Result<(), String> {
    match (value, objects) {
        (Value::String(text), Some(Objects::Texts(texts))) => texts.push(text),
        (Value::String(text), objects @ None) => *objects = Some(Objects::Texts(vec![text])),
        (Value::Array(_), Some(Objects::Texts(_))) | (Value::String(_), Some(Objects::States { .. })) => {
            return Err("there are both texts and states".to_string());
        }
        (value @ Value::Array(_), objects) => {
            let state: Vec<i32> = serde_json::from_value(value).map_err(|error| error.to_string())?;
            add_state(objects, &state)?;
        }
        _ => return Err("it is neither a text nor a list".to_string()),
    }
    Ok(())
}

fn add_state(objects: &mut Option<Objects>, state: &[i32]) -> Result<(), String> {
    if state.is_empty() {
        return Err("the state has no numbers".to_string());
    }
    let all = objects.get_or_insert(Objects::States {
        words: Vec::new(),
        stride: state.len(),
    });
    if let Objects::States { words, stride } = all {
        if *stride != state.len() {
            return Err(format!(
                "the state has {} numbers, and others have {stride}",
                state.len()
            ));
        }
        words.extend(state);
    }
    Ok(())
}

/// States of a built-in grid: corners, and cells scattered between them. After the coordinates comes the word that says
/// whether a walk has ended, which a reward has to leave alone.
fn grid(height: i32) -> Objects {
    let most = height - 1;
    let scattered =
        (0..60i32).map(|index| [index, index * 3, index * 5 / 2, index / 8].map(|place| place % height));
    let corners = [
        [0; DIMENSIONS],
        [most; DIMENSIONS],
        [0, 0, 0, most],
        [most, 0, 0, 0],
    ];
    let cells = corners.into_iter().chain(scattered);
    let words = cells.flat_map(|[a, b, c, d]| [a, b, c, d, 1]).collect();
    Objects::States {
        words,
        stride: DIMENSIONS + 1,
    }
}
