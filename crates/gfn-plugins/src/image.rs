//! A library as it was read once: the bytes that are hashed are the bytes that are loaded.

use std::path::Path;

use gfn_files::regular::MIB;
use sha2::{Digest, Sha256};

use crate::error::PluginError;

/// The largest library.
const FILE_LIMIT: u64 = 2048 * MIB;

/// A library's bytes and their hash.
pub(crate) struct Image {
    bytes: Vec<u8>,
    hash: String,
}

impl Image {
    /// Reads the library at `path` for the plugin of that name, which must have the expected hash if one is.
    pub(crate) fn read(plugin: &str, path: &Path, expected: Option<&str>) -> Result<Self, PluginError> {
        let bytes = gfn_files::read(path, FILE_LIMIT).map_err(PluginError::file(plugin, path))?;
        let hash = hexadecimal(&Sha256::digest(&bytes));
        match expected {
            Some(expected) if !expected.eq_ignore_ascii_case(&hash) => Err(PluginError::Changed {
                plugin: plugin.to_string(),
                path: path.to_path_buf(),
                found: hash,
                expected: expected.to_string(),
            }),
            _ => Ok(Self { bytes, hash }),
        }
    }

    /// The SHA-256 in hexadecimal digits.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    /// The bytes in a file without a name, which nobody can change any more.
    #[cfg(target_os = "linux")]
    pub(crate) fn sealed(&self) -> std::io::Result<std::fs::File> {
        use rustix::fs::{SealFlags, fcntl_add_seals};
        use std::io::Write;

        let mut file = std::fs::File::from(crate::memory::unnamed_file(c"gfn-plugin")?);
        file.write_all(&self.bytes)?;
        fcntl_add_seals(
            &file,
            SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL,
        )?;
        Ok(file)
    }
}

/// The SHA-256 of a file in hexadecimal digits.
///
/// # Errors
/// Where the file cannot be read.
pub fn hash_of(path: &Path) -> Result<String, PluginError> {
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    Ok(Image::read(&name, path, None)?.hash)
}

/// Bytes in hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
