//! Checkpoints: one safetensors file each, the agent's arrays as tensors and the rest as JSON in its metadata.

mod beyond;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sorn_agents::{Agent, AgentError, AgentState, Checksum};
use sorn_env::{AnyEnv, Env as _};

use crate::difference::difference;
use crate::error::READ;
use crate::files::{create_dir, read_bytes, remove, write_whole};
use crate::{Experiment, LabError};

pub(crate) use beyond::{go_beyond_end, remove_end};

/// Version of the checkpoint format; others are refused.
pub const FORMAT_VERSION: u32 = 1;
/// Scheduled checkpoints kept.
const KEPT: usize = 3;
/// The one metadata entry, so that the file's bytes do not depend on the order of a map.
const ENTRY: &str = "sorn";
/// Written where a run is stopped between scheduled checkpoints.
const INTERRUPTED: &str = "interrupted.safetensors";
/// Written where `run.steps` ends a run within an episode: what was learnt, from where no run can go on.
const END: &str = "end.safetensors";
/// The agent of the best evaluation while training.
pub(crate) const BEST: &str = "best.safetensors";

/// A run between two episodes, or its agent at the end. It knows no wall time, so that the same run writes the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Episodes done.
    pub episodes: u64,
    /// Environment steps done.
    pub env_steps: u64,
    /// The agent, whole.
    pub agent: AgentState,
    /// What the environment keeps across episodes ([`Env::memory`](sorn_env::Env::memory)), e.g. the statistics of a
    /// normalising wrapper.
    pub memory: Option<sorn_env::Value>,
}

/// The metadata entry.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    format_version: u32,
    /// FNV-1a (64 bits, hexadecimal) of `run` as written and of the tensors in the order of their names.
    checksum: String,
    run: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    #[serde(with = "crate::json")]
    experiment: Experiment,
    episodes: u64,
    env_steps: u64,
    agent: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory: Option<sorn_env::Value>,
}

impl Checkpoint {
    /// Writes the checkpoint into `dir`: `scheduled` ones are named after their episode and the last three are kept; any
    /// other is taken away by the next scheduled one.
    ///
    /// # Errors
    /// [`LabError::Io`] naming the file, [`LabError::Run`] where the environment's memory is not finite; the checkpoints
    /// before it stay.
    pub fn save(&self, dir: &Path, experiment: &Experiment, scheduled: bool) -> Result<PathBuf, LabError> {
        match scheduled {
            true => {
                let name = format!("episode-{:06}.safetensors", self.episodes);
                let path = self.write(dir, experiment, &name)?;
                prune(dir).map(|()| path)
            }
            false => self.write(dir, experiment, INTERRUPTED),
        }
    }

    /// Writes the agent of a run that `run.steps` ended within an episode.
    pub(crate) fn save_end(&self, dir: &Path, experiment: &Experiment) -> Result<PathBuf, LabError> {
        self.write(dir, experiment, END)
    }

    /// Writes the agent of the best evaluation while training so far.
    pub(crate) fn save_best(&self, dir: &Path, experiment: &Experiment) -> Result<PathBuf, LabError> {
        self.write(dir, experiment, BEST)
    }

    /// The agent of the best evaluation while training, if there was one.
    pub(crate) fn best(dir: &Path, experiment: &Experiment) -> Result<Option<Checkpoint>, LabError> {
        let path = dir.join(BEST);
        path.exists().then(|| Checkpoint::load(&path, experiment)).transpose()
    }

    fn write(&self, dir: &Path, experiment: &Experiment, name: &str) -> Result<PathBuf, LabError> {
        if !self.memory.as_ref().is_none_or(sorn_env::Value::is_finite) {
            let reason = format!(
                "{}: episode {}: the statistics of its wrappers are not finite any more",
                experiment.env.id,
                self.episodes.saturating_sub(1)
            );
            return Err(LabError::Run { seed: experiment.run.seed, reason });
        }
        create_dir(dir)?;
        let path = dir.join(name);
        write_whole(&path, &self.to_bytes(experiment)).map(|()| path)
    }

