//! What a file is, by its bytes: the kinds that people give in place of a table or of weights.

use std::fmt;

/// A file of another kind than the one that is wanted. Its [`Display`](fmt::Display) form completes "it is …" and says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Nothing.
    Empty,
    /// What Git keeps in place of a large file.
    LfsPointer,
    /// A file compressed by gzip.
    Gzip,
    /// A file compressed by bzip2.
    Bzip2,
    /// A file compressed by xz.
    Xz,
    /// A file compressed by Zstandard.
    Zstandard,
    /// An archive.
    Zip,
    /// An archive of tar.
    Tar,
    /// What `torch.save` writes: a zip archive with a pickle in it.
    PyTorch,
    /// Arrays that NumPy wrote.
    Numpy,
    /// A Python pickle.
    Pickle,
    /// A workbook of a spreadsheet program.
    Workbook,
    /// A web page.
    Html,
    /// An XML document that is no web page.
    Xml,
    /// A text with formats, as a word processor writes it.
    RichText,
    /// Text in UTF-16.
    Utf16,
    /// Text in UTF-32.
    Utf32,
    /// A Parquet table.
    Parquet,
    /// An HDF5 file, such as weights of Keras.
    Hdf5,
    /// A PDF.
    Pdf,
    /// Structures of molecules in an SDF or MOL file.
    MolFile,
    /// A JSON text.
    Json,
    /// Tensors in safetensors.
    Safetensors,
    /// Bytes that are no text.
    Binary,
}

impl Kind {
    /// Recognizes a file; none for what may be a plain text.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Some(Self::Empty);
        }
        let magic = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
        match magic {
            Some((_, Self::Zip)) => Some(archive(bytes)),
            Some((_, kind)) => Some(*kind),
            None => structure(bytes),
        }
    }

    /// What it is, with an article.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "an empty file",
            Self::LfsPointer => "a Git LFS pointer, which only stands for the file",
            Self::Gzip => "compressed by gzip",
            Self::Bzip2 => "compressed by bzip2",
            Self::Xz => "compressed by xz",
            Self::Zstandard => "compressed by Zstandard",
            Self::Zip => "a zip archive",
            Self::Tar => "a tar archive",
            Self::PyTorch => "a PyTorch file (a pickle in a zip archive)",
            Self::Numpy => "a NumPy file",
            Self::Pickle => "a Python pickle",
            Self::Workbook => "a workbook of a spreadsheet program",
            Self::Html => "a web page",
            Self::Xml => "an XML document",
            Self::RichText => "a document of a word processor (RTF)",
            Self::Utf16 => "text in UTF-16, such as Excel's \"Unicode text\"",
            Self::Utf32 => "text in UTF-32",
            Self::Parquet => "a Parquet table",
            Self::Hdf5 => "an HDF5 file",
            Self::Pdf => "a PDF",
            Self::MolFile => "a MOL or SDF file",
            Self::Json => "JSON",
            Self::Safetensors => "a safetensors file",
            Self::Binary => "binary data",
        }
    }

    /// What to do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Empty => "copy or make it again",
            Self::LfsPointer => "fetch the file with `git lfs pull` in its repository",
            Self::Gzip => "unpack it with `gunzip`",
            Self::Bzip2 => "unpack it with `bunzip2`",
            Self::Xz => "unpack it with `unxz`",
            Self::Zstandard => "unpack it with `unzstd`",
            Self::Zip => "unpack it with `unzip`, and name the file that was in it",
            Self::Tar => "unpack it with `tar -xf`, and name the file that was in it",
            Self::PyTorch | Self::Pickle => {
                "gfn reads no pickles, because reading one can run code: convert it where you trust it"
            }
            Self::RichText => "save it as plain text",
            Self::Xml | Self::Numpy | Self::Parquet | Self::Hdf5 | Self::Pdf | Self::MolFile | Self::Json => {
                "convert it, or name another file"
            }
            Self::Workbook => "save its sheet as \"CSV UTF-8\"",
            Self::Html => "download the file itself, on GitHub by \"Raw\"",
            Self::Utf16 => {
                "save it as UTF-8 (in Excel \"CSV UTF-8\"), or convert it: `iconv -t UTF-8 -f UTF-16 FILE > NEW`"
            }
            Self::Utf32 => "convert it: `iconv -t UTF-8 -f UTF-32 FILE > NEW`",
            Self::Safetensors | Self::Binary => "name another file",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.name(), self.advice())
    }
}

/// First bytes, the longer ones before those that they begin with.
const MAGIC: [(&[u8], Kind); 24] = [
    (b"version https://git-lfs", Kind::LfsPointer),
    (b"\x1f\x8b", Kind::Gzip),
    (b"BZh", Kind::Bzip2),
    (b"\xfd7zXZ\0", Kind::Xz),
    (b"\x28\xb5\x2f\xfd", Kind::Zstandard),
    (b"PK\x03\x04", Kind::Zip),
    (b"PK\x05\x06", Kind::Zip),
    (b"\x93NUMPY", Kind::Numpy),
    (b"\x80\x02", Kind::Pickle),
    (b"\x80\x03", Kind::Pickle),
    (b"\x80\x04", Kind::Pickle),
    (b"\x80\x05", Kind::Pickle),
    (b"(dp0\n", Kind::Pickle),
    (b"(lp0\n", Kind::Pickle),
    (b"ccollections\n", Kind::Pickle),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::Workbook),
    (b"PAR1", Kind::Parquet),
    (b"\x89HDF\r\n\x1a\n", Kind::Hdf5),
    (b"%PDF-", Kind::Pdf),
    (b"\xff\xfe\0\0", Kind::Utf32),
    (b"\0\0\xfe\xff", Kind::Utf32),
    (b"\xff\xfe", Kind::Utf16),
    (b"\xfe\xff", Kind::Utf16),
    (b"\x1a\x45\xdf\xa3", Kind::Binary),
];

