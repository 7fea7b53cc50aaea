//! What can be wrong with a vocabulary or the bounds of molecules.

use gfn_chem::FragmentError;
use thiserror::Error;

/// Why there is no such environment.
#[derive(Debug, Error)]
pub enum FragmentsError {
    /// The file is not there, or not readable.
    #[error("vocabulary `{file}` cannot be read: {} ({help})", gfn_text::io_words(source))]
    Read {
        /// The file.
        file: String,
        /// What the system says.
        source: std::io::Error,
        /// What to do.
        help: &'static str,
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
    /// The vocabulary in the format of the paper's code is not numbered without gaps.
    #[error(
        "vocabulary `{file}`: `{table}` has no block \"{block}\"; `block_name`, `block_smi` and `block_r` must each hold \"0\", \"1\" \
         and so on"
    )]
    Numbering {
        /// The file.
        file: String,
        /// The table of the file.
        table: &'static str,
        /// The number that is missing.
        block: usize,
    },
    /// The built-in vocabulary was asked for in a format that it does not have.
    #[error(
        "`variant` = `bengio2021` needs `vocabulary`, the path of a file such as `blocks_PDB_105.json`; `docs/molecules.md` says where \
         it is"
    )]
    NoFile,
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
