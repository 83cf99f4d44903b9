//! `metrics.jsonl`: a line per episode.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sorn_report::stats::mean;

use crate::LabError;
use crate::error::{READ, WRITE};

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
        let (lines, bytes) = parse(path, episodes)?;
        file.set_len(bytes).map_err(io(WRITE))?;
        file.flush().map_err(io(WRITE))?;
        Ok((Writer { path: path.to_path_buf(), file }, lines))
    }

    /// Appends one line, in one write.
    pub(crate) fn append(&mut self, episode: &Episode) -> Result<(), LabError> {
        let mut line = serde_json::to_string(episode).unwrap_or_else(|e| unreachable!("plain numbers: {e}"));
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(LabError::io(&self.path, WRITE))
    }

    /// Hands what was appended to the disk, so that a checkpoint never knows more episodes than the metrics.
    pub(crate) fn sync(&mut self) -> Result<(), LabError> {
        self.file.sync_data().map_err(LabError::io(&self.path, WRITE))
    }
}

/// Reads the whole lines of `metrics.jsonl`; a last line without its end, left by a crash, is no line.
pub(crate) fn read(path: &Path) -> Result<Vec<Episode>, LabError> {
    let text = std::fs::read_to_string(path).map_err(LabError::io(path, READ))?;
    let whole = text.matches('\n').count() as u64;
    Ok(parse(path, whole)?.0)
}

/// Reads the whole lines up to the first that is damaged or cut off, and what is wrong with that one.
pub(crate) fn read_whole_lines(path: &Path) -> Result<(Vec<Episode>, Option<LabError>), LabError> {
    let text = std::fs::read(path).map_err(LabError::io(path, READ))?;
    let mut lines = Vec::new();
    for line in text.split_inclusive(|&b| b == b'\n') {
        let number = lines.len() as u64;
        let problem = match serde_json::from_slice::<Episode>(line) {
            _ if !line.ends_with(b"\n") => "it was written by half".to_string(),
            Err(e) => e.to_string(),
            Ok(found) if found.episode != number => {
                format!("episode {number} expected, found {}", found.episode)
            }
            Ok(found) if !found.ret.is_finite() => format!("a finite return expected, found {}", found.ret),
            Ok(found) => {
                lines.push(found);
                continue;
            }
        };
        let reason = format!("line {}: {problem}; the lines before it are used", number + 1);
        return Ok((lines, Some(LabError::damaged(path, reason))));
    }
    Ok((lines, None))
}

/// The first `episodes` lines, and how many bytes they take.
fn parse(path: &Path, episodes: u64) -> Result<(Vec<Episode>, u64), LabError> {
    let text = std::fs::read(path).map_err(LabError::io(path, READ))?;
    let mut lines = Vec::new();
    let mut bytes = 0;
    for line in text.split_inclusive(|&b| b == b'\n').take(usize::try_from(episodes).unwrap_or(usize::MAX)) {
        let number = lines.len() as u64;
        let episode: Episode = serde_json::from_slice(line)
            .map_err(|e| LabError::damaged(path, format!("line {}: {e}", number + 1)))?;
        if episode.episode != number || !line.ends_with(b"\n") {
            let found = episode.episode;
            let reason = format!("line {}: episode {number} expected, found {found}", number + 1);
            return Err(LabError::damaged(path, reason));
        }
        bytes += line.len() as u64;
        lines.push(episode);
    }
    if (lines.len() as u64) < episodes {
        let reason = format!("{episodes} episodes expected (the checkpoint's), found {}", lines.len());
        return Err(LabError::damaged(path, reason));
    }
    Ok((lines, bytes))
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

    /// All returns so far.
    pub fn returns(&self) -> &[f64] {
        &self.returns
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
        assert!(error.contains("5 episodes expected") && error.contains("found 4"), "{error}");
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
        assert!(read == 1 && told.contains("line 2: episode 1 expected, found 7"), "{told}");
        std::fs::remove_file(&path).unwrap();
        assert!(read_whole_lines(&path).is_err());
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
