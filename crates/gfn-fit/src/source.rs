//! The file of a table, before it is known which of its columns are read.

use std::path::{Path, PathBuf};

use gfn_files::regular::MIB;
use gfn_input::{Separator, Table as Text};
use sha2::{Digest, Sha256};

use crate::error::TableError;

/// The largest table: some ten million molecules.
const FILE_LIMIT: u64 = 1024 * MIB;

/// A file that holds a table.
#[derive(Clone, Debug)]
pub struct Source {
    pub(crate) path: PathBuf,
    pub(crate) sha256: String,
    pub(crate) text: Text,
    /// Whether its cells are parted by something else than its name promises.
    pub(crate) is_unusual: bool,
    /// What else would part the first line, and into how many cells.
    pub(crate) others: Vec<(Separator, usize)>,
}

impl Source {
    /// Reads a file whose cells are parted by `separator`; without one by commas, or by tabs where its name ends in `.tsv`, or by what
    /// fits where those do not.
    ///
    /// # Errors
    /// [`TableError`] where the file holds no table.
    pub fn open(path: &Path, separator: Option<Separator>) -> Result<Self, TableError> {
        let bytes = gfn_files::read(path, FILE_LIMIT).map_err(|source| TableError::Read {
            file: path.into(),
            source,
        })?;
        let digest = Sha256::digest(&bytes);
        let is_tabbed = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("tsv"));
        let usual = match is_tabbed {
            true => Separator::Tab,
            false => Separator::Comma,
        };
        let text = Text::read(&bytes, separator, usual).map_err(|fault| TableError::Fault {
            file: path.into(),
            fault,
        })?;
        Ok(Self {
            path: path.into(),
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            is_unusual: text.separator != usual,
            others: text.other_separators(&bytes),
            text,
        })
    }

    /// That the cells are parted by something else than was to be expected; none where nothing was recognized.
    pub fn note(&self) -> Option<String> {
        let (file, separator) = (self.path.display(), self.text.separator);
        self.text
            .is_recognized
            .then(|| format!("the cells of `{file}` are parted by {separator}; `--separator` names another"))
    }

    /// A hint at other separators, where a column is not found.
    pub(crate) fn hint(&self) -> String {
        let others = self.others.iter();
        let others: Vec<String> = others
            .map(|(other, columns)| format!("{columns} cells parted by {other}"))
            .collect();
        match others.is_empty() {
            true => String::new(),
            false => format!(
                "; its first line also has {}: name what parts its cells with `--separator`",
                others.join(" and ")
            ),
        }
    }

    /// The file's name, without its folder.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }
}
