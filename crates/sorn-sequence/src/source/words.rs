//! Words one after the other.

use serde::{Deserialize, Serialize};
use sorn_core::rng::stream;

use super::{Chain, Kind, SourceSetup, Symbols};
use crate::TaskError;

/// Configuration of [`SourceConfig::Words`](super::SourceConfig::Words).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WordsConfig {
    /// Symbols separated by blanks; `B*8` is B eight times, `B*n` as often as `task.n` says.
    pub words: Vec<String>,
    /// Probability of each word; equal where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probabilities: Vec<f64>,
    /// Probability of each word after each word, a row per word; `probabilities` after every word where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Vec<f64>>,
}

/// Longer words are surely a slip of the finger.
const LONGEST: usize = 1_000_000;

impl Kind for WordsConfig {
    const TAKES_N: bool = true;

    fn make(&self, n: Option<u32>, setup: SourceSetup) -> Result<Box<dyn Symbols>, TaskError> {
        let WordsConfig { words, probabilities, transitions } = self;
        if words.is_empty() {
            return Err(TaskError::config("task.source.words", "at least one word", "none"));
        }
        let mut symbols: Vec<String> = Vec::new();
        let mut sequences = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let mut sequence = Vec::new();
            for part in word.split_whitespace() {
                let (name, times) = match part.split_once('*') {
                    None => (part, 1),
                    Some((name, "n")) => match n {
                        Some(n) => (name, n as usize),
                        None => {
                            return Err(TaskError::config("task.n", "a number, for a word with *n", "none"));
                        }
                    },
                    Some((name, times)) => (name, times.parse().unwrap_or(0)),
                };
                if name.is_empty() || times == 0 || sequence.len() + times > LONGEST {
                    let key = format!("task.source.words[{index}]");
                    let expected = "symbols, each once or *n or *NUMBER times, separated by blanks";
                    return Err(TaskError::config(key, expected, format!("{part:?}")));
                }
                let known = symbols.iter().position(|symbol| symbol == name);
                let symbol = known.unwrap_or_else(|| {
                    symbols.push(name.to_string());
                    symbols.len() - 1
                });
                sequence.extend(std::iter::repeat_n(symbol as u32, times));
            }
            if sequence.is_empty() {
                return Err(TaskError::config(
                    format!("task.source.words[{index}]"),
                    "at least one symbol",
                    "none",
                ));
            }
            sequences.push(sequence);
        }
        let count = words.len();
        let equal = vec![1.0 / count as f64; count];
        let first = if probabilities.is_empty() { equal } else { probabilities.to_vec() };
        distribution("task.source.probabilities", &first, count)?;
        if !transitions.is_empty() {
            if transitions.len() != count {
                let expected = format!("one row per word ({count})");
                return Err(TaskError::config("task.source.transitions", expected, transitions.len()));
            }
            for (index, row) in transitions.iter().enumerate() {
                distribution(&format!("task.source.transitions[{index}]"), row, count)?;
            }
        }
        let chain = Chain::new(symbols, sequences, first, stream(setup.seed, "source"));
        Ok(Box::new(chain.with_transitions(transitions.to_vec())))
    }
}

fn distribution(key: &str, values: &[f64], count: usize) -> Result<(), TaskError> {
    let sum: f64 = values.iter().sum();
    let sound = values.len() == count && values.iter().all(|p| *p >= 0.0) && (sum - 1.0).abs() < 1e-9;
    match sound {
        true => Ok(()),
        false => {
            let expected = format!("{count} probabilities that add up to 1");
            Err(TaskError::config(key, expected, format!("{values:?}")))
        }
    }
}
