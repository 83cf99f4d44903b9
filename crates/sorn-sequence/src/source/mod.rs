//! Sources of symbols: one item per step, from a seed.

mod grammar;
mod random;
mod text;
mod words;

use serde::{Deserialize, Serialize};
use sorn_core::rng::{Xoshiro256PlusPlus, below, stream, uniform};

use crate::TaskError;
pub(crate) use grammar::Grammar;
pub use grammar::GrammarName;

/// Where the symbols come from. Each symbol is one input of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum SourceConfig {
    /// Words one after the other (Lazar, Pipa & Triesch 2009, 10.3389/neuro.10.023.2009).
    Words {
        /// Symbols separated by blanks; `B*8` is B eight times, `B*n` as often as `task.n` says.
        words: Vec<String>,
        /// Probability of each word; equal where empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        probabilities: Vec<f64>,
        /// Probability of each word after each word, a row per word; `probabilities` after every word where empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        transitions: Vec<Vec<f64>>,
    },
    /// Independent symbols, all equally likely.
    Random {
        /// Number of symbols, 2 or more.
        symbols: u32,
    },
    /// A random sequence, drawn once and repeated for ever.
    Repeated {
        /// Number of symbols, 2 or more.
        symbols: u32,
        /// Length of the sequence.
        length: u32,
    },
    /// Sentences of a grammar, letter by letter, joined by blanks (delpapa/SORN_V2, GrammarTask).
    Grammar {
        /// Which grammar.
        grammar: GrammarName,
        /// Sentences that are left out of the input.
        #[serde(default)]
        held_out: u32,
    },
    /// A text, letter by letter, over and over.
    Text {
        /// The file. Letters become lower case, and white space one blank.
        file: std::path::PathBuf,
    },
}

/// One step of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Which symbol.
    pub symbol: u32,
    /// Its position in its word, sentence or sequence.
    pub place: u32,
    /// Whether it is the last there.
    pub last: bool,
}

/// A source at work, one item ahead.
pub struct Source {
    symbols: Vec<String>,
    units: Units,
    /// The unit that goes on, and the position in it.
    unit: usize,
    at: usize,
    rng: Xoshiro256PlusPlus,
}

/// Sequences that follow one another.
pub(crate) struct Units {
    /// Symbols of each.
    pub(crate) sequences: Vec<Vec<u32>>,
    /// Probability of each as the first.
    pub(crate) first: Vec<f64>,
    /// Probability of each after each; those of the first where empty.
    pub(crate) next: Vec<Vec<f64>>,
}

impl Source {
    /// The source of `config` and `seed`; `n` is what `n` stands for in words.
    ///
    /// # Errors
    /// [`TaskError::Config`] naming the key below `task.source`, what was found and what is allowed.
    pub fn new(config: &SourceConfig, n: Option<u32>, seed: u64) -> Result<Source, TaskError> {
        if n.is_some() && !matches!(config, SourceConfig::Words { .. }) {
            return Err(TaskError::config(
                "task.n",
                "none, it belongs to the source \"words\"",
                n.unwrap_or(0),
            ));
        }
        let rng = &mut stream(seed, "source");
        let (symbols, units) = match config {
            SourceConfig::Words { words, probabilities, transitions } => {
                words::new(words, n, probabilities, transitions)?
            }
            SourceConfig::Random { symbols } => random::independent(*symbols)?,
            SourceConfig::Repeated { symbols, length } => random::repeated(*symbols, *length, rng)?,
            SourceConfig::Grammar { grammar, held_out } => grammar::new(*grammar, *held_out)?,
            SourceConfig::Text { file } => text::new(file)?,
        };
        let mut source = Source { symbols, units, unit: 0, at: 0, rng: rng.clone() };
        source.unit = draw(&source.units.first, &mut source.rng);
        Ok(source)
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.symbols.len()
    }

    /// Names of the symbols.
    pub fn symbols(&self) -> &[String] {
        &self.symbols
    }