    fn to_bytes(&self, experiment: &Experiment) -> Vec<u8> {
        let run = Run {
            experiment: experiment.clone(),
            episodes: self.episodes,
            env_steps: self.env_steps,
            agent: self.agent.meta.clone(),
            memory: self.memory.clone(),
        };
        let run = serde_json::to_value(&run).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        let data: Vec<(&String, Vec<usize>, Vec<u8>)> = self
            .agent
            .arrays
            .iter()
            .map(|(name, a)| (name, a.shape().to_vec(), a.iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
        let checksum = checksum(&run, data.iter().map(|(name, _, bytes)| (name.as_str(), bytes.as_slice())));
        let meta = Meta { format_version: FORMAT_VERSION, checksum, run };
        let meta = serde_json::to_string(&meta).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        let views = data.iter().map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F64, shape.clone(), bytes);
            (name.as_str(), view.unwrap_or_else(|e| unreachable!("shape and data agree: {e}")))
        });
        let meta = HashMap::from([(ENTRY.to_string(), meta)]);
        safetensors::serialize(views, Some(meta)).unwrap_or_else(|e| unreachable!("names are unique: {e}"))
    }

    /// Reads a checkpoint of `experiment`.
    ///
    /// # Errors
    /// [`LabError::Damaged`] where the file is truncated, damaged, foreign, of another format version or of another
    /// experiment.
    pub fn load(path: &Path, experiment: &Experiment) -> Result<Checkpoint, LabError> {
        let (mut saved, checkpoint) = Checkpoint::read(path)?;
        // A run may go on with a larger budget.
        saved.run = saved.run.with_budget_of(&experiment.run);
        if let Some(difference) = difference(&saved, experiment) {
            return Err(LabError::damaged(
                path,
                format!(
                    "belongs to another configuration than config.toml: {difference}; restore config.toml, or begin \
                     anew in another directory"
                ),
            ));
        }
        Ok(checkpoint)
    }

    /// Whether `path` is a file that says it is a checkpoint of a run.
    pub(crate) fn is_one(path: &Path) -> bool {
        let entry = || {
            let bytes = read_bytes(path).ok()?;
            let (_, header) = SafeTensors::read_metadata(&bytes).ok()?;
            serde_json::from_str::<Value>(header.metadata().as_ref()?.get(ENTRY)?).ok()
        };
        entry().is_some_and(|value| value.get("run").is_some())
    }

    /// Reads a checkpoint, and the experiment it belongs to.
    ///
    /// # Errors
    /// [`LabError::Damaged`] where the file is truncated, damaged, foreign or of another format version.
    pub fn read(path: &Path) -> Result<(Experiment, Checkpoint), LabError> {
        let bytes = read_bytes(path)?;
        let damaged = |reason: String| {
            LabError::damaged(path, format!("{reason}; without this file the checkpoint before it is used"))
        };
        let whole = |e| damaged(format!("not a whole safetensors file ({} bytes): {e}", bytes.len()));
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(whole)?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(whole)?;
        let text = header.metadata().as_ref().and_then(|m| m.get(ENTRY));
        let text = text.ok_or_else(|| {
            damaged("safetensors, but not a checkpoint of a run (no metadata \"sorn\")".into())
        })?;
        let entry = |e: serde_json::Error| damaged(format!("metadata \"sorn\": {e}"));
        let value: Value = serde_json::from_str(text).map_err(entry)?;
        let version = &value["format_version"];
        if version != &serde_json::json!(FORMAT_VERSION) {
            return Err(damaged(format!("expected format_version {FORMAT_VERSION}, found {version}")));
        }
        let meta: Meta = serde_json::from_value(value).map_err(entry)?;
        let mut views = tensors.tensors();
        views.sort_by(|a, b| a.0.cmp(&b.0));
        let found = checksum(&meta.run, views.iter().map(|(name, view)| (name.as_str(), view.data())));
        if found != meta.checksum {
            return Err(damaged(format!("expected checksum {}, found {found}", meta.checksum)));
        }
        let run: Run = serde_json::from_value(meta.run).map_err(entry)?;
        let mut arrays = BTreeMap::new();
        for (name, view) in views {
            if view.dtype() != Dtype::F64 {
                return Err(damaged(format!("tensor {name}: expected F64, found {:?}", view.dtype())));
            }
            let numbers =
                view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap_or_default()));
            let array = ArrayD::from_shape_vec(IxDyn(view.shape()), numbers.collect());
            arrays.insert(name, array.map_err(|e| damaged(e.to_string()))?);
        }
        let checkpoint = Checkpoint {
            episodes: run.episodes,
            env_steps: run.env_steps,
            agent: AgentState { arrays, meta: run.agent },
            memory: run.memory,
        };
        Ok((run.experiment, checkpoint))
    }

    /// The agent, as it was; `path` is named in errors.
    ///
    /// # Errors
    /// [`LabError::Damaged`] if the saved state does not fit the experiment, or holds a value that is no number.
    pub fn agent(&self, experiment: &Experiment, env: &AnyEnv, path: &Path) -> Result<Agent, LabError> {
        let (observations, actions) = (env.observation_space(), env.action_space());
        Agent::restore(&experiment.agent, &observations, &actions, experiment.run.seed, &self.agent).map_err(
            |source| match source {
                AgentError::State { .. } => LabError::damaged(path, source.to_string()),
                _ => LabError::Agent { origin: path.display().to_string(), source },
            },
        )
    }

    /// Gives `env` back what it had learnt; `path` is named in errors.
    ///
    /// # Errors
    /// [`LabError::Damaged`] where it is another environment's.
    pub fn remind(&self, env: &mut AnyEnv, path: &Path) -> Result<(), LabError> {
        match &self.memory {
            None => Ok(()),
            Some(memory) => {
                env.set_memory(memory).map_err(|e| LabError::damaged(path, format!("environment: {e}")))
            }
        }
    }

    /// The latest checkpoint in `dir`, or `None` where there is none yet.
    ///
    /// # Errors
    /// As [`load`](Checkpoint::load); a damaged latest checkpoint is an error, never passed over in silence.
    pub fn latest(dir: &Path, experiment: &Experiment) -> Result<Option<Checkpoint>, LabError> {
        Ok(Checkpoint::latest_file(dir, experiment)?.map(|(_, checkpoint)| checkpoint))
    }

    /// [`latest`](Checkpoint::latest), and its file.
    pub(crate) fn latest_file(
        dir: &Path,
        experiment: &Experiment,
    ) -> Result<Option<(PathBuf, Checkpoint)>, LabError> {
        let end = Checkpoint::at_end(dir, experiment)?;
        let found = end.into_iter().chain(Checkpoint::between_episodes(dir, experiment)?);
        Ok(found.max_by_key(|(_, c)| (c.episodes, c.env_steps)))
    }

    /// The latest checkpoint from which a run can go on, and its file.
    pub(crate) fn between_episodes(
        dir: &Path,
        experiment: &Experiment,
    ) -> Result<Option<(PathBuf, Checkpoint)>, LabError> {
        let interrupted = Some(dir.join(INTERRUPTED)).filter(|path| path.exists());
        let paths = list(dir)?.pop().into_iter().chain(interrupted);
        let load = |path: PathBuf| Checkpoint::load(&path, experiment).map(|checkpoint| (path, checkpoint));
        let found = paths.map(load).collect::<Result<Vec<_>, _>>()?;
        Ok(found.into_iter().max_by_key(|(_, checkpoint)| checkpoint.episodes))
    }

    /// The agent of a run that `run.steps` ended within an episode, and its file.
    pub(crate) fn at_end(
        dir: &Path,
        experiment: &Experiment,
    ) -> Result<Option<(PathBuf, Checkpoint)>, LabError> {
        let path = dir.join(END);
        let load = |path: PathBuf| Checkpoint::load(&path, experiment).map(|checkpoint| (path, checkpoint));
        Some(path).filter(|path| path.exists()).map(load).transpose()
    }
}

