//! [`Pendulum`].

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{BoxSpace, Dtype, Env, Frame, Info, Options, Space, Step, Value};

use crate::control::{ControlError, finite, non_negative_options, single_number};
use crate::draw::{BLACK, Canvas, place, rectangle};
use crate::numpy::{pow2, pow2_f32, remainder};
use crate::registry::entry::{Entry, each, native, one};
use crate::stateful::{AttributeError, Stateful, doubles, number, numbers};

const MAX_SPEED: f64 = 8.0; // rad/s
const MAX_TORQUE: f32 = 2.0; // N m
const DT: f64 = 0.05; // s between two states
const LENGTH: f64 = 1.0; // m
const MASS: f64 = 1.0; // kg

/// Arguments of [`Pendulum`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PendulumConfig {
    /// Acceleration of gravity (m/s^2).
    #[serde(deserialize_with = "finite")]
    pub g: f64,
}

impl Default for PendulumConfig {
    fn default() -> Self {
        PendulumConfig { g: 10.0 }
    }
}

pub(crate) const ENTRIES: &[Entry] = &[Entry {
    id: "Pendulum-v1",
    max_episode_steps: Some(200),
    reward_threshold: None,
    render_fps: 30.0,
    description: "Swing a rod up and hold it upright by a torque.",
    kwargs: &["g"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, |config| Ok(Pendulum::new(config))),
    native: |kwargs, limit| native(kwargs, limit, |config| Ok(Pendulum::new(config))),
    many: Some(|kwargs, limit, many| each(kwargs, limit, many, |config| Ok(Pendulum::new(config)))),
}];

/// A rod to be swung up and held upright by a torque in [-2, 2] N m at its pivot; a greater one is clipped.
///
/// Observation: cosine and sine of the angle from upright, angular velocity in [-8, 8] rad/s. Reward
/// `-(angle^2 + 0.1 velocity^2 + 0.001 torque^2)`, between -16.3 and 0. It never terminates. It starts at angle U(-pi, pi) and
/// velocity U(-1, 1); reset options `x_init` and `y_init` set other bounds for angle and velocity.
///
/// Equal to `PendulumEnv` of Gymnasium 1.x in every bit.
#[derive(Clone, Debug)]
pub struct Pendulum {
    /// The constants by Gymnasium's names, in the order of [`NUMBERS`].
    numbers: [f64; NUMBERS.len()],
    rng: Option<Generator>,
    state: Option<[f64; 2]>,
    torque: Option<f32>,
}

/// Names of the constants.
const NUMBERS: [&str; 6] = ["max_speed", "max_torque", "dt", "g", "m", "l"];

impl Default for Pendulum {
    fn default() -> Self {
        Pendulum::new(PendulumConfig::default())
    }
}

impl Pendulum {
    /// A pendulum before its first reset.
    pub fn new(config: PendulumConfig) -> Self {
        let numbers = [MAX_SPEED, f64::from(MAX_TORQUE), DT, config.g, MASS, LENGTH];
        Pendulum { numbers, rng: None, state: None, torque: None }
    }

    /// Angle from upright (rad, unbounded) and angular velocity (rad/s); `None` before the first reset.
    pub fn state(&self) -> Option<[f64; 2]> {
        self.state
    }
}

fn observe([theta, velocity]: [f64; 2]) -> [f32; 3] {
    [theta.cos() as f32, theta.sin() as f32, velocity as f32]
}

fn draw(theta: f64, torque: f64) -> Frame {
    const SCALE: f64 = 500.0 / 4.4; // pixels per metre
    const RED: [u8; 3] = [204, 77, 77];
    let (pivot, angle) = ([250.0, 250.0], theta + PI / 2.0);
    let half_width = 0.1 * SCALE;
    let mut canvas = Canvas::new(500, 500);
    canvas.polygon(&rectangle([0.0, -half_width], [SCALE, half_width], angle, pivot), RED);
    canvas.circle(pivot, half_width, RED);
    canvas.circle(place([SCALE, 0.0], angle, pivot), half_width, RED);
    draw_torque(&mut canvas, pivot, torque, SCALE);
    canvas.circle(pivot, 0.05 * SCALE, BLACK);
    canvas.frame()
}

