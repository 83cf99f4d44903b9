//! `summary.json`: what a run came to.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files::read_text;
use crate::{Evaluation, LabError};

/// The outcome of one run; `None` stands where the task was not solved or nothing was evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Name of the experiment.
    pub experiment: String,
    /// Seed of the run.
    pub seed: u64,
    /// Version that ran it.
    pub version: String,
    /// Id of the environment.
    pub env: String,
    /// Episodes of training.
    pub episodes: u64,
    /// Environment steps of training.
    pub env_steps: u64,
    /// Seconds of training.
    pub wall_secs: f64,
    /// Mean return of the last 100 episodes (of all where there are fewer).
    pub mean_return_last_100: f64,
    /// Mean return that counts as solving the task; absent in files of earlier versions.
    #[serde(default)]
    pub threshold: Option<f64>,
    /// Whether the mean return of `run.window` consecutive episodes reached the threshold.
    pub solved: bool,
    /// Episodes up to the last of that window.
    pub episodes_to_solve: Option<u64>,
    /// Environment steps up to the last of that window.
    pub env_steps_to_solve: Option<u64>,
    /// The frozen greedy policy after training.
    pub eval: Option<Evaluation>,
    /// What could not be done beside the training, such as a figure that cannot be drawn; absent if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

impl Summary {
    /// Reads `summary.json`; `None` where there is none.
    ///
    /// # Errors
    /// [`LabError::Damaged`] where it is not a summary.
    pub fn read(path: &Path) -> Result<Option<Summary>, LabError> {
        if !path.exists() {
            return Ok(None);
        }
        let text = read_text(path)?;
        serde_json::from_str(&text).map(Some).map_err(|e| LabError::damaged(path, e.to_string()))
    }

    pub(crate) fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        json + "\n"
    }
}
