//! The receptor: its file, checked before anything is docked.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use gfn_files::regular::MIB;
use sha2::{Digest, Sha256};

use crate::error::DockingError;
use crate::pdbqt::positions;

/// The largest receptor: ten times what the largest complexes have.
const FILE_LIMIT: u64 = 256 * MIB;

/// A receptor, read and known by its hash.
#[derive(Clone, Debug)]
pub struct Receptor {
    path: PathBuf,
    sha256: String,
    atoms: Vec<[f64; 3]>,
}

impl Receptor {
    /// Reads a PDBQT file; with `sha256`, only the one with that hash.
    ///
    /// # Errors
    /// Where it is not there, is another, or holds no atoms.
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
        let atoms = positions(&String::from_utf8_lossy(&bytes)).map_err(wrong)?;
        if atoms.is_empty() {
            return Err(wrong("it has no atoms; a PDBQT file is needed".into()));
        }
        Ok(Self {
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
            sha256: found,
            atoms,
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
            |atom: &[f64; 3]| (0..3).all(|axis| (atom[axis] - center[axis]).abs() <= size[axis] / 2.0);
        self.atoms.iter().any(inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_receptor_that_is_meant_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.pdbqt");
        let refusal = |sha256: Option<&str>| Receptor::load(&path, sha256).unwrap_err().to_string();
        assert!(refusal(None).ends_with("r.pdbqt: there is no such file"));
        std::fs::write(&path, "REMARK\n").unwrap();
        assert!(refusal(None).ends_with("it has no atoms; a PDBQT file is needed"));
        std::fs::write(
            &path,
            "ATOM      1  N   MET A   1       1.000   2.000  -3.500  1.00\n",
        )
        .unwrap();
        let read = Receptor::load(&path, None).unwrap();
        assert!(read.reaches([0.0; 3], [2.0, 4.0, 7.0]));
        assert!(!read.reaches([0.0; 3], [2.0, 4.0, 6.9]));
        let hash = read.sha256().to_uppercase();
        Receptor::load(&path, Some(&hash)).unwrap();
        let other = format!("0{}", &hash[1..]);
        assert!(refusal(Some(&other)).contains("its sha256 is "));
    }
}
