//! The observation itself.

use crate::AgentError;
use crate::error::check;

#[derive(Clone, Debug)]
pub(crate) struct Raw {
    gain: f64,
}

impl Raw {
    pub(crate) fn new(gain: f64, observations: usize, inputs: usize) -> Result<Raw, AgentError> {
        check("encoder.gain", gain, true, "a finite number")?;
        if observations != inputs {
            return Err(AgentError::Mismatch(format!(
                "encoder.kind = \"raw\" gives {observations} inputs (the observation's numbers), but the reservoir takes \
                 {inputs}: set reservoir.params.input = \"first\" and reservoir.params.nu = {observations}"
            )));
        }
        Ok(Raw { gain })
    }

    pub(crate) fn encode(&self, observation: &[f64], input: &mut [f64]) {
        input.iter_mut().zip(observation).for_each(|(u, o)| *u = self.gain * o);
    }
}
