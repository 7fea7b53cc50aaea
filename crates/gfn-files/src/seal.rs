//! Text that proves that it is as it was written: it ends with a hash of itself.
//!
//! A sealed JSON object begins with `"sealed": true` and ends with `"seal": "<SHA-256>"`. The hash covers every byte of the
//! file, the digits of the hash taken as zeros, and the *place* of the file, so that one file cannot stand in for another.
//! The mark at the beginning tells a file whose seal is damaged from one that an earlier version wrote without a seal.
//!
//! A seal finds what a disk, a transfer or an editor has changed. It is no signature: whoever wants to can make another.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// What the bytes of a file say of themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// They are as they were written.
    Whole,
    /// They are not.
    Broken,
    /// They have no seal: an earlier version of gfn wrote them.
    Absent,
}

const DIGITS: usize = 64;
const BEGIN: &str = "{\n  \"sealed\": true";
const BEFORE: &str = ",\n  \"seal\": \"";
const AFTER: &str = "\"\n}\n";

/// A JSON object as indented text with a seal; `place` tells it from other files of its kind.
///
/// # Panics
/// Where the value is no object.
pub fn json(value: &impl Serialize, place: &str) -> Vec<u8> {
    let text = serde_json::to_string_pretty(value).expect("records are plain data");
    // An object without fields is laid out in one line.
    let inner = match text.strip_prefix("{\n").and_then(|text| text.strip_suffix("\n}")) {
        Some(fields) => format!(",\n{fields}"),
        None => String::new(),
    };
    let zeros = "0".repeat(DIGITS);
    let mut bytes = [BEGIN, &inner, BEFORE, &zeros, AFTER].concat().into_bytes();
    let at = bytes.len() - AFTER.len() - DIGITS;
    fill(&mut bytes, at, place);
    bytes
}

/// Looks at the seal of the text that [`json`] made for a place.
pub fn check(bytes: &[u8], place: &str) -> Seal {
    let end = bytes.len().checked_sub(AFTER.len() + DIGITS + BEFORE.len());
    let ends = end
        .is_some_and(|end| bytes[end..].starts_with(BEFORE.as_bytes()) && bytes.ends_with(AFTER.as_bytes()));
    match (ends, bytes.starts_with(BEGIN.as_bytes())) {
        // What was laid out anew by a program that knows nothing of seals was changed.
        (false, false) if has_seal(bytes) => Seal::Broken,
        (false, false) => Seal::Absent,
        (true, true) => verdict(bytes, bytes.len() - AFTER.len() - DIGITS, place),
        _ => Seal::Broken,
    }
}

/// Whether JSON has the fields of a seal.
fn has_seal(bytes: &[u8]) -> bool {
    let value = serde_json::from_slice::<serde_json::Value>(bytes);
    value.is_ok_and(|value| value.get("sealed").is_some() || value.get("seal").is_some())
}

/// A record as a line of a file that grows: JSON that ends with a check of itself.
///
/// # Panics
/// Where the value is no object with fields.
pub fn line(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("records are plain data");
    let inner = text.strip_suffix('}').expect("records are objects");
    format!("{inner}{CHECK}{}\"}}", short(&text))
}

/// What a line says that [`line()`] made; none where it was changed. An earlier version wrote lines without a check: they are
/// taken as they are. `T` must refuse fields that it does not know, so that a damaged check is not taken for a field.
pub fn read_line<T: DeserializeOwned>(line: &str) -> Option<T> {
    let whole = line.strip_suffix("\"}").and_then(|line| {
        let at = line.len().checked_sub(SHORT)?;
        let (before, check) = (line.get(..at)?, line.get(at..)?);
        Some((before.strip_suffix(CHECK)?, check))
    });
    let Some((inner, check)) = whole else {
        return serde_json::from_str(line).ok();
    };
    let text = format!("{inner}}}");
    (check == short(&text)).then(|| serde_json::from_str(&text).ok())?
}

const CHECK: &str = ",\"check\":\"";
const SHORT: usize = 16;

/// The first digits of a hash: enough against chance, which is all that a seal is for.
fn short(text: &str) -> String {
    let mut hash = hexadecimal(&Sha256::digest(text.as_bytes()));
    hash.truncate(SHORT);
    hash
}

/// Puts the hash of some bytes into them: 64 digits from `at` on.
///
/// # Panics
/// Where there are no 64 bytes from `at` on.
pub fn fill(bytes: &mut [u8], at: usize, place: &str) {
    let hash = digest(bytes, at, place);
    bytes[at..at + DIGITS].copy_from_slice(hash.as_bytes());
}

/// Whether some bytes have at `at` what [`fill`] put there.
pub fn verdict(bytes: &[u8], at: usize, place: &str) -> Seal {
    match bytes.get(at..at + DIGITS) {
        Some(found) if found == digest(bytes, at, place).as_bytes() => Seal::Whole,
        _ => Seal::Broken,
    }
}

/// The SHA-256 of a place and of some bytes, with zeros for the digits from `at` on.
fn digest(bytes: &[u8], at: usize, place: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(place.as_bytes());
    hasher.update([0]);
    hasher.update(&bytes[..at]);
    hasher.update([b'0'; DIGITS]);
    hasher.update(&bytes[at + DIGITS..]);
    hexadecimal(&hasher.finalize())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_byte_can_change_unnoticed() {
        let value = json!({ "objective": 0.25, "nested": { "seal": "no" } });
        let bytes = super::json(&value, "000003/result.json");
        assert_eq!(check(&bytes, "000003/result.json"), Seal::Whole);
        assert_eq!(check(&bytes, "000004/result.json"), Seal::Broken);
        let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read["objective"], 0.25);
        for at in 0..bytes.len() {
            for flip in [1, 0x20, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                assert_eq!(check(&changed, "000003/result.json"), Seal::Broken, "byte {at}");
            }
        }
        assert_eq!(
            check(&bytes[..bytes.len() - 1], "000003/result.json"),
            Seal::Broken
        );
    }

    #[derive(Debug, PartialEq, serde::Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Record {
        smiles: String,
        energy: Option<f64>,
    }

    #[test]
    fn no_byte_of_a_line_can_change_unnoticed() {
        let record = Record {
            smiles: "CCO".into(),
            energy: Some(-7.5),
        };
        let line = super::line(&record);
        assert_eq!(read_line(&line), Some(Record { ..record }));
        let plain = "{\"smiles\":\"CCO\",\"energy\":-7.5}";
        assert_eq!(read_line::<Record>(plain), read_line(&line));
        for at in 0..line.len() {
            for flip in [1, 2, 4, 8, 16, 32, 64] {
                let mut bytes = line.clone().into_bytes();
                bytes[at] ^= flip;
                let changed = String::from_utf8_lossy(&bytes);
                assert_eq!(read_line::<Record>(&changed), None, "byte {at}: {changed}");
            }
        }
    }

    #[test]
    fn earlier_files_have_none() {
        let text = serde_json::to_string_pretty(&json!({ "steps": 3 })).unwrap() + "\n";
        assert_eq!(check(text.as_bytes(), "x"), Seal::Absent);
        assert_eq!(check(b"", "x"), Seal::Absent);
        let sealed: serde_json::Value =
            serde_json::from_slice(&super::json(&json!({ "steps": 3 }), "x")).unwrap();
        assert_eq!(
            check(sealed.to_string().as_bytes(), "x"),
            Seal::Broken,
            "laid out anew"
        );
    }
}
