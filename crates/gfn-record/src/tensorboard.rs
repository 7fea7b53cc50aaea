//! What TensorBoard shows of a run: curves, pictures and settings, in `tensorboard/events.out.tfevents.0000000000.gfn`.
//!
//! An event file is a row of records: the length in 8 bytes, its checksum, an `Event` message of Protocol Buffers, and the
//! checksum of that (`tensorflow/core/lib/io/record_writer.h`, `tensorflow/core/util/event.proto`,
//! `tensorflow/core/framework/summary.proto` in TensorFlow; `tensorboard/plugins/hparams/*.proto` in TensorBoard). Of the messages, few
//! fields are used, so they are written here by hand. The file's name is the same for every run, and so are its bytes for one experiment
//! and seed.

use crate::durable;
use crate::folder::{FolderError, RunFolder, names};
use crate::growing::{Growing, Mark, Reached};
use crate::protobuf::{bytes_field, double_field, single_field, whole_field};

/// The file's path in a run's folder. TensorBoard looks for `tfevents` in its name, and other writers put the time after that.
pub const PATH: &str = "tensorboard/events.out.tfevents.0000000000.gfn";

/// The time of step 0, in seconds since 1970. A clock would make two runs differ, so a step takes a second here: curves
/// over "wall time" and "relative time" have the shape of those over steps. 0 is not used: TensorBoard takes it for none.
const TIME_OF_STEP_0: f64 = 1_000_000_000.0;

/// The file.
#[derive(Debug)]
pub struct EventFile(Growing);

/// The value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A number.
    Number(f64),
    /// A truth value.
    Truth(bool),
    /// Text.
    Text(String),
}

impl EventFile {
    /// Goes on as [`Growing::resume`] does; at 0 it starts a new file.
    ///
    /// # Errors
    /// Those of [`Growing::resume`].
    pub fn resume(folder: &RunFolder, from: impl Into<Mark>) -> Result<Self, FolderError> {
        let from = from.into();
        let is_new = from.bytes == 0;
        folder.writer()?;
        durable::make_folder(&folder.file(names::TENSORBOARD))?;
        let mut file = Self(Growing::resume(folder, PATH, from)?);
        if is_new {
            file.0
                .append(&record(&event(0, &bytes_field(3, b"brain.Event:2"))))?;
        }
        Ok(file)
    }

    /// Appends the values that some curves have after `step` updates; a tag `a/b` puts curve `b` into group `a`.
    /// TensorBoard keeps them in single precision.
    ///
    /// # Errors
    /// Where the disk is full.
    pub fn push(&mut self, step: u64, values: &[(&str, f64)]) -> Result<(), FolderError> {
        let values = values
            .iter()
            .flat_map(|(tag, value)| bytes_field(1, &summary_value(tag, *value)));
        let summary: Vec<u8> = values.collect();
        self.summary(step, &summary)
    }

    /// Appends a picture, a PNG in red, green and blue.
    ///
    /// # Errors
    /// Where the disk is full.
    pub fn picture(
        &mut self,
        step: u64,
        tag: &str,
        (width, height): (u32, u32),
        png: &[u8],
    ) -> Result<(), FolderError> {
        // `Summary.Image { height = 1, width = 2, colorspace = 3, encoded_image_string = 4 }`
        let image = [
            whole_field(1, u64::from(height)),
            whole_field(2, u64::from(width)),
            whole_field(3, 3),
            bytes_field(4, png),
        ];
        let value = [bytes_field(1, tag.as_bytes()), bytes_field(4, &image.concat())];
        self.summary(step, &bytes_field(1, &value.concat()))
    }

    /// Says what the run's settings are, for the page of hyperparameters. Which of them differ, and which curves there are, TensorBoard
    /// finds out itself over all runs that it shows; a list made by one run would hide what others have.
    ///
    /// # Errors
    /// Where the disk is full.
    pub fn begin(&mut self, settings: &[(String, Setting)]) -> Result<(), FolderError> {
        // `SessionStartInfo { map<string, Value> hparams = 1, start_time_secs = 5 }`
        let pair = |(name, value): &(String, Setting)| {
            let pair = [bytes_field(1, name.as_bytes()), bytes_field(2, &value.message())];
            bytes_field(1, &pair.concat())
        };
        let mut session: Vec<u8> = settings.iter().flat_map(pair).collect();
        session.extend(double_field(5, TIME_OF_STEP_0));
        self.of_session(0, "session_start_info", &bytes_field(3, &session))
    }

