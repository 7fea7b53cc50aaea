//! The blocks that molecules are made of: read from JSON, checked, with everything tabulated that stepping needs.

use std::path::{Path, PathBuf};

use gfn_chem::{Fragment, MAX_PORTS};
use gfn_input::Kind;

use super::error::FragmentsError;
use super::reader::Reader;

/// Largest vocabulary file: some hundred thousand blocks.
const FILE_LIMIT: u64 = 1 << 26;

/// The built-in vocabulary's name.
pub const DRUGLIKE: &str = "druglike";

/// In place of the arm of a port by which a block cannot be attached.
pub(crate) const NO_ARM: u32 = u32::MAX;

/// Port c of a view is the block's port that stands at place c when the block is turned by a symmetry.
pub(crate) type View = [u8; MAX_PORTS];

/// A block with its tables.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) fragment: Fragment,
    pub(crate) ports: usize,
    /// Of each port, the first port that a symmetry takes it to.
    pub(crate) representative: View,
    /// Of each port, its arm, or [`NO_ARM`].
    pub(crate) arm: [u32; MAX_PORTS],
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
        let (text, file) = read(source, base, "the built-in vocabulary is `druglike`")?;
        Self::parse(&text, &file)
    }

    /// The vocabulary in the JSON `text`; `file` is what errors call it.
    ///
    /// # Errors
    /// [`FragmentsError`] names the file, and of everything that is wrong the line, the block and what to do.
    pub fn parse(text: &str, file: &str) -> Result<Self, FragmentsError> {
        Reader::new(text, file)?.blocks()
    }

    pub(super) fn empty(name: String) -> Self {
        Self {
            name,
            blocks: Vec::new(),
            arms: Vec::new(),
            port_count: 0,
        }
    }

    /// Adds a block that cannot be attached yet; returns its number.
    pub(super) fn push(&mut self, name: String, fragment: Fragment) -> usize {
        let block = Block::new(name, fragment, self.port_count);
        self.port_count += block.ports;
        self.blocks.push(block);
        self.blocks.len() - 1
    }

    /// Lets a block be attached by each of its distinct ports.
    pub(super) fn add_arms(&mut self, block: usize) {
        for port in 0..self.blocks[block].ports {
            if self.blocks[block].representative[port] as usize == port {
                self.add_arm(block, port);
            }
        }
    }

    /// Lets a block be attached by a port, or by those that symmetries take it to.
    pub(super) fn add_arm(&mut self, block: usize, port: usize) {
        let number = self.arms.len() as u32;
        let tables = &mut self.blocks[block];
        let representative = tables.representative[port];
        for at in (0..tables.ports).filter(|&at| tables.representative[at] == representative) {
            tables.arm[at] = number;
        }
        self.arms.push(Arm {
            block,
            port: representative,
        });
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

    /// The block that a way to attach one is about, and the port of it.
    pub fn arm(&self, number: usize) -> (usize, usize) {
        let Arm { block, port } = self.arms[number];
        (block, port as usize)
    }

    /// The atoms and attachment points of a block.
    pub fn fragment(&self, block: usize) -> &Fragment {
        &self.blocks[block].fragment
    }

    /// The name of a block.
    pub fn block_name(&self, block: usize) -> &str {
        &self.blocks[block].name
    }

    pub(crate) fn most_ports(&self) -> usize {
        self.blocks.iter().map(|block| block.ports).max().unwrap_or(0)
    }
}

/// The text of the file at `source`, taken from `base` if relative, and what errors call it; they end with `help`.
pub(super) fn read(
    source: &str,
    base: &Path,
    help: &'static str,
) -> Result<(String, String), FragmentsError> {
    let path: PathBuf = base.join(source);
    let file = path.display().to_string();
    let bytes = match gfn_files::read(&path, FILE_LIMIT) {
        Ok(bytes) => bytes,
        Err(source) => return Err(FragmentsError::Read { file, source, help }),
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok((text, file)),
        Err(error) => Err(FragmentsError::Json {
            file,
            message: Kind::of(error.as_bytes()).map_or_else(
                || "it is not text in UTF-8".into(),
                |kind| format!("it is {kind}"),
            ),
        }),
    }
}

impl Block {
    fn new(name: String, fragment: Fragment, first_port: usize) -> Self {
        let ports = fragment.port_count();
        let symmetries = fragment.symmetries();
        let mut representative = [0; MAX_PORTS];
        for port in 0..ports {
            let first = symmetries
                .iter()
                .map(|symmetry| symmetry[port])
                .min()
                .unwrap_or(port);
            representative[port] = first as u8;
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
            arm: [NO_ARM; MAX_PORTS],
            views,
            entries,
            first_port,
        }
    }
}

fn inverse(permutation: &[usize]) -> View {
    let mut view = [0; MAX_PORTS];
    for (port, &place) in permutation.iter().enumerate() {
        view[place] = port as u8;
    }
    view
}
