//! [`VelocityOnlyCartPole`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use super::position_only_cartpole::{TimedCartPole, positions};
use crate::control::ControlError;
use crate::registry::entry::{Entry, each, native, one};
use crate::stateful::stateful_as;

/// Arguments of [`VelocityOnlyCartPole`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VelocityOnlyCartPoleConfig {
    /// Steps of an episode, 1 or more.
    pub max_episode_length: u64,
}

impl Default for VelocityOnlyCartPoleConfig {
    fn default() -> Self {
        VelocityOnlyCartPoleConfig { max_episode_length: 200 }
    }
}

/// [`CartPole`](crate::CartPole) of which only velocity (m/s) and angular velocity (rad/s) are seen, with a reward of
/// `1 / max_episode_length` for every step.
///
/// An episode terminates as CartPole's and is truncated at its length; a perfect return is 1. Reset options are CartPole's.
///
/// POPGym's, equal step for step: as there, the first observation of an episode is position and angle instead.
#[derive(Clone, Debug)]
pub struct VelocityOnlyCartPole(TimedCartPole);

const BASE: Entry = Entry {
    id: "popgym-VelocityOnlyCartpoleEasy-v0",
    max_episode_steps: None,
    reward_threshold: None,
    render_fps: 50.0,
    description: "Keep a pole upright seeing velocities alone, for 200 steps.",
    kwargs: &["max_episode_length"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, VelocityOnlyCartPole::new),
    native: |kwargs, limit| native(kwargs, limit, VelocityOnlyCartPole::new),
    many: Some(|kwargs, limit, many| each(kwargs, limit, many, VelocityOnlyCartPole::new)),
};

pub(crate) const ENTRIES: &[Entry] = &[
    BASE,
    Entry {
        id: "popgym-VelocityOnlyCartpoleMedium-v0",
        description: "Keep a pole upright seeing velocities alone, for 400 steps.",
        defaults: || json!({ "max_episode_length": 400 }),
        ..BASE
    },
    Entry {
        id: "popgym-VelocityOnlyCartpoleHard-v0",
        description: "Keep a pole upright seeing velocities alone, for 600 steps.",
        defaults: || json!({ "max_episode_length": 600 }),
        ..BASE
    },
];

impl VelocityOnlyCartPole {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: VelocityOnlyCartPoleConfig) -> Result<Self, ControlError> {
        TimedCartPole::new(config.max_episode_length).map(VelocityOnlyCartPole)
    }
}

impl Env for VelocityOnlyCartPole {
    type Obs = [f32; 2];
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        let high = [f32::INFINITY; 2];
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
        Ok(self.0.step(*action)?.map(|[_, velocity, _, angular]| [velocity, angular]))
    }

    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        self.0.env.render()
    }
}

stateful_as!(VelocityOnlyCartPole, 0.env);
