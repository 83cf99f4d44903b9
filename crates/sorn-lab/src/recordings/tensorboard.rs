//! TensorBoard's event files, with the tags of stable-baselines3 and CleanRL.
//!
//! A file is a sequence of records: the length (u64, little-endian), a masked CRC-32C of it, the data, a masked CRC-32C of
//! the data. The data are `Event` messages in Protocol Buffers' encoding (tensorflow/core/util/event.proto): 1 wall_time
//! (double), 2 step (int64), 3 file_version (string), 5 summary, which holds values of 1 tag (string) and 2 simple_value (float).

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::WRITE;
use crate::files::{create_dir, write_whole};
use crate::{Diagnostics, Episode, Evaluated, LabError, Solver};

/// TensorBoard takes every file whose name holds "tfevents".
const NAME: &str = "events.out.tfevents.sorn";

/// Episodes in the means, as in stable-baselines3.
const WINDOW: u64 = 100;

/// Tags of [`Diagnostics`], in the order of its names.
const DIAGNOSTICS: [&str; Diagnostics::NAMES.len()] = [
    "train/entropy",
    "train/value",
    "train/td_error",
    "train/step_size",
    "train/weight_norm",
    "train/trace_norm",
    "reservoir/activity",
    "reservoir/silent_share",
];

pub(super) struct Writer {
    path: PathBuf,
    file: File,
    scalars: Scalars,
    bytes: Vec<u8>,
}

impl Writer {
    /// Writes the file in the folder `dir` with `lines` and `evaluations`, and opens it to append.
    pub(super) fn open(dir: &Path, lines: &[Episode], evaluations: &[Evaluated]) -> Result<Writer, LabError> {
        create_dir(dir)?;
        let path = dir.join(NAME);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64());
        // Training that was done before ended now.
        let began = now - lines.last().map_or(0.0, |line| line.wall_secs);
        let mut scalars =
            Scalars { began, returns: Solver::new(WINDOW, None), lengths: Solver::new(WINDOW, None) };
        let mut bytes = Vec::new();
        record(&mut bytes, &[double(1, began), text(3, b"brain.Event:2")].concat());
        lines.iter().for_each(|line| scalars.put(&mut bytes, line));
        evaluations.iter().for_each(|evaluated| scalars.put_evaluation(&mut bytes, evaluated));
        write_whole(&path, &bytes)?;
        let file = OpenOptions::new().append(true).open(&path).map_err(LabError::io(&path, WRITE))?;
        Ok(Writer { path, file, scalars, bytes })
    }

    /// Appends an episode's scalars, in one write.
    pub(super) fn append(&mut self, episode: &Episode) -> Result<(), LabError> {
        self.bytes.clear();
        self.scalars.put(&mut self.bytes, episode);
        self.file.write_all(&self.bytes).map_err(LabError::io(&self.path, WRITE))
    }

    /// Appends an evaluation's scalar, in one write.
    pub(super) fn evaluated(&mut self, evaluated: &Evaluated) -> Result<(), LabError> {
        self.bytes.clear();
        self.scalars.put_evaluation(&mut self.bytes, evaluated);
        self.file.write_all(&self.bytes).map_err(LabError::io(&self.path, WRITE))
    }
}

struct Scalars {
    /// Seconds since 1970 at which training would have begun, had it never paused.
    began: f64,
    returns: Solver,
    lengths: Solver,
}

impl Scalars {
    fn put(&mut self, bytes: &mut Vec<u8>, line: &Episode) {
        self.returns.push(line);
        self.lengths.push(&Episode { ret: line.length as f64, ..line.clone() });
        let values = [
            ("rollout/ep_rew_mean", self.returns.mean().unwrap_or(line.ret)),
            ("rollout/ep_len_mean", self.lengths.mean().unwrap_or(line.length as f64)),
            ("time/fps", line.env_steps as f64 / line.wall_secs.max(1e-9)),
            ("charts/episodic_return", line.ret),
            ("charts/episodic_length", line.length as f64),
        ];
        let diagnostics = line.diagnostics.iter().flat_map(|d| DIAGNOSTICS.into_iter().zip(d.numbers()));
        let diagnostics = diagnostics.filter_map(|(tag, number)| Some((tag, number?)));
        let all: Vec<(&str, f64)> = values.into_iter().chain(diagnostics).collect();
        self.put_all(bytes, (line.env_steps, line.wall_secs), &all);
    }

    fn put_evaluation(&self, bytes: &mut Vec<u8>, evaluated: &Evaluated) {
        let values = [("eval/mean_reward", evaluated.eval.mean)];
        self.put_all(bytes, (evaluated.env_steps, evaluated.wall_secs), &values);
    }

    fn put_all(&self, bytes: &mut Vec<u8>, (env_steps, wall_secs): (u64, f64), values: &[(&str, f64)]) {
        let mut summary = Vec::new();
        for (tag, value) in values {
            let mut simple = text(1, tag.as_bytes());
            simple.push(2 << 3 | 5);
            simple.extend((*value as f32).to_le_bytes());
            summary.extend(text(1, &simple));
        }
        let mut event = double(1, self.began + wall_secs);
        event.push(2 << 3);
        varint(&mut event, env_steps);
        event.extend(text(5, &summary));
        record(bytes, &event);
    }
}

fn record(bytes: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    bytes.extend(length);
    bytes.extend(masked_crc(&length).to_le_bytes());
    bytes.extend(data);
    bytes.extend(masked_crc(data).to_le_bytes());
}

fn double(field: u8, value: f64) -> Vec<u8> {
    let mut bytes = vec![field << 3 | 1];
    bytes.extend(value.to_le_bytes());
    bytes
}

/// A field of bytes: text, or a message within a message.
fn text(field: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![field << 3 | 2];
    varint(&mut bytes, value.len() as u64);
    bytes.extend(value);
    bytes
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Castagnoli's polynomial, reflected (RFC 3720, appendix B.4).
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let mut crc = i as u32;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
                bit += 1;
            }
            table[i] = crc;
            i += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, &byte| TABLE[((crc ^ u32::from(byte)) & 0xff) as usize] ^ crc >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_the_published_one() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    }

    #[test]
    fn a_file_that_goes_on_has_no_event_twice() {
        let dir = tempfile::tempdir().unwrap();
        let line = |episode| Episode {
            episode,
            env_steps: 300 * (episode + 1),
            ret: 1.0,
            length: 300,
            wall_secs: 1.0,
            env: None,
            begun: None,
            diagnostics: None,
        };
        let mut writer = Writer::open(dir.path(), &[], &[]).unwrap();
        (0..3).for_each(|n| writer.append(&line(n)).unwrap());
        let whole = std::fs::read(dir.path().join(NAME)).unwrap();
        let mut writer = Writer::open(dir.path(), &[line(0)], &[]).unwrap();
        (1..3).for_each(|n| writer.append(&line(n)).unwrap());
        let again = std::fs::read(dir.path().join(NAME)).unwrap();
        assert_eq!(again.len(), whole.len());
        let steps = |bytes: &[u8]| bytes.windows(9).filter(|w| w == b"ep_rew_me").count();
        assert_eq!((steps(&whole), steps(&again)), (3, 3));
    }
}
