//! [`Ranking`]: the configurations of a sweep, the best first.

use serde::Serialize;
use serde_json::Value as Json;

use super::config::Goal;
use super::dir::SweepDir;
use super::results::SweepTable;
use crate::files::write_whole;
use crate::{LabError, Spread, json};

/// The configurations whose tasks are all finished, the best first.
#[derive(Clone, Debug, Serialize)]
pub struct Ranking {
    /// The number that ranks them.
    pub measure: String,
    /// Whether the largest or the smallest mean is the best.
    pub goal: Goal,
    /// The seeds of each.
    pub seeds: Vec<u64>,
    /// Tasks of the sweep, and those that are finished.
    pub tasks: u64,
    /// Tasks that are finished.
    pub finished: u64,
    /// The configurations.
    pub configurations: Vec<Ranked>,
}

/// A configuration and what its seeds came to.
#[derive(Clone, Debug, Serialize)]
pub struct Ranked {
    /// Number of the configuration.
    #[serde(skip)]
    pub number: u64,
    /// Name, that of its directory.
    pub name: String,
    /// The values of the keys.
    pub values: serde_json::Map<String, Json>,
    /// Mean over the seeds; `None` if a run has no such number.
    pub mean: Option<f64>,
    /// Spread over the seeds.
    pub spread: Option<Spread>,
}

impl SweepDir {
    /// Ranks the configurations by the mean of the sweep's measure over their seeds; configurations with a seed that is not finished are
    /// left out.
    ///
    /// # Errors
    /// [`LabError::Config`] if there is no measure, or no summary has it.
    pub fn ranking(&self, table: &SweepTable) -> Result<Ranking, LabError> {
        let plan = self.plan();
        let origin = || self.path().join("sweep.toml").display().to_string();
        let known = || match table.columns.is_empty() {
            true => "a number of summary.json".to_string(),
            false => format!("one of {}", table.columns.join(", ")),
        };
        let Some(measure) = plan.measure() else {
            let reason = format!("sweep.measure: expected {}, found nothing", known());
            return Err(LabError::Config { origin: origin(), reason });
        };
        let numbers = match table.column(measure) {
            Some(numbers) => numbers,
            None if table.rows.is_empty() => Vec::new(),
            None => {
                let reason = format!("sweep.measure: expected {}, found {measure:?}", known());
                return Err(LabError::Config { origin: origin(), reason });
            }
        };
        let each = plan.seeds().len();
        let mut configurations = Vec::new();
        let rows: Vec<(u64, f64)> = table.rows.iter().map(|row| row.task).zip(numbers).collect();
        for group in rows.chunk_by(|a, b| a.0 / each as u64 == b.0 / each as u64) {
            if group.len() < each {
                continue;
            }
            let number = group[0].0 / each as u64;
            let values: Vec<f64> = group.iter().map(|(_, value)| *value).collect();
            let whole = values.iter().all(|value| value.is_finite());
            configurations.push(Ranked {
                number,
                name: plan.configuration_name(number),
                values: plan.values(number).map(|(key, value)| (key.to_string(), json::of(value))).collect(),
                mean: whole.then(|| values.iter().sum::<f64>() / each as f64),
                spread: if whole { Spread::of(&values) } else { None },
            });
        }
        let key = |ranked: &Ranked| match (ranked.mean, plan.goal()) {
            (None, _) => f64::INFINITY,
            (Some(mean), Goal::Minimize) => mean,
            (Some(mean), Goal::Maximize) => -mean,
        };
        // Of equal means the earlier configuration is the better one.
        configurations.sort_by(|a, b| key(a).total_cmp(&key(b)));
        Ok(Ranking {
            measure: measure.into(),
            goal: plan.goal(),
            seeds: plan.seeds().to_vec(),
            tasks: table.tasks,
            finished: table.rows.len() as u64,
            configurations,
        })
    }

    /// Writes the ranking as `ranking.json` and, if every task is finished, the best configuration as `best.toml`, an experiment called
    /// `best`; gives its path.
    ///
    /// # Errors
    /// [`LabError`] if a file cannot be written.
    pub fn write_ranking(&self, ranking: &Ranking) -> Result<Option<std::path::PathBuf>, LabError> {
        let json = serde_json::to_string_pretty(ranking).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        write_whole(&self.path().join("ranking.json"), (json + "\n").as_bytes())?;
        let path = self.path().join("best.toml");
        let Some(best) = ranking.configurations.first().filter(|best| best.mean.is_some()) else {
            return Ok(None);
        };
        if ranking.finished < ranking.tasks {
            return Ok(None);
        }
        let mut experiment = self.plan().experiment_of(best.number)?;
        experiment.set_name("best");
        let text = format!(
            "# The best of the {} configurations of the sweep {}: {}.\n# Mean of {} over {} seeds: {}. These seeds chose it, so that this \
             number is optimistic; run it with others for a claim.\n{}",
            self.plan().configurations(),
            self.plan().name(),
            best.name,
            ranking.measure,
            ranking.seeds.len(),
            best.mean.unwrap_or(f64::NAN),
            experiment.to_toml()
        );
        write_whole(&path, text.as_bytes())?;
        Ok(Some(path))
    }
}
