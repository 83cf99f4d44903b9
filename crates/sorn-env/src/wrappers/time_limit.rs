//! [`TimeLimit`].

use super::forward;
use crate::{Env, Info, Options, Step};

/// Truncates an episode at its `max_episode_steps`-th step, and at every step after it until the next reset.
#[derive(Clone, Debug)]
pub struct TimeLimit<E> {
    env: E,
    max_episode_steps: u64,
    elapsed_steps: u64,
}

impl<E> TimeLimit<E> {
    /// `env` with episodes of at most `max_episode_steps` steps.
    pub fn new(env: E, max_episode_steps: u64) -> Self {
        TimeLimit { env, max_episode_steps, elapsed_steps: 0 }
    }

    /// The environment inside.
    pub fn inner(&self) -> &E {
        &self.env
    }

    /// The environment inside, to change it between two steps.
    pub fn inner_mut(&mut self) -> &mut E {
        &mut self.env
    }

    /// Steps since the last reset.
    pub fn elapsed_steps(&self) -> u64 {
        self.elapsed_steps
    }

    /// Sets the number of steps since the last reset, as when a saved episode is restored.
    pub fn set_elapsed_steps(&mut self, steps: u64) {
        self.elapsed_steps = steps;
    }
}

impl<E: Env> Env for TimeLimit<E> {
    type Obs = E::Obs;
    type Act = E::Act;
    type Error = E::Error;

    forward!(observation_space, action_space, render, close, memory);

    #[inline(always)]
    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(E::Obs, Info), E::Error> {
        self.elapsed_steps = 0;
        self.env.reset(seed, options)
    }

    #[inline(always)]
    fn step(&mut self, action: &E::Act) -> Result<Step<E::Obs>, E::Error> {
        // In place: handing the step on by value would copy it through memory.
        let mut step = self.env.step(action);
        if let Ok(step) = &mut step {
            self.elapsed_steps += 1;
            step.truncated |= self.elapsed_steps >= self.max_episode_steps;
        }
        step
    }
}
