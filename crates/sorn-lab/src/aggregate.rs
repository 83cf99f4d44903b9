//! Many seeds of one experiment, as a table.

use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};
use sorn_report::stats::quartiles;

use crate::{Estimate, Summary};

/// Quartiles of a quantity over runs.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, Deserialize)]
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

/// The runs of one experiment over several seeds (`aggregate.json`). A task without a threshold is never solved: written as JSON,
/// its aggregate says nothing of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
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
    #[serde(default)]
    pub solved: u64,
    /// `solved` as a fraction of the runs.
    #[serde(default)]
    pub success_rate: f64,
    /// Episodes to solve per seed, in the order of `seeds`; `None` where unsolved.
    #[serde(default)]
    pub episodes_to_solve: Vec<Option<u64>>,
    /// Spread of the episodes to solve. An unsolved run counts as the largest number of episodes that any run had.
    #[serde(default)]
    pub episodes_to_solve_spread: Option<Spread>,
    /// Spread of the environment steps of training.
    pub env_steps: Option<Spread>,
    /// Spread of the seconds of training.
    pub wall_secs: Option<Spread>,
    /// Spread of the evaluations' mean returns.
    pub eval_mean: Option<Spread>,
    /// Mean return of each seed's evaluation.
    pub eval_means: Vec<Option<f64>>,
    /// Mean of the evaluations' mean returns; this and what follows are absent in files of earlier versions.
    #[serde(default)]
    pub eval_average: Option<Estimate>,
    /// Interquartile mean of the evaluations' mean returns.
    #[serde(default)]
    pub eval_iqm: Option<Estimate>,
    /// Area under each seed's learning curve ([`Summary::area`]).
    #[serde(default)]
    pub areas: Vec<Option<f64>>,
    /// Spread of these areas.
    #[serde(default)]
    pub area: Option<Spread>,
    /// What could not be done beside the training, such as a figure that cannot be drawn; absent if there is none.
    #[serde(default)]
    pub problems: Vec<String>,
}

impl Serialize for Aggregate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("experiment", &self.experiment)?;
        fields.serialize_entry("env", &self.env)?;
        fields.serialize_entry("version", &self.version)?;
        fields.serialize_entry("seeds", &self.seeds)?;
        fields.serialize_entry("threshold", &self.threshold)?;
        if self.threshold.is_some() {
            fields.serialize_entry("solved", &self.solved)?;
            fields.serialize_entry("success_rate", &self.success_rate)?;
            fields.serialize_entry("episodes_to_solve", &self.episodes_to_solve)?;
            fields.serialize_entry("episodes_to_solve_spread", &self.episodes_to_solve_spread)?;
        }
        fields.serialize_entry("env_steps", &self.env_steps)?;
        fields.serialize_entry("wall_secs", &self.wall_secs)?;
        fields.serialize_entry("eval_mean", &self.eval_mean)?;
        fields.serialize_entry("eval_means", &self.eval_means)?;
        fields.serialize_entry("eval_average", &self.eval_average)?;
        fields.serialize_entry("eval_iqm", &self.eval_iqm)?;
        fields.serialize_entry("areas", &self.areas)?;
        fields.serialize_entry("area", &self.area)?;
        if !self.problems.is_empty() {
            fields.serialize_entry("problems", &self.problems)?;
        }
        fields.end()
    }
}

impl Aggregate {
    /// The aggregate of `summaries`, all of one experiment; `None` of none.
    pub fn of(summaries: &[Summary]) -> Option<Aggregate> {
        let first = summaries.first()?;
        let most = summaries.iter().map(|s| s.episodes).max()?;
        let column = |f: &dyn Fn(&Summary) -> f64| summaries.iter().map(f).collect::<Vec<f64>>();
        let to_solve = column(&|s| s.episodes_to_solve.unwrap_or(most) as f64);
        let means: Vec<Option<f64>> = summaries.iter().map(|s| s.eval.map(|e| e.mean)).collect();
        let evals: Vec<f64> = means.iter().flatten().copied().collect();
        let areas: Vec<Option<f64>> = summaries.iter().map(|s| s.area).collect();
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
            eval_mean: Spread::of(&evals),
            eval_means: means,
            problems: Vec::new(),
            eval_average: Estimate::mean(&evals),
            eval_iqm: Estimate::interquartile_mean(&evals),
            area: Spread::of(&areas.iter().flatten().copied().collect::<Vec<f64>>()),
            areas,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Evaluation;

    fn summary(seed: u64, episodes: u64, solve: Option<u64>) -> Summary {
        Summary {
            experiment: "e".into(),
            seed,
            version: "0".into(),
            env: "E-v0".into(),
            episodes,
            env_steps: 10 * episodes,
            wall_secs: 1.0,
            mean_return_last_100: Some(0.0),
            threshold: Some(475.0),
            solved: solve.is_some(),
            episodes_to_solve: solve,
            env_steps_to_solve: solve.map(|s| 10 * s),
            area: Some(seed as f64),
            eval: None,
            problems: Vec::new(),
            best: None,
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
        assert_eq!(aggregate.area.unwrap().median, 4.0);
        assert_eq!(Aggregate::of(&[]), None);
    }

    #[test]
    fn what_has_no_threshold_says_nothing_of_solving() {
        let evaluated = |seed: u64, mean: f64| Summary {
            threshold: None,
            eval: Some(Evaluation { episodes: 9, mean, sd: 1.0, min: 0.0 }),
            ..summary(seed, 50, None)
        };
        let all: Vec<Summary> = (0..8).map(|seed| evaluated(seed, seed as f64)).collect();
        let aggregate = Aggregate::of(&all).unwrap();
        let iqm = aggregate.eval_iqm.unwrap();
        assert!(iqm.value == 3.5 && iqm.low < 3.5 && iqm.high > 3.5, "{iqm:?}");
        assert_eq!(aggregate.eval_average.unwrap().value, 3.5);
        for json in [serde_json::to_string(&aggregate).unwrap(), serde_json::to_string(&all[0]).unwrap()] {
            assert!(!json.contains("solve") && !json.contains("success"), "{json}");
        }
        let json = serde_json::to_string(&aggregate).unwrap();
        assert_eq!(serde_json::from_str::<Aggregate>(&json).unwrap().eval_iqm, Some(iqm));
        let json = serde_json::to_string(&all[0]).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&json).unwrap(), all[0]);
    }

    /// The files that earlier versions wrote are read.
    #[test]
    fn older_files_are_read() {
        let old = r#"{"experiment":"e","env":"E-v0","version":"0","seeds":[0],"solved":0,"success_rate":0.0,
            "episodes_to_solve":[null],"episodes_to_solve_spread":null,"env_steps":null,"wall_secs":null,
            "eval_mean":null,"eval_means":[1.5]}"#;
        let aggregate: Aggregate = serde_json::from_str(old).unwrap();
        assert_eq!((aggregate.threshold, aggregate.eval_iqm, aggregate.areas.len()), (None, None, 0));
        let old = r#"{"experiment":"e","seed":0,"version":"0","env":"E-v0","episodes":3,"env_steps":9,"wall_secs":0.1,
            "mean_return_last_100":2.0,"solved":false,"episodes_to_solve":null,"env_steps_to_solve":null,"eval":null}"#;
        assert_eq!(serde_json::from_str::<Summary>(old).unwrap().mean_return_last_100, Some(2.0));
    }
}
