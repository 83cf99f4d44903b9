//! [`MountainCarContinuous`].

use sorn_env::seeding::{Generator, reseed};
use sorn_env::{BoxSpace, Dtype, Env, Frame, Info, Options, Space, Step};

use crate::control::{ControlError, reset_bounds, single_number};
use crate::mountain_car::{
    GRAVITY, MAX_POSITION, MAX_SPEED, MIN_POSITION, MountainCarConfig, draw, observation_space,
};

const POWER: f64 = 0.0015;
const GOAL_POSITION: f64 = 0.45;

/// [`MountainCar`](crate::MountainCar) with a continuous force in [-1, 1]; a greater one is clipped, but paid for in full.
///
/// Observation: position in [-1.2, 0.6], velocity in [-0.07, 0.07] per step. An episode terminates at position 0.45 with reward
/// 100; every step costs 0.1 force^2. It starts at rest at U(-0.6, -0.4); reset options `low` and `high` set other bounds.
///
/// Equal to `Continuous_MountainCarEnv` of Gymnasium 1.x in every bit, which computes the first step of an episode in
/// double precision and the others mostly in single precision.
#[derive(Clone, Debug, Default)]
pub struct MountainCarContinuous {
    config: MountainCarConfig,
    rng: Option<Generator>,
    state: Option<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Position after a reset, in double precision; at rest.
    Fresh(f64),
    /// Position and velocity after a step.
    Moved([f32; 2]),
}

impl MountainCarContinuous {
    /// A continuous mountain car before its first reset.
    pub fn new(config: MountainCarConfig) -> Self {
        MountainCarContinuous { config, ..Self::default() }
    }

    /// Position and velocity; `None` before the first reset.
    pub fn state(&self) -> Option<[f64; 2]> {
        self.state.map(|state| match state {
            State::Fresh(position) => [position, 0.0],
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

/// The first step after a reset: new state and whether the goal is reached.
fn step_fresh(position: f64, action: f32, goal_velocity: f64) -> ([f32; 2], bool) {
    let velocity = match push(action, (3.0 * position).cos()) {
        Push::Single(x) => f64::from(x),
        Push::Double(x) => x,
    };
    let velocity = velocity.clamp(-MAX_SPEED, MAX_SPEED);
    let position = (position + velocity).clamp(MIN_POSITION, MAX_POSITION);
    let velocity = if position == MIN_POSITION && velocity < 0.0 { 0.0 } else { velocity };
    ([position as f32, velocity as f32], position >= GOAL_POSITION && velocity >= goal_velocity)
}

/// Any further step.
fn step_moved([position, velocity]: [f32; 2], action: f32, goal_velocity: f64) -> ([f32; 2], bool) {
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
        Some(velocity) => velocity >= goal_velocity,
        None => velocity >= goal_velocity as f32,
    };
    ([position, velocity], position >= GOAL_POSITION as f32 && fast)
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
        self.state = Some(State::Fresh(position));
        Ok(([position as f32, 0.0], Info::new()))
    }

    fn step(&mut self, action: &[f32; 1]) -> Result<Step<[f32; 2]>, ControlError> {
        let action = single_number(action, 1.0)?;
        let goal_velocity = self.config.goal_velocity;
        let (obs, terminated) = match self.state.ok_or(ControlError::NotReset)? {
            State::Fresh(position) => step_fresh(position, action, goal_velocity),
            State::Moved(state) => step_moved(state, action, goal_velocity),
        };
        self.state = Some(State::Moved(obs));
        let prize = if terminated { 100.0 } else { 0.0 };
        let reward = prize - f64::from(action) * f64::from(action) * 0.1;
        Ok(Step { obs, reward, terminated, truncated: false, info: Info::new() })
    }

    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        Ok(self.state().map(|[position, _]| draw(position, GOAL_POSITION)))
    }
}
