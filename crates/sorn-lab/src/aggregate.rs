//! Many seeds of one experiment, as a table.

use serde::{Deserialize, Serialize};
use sorn_report::stats::quartiles;

use crate::Summary;

/// Quartiles of a quantity over runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// First quartile.
    pub q1: f64,
    /// Median.
    pub median: f64,
    /// Third quartile.
    pub q3: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
}

impl Spread {
    /// The spread of `values`; `None` of none. Quartiles are NumPy's (linear).
    pub fn of(values: &[f64]) -> Option<Spread> {
        let q = quartiles(values).ok()?;
        let min = values.iter().copied().reduce(f64::min)?;
        let max = values.iter().copied().reduce(f64::max)?;
        Some(Spread { q1: q.q1, median: q.median, q3: q.q3, min, max })
    }
}

/// The runs of one experiment over several seeds (`aggregate.json`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// Name of the experiment.
    pub experiment: String,
    /// Id of the environment.
    pub env: String,
    /// Version that ran it.
    pub version: String,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// Mean return that counts as solving the task; absent in files of earlier versions.
    #[serde(default)]
    pub threshold: Option<f64>,
    /// Runs that solved the task.
    pub solved: u64,
    /// `solved` as a fraction of the runs.
    pub success_rate: f64,
    /// Episodes to solve per seed, in the order of `seeds`; `None` where unsolved.
    pub episodes_to_solve: Vec<Option<u64>>,
    /// Spread of the episodes to solve. An unsolved run counts as the largest number of episodes that any run had.
    pub episodes_to_solve_spread: Option<Spread>,
    /// Spread of the environment steps of training.
    pub env_steps: Option<Spread>,
    /// Spread of the seconds of training.
    pub wall_secs: Option<Spread>,
    /// Spread of the evaluations' mean returns.
    pub eval_mean: Option<Spread>,
    /// Mean return of each seed's evaluation.
    pub eval_means: Vec<Option<f64>>,
    /// What could not be done beside the training, such as a figure that cannot be drawn; absent if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

impl Aggregate {
    /// The aggregate of `summaries`, all of one experiment; `None` of none.
    pub fn of(summaries: &[Summary]) -> Option<Aggregate> {
        let first = summaries.first()?;
        let most = summaries.iter().map(|s| s.episodes).max()?;
        let column = |f: &dyn Fn(&Summary) -> f64| summaries.iter().map(f).collect::<Vec<f64>>();
        let to_solve = column(&|s| s.episodes_to_solve.unwrap_or(most) as f64);
        let means: Vec<Option<f64>> = summaries.iter().map(|s| s.eval.map(|e| e.mean)).collect();
        let solved = summaries.iter().filter(|s| s.solved).count() as u64;
        Some(Aggregate {
            experiment: first.experiment.clone(),
            env: first.env.clone(),
            version: first.version.clone(),
            seeds: summaries.iter().map(|s| s.seed).collect(),
            threshold: first.threshold,
            solved,
            success_rate: solved as f64 / summaries.len() as f64,
            episodes_to_solve: summaries.iter().map(|s| s.episodes_to_solve).collect(),
            episodes_to_solve_spread: Spread::of(&to_solve),
            env_steps: Spread::of(&column(&|s| s.env_steps as f64)),
            wall_secs: Spread::of(&column(&|s| s.wall_secs)),
            eval_mean: Spread::of(&means.iter().flatten().copied().collect::<Vec<f64>>()),
            eval_means: means,
            problems: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(seed: u64, episodes: u64, solve: Option<u64>) -> Summary {
        Summary {
            experiment: "e".into(),
            seed,
            version: "0".into(),
            env: "E-v0".into(),
            episodes,
            env_steps: 10 * episodes,
            wall_secs: 1.0,
            mean_return_last_100: 0.0,
            threshold: Some(475.0),
            solved: solve.is_some(),
            episodes_to_solve: solve,
            env_steps_to_solve: solve.map(|s| 10 * s),
            eval: None,
            problems: Vec::new(),
        }
    }

    #[test]
    fn unsolved_runs_count_as_the_longest() {
        let all = [summary(3, 120, Some(120)), summary(4, 500, None), summary(5, 130, Some(130))];
        let aggregate = Aggregate::of(&all).unwrap();
        assert_eq!(aggregate.threshold, Some(475.0));
        assert_eq!(aggregate.solved, 2);
        assert_eq!(aggregate.seeds, [3, 4, 5]);
        let spread = aggregate.episodes_to_solve_spread.unwrap();
        assert_eq!((spread.min, spread.median, spread.max), (120.0, 130.0, 500.0));
        assert_eq!(aggregate.eval_mean, None);
        assert_eq!(Aggregate::of(&[]), None);
    }
}
