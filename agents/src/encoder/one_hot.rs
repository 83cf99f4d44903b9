//! One input per choice.

use serde::{Deserialize, Serialize};

use super::raw::Raw;
use super::{Encode, EncoderConfig, Kind, Slot, slots};
use crate::AgentError;
use crate::own::EncoderSetup;

/// Configuration of [`EncoderConfig::OneHot`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct OneHotConfig {
    /// The input that stands for a choice.
    pub gain: f64,
}

impl Default for OneHotConfig {
    fn default() -> Self {
        OneHotConfig { gain: 1.0 }
    }
}

impl Kind for OneHotConfig {
    /// Choices lie flat as one-hot codes already.
    fn make(&self, setup: EncoderSetup<'_>) -> Result<Box<dyn Encode>, AgentError> {
        let slots = slots(setup.space);
        match slots.iter().position(|slot| *slot != Slot::Bit) {
            None => Ok(Box::new(Raw::new(self.gain, slots.len())?)),
            Some(index) => Err(AgentError::Mismatch(format!(
                "encoder.kind = \"one_hot\" needs an observation space of Discrete, MultiDiscrete and MultiBinary alone, \
                 found a Box (number {index} of the flattened observation): use {}",
                EncoderConfig::kinds_for_numbers()
            ))),
        }
    }

    fn inputs(&self, numbers: usize) -> Option<usize> {
        Some(numbers)
    }

    fn is_for_symbols(&self) -> bool {
        true
    }
}
