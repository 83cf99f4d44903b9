//! [`Encoding`]: an encoder without an agent.

use sorn_env::Space;

use super::AnyEncoder;
use crate::{AgentError, EncoderConfig};

/// An encoder at work without an agent: observations, lying flat, become the input of a network.
///
/// ```
/// use sorn_agents::{EncoderConfig, Encoding};
/// use sorn_env::Space;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let space = Space::box_f32(&[-1.0], &[1.0])?;
/// let config: EncoderConfig = serde_json::from_str(r#"{ "kind": "thermometer", "cells": 3 }"#)?;
/// assert_eq!(config.inputs(1), Some(3));
/// let mut encoding = Encoding::new(&config, &space, 3, 0)?;
/// let mut input = [0.0; 3];
/// encoding.encode(&[0.0], &mut input)?;
/// assert_eq!(input, [1.0, 1.0, 0.0]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Encoding(AnyEncoder);

impl Encoding {
    /// The encoder of `config` from observations of `space` to `inputs` numbers; random parts come from `seed`.
    ///
    /// # Errors
    /// [`AgentError`] for a value that is refused, or if the encoder gives another number of inputs.
    pub fn new(
        config: &EncoderConfig,
        space: &Space,
        inputs: usize,
        seed: u64,
    ) -> Result<Encoding, AgentError> {
        AnyEncoder::new(config, space, inputs, seed).map(Encoding)
    }

    /// Writes the input for one observation. Bounds that the space does not have are learnt.
    ///
    /// # Errors
    /// [`AgentError`] of an encoder of one's own.
    pub fn encode(&mut self, observation: &[f64], input: &mut [f64]) -> Result<(), AgentError> {
        self.0.encode(observation, None, input, true)
    }
}
