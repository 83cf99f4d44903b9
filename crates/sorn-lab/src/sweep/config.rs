//! [`SweepConfig`]: the table `[sweep]` of an experiment file.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::{LabError, read};

/// What a sweep tries: configurations, each with several seeds. Every combination of the values of `grid`, of the rows of each table
/// of `together` and of the draws of `random` is a configuration.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SweepConfig {
    /// Seeds of every configuration, e.g. `"0..5"` (the last excluded), `"0..=4"` or `[0, 7]`; `run.seed` if absent. They choose the best
    /// configuration.
    #[serde(default)]
    pub seeds: Option<SeedList>,
    /// Seeds for the claim about the best configuration (`sorn sweep --claim`), none of them among `seeds`.
    #[serde(default)]
    pub fresh_seeds: Option<SeedList>,
    /// The number of a run's `summary.json` that chooses the best configuration by its mean over the seeds, e.g. `eval.mean`,
    /// `episodes_to_solve` or `scores.accuracy`. If absent: `eval.mean` if `eval.episodes` is not 0, else `mean_return_last_100`; of a
    /// sequence task the last score of `report`.
    #[serde(default)]
    pub measure: Option<String>,
    /// Whether the largest or the smallest mean is the best; if absent, the smallest of `episodes_to_solve`, `env_steps_to_solve`,
    /// `wall_secs` and the errors of tasks of series (`scores.nrmse`, `scores.input_reader`), of others the largest.
    #[serde(default)]
    pub goal: Option<Goal>,
    /// What stays of a run that is done.
    #[serde(default)]
    pub keep: Keep,
    /// Dotted keys and the lists of their values, e.g. `agent.learner.lambda = [0.8, 0.9]`; all combinations are tried.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, serde_json::Value>"))]
    pub grid: Table,
    /// Tables of dotted keys whose lists are gone through together, the first values, then the second ones, and so on.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Vec<std::collections::BTreeMap<String, serde_json::Value>>")
    )]
    pub together: Vec<Table>,
    /// Values drawn at random.
    #[serde(default)]
    pub random: Option<RandomConfig>,
}

/// Values drawn at random, the same ones on every machine.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RandomConfig {
    /// Draws, each a configuration.
    pub count: u64,
    /// Seed of the draws. A larger `count` keeps the first draws as they are.
    #[serde(default)]
    pub seed: u64,
    /// Dotted keys and their distributions: `{ uniform = [0.1, 0.9] }`, `{ log_uniform = [1e-4, 1.0] }`, `{ integer = [1, 10] }` (both ends
    /// included) or `{ choice = ["sorn", "static"] }`. Numbers are rounded to six significant digits.
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, serde_json::Value>"))]
    pub keys: Table,
}

/// Which mean is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// The largest.
    Maximize,
    /// The smallest.
    Minimize,
}

/// What stays of a run that is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The whole run directory.
    #[default]
    All,
    /// `config.toml` and `summary.json` alone, for sweeps of very many runs: no metrics, checkpoints and figures. The same run is made
    /// again by its configuration.
    Summary,
}

/// Seeds as text (`"0..5"`) or as a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum SeedList {
    /// `"0..5"`, `"0..=4"` or `"1,5,9"`.
    Text(String),
    /// Numbers.
    List(Vec<i64>),
}

/// More are surely a slip of the finger.
const MOST_SEEDS: u64 = 100_000;

impl SeedList {
    /// The seeds, distinct, in the order given.
    ///
    /// # Errors
    /// What is expected and what was found.
    pub fn seeds(&self) -> Result<Vec<u64>, String> {
        match self {
            SeedList::Text(text) => parse_seeds(text),
            SeedList::List(list) => {
                let seed = |seed: &i64| {
                    u64::try_from(*seed)
                        .map_err(|_| format!("expected non-negative integers, found {seed} in the list"))
                };
                distinct(list.iter().map(seed).collect::<Result<_, _>>()?, "seed")
            }
        }
    }
}

/// Reads seeds: `0..20` (the last excluded), `0..=19`, or `1,5,9`.
///
/// # Errors
/// What is expected and what was found.
pub fn parse_seeds(text: &str) -> Result<Vec<u64>, String> {
    parse_numbers(text, MOST_SEEDS, "seed")
}

