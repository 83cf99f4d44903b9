//! Codes that fill up as a thermometer does.

use serde::{Deserialize, Serialize};

use super::cells::{Cells, Tuning};
use super::{Encode, Kind, slots};
use crate::AgentError;
use crate::own::EncoderSetup;

/// Configuration of [`EncoderConfig::Thermometer`](super::EncoderConfig::Thermometer).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ThermometerConfig {
    /// Cells per number, 1 or more.
    pub cells: usize,
    /// Factor on the whole.
    pub gain: f64,
    /// As for `gaussian_population`.
    pub bounds: Vec<[f64; 2]>,
}

impl Default for ThermometerConfig {
    fn default() -> Self {
        ThermometerConfig { cells: 10, gain: 1.0, bounds: Vec::new() }
    }
}

impl Kind for ThermometerConfig {
    fn make(&self, setup: EncoderSetup<'_>) -> Result<Box<dyn Encode>, AgentError> {
        let slots = slots(setup.space);
        Ok(Box::new(Cells::new(Tuning::Thermometer, self.cells, self.gain, &self.bounds, slots)?))
    }

    fn inputs(&self, numbers: usize) -> Option<usize> {
        Some(numbers.saturating_mul(self.cells))
    }
}
