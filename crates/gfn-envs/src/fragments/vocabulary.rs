//! The blocks that molecules are made of: read from JSON, checked, with everything tabulated that stepping needs.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use gfn_chem::{Fragment, FragmentError, MOST_PORTS};
use serde::Deserialize;
use thiserror::Error;

/// Largest vocabulary file: some hundred thousand blocks.
const FILE_LIMIT: u64 = 1 << 26;

/// The built-in vocabulary's name.
pub const DRUGLIKE: &str = "druglike";

/// Why there is no such environment.
#[derive(Debug, Error)]
pub enum FragmentsError {
    /// The file is not there, or not readable.
    #[error("vocabulary `{file}` cannot be read: {source} (the built-in vocabulary is `druglike`)")]
    Read {
        /// The file.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not JSON of the right form; the message ends with line and column.
    #[error("vocabulary `{file}` is not a vocabulary in JSON: {source}")]
    Json {
        /// The file.
        file: String,
        /// What the parser says, with line and column.
        source: serde_json::Error,
    },
    /// There is no block.
    #[error("vocabulary `{file}` has no blocks")]
    Empty {
        /// The file.
        file: String,
    },
    /// One block is wrong.
    #[error("vocabulary `{file}`: block `{block}` {source}")]
    Block {
        /// The file.
        file: String,
        /// The block's name.
        block: String,
        /// What is wrong with it.
        source: FragmentError,
    },
    /// Two blocks of one name.
    #[error("vocabulary `{file}` has two blocks named `{block}`")]
    DuplicateName {
        /// The file.
        file: String,
        /// The name.
        block: String,
    },
    /// Two blocks that are the same.
    #[error(
        "vocabulary `{file}`: blocks `{first}` and `{second}` are the same, atoms and attachment points alike"
    )]
    DuplicateBlock {
        /// The file.
        file: String,
        /// The earlier block.
        first: String,
        /// The later one.
        second: String,
    },
    /// A bound on the number of blocks is out of range.
    #[error("`{name}` = {value} must be from 1 to {most}")]
    Range {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: usize,
        /// The most it can be.
        most: usize,
    },
    /// The bounds are the wrong way round.
    #[error("`min_blocks` = {least} is more than `max_blocks` = {most}")]
    Bounds {
        /// The lower bound.
        least: usize,
        /// The upper bound.
        most: usize,
    },
    /// Only pairs of blocks can be made.
    #[error(
        "`min_blocks` = {least} is out of reach: no block of vocabulary `{file}` has two attachment points, so \
         molecules end at two blocks"
    )]
    OutOfReach {
        /// The file.
        file: String,
        /// The lower bound.
        least: usize,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VocabularyFile {
    name: String,
    blocks: Vec<BlockEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockEntry {
    name: String,
    smiles: String,
}

/// Port c of a view is the block's port that stands at place c when the block is turned by a symmetry.
pub(crate) type View = [u8; MOST_PORTS];

/// A block with its tables.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) fragment: Fragment,
    pub(crate) ports: usize,
    /// Of each port, the first port that a symmetry takes it to.
    pub(crate) representative: View,
    /// Of each port, its arm.
    pub(crate) arm: [u32; MOST_PORTS],
    /// All symmetries.
    pub(crate) views: Vec<View>,
    /// Of each port, the symmetries that take it to its representative.
    pub(crate) entries: Vec<Vec<View>>,
    /// The global number of port 0.
    pub(crate) first_port: usize,
}

/// A way to attach a block: the block and one of its distinct ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arm {
    pub(crate) block: usize,
    pub(crate) port: u8,
}

/// Blocks, and the distinct ways ("arms") to attach them.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    pub(crate) name: String,
    pub(crate) blocks: Vec<Block>,
    pub(crate) arms: Vec<Arm>,
    pub(crate) port_count: usize,
}

