//! `summary.json`: what a run came to.

use std::path::Path;

use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::files::read_text;
use crate::{Evaluated, Evaluation, LabError};

/// The outcome of one run; `None` stands where the task was not solved or nothing was evaluated. A task without a threshold is
/// never solved: written as JSON, its summary says nothing of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
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
    /// Mean return of the last 100 episodes (of all where there are fewer); `None` if no episode ended.
    pub mean_return_last_100: Option<f64>,
    /// Mean return that counts as solving the task; absent in files of earlier versions.
    #[serde(default)]
    pub threshold: Option<f64>,
    /// Whether the mean return of `run.window` consecutive episodes reached the threshold.
    #[serde(default)]
    pub solved: bool,
    /// Episodes up to the last of that window.
    #[serde(default)]
    pub episodes_to_solve: Option<u64>,
    /// Environment steps up to the last of that window.
    #[serde(default)]
    pub env_steps_to_solve: Option<u64>,
    /// Area under the learning curve, divided by its length: the mean return over the training, in the unit of the budget;
    /// absent in files of earlier versions, and if no episode ended.
    #[serde(default)]
    pub area: Option<f64>,
    /// The frozen greedy policy after training.
    pub eval: Option<Evaluation>,
    /// The best evaluation while training, whose agent is `checkpoints/best.safetensors`; absent if there was none.
    #[serde(default)]
    pub best: Option<Evaluated>,
    /// What could not be done beside the training, such as a figure that cannot be drawn; absent if there is none.
    #[serde(default)]
    pub problems: Vec<String>,
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("experiment", &self.experiment)?;
        fields.serialize_entry("seed", &self.seed)?;
        fields.serialize_entry("version", &self.version)?;
        fields.serialize_entry("env", &self.env)?;
        fields.serialize_entry("episodes", &self.episodes)?;
        fields.serialize_entry("env_steps", &self.env_steps)?;
        fields.serialize_entry("wall_secs", &self.wall_secs)?;
        fields.serialize_entry("mean_return_last_100", &self.mean_return_last_100)?;
        fields.serialize_entry("threshold", &self.threshold)?;
        if self.threshold.is_some() {
            fields.serialize_entry("solved", &self.solved)?;
            fields.serialize_entry("episodes_to_solve", &self.episodes_to_solve)?;
            fields.serialize_entry("env_steps_to_solve", &self.env_steps_to_solve)?;
        }
        if let Some(area) = &self.area {
            fields.serialize_entry("area", area)?;
        }
        fields.serialize_entry("eval", &self.eval)?;
        if let Some(best) = &self.best {
            fields.serialize_entry("best", best)?;
        }
        if !self.problems.is_empty() {
            fields.serialize_entry("problems", &self.problems)?;
        }
        fields.end()
    }
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
