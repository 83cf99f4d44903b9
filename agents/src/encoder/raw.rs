//! The flattened observation itself.

use serde::{Deserialize, Serialize};

use super::{Encode, Kind, slots};
use crate::AgentError;
use crate::error::check;
use crate::own::EncoderSetup;

/// Configuration of [`EncoderConfig::Raw`](super::EncoderConfig::Raw).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RawConfig {
    /// Factor on the observation.
    pub gain: f64,
}

impl Default for RawConfig {
    fn default() -> Self {
        RawConfig { gain: 1.0 }
    }
}

impl Kind for RawConfig {
    fn make(&self, setup: EncoderSetup<'_>) -> Result<Box<dyn Encode>, AgentError> {
        Ok(Box::new(Raw::new(self.gain, slots(setup.space).len())?))
    }

    fn inputs(&self, numbers: usize) -> Option<usize> {
        Some(numbers)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Raw {
    gain: f64,
    len: usize,
}

impl Raw {
    pub(super) fn new(gain: f64, len: usize) -> Result<Raw, AgentError> {
        check("encoder.gain", gain, true, "a finite number")?;
        Ok(Raw { gain, len })
    }
}

impl Encode for Raw {
    fn len(&self) -> usize {
        self.len
    }

    fn encode(
        &mut self,
        observation: &[f64],
        _weights: Option<&[f64]>,
        input: &mut [f64],
        _learn: bool,
    ) -> Result<(), AgentError> {
        input.iter_mut().zip(observation).for_each(|(u, o)| *u = self.gain * o);
        Ok(())
    }

    fn copy(&self) -> Box<dyn Encode> {
        Box::new(self.clone())
    }
}