impl Vocabulary {
    /// The built-in vocabulary where `source` is its name, else the file at `source`, taken from `base` if relative.
    ///
    /// # Errors
    /// [`FragmentsError`] names the file, the block and what is wrong.
    pub fn load(source: &str, base: &Path) -> Result<Self, FragmentsError> {
        if source == DRUGLIKE {
            return Self::parse(include_str!("druglike.json"), DRUGLIKE);
        }
        let path: PathBuf = base.join(source);
        let text = read_text(&path).map_err(|error| FragmentsError::Read {
            file: path.display().to_string(),
            source: error,
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// The vocabulary in the JSON `text`; `file` is what errors call it.
    ///
    /// # Errors
    /// [`FragmentsError`] names the file, the block and what is wrong.
    pub fn parse(text: &str, file: &str) -> Result<Self, FragmentsError> {
        let parsed: VocabularyFile = serde_json::from_str(text).map_err(|source| FragmentsError::Json {
            file: file.into(),
            source,
        })?;
        if parsed.blocks.is_empty() {
            return Err(FragmentsError::Empty { file: file.into() });
        }
        let mut vocabulary = Self {
            name: parsed.name,
            blocks: Vec::new(),
            arms: Vec::new(),
            port_count: 0,
        };
        for entry in parsed.blocks {
            vocabulary.add(entry, file)?;
        }
        Ok(vocabulary)
    }

    fn add(&mut self, entry: BlockEntry, file: &str) -> Result<(), FragmentsError> {
        let file = || file.to_owned();
        if self.blocks.iter().any(|block| block.name == entry.name) {
            return Err(FragmentsError::DuplicateName {
                file: file(),
                block: entry.name,
            });
        }
        let fragment = Fragment::parse(&entry.smiles).map_err(|source| FragmentsError::Block {
            file: file(),
            block: entry.name.clone(),
            source,
        })?;
        let twin = self
            .blocks
            .iter()
            .find(|block| block.fragment.identity() == fragment.identity());
        if let Some(twin) = twin {
            let first = twin.name.clone();
            return Err(FragmentsError::DuplicateBlock {
                file: file(),
                first,
                second: entry.name,
            });
        }
        let block = Block::new(entry.name, fragment, self.port_count, self.arms.len());
        for port in (0..block.ports as u8).filter(|&port| block.representative[port as usize] == port) {
            self.arms.push(Arm {
                block: self.blocks.len(),
                port,
            });
        }
        self.port_count += block.ports;
        self.blocks.push(block);
        Ok(())
    }

    /// The name that the file gives.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many blocks there are.
    pub fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// How many distinct ways to attach a block there are.
    pub fn arm_count(&self) -> usize {
        self.arms.len()
    }

    /// The name of a block.
    pub fn block_name(&self, block: usize) -> &str {
        &self.blocks[block].name
    }

    pub(crate) fn most_ports(&self) -> usize {
        self.blocks.iter().map(|block| block.ports).max().unwrap_or(0)
    }
}

/// The text of a file, if it is one: a device or a pipe may never end.
fn read_text(path: &Path) -> io::Result<String> {
    let found = std::fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    if found.len() > FILE_LIMIT {
        return Err(io::Error::other("it is larger than 64 MiB"));
    }
    let mut text = String::new();
    File::open(path)?.take(FILE_LIMIT).read_to_string(&mut text)?;
    Ok(text)
}

impl Block {
    fn new(name: String, fragment: Fragment, first_port: usize, first_arm: usize) -> Self {
        let ports = fragment.port_count();
        let symmetries = fragment.symmetries();
        let mut representative = [0; MOST_PORTS];
        let mut arm = [0; MOST_PORTS];
        let mut arms = first_arm;
        for port in 0..ports {
            let first = symmetries
                .iter()
                .map(|symmetry| symmetry[port])
                .min()
                .unwrap_or(port);
            representative[port] = first as u8;
            if first == port {
                arm[port] = arms as u32;
                arms += 1;
            } else {
                arm[port] = arm[first];
            }
        }
        let views: Vec<View> = symmetries.iter().map(|symmetry| inverse(symmetry)).collect();
        let entries = (0..ports)
            .map(|port| {
                let place = representative[port] as usize;
                views
                    .iter()
                    .filter(|view| view[place] as usize == port)
                    .copied()
                    .collect()
            })
            .collect();
        Self {
            name,
            fragment,
            ports,
            representative,
            arm,
            views,
            entries,
            first_port,
        }
    }
}

fn inverse(permutation: &[usize]) -> View {
    let mut view = [0; MOST_PORTS];
    for (port, &place) in permutation.iter().enumerate() {
        view[place] = port as u8;
    }
    view
}
