//! [`PositionOnlyCartPole`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::wrappers::TimeLimit;
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use crate::cartpole::{CartPole, observation_bounds};
use crate::control::{ControlError, at_least};
use crate::registry::entry::{Entry, each, native, one};
use crate::stateful::stateful_as;

/// Arguments of [`PositionOnlyCartPole`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PositionOnlyCartPoleConfig {
    /// Steps of an episode, 1 or more.
    pub max_episode_length: u64,
}

impl Default for PositionOnlyCartPoleConfig {
    fn default() -> Self {
        PositionOnlyCartPoleConfig { max_episode_length: 200 }
    }
}

/// [`CartPole`](crate::CartPole) of which only position (m) and angle (rad) are seen, with a reward of
/// `1 / max_episode_length` for every step.
///
/// An episode terminates as CartPole's and is truncated at its length; a perfect return is 1. Reset options are CartPole's.
///
/// POPGym's, equal step for step. [`MaskedCartPole`](crate::MaskedCartPole) has CartPole's own rewards.
#[derive(Clone, Debug)]
pub struct PositionOnlyCartPole(pub(super) TimedCartPole);

/// POPGym's cart-pole: an episode has a length, and its rewards sum to at most 1.
#[derive(Clone, Debug)]
pub(super) struct TimedCartPole {
    pub(super) env: TimeLimit<CartPole>,
    length: u64,
}

const BASE: Entry = Entry {
    id: "popgym-PositionOnlyCartPoleEasy-v0",
    max_episode_steps: None,
    reward_threshold: None,
    render_fps: 50.0,
    description: "Keep a pole upright without seeing velocities, for 200 steps.",
    kwargs: &["max_episode_length"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, PositionOnlyCartPole::new),
    native: |kwargs, limit| native(kwargs, limit, PositionOnlyCartPole::new),
    many: Some(|kwargs, limit, many| each(kwargs, limit, many, PositionOnlyCartPole::new)),
};

pub(crate) const ENTRIES: &[Entry] = &[
    BASE,
    Entry {
        id: "popgym-PositionOnlyCartPoleMedium-v0",
        description: "Keep a pole upright without seeing velocities, for 400 steps.",
        defaults: || json!({ "max_episode_length": 400 }),
        ..BASE
    },
    Entry {
        id: "popgym-PositionOnlyCartPoleHard-v0",
        description: "Keep a pole upright without seeing velocities, for 600 steps.",
        defaults: || json!({ "max_episode_length": 600 }),
        ..BASE
    },
];

impl TimedCartPole {
    pub(super) fn new(length: u64) -> Result<Self, ControlError> {
        at_least("max_episode_length", 1, length)?;
        Ok(TimedCartPole { env: TimeLimit::new(CartPole::default(), length), length })
    }

    pub(super) fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<[f32; 4], ControlError> {
        Ok(self.env.reset(seed, options)?.0)
    }

    pub(super) fn step(&mut self, action: i64) -> Result<Step<[f32; 4]>, ControlError> {
        let mut step = self.env.step(&action)?;
        // CartPole rewards no step after the fall.
        step.reward = if step.reward == 0.0 { -1.0 } else { 1.0 / self.length as f64 };
        Ok(step)
    }
}

pub(super) fn positions([x, _, theta, _]: [f32; 4]) -> [f32; 2] {
    [x, theta]
}

/// The bounds of both numbers.
pub(super) fn position_bounds() -> [f32; 2] {
    positions(observation_bounds())
}

impl PositionOnlyCartPole {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: PositionOnlyCartPoleConfig) -> Result<Self, ControlError> {
        TimedCartPole::new(config.max_episode_length).map(PositionOnlyCartPole)
    }
}

impl Env for PositionOnlyCartPole {
    type Obs = [f32; 2];
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        let high = position_bounds();
        Space::box_f32(&high.map(|x| -x), &high).expect("constant bounds")
    }

    fn action_space(&self) -> Space {
        self.0.env.action_space()
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([f32; 2], Info), ControlError> {
        Ok((positions(self.0.reset(seed, options)?), Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<[f32; 2]>, ControlError> {
        Ok(self.0.step(*action)?.map(positions))
    }

    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        self.0.env.render()
    }
}

stateful_as!(PositionOnlyCartPole, 0.env);
