//! Words one after the other.

use super::Units;
use crate::TaskError;

/// Longer words are surely a slip of the finger.
const LONGEST: usize = 1_000_000;

pub(super) fn new(
    words: &[String],
    n: Option<u32>,
    probabilities: &[f64],
    transitions: &[Vec<f64>],
) -> Result<(Vec<String>, Units), TaskError> {
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
                    None => return Err(TaskError::config("task.n", "a number, for a word with *n", "none")),
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
    Ok((symbols, Units { sequences, first, next: transitions.to_vec() }))
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
