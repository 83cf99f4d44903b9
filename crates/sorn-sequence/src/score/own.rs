//! Scores of one's own.

use std::fmt::Debug;

use rand_xoshiro::rand_core::Rng as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sorn_agents::OwnConfig;
use sorn_agents::own::conformance::{Report, SEED};
use sorn_agents::own::{self, Entry, Part, PartError, Registry};
use sorn_core::rng;
use sorn_env::seeding::Generator;

use super::Scores;
use crate::TaskError;

/// A score of one's own: names and numbers for the answers of a readout in a phase of role `score`.
///
/// It is registered under a kind, which an element of `task.scores` of an experiment file then names. Its scores stand beside the
/// built-in ones, under names that are none of theirs.
///
/// ```
/// use serde::Deserialize;
/// use sorn_sequence::{Decoded, OwnConfig, Score, ScoreEntry};
///
/// /// The share right of one symbol alone.
/// #[derive(Debug, Deserialize)]
/// struct Recall {
///     of: String,
/// }
///
/// impl Score for Recall {
///     fn score(&mut self, decoded: &Decoded<'_>) -> Result<Vec<(String, f64)>, String> {
///         let Decoded::Labels { names, asked, read } = decoded else {
///             return Err("expected a sequence task, found a task of series".into());
///         };
///         let Some(label) = names.iter().position(|name| *name == self.of) else {
///             return Err(format!("of: expected a symbol of the source, found {:?}", self.of));
///         };
///         let asked_for = || asked[0].iter().zip(&read[0]).filter(|(asked, _)| **asked as usize == label);
///         let right = asked_for().filter(|(asked, read)| asked == read).count();
///         Ok(vec![(format!("recall_{}", self.of), right as f64 / asked_for().count().max(1) as f64)])
///     }
/// }
///
/// ScoreEntry::new("recall_of", "The share right of one symbol.", |recall: Recall, _setup| Ok(Box::new(recall)))
///     .register()?;
///
/// let score = OwnConfig::new("recall_of").with("of", "C");
/// # let _ = score;
/// # Ok::<(), sorn_agents::RegisterError>(())
/// ```
pub trait Score: Debug + Send {
    /// Names and numbers.
    ///
    /// # Errors
    /// Why there are none. The run goes on, and its `summary.json` says so in `problems`.
    fn score(&mut self, decoded: &Decoded<'_>) -> Result<Vec<(String, f64)>, String>;
}

/// What a readout was asked in the steps of a phase, and what it answered.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Decoded<'a> {
    /// Of a sequence task: one question for each of `task.lags`, or a single one.
    Labels {
        /// What labels stand for: the symbols, or the places in a word for `task.target = "position"`.
        names: &'a [String],
        /// The right label of each step, by question.
        asked: &'a [Vec<u32>],
        /// The label that the readout gave, by question.
        read: &'a [Vec<u32>],
    },
    /// Of a task of series: as many numbers a step as there are targets.
    Numbers {
        /// Names of the targets.
        names: &'a [String],
        /// The targets, step after step.
        asked: &'a [f64],
        /// What the readout gave, step after step.
        read: &'a [f64],
    },
}

/// A score of one's own for the registry.
pub type ScoreEntry = Entry<dyn Score>;

/// What a score is made with, beside its keys.
#[derive(Clone, Copy, Debug)]
pub struct ScoreSetup {
    /// The run's seed.
    pub seed: u64,
    /// Its place in `task.scores`, from 0.
    pub index: usize,
}

impl ScoreSetup {
    /// Random numbers of its own, from the run's seed.
    pub fn generator(&self) -> Generator {
        Generator::new(rng::stream(self.seed, &format!("score {}", self.index)).next_u64())
    }
}

impl Part for dyn Score {
    type Setup<'a> = ScoreSetup;
    const KEY: &'static str = "task.scores";

    fn is_built_in(_: &str) -> bool {
        false
    }

    fn registry() -> &'static Registry<Self> {
        static REGISTRY: Registry<dyn Score> = Registry::new();
        &REGISTRY
    }
}

/// An element of `task.scores`: the kind of a registered score, and its keys.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreConfig(pub OwnConfig);

