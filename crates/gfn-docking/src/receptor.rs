//! The receptor: its file, checked before anything is docked. What is wrong with it would otherwise be said of every molecule.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use gfn_files::regular::MIB;
use sha2::{Digest, Sha256};

use crate::error::DockingError;
use crate::rigid::{self, Atom};

/// The largest receptor: ten times what the largest complexes have.
const FILE_LIMIT: u64 = 256 * MIB;

/// A receptor, read and known by its hash.
#[derive(Clone, Debug)]
pub struct Receptor {
    path: PathBuf,
    sha256: String,
    atoms: Vec<Atom>,
}

impl Receptor {
    /// Reads a PDBQT file; with `sha256`, only the one with that hash.
    ///
    /// # Errors
    /// Where it is not there, is another, or is no rigid receptor: the line and the atom are named.
    pub fn load(path: &Path, sha256: Option<&str>) -> Result<Self, DockingError> {
        let wrong = |message: String| DockingError::receptor(path, message);
        let bytes = gfn_files::read(path, FILE_LIMIT).map_err(|error| match error.kind() {
            ErrorKind::NotFound => wrong("there is no such file".into()),
            _ => wrong(gfn_text::io_words(&error)),
        })?;
        let found: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if let Some(wanted) = sha256.filter(|wanted| !wanted.eq_ignore_ascii_case(&found)) {
            return Err(wrong(format!("its sha256 is {found}, not {wanted}")));
        }
        Ok(Self {
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
            sha256: found,
            atoms: rigid::atoms(&bytes).map_err(wrong)?,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The SHA-256 of its file.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Whether some atom lies in a box. A box without one is at the wrong place: every energy there would be near 0.
    pub fn reaches(&self, center: [f64; 3], size: [f64; 3]) -> bool {
        let inside =
            |atom: &Atom| (0..3).all(|axis| (atom.position[axis] - center[axis]).abs() <= size[axis] / 2.0);
        self.atoms.iter().any(inside)
    }

    /// The least and the greatest coordinate of its atoms, axis by axis.
    pub fn extent(&self) -> [[f64; 2]; 3] {
        [0, 1, 2].map(|axis| {
            let along = self.atoms.iter().map(|atom| atom.position[axis]);
            [
                along.clone().fold(f64::INFINITY, f64::min),
                along.fold(f64::NEG_INFINITY, f64::max),
            ]
        })
    }

    /// What about it makes energies doubtful, though it can be docked to: sentences.
    pub fn warnings(&self) -> Vec<String> {
        let has = |types: &[&str]| self.atoms.iter().any(|atom| types.contains(&atom.kind.as_str()));
        let mut warnings = Vec::new();
        if has(&["N", "NA", "OA", "O"]) && !has(&["HD", "H"]) {
            warnings.push(format!(
                "the receptor {} has no hydrogens: Vina finds no hydrogen bonds that the receptor donates; add polar hydrogens, for \
                 example with `obabel receptor.pdb -xr -p 7.4 -O receptor.pdbqt`",
                self.path.display()
            ));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An atom's line.
    fn atom(x: f64, charge: &str, kind: &str) -> String {
        format!("ATOM      7  CA  MET A  42    {x:8.3}   2.000  -3.500  1.00  0.00    {charge:>6} {kind}\n")
    }

    fn good() -> String {
        atom(1.0, "+0.100", "N ") + &atom(2.0, "0.000", "HD")
    }

    struct Place(tempfile::TempDir);

    impl Place {
        fn load(&self, bytes: impl AsRef<[u8]>) -> Result<Receptor, String> {
            let path = self.0.path().join("r.pdbqt");
            std::fs::write(&path, bytes).unwrap();
            Receptor::load(&path, None).map_err(|error| error.to_string())
        }
    }

    fn place() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    #[test]
    fn only_the_receptor_that_is_meant_is_read() {
        let place = place();
        let path = place.0.path().join("r.pdbqt");
        let absent = Receptor::load(&path, None).unwrap_err().to_string();
        assert!(absent.ends_with("r.pdbqt: there is no such file"));
        let read = place.load(good()).unwrap();
        assert!(read.reaches([0.0; 3], [2.0, 4.0, 7.0]));
        assert!(!read.reaches([0.0; 3], [2.0, 4.0, 6.9]));
        assert_eq!(read.extent()[0], [1.0, 2.0]);
        let hash = read.sha256().to_uppercase();
        Receptor::load(&path, Some(&hash)).unwrap();
        let other = format!("0{}", &hash[1..]);
        let said = Receptor::load(&path, Some(&other)).unwrap_err().to_string();
        assert!(said.contains("its sha256 is "), "{said}");
    }

    /// What Vina refuses for every molecule anew, or reads as something else than it is, is refused once, by its line.
    #[test]
    fn a_file_that_is_no_rigid_receptor_is_refused_with_its_line() {
        let place = place();
        let plain_pdb = "ATOM      1  N   PHE A 267     -12.054  19.473 -11.318  1.00 16.04           N\n";
        let gzip = [0x1f, 0x8b, 8, 0, 0];
        let and = |line: &str| good() + line + "\n";
        for (bytes, message) in [
            (
                String::new().into_bytes(),
                "it is an empty file; copy or make it again; a PDBQT file is needed",
            ),
            (gzip.to_vec(), "it is compressed by gzip; unpack it with `gunzip`"),
            (b"REMARK\n".to_vec(), "it has no atoms; a PDBQT file is needed"),
            (b"AT\xff\xfe".to_vec(), "it is not text; a PDBQT file is needed"),
            (
                b"version https://git-lfs.github.com/spec/v1\n".to_vec(),
                "it is a Git LFS pointer",
            ),
            (
                plain_pdb.into(),
                "line 1: atom 1 (`N` of PHE A 267) has no partial charge in columns 71 to 76, as in a PDB file",
            ),
            (
                ("ROOT\n".to_owned() + &good()).into(),
                "line 1: `ROOT` belongs to a ligand",
            ),
            (
                and("BRANCH   2   3").into(),
                "line 3: `BRANCH` belongs to a ligand",
            ),
            (and("TORSDOF 2").into(), "line 3: `TORSDOF` belongs to a ligand"),
            (
                and("BEGIN_RES LYS A 3").into(),
                "line 3: `BEGIN_RES` belongs to a ligand",
            ),
            (
                ("MODEL 1\n".to_owned() + &good() + "ENDMDL\nMODEL 2\n").into(),
                "line 1: the file has several models",
            ),
            (
                ("MODEL 1\n".to_owned() + &good() + "ENDMDL\n").into(),
                "line 1: remove the lines `MODEL` and `ENDMDL`",
            ),
            (
                ("HEADER    HYDROLASE\n".to_owned() + &good()).into(),
                "line 1: `HEADER` belongs to a PDB file",
            ),
            (and("USER  x").into(), "line 3: `USER` begins no line"),
            (and("   ").into(), "line 3: a line of spaces"),
            (
                and(atom(3.0, "0.000", "Zz").trim_end()).into(),
                "line 3: atom 7 (`CA` of MET A 42) has the type `Zz`, which AutoDock Vina does not know",
            ),
            (
                and(atom(3.0, "0.000", "ZN").trim_end()).into(),
                "has the type `ZN`, which AutoDock Vina does not know; write `Zn`",
            ),
            (
                and(atom(3.0, "0.000", "").trim_end()).into(),
                "line 3: atom 7 (`CA` of MET A 42) has no atom type in columns 78 and 79",
            ),
            (
                and(&atom(3.0, "0.000", "C ").replace("2.000", "  nan")).into(),
                "line 3: atom 7 (`CA` of MET A 42) has no position in columns 31 to 54",
            ),
        ] {
            let said = place.load(&bytes).unwrap_err();
            assert!(said.contains(message), "{said}\n{message}");
        }
    }

    #[test]
    fn what_vina_passes_over_is_passed_over() {
        let place = place();
        let text = format!("REMARK x\n\n{}TER\nENDMDL\nEND\n", good());
        assert_eq!(place.load(&text).unwrap().atoms.len(), 2);
        // As other systems' editors write it.
        let read = place.load(text.replace('\n', "\r\n")).unwrap();
        assert_eq!(read.atoms.len(), 2);
        assert_eq!(read.warnings(), Vec::<String>::new());
    }

    #[test]
    fn a_receptor_without_hydrogens_is_doubtful() {
        let read = place().load(atom(1.0, "0.000", "OA")).unwrap();
        let said = read.warnings().concat();
        assert!(said.contains("has no hydrogens"), "{said}");
    }
}
