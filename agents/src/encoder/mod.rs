//! Encoders: an observation, flattened to numbers, becomes the input of the reservoir.

mod random_projection;
mod raw;

use serde::{Deserialize, Serialize};

use crate::AgentError;
use random_projection::RandomProjection;
use raw::Raw;

/// Which encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum EncoderConfig {
    /// Each input receives `gain * (projection . tanh(observation / scale) + bias)`: a random unit-length projection of its
    /// own and a bias uniform in `[-bias, bias)`.
    RandomProjection {
        /// Scale of each flattened observation entry, positive; empty means 1 everywhere.
        #[serde(default)]
        scale: Vec<f64>,
        /// Factor on the whole.
        #[serde(default = "default_gain")]
        gain: f64,
        /// Half-width of the biases, 0 or more.
        #[serde(default = "default_bias")]
        bias: f64,
    },
    /// The flattened observation itself, as `sorn` 0.7.4 feeds it; the reservoir must have as many inputs.
    Raw {
        /// Factor on the observation.
        #[serde(default = "one")]
        gain: f64,
    },
}

fn default_gain() -> f64 {
    3.0
}
fn default_bias() -> f64 {
    0.9
}
fn one() -> f64 {
    1.0
}

impl Default for EncoderConfig {
    fn default() -> Self {
        EncoderConfig::RandomProjection { scale: Vec::new(), gain: default_gain(), bias: default_bias() }
    }
}

/// An encoder for observations of one length.
#[derive(Clone, Debug)]
pub(crate) enum Encoder {
    RandomProjection(RandomProjection),
    Raw(Raw),
}

impl Encoder {
    /// An encoder from `observations` numbers to `inputs` numbers; random parts come from `seed`.
    pub(crate) fn new(
        config: &EncoderConfig,
        observations: usize,
        inputs: usize,
        seed: u64,
    ) -> Result<Encoder, AgentError> {
        Ok(match config {
            EncoderConfig::RandomProjection { scale, gain, bias } => Encoder::RandomProjection(
                RandomProjection::new(scale, *gain, *bias, observations, inputs, seed)?,
            ),
            EncoderConfig::Raw { gain } => Encoder::Raw(Raw::new(*gain, observations, inputs)?),
        })
    }

    /// Writes the input for one observation.
    pub(crate) fn encode(&mut self, observation: &[f64], input: &mut [f64]) {
        match self {
            Encoder::RandomProjection(encoder) => encoder.encode(observation, input),
            Encoder::Raw(encoder) => encoder.encode(observation, input),
        }
    }
}
