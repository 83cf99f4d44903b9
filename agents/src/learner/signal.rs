//! What a learner takes for its reward, and how its steps shrink as it succeeds.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::AgentError;
use crate::error::check;

/// The reward that the learner sees; metrics always count the environment's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RewardSignal {
    /// The environment's reward.
    #[default]
    Environment,
    /// -1 where an episode terminates, else 0: for tasks that end in failure. With discount `gamma` and a reward of 1 per
    /// step this orders policies as the environment's reward does, from an optimistic initial value.
    Failure,
}

impl RewardSignal {
    pub(crate) fn of(self, reward: f64, terminated: bool) -> f64 {
        match self {
            RewardSignal::Environment => reward,
            RewardSignal::Failure => -f64::from(u8::from(terminated)),
        }
    }
}

/// Step sizes shrink as returns near the best possible: they are multiplied by `1 - strength * p^2`, where `p` in `[0, 1]` is the
/// mean return of the last `window` episodes as a fraction of `target_return`.
///
/// A policy that already succeeds has little left to learn and much to lose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PerformanceAnneal {
    /// Return of a perfect episode, positive.
    pub target_return: f64,
    /// Episodes in the mean, 1 or more; 20 by default.
    #[serde(default = "default_window")]
    pub window: usize,
    /// In `[0, 1]`; 0.9 by default.
    #[serde(default = "default_strength")]
    pub strength: f64,
}

fn default_window() -> usize {
    20
}
fn default_strength() -> f64 {
    0.9
}

impl PerformanceAnneal {
    pub(crate) fn validate(&self) -> Result<(), AgentError> {
        let (target, strength) = (self.target_return, self.strength);
        check("learner.anneal.target_return", target, target > 0.0, "a positive number")?;
        check("learner.anneal.strength", strength, (0.0..=1.0).contains(&strength), "a number in [0, 1]")?;
        match self.window {
            0 => Err(AgentError::config("learner.anneal.window", 0, "at least 1")),
            _ => Ok(()),
        }
    }

    pub(crate) fn factor(&self, returns: &VecDeque<f64>) -> f64 {
        let mean = returns.iter().sum::<f64>() / (returns.len().max(1) as f64);
        let progress = (mean / self.target_return).clamp(0.0, 1.0);
        1.0 - self.strength * progress * progress
    }
}
