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

use gfn_text::quoted;
use std::collections::BTreeMap;
use std::path::Path;

use gfn_chem::Fragment;
use serde_json::value::RawValue;

use super::error::FragmentsError;
use super::json::{Members, kind};
use super::reader::Reader;
use super::vocabulary::{DRUGLIKE, NO_ARM, Vocabulary, read};

/// The tables of the file, each from "0", "1" … to a value.
const TABLES: [&str; 3] = ["block_name", "block_smi", "block_r"];

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
    /// [`FragmentsError`] names the file, and of everything that is wrong the line, the block and what to do.
    pub fn parse_bengio2021(text: &str, file: &str) -> Result<Self, FragmentsError> {
        let mut entries = Entries {
            reader: Reader::new(text, file)?,
            firsts: Vec::new(),
        };
        entries.reader.vocabulary.name = "bengio2021".into();
        let root = std::mem::take(&mut entries.reader.root);
        let tables = entries.reader.values(&root, TABLES, "the file", None);
        let [names, smiles, atoms] =
            [0, 1, 2].map(|at| tables[at].and_then(|table| entries.table(table, TABLES[at])));
        let (Some(names), Some(smiles), Some(atoms)) = (names, smiles, atoms) else {
            return entries.reader.finish();
        };
        let count = names.len().max(smiles.len()).max(atoms.len());
        if count == 0 {
            return Err(entries.reader.empty());
        }
        for number in 0..count {
            let key = number.to_string();
            let row = [&names, &smiles, &atoms].map(|table| table.get(&key).copied());
            if !entries.row(number, row) {
                break;
            }
        }
        entries.reader.finish()
    }
}

/// Entries on the way to a vocabulary.
struct Entries<'a> {
    reader: Reader<'a>,
    /// Of each block, the entry that came first, in whose order its ports are.
    firsts: Vec<Entry>,
}

/// A table of the file: values by their number.
type NumberedTable<'a> = BTreeMap<String, &'a RawValue>;

impl<'a> Entries<'a> {
    fn table(&mut self, table: &'a RawValue, name: &str) -> Option<NumberedTable<'a>> {
        match serde_json::from_str::<Members<'a>>(table.get()) {
            Ok(Members(members)) => Some(members.into_iter().collect()),
            Err(_) => {
                let message = format!("`{name}` is {}, and an object is needed", kind(table));
                self.reader.mistake(table, message);
                None
            }
        }
    }

    /// Takes an entry; false where the numbers end too early, after which all others would be missing too.
    fn row(&mut self, number: usize, row: [Option<&'a RawValue>; 3]) -> bool {
        if let Some(missing) = row.iter().position(Option::is_none) {
            self.reader.missing(format!(
                "`{}` has no block \"{number}\"; `block_name`, `block_smi` and `block_r` must each hold \"0\", \"1\" and so on",
                TABLES[missing]
            ));
            return false;
        }
        let [Some(name), Some(smiles), Some(atoms)] = row else {
            return false;
        };
        let place = smiles;
        let name = self.reader.text(name, &format!("the name of block \"{number}\""));
        let smiles = self
            .reader
            .text(smiles, &format!("the SMILES of block \"{number}\""));
        let Ok(listed) = serde_json::from_str::<Vec<usize>>(atoms.get()) else {
            let message = format!("`block_r` of block \"{number}\" must be a list of atoms, numbered from 0");
            self.reader.mistake(atoms, message);
            return true;
        };
        if let (Some(name), Some(smiles)) = (name, smiles) {
            let atoms = listed;
            self.add(place, Entry { name, smiles, atoms });
        }
        true
    }

    fn add(&mut self, place: &'a RawValue, entry: Entry) {
        let known = self.firsts.iter().position(|first| first.is_like(&entry));
        let Some(block) = known.or_else(|| self.add_block(place, &entry)) else {
            return;
        };
        let atoms = &self.firsts[block].atoms;
        let port = atoms.iter().position(|atom| Some(atom) == entry.atoms.first());
        let port = port.expect("entries that are alike list the same atoms, and a block has one");
        if self.reader.vocabulary.blocks[block].arm[port] != NO_ARM {
            return self.reader.same(place, block, &entry.name);
        }
        self.reader.vocabulary.add_arm(block, port);
    }

    fn add_block(&mut self, place: &'a RawValue, entry: &Entry) -> Option<usize> {
        let fragment = Fragment::on_atoms(&entry.smiles, &entry.atoms);
        let fragment = fragment.map_err(|error| format!("block {} {error}", quoted(&entry.name)));
        let block = self.reader.add(place, entry.name.clone(), fragment)?;
        self.firsts.push(entry.clone());
        Some(block)
    }
}
