//! The best action, and nothing else.

use serde::{Deserialize, Serialize};

use super::epsilon_greedy::mixed;
use super::{Explore, Kind};
use crate::AgentError;

/// Configuration of [`PolicyConfig::Greedy`](super::PolicyConfig::Greedy).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GreedyConfig {}

impl Kind for GreedyConfig {
    fn validate(&self) -> Result<(), AgentError> {
        Ok(())
    }

    fn explore(&self) -> Option<&dyn Explore> {
        Some(self)
    }
}

impl Explore for GreedyConfig {
    fn probabilities(&self, values: &[f64], _episode: u64, out: &mut [f64]) {
        mixed(0.0, values, out);
    }
}
