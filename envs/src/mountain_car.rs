//! [`MountainCar`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step, Value};

use crate::control::{ControlError, finite, reset_bounds};
use crate::draw::{BLACK, Canvas, place, rectangle};
use crate::registry::entry::{Entry, each, native, one};
use crate::stateful::{AttributeError, Stateful, doubles, number, numbers};

pub(crate) const MIN_POSITION: f64 = -1.2;
pub(crate) const MAX_POSITION: f64 = 0.6;
pub(crate) const MAX_SPEED: f64 = 0.07;
pub(crate) const GRAVITY: f64 = 0.0025;
const FORCE: f64 = 0.001;
const GOAL_POSITION: f64 = 0.5;

/// Arguments of [`MountainCar`] and [`MountainCarContinuous`](crate::MountainCarContinuous).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MountainCarConfig {
    /// Least velocity at the goal with which the episode terminates, at most 0.07 per step.
    #[serde(deserialize_with = "finite")]
    pub goal_velocity: f64,
}

pub(crate) const ENTRIES: &[Entry] = &[Entry {
    id: "MountainCar-v0",
    max_episode_steps: Some(200),
    reward_threshold: Some(-110.0),
    render_fps: 30.0,
    description: "Swing a weak car up a hill, pushing left, right or not.",
    kwargs: &["goal_velocity"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, |config| Ok(MountainCar::new(config))),
    native: |kwargs, limit| native(kwargs, limit, |config| Ok(MountainCar::new(config))),
    many: Some(|kwargs, limit, many| each(kwargs, limit, many, |config| Ok(MountainCar::new(config)))),
}];

/// A car in a valley whose engine is too weak for the hill: it has to swing up. Actions: 0 left, 1 none, 2 right.
///
/// Observation: position in [-1.2, 0.6], velocity in [-0.07, 0.07] per step. An episode terminates at position 0.5; every step
/// costs 1. It starts at rest at U(-0.6, -0.4); reset options `low` and `high` set other bounds.
///
/// Moore 1990, *Efficient memory-based learning for robot control*. Equal to `MountainCarEnv` of Gymnasium 1.x in every bit.
#[derive(Clone, Debug)]
pub struct MountainCar {
    /// The constants by Gymnasium's names, in the order of [`NUMBERS`].
    numbers: [f64; NUMBERS.len()],
    rng: Option<Generator>,
    state: Option<[f64; 2]>,
}

/// Names of the constants.
const NUMBERS: [&str; 7] =
    ["min_position", "max_position", "max_speed", "goal_position", "goal_velocity", "force", "gravity"];

impl Default for MountainCar {
    fn default() -> Self {
        MountainCar::new(MountainCarConfig::default())
    }
}

impl MountainCar {
    /// A mountain car before its first reset.
    pub fn new(config: MountainCarConfig) -> Self {
        let goal = config.goal_velocity;
        let numbers = [MIN_POSITION, MAX_POSITION, MAX_SPEED, GOAL_POSITION, goal, FORCE, GRAVITY];
        MountainCar { numbers, rng: None, state: None }
    }

    /// Position and velocity in full precision; `None` before the first reset.
    pub fn state(&self) -> Option<[f64; 2]> {
        self.state
    }
}

pub(crate) fn observation_space() -> Space {
    let bounds = [[MIN_POSITION, -MAX_SPEED], [MAX_POSITION, MAX_SPEED]];
    let [low, high] = bounds.map(|b| b.map(|x| x as f32));
    Space::box_f32(&low, &high).expect("constant bounds")
}

/// 600 x 400 pixels: hill, car at `position`, flag at `goal`.
pub(crate) fn draw(position: f64, goal: f64) -> Frame {
    const SCALE: f64 = 600.0 / (MAX_POSITION - MIN_POSITION);
    let hill = |x: f64| [(x - MIN_POSITION) * SCALE, ((3.0 * x).sin() * 0.45 + 0.55) * SCALE];
    let mut canvas = Canvas::new(600, 400);
    let points: Vec<[f64; 2]> =
        (0..100).map(|i| hill(MIN_POSITION + (MAX_POSITION - MIN_POSITION) * f64::from(i) / 99.0)).collect();
    canvas.line(&points, 1.0, BLACK);
    let [x, y] = hill(position);
    // Gymnasium tilts the car by the cosine of 3 x, close to the hill's slope.
    let (tilt, axles) = ((3.0 * position).cos(), [x, y + 10.0]);
    canvas.polygon(&rectangle([-20.0, 0.0], [20.0, 20.0], tilt, axles), BLACK);
    for side in [-10.0, 10.0] {
        canvas.circle(place([side, 0.0], tilt, axles), 8.0, [128, 128, 128]);
    }
    let [x, y] = hill(goal);
    canvas.line(&[[x, y], [x, y + 50.0]], 1.0, BLACK);
    canvas.polygon(&[[x, y + 50.0], [x, y + 40.0], [x + 25.0, y + 45.0]], [204, 204, 0]);
    canvas.frame()
}

impl Env for MountainCar {
    type Obs = [f32; 2];
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        observation_space()
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 3, start: 0 }
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([f32; 2], Info), ControlError> {
        let (low, high) = reset_bounds(options, -0.6, -0.4)?;
        let state = [reseed(&mut self.rng, seed).uniform(low, high), 0.0];
        self.state = Some(state);
        Ok((state.map(|x| x as f32), Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<[f32; 2]>, ControlError> {
        if !(0..3).contains(action) {
            return Err(ControlError::discrete(3, *action));
        }
        let [position, velocity] = self.state.ok_or(ControlError::NotReset)?;
        let [min_position, max_position, max_speed, goal_position, goal_velocity, force, gravity] =
            self.numbers;
        let push = (action - 1) as f64 * force;
        let velocity = velocity + (push + (3.0 * position).cos() * -gravity);
        // NumPy's `clip`, which takes bounds in the wrong order.
        let velocity = velocity.max(-max_speed).min(max_speed);
        let position = (position + velocity).max(min_position).min(max_position);
        let velocity = if position == min_position && velocity < 0.0 { 0.0 } else { velocity };
        let state = [position, velocity];
        self.state = Some(state);
        let terminated = position >= goal_position && velocity >= goal_velocity;
        let obs = state.map(|x| x as f32);
        Ok(Step { obs, reward: -1.0, terminated, truncated: false, info: Info::new() })
    }

    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        Ok(self.state.map(|[position, _]| draw(position, self.numbers[3])))
    }
}

impl Stateful for MountainCar {
    fn attributes(&self) -> &'static [&'static str] {
        const NAMES: [&str; NUMBERS.len() + 1] = {
            let [a, b, c, d, e, f, g] = NUMBERS;
            ["state", a, b, c, d, e, f, g]
        };
        &NAMES
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, AttributeError> {
        match (name, NUMBERS.iter().position(|known| *known == name)) {
            ("state", _) => Ok(doubles(self.state)),
            (_, Some(i)) => Ok(Some(Value::Float(self.numbers[i]))),
            _ => Err(self.unknown(name)),
        }
    }

    fn set_attribute(&mut self, name: &str, value: Option<&Value>) -> Result<(), AttributeError> {
        match (name, NUMBERS.iter().position(|known| *known == name)) {
            ("state", _) => self.state = value.map(|value| numbers(name, value)).transpose()?,
            (_, Some(i)) => self.numbers[i] = number(name, value)?,
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
