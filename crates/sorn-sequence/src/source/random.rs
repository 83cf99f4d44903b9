//! Independent symbols.

use serde::{Deserialize, Serialize};
use sorn_core::rng::stream;

use super::{Chain, Kind, SourceSetup, Symbols};
use crate::TaskError;

/// Configuration of [`SourceConfig::Random`](super::SourceConfig::Random).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RandomConfig {
    /// Number of symbols, 2 or more.
    pub symbols: u32,
}

impl Kind for RandomConfig {
    fn make(&self, _: Option<u32>, setup: SourceSetup) -> Result<Box<dyn Symbols>, TaskError> {
        let names = named(self.symbols)?;
        // Every symbol is a word of its own.
        let words = (0..self.symbols).map(|symbol| vec![symbol]).collect();
        let first = vec![1.0 / f64::from(self.symbols); self.symbols as usize];
        Ok(Box::new(Chain::new(names, words, first, stream(setup.seed, "source"))))
    }
}

/// Numbers as the names of symbols.
pub(super) fn named(symbols: u32) -> Result<Vec<String>, TaskError> {
    match (2..=1_000_000).contains(&symbols) {
        true => Ok((0..symbols).map(|symbol| symbol.to_string()).collect()),
        false => Err(TaskError::config("task.source.symbols", "2 to 1000000", symbols)),
    }
}