/// Reads distinct numbers, at most `most`, each the number of a `noun`: `0..20` (the last excluded), `0..=19`, or `1,5,9`.
///
/// # Errors
/// What is expected and what was found.
pub fn parse_numbers(text: &str, most: u64, noun: &str) -> Result<Vec<u64>, String> {
    let number = |text: &str| {
        let text = text.trim();
        text.parse::<u64>().map_err(|_| format!("expected a non-negative integer, found {text:?}"))
    };
    let numbers: Vec<u64> = match text.split_once("..") {
        Some((from, to)) => {
            let from = number(from)?;
            let to = match to.strip_prefix('=') {
                Some(last) => number(last)?.saturating_add(1),
                None => number(to)?,
            };
            if to.saturating_sub(from) > most {
                return Err(format!("expected at most {most} {noun}s, found {}", to - from));
            }
            (from..to).collect()
        }
        None => text.split(',').map(number).collect::<Result<_, _>>()?,
    };
    if numbers.is_empty() {
        return Err(format!("{text} names no {noun}; 0..20 means 0 to 19"));
    }
    distinct(numbers, noun)
}

fn distinct(numbers: Vec<u64>, noun: &str) -> Result<Vec<u64>, String> {
    if numbers.is_empty() {
        return Err(format!("expected at least one {noun}, found none"));
    }
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("{noun} {} is named twice", pair[0])),
        None => Ok(numbers),
    }
}

/// The table `[sweep]` alone.
#[derive(Deserialize)]
struct Only {
    sweep: SweepConfig,
}

impl SweepConfig {
    /// Reads `[sweep]` of an experiment file's `text`.
    pub(super) fn read(text: &str, origin: &str, overrides: &[String]) -> Result<SweepConfig, LabError> {
        let found = read::part::<Only>(text, origin, overrides, "sweep")?;
        found.map(|only| only.sweep).ok_or_else(|| LabError::Config {
            origin: origin.into(),
            reason: "sweep: expected the table [sweep], which says what is tried, found none".into(),
        })
    }
}

/// The lists of values below dotted keys: `a.b = [...]` is the same as `"a.b" = [...]`.
pub(super) fn lists(table: &Table, at: &str) -> Result<Vec<(String, Vec<Value>)>, String> {
    let mut found = Vec::new();
    walk(table, "", &mut |key, value| match value {
        Value::Array(list) if list.is_empty() => {
            Err(format!("{at}.{key}: expected at least one value, found an empty list"))
        }
        Value::Array(list) => {
            found.push((key.to_string(), list.clone()));
            Ok(true)
        }
        Value::Table(inner) if inner.is_empty() => {
            Err(format!("{at}.{key}: expected a list of values, found an empty table"))
        }
        Value::Table(_) => Ok(false),
        other => Err(format!("{at}.{key}: expected a list of values, found {other}")),
    })?;
    Ok(found)
}

/// Calls `leaf` for every key; where it says false, for the keys of the table below it.
pub(super) fn walk(
    table: &Table,
    parent: &str,
    leaf: &mut dyn FnMut(&str, &Value) -> Result<bool, String>,
) -> Result<(), String> {
    for (name, value) in table {
        let key = if parent.is_empty() { name.clone() } else { format!("{parent}.{name}") };
        if !leaf(&key, value)?
            && let Value::Table(inner) = value
        {
            walk(inner, &key, leaf)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_ranges_or_lists() {
        let parse = parse_seeds;
        assert_eq!(parse("0..3"), Ok(vec![0, 1, 2]));
        assert_eq!(parse("4..=5"), Ok(vec![4, 5]));
        assert_eq!(parse("9, 2"), Ok(vec![9, 2]));
        for wrong in ["", "3..3", "1,1", "a", "-1..3", "0..1000000000"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(SeedList::List(vec![3, 1]).seeds(), Ok(vec![3, 1]));
        assert!(SeedList::List(vec![]).seeds().unwrap_err().contains("at least one"));
        assert!(SeedList::List(vec![-1]).seeds().unwrap_err().contains("found -1"));
    }

    #[test]
    fn dotted_keys_may_be_quoted_or_not() {
        let table: Table = "a.b = [1]\n\"a.c\" = [2]".parse().unwrap();
        let keys: Vec<String> = lists(&table, "sweep.grid").unwrap().into_iter().map(|(k, _)| k).collect();
        assert_eq!(keys, ["a.b", "a.c"]);
        let wrong = |text: &str| lists(&text.parse().unwrap(), "sweep.grid").unwrap_err();
        assert_eq!(wrong("a.b = 3"), "sweep.grid.a.b: expected a list of values, found 3");
        assert!(wrong("a.b = []").contains("at least one value"));
        assert!(wrong("a.b = {}").contains("empty table"));
    }
}