    /// The item that [`advance`](Self::advance) leaves behind.
    pub fn item(&self) -> Item {
        let sequence = &self.units.sequences[self.unit];
        Item { symbol: sequence[self.at], place: self.at as u32, last: self.at + 1 == sequence.len() }
    }

    /// Which word, sentence or sequence the item is of: an index of [`words`](Self::words).
    pub fn word(&self) -> usize {
        self.unit
    }

    /// The words, sentences or sequences that follow one another, as names of symbols.
    pub fn words(&self) -> Vec<Vec<&str>> {
        let name = |symbol: &u32| self.symbols[*symbol as usize].as_str();
        self.units.sequences.iter().map(|sequence| sequence.iter().map(name).collect()).collect()
    }

    /// Goes on to the next item.
    pub fn advance(&mut self) {
        self.at += 1;
        if self.at == self.units.sequences[self.unit].len() {
            let next = self.units.next.get(self.unit).unwrap_or(&self.units.first);
            self.unit = draw(next, &mut self.rng);
            self.at = 0;
        }
    }

    /// Number of positions in the longest sequence.
    pub(crate) fn places(&self) -> usize {
        self.units.sequences.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// The share of next symbols that a reader gets who knows which sequence it is in, and all probabilities.
    pub(crate) fn ceiling(&self) -> f64 {
        let Units { sequences, first, next } = &self.units;
        // How often each sequence stands, from any beginning: the mean over many.
        let mut share = first.clone();
        let mut mean = vec![0.0; share.len()];
        const ROUNDS: usize = 10_000;
        for _ in 0..if next.is_empty() { 1 } else { ROUNDS } {
            mean.iter_mut().zip(&share).for_each(|(mean, share)| *mean += share);
            let mut after = vec![0.0; share.len()];
            for (unit, p) in share.iter().enumerate() {
                let row = next.get(unit).unwrap_or(first);
                after.iter_mut().zip(row).for_each(|(after, q)| *after += p * q);
            }
            share = after;
        }
        let (mut right, mut all) = (0.0, 0.0);
        for (unit, sequence) in sequences.iter().enumerate() {
            let mut by_symbol = vec![0.0; self.symbols.len()];
            for (other, p) in next.get(unit).unwrap_or(first).iter().enumerate() {
                by_symbol[sequences[other][0] as usize] += p;
            }
            let likeliest = by_symbol.into_iter().fold(0.0, f64::max);
            right += mean[unit] * (sequence.len() as f64 - 1.0 + likeliest);
            all += mean[unit] * sequence.len() as f64;
        }
        right / all
    }
}

/// An index with these probabilities.
fn draw(probabilities: &[f64], rng: &mut Xoshiro256PlusPlus) -> usize {
    let n = probabilities.len();
    if probabilities.iter().all(|p| *p == probabilities[0]) {
        return below(rng, n as u64) as usize;
    }
    let mut left = uniform(rng) * probabilities.iter().sum::<f64>();
    for (index, p) in probabilities.iter().enumerate() {
        left -= p;
        if left < 0.0 {
            return index;
        }
    }
    // Rounding: the last that can be.
    probabilities.iter().rposition(|p| *p > 0.0).unwrap_or(n - 1)
}

/// Letters as names of symbols, in the order in which they are given, and each sequence in them.
fn letters<'a>(sequences: impl Iterator<Item = &'a str>) -> (Vec<String>, Vec<Vec<u32>>) {
    let mut symbols: Vec<String> = Vec::new();
    let coded = sequences
        .map(|text| {
            let code = |letter: char| {
                let name = letter.to_string();
                let known = symbols.iter().position(|symbol| *symbol == name);
                known.unwrap_or_else(|| {
                    symbols.push(name);
                    symbols.len() - 1
                }) as u32
            };
            text.chars().map(code).collect()
        })
        .collect();
    (symbols, coded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(n: u32) -> Source {
        let words = vec!["A B*n C".to_string(), "D E*n F".to_string()];
        let config = SourceConfig::Words { words, probabilities: vec![], transitions: vec![] };
        Source::new(&config, Some(n), 3).unwrap()
    }

    fn text(source: &mut Source, items: usize) -> String {
        (0..items)
            .map(|_| {
                let symbol = source.item().symbol;
                source.advance();
                source.symbols()[symbol as usize].clone()
            })
            .collect()
    }

    #[test]
    fn counting_words_follow_at_random() {
        let mut source = counting(3);
        assert_eq!((source.inputs(), source.places()), (6, 5));
        assert!((source.ceiling() - 0.9).abs() < 1e-12);
        let text = text(&mut source, 5000);
        let words: Vec<&str> = text.as_bytes().chunks(5).map(|w| std::str::from_utf8(w).unwrap()).collect();
        assert!(words.iter().all(|word| ["ABBBC", "DEEEF"].contains(word)));
        assert_eq!(source.words(), [["A", "B", "B", "B", "C"], ["D", "E", "E", "E", "F"]]);
        assert_eq!(source.words()[source.word()][0], source.symbols()[source.item().symbol as usize]);
        let first = words.iter().filter(|word| **word == "ABBBC").count();
        assert!((430..570).contains(&first), "{first}");
    }

    #[test]
    fn transitions_decide_what_follows() {
        let config = SourceConfig::Words {
            words: vec!["A".into(), "B C".into()],
            probabilities: vec![],
            transitions: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
        };
        let mut source = Source::new(&config, None, 1).unwrap();
        assert_eq!(source.ceiling(), 1.0);
        let text = text(&mut source, 300);
        assert!(text.contains("ABCABC") && !text.contains("AA") && !text.contains("CB"));
    }

    #[test]
    fn the_same_seed_gives_the_same_sequence_and_another_seed_another() {
        for config in [
            SourceConfig::Random { symbols: 5 },
            SourceConfig::Repeated { symbols: 5, length: 40 },
            SourceConfig::Grammar { grammar: GrammarName::Fdt, held_out: 8 },
        ] {
            let of = |seed| text(&mut Source::new(&config, None, seed).unwrap(), 200);
            assert_eq!(of(1), of(1));
            assert_ne!(of(1), of(2), "{config:?}");
        }
        let config = SourceConfig::Repeated { symbols: 3, length: 7 };
        let text = text(&mut Source::new(&config, None, 1).unwrap(), 21);
        assert!(text[..7] == text[7..14] && text[..7] == text[14..]);
    }

    #[test]
    fn wrong_sources_are_named() {
        let error = |config: &SourceConfig, n| Source::new(config, n, 0).err().unwrap().to_string();
        let words = |words: &[&str], probabilities: &[f64], transitions: &[Vec<f64>]| SourceConfig::Words {
            words: words.iter().map(ToString::to_string).collect(),
            probabilities: probabilities.to_vec(),
            transitions: transitions.to_vec(),
        };
        assert!(error(&words(&["A B*n"], &[], &[]), None).starts_with("task.n: expected"));
        assert!(error(&words(&["A B*x"], &[], &[]), None).starts_with("task.source.words[0]: expected"));
        assert!(error(&words(&[], &[], &[]), None).starts_with("task.source.words: expected"));
        assert!(error(&words(&["A"], &[0.5], &[]), None).starts_with("task.source.probabilities: expected"));
        assert!(error(&words(&["A", "B"], &[], &[vec![1.0, 0.0]]), None).contains("task.source.transitions"));
        assert!(
            error(&SourceConfig::Random { symbols: 1 }, None).starts_with("task.source.symbols: expected")
        );
        assert!(error(&SourceConfig::Random { symbols: 3 }, Some(4)).starts_with("task.n: expected none"));
        let held = SourceConfig::Grammar { grammar: GrammarName::Fdt, held_out: 64 };
        assert!(error(&held, None).starts_with("task.source.held_out: expected"));
        for file in ["gone.txt", ".", "/dev/zero"] {
            let text = error(&SourceConfig::Text { file: file.into() }, None);
            assert!(
                text.starts_with(&format!("task.source.file: expected a text file, found {file} (")),
                "{text}"
            );
        }
    }
}
