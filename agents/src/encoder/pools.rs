//! A pool of neurons for each symbol.

use serde::{Deserialize, Serialize};
use sorn_core::InputMap;

use super::cells::{Cells, Tuning};
use super::{Encode, Kind, Slot, slots};
use crate::own::EncoderSetup;
use crate::{AgentError, ReservoirConfig};

/// Configuration of [`EncoderConfig::Pools`](super::EncoderConfig::Pools).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PoolsConfig {
    /// Neurons per pool, 1 or more.
    pub size: usize,
    /// Whether a neuron may be in several pools. If not, `reservoir.params.ne` must hold all of them.
    pub overlap: bool,
    /// The input of a symbol's neurons.
    pub gain: f64,
    /// Pools per number of a Box, 1 or more.
    pub cells: usize,
    /// As for `gaussian_population`.
    pub width: f64,
    /// As for `gaussian_population`.
    pub bounds: Vec<[f64; 2]>,
}

impl Default for PoolsConfig {
    fn default() -> Self {
        PoolsConfig { size: 10, overlap: false, gain: 1.0, cells: 10, width: 1.0, bounds: Vec::new() }
    }
}

impl Kind for PoolsConfig {
    fn make(&self, setup: EncoderSetup<'_>) -> Result<Box<dyn Encode>, AgentError> {
        if self.size == 0 {
            return Err(AgentError::config("encoder.size", self.size, "at least 1"));
        }
        let tuning = Tuning::Gaussian { width: self.width };
        Ok(Box::new(Cells::new(tuning, self.cells, self.gain, &self.bounds, slots(setup.space))?))
    }

    fn inputs(&self, numbers: usize) -> Option<usize> {
        Some(numbers.saturating_mul(self.cells))
    }

    fn fit(&self, reservoir: &mut ReservoirConfig, slots: &[Slot]) {
        let inputs = |slot: &Slot| if *slot == Slot::Bit { 1 } else { self.cells };
        reservoir.params.nu = slots.iter().map(inputs).sum();
        reservoir.params.input = InputMap::Pools { size: self.size, overlap: self.overlap };
    }

    fn is_for_symbols(&self) -> bool {
        true
    }
}
