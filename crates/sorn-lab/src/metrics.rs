//! `metrics.jsonl`: a line per episode, each with a checksum of its own.
//!
//! A line is the JSON of an [`Episode`], sealed as [`sealed_line`](crate::sealed_line) says.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sorn_report::stats::mean;

use crate::error::WRITE;
use crate::files::read_bytes;
use crate::{Diagnostics, LabError, sealed_line};

/// One line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Episode {
    /// Number of the episode, from 0, in the order in which they end.
    pub episode: u64,
    /// Steps of the environment since the run began, this episode's included; of all environments, where there are several.
    pub env_steps: u64,
    /// Sum of rewards.
    #[serde(rename = "return")]
    pub ret: f64,
    /// Steps of this episode.
    pub length: u64,
    /// Seconds of training since the run began, over all its parts.
    pub wall_secs: f64,
    /// Where there are several environments (`run.num_envs`), the one whose episode it was, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<u64>,
    /// Where there are several environments, the number of the episode in the order in which they begin, from which its seed
    /// comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<u64>,
    /// What learner and reservoir did, if `record.diagnostics` asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnostics: Option<Diagnostics>,
}

/// Appends to `metrics.jsonl`.
pub(crate) struct Writer {
    path: PathBuf,
    file: File,
}

impl Writer {
    /// Cuts the file back to its first `episodes` lines, which are returned, and opens it to append.
    pub(crate) fn open(path: &Path, episodes: u64) -> Result<(Writer, Vec<Episode>), LabError> {
        let io = |what| LabError::io(path, what);
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).map_err(io(WRITE))?;
        let (lines, bytes) = read_first(path, episodes)?;
        file.set_len(bytes).map_err(io(WRITE))?;
        file.flush().map_err(io(WRITE))?;
        Ok((Writer { path: path.to_path_buf(), file }, lines))
    }

    /// Appends one line, in one write.
    pub(crate) fn append(&mut self, episode: &Episode) -> Result<(), LabError> {
        self.file.write_all(sealed_line::line(episode).as_bytes()).map_err(LabError::io(&self.path, WRITE))
    }

    /// Hands what was appended to the disk, so that a checkpoint never knows more episodes than the metrics.
    pub(crate) fn sync(&mut self) -> Result<(), LabError> {
        self.file.sync_data().map_err(LabError::io(&self.path, WRITE))
    }
}

/// The episode of line `number` (from 0), or what is wrong with it.
fn parse(reader: &mut sealed_line::Reader, line: &[u8], number: u64) -> Result<Episode, Fault> {
    let wrong = |reason: String| Fault { half: false, reason };
    if !line.ends_with(b"\n") {
        // A process that is killed writes the beginning of a line. More after the closing brace is damage.
        let beginning = format!("{{\"episode\":{number},");
        let begun = line.iter().zip(beginning.as_bytes()).all(|(found, expected)| found == expected);
        let brace = line.iter().position(|&byte| byte == b'}');
        return Err(match begun && brace.is_none_or(|at| at + 1 == line.len()) {
            true => Fault { half: true, reason: "it was written by half".into() },
            false if begun => wrong("expected the end of the line after its }".into()),
            false => wrong(format!("expected {beginning}, found something else")),
        });
    }
    let found: Episode = reader.read(line).map_err(wrong)?;
    if found.episode != number {
        return Err(wrong(format!("expected episode {number}, found {}", found.episode)));
    }
    if !found.ret.is_finite() {
        return Err(wrong(format!("expected a finite return, found {}", found.ret)));
    }
    Ok(found)
}

/// What is wrong with a line.
struct Fault {
    /// It is the last and has no end, as a process that was killed leaves it.
    half: bool,
    reason: String,
}

/// The first `most` lines, or those before the first that is wrong.
struct Lines {
    whole: Vec<Episode>,
    /// How many bytes they take.
    bytes: u64,
    fault: Option<Fault>,
}

impl Lines {
    fn read(path: &Path, most: u64) -> Result<Lines, LabError> {
        let text = read_bytes(path)?;
        let mut lines = Lines { whole: Vec::new(), bytes: 0, fault: None };
        let mut reader = sealed_line::Reader::default();
        for line in text.split_inclusive(|&b| b == b'\n') {
            let number = lines.whole.len() as u64;
            if number == most {
                break;
            }
            match parse(&mut reader, line, number) {
                Ok(episode) => lines.whole.push(episode),
                Err(fault) => {
                    lines.fault = Some(fault);
                    break;
                }
            }
            lines.bytes += line.len() as u64;
        }
        Ok(lines)
    }

