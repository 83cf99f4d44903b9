//! The budget of a run: episodes, environment steps, or both, whichever is reached first.

use serde::{Deserialize, Deserializer};

use crate::{Experiment, LabError, RunConfig, Summary, read};

/// Episodes of a run whose file names no budget.
pub(crate) const USUAL_EPISODES: u64 = 1000;

/// The keys that decide nothing but when a run ends.
const KEYS: [&str; 3] = ["run.episodes", "run.steps", "run.stop_when_solved"];

impl RunConfig {
    /// Before the file names a budget.
    pub(crate) fn without_budget() -> RunConfig {
        RunConfig { episodes: None, ..RunConfig::default() }
    }

    /// Episodes at most; `u64::MAX` if steps alone are limited.
    pub fn most_episodes(&self) -> u64 {
        let unlimited = if self.steps.is_some() { u64::MAX } else { USUAL_EPISODES };
        self.episodes.unwrap_or(unlimited)
    }

    /// Environment steps at most; `u64::MAX` if episodes alone are limited.
    pub fn most_steps(&self) -> u64 {
        self.steps.unwrap_or(u64::MAX)
    }

    /// Whether a run that came to `summary` has nothing left to train.
    pub(crate) fn is_over(&self, summary: &Summary) -> bool {
        summary.episodes >= self.most_episodes()
            || summary.env_steps >= self.most_steps()
            || (self.stop_when_solved && summary.solved)
    }

    /// This configuration with the budget of `other`.
    pub(crate) fn with_budget_of(&self, other: &RunConfig) -> RunConfig {
        let RunConfig { episodes, steps, stop_when_solved, .. } = *other;
        RunConfig { episodes, steps, stop_when_solved, ..self.clone() }
    }
}

impl Experiment {
    /// This experiment with another budget: `overrides` are `key=value`, of `run.episodes`, `run.steps` and
    /// `run.stop_when_solved` alone.
    ///
    /// # Errors
    /// [`LabError`] naming the override, what was found and what is allowed.
    pub fn with_budget(&self, overrides: &[String]) -> Result<Experiment, LabError> {
        for text in overrides {
            let key = text.split_once('=').map_or(text.as_str(), |(key, _)| key).trim();
            if !KEYS.contains(&key) {
                let reason = format!(
                    "{key}: expected {} or {}, the keys that may change once a run has begun",
                    KEYS[..2].join(", "),
                    KEYS[2]
                );
                return Err(LabError::Config { origin: format!("--set {text}"), reason });
            }
        }
        let text = self.to_toml();
        let experiment = read::experiment(&text, &self.name, overrides)?;
        let checked = experiment.validate(&self.name);
        checked.map(|()| experiment).map_err(|e| read::placed(e, &text, &self.name, overrides))
    }

    /// Refuses to take a budget from a run that has done `episodes` and `steps` if that is less than it has done.
    pub(crate) fn allow_budget(
        &self,
        new: &RunConfig,
        (episodes, steps): (u64, u64),
    ) -> Result<(), LabError> {
        let refuse = |key: &str, done: String, found: String| {
            let reason = format!("{key}: expected {done}, found {found}");
            Err(LabError::Config { origin: format!("{}, seed {}", self.name, self.run.seed), reason })
        };
        if new.most_episodes() < episodes {
            let done = format!("at least {episodes}, the episodes that are done");
            return refuse("run.episodes", done, new.most_episodes().to_string());
        }
        if new.most_steps() < steps {
            let done = format!("at least {steps}, the steps that are done");
            return refuse("run.steps", done, new.most_steps().to_string());
        }
        match new.stop_when_solved && !self.run.stop_when_solved && episodes > 0 {
            true => refuse("run.stop_when_solved", "false, as the run began".into(), "true".into()),
            false => Ok(()),
        }
    }
}

/// Reads the table `[run]`. A file without a budget gets the usual one, so that what is written names it.
pub(crate) fn resolved<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RunConfig, D::Error> {
    let run = RunConfig::deserialize(deserializer)?;
    Ok(match (run.episodes, run.steps) {
        (None, None) => RunConfig { episodes: Some(USUAL_EPISODES), ..run },
        _ => run,
    })
}

#[cfg(test)]
mod tests {
    use crate::read;

    #[test]
    fn either_budget_both_or_the_usual_one() {
        let run = |text: &str| {
            let text = format!("name = \"a\"\n[env]\nid = \"CartPole-v1\"\n{text}");
            read::experiment(&text, "a.toml", &[]).unwrap().run
        };
        for (text, episodes, steps) in [
            ("", Some(1000), None),
            ("[run]\nwindow = 5", Some(1000), None),
            ("[run]\nsteps = 70", None, Some(70)),
            ("[run]\nepisodes = 7", Some(7), None),
            ("[run]\nepisodes = 7\nsteps = 70", Some(7), Some(70)),
        ] {
            assert_eq!((run(text).episodes, run(text).steps), (episodes, steps), "{text}");
        }
        let steps = run("[run]\nsteps = 70");
        assert_eq!((steps.most_episodes(), steps.most_steps()), (u64::MAX, 70));
        let usual = run("");
        assert_eq!((usual.most_episodes(), usual.most_steps()), (1000, u64::MAX));
    }
}
