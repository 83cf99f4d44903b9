//! Sources of symbols: one item per step, from a seed. One source per file.

mod chain;
mod conformance;
mod grammar;
mod own;
mod random;
mod repeated;
mod text;
mod words;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sorn_agents::OwnConfig;
use sorn_agents::own::{Entry, Part, PartError};

use crate::TaskError;
use chain::Chain;
pub use conformance::check_source;
pub use grammar::{GrammarConfig, GrammarName};
pub use own::{SourceEntry, SourceSetup, Symbols};
pub use random::RandomConfig;
pub use repeated::RepeatedConfig;
pub use text::TextConfig;
pub use words::WordsConfig;

/// Makes of a line per source everything that is known of it: its sentence, its kind in files, and its configuration.
macro_rules! sources {
    ($($(#[$about:meta])* $kind:literal $name:ident($config:ty),)*) => {
        /// Where the symbols come from. Each symbol is one input of the network.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        // The derived functions know the built-in ones alone; they are called by those of `with_own`.
        #[serde(tag = "kind", deny_unknown_fields, remote = "Self")]
        #[non_exhaustive]
        pub enum SourceConfig {
            $($(#[$about])* #[serde(rename = $kind)] $name($config),)*
            /// One's own, by the kind under which it was registered ([`SourceEntry`]).
            #[serde(skip)]
            Own(OwnConfig),
        }

        impl SourceConfig {
            /// The source, and whether it knows what `n` is.
            fn make(&self, n: Option<u32>, setup: SourceSetup) -> Result<(Box<dyn Symbols>, bool), TaskError> {
                match self {
                    $(SourceConfig::$name(config) => Ok((config.make(n, setup)?, <$config>::TAKES_N)),)*
                    SourceConfig::Own(config) => Ok((Entry::make(config, setup)?, false)),
                }
            }

            /// The file that the source reads, if it reads one.
            pub fn data(&self) -> Option<PathBuf> {
                match self {
                    $(SourceConfig::$name(config) => config.data().map(PathBuf::from),)*
                    SourceConfig::Own(config) => {
                        let source: Box<dyn Symbols> = Entry::make(config, SourceSetup { seed: 0 }).ok()?;
                        source.data().map(PathBuf::from)
                    }
                }
            }
        }
    };
}

sources! {
    /// Words one after the other (Lazar, Pipa & Triesch 2009, 10.3389/neuro.10.023.2009).
    "words" Words(WordsConfig),
    /// Independent symbols, all equally likely.
    "random" Random(RandomConfig),
    /// A random sequence, drawn once and repeated for ever.
    "repeated" Repeated(RepeatedConfig),
    /// Sentences of a grammar, letter by letter, joined by blanks (delpapa/SORN_V2, GrammarTask).
    "grammar" Grammar(GrammarConfig),
    /// A text, letter by letter, over and over.
    "text" Text(TextConfig),
}

sorn_agents::with_own!(SourceConfig, dyn Symbols);

/// The keys of a built-in source.
trait Kind {
    /// Whether `task.n` means something to it.
    const TAKES_N: bool = false;

    /// The file that it reads, if it reads one.
    fn data(&self) -> Option<&Path> {
        None
    }

    /// The source; `n` is `task.n`.
    fn make(&self, n: Option<u32>, setup: SourceSetup) -> Result<Box<dyn Symbols>, TaskError>;
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

impl From<u32> for Item {
    /// A symbol that is a word of its own.
    fn from(symbol: u32) -> Item {
        Item { symbol, place: 0, last: true }
    }
}

/// A source at work, one item ahead.
#[derive(Debug)]
pub struct Source {
    symbols: Box<dyn Symbols>,
    names: Vec<String>,
    places: usize,
    item: Item,
}

impl Source {
    /// The source of `config` and `seed`; `n` is what `n` stands for in words.
    ///
    /// # Errors
    /// [`TaskError`] naming the key below `task.source`, what was found and what is allowed.
    pub fn new(config: &SourceConfig, n: Option<u32>, seed: u64) -> Result<Source, TaskError> {
        let (symbols, takes_n) = config.make(n, SourceSetup { seed })?;
        if let Some(n) = n.filter(|_| !takes_n) {
            return Err(TaskError::config("task.n", "none, it belongs to the source \"words\"", n));
        }
        let (names, places) = (symbols.names(), symbols.places());
        if names.is_empty() {
            return Err(wrong("expected names of one symbol or more, found none"));
        }
        let sorted: std::collections::BTreeSet<&String> = names.iter().collect();
        if sorted.len() < names.len() {
            return Err(wrong(format!("expected each name of a symbol once, found {names:?}")));
        }
        if let Some(letter) = symbols.words().iter().flatten().find(|letter| **letter as usize >= names.len())
        {
            return Err(wrong(format!("expected words of symbols below {}, found {letter}", names.len())));
        }
        let mut source = Source { symbols, names, places, item: Item::from(0) };
        source.advance()?;
        Ok(source)
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.names.len()
    }

    /// Names of the symbols.
    pub fn symbols(&self) -> &[String] {
        &self.names
    }

    /// The item that [`advance`](Self::advance) leaves behind.
    pub fn item(&self) -> Item {
        self.item
    }

    /// Which word, sentence or sequence the item is of: an index of [`words`](Self::words). None of a source without a list of words.
    pub fn word(&self) -> Option<usize> {
        self.symbols.word()
    }

    /// The words, sentences or sequences that follow one another, as names of symbols.
    pub fn words(&self) -> Vec<Vec<&str>> {
        let name = |symbol: &u32| self.names[*symbol as usize].as_str();
        self.symbols.words().iter().map(|word| word.iter().map(name).collect()).collect()
    }

    /// Goes on to the next item.
    ///
    /// # Errors
    /// [`TaskError`] of a source of one's own that fails, or gives what is no item of it.
    pub fn advance(&mut self) -> Result<(), TaskError> {
        let item = self.symbols.next().map_err(wrong)?;
        let (names, places) = (self.names.len(), self.places);
        if item.symbol as usize >= names {
            return Err(wrong(format!("expected a symbol below {names}, found {}", item.symbol)));
        }
        if item.place as usize >= places {
            return Err(wrong(format!("expected a place below {places}, found {}", item.place)));
        }
        if let Some(word) = self.symbols.word() {
            let letters = self.symbols.words().get(word);
            if letters.and_then(|letters| letters.get(item.place as usize)) != Some(&item.symbol) {
                let Item { symbol, place, .. } = item;
                return Err(wrong(format!(
                    "expected the symbol at place {place} of word {word}, found {symbol}"
                )));
            }
        }
        self.item = item;
        Ok(())
    }

    /// Number of positions in the longest sequence.
    pub(crate) fn places(&self) -> usize {
        self.places
    }

    /// The share of next symbols that a reader gets who knows which sequence it is in, and all probabilities.
    pub(crate) fn ceiling(&self) -> Option<f64> {
        self.symbols.ceiling()
    }

    /// Scores of what a readout generated in its place.
    pub(crate) fn judge(&self, generated: &[u32]) -> Vec<(String, f64)> {
        self.symbols.judge(generated)
    }
}

/// What a source of one's own does wrong.
fn wrong(reason: impl Into<String>) -> TaskError {
    PartError { key: <dyn Symbols>::KEY.into(), reason: reason.into() }.into()
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
        let config = SourceConfig::Words(WordsConfig { words, ..WordsConfig::default() });
        Source::new(&config, Some(n), 3).unwrap()
    }

    fn text(source: &mut Source, items: usize) -> String {
        (0..items)
            .map(|_| {
                let symbol = source.item().symbol;
                source.advance().unwrap();
                source.symbols()[symbol as usize].clone()
            })
            .collect()
    }

    #[test]
    fn counting_words_follow_at_random() {
        let mut source = counting(3);
        assert_eq!((source.inputs(), source.places()), (6, 5));
        assert!((source.ceiling().unwrap() - 0.9).abs() < 1e-12);
        let text = text(&mut source, 5000);
        let words: Vec<&str> = text.as_bytes().chunks(5).map(|w| std::str::from_utf8(w).unwrap()).collect();
        assert!(words.iter().all(|word| ["ABBBC", "DEEEF"].contains(word)));
        assert_eq!(source.words(), [["A", "B", "B", "B", "C"], ["D", "E", "E", "E", "F"]]);
        assert_eq!(
            source.words()[source.word().unwrap()][0],
            source.symbols()[source.item().symbol as usize]
        );
        let first = words.iter().filter(|word| **word == "ABBBC").count();
        assert!((430..570).contains(&first), "{first}");
    }

    #[test]
    fn transitions_decide_what_follows() {
        let config = SourceConfig::Words(WordsConfig {
            words: vec!["A".into(), "B C".into()],
            probabilities: vec![],
            transitions: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
        });
        let mut source = Source::new(&config, None, 1).unwrap();
        assert_eq!(source.ceiling(), Some(1.0));
        let text = text(&mut source, 300);
        assert!(text.contains("ABCABC") && !text.contains("AA") && !text.contains("CB"));
    }

    #[test]
    fn the_same_seed_gives_the_same_sequence_and_another_seed_another() {
        for config in [
            SourceConfig::Random(RandomConfig { symbols: 5 }),
            SourceConfig::Repeated(RepeatedConfig { symbols: 5, length: 40 }),
            SourceConfig::Grammar(GrammarConfig { grammar: GrammarName::Fdt, held_out: 8 }),
        ] {
            let of = |seed| text(&mut Source::new(&config, None, seed).unwrap(), 200);
            assert_eq!(of(1), of(1));
            assert_ne!(of(1), of(2), "{config:?}");
        }
        let config = SourceConfig::Repeated(RepeatedConfig { symbols: 3, length: 7 });
        let text = text(&mut Source::new(&config, None, 1).unwrap(), 21);
        assert!(text[..7] == text[7..14] && text[..7] == text[14..]);
    }

    #[test]
    fn wrong_sources_are_named() {
        let error = |config: &SourceConfig, n| Source::new(config, n, 0).err().unwrap().to_string();
        let words = |words: &[&str], probabilities: &[f64], transitions: &[Vec<f64>]| {
            SourceConfig::Words(WordsConfig {
                words: words.iter().map(ToString::to_string).collect(),
                probabilities: probabilities.to_vec(),
                transitions: transitions.to_vec(),
            })
        };
        assert!(error(&words(&["A B*n"], &[], &[]), None).starts_with("task.n: expected"));
        assert!(error(&words(&["A B*x"], &[], &[]), None).starts_with("task.source.words[0]: expected"));
        assert!(error(&words(&[], &[], &[]), None).starts_with("task.source.words: expected"));
        assert!(error(&words(&["A"], &[0.5], &[]), None).starts_with("task.source.probabilities: expected"));
        assert!(error(&words(&["A", "B"], &[], &[vec![1.0, 0.0]]), None).contains("task.source.transitions"));
        assert!(
            error(&SourceConfig::Random(RandomConfig { symbols: 1 }), None)
                .starts_with("task.source.symbols: expected")
        );
        assert!(
            error(&SourceConfig::Random(RandomConfig { symbols: 3 }), Some(4))
                .starts_with("task.n: expected none")
        );
        let held = SourceConfig::Grammar(GrammarConfig { grammar: GrammarName::Fdt, held_out: 64 });
        assert!(error(&held, None).starts_with("task.source.held_out: expected"));
        for file in ["gone.txt", ".", "/dev/zero"] {
            let text = error(&SourceConfig::Text(TextConfig { file: file.into() }), None);
            assert!(
                text.starts_with(&format!("task.source.file: expected a text file, found {file} (")),
                "{text}"
            );
        }
    }
}