/// How much is looked at where the first bytes alone do not tell.
const LOOKED_AT: usize = 4096;

/// How much of either end of an archive is searched for names.
const NAMES: usize = 1 << 16;

/// What is in a zip archive, by the names of its files.
fn archive(bytes: &[u8]) -> Kind {
    // The first file's name is at the beginning, and all names are at the end.
    let (head, tail) = (
        &bytes[..bytes.len().min(NAMES)],
        &bytes[bytes.len().saturating_sub(NAMES)..],
    );
    let holds = |name: &[u8]| {
        let has = |part: &[u8]| part.windows(name.len()).any(|window| window == name);
        has(head) || has(tail)
    };
    if holds(b"data.pkl") {
        Kind::PyTorch
    } else if holds(b"xl/workbook") || holds(b"opendocument.spreadsheet") {
        Kind::Workbook
    } else if holds(b".npy") {
        Kind::Numpy
    } else {
        Kind::Zip
    }
}

/// What the bytes look like where there is no mark at their beginning.
fn structure(bytes: &[u8]) -> Option<Kind> {
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    if is_safetensors(bytes) {
        return Some(Kind::Safetensors);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(Kind::Tar);
    }
    if is_wide(head) {
        return Some(Kind::Utf16);
    }
    if head.contains(&0) {
        return Some(Kind::Binary);
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let begins = |mark: &str| {
        text.get(..mark.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(mark))
    };
    if begins("{\\rtf") {
        return Some(Kind::RichText);
    }
    if begins("<?xml") && !text.to_ascii_lowercase().contains("<html") {
        return Some(Kind::Xml);
    }
    if ["<!doctype", "<html", "<?xml", "<head", "<body"]
        .iter()
        .any(|mark| begins(mark))
    {
        return Some(Kind::Html);
    }
    let json = ["{", "[{", "[[", "[\""].iter().any(|mark| begins(mark));
    if json && text.contains([':', ',', '}']) && !text.starts_with("[[*") {
        return Some(Kind::Json);
    }
    (text.contains("V2000") || text.contains("V3000") || text.contains("$$$$")).then_some(Kind::MolFile)
}

/// A length, and as many bytes of JSON; they may be cut off.
fn is_safetensors(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return false;
    };
    let length = u64::from_le_bytes(*length);
    (2..=100_000_000).contains(&length) && rest.starts_with(b"{\"")
}

/// Text of two bytes a character, without a mark: every other byte is 0.
fn is_wide(head: &[u8]) -> bool {
    let (pairs, _) = head.as_chunks::<2>();
    let count = |wanted: fn(&[u8; 2]) -> bool| pairs.iter().filter(|pair| wanted(pair)).count();
    let little = count(|pair| pair[0] != 0 && pair[1] == 0);
    let big = count(|pair| pair[0] == 0 && pair[1] != 0);
    pairs.len() >= 4 && 10 * little.max(big) >= 9 * pairs.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn files_are_told_by_their_bytes() {
        let zip = |name: &[u8]| [b"PK\x03\x04 archive/", name].concat();
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";
        let tensors = [&30u64.to_le_bytes()[..], b"{\"a\":"].concat();
        let cases: Vec<(Vec<u8>, Kind)> = vec![
            (b"".to_vec(), Kind::Empty),
            (b" \r\n\n".to_vec(), Kind::Empty),
            (pointer.to_vec(), Kind::LfsPointer),
            (b"\x1f\x8b\x08\0".to_vec(), Kind::Gzip),
            (zip(b"data.pkl"), Kind::PyTorch),
            (zip(b"xl/workbook.xml"), Kind::Workbook),
            (zip(b"arr_0.npy"), Kind::Numpy),
            (zip(b"readme.txt"), Kind::Zip),
            (b"\x80\x04\x95\0".to_vec(), Kind::Pickle),
            (b"\n<!DOCTYPE html>\n<html>".to_vec(), Kind::Html),
            (wide("smiles\ty\nCCO\t1\n"), Kind::Utf16),
            ([b"\xff\xfe".to_vec(), wide("smiles,y")].concat(), Kind::Utf16),
            (tensors, Kind::Safetensors),
            (b"{\"smiles\": \"CCO\"}".to_vec(), Kind::Json),
            (b"\x89HDF\r\n\x1a\n".to_vec(), Kind::Hdf5),
            (b"a\0b\0\0\0c".to_vec(), Kind::Binary),
        ];
        for (bytes, kind) in cases {
            assert_eq!(Kind::of(&bytes), Some(kind), "{bytes:?}");
        }
    }

    #[test]
    fn tables_and_molecules_are_plain_text() {
        for text in [
            "smiles,y\nCCO,1\n",
            "\u{feff}smiles;y\r\n",
            "[Na+].[Cl-]\n",
            "[C@@H](C)O x\n",
            "no",
        ] {
            assert_eq!(Kind::of(text.as_bytes()), None, "{text}");
        }
    }
}
