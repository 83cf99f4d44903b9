//! Checkpoints: one safetensors file each, the agent's arrays as tensors and the rest as JSON in its metadata.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use sorn_agents::{Agent, AgentState};
use sorn_env::{AnyEnv, Env as _};

use crate::error::READ;
use crate::files::{create_dir, remove, write_whole};
use crate::{Experiment, LabError};

/// Version of the checkpoint format; others are refused.
pub const FORMAT_VERSION: u32 = 1;
/// Scheduled checkpoints kept.
const KEPT: usize = 2;
/// The one metadata entry, so that the file's bytes do not depend on the order of a map.
const ENTRY: &str = "sorn";
/// Written where a run is stopped between scheduled checkpoints.
const INTERRUPTED: &str = "interrupted.safetensors";

/// A run between two episodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Episodes done.
    pub episodes: u64,
    /// Environment steps done.
    pub env_steps: u64,
    /// Seconds of training so far.
    pub wall_secs: f64,
    /// The agent, whole.
    pub agent: AgentState,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    format_version: u32,
    experiment: Experiment,
    episodes: u64,
    env_steps: u64,
    wall_secs: f64,
    agent: serde_json::Value,
}

impl Checkpoint {
    /// Writes the checkpoint into `dir`: `scheduled` ones are named after their episode and the last two are kept; any
    /// other is taken away by the next scheduled one.
    ///
    /// # Errors
    /// [`LabError::Io`] naming the file; the checkpoints before it stay.
    pub fn save(&self, dir: &Path, experiment: &Experiment, scheduled: bool) -> Result<PathBuf, LabError> {
        create_dir(dir)?;
        let name = match scheduled {
            true => format!("episode-{:06}.safetensors", self.episodes),
            false => INTERRUPTED.to_string(),
        };
        let path = dir.join(name);
        write_whole(&path, &self.to_bytes(experiment))?;
        if scheduled {
            remove(&dir.join(INTERRUPTED))?;
            let all = list(dir)?;
            for old in &all[..all.len().saturating_sub(KEPT)] {
                remove(old)?;
            }
        }
        Ok(path)
    }

    fn to_bytes(&self, experiment: &Experiment) -> Vec<u8> {
        let meta = Meta {
            format_version: FORMAT_VERSION,
            experiment: experiment.clone(),
            episodes: self.episodes,
            env_steps: self.env_steps,
            wall_secs: self.wall_secs,
            agent: self.agent.meta.clone(),
        };
        let meta = serde_json::to_string(&meta).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        let data: Vec<(&String, Vec<usize>, Vec<u8>)> = self
            .agent
            .arrays
            .iter()
            .map(|(name, a)| (name, a.shape().to_vec(), a.iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
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
    /// [`LabError::Damaged`] where the file is truncated, foreign, of another format version or of another experiment.
    pub fn load(path: &Path, experiment: &Experiment) -> Result<Checkpoint, LabError> {
        let bytes = fs::read(path).map_err(LabError::io(path, READ))?;
        let damaged = |reason: String| LabError::damaged(path, reason);
        let whole = |e| damaged(format!("not a whole safetensors file ({} bytes): {e}", bytes.len()));
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(whole)?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(whole)?;
        let text = header.metadata().as_ref().and_then(|m| m.get(ENTRY));
        let text = text.ok_or_else(|| {
            damaged("safetensors, but not a checkpoint of a run (no metadata \"sorn\")".into())
        })?;
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|e| damaged(format!("metadata \"sorn\": {e}")))?;
        let version = &value["format_version"];
        if version != &serde_json::json!(FORMAT_VERSION) {
            return Err(damaged(format!("format_version {FORMAT_VERSION} expected, found {version}")));
        }
        let meta: Meta =
            serde_json::from_value(value).map_err(|e| damaged(format!("metadata \"sorn\": {e}")))?;
        if &meta.experiment != experiment {
            let reason = "belongs to another configuration than config.toml beside it; restore config.toml, or begin anew in another directory";
            return Err(damaged(reason.into()));
        }
        let mut arrays = BTreeMap::new();
        for (name, view) in tensors.tensors() {
            if view.dtype() != Dtype::F64 {
                return Err(damaged(format!("tensor {name}: F64 expected, found {:?}", view.dtype())));
            }
            let numbers =
                view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap_or_default()));
            let array = ArrayD::from_shape_vec(IxDyn(view.shape()), numbers.collect());
            arrays.insert(name, array.map_err(|e| damaged(e.to_string()))?);
        }
        let agent = AgentState { arrays, meta: meta.agent };
        Ok(Checkpoint {
            episodes: meta.episodes,
            env_steps: meta.env_steps,
            wall_secs: meta.wall_secs,
            agent,
        })
    }

    /// The agent, as it was; `dir` is named in errors.
    ///
    /// # Errors
    /// [`LabError::Agent`] where the saved state does not fit the experiment.
    pub fn agent(&self, experiment: &Experiment, env: &AnyEnv, dir: &Path) -> Result<Agent, LabError> {
        let (observations, actions) = (env.observation_space(), env.action_space());
        Agent::restore(&experiment.agent, &observations, &actions, experiment.run.seed, &self.agent)
            .map_err(|source| LabError::Agent { origin: dir.display().to_string(), source })
    }

    /// The latest checkpoint in `dir`, or `None` where there is none yet.
    ///
    /// # Errors
    /// As [`load`](Checkpoint::load); a damaged latest checkpoint is an error, never passed over in silence.
    pub fn latest(dir: &Path, experiment: &Experiment) -> Result<Option<Checkpoint>, LabError> {
        let mut found = Vec::new();
        if let Some(path) = list(dir)?.pop() {
            found.push(Checkpoint::load(&path, experiment)?);
        }
        let interrupted = dir.join(INTERRUPTED);
        if interrupted.exists() {
            found.push(Checkpoint::load(&interrupted, experiment)?);
        }
        Ok(found.into_iter().max_by_key(|c| c.episodes))
    }
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
