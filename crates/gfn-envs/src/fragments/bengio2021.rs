//! The vocabulary format of the code of Bengio et al. 2021 (`blocks_PDB_105.json`), and what its rules allow.
//!
//! An entry is a molecule and a list of its atoms: by the first the block is attached, at all of them other blocks can be attached
//! to it; an atom that is listed twice can take two. Entries that agree in the molecule and, order aside, in the list differ only in
//! the atom by which they are attached: they are one block with several ways ("arms") to attach it. So the arms are the entries, in
//! the order of the file, and an action's number is what it is in that code: 1 + row * entries + entry.
//!
//! That code tells apart what symmetry makes the same, and the order of assembly; here a state is an unordered tree up to symmetry,
//! as everywhere in this environment, so that every path to a state arrives at the same one. A block that hangs by an atom by
//! which no entry attaches it cannot have been attached last: taking it away is no way back. That code goes back there all the same, to
//! a state from which its action leads elsewhere.

use std::collections::BTreeMap;
use std::path::Path;

use gfn_chem::Fragment;
use serde::Deserialize;

use super::error::FragmentsError;
use super::vocabulary::{DRUGLIKE, NO_ARM, Vocabulary, read};

/// The three tables of the file, each from "0", "1" … to a value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    block_name: BTreeMap<String, String>,
    block_smi: BTreeMap<String, String>,
    block_r: BTreeMap<String, Vec<usize>>,
}

/// An entry of the file.
#[derive(Clone)]
struct Entry {
    name: String,
    smiles: String,
    atoms: Vec<usize>,
}

impl Entry {
    /// Whether two entries differ at most in the atom that comes first.
    fn is_like(&self, other: &Self) -> bool {
        let sorted = |entry: &Self| {
            let mut atoms = entry.atoms.clone();
            atoms.sort_unstable();
            atoms
        };
        self.smiles == other.smiles && sorted(self) == sorted(other)
    }
}

impl Tables {
    fn len(&self) -> usize {
        self.block_name
            .len()
            .max(self.block_smi.len())
            .max(self.block_r.len())
    }

    /// Takes an entry out.
    fn take(&mut self, number: usize, file: &str) -> Result<Entry, FragmentsError> {
        let key = number.to_string();
        let missing = |table| FragmentsError::Numbering {
            file: file.into(),
            table,
            block: number,
        };
        Ok(Entry {
            name: self
                .block_name
                .remove(&key)
                .ok_or_else(|| missing("block_name"))?,
            smiles: self.block_smi.remove(&key).ok_or_else(|| missing("block_smi"))?,
            atoms: self.block_r.remove(&key).ok_or_else(|| missing("block_r"))?,
        })
    }
}

impl Vocabulary {
    /// The file at `source`, taken from `base` if relative, in the format of the code of Bengio et al. 2021.
    ///
    /// # Errors
    /// [`FragmentsError`] names the file, the block and what is wrong.
    pub fn load_bengio2021(source: &str, base: &Path) -> Result<Self, FragmentsError> {
        if source == DRUGLIKE {
            return Err(FragmentsError::NoFile);
        }
        let (text, file) = read(source, base, "`docs/molecules.md` says where the paper's file is")?;
        Self::parse_bengio2021(&text, &file)
    }

    /// The vocabulary in the JSON `text`, in the format of the code of Bengio et al. 2021; `file` is what errors call it.
    ///
    /// # Errors
    /// [`FragmentsError`] names the file, the block and what is wrong.
    pub fn parse_bengio2021(text: &str, file: &str) -> Result<Self, FragmentsError> {
        let mut tables: Tables = serde_json::from_str(text).map_err(|source| FragmentsError::Json {
            file: file.into(),
            source,
        })?;
        if tables.len() == 0 {
            return Err(FragmentsError::Empty { file: file.into() });
        }
        let mut reader = Reader {
            vocabulary: Self::empty("bengio2021".into()),
            firsts: Vec::new(),
            file,
        };
        for number in 0..tables.len() {
            let entry = tables.take(number, file)?;
            reader.add(entry)?;
        }
        Ok(reader.vocabulary)
    }
}

/// A vocabulary on the way.
struct Reader<'a> {
    vocabulary: Vocabulary,
    /// Of each block, the entry that came first, in whose order its ports are.
    firsts: Vec<Entry>,
    file: &'a str,
}

impl Reader<'_> {
    fn add(&mut self, entry: Entry) -> Result<(), FragmentsError> {
        let known = self.firsts.iter().position(|first| first.is_like(&entry));
        let block = match known {
            Some(block) => block,
            None => self.add_block(&entry)?,
        };
        let atoms = &self.firsts[block].atoms;
        let port = atoms.iter().position(|atom| *atom == entry.atoms[0]);
        let port = port.expect("entries that are alike list the same atoms");
        if self.vocabulary.blocks[block].arm[port] != NO_ARM {
            return Err(self.same(block, entry.name));
        }
        self.vocabulary.add_arm(block, port);
        Ok(())
    }

    fn add_block(&mut self, entry: &Entry) -> Result<usize, FragmentsError> {
        let wrong = |source| FragmentsError::Block {
            file: self.file.into(),
            block: entry.name.clone(),
            source,
        };
        let fragment = Fragment::on_atoms(&entry.smiles, &entry.atoms).map_err(wrong)?;
        if let Some(twin) = self.vocabulary.position(&fragment) {
            return Err(self.same(twin, entry.name.clone()));
        }
        self.firsts.push(entry.clone());
        Ok(self.vocabulary.push(entry.name.clone(), fragment))
    }

    fn same(&self, first: usize, second: String) -> FragmentsError {
        FragmentsError::DuplicateBlock {
            file: self.file.into(),
            first: self.vocabulary.blocks[first].name.clone(),
            second,
        }
    }
}
