//! [`MountainCarContinuous`].

use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{BoxSpace, Dtype, Env, Frame, Info, Options, Space, Step, Value};

use crate::control::{ControlError, reset_bounds, single_number};
use crate::mountain_car::{
    GRAVITY, MAX_POSITION, MAX_SPEED, MIN_POSITION, MountainCarConfig, draw, observation_space,
};
use crate::registry::entry::{Entry, each, native, one};
use crate::stateful::{AttributeError, Stateful, array, number, numbers};

const POWER: f64 = 0.0015;
const GOAL_POSITION: f64 = 0.45;

pub(crate) const ENTRIES: &[Entry] = &[Entry {
    id: "MountainCarContinuous-v0",
    max_episode_steps: Some(999),
    reward_threshold: Some(90.0),
    render_fps: 30.0,
    description: "Swing a weak car up a hill with a continuous force.",
    kwargs: &["goal_velocity"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, |config| Ok(MountainCarContinuous::new(config))),
    native: |kwargs, limit| native(kwargs, limit, |config| Ok(MountainCarContinuous::new(config))),
    many: Some(|kwargs, limit, many| {
        each(kwargs, limit, many, |config| Ok(MountainCarContinuous::new(config)))
    }),
}];

/// [`MountainCar`](crate::MountainCar) with a continuous force in [-1, 1]; a greater one is clipped, but paid for in full.
///
/// Observation: position in [-1.2, 0.6], velocity in [-0.07, 0.07] per step. An episode terminates at position 0.45 with reward
/// 100; every step costs 0.1 force^2. It starts at rest at U(-0.6, -0.4); reset options `low` and `high` set other bounds.
///
/// Equal to `Continuous_MountainCarEnv` of Gymnasium 1.x in every bit, which computes the first step of an episode in
/// double precision and the others mostly in single precision.
#[derive(Clone, Debug)]
pub struct MountainCarContinuous {
    config: MountainCarConfig,
    goal_position: f64,
    rng: Option<Generator>,
    state: Option<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Position and velocity in double precision: after a reset, at rest, or as they were set.
    Fresh([f64; 2]),
    /// Position and velocity after a step.
    Moved([f32; 2]),
}

impl Default for MountainCarContinuous {
    fn default() -> Self {
        MountainCarContinuous::new(MountainCarConfig::default())
    }
}

impl MountainCarContinuous {
    /// A continuous mountain car before its first reset.
    pub fn new(config: MountainCarConfig) -> Self {
        MountainCarContinuous { config, goal_position: GOAL_POSITION, rng: None, state: None }
    }

    /// Position and velocity; `None` before the first reset.
    pub fn state(&self) -> Option<[f64; 2]> {
        self.state.map(|state| match state {
            State::Fresh(state) => state,
            State::Moved(state) => state.map(f64::from),
        })
    }
}

/// Engine and gravity. Gymnasium's force is a `float32`, and with it the sum, unless clipping made it a Python float.
enum Push {
    Single(f32),
    Double(f64),
}

fn push(action: f32, cos: f64) -> Push {
    let gravity = GRAVITY * cos;
    match f64::from(action) {
        force if force < -1.0 => Push::Double(-POWER - gravity),
        force if force > 1.0 => Push::Double(POWER - gravity),
        _ => Push::Single(action * POWER as f32 - gravity as f32),
    }
}

/// Position and velocity at which an episode ends.
type Goal = [f64; 2];

/// The first step after a reset: new state and whether the goal is reached.
fn step_fresh([position, velocity]: [f64; 2], action: f32, goal: Goal) -> ([f32; 2], bool) {
    let velocity = velocity
        + match push(action, (3.0 * position).cos()) {
            Push::Single(x) => f64::from(x),
            Push::Double(x) => x,
        };
    let velocity = velocity.clamp(-MAX_SPEED, MAX_SPEED);
    let position = (position + velocity).clamp(MIN_POSITION, MAX_POSITION);
    let velocity = if position == MIN_POSITION && velocity < 0.0 { 0.0 } else { velocity };
    ([position as f32, velocity as f32], position >= goal[0] && velocity >= goal[1])
}

