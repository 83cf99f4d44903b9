//! The flattened observation itself.

use super::layout::Slot;
use crate::AgentError;
use crate::error::check;

#[derive(Clone, Debug)]
pub(crate) struct Raw {
    gain: f64,
    len: usize,
}

impl Raw {
    pub(crate) fn new(gain: f64, slots: &[Slot]) -> Result<Raw, AgentError> {
        check("encoder.gain", gain, true, "a finite number")?;
        Ok(Raw { gain, len: slots.len() })
    }

    /// The same for observations that are nothing but choices, which lie flat as one-hot codes.
    pub(crate) fn one_hot(gain: f64, slots: &[Slot]) -> Result<Raw, AgentError> {
        match slots.iter().position(|slot| *slot != Slot::Bit) {
            None => Raw::new(gain, slots),
            Some(index) => Err(AgentError::Mismatch(format!(
                "encoder.kind = \"one_hot\" needs an observation space of Discrete, MultiDiscrete and MultiBinary alone, \
                 found a Box (number {index} of the flattened observation): use \"gaussian_population\", \"thermometer\", \
                 \"random_projection\" or \"raw\""
            ))),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn encode(&self, observation: &[f64], input: &mut [f64]) {
        input.iter_mut().zip(observation).for_each(|(u, o)| *u = self.gain * o);
    }
}