    /// Says that the run has ended well, after `step` updates.
    ///
    /// # Errors
    /// Where the disk is full.
    pub fn end(&mut self, step: u64) -> Result<(), FolderError> {
        // `SessionEndInfo { Status status = 1 { STATUS_SUCCESS = 1 }, end_time_secs = 2 }`
        let session = [whole_field(1, 1), double_field(2, TIME_OF_STEP_0 + step as f64)];
        self.of_session(step, "session_end_info", &bytes_field(4, &session.concat()))
    }

    /// `HParamsPluginData`, which travels in the description of a value that has none itself: an empty tensor.
    fn of_session(&mut self, step: u64, name: &str, data: &[u8]) -> Result<(), FolderError> {
        let plugin = [bytes_field(1, b"hparams"), bytes_field(2, data)];
        let metadata = bytes_field(1, &plugin.concat());
        // `TensorProto { dtype = 1 { DT_FLOAT = 1 }, tensor_shape = 2 { dim = 2 { size = 0 } } }`
        let empty = [whole_field(1, 1), bytes_field(2, &bytes_field(2, &[]))];
        let value = [
            bytes_field(1, format!("_hparams_/{name}").as_bytes()),
            bytes_field(8, &empty.concat()),
            bytes_field(9, &metadata),
        ];
        self.summary(step, &bytes_field(1, &value.concat()))
    }

    fn summary(&mut self, step: u64, summary: &[u8]) -> Result<(), FolderError> {
        self.0.append(&record(&event(step, &bytes_field(5, summary))))
    }

    /// The length of the file.
    pub fn offset(&self) -> u64 {
        self.0.offset()
    }

    /// How far it has grown.
    pub fn reached(&self) -> Reached {
        self.0.reached()
    }

    /// Waits until all of it is on the disk.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn sync(&self) -> Result<(), FolderError> {
        self.0.sync()
    }
}

impl Setting {
    /// `google.protobuf.Value`.
    fn message(&self) -> Vec<u8> {
        match self {
            Self::Number(value) => double_field(2, *value),
            Self::Text(value) => bytes_field(3, value.as_bytes()),
            Self::Truth(value) => whole_field(4, u64::from(*value)),
        }
    }
}

/// `Event { wall_time = 1, step = 2, … }`.
fn event(step: u64, what: &[u8]) -> Vec<u8> {
    let time = double_field(1, TIME_OF_STEP_0 + step as f64);
    [time, whole_field(2, step), what.to_vec()].concat()
}

/// `Summary.Value { tag = 1, simple_value = 2 }`.
fn summary_value(tag: &str, value: f64) -> Vec<u8> {
    [bytes_field(1, tag.as_bytes()), single_field(2, value as f32)].concat()
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [
        &length[..],
        &masked_checksum(&length),
        data,
        &masked_checksum(data),
    ]
    .concat()
}