    /// The error that names the line.
    fn error(&self, path: &Path, fault: &Fault, rest: &str) -> LabError {
        LabError::damaged(path, format!("line {}: {}{rest}", self.whole.len() + 1, fault.reason))
    }
}

/// Reads the whole lines of `metrics.jsonl`; a last line without its end, left by a crash, is no line.
pub(crate) fn read(path: &Path) -> Result<Vec<Episode>, LabError> {
    let lines = Lines::read(path, u64::MAX)?;
    match &lines.fault {
        Some(fault) if !fault.half => Err(lines.error(path, fault, "")),
        _ => Ok(lines.whole),
    }
}

/// Reads the whole lines up to the first that is damaged or cut off, and what is wrong with that one.
pub(crate) fn read_whole_lines(path: &Path) -> Result<(Vec<Episode>, Option<LabError>), LabError> {
    let lines = Lines::read(path, u64::MAX)?;
    let problem =
        lines.fault.as_ref().map(|fault| lines.error(path, fault, "; the lines before it are used"));
    Ok((lines.whole, problem))
}

/// The first `episodes` lines, and how many bytes they take.
fn read_first(path: &Path, episodes: u64) -> Result<(Vec<Episode>, u64), LabError> {
    let lines = Lines::read(path, episodes)?;
    match &lines.fault {
        Some(fault) if !fault.half => return Err(lines.error(path, fault, "")),
        _ => {}
    }
    let found = lines.whole.len();
    if (found as u64) < episodes {
        let reason = format!("expected {episodes} episodes (the checkpoint's), found {found}");
        return Err(LabError::damaged(path, reason));
    }
    Ok((lines.whole, lines.bytes))
}

/// Notices when the mean return of `window` consecutive episodes first reaches the threshold.
#[derive(Clone, Debug)]
pub struct Solver {
    window: usize,
    threshold: Option<f64>,
    returns: Vec<f64>,
    solved_at: Option<(u64, u64)>,
}

impl Solver {
    /// Watches for `threshold`; without one nothing is ever solved.
    pub fn new(window: u64, threshold: Option<f64>) -> Solver {
        let window = usize::try_from(window).unwrap_or(usize::MAX);
        Solver { window, threshold, returns: Vec::new(), solved_at: None }
    }

    /// What it watches for.
    pub fn threshold(&self) -> Option<f64> {
        self.threshold
    }

    /// Takes one more episode.
    pub fn push(&mut self, episode: &Episode) {
        self.returns.push(episode.ret);
        if self.solved_at.is_none()
            && self.returns.len() >= self.window
            && let (Some(threshold), Some(mean)) = (self.threshold, self.mean())
            && mean >= threshold
        {
            self.solved_at = Some((episode.episode + 1, episode.env_steps));
        }
    }

    /// Mean return of the last `window` episodes, or of all where there are fewer.
    pub fn mean(&self) -> Option<f64> {
        mean(self.last(self.window)).ok()
    }

    /// Returns of the last `n` episodes, or of all where there are fewer.
    pub fn last(&self, n: usize) -> &[f64] {
        &self.returns[self.returns.len().saturating_sub(n)..]
    }

