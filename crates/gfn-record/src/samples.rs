//! `samples.csv`: objects drawn from a policy.

use std::io::{Read, Write};

use gfn_input::rows;
use serde::{Deserialize, Serialize};

use crate::number;

/// A row of `samples.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The object: a SMILES, coordinates.
    #[serde(with = "gfn_files::cell::text")]
    pub object: String,
    /// Its reward, before shaping.
    pub reward: f64,
    /// Its log-reward, shaped: what the flow is trained on.
    pub log_reward: f64,
    /// The log of the probability with which the policy makes it, where the environment was swept.
    pub log_probability: Option<f64>,
    /// Steps of the trajectory that made it.
    pub steps: usize,
}

/// Writes samples as CSV with a header.
///
/// # Errors
/// Where `sink` cannot be written.
pub fn write<'a>(sink: impl Write, samples: impl IntoIterator<Item = &'a Sample>) -> std::io::Result<()> {
    let mut writer = gfn_files::cell::csv().has_headers(false).from_writer(sink);
    writer.write_record(["object", "reward", "log_reward", "log_probability", "steps"])?;
    for sample in samples {
        writer.serialize(sample).map_err(std::io::Error::from)?;
    }
    writer.flush()
}

/// A row as JSON, which has no numbers that are infinite.
#[derive(Serialize)]
struct Line<'a> {
    object: &'a str,
    #[serde(with = "number")]
    reward: f64,
    #[serde(with = "number")]
    log_reward: f64,
    #[serde(with = "number::option")]
    log_probability: Option<f64>,
    steps: usize,
}

/// Writes samples as JSON, a line each.
///
/// # Errors
/// Where `sink` cannot be written.
pub fn write_json<'a>(
    mut sink: impl Write,
    samples: impl IntoIterator<Item = &'a Sample>,
) -> std::io::Result<()> {
    for sample in samples {
        let line = Line {
            object: &sample.object,
            reward: sample.reward,
            log_reward: sample.log_reward,
            log_probability: sample.log_probability,
            steps: sample.steps,
        };
        serde_json::to_writer(&mut sink, &line)?;
        sink.write_all(b"\n")?;
    }
    sink.flush()
}

/// Reads samples; a row that cannot be read gives what is wrong with it, with its line.
pub fn read(source: impl Read) -> impl Iterator<Item = Result<Sample, String>> {
    rows(source).map(|row| row.map_err(|error| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_json_hold_what_rows_do() {
        let sample = Sample {
            object: "a \"b\"".into(),
            reward: 0.0,
            log_reward: f64::NEG_INFINITY,
            log_probability: None,
            steps: 3,
        };
        let mut bytes = Vec::new();
        write_json(&mut bytes, [&sample, &sample]).unwrap();
        let line = "{\"object\":\"a \\\"b\\\"\",\"reward\":0.0,\"log_reward\":\"-inf\",\"log_probability\":null,\"steps\":3}\n";
        assert_eq!(String::from_utf8(bytes).unwrap(), line.repeat(2));
    }

    #[test]
    fn a_formula_is_text_in_the_table_and_comes_back() {
        let sample = Sample {
            object: "=1+1".into(),
            reward: -0.5,
            log_reward: -1.0,
            log_probability: None,
            steps: 3,
        };
        let mut bytes = Vec::new();
        write(&mut bytes, [&sample]).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.ends_with("\n'=1+1,-0.5,-1.0,,3\n"), "{text}");
        assert_eq!(read(text.as_bytes()).collect::<Vec<_>>(), [Ok(sample)]);
    }

    #[test]
    fn rows_and_header() {
        let sample = Sample {
            object: "C,C".into(),
            reward: 0.5,
            log_reward: -1.0,
            log_probability: None,
            steps: 3,
        };
        let mut bytes = Vec::new();
        write(&mut bytes, [&sample]).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            "object,reward,log_reward,log_probability,steps\n\"C,C\",0.5,-1.0,,3\n"
        );
        let back: Vec<_> = read(text.as_bytes()).collect();
        assert_eq!(back, [Ok(sample)]);
        let damaged: Vec<_> = read(&text.as_bytes()[..text.len() - 4]).collect();
        assert!(
            damaged[0].as_ref().unwrap_err().starts_with("line 2: "),
            "{damaged:?}"
        );
    }
}
