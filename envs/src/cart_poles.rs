//! [`CartPoles`].

use std::collections::BTreeMap;

use sorn_env::seeding::{Generator, reseed};
use sorn_env::{AutoresetMode, Env, Frame, Options, Space, Value, VecError};

use crate::batch::{Actions, BatchAction, BatchRows, Rows, same_length};
use crate::cartpole::{CartPole, CartPoleConfig, HALF_LENGTH, RESET_BOUND, X_LIMIT, draw};
use crate::control::{ControlError, reset_bounds};
use crate::poles::{Poles, wrong_action};
use crate::stateful::{AttributeError, array, bytes, column, flags, part, wrong};

/// Cart-poles as one structure of arrays, with the results of a [`VecEnv`](sorn_env::VecEnv) of [`CartPole`]s: a generator each,
/// all three modes. [`CartPoleVec`](crate::CartPoleVec) is the other one, with one generator for all.
pub(crate) struct CartPoles {
    config: CartPoleConfig,
    max_episode_steps: u64,
    mode: AutoresetMode,
    poles: Poles,
    rngs: Vec<Option<Generator>>,
    /// Of their episodes.
    steps: Vec<u64>,
    /// Whether the episode is over, or none has begun.
    over: Vec<bool>,
    obs: Vec<[f32; 4]>,
    rewards: Vec<f64>,
    terminated: Vec<bool>,
    truncated: Vec<bool>,
    /// With those that end an episode in this step, or ended one in the step before: the first `count` places.
    ended: Vec<usize>,
    count: usize,
    final_obs: Vec<[f32; 4]>,
}

impl CartPoles {
    pub(crate) fn new(
        config: CartPoleConfig,
        limit: Option<u64>,
        num_envs: usize,
        mode: AutoresetMode,
    ) -> Self {
        CartPoles {
            config,
            max_episode_steps: limit.unwrap_or(u64::MAX),
            mode,
            poles: Poles::new(num_envs),
            rngs: vec![None; num_envs],
            steps: vec![0; num_envs],
            over: vec![true; num_envs],
            obs: vec![[0.0; 4]; num_envs],
            rewards: vec![0.0; num_envs],
            terminated: vec![false; num_envs],
            truncated: vec![false; num_envs],
            ended: vec![0; num_envs],
            count: 0,
            final_obs: Vec::with_capacity(num_envs),
        }
    }

    fn begin(&mut self, i: usize, seed: Option<u64>, (low, high): (f64, f64)) {
        let rng = reseed(&mut self.rngs[i], seed);
        let state: [f64; 4] = std::array::from_fn(|_| rng.uniform(low, high));
        self.poles.set(i, state);
        self.obs[i] = state.map(|x| x as f32);
        (self.steps[i], self.over[i]) = (0, false);
    }

    /// Those that are over, ascending, into the first `count` places of `ended`. Without a branch: which are cannot be guessed.
    fn find_ended(&mut self) {
        self.count = 0;
        for (i, &over) in self.over.iter().enumerate() {
            self.ended[self.count] = i;
            self.count += usize::from(over);
        }
    }

    /// Steps all cart-poles, including those whose episode is over, and writes the results.
    fn advance(&mut self, actions: &[i64]) {
        self.poles.advance(actions);
        self.poles.observe(&mut self.obs);
        let n = actions.len();
        self.poles.fallen(&mut self.terminated);
        let (steps, rewards, over) = (&mut self.steps[..n], &mut self.rewards[..n], &mut self.over[..n]);
        let (terminated, truncated) = (&self.terminated[..n], &mut self.truncated[..n]);
        let [upright, fell] = match self.config.sutton_barto_reward {
            true => [0.0, -1.0],
            false => [1.0, 1.0],
        };
        for i in 0..n {
            steps[i] += 1;
            truncated[i] = steps[i] >= self.max_episode_steps;
            over[i] = terminated[i] | truncated[i];
            rewards[i] = if terminated[i] { fell } else { upright };
        }
    }

    /// Actions of cart-poles whose episode is over are ignored and may have any value.
    fn checked(&self, actions: &[i64]) -> Result<Option<Vec<i64>>, VecError<ControlError>> {
        if wrong_action(actions).is_none() {
            return Ok(None);
        }
        let wrong = |i: &usize| !self.over[*i] && !(0..2).contains(&actions[*i]);
        match (0..actions.len()).find(wrong) {
            Some(index) => Err(VecError::Env { index, source: ControlError::discrete(2, actions[index]) }),
            None => Ok(Some(actions.iter().map(|action| action & 1).collect())),
        }
    }
}

const BOUNDS: (f64, f64) = (-RESET_BOUND, RESET_BOUND);

impl Rows for CartPoles {
    fn num_envs(&self) -> usize {
        self.poles.len()
    }

