//! Mostly the best action, else any.

use serde::{Deserialize, Serialize};

use super::{Explore, Kind};
use crate::{AgentError, Schedule};

/// Configuration of [`PolicyConfig::EpsilonGreedy`](super::PolicyConfig::EpsilonGreedy).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct EpsilonGreedyConfig {
    /// In `[0, 1]`; 0.1 by default.
    pub epsilon: Schedule,
}

impl Default for EpsilonGreedyConfig {
    fn default() -> Self {
        EpsilonGreedyConfig { epsilon: 0.1.into() }
    }
}

impl Kind for EpsilonGreedyConfig {
    fn validate(&self) -> Result<(), AgentError> {
        self.epsilon.validate("policy.epsilon", |e| (0.0..=1.0).contains(&e), "a number in [0, 1]")
    }

    fn explore(&self) -> Option<&dyn Explore> {
        Some(self)
    }
}

impl Explore for EpsilonGreedyConfig {
    fn probabilities(&self, values: &[f64], episode: u64, out: &mut [f64]) {
        mixed(self.epsilon.at(episode), values, out);
    }
}

/// With probability `epsilon` uniform, else on the actions with the largest value.
pub(super) fn mixed(epsilon: f64, values: &[f64], out: &mut [f64]) {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let ties = values.iter().filter(|&&v| v == largest).count() as f64;
    let all = values.len() as f64;
    for (p, &value) in out.iter_mut().zip(values) {
        *p = epsilon / all + if value == largest { (1.0 - epsilon) / ties } else { 0.0 };
    }
}
