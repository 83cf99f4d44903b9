//! Evaluations while training: when they are due, `evaluations.jsonl`, and the best agent so far.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sorn_agents::Agent;
use sorn_env::AnyEnv;

use crate::error::{READ, WRITE};
use crate::evaluate::{Stream, Trained, evaluate_in};
use crate::{Evaluation, LabError, Progress, RunDir, sealed_line};

/// An evaluation while training: one line of `evaluations.jsonl`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluated {
    /// Episodes of training that had ended.
    pub episodes: u64,
    /// Environment steps of training.
    pub env_steps: u64,
    /// Seconds of training, evaluations left out.
    pub wall_secs: f64,
    /// What the frozen greedy policy reached.
    pub eval: Evaluation,
}

/// Evaluates as `[eval]` says, and keeps what it found.
pub(crate) struct Evaluations<'a> {
    dir: &'a RunDir,
    path: PathBuf,
    file: File,
    best: Option<Evaluated>,
    env: Option<AnyEnv>,
}

impl<'a> Evaluations<'a> {
    /// Goes on after the checkpoint of `episodes` and `env_steps`; also gives the evaluations up to there. `None` where none is
    /// asked for.
    pub(crate) fn open(
        dir: &'a RunDir,
        (episodes, env_steps): (u64, u64),
    ) -> Result<Option<(Self, Vec<Evaluated>)>, LabError> {
        let eval = &dir.experiment().eval;
        if eval.every.is_none() && eval.every_steps.is_none() {
            return Ok(None);
        }
        let path = path(dir);
        let io = |what| LabError::io(&path, what);
        let file = OpenOptions::new().append(true).create(true).open(&path).map_err(io(WRITE))?;
        let (mut lines, mut bytes) = (Vec::new(), 0);
        for (line, length) in parse(&path)? {
            if line.episodes > episodes || line.env_steps > env_steps {
                break;
            }
            lines.push(line);
            bytes += length;
        }
        file.set_len(bytes).map_err(io(WRITE))?;
        let best = best(&lines);
        Ok(Some((Evaluations { dir, path, file, best, env: None }, lines)))
    }

    /// Whether an evaluation is due after an environment step, or after an episode.
    pub(crate) fn due_after_step(&self, env_steps: u64) -> bool {
        self.dir.experiment().eval.every_steps.is_some_and(|every| env_steps.is_multiple_of(every))
    }

    pub(crate) fn due_after_episode(&self, episodes: u64) -> bool {
        self.dir.experiment().eval.every.is_some_and(|every| episodes.is_multiple_of(every))
    }

    /// The best evaluation so far.
    pub(crate) fn best(&self) -> Option<Evaluated> {
        self.best
    }

    /// Evaluates a frozen copy of `agent`; `None` if `progress` wished to stop before it was done.
    pub(crate) fn evaluate(
        &mut self,
        agent: &Agent,
        memory: Option<sorn_env::Value>,
        progress: &dyn Progress,
    ) -> Result<Option<Evaluation>, LabError> {
        let experiment = self.dir.experiment();
        // A copy: the agent itself goes on learning.
        let trained = Trained { agent: agent.frozen(), memory, deterministic: true };
        let mut env = match (self.env.take(), &trained.memory) {
            (Some(env), None) => env,
            _ => trained.make_env(experiment)?.0,
        };
        let (episodes, seed) = (experiment.eval.each, experiment.run.seed);
        let eval =
            evaluate_in(experiment, &mut env, &trained, (episodes, seed), Stream::WhileTraining, progress)?;
        self.env = Some(env);
        Ok(eval)
    }

    /// Writes down an evaluation. True if it is the best so far.
    pub(crate) fn record(&mut self, evaluated: &Evaluated) -> Result<bool, LabError> {
        let line = sealed_line::line(evaluated);
        self.file.write_all(line.as_bytes()).map_err(LabError::io(&self.path, WRITE))?;
        let better = self.best.is_none_or(|best| evaluated.eval.mean > best.eval.mean);
        if better {
            self.best = Some(*evaluated);
        }
        Ok(better)
    }