impl<'de> Deserialize<'de> for ScoreConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let unknown = |_| {
            let known: Vec<String> =
                ScoreEntry::all().iter().map(|entry| format!("`{}`", entry.kind())).collect();
            Err(serde::de::Error::custom(match known.is_empty() {
                true => "expected a registered score of your own, and none is registered; the built-in ones are always taken".to_string(),
                false => format!("expected a registered score of your own as kind (one of {})", known.join(", ")),
            }))
        };
        own::read::<D, dyn Score, Result<OwnConfig, _>>(deserializer, |table| Ok(unknown(table)), Ok)?
            .map(ScoreConfig)
    }
}

impl Serialize for ScoreConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        own::write(&self.0, serializer)
    }
}

impl ScoreConfig {
    fn make(&self, setup: ScoreSetup) -> Result<Box<dyn Score>, PartError> {
        Entry::make(&self.0, setup)
            .map_err(|error| PartError { key: own_key(setup.index, &error.key), ..error })
    }

    /// Checks kinds and keys of `scores`.
    ///
    /// # Errors
    /// [`TaskError::Part`] naming the key.
    pub fn check(scores: &[ScoreConfig]) -> Result<(), TaskError> {
        for (index, score) in scores.iter().enumerate() {
            score.make(ScoreSetup { seed: 0, index })?;
        }
        Ok(())
    }

    /// Checks each of `scores` with [`check_score`]: the key of each, and what was found.
    pub fn check_all(scores: &[ScoreConfig], decoded: &Decoded<'_>, seed: u64) -> Vec<(String, Report)> {
        let report = |(index, score): (usize, &ScoreConfig)| {
            (format!("task.scores[{index}].kind = {:?}", score.0.kind), check_score(score, decoded, seed))
        };
        scores.iter().enumerate().map(report).collect()
    }

    /// Takes `scores` of `decoded` into `all`; gives what could not be taken, and why.
    ///
    /// # Errors
    /// [`TaskError::Part`] if a score cannot be made.
    pub fn take(
        scores: &[ScoreConfig],
        seed: u64,
        decoded: &Decoded<'_>,
        all: &mut Scores,
    ) -> Result<Vec<String>, TaskError> {
        let mut problems = Vec::new();
        for (index, score) in scores.iter().enumerate() {
            let mut problem = |reason: String| problems.push(format!("task.scores[{index}]: {reason}"));
            match score.make(ScoreSetup { seed, index })?.score(decoded) {
                Err(reason) => problem(reason),
                Ok(named) => {
                    for (name, value) in named {
                        if all.0.contains_key(&name) {
                            problem(format!("expected a name that no other score has, found {name:?}"));
                        } else if !value.is_finite() {
                            problem(format!("{name}: expected a finite number, found {value}"));
                        } else {
                            all.put(name, value);
                        }
                    }
                }
            }
        }
        Ok(problems)
    }
}

/// The key of an element of `task.scores`.
fn own_key(index: usize, key: &str) -> String {
    format!("task.scores[{index}]{}", key.strip_prefix(<dyn Score>::KEY).unwrap_or(key))
}

/// Checks a score: what its author runs in their own tests, and `sorn check FILE.toml` on a file's.
///
/// The same answers have to give the same names and numbers, which are finite. An error is the score's way to refuse answers, and passes.
pub fn check_score(config: &ScoreConfig, decoded: &Decoded<'_>, seed: u64) -> Report {
    let take = || config.make(ScoreSetup { seed, index: 0 }).map(|mut score| score.score(decoded));
    let (one, other) = match (take(), take()) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(error), _) | (_, Err(error)) => return Report::failed(error),
    };
    let bits = |named: &Result<Vec<(String, f64)>, String>| {
        let named = named.as_ref().ok()?;
        Some(named.iter().map(|(name, value)| (name.clone(), value.to_bits())).collect::<Vec<_>>())
    };
    let mut report = Report::default();
    report.expect(bits(&one) == bits(&other), SEED);
    for (name, value) in one.iter().flatten() {
        report.expect(value.is_finite(), &format!("{name}: expected a finite number, found {value}"));
    }
    report
}