/// An arrow of three quarters of a circle. Its size shows the torque; it is anticlockwise if the torque is positive.
fn draw_torque(canvas: &mut Canvas, pivot: [f64; 2], torque: f64, scale: f64) {
    let radius = scale * torque.abs() / 4.0;
    if radius < 1.0 {
        return;
    }
    let direction = torque.signum();
    let at = |turn: f64, radius: f64| place([radius, 0.0], direction * turn + PI / 2.0, pivot);
    let arc: Vec<[f64; 2]> = (0..=40).map(|i| at(f64::from(i) * 1.5 * PI / 40.0, radius)).collect();
    canvas.line(&arc, 0.05 * radius, BLACK);
    let head = [at(1.5 * PI, 0.85 * radius), at(1.5 * PI, 1.15 * radius), at(1.5 * PI + 0.4, radius)];
    canvas.polygon(&head, BLACK);
}

impl Env for Pendulum {
    type Obs = [f32; 3];
    type Act = [f32; 1];
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        let high = [1.0, 1.0, MAX_SPEED as f32];
        Space::box_f32(&high.map(|x| -x), &high).expect("constant bounds")
    }

    fn action_space(&self) -> Space {
        let bound = f64::from(MAX_TORQUE);
        Space::Box(BoxSpace { low: vec![-bound], high: vec![bound], shape: vec![1], dtype: Dtype::F32 })
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([f32; 3], Info), ControlError> {
        let bounds = non_negative_options(options, ["x_init", "y_init"], [PI, 1.0])?;
        let rng = reseed(&mut self.rng, seed);
        let state = bounds.map(|bound| rng.uniform(-bound, bound));
        self.state = Some(state);
        self.torque = None;
        Ok((observe(state), Info::new()))
    }

    fn step(&mut self, action: &[f32; 1]) -> Result<Step<[f32; 3]>, ControlError> {
        let [max_speed, max_torque, dt, g, m, l] = self.numbers;
        let (least, most) = (-max_torque as f32, max_torque as f32);
        let torque = single_number(action, MAX_TORQUE)?.max(least).min(most);
        let [theta, velocity] = self.state.ok_or(ControlError::NotReset)?;
        let angle = remainder(theta + PI, 2.0 * PI) - PI;
        // The torque's terms are single precision in Gymnasium, because the action is.
        let cost = pow2(angle) + 0.1 * pow2(velocity) + f64::from(0.001 * pow2_f32(torque));
        let acceleration =
            3.0 * g / (2.0 * l) * theta.sin() + f64::from((3.0 / (m * pow2(l))) as f32 * torque);
        // NumPy's `clip`, which takes bounds in the wrong order.
        let velocity = (velocity + acceleration * dt).max(-max_speed).min(max_speed);
        let state = [theta + velocity * dt, velocity];
        self.state = Some(state);
        self.torque = Some(torque);
        Ok(Step {
            obs: observe(state),
            reward: -cost,
            terminated: false,
            truncated: false,
            info: Info::new(),
        })
    }

    /// 500 x 500 pixels; an arrow about the pivot shows the latest torque.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        Ok(self.state.map(|[theta, _]| draw(theta, self.torque.map_or(0.0, f64::from))))
    }
}

impl Stateful for Pendulum {
    fn attributes(&self) -> &'static [&'static str] {
        const NAMES: [&str; NUMBERS.len() + 2] = {
            let [a, b, c, d, e, f] = NUMBERS;
            ["state", "last_u", a, b, c, d, e, f]
        };
        &NAMES
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, AttributeError> {
        match (name, NUMBERS.iter().position(|known| *known == name)) {
            ("state", _) => Ok(doubles(self.state)),
            ("last_u", _) => Ok(self.torque.map(|torque| Value::Float(torque.into()))),
            (_, Some(i)) => Ok(Some(Value::Float(self.numbers[i]))),
            _ => Err(self.unknown(name)),
        }
    }

    fn set_attribute(&mut self, name: &str, value: Option<&Value>) -> Result<(), AttributeError> {
        match (name, NUMBERS.iter().position(|known| *known == name)) {
            ("state", _) => self.state = value.map(|value| numbers(name, value)).transpose()?,
            ("last_u", _) => {
                let torque = value.map(|value| number(name, Some(value))).transpose()?;
                self.torque = torque.map(|torque| torque as f32);
            }
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
