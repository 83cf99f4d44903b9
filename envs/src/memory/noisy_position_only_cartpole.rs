//! [`NoisyPositionOnlyCartPole`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use super::position_only_cartpole::{TimedCartPole, position_bounds, positions};
use crate::control::{ControlError, finite};
use crate::registry::entry::{Entry, each, native, one};
use crate::stateful::stateful_as;

/// Arguments of [`NoisyPositionOnlyCartPole`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoisyPositionOnlyCartPoleConfig {
    /// Standard deviation of the noise, 0 or more, in metres and radians.
    #[serde(deserialize_with = "finite")]
    pub noise_sigma: f64,
    /// Steps of an episode, 1 or more.
    pub max_episode_length: u64,
}

impl Default for NoisyPositionOnlyCartPoleConfig {
    fn default() -> Self {
        NoisyPositionOnlyCartPoleConfig { noise_sigma: 0.1, max_episode_length: 200 }
    }
}

/// [`PositionOnlyCartPole`](super::PositionOnlyCartPole) whose observations have normal noise, clipped to their bounds.
///
/// POPGym's, equal step for step.
#[derive(Clone, Debug)]
pub struct NoisyPositionOnlyCartPole {
    timed: TimedCartPole,
    sigma: f64,
}

const BASE: Entry = Entry {
    id: "popgym-NoisyPositionOnlyCartPoleEasy-v0",
    max_episode_steps: None,
    reward_threshold: None,
    render_fps: 50.0,
    description: "Keep a pole upright seeing positions with noise of 0.1, for 200 steps.",
    kwargs: &["noise_sigma", "max_episode_length"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, NoisyPositionOnlyCartPole::new),
    native: |kwargs, limit| native(kwargs, limit, NoisyPositionOnlyCartPole::new),
    many: Some(|kwargs, limit, many| each(kwargs, limit, many, NoisyPositionOnlyCartPole::new)),
};

pub(crate) const ENTRIES: &[Entry] = &[
    BASE,
    Entry {
        id: "popgym-NoisyPositionOnlyCartPoleMedium-v0",
        description: "Keep a pole upright seeing positions with noise of 0.2, for 200 steps.",
        defaults: || json!({ "noise_sigma": 0.2 }),
        ..BASE
    },
    Entry {
        id: "popgym-NoisyPositionOnlyCartPoleHard-v0",
        description: "Keep a pole upright seeing positions with noise of 0.3, for 200 steps.",
        defaults: || json!({ "noise_sigma": 0.3 }),
        ..BASE
    },
];

impl NoisyPositionOnlyCartPole {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: NoisyPositionOnlyCartPoleConfig) -> Result<Self, ControlError> {
        let sigma = config.noise_sigma;
        if !(sigma >= 0.0 && sigma.is_finite()) {
            let (expected, found) = ("a finite non-negative number".into(), sigma.to_string());
            return Err(ControlError::Argument { name: "noise_sigma", expected, found });
        }
        Ok(NoisyPositionOnlyCartPole { timed: TimedCartPole::new(config.max_episode_length)?, sigma })
    }

    fn noisy(&mut self, obs: [f32; 4]) -> Result<[f32; 2], ControlError> {
        let rng = self.timed.env.inner_mut().rng().ok_or(ControlError::NotReset)?;
        let mut seen = positions(obs);
        for (x, bound) in seen.iter_mut().zip(position_bounds()) {
            let noise = (0.0 + self.sigma * rng.standard_normal()) as f32;
            *x = (*x + noise).clamp(-bound, bound);
        }
        Ok(seen)
    }
}

impl Env for NoisyPositionOnlyCartPole {
    type Obs = [f32; 2];
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        let high = position_bounds();
        Space::box_f32(&high.map(|x| -x), &high).expect("constant bounds")
    }

    fn action_space(&self) -> Space {
        self.timed.env.action_space()
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([f32; 2], Info), ControlError> {
        let obs = self.timed.reset(seed, options)?;
        Ok((self.noisy(obs)?, Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<[f32; 2]>, ControlError> {
        let Step { obs, reward, terminated, truncated, info } = self.timed.step(*action)?;
        Ok(Step { obs: self.noisy(obs)?, reward, terminated, truncated, info })
    }

    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        self.timed.env.render()
    }
}

stateful_as!(NoisyPositionOnlyCartPole, timed.env);
