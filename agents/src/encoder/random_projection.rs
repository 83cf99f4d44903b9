//! Squashed random projections with a bias.

use serde::{Deserialize, Serialize};
use sorn_core::rng;

use super::scale::Scale;
use super::{Encode, Kind, slots};
use crate::AgentError;
use crate::error::{check, numbers};
use crate::lanes::sum_rows;
use crate::own::EncoderSetup;
use crate::random::{normal, uniform};

/// Configuration of [`EncoderConfig::RandomProjection`](super::EncoderConfig::RandomProjection).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RandomProjectionConfig {
    /// Scale of the flattened observation's entries, positive: one number for all, or one for each; empty means 1 everywhere.
    pub scale: Scale,
    /// Factor on the whole.
    pub gain: f64,
    /// Half-width of the biases, 0 or more.
    pub bias: f64,
}

impl Default for RandomProjectionConfig {
    fn default() -> Self {
        RandomProjectionConfig { scale: Scale::default(), gain: 3.0, bias: 0.9 }
    }
}

impl Kind for RandomProjectionConfig {
    fn make(
        &self,
        EncoderSetup { space, inputs, seed }: EncoderSetup<'_>,
    ) -> Result<Box<dyn Encode>, AgentError> {
        Ok(Box::new(RandomProjection::new(self, slots(space).len(), inputs, seed)?))
    }

    fn inputs(&self, _numbers: usize) -> Option<usize> {
        None
    }

    fn kept(&self, inputs: u128) -> u128 {
        inputs
    }
}

#[derive(Clone, Debug)]
struct RandomProjection {
    /// 1 / scale per observation entry.
    inverse_scale: Vec<f64>,
    /// Shape `(observations, inputs)`, gain included: the input is a sum of rows.
    rows: Vec<f64>,
    /// Per input, gain included.
    bias: Vec<f64>,
    /// The observation, squashed.
    squashed: Vec<f64>,
}

impl RandomProjection {
    fn new(
        config: &RandomProjectionConfig,
        observations: usize,
        inputs: usize,
        seed: u64,
    ) -> Result<RandomProjection, AgentError> {
        let RandomProjectionConfig { ref scale, gain, bias } = *config;
        check("encoder.gain", gain, true, "a finite number")?;
        check("encoder.bias", bias, bias >= 0.0, "a number of 0 or more")?;
        let positive = |key: &str, s: f64| check(key, s, s > 0.0, "a positive number");
        let inverse_scale = match scale {
            Scale::All(s) => {
                positive("encoder.scale", *s)?;
                vec![1.0 / s; observations]
            }
            Scale::Each(each) if each.is_empty() => vec![1.0; observations],
            Scale::Each(each) if each.len() == observations => {
                let mut named = each.iter().enumerate();
                named.try_for_each(|(i, &s)| positive(&format!("encoder.scale[{i}]"), s))?;
                each.iter().map(|s| 1.0 / s).collect()
            }
            Scale::Each(each) => {
                let allowed = format!(
                    "{} (one per number of the observation), one for all, or none",
                    numbers(observations)
                );
                return Err(AgentError::config("encoder.scale", numbers(each.len()), &allowed));
            }
        };
        let mut rng = rng::stream(seed, "encoder");
        let mut rows = vec![0.0; observations * inputs];
        let mut biases = Vec::with_capacity(inputs);
        for input in 0..inputs {
            let direction: Vec<f64> = (0..observations).map(|_| normal(&mut rng)).collect();
            let length = direction.iter().map(|d| d * d).sum::<f64>().sqrt();
            for (row, d) in rows.chunks_exact_mut(inputs).zip(&direction) {
                row[input] = if length > 0.0 { gain * d / length } else { 0.0 };
            }
            biases.push(gain * uniform(&mut rng, -bias, bias));
        }
        Ok(RandomProjection { inverse_scale, rows, bias: biases, squashed: vec![0.0; observations] })
    }
}

impl Encode for RandomProjection {
    /// As many as there are.
    fn len(&self) -> usize {
        self.bias.len()
    }

    /// Weighs the first numbers by `weights`, if there are any, and all so that the input is as large as without weights.
    fn encode(
        &mut self,
        observation: &[f64],
        weights: Option<&[f64]>,
        input: &mut [f64],
        _learn: bool,
    ) -> Result<(), AgentError> {
        for ((squashed, inverse), o) in self.squashed.iter_mut().zip(&self.inverse_scale).zip(observation) {
            *squashed = libm::tanh(o * inverse);
        }
        if let Some(weights) = weights {
            let all = self.squashed.len();
            let squares: f64 = weights.iter().map(|w| w * w).sum::<f64>() + (all - weights.len()) as f64;
            let factor = (all as f64 / squares).sqrt();
            self.squashed.iter_mut().for_each(|x| *x *= factor);
            self.squashed.iter_mut().zip(weights).for_each(|(x, w)| *x *= w);
        }
        sum_rows(input, &self.bias, &self.squashed, &self.rows);
        Ok(())
    }

    fn copy(&self) -> Box<dyn Encode> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn inputs_stay_within_gain_and_bias(
            observation in prop::collection::vec(-1e300..1e300_f64, 1..6), seed: u64, gain in 0.1..10.0_f64, bias in 0.0..3.0_f64,
        ) {
            let n = observation.len();
            let config = RandomProjectionConfig { scale: Scale::default(), gain, bias };
            let mut encoder = RandomProjection::new(&config, n, 30, seed).unwrap();
            let mut input = vec![f64::NAN; 30];
            encoder.encode(&observation, None, &mut input, true).unwrap();
            // A unit vector's product with n numbers of at most 1 is at most sqrt(n).
            let most = gain * ((n as f64).sqrt() + bias) + 1e-9;
            prop_assert!(input.iter().all(|u| u.abs() <= most), "{input:?}");
        }
    }

    fn scaled(scale: Scale) -> RandomProjectionConfig {
        RandomProjectionConfig { scale, ..RandomProjectionConfig::default() }
    }

    #[test]
    fn one_scale_is_that_of_every_number() {
        let encode = |scale: &str| {
            let scale: Scale = serde_json::from_str(scale).unwrap();
            let mut encoder = RandomProjection::new(&scaled(scale), 3, 5, 1).unwrap();
            let mut input = [0.0; 5];
            encoder.encode(&[1.0, -2.0, 7.0], None, &mut input, true).unwrap();
            input
        };
        assert_eq!(encode("10"), encode("[10.0, 10.0, 10.0]"));
        assert_ne!(encode("10.0"), encode("[]"));
        let wrong = serde_json::from_str::<Scale>("\"large\"").unwrap_err().to_string();
        assert!(wrong.contains("expected a number or a list of numbers"), "{wrong}");
        let zero = RandomProjection::new(&scaled(Scale::All(0.0)), 3, 5, 1).unwrap_err().to_string();
        assert!(zero.starts_with("encoder.scale: expected a positive number, found 0"), "{zero}");
    }

    #[test]
    fn wrong_scales_are_named() {
        let error = |scale: &[f64]| {
            let scale = Scale::from(scale.to_vec());
            RandomProjection::new(&scaled(scale), 4, 10, 0).unwrap_err().to_string()
        };
        assert!(error(&[1.0]).starts_with("encoder.scale: expected 4 numbers"), "{}", error(&[1.0]));
        assert!(
            error(&[1.0, 1.0, 0.0, 1.0]).starts_with("encoder.scale[2]: expected a positive number, found 0")
        );
    }
}
