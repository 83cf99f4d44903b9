//! Gaussian tuning curves.

use serde::{Deserialize, Serialize};

use super::cells::{Cells, Tuning};
use super::{Encode, Kind, slots};
use crate::AgentError;
use crate::own::EncoderSetup;

/// Configuration of [`EncoderConfig::GaussianPopulation`](super::EncoderConfig::GaussianPopulation).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct GaussianPopulationConfig {
    /// Cells per number, 1 or more.
    pub cells: usize,
    /// Standard deviation of a tuning curve in distances between two centres, positive.
    pub width: f64,
    /// Factor on the whole.
    pub gain: f64,
    /// `[low, high]` per number of a Box; empty means the space's bounds, and where those are infinite the smallest
    /// and largest number seen so far while training.
    pub bounds: Vec<[f64; 2]>,
}

impl Default for GaussianPopulationConfig {
    fn default() -> Self {
        GaussianPopulationConfig { cells: 10, width: 1.0, gain: 1.0, bounds: Vec::new() }
    }
}

impl Kind for GaussianPopulationConfig {
    fn make(&self, setup: EncoderSetup<'_>) -> Result<Box<dyn Encode>, AgentError> {
        let tuning = Tuning::Gaussian { width: self.width };
        Ok(Box::new(Cells::new(tuning, self.cells, self.gain, &self.bounds, slots(setup.space))?))
    }

    fn inputs(&self, numbers: usize) -> Option<usize> {
        Some(numbers.saturating_mul(self.cells))
    }
}
