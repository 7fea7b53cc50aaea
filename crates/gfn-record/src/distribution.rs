//! `distribution.csv`: what the trained policy makes of each object, against the target, where the environment was swept.

use std::io::{Read, Write};

use gfn_input::rows;
use serde::{Deserialize, Serialize};

/// A row of `distribution.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The object, as in `samples.csv`.
    #[serde(with = "gfn_files::cell::text")]
    pub object: String,
    /// Its reward, before shaping; 0 where it has none.
    pub reward: f64,
    /// The probability with which it should be made: its shaped reward over the sum of all.
    pub target: f64,
    /// The probability with which the policy makes it.
    pub probability: f64,
}

/// Writes rows as CSV with a header.
///
/// # Errors
/// Where `sink` cannot be written.
pub fn write(sink: impl Write, rows: impl IntoIterator<Item = Row>) -> std::io::Result<()> {
    let mut writer = gfn_files::cell::csv().has_headers(false).from_writer(sink);
    writer.write_record(["object", "reward", "target", "probability"])?;
    for row in rows {
        writer.serialize(row).map_err(std::io::Error::from)?;
    }
    writer.flush()
}

/// Reads rows; one that cannot be read gives what is wrong with it, with its line.
pub fn read(source: impl Read) -> impl Iterator<Item = Result<Row, String>> {
    rows(source).map(|row| row.map_err(|error| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_header() {
        let row = Row {
            object: "1 2".into(),
            reward: 0.5,
            target: 0.25,
            probability: 1e-9,
        };
        let mut bytes = Vec::new();
        write(&mut bytes, [row.clone()]).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "object,reward,target,probability\n1 2,0.5,0.25,1e-9\n");
        assert_eq!(read(text.as_bytes()).collect::<Vec<_>>(), [Ok(row)]);
    }
}