    /// Hands what was written to the disk.
    pub(crate) fn sync(&self) -> Result<(), LabError> {
        self.file.sync_data().map_err(LabError::io(&self.path, WRITE))
    }
}

/// The first of the evaluations with the largest mean return.
fn best(lines: &[Evaluated]) -> Option<Evaluated> {
    lines.iter().copied().reduce(|best, line| if line.eval.mean > best.eval.mean { line } else { best })
}

fn path(dir: &RunDir) -> PathBuf {
    dir.path().join("evaluations.jsonl")
}

/// The evaluations of a run so far; none if it evaluates only at its end.
pub(crate) fn read(dir: &RunDir) -> Result<Vec<Evaluated>, LabError> {
    let path = path(dir);
    match path.exists() {
        true => Ok(parse(&path)?.into_iter().map(|(line, _)| line).collect()),
        false => Ok(Vec::new()),
    }
}

/// The whole lines of the file, each with its length in bytes; a last line that was written by half, left by a crash, is no
/// line.
fn parse(path: &Path) -> Result<Vec<(Evaluated, u64)>, LabError> {
    let text = std::fs::read(path).map_err(LabError::io(path, READ))?;
    let mut reader = sealed_line::Reader::default();
    let mut whole = Vec::new();
    for (number, line) in text.split_inclusive(|&b| b == b'\n').enumerate() {
        let damaged = |reason: String| LabError::damaged(path, format!("line {}: {reason}", number + 1));
        if !line.ends_with(b"\n") {
            match is_cut_off(line) {
                true => break,
                false => return Err(damaged("expected its end, found something else".into())),
            }
        }
        let evaluated: Evaluated = reader.read(line).map_err(damaged)?;
        if !evaluated.eval.mean.is_finite() {
            return Err(damaged(format!("expected a finite mean, found {}", evaluated.eval.mean)));
        }
        whole.push((evaluated, line.len() as u64));
    }
    Ok(whole)
}

/// Whether a line without its end is the beginning of one, or one that lacks its end alone.
fn is_cut_off(line: &[u8]) -> bool {
    let whole = |text: &[u8]| serde_json::from_slice::<IgnoredAny>(text);
    match whole(line) {
        Ok(_) => true,
        Err(error) => {
            (error.is_eof() || error.column() >= line.len()) && whole(&line[..line.len() - 1]).is_err()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluated(episodes: u64) -> Evaluated {
        let eval = Evaluation { episodes: 10, mean: 1.0 / 3.0, sd: 0.5, min: -1.0 };
        Evaluated { episodes, env_steps: 10 * episodes, wall_secs: 0.25, eval }
    }

    #[test]
    fn a_flipped_bit_is_refused_by_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("evaluations.jsonl");
        let whole = [1, 2, 3].map(|n| sealed_line::line(&evaluated(n))).concat().into_bytes();
        for bit in 0..8 * whole.len() {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &flipped).unwrap();
            let line = 1 + whole[..bit / 8].iter().filter(|&&byte| byte == b'\n').count();
            let refusal = parse(&path).unwrap_err();
            assert!(refusal.to_string().contains(&format!("line {line}: ")), "bit {bit}: {refusal}");
        }
    }

    #[test]
    fn a_line_written_by_half_is_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("evaluations.jsonl");
        let whole = [1, 2].map(|n| sealed_line::line(&evaluated(n))).concat().into_bytes();
        let second = sealed_line::line(&evaluated(1)).len();
        for length in 0..=whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let lines = usize::from(length >= second) + usize::from(length == whole.len());
            assert_eq!(parse(&path).unwrap().len(), lines, "{length} bytes");
        }
    }

    #[test]
    fn lines_of_earlier_versions_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("evaluations.jsonl");
        let old = serde_json::to_string(&evaluated(1)).unwrap() + "\n";
        std::fs::write(&path, old.clone() + &sealed_line::line(&evaluated(2))).unwrap();
        assert_eq!(parse(&path).unwrap().len(), 2);
        std::fs::write(&path, sealed_line::line(&evaluated(1)) + &old).unwrap();
        assert!(parse(&path).unwrap_err().to_string().contains("line 2: expected a checksum"));
    }
}
