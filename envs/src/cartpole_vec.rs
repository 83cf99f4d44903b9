//! [`CartPoleVec`].

use sorn_env::Options;
use sorn_env::seeding::{Generator, reseed};

use crate::cartpole::{CartPoleConfig, RESET_BOUND};
use crate::control::{ControlError, reset_bounds};
use crate::poles::{Poles, wrong_action};

/// A batch of [`CartPole`](crate::CartPole)s as one structure of arrays, the fast way to step many.
///
/// Equal in every bit to Gymnasium 1.x's `CartPoleVectorEnv`: one generator for all, autoreset in the next step (mode
/// [`NextStep`](sorn_env::AutoresetMode::NextStep)), time limit included. For a generator per environment, other modes or
/// wrappers, use a [`VecEnv`](sorn_env::VecEnv) of `CartPole`s; its physics are the same, its random numbers not.
#[derive(Clone, Debug)]
pub struct CartPoleVec {
    config: CartPoleConfig,
    max_episode_steps: u32,
    rng: Option<Generator>,
    bounds: (f64, f64),
    begun: bool,
    poles: Poles,
    steps: Vec<u32>,
    /// Those whose episode is over, ascending, in the first `over_count` places.
    over: Vec<usize>,
    over_count: usize,
}

/// Where a step of a batch writes: one place per environment.
pub struct CartPoleBatch<'a> {
    /// Observations as [`CartPole`](crate::CartPole)'s.
    pub obs: &'a mut [[f32; 4]],
    /// Rewards.
    pub rewards: &'a mut [f32],
    /// Whether the pole fell.
    pub terminated: &'a mut [bool],
    /// Whether the time limit was reached.
    pub truncated: &'a mut [bool],
}

impl CartPoleVec {
    /// `num_envs` cart-poles before their first reset, with episodes of at most `max_episode_steps`.
    pub fn new(num_envs: usize, max_episode_steps: u32, config: CartPoleConfig) -> Self {
        CartPoleVec {
            config,
            max_episode_steps,
            rng: None,
            bounds: (-RESET_BOUND, RESET_BOUND),
            begun: false,
            poles: Poles::new(num_envs),
            steps: vec![0; num_envs],
            over: vec![0; num_envs],
            over_count: 0,
        }
    }

    /// Number of cart-poles.
    pub fn num_envs(&self) -> usize {
        self.steps.len()
    }

    /// Begins an episode in all and writes their observations. Options `low` and `high` hold for later autoresets too.
    ///
    /// # Errors
    /// [`ControlError`]: an invalid option, or a length of `obs` that differs from the batch's.
    pub fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
        obs: &mut [[f32; 4]],
    ) -> Result<(), ControlError> {
        self.same_length("obs", obs.len())?;
        self.bounds = reset_bounds(options, -RESET_BOUND, RESET_BOUND)?;
        let rng = reseed(&mut self.rng, seed);
        for row in self.poles.rows_mut() {
            row.fill_with(|| rng.uniform(self.bounds.0, self.bounds.1));
        }
        self.steps.fill(0);
        self.over_count = 0;
        self.begun = true;
        self.poles.observe(obs);
        Ok(())
    }

    /// Applies one action, 0 or 1, to each and writes what they return.
    ///
    /// # Errors
    /// [`ControlError`]: no reset before, an invalid action, or a slice whose length differs from the batch's.
    pub fn step(&mut self, actions: &[i64], batch: CartPoleBatch<'_>) -> Result<(), ControlError> {
        let n = self.num_envs();
        let CartPoleBatch { obs, rewards, terminated, truncated } = batch;
        for (what, found) in [
            ("actions", actions.len()),
            ("obs", obs.len()),
            ("rewards", rewards.len()),
            ("terminated", terminated.len()),
            ("truncated", truncated.len()),
        ] {
            self.same_length(what, found)?;
        }
        if let Some(wrong) = wrong_action(actions) {
            return Err(ControlError::discrete(2, actions[wrong]));
        }
        if !self.begun {
            return Err(ControlError::NotReset);
        }
        self.poles.advance(actions);
        self.poles.fallen(terminated);
        let (steps, rewards) = (&mut self.steps[..n], &mut rewards[..n]);
        let (terminated, truncated) = (&mut terminated[..n], &mut truncated[..n]);
        for i in 0..n {
            steps[i] += 1;
            truncated[i] = steps[i] >= self.max_episode_steps;
            rewards[i] = match self.config.sutton_barto_reward {
                true => -f32::from(u8::from(terminated[i])),
                false => 1.0,
            };
        }
        self.reset_those_over(rewards, terminated, truncated);
        // Branchless, because which episodes are over is unpredictable.
        let (over, mut count) = (&mut self.over[..n], 0);
        for i in 0..n {
            over[count] = i;
            count += usize::from(terminated[i] | truncated[i]);
        }
        self.over_count = count;
        self.poles.observe(obs);
        Ok(())
    }

    fn reset_those_over(&mut self, rewards: &mut [f32], terminated: &mut [bool], truncated: &mut [bool]) {
        let (low, high) = self.bounds;
        let rng = reseed(&mut self.rng, None);
        let over = &self.over[..self.over_count];
        // Gymnasium draws all positions first, then all velocities, and so on.
        for row in self.poles.rows_mut() {
            over.iter().for_each(|&i| row[i] = rng.uniform(low, high));
        }
        for &i in over {
            self.steps[i] = 0;
            (rewards[i], terminated[i], truncated[i]) = (0.0, false, false);
        }
    }

    fn same_length(&self, what: &'static str, found: usize) -> Result<(), ControlError> {
        let expected = self.num_envs();
        if found == expected { Ok(()) } else { Err(ControlError::Length { what, expected, found }) }
    }
}