    fn spaces(&self) -> (Space, Space) {
        let one = CartPole::new(self.config);
        (one.observation_space(), one.action_space())
    }

    fn rows(&self) -> BatchRows<'_> {
        let same_step = self.mode == AutoresetMode::SameStep;
        BatchRows {
            obs: self.obs.as_flattened(),
            rewards: &self.rewards,
            terminated: &self.terminated,
            truncated: &self.truncated,
            ended: if same_step { &self.ended[..self.count] } else { &[] },
            final_obs: self.final_obs.as_flattened(),
        }
    }

    fn reset_where(
        &mut self,
        mask: &[bool],
        seeds: &[Option<u64>],
        options: Option<&Options>,
    ) -> Result<(), VecError<ControlError>> {
        self.count = 0;
        self.final_obs.clear();
        let Some(index) = mask.iter().position(|&masked| masked) else { return Ok(()) };
        let bounds =
            reset_bounds(options, BOUNDS.0, BOUNDS.1).map_err(|source| VecError::Env { index, source })?;
        for i in (index..mask.len()).filter(|&i| mask[i]) {
            self.begin(i, seeds[i], bounds);
            (self.rewards[i], self.terminated[i], self.truncated[i]) = (0.0, false, false);
        }
        Ok(())
    }

    fn step(&mut self, actions: Actions<'_>) -> Result<(), VecError<ControlError>> {
        let actions = i64::rows(actions, &Space::Discrete { n: 2, start: 0 })?;
        same_length("actions", self.num_envs(), actions.len())?;
        let next_step = self.mode == AutoresetMode::NextStep;
        if !next_step && let Some(index) = self.over.iter().position(|&over| over) {
            return Err(VecError::NotReset { index });
        }
        let checked = self.checked(actions)?;
        self.final_obs.clear();
        self.count = 0;
        if next_step {
            self.find_ended();
        }
        self.advance(checked.as_deref().unwrap_or(actions));
        if self.mode == AutoresetMode::SameStep {
            self.find_ended();
        }
        for k in 0..self.count {
            let i = self.ended[k];
            if next_step {
                (self.rewards[i], self.terminated[i], self.truncated[i]) = (0.0, false, false);
            } else {
                self.final_obs.push(self.obs[i]);
            }
            self.begin(i, None, BOUNDS);
        }
        Ok(())
    }

    fn saved_state(&self) -> Value {
        let generators =
            self.rngs.iter().map(|rng| Value::List(rng.iter().map(Generator::to_value).collect()));
        let poles: Vec<f64> = (0..self.poles.len()).flat_map(|i| self.poles.get(i)).collect();
        let steps: Vec<i64> =
            self.steps.iter().map(|&steps| i64::try_from(steps).unwrap_or(i64::MAX)).collect();
        Value::Map(BTreeMap::from([
            ("poles".to_string(), array(poles)),
            ("generators".to_string(), Value::List(generators.collect())),
            ("elapsed_steps".to_string(), array(steps)),
            ("over".to_string(), bytes(&self.over)),
            ("obs".to_string(), array(self.obs.as_flattened().to_vec())),
            ("rewards".to_string(), array(self.rewards.clone())),
            ("terminated".to_string(), bytes(&self.terminated)),
            ("truncated".to_string(), bytes(&self.truncated)),
        ]))
    }

    fn restore_state(&mut self, saved: &Value) -> Result<(), AttributeError> {
        let n = self.poles.len();
        let generators = part(saved, "generators")?;
        let Value::List(list) = generators else { return Err(wrong("generators", "a list", generators)) };
        if list.len() != n {
            return Err(wrong("generators", format!("{n} of them"), generators));
        }
        let mut rngs = Vec::with_capacity(n);
        for one in list {
            rngs.push(match one {
                Value::List(none) if none.is_empty() => None,
                Value::List(one) if one.len() == 1 => Some(
                    Generator::from_value(&one[0])
                        .map_err(|source| AttributeError::Value { name: "generators".into(), source })?,
                ),
                other => return Err(wrong("generators", "a list of one or none each", other)),
            });
        }
        let poles = column::<f64>(saved, "poles", 4 * n)?;
        let steps = column::<i64>(saved, "elapsed_steps", n)?;
        let obs = column::<f32>(saved, "obs", 4 * n)?;
        let rewards = column(saved, "rewards", n)?;
        let [over, terminated, truncated] =
            [flags(saved, "over", n)?, flags(saved, "terminated", n)?, flags(saved, "truncated", n)?];
        poles.as_chunks().0.iter().enumerate().for_each(|(i, state)| self.poles.set(i, *state));
        self.obs.copy_from_slice(obs.as_chunks().0);
        self.steps = steps.into_iter().map(|steps| u64::try_from(steps).unwrap_or(0)).collect();
        (self.rngs, self.over, self.rewards) = (rngs, over, rewards);
        (self.terminated, self.truncated) = (terminated, truncated);
        self.count = 0;
        self.final_obs.clear();
        Ok(())
    }

    fn render(&mut self) -> Result<Vec<Option<Frame>>, VecError<ControlError>> {
        let begun = self.rngs.iter().map(Option::is_some).enumerate();
        Ok(begun.map(|(i, begun)| begun.then(|| draw(self.poles.get(i), X_LIMIT, HALF_LENGTH))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Each;
    use proptest::prelude::*;

    /// What a batch is told.
    #[derive(Clone, Debug)]
    enum Call {
        Step(Vec<i64>),
        Reset(Vec<bool>, Vec<Option<u64>>, Option<f64>),
    }

    const N: usize = 5;

    fn call() -> impl Strategy<Value = Call> {
        let seeds = prop::collection::vec(prop::option::of(0..9u64), N);
        prop_oneof![
            30 => prop::collection::vec(0..2i64, N).prop_map(Call::Step),
            1 => prop::collection::vec(-1..3i64, N).prop_map(Call::Step),
            1 => (prop::collection::vec(any::<bool>(), N), seeds, prop::option::of(-0.01..0.06))
                .prop_map(|(mask, seeds, low)| Call::Reset(mask, seeds, low)),
        ]
    }

    fn tell(batch: &mut dyn Rows, call: &Call) -> String {
        let done = match call {
            Call::Step(actions) => batch.step(Actions::Discrete(actions)),
            Call::Reset(mask, seeds, low) => {
                let options = low.map(|low| Options::from([("low".to_string(), Value::Float(low))]));
                batch.reset_where(mask, seeds, options.as_ref())
            }
        };
        match done {
            // Bits, not numbers: the texts of floats are exact.
            Ok(()) => format!("{:?}", batch.rows()),
            Err(error) => error.to_string(),
        }
    }

    proptest! {
        #[test]
        fn equals_single_ones(
            calls in prop::collection::vec(call(), 1..200),
            sutton_barto_reward: bool,
            limit in prop::option::of(1..30u64),
            mode in prop::sample::select(vec![
                AutoresetMode::NextStep,
                AutoresetMode::SameStep,
                AutoresetMode::Disabled,
            ]),
        ) {
            let config = CartPoleConfig { sutton_barto_reward };
            let mut arrays = CartPoles::new(config, limit, N, mode);
            let mut single = Each::new(CartPole::new(config), limit, N, mode).unwrap();
            let begin = Call::Reset(vec![true; N], (0..N as u64).map(Some).collect(), None);
            prop_assert_eq!(tell(&mut arrays, &begin), tell(&mut single, &begin));
            for call in &calls {
                let (found, expected) = (tell(&mut arrays, call), tell(&mut single, call));
                let failed = !expected.starts_with("BatchRows");
                prop_assert_eq!(found, expected);
                if failed {
                    // After an error the batch must be reset.
                    prop_assert_eq!(tell(&mut arrays, &begin), tell(&mut single, &begin));
                }
            }
        }
    }

    #[test]
    fn pictures_begin_with_the_first_episode() {
        let mut envs = CartPoles::new(CartPoleConfig::default(), None, 2, AutoresetMode::NextStep);
        envs.reset_where(&[false, true], &[Some(1); 2], None).unwrap();
        let mut one = CartPole::default();
        one.reset(Some(1), None).unwrap();
        assert_eq!(envs.render().unwrap(), [None, one.render().unwrap()]);
    }

    #[test]
    fn wrong_actions_are_told() {
        let mut envs = CartPoles::new(CartPoleConfig::default(), Some(1), 2, AutoresetMode::NextStep);
        envs.reset_where(&[true; 2], &[Some(1); 2], None).unwrap();
        let mut refusal = |actions| envs.step(actions).unwrap_err().to_string();
        assert_eq!(
            refusal(Actions::Discrete(&[0, 2])),
            "environment 1 of the batch: action: expected Discrete(2), found integer 2"
        );
        assert_eq!(
            refusal(Actions::Box(&[0.0, 1.0])),
            "environment 0 of the batch: action: expected Discrete(2), found single-precision numbers"
        );
        assert_eq!(refusal(Actions::Discrete(&[0])), "actions: expected 2, one per environment, found 1");
        envs.step(Actions::Discrete(&[0, 1])).unwrap();
        // Both episodes are over, so the actions are ignored.
        envs.step(Actions::Discrete(&[i64::MIN, 7])).unwrap();
        assert_eq!(envs.rewards, [0.0; 2]);
    }
}
