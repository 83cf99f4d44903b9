//! Reward wrappers: scaling and clipping.

use super::forward;
use crate::{Env, SpaceError, Step};

/// Rewards times a factor.
#[derive(Clone, Debug)]
pub struct ScaleReward<E> {
    env: E,
    factor: f64,
}

impl<E> ScaleReward<E> {
    /// `env` with its rewards times `factor`.
    ///
    /// # Errors
    /// [`SpaceError`] where the factor is not finite.
    pub fn new(env: E, factor: f64) -> Result<Self, SpaceError> {
        if !factor.is_finite() {
            return Err(SpaceError::new("a finite factor", factor.to_string()).at("ScaleReward"));
        }
        Ok(ScaleReward { env, factor })
    }
}

impl<E: Env> Env for ScaleReward<E> {
    type Obs = E::Obs;
    type Act = E::Act;
    type Error = E::Error;

    forward!(observation_space, action_space, reset, render, close, memory);

    fn step(&mut self, action: &E::Act) -> Result<Step<E::Obs>, E::Error> {
        let mut step = self.env.step(action)?;
        step.reward *= self.factor;
        Ok(step)
    }
}

/// Rewards clipped to an interval.
#[derive(Clone, Debug)]
pub struct ClipReward<E> {
    env: E,
    min: f64,
    max: f64,
}

impl<E> ClipReward<E> {
    /// `env` with its rewards clipped to `[min, max]`, either of which may be infinite.
    ///
    /// # Errors
    /// [`SpaceError`] where not `min <= max`.
    pub fn new(env: E, min: f64, max: f64) -> Result<Self, SpaceError> {
        if !matches!(min.partial_cmp(&max), Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal)) {
            return Err(SpaceError::new("min <= max", format!("min {min}, max {max}")).at("ClipReward"));
        }
        Ok(ClipReward { env, min, max })
    }
}

impl<E: Env> Env for ClipReward<E> {
    type Obs = E::Obs;
    type Act = E::Act;
    type Error = E::Error;

    forward!(observation_space, action_space, reset, render, close, memory);

    fn step(&mut self, action: &E::Act) -> Result<Step<E::Obs>, E::Error> {
        let mut step = self.env.step(action)?;
        step.reward = step.reward.clamp(self.min, self.max);
        Ok(step)
    }
}
