//! One random sequence, over and over.

use serde::{Deserialize, Serialize};
use sorn_core::rng::{below, stream};
use sorn_core::room;

use super::random::named;
use super::{Chain, Kind, SourceSetup, Symbols};
use crate::TaskError;

/// Configuration of [`SourceConfig::Repeated`](super::SourceConfig::Repeated).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RepeatedConfig {
    /// Number of symbols, 2 or more.
    pub symbols: u32,
    /// Length of the sequence.
    pub length: u32,
}

/// Longer sequences are surely a slip of the finger.
const LONGEST: u32 = 1_000_000_000;

impl Kind for RepeatedConfig {
    fn make(&self, _: Option<u32>, setup: SourceSetup) -> Result<Box<dyn Symbols>, TaskError> {
        let RepeatedConfig { symbols, length } = *self;
        let names = named(symbols)?;
        if !(1..=LONGEST).contains(&length) {
            return Err(TaskError::config("task.source.length", format!("1 to {LONGEST}"), length));
        }
        let bytes = 4 * u128::from(length);
        if !room::fits(bytes) {
            let found = format!("{length}, which needs {}", room::size(bytes));
            return Err(TaskError::config("task.source.length", "what fits in memory", found));
        }
        let mut rng = stream(setup.seed, "source");
        let sequence = (0..length).map(|_| below(&mut rng, u64::from(symbols)) as u32).collect();
        Ok(Box::new(Chain::new(names, vec![sequence], vec![1.0], rng)))
    }
}