/// Any further step.
fn step_moved([position, velocity]: [f32; 2], action: f32, goal: Goal) -> ([f32; 2], bool) {
    const TOP: f32 = MAX_SPEED as f32;
    const LOW: f32 = MIN_POSITION as f32;
    const HIGH: f32 = MAX_POSITION as f32;
    let velocity = velocity
        + match push(action, f64::from(3.0 * position).cos()) {
            Push::Single(x) => x,
            Push::Double(x) => x as f32,
        };
    // A clipped velocity is a Python float in Gymnasium, and compared with the goal's as one.
    let mut exact = if velocity > TOP {
        Some(MAX_SPEED)
    } else if velocity < -TOP {
        Some(-MAX_SPEED)
    } else {
        None
    };
    let mut velocity = velocity.clamp(-TOP, TOP);
    let position = (position + velocity).clamp(LOW, HIGH);
    if position == LOW && velocity < 0.0 {
        (velocity, exact) = (0.0, Some(0.0));
    }
    let fast = match exact {
        Some(velocity) => velocity >= goal[1],
        None => velocity >= goal[1] as f32,
    };
    ([position, velocity], position >= goal[0] as f32 && fast)
}

impl Env for MountainCarContinuous {
    type Obs = [f32; 2];
    type Act = [f32; 1];
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        observation_space()
    }

    fn action_space(&self) -> Space {
        Space::Box(BoxSpace { low: vec![-1.0], high: vec![1.0], shape: vec![1], dtype: Dtype::F32 })
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([f32; 2], Info), ControlError> {
        let (low, high) = reset_bounds(options, -0.6, -0.4)?;
        let position = reseed(&mut self.rng, seed).uniform(low, high);
        self.state = Some(State::Fresh([position, 0.0]));
        Ok(([position as f32, 0.0], Info::new()))
    }

    fn step(&mut self, action: &[f32; 1]) -> Result<Step<[f32; 2]>, ControlError> {
        let action = single_number(action, 1.0)?;
        let goal = [self.goal_position, self.config.goal_velocity];
        let (obs, terminated) = match self.state.ok_or(ControlError::NotReset)? {
            State::Fresh(state) => step_fresh(state, action, goal),
            State::Moved(state) => step_moved(state, action, goal),
        };
        self.state = Some(State::Moved(obs));
        let prize = if terminated { 100.0 } else { 0.0 };
        let reward = prize - f64::from(action) * f64::from(action) * 0.1;
        Ok(Step { obs, reward, terminated, truncated: false, info: Info::new() })
    }

    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        Ok(self.state().map(|[position, _]| draw(position, self.goal_position)))
    }
}

impl Stateful for MountainCarContinuous {
    fn attributes(&self) -> &'static [&'static str] {
        &["state", "goal_position", "goal_velocity"]
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, AttributeError> {
        Ok(match name {
            "state" => self.state.map(|state| match state {
                State::Fresh(state) => array(state.to_vec()),
                State::Moved(state) => array(state.to_vec()),
            }),
            "goal_position" => Some(Value::Float(self.goal_position)),
            "goal_velocity" => Some(Value::Float(self.config.goal_velocity)),
            _ => return Err(self.unknown(name)),
        })
    }

    fn set_attribute(&mut self, name: &str, value: Option<&Value>) -> Result<(), AttributeError> {
        match name {
            "state" => {
                let single =
                    |value: &Value| value.as_array().is_some_and(|array| array.dtype() == Dtype::F32);
                let read = |value| {
                    let state: [f64; 2] = numbers(name, value)?;
                    Ok(if single(value) {
                        State::Moved(state.map(|x| x as f32))
                    } else {
                        State::Fresh(state)
                    })
                };
                self.state = value.map(read).transpose()?;
            }
            "goal_position" => self.goal_position = number(name, value)?,
            "goal_velocity" => self.config.goal_velocity = number(name, value)?,
            _ => return Err(self.unknown(name)),
        }
        Ok(())
    }

    fn generator(&self) -> Option<&Generator> {
        self.rng.as_ref()
    }

    fn set_generator(&mut self, generator: Option<Generator>) {
        self.rng = generator;
    }
}
