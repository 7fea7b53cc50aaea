//! What can be wrong with a vocabulary or the bounds of molecules.

use std::fmt;

use thiserror::Error;

/// Something that is wrong with a vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its line in the file, from 1; none where something is missing.
    pub line: Option<u64>,
    /// What is wrong, with the block's name.
    pub text: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "line {line}: {}", self.text),
            None => formatter.write_str(&self.text),
        }
    }
}

/// All mistakes, each on a line of its own where there are several.
fn told(file: &str, mistakes: &[Mistake]) -> String {
    if let [one] = mistakes {
        return match one.line {
            Some(line) => format!("vocabulary `{file}`, line {line}: {}", one.text),
            None => format!("vocabulary `{file}`: {}", one.text),
        };
    }
    let mut text = format!("vocabulary `{file}` has {} mistakes", mistakes.len());
    for mistake in mistakes {
        text += &format!("\n  {mistake}");
    }
    text
}

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
    /// The file is not a JSON object.
    #[error("vocabulary `{file}` is no JSON object: {message}")]
    Json {
        /// The file.
        file: String,
        /// What is wrong, with line and column.
        message: String,
    },
    /// There is no block.
    #[error("vocabulary `{file}` has no blocks")]
    Empty {
        /// The file.
        file: String,
    },
    /// Blocks are wrong, or what the file says besides them.
    #[error("{}", told(.file, .mistakes))]
    Mistakes {
        /// The file.
        file: String,
        /// Everything that is wrong, in the order in which it was found.
        mistakes: Vec<Mistake>,
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
