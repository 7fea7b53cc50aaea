//! `likelihoods.csv`: the log-probability of some of the objects in `samples.csv`, where the environment was too large to be
//! swept.

use std::io::{Read, Write};

use gfn_input::rows;
use serde::{Deserialize, Serialize};

/// A row of `likelihoods.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Likelihood {
    /// The object, as in `samples.csv`. Where several finished states are one object, such as trees that make the same
    /// molecule, each has a row.
    #[serde(with = "gfn_files::cell::text")]
    pub object: String,
    /// Its log-reward, shaped.
    pub log_reward: f64,
    /// The log of the probability with which the policy makes its state, over all paths.
    pub log_probability: f64,
    /// Where that is an estimate from trajectories drawn backward, how many equal ones they are worth; absent where it is exact.
    #[serde(default)]
    pub effective: Option<f64>,
}

/// Writes rows as CSV with a header.
///
/// # Errors
/// Where `sink` cannot be written.
pub fn write<'a>(sink: impl Write, rows: impl IntoIterator<Item = &'a Likelihood>) -> std::io::Result<()> {
    let mut writer = gfn_files::cell::csv().has_headers(false).from_writer(sink);
    writer.write_record(["object", "log_reward", "log_probability", "effective"])?;
    for row in rows {
        writer.serialize(row).map_err(std::io::Error::from)?;
    }
    writer.flush()
}

/// Reads rows; one that cannot be read gives what is wrong with it, with its line.
pub fn read(source: impl Read) -> impl Iterator<Item = Result<Likelihood, String>> {
    rows(source).map(|row| row.map_err(|error| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back() {
        let row = Likelihood {
            object: "CC".into(),
            log_reward: -0.5,
            log_probability: f64::NEG_INFINITY,
            effective: None,
        };
        let mut bytes = Vec::new();
        write(&mut bytes, [&row]).unwrap();
        assert_eq!(
            bytes,
            b"object,log_reward,log_probability,effective\nCC,-0.5,-inf,\n"
        );
        assert_eq!(read(&bytes[..]).collect::<Vec<_>>(), [Ok(row.clone())]);
        let older = b"object,log_reward,log_probability\nCC,-0.5,-inf\n";
        assert_eq!(read(&older[..]).collect::<Vec<_>>(), [Ok(row)]);
    }
}
