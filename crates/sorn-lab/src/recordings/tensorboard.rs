//! TensorBoard's event files, with the tags of stable-baselines3 and CleanRL.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::event_file::{FIRST, NAME, double, number, record, simple, text};
use crate::error::WRITE;
use crate::files::{create_dir, write_whole};
use crate::{Diagnostics, Episode, Evaluated, LabError, Solver};

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
        record(&mut bytes, &[double(1, began), text(3, FIRST)].concat());
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
            summary.extend(text(1, &simple(tag, *value)));
        }
        let mut event = double(1, self.began + wall_secs);
        event.extend(number(2, env_steps));
        event.extend(text(5, &summary));
        record(bytes, &event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