/// Takes away all but the last scheduled checkpoints.
pub(crate) fn prune(dir: &Path) -> Result<(), LabError> {
    remove(&dir.join(INTERRUPTED))?;
    let all = list(dir)?;
    all[..all.len().saturating_sub(KEPT)].iter().try_for_each(|old| remove(old))
}

fn checksum<'a>(run: &Value, tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut sum = Checksum::of(run.to_string().as_bytes());
    for (name, bytes) in tensors {
        sum.update(name.as_bytes());
        sum.update(bytes);
    }
    sum.to_string()
}

/// Scheduled checkpoints, oldest first.
fn list(dir: &Path) -> Result<Vec<PathBuf>, LabError> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(dir).map_err(LabError::io(dir, READ))?;
    let mut numbered = Vec::new();
    for entry in entries {
        let path = entry.map_err(LabError::io(dir, READ))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let number = name.strip_prefix("episode-").and_then(|n| n.strip_suffix(".safetensors"));
        if let Some(number) = number.and_then(|n| n.parse::<u64>().ok()) {
            numbered.push((number, path));
        }
    }
    numbered.sort();
    Ok(numbered.into_iter().map(|(_, path)| path).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    fn experiment() -> Experiment {
        let text = "name = \"a\"\n[env]\nid = \"CartPole-v1\"\n[agent.reservoir.params]\nne = 20\nlambda_ee = 5.0\nlambda_ei = 10.0";
        read::experiment(text, "a.toml", &[]).unwrap()
    }

    fn checkpoint(episodes: u64) -> Checkpoint {
        let (env, _) = experiment().make_env("a.toml").unwrap();
        let agent = experiment().make_agent(&env, "a.toml").unwrap().state();
        let numbers = vec![0.1, -0.0, 1e-300];
        let memory = Some(sorn_env::Value::Array(sorn_env::Array::vector(numbers)));
        Checkpoint { episodes, env_steps: 7, agent, memory }
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Checkpoint::latest(dir.path(), &experiment()).unwrap(), None);
        for episodes in [25, 50, 75, 100] {
            checkpoint(episodes).save(dir.path(), &experiment(), true).unwrap();
        }
        assert_eq!(list(dir.path()).unwrap().len(), KEPT);
        let path = checkpoint(110).save(dir.path(), &experiment(), false).unwrap();
        let latest = Checkpoint::latest(dir.path(), &experiment()).unwrap().unwrap();
        assert_eq!(latest, checkpoint(110));
        let (env, _) = experiment().make_env("a.toml").unwrap();
        assert_eq!(latest.agent(&experiment(), &env, dir.path()).unwrap().state(), latest.agent);
        checkpoint(125).save(dir.path(), &experiment(), true).unwrap();
        assert!(!path.exists());
        assert_eq!(Checkpoint::latest(dir.path(), &experiment()).unwrap().unwrap().episodes, 125);
    }

    #[test]
    fn an_environments_memory_must_be_finite_and_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let wrong = Checkpoint { memory: Some(sorn_env::Value::Float(f64::NAN)), ..checkpoint(25) };
        let error = wrong.save(dir.path(), &experiment(), true).unwrap_err().to_string();
        assert_eq!(
            error,
            "seed 0: CartPole-v1: episode 24: the statistics of its wrappers are not finite any more"
        );
        assert_eq!(Checkpoint::latest(dir.path(), &experiment()).unwrap(), None);
        let (mut env, _) = experiment().make_env("a.toml").unwrap();
        let error = checkpoint(25).remind(&mut env, dir.path()).unwrap_err().to_string();
        assert!(error.contains("environment: expected no memory"), "{error}");
    }

    #[test]
    fn damage_of_any_kind_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = checkpoint(25).save(dir.path(), &experiment(), true).unwrap();
        let whole = fs::read(&path).unwrap();
        let refusal = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let error = Checkpoint::latest(dir.path(), &experiment()).unwrap_err();
            assert!(error.is_usage());
            error.to_string()
        };
        for length in [0, 1, 8, 100, whole.len() / 2, whole.len() - 1] {
            assert!(refusal(&whole[..length]).contains("not a whole safetensors file"));
        }
        let mut flipped = whole.clone();
        let last = flipped.len() - 20;
        flipped[last] ^= 1;
        assert!(refusal(&flipped).contains("checksum"), "{}", refusal(&flipped));
        let foreign = safetensors::serialize(std::iter::empty::<(&str, TensorView)>(), None).unwrap();
        assert!(refusal(&foreign).contains("no metadata"));
        let key = b"\\\"format_version\\\":1";
        let at = whole.windows(key.len()).position(|bytes| bytes == key).unwrap();
        let mut versioned = whole.clone();
        versioned[at + key.len() - 1] = b'9';
        assert!(refusal(&versioned).contains("expected format_version 1, found 9"));
    }

    #[test]
    fn a_forged_checkpoint_that_holds_no_numbers_is_refused_by_its_file() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["learner/theta", "features/trace", "reservoir/wee"] {
            let mut forged = checkpoint(25);
            *forged.agent.arrays.get_mut(name).unwrap().iter_mut().next().unwrap() = f64::NAN;
            let path = forged.save(dir.path(), &experiment(), true).unwrap();
            let (env, _) = experiment().make_env("a.toml").unwrap();
            let error = forged.agent(&experiment(), &env, &path).unwrap_err();
            let expected = format!("{name}: expected numbers, found NaN at position 0");
            let text = error.to_string();
            assert!(text.contains("episode-000025.safetensors: ") && text.contains(&expected), "{text}");
            assert!(error.is_usage());
        }
    }

    #[test]
    fn another_experiment_is_told_with_the_key() {
        let dir = tempfile::tempdir().unwrap();
        checkpoint(25).save(dir.path(), &experiment(), true).unwrap();
        let mut other = experiment();
        other.run.window = 50;
        let error = Checkpoint::latest(dir.path(), &other).unwrap_err().to_string();
        assert!(error.contains("run.window was 100, is now 50"), "{error}");
    }
}
