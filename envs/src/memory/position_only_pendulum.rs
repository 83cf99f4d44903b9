//! [`PositionOnlyPendulum`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::wrappers::TimeLimit;
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use crate::control::{ControlError, at_least};
use crate::pendulum::Pendulum;
use crate::registry::entry::{Entry, each, native, one};
use crate::stateful::stateful_as;

/// Arguments of [`PositionOnlyPendulum`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PositionOnlyPendulumConfig {
    /// Steps of an episode, 1 or more.
    pub max_episode_length: u64,
}

impl Default for PositionOnlyPendulumConfig {
    fn default() -> Self {
        PositionOnlyPendulumConfig { max_episode_length: 200 }
    }
}

/// [`Pendulum`](crate::Pendulum) of which only cosine and sine of the angle are seen, with rewards between
/// `-1 / max_episode_length` and `1 / max_episode_length`.
///
/// An episode is truncated at its length; the best return is a little below 1. Reset options are Pendulum's.
///
/// POPGym's, equal step for step.
#[derive(Clone, Debug)]
pub struct PositionOnlyPendulum {
    pendulum: TimeLimit<Pendulum>,
    length: u64,
}

const BASE: Entry = Entry {
    id: "popgym-PositionOnlyPendulumEasy-v0",
    max_episode_steps: None,
    reward_threshold: None,
    render_fps: 30.0,
    description: "Swing a rod up without seeing its velocity, in 200 steps.",
    kwargs: &["max_episode_length"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, PositionOnlyPendulum::new),
    native: |kwargs, limit| native(kwargs, limit, PositionOnlyPendulum::new),
    many: Some(|kwargs, limit, many| each(kwargs, limit, many, PositionOnlyPendulum::new)),
};

pub(crate) const ENTRIES: &[Entry] = &[
    BASE,
    Entry {
        id: "popgym-PositionOnlyPendulumMedium-v0",
        description: "Swing a rod up without seeing its velocity, in 150 steps.",
        defaults: || json!({ "max_episode_length": 150 }),
        ..BASE
    },
    Entry {
        id: "popgym-PositionOnlyPendulumHard-v0",
        description: "Swing a rod up without seeing its velocity, in 100 steps.",
        defaults: || json!({ "max_episode_length": 100 }),
        ..BASE
    },
];

/// Half of the largest cost of a step.
const HALF_COST: f64 = 16.273_604_4 / 2.0;

fn positions([cos, sin, _]: [f32; 3]) -> [f32; 2] {
    [cos, sin]
}

impl PositionOnlyPendulum {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: PositionOnlyPendulumConfig) -> Result<Self, ControlError> {
        at_least("max_episode_length", 1, config.max_episode_length)?;
        let length = config.max_episode_length;
        Ok(PositionOnlyPendulum { pendulum: TimeLimit::new(Pendulum::default(), length), length })
    }
}

impl Env for PositionOnlyPendulum {
    type Obs = [f32; 2];
    type Act = [f32; 1];
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        let high = [1.0_f32; 2];
        Space::box_f32(&high.map(|x| -x), &high).expect("constant bounds")
    }

    fn action_space(&self) -> Space {
        self.pendulum.action_space()
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([f32; 2], Info), ControlError> {
        let (obs, info) = self.pendulum.reset(seed, options)?;
        Ok((positions(obs), info))
    }

    fn step(&mut self, action: &[f32; 1]) -> Result<Step<[f32; 2]>, ControlError> {
        let mut step = self.pendulum.step(action)?;
        step.reward = (step.reward + HALF_COST) / HALF_COST / self.length as f64;
        Ok(step.map(positions))
    }

    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        self.pendulum.render()
    }
}

stateful_as!(PositionOnlyPendulum, pendulum);
