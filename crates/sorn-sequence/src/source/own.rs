//! Sources of symbols of one's own.

use std::fmt::Debug;
use std::path::Path;

use rand_xoshiro::rand_core::Rng as _;
use sorn_agents::own::{Entry, Part, Registry};
use sorn_core::rng;
use sorn_env::seeding::Generator;

use super::{Item, SourceConfig};

/// A source of symbols: one after the other.
///
/// Built-in sources are of this trait, and one's own are registered under a kind, which `task.source.kind` of an experiment file then
/// names. A source is not saved: a resumed run makes it anew from its keys and seed, and takes as many items as were taken before. All
/// its random numbers come from [`SourceSetup::generator`].
///
/// ```
/// use serde::Deserialize;
/// use sorn_env::seeding::Generator;
/// use sorn_sequence::{Item, OwnConfig, Source, SourceConfig, SourceEntry, Symbols};
///
/// /// A walk on a ring: each symbol is a neighbour of the last one.
/// #[derive(Debug)]
/// struct Ring {
///     places: u32,
///     at: u32,
///     random: Generator,
/// }
///
/// impl Symbols for Ring {
///     fn names(&self) -> Vec<String> {
///         (0..self.places).map(|place| place.to_string()).collect()
///     }
///
///     fn next(&mut self) -> Result<Item, String> {
///         let step = if self.random.random() < 0.5 { 1 } else { self.places - 1 };
///         self.at = (self.at + step) % self.places;
///         Ok(Item::from(self.at))
///     }
///
///     fn ceiling(&self) -> Option<f64> {
///         Some(0.5)
///     }
/// }
///
/// /// The keys beside `kind = "ring"`.
/// #[derive(Deserialize)]
/// struct Keys {
///     places: u32,
/// }
///
/// SourceEntry::new("ring", "A walk on a ring.", |Keys { places }, setup| match places {
///     3..=100 => Ok(Box::new(Ring { places, at: 0, random: setup.generator() })),
///     other => Err(format!("places: expected 3 to 100, found {other}")),
/// })
/// .register()?;
///
/// let config = SourceConfig::Own(OwnConfig::new("ring").with("places", 5));
/// let mut source = Source::new(&config, None, 7)?;
/// assert_eq!((source.inputs(), source.symbols()[4].as_str()), (5, "4"));
/// let before = source.item().symbol;
/// source.advance()?;
/// assert!([1, 4].contains(&((source.item().symbol + 5 - before) % 5)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Symbols: Debug + Send {
    /// Names of the symbols, each once. Each is one input of the network; `_` is a pause, a step without input.
    fn names(&self) -> Vec<String>;

    /// The next item.
    ///
    /// # Errors
    /// What failed, if it calls something that can fail.
    fn next(&mut self) -> Result<Item, String>;

    /// Number of positions that items may have in their word: the length of the longest word.
    fn places(&self) -> usize {
        self.words().iter().map(Vec::len).max().unwrap_or(1)
    }

    /// The share of next symbols that a reader gets who knows which word it is in, and all probabilities; none if it is unknown.
    fn ceiling(&self) -> Option<f64> {
        None
    }

    /// The words that follow one another, if there is a list of them.
    fn words(&self) -> &[Vec<u32>] {
        &[]
    }

    /// The word that the last item is of: an index of [`words`](Self::words).
    fn word(&self) -> Option<usize> {
        None
    }

    /// The file that it reads: a run does not go on with other data than it was begun with.
    fn data(&self) -> Option<&Path> {
        None
    }

    /// Scores of symbols that a readout generated as if it were this source: names and numbers. They stand beside `known_triples` and `distinct_triples`.
    fn judge(&self, _generated: &[u32]) -> Vec<(String, f64)> {
        Vec::new()
    }
}

/// A source of symbols of one's own for the registry.
pub type SourceEntry = Entry<dyn Symbols>;

/// What a source is made with, beside its keys.
#[derive(Clone, Copy, Debug)]
pub struct SourceSetup {
    /// The run's seed.
    pub seed: u64,
}

impl SourceSetup {
    /// Random numbers of its own, from the run's seed.
    pub fn generator(&self) -> Generator {
        Generator::new(rng::stream(self.seed, "source").next_u64())
    }
}

impl Part for dyn Symbols {
    type Setup<'a> = SourceSetup;
    const KEY: &'static str = "task.source";

    fn is_built_in(kind: &str) -> bool {
        SourceConfig::is_built_in(kind)
    }

    fn registry() -> &'static Registry<Self> {
        static REGISTRY: Registry<dyn Symbols> = Registry::new();
        &REGISTRY
    }
}
