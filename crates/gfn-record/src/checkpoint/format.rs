//! The bytes of a checkpoint.
//!
//! ```text
//! gfn-checkpoint 1 00000412 <SHA-256 of the manifest>\n      format, length of the manifest
//! {"step":1200,"generation":1,"parts":[{"name":…,"length":…,"sha256":…},…]}
//! <the parts, one after the other>
//! ```
//!
//! The first line is written in one way only, its hash covers the manifest, the manifest's hashes and lengths cover the
//! parts, and the file ends with the last part: so no byte can change, go or come unnoticed, and each is hashed once.
//! Nothing in it is ever run. `head -n 2` shows what a checkpoint holds.
//!
//! SHA-256, which manifests have anyway, takes 0.7 ms/MB where the processor helps; writing to a disk takes several times
//! as long. BLAKE3 takes 0.3 ms/MB, which is not worth another package here.

use std::io::{self, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};

use super::{Key, Part};
use crate::folder::sha256;

/// The version of the format.
const FORMAT: u32 = 1;
/// The greatest length of a manifest: a header that lies cannot ask for more memory.
const MANIFEST_LIMIT: usize = 1 << 20;
const HEADER: usize = "gfn-checkpoint 1 00000000 \n".len() + 64;

#[derive(Serialize, Deserialize)]
struct Manifest {
    step: u64,
    generation: u64,
    parts: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    length: u64,
    sha256: String,
}

impl Entry {
    fn of(part: &Part) -> Self {
        Self {
            name: part.name.clone(),
            length: part.bytes.len() as u64,
            sha256: sha256(&part.bytes),
        }
    }
}

/// The first line.
fn header(manifest: &[u8]) -> String {
    format!(
        "gfn-checkpoint {FORMAT} {:08} {}\n",
        manifest.len(),
        sha256(manifest)
    )
}

/// Writes a checkpoint.
///
/// # Errors
/// Where `sink` cannot be written, or the names of the parts are unreasonably long.
pub(super) fn write(sink: &mut impl Write, key: Key, parts: &[Part]) -> io::Result<()> {
    let manifest = Manifest {
        step: key.step,
        generation: key.generation,
        parts: parts.iter().map(Entry::of).collect(),
    };
    let mut manifest = serde_json::to_vec(&manifest).expect("a manifest is plain data");
    manifest.push(b'\n');
    if manifest.len() > MANIFEST_LIMIT {
        return Err(io::Error::other("the manifest of the checkpoint is too long"));
    }
    sink.write_all(header(&manifest).as_bytes())?;
    sink.write_all(&manifest)?;
    parts.iter().try_for_each(|part| sink.write_all(&part.bytes))
}

/// Reads the checkpoint of `length` bytes that `source` holds, and checks every one of them.
///
/// # Errors
/// How it is damaged.
pub(super) fn read(source: &mut impl Read, length: u64) -> Result<(Key, Vec<Part>), String> {
    let manifest = read_manifest(source)?;
    let parts: Vec<Entry> = manifest.1.parts;
    let held = parts.iter().try_fold((HEADER + manifest.0) as u64, |sum, part| {
        sum.checked_add(part.length)
    });
    if held != Some(length) {
        return Err(format!(
            "it has {length} bytes, which is not what its manifest says"
        ));
    }
    let (step, generation) = (manifest.1.step, manifest.1.generation);
    let parts = parts
        .into_iter()
        .map(|entry| read_part(source, entry))
        .collect::<Result<_, _>>()?;
    Ok((Key { generation, step }, parts))
}

/// The part `name` of a checkpoint, none where it has no such part. Other parts are not read.
///
/// # Errors
/// How it is damaged.
pub(super) fn read_only(source: &mut (impl Read + Seek), name: &str) -> Result<Option<Part>, String> {
    let manifest = read_manifest(source)?;
    let mut at = (HEADER + manifest.0) as u64;
    for entry in manifest.1.parts {
        if entry.name == name {
            let sought = source.seek(SeekFrom::Start(at));
            sought.map_err(|error| error.to_string())?;
            return read_part(source, entry).map(Some);
        }
        at = at.saturating_add(entry.length);
    }
    Ok(None)
}

/// The length of the manifest, and the manifest.
fn read_manifest(source: &mut impl Read) -> Result<(usize, Manifest), String> {
    let first = read_exactly(source, HEADER)?;
    let words: Vec<&str> = str::from_utf8(&first).unwrap_or_default().split(' ').collect();
    let length = match words[..] {
        ["gfn-checkpoint", format, length, _] if format == FORMAT.to_string() => length.parse().ok(),
        ["gfn-checkpoint", format, ..] => {
            return Err(format!("its format is {format}; this gfn reads {FORMAT}"));
        }
        _ => None,
    };
    let length = length
        .filter(|length| *length <= MANIFEST_LIMIT)
        .ok_or("it does not begin as a checkpoint does")?;
    let manifest = read_exactly(source, length)?;
    if header(&manifest).as_bytes() != first {
        return Err("its manifest is not the one that was written".into());
    }
    let parsed = serde_json::from_slice(&manifest)
        .map_err(|error| format!("its manifest: {}", gfn_files::json_words(&error)))?;
    Ok((length, parsed))
}

fn read_part(source: &mut impl Read, entry: Entry) -> Result<Part, String> {
    let Entry {
        name,
        length,
        sha256: expected,
    } = entry;
    let length = usize::try_from(length).map_err(|_| format!("`{name}` does not fit into memory"))?;
    let bytes = read_exactly(source, length)?;
    if sha256(&bytes) != expected {
        return Err(format!("`{name}` is not what was written"));
    }
    Ok(Part { name, bytes })
}

fn read_exactly(source: &mut impl Read, length: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; length];
    source
        .read_exact(&mut bytes)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => "it was cut off".to_string(),
            _ => gfn_text::io_words(&error),
        })?;
    Ok(bytes)
}