/// CRC-32C, rotated and shifted, because a checksum of data that holds checksums is weak.
fn masked_checksum(bytes: &[u8]) -> [u8; 4] {
    let masked = crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8);
    masked.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// CRC-32C bit by bit.
    fn checksum(bytes: &[u8]) -> u32 {
        let step = |crc: u32, _| (crc >> 1) ^ (0x82f6_3b78 & 0u32.wrapping_sub(crc & 1));
        !bytes
            .iter()
            .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
    }

    fn number(bytes: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = bytes.split_off_first().unwrap();
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    }

    /// The fields of a message: numbers, and their bytes.
    fn fields(mut message: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let mut fields = Vec::new();
        while !message.is_empty() {
            let key = number(&mut message);
            let bytes = match key & 7 {
                0 => number(&mut message).to_le_bytes().to_vec(),
                1 => message.split_off(..8).unwrap().to_vec(),
                2 => {
                    let length = number(&mut message) as usize;
                    message.split_off(..length).unwrap().to_vec()
                }
                5 => message.split_off(..4).unwrap().to_vec(),
                other => panic!("wire type {other}"),
            };
            fields.push((key >> 3, bytes));
        }
        fields
    }

    fn checked<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
        let data = bytes.split_off(..length).unwrap();
        let masked = u32::from_le_bytes(bytes.split_off(..4).unwrap().try_into().unwrap());
        assert_eq!(masked.wrapping_sub(0xa282_ead8).rotate_left(15), checksum(data));
        data
    }

    fn records(mut bytes: &[u8]) -> Vec<Vec<(u64, Vec<u8>)>> {
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let length = u64::from_le_bytes(checked(&mut bytes, 8).try_into().unwrap());
            records.push(fields(checked(&mut bytes, length as usize)));
        }
        records
    }

    #[test]
    fn the_file_is_read_back() {
        assert_eq!(checksum(b"123456789"), 0xe306_9283, "the check value of CRC-32C");
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(root.path()).unwrap();
        let mut file = EventFile::resume(&folder, 0).unwrap();
        file.push(1, &[("loss", 0.5), ("a/b", -2.0)]).unwrap();
        let offset = file.offset();
        file.push(2, &[("lost", 1.0)]).unwrap();
        let mut file = EventFile::resume(&folder, offset).unwrap();
        file.push(300, &[("loss", f64::NAN)]).unwrap();
        file.picture(300, "map", (2, 1), b"png").unwrap();
        let settings = [
            ("a.b", Setting::Number(0.5)),
            ("c", Setting::Truth(true)),
            ("d", Setting::Text("e".into())),
        ];
        file.begin(&settings.map(|(name, value)| (name.to_string(), value)))
            .unwrap();
        file.end(300).unwrap();

        let bytes = fs::read(folder.file(PATH)).unwrap();
        assert_eq!(file.offset(), bytes.len() as u64);
        let records = records(&bytes);
        assert_eq!(records.len(), 6);
        assert_eq!(records[0][2], (3, b"brain.Event:2".to_vec()));
        let times = records.iter().take(3).map(|record| record[0].clone());
        let expected = [0.0, 1.0, 300.0].map(|step: f64| (1, (1e9 + step).to_le_bytes().to_vec()));
        assert!(times.eq(expected));
        assert_eq!(records[2][1], (2, 300u64.to_le_bytes().to_vec()));
        let values: Vec<_> = fields(&records[1][2].1)
            .iter()
            .map(|value| fields(&value.1))
            .collect();
        let value =
            |tag: &str, value: f32| vec![(1, tag.as_bytes().to_vec()), (2, value.to_le_bytes().to_vec())];
        assert_eq!(values, [value("loss", 0.5), value("a/b", -2.0)]);

        let value = |record: usize| fields(&fields(&records[record][2].1)[0].1);
        assert_eq!(value(3)[0], (1, b"map".to_vec()));
        let image = fields(&value(3)[1].1);
        assert_eq!(image[0], (1, 1u64.to_le_bytes().to_vec()));
        assert_eq!((&image[1].1[0], &image[3]), (&2, &(4, b"png".to_vec())));
        assert_eq!(value(4)[0].1, b"_hparams_/session_start_info");
        let plugin = |record: usize| fields(&fields(&value(record)[2].1)[0].1);
        assert_eq!(plugin(4)[0].1, b"hparams");
        let pairs = fields(&fields(&plugin(4)[1].1)[0].1);
        let pairs: Vec<_> = pairs
            .iter()
            .filter(|pair| pair.0 == 1)
            .map(|pair| fields(&pair.1))
            .collect();
        assert_eq!(pairs[0][0].1, b"a.b");
        assert_eq!(fields(&pairs[0][1].1), [(2, 0.5f64.to_le_bytes().to_vec())]);
        assert_eq!(fields(&pairs[1][1].1)[0].0, 4);
        assert_eq!(fields(&pairs[2][1].1), [(3, b"e".to_vec())]);
        let end = fields(&fields(&plugin(5)[1].1)[0].1);
        assert_eq!(end[0], (1, 1u64.to_le_bytes().to_vec()));
    }
}
