//! What is wrong with a file that should hold tensors in safetensors.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::kind::Kind;

/// Where a tensor lies.
#[derive(Deserialize)]
struct Tensor {
    data_offsets: (u64, u64),
}

/// Whether a file is a whole safetensors file, as far as its kind and its length tell.
///
/// # Errors
/// What it is instead, completing "it …", and what to do.
pub fn check_safetensors(bytes: &[u8]) -> Result<(), String> {
    match Kind::of(bytes) {
        Some(Kind::Safetensors) => {}
        Some(kind) => return Err(format!("is {kind}")),
        None => return Err("is no safetensors file, but some text; name another file".into()),
    }
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or("is cut off")?;
    let length = u64::from_le_bytes(*length);
    let cut = |wanted: u64| {
        let found = bytes.len();
        format!("is cut off: it has {found} of its {wanted} bytes; copy it again")
    };
    let header = usize::try_from(length).ok().and_then(|length| rest.get(..length));
    let Some(header) = header else {
        return Err(format!(
            "is cut off within its header of {length} bytes: it has {}; copy it again",
            bytes.len()
        ));
    };
    let tensors = serde_json::from_slice::<Map<String, Value>>(header);
    let tensors = tensors.map_err(|_| "is damaged: its header is no JSON; copy it again".to_string())?;
    let ends = tensors.into_iter().filter(|(name, _)| name != "__metadata__");
    let ends = ends.filter_map(|(_, tensor)| serde_json::from_value::<Tensor>(tensor).ok());
    let last = ends.map(|tensor| tensor.data_offsets.1).max().unwrap_or(0);
    let wanted = last.saturating_add(8 + length);
    match bytes.len() as u64 {
        found if found < wanted => Err(cut(wanted)),
        found if found > wanted => Err(format!(
            "is damaged: it has {found} bytes, and its tensors end at {wanted}; copy it again"
        )),
        _ => Ok(()),
    }
}

/// What is wrong with a file that safetensors refuses with `error`: what it is instead, where that is known.
pub fn safetensors_fault(bytes: &[u8], error: &dyn std::fmt::Display) -> String {
    match check_safetensors(bytes) {
        Err(reason) => format!("it {reason}"),
        Ok(()) => format!("it is damaged: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: usize) -> Vec<u8> {
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], header.as_bytes(), &vec![0; data]].concat()
    }

    #[test]
    fn what_is_not_whole_is_named() {
        let header = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        assert_eq!(check_safetensors(&file(header, 8)), Ok(()));
        let whole = file(header, 8);
        let cases: [(&[u8], &str); 9] = [
            (&whole[..whole.len() - 3], "is cut off: it has 67 of its 70 bytes"),
            (
                &whole[..20],
                "is cut off within its header of 54 bytes: it has 20",
            ),
            (
                &file(header, 9)[..],
                "is damaged: it has 71 bytes, and its tensors end at 70",
            ),
            (
                b"version https://git-lfs.github.com/spec/v1\n",
                "is a Git LFS pointer",
            ),
            (b"\x1f\x8b\x08", "is compressed by gzip"),
            (b"\x80\x02}q\0", "is a Python pickle"),
            (b"<!DOCTYPE html>", "is a web page"),
            (b"", "is an empty file"),
            (b"no", "is no safetensors file, but some text"),
        ];
        for (bytes, expected) in cases {
            let said = check_safetensors(bytes).unwrap_err();
            assert!(said.starts_with(expected), "{said}");
        }
    }
}