    /// Episodes and environment steps at the last of the first window that reached the threshold.
    pub fn solved_at(&self) -> Option<(u64, u64)> {
        self.solved_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episode(number: u64, ret: f64) -> Episode {
        Episode {
            episode: number,
            env_steps: 10 * (number + 1),
            ret,
            length: 10,
            wall_secs: 0.5,
            env: None,
            begun: None,
            diagnostics: None,
        }
    }

    #[test]
    fn solved_counts_at_the_last_of_the_window() {
        let mut solver = Solver::new(3, Some(2.0));
        for (number, ret) in [9.0, 1.0, 2.0, 2.0, 2.0].into_iter().enumerate() {
            solver.push(&episode(number as u64, ret));
        }
        assert_eq!(solver.solved_at(), Some((3, 30)));
        let mut never = Solver::new(1, None);
        never.push(&episode(0, f64::MAX));
        assert_eq!(never.solved_at(), None);
    }

    #[test]
    fn the_file_is_cut_back_to_whole_known_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let (mut writer, _) = Writer::open(&path, 0).unwrap();
        (0..4).for_each(|n| writer.append(&episode(n, 1.0 / 3.0)).unwrap());
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole[..], b"{\"episode\":4,\"env_st"].concat()).unwrap();
        assert_eq!(read(&path).unwrap().len(), 4);
        let (mut writer, lines) = Writer::open(&path, 2).unwrap();
        assert_eq!(lines, [episode(0, 1.0 / 3.0), episode(1, 1.0 / 3.0)]);
        (2..4).for_each(|n| writer.append(&episode(n, 1.0 / 3.0)).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        let error = Writer::open(&path, 5).err().unwrap().to_string();
        assert!(error.contains("expected 5 episodes") && error.contains("found 4"), "{error}");
    }

    #[test]
    fn lines_before_a_damaged_one_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let (mut writer, _) = Writer::open(&path, 0).unwrap();
        (0..3).for_each(|n| writer.append(&episode(n, 1.0)).unwrap());
        let whole = std::fs::read(&path).unwrap();
        let problem = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let (lines, problem) = read_whole_lines(&path).unwrap();
            (lines.len(), problem.map(|e| e.to_string()).unwrap_or_default())
        };
        assert_eq!(problem(&whole), (3, String::new()));
        assert_eq!(problem(b""), (0, String::new()));
        let (read, told) = problem(&whole[..whole.len() - 5]);
        assert!(read == 2 && told.contains("line 3: it was written by half"), "{told}");
        let damaged = String::from_utf8_lossy(&whole).replacen("\"episode\":1", "\"episode\":7", 1);
        let (read, told) = problem(damaged.as_bytes());
        assert!(read == 1 && told.contains("line 2: it is damaged: expected checksum"), "{told}");
        std::fs::remove_file(&path).unwrap();
        assert!(read_whole_lines(&path).is_err());
    }

    #[test]
    fn a_flipped_bit_is_refused_by_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let (mut writer, _) = Writer::open(&path, 0).unwrap();
        (0..3).for_each(|n| writer.append(&episode(n, 1.0 / 3.0)).unwrap());
        let whole = std::fs::read(&path).unwrap();
        for bit in 0..8 * whole.len() {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &flipped).unwrap();
            let line = 1 + whole[..bit / 8].iter().filter(|&&byte| byte == b'\n').count();
            let place = format!("metrics.jsonl: line {line}: ");
            for refusal in [read(&path).unwrap_err(), Writer::open(&path, 3).err().unwrap()] {
                assert!(refusal.is_usage() && refusal.to_string().contains(&place), "bit {bit}: {refusal}");
            }
        }
        let digit = String::from_utf8(whole).unwrap().replacen("0.333", "0.433", 1);
        std::fs::write(&path, digit).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("line 1: it is damaged: expected checksum"), "{error}");
    }

    #[test]
    fn lines_of_earlier_versions_have_no_checksum() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let old: String = (0..2).map(|n| serde_json::to_string(&episode(n, 0.1)).unwrap() + "\n").collect();
        std::fs::write(&path, &old).unwrap();
        let (mut writer, lines) = Writer::open(&path, 2).unwrap();
        assert_eq!(lines, [episode(0, 0.1), episode(1, 0.1)]);
        writer.append(&episode(2, 0.1)).unwrap();
        assert_eq!(read(&path).unwrap().len(), 3);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&old) && text.ends_with("\"}\n"), "{text}");
        let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert!(last["checksum"].is_string() && last["return"] == 0.1, "{last}");

        // After a line with a checksum, one without has lost it.
        std::fs::write(&path, text.clone() + &old.replacen("\"episode\":0", "\"episode\":3", 1)).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("line 4: expected a checksum"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_work_that_failed() {
        let path = Path::new("metrics.jsonl").to_path_buf();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut writer = Writer { path, file: full };
        let error = writer.append(&episode(0, 1.0)).unwrap_err();
        assert!(error.to_string().starts_with("metrics.jsonl: cannot be written: No space left"), "{error}");
        assert!(!error.is_usage());
    }

    #[test]
    fn a_damaged_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        std::fs::write(&path, "{\"episode\":0}\n").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("line 1"));
    }
}
