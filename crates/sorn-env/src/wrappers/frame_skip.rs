//! [`FrameSkip`].

use super::forward;
use crate::{Env, SpaceError, Step};

/// Applies each action for several steps and returns the last observation and the sum of the rewards; the end of an episode
/// cuts the repetition short. The info is the last step's.
#[derive(Clone, Debug)]
pub struct FrameSkip<E> {
    env: E,
    steps: u64,
}

impl<E> FrameSkip<E> {
    /// `env` with each action applied `steps` times.
    ///
    /// # Errors
    /// [`SpaceError`] where `steps` is 0.
    pub fn new(env: E, steps: u64) -> Result<Self, SpaceError> {
        if steps == 0 {
            return Err(SpaceError::new("steps >= 1", "0").at("FrameSkip"));
        }
        Ok(FrameSkip { env, steps })
    }
}

impl<E: Env> Env for FrameSkip<E> {
    type Obs = E::Obs;
    type Act = E::Act;
    type Error = E::Error;

    forward!(observation_space, action_space, reset, render, close, memory);

    fn step(&mut self, action: &E::Act) -> Result<Step<E::Obs>, E::Error> {
        let mut step = self.env.step(action)?;
        for _ in 1..self.steps {
            if step.done() {
                break;
            }
            let reward = step.reward;
            step = self.env.step(action)?;
            step.reward += reward;
        }
        Ok(step)
    }
}
