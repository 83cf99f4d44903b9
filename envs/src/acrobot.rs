//! [`Acrobot`].

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step, Value};

use crate::control::{ControlError, option_error, reset_bounds};
use crate::draw::{BLACK, Canvas, rectangle};
use crate::numpy::{pow2, sin_cos_f32};
use crate::registry::entry::{Entry, each, native, one};
use crate::stateful::{AttributeError, Stateful, doubles, number, numbers, wrong};

const DT: f64 = 0.2; // s between two states
// Both links: 1 kg, 1 m, centre of mass at 0.5 m, moment of inertia 1 kg m^2.
const LENGTH: f64 = 1.0;
const CENTRE: f64 = 0.5;
const MASS: f64 = 1.0;
const INERTIA: f64 = 1.0;
const GRAVITY: f64 = 9.8; // m/s^2
const MAX_SPEED: [f64; 2] = [4.0 * PI, 9.0 * PI]; // rad/s

/// Above these speeds the integration diverges, and wrapping the angles would not end.
const MAX_BOUND: f64 = 100.0;

/// Arguments of [`Acrobot`], which takes none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AcrobotConfig {}

pub(crate) const ENTRIES: &[Entry] = &[Entry {
    id: "Acrobot-v1",
    max_episode_steps: Some(500),
    reward_threshold: Some(-100.0),
    render_fps: 15.0,
    description: "Swing two links above a line by a torque between them.",
    kwargs: &[],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, |config| Ok(Acrobot::new(config))),
    native: |kwargs, limit| native(kwargs, limit, |config| Ok(Acrobot::new(config))),
    many: Some(|kwargs, limit, many| each(kwargs, limit, many, |config| Ok(Acrobot::new(config)))),
}];

/// Two links hanging from a fixed joint, to be swung above a line by a torque of -1 (0), 0 (1) or 1 N m (2) between them.
///
/// Observation: cosine and sine of the first link's angle from hanging, the same of the second's relative to the first, and
/// both angular velocities (rad/s, up to 4 pi and 9 pi). An episode terminates when `-cos(a1) - cos(a1 + a2) > 1`; every step
/// before costs 1. It starts with both angles and velocities in U(-0.1, 0.1); reset options `low` and `high` set other bounds,
/// up to 100.
///
/// Sutton 1996, *Generalization in reinforcement learning*, with the dynamics of Sutton & Barto's book, integrated by
/// fourth-order Runge-Kutta. Equal to `AcrobotEnv` of Gymnasium 1.x in every bit.
#[derive(Clone, Debug)]
pub struct Acrobot {
    /// Seconds between two states.
    dt: f64,
    rng: Option<Generator>,
    state: Option<[f64; 4]>,
}

impl Default for Acrobot {
    fn default() -> Self {
        Acrobot::new(AcrobotConfig::default())
    }
}

impl Acrobot {
    /// An acrobot before its first reset.
    pub fn new(_config: AcrobotConfig) -> Self {
        Acrobot { dt: DT, rng: None, state: None }
    }

    /// Both angles (rad, in [-pi, pi]) and angular velocities (rad/s); `None` before the first reset.
    pub fn state(&self) -> Option<[f64; 4]> {
        self.state
    }
}

/// Derivatives of angles and velocities under a torque. The order of operations is Gymnasium's.
fn derivatives([theta1, theta2, dtheta1, dtheta2]: [f64; 4], torque: f64) -> [f64; 4] {
    let (sin2, cos2) = (theta2.sin(), theta2.cos());
    let d1 = MASS * (CENTRE * CENTRE)
        + MASS * (LENGTH * LENGTH + CENTRE * CENTRE + 2.0 * LENGTH * CENTRE * cos2)
        + INERTIA
        + INERTIA;
    let d2 = MASS * (CENTRE * CENTRE + LENGTH * CENTRE * cos2) + INERTIA;
    let phi2 = MASS * CENTRE * GRAVITY * (theta1 + theta2 - PI / 2.0).cos();
    let phi1 = -MASS * LENGTH * CENTRE * pow2(dtheta2) * sin2
        - 2.0 * MASS * LENGTH * CENTRE * dtheta2 * dtheta1 * sin2
        + (MASS * CENTRE + MASS * LENGTH) * GRAVITY * (theta1 - PI / 2.0).cos()
        + phi2;
    let ddtheta2 = (torque + d2 / d1 * phi1 - MASS * LENGTH * CENTRE * pow2(dtheta1) * sin2 - phi2)
        / (MASS * (CENTRE * CENTRE) + INERTIA - pow2(d2) / d1);
    let ddtheta1 = -(d2 * ddtheta2 + phi1) / d1;
    [dtheta1, dtheta2, ddtheta1, ddtheta2]
}

fn runge_kutta(state: [f64; 4], torque: f64, step: f64) -> [f64; 4] {
    let ahead = |k: [f64; 4], dt: f64| std::array::from_fn(|i| state[i] + dt * k[i]);
    let k1 = derivatives(state, torque);
    let k2 = derivatives(ahead(k1, step / 2.0), torque);
    let k3 = derivatives(ahead(k2, step / 2.0), torque);
    let k4 = derivatives(ahead(k3, step), torque);
    std::array::from_fn(|i| state[i] + step / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
}

fn wrap(mut angle: f64) -> f64 {
    while angle > PI {
        angle -= 2.0 * PI;
    }
    while angle < -PI {
        angle += 2.0 * PI;
    }
    angle
}

fn draw(theta1: f64, theta2: f64) -> Frame {
    const SCALE: f64 = 500.0 / 4.4; // pixels per metre
    let mut canvas = Canvas::new(500, 500);
    canvas.line(&[[0.0, SCALE + 250.0], [500.0, SCALE + 250.0]], 1.0, BLACK);
    let joint = [250.0, 250.0];
    let elbow = [250.0 + theta1.sin() * LENGTH * SCALE, 250.0 - theta1.cos() * LENGTH * SCALE];
    for (from, angle) in [(joint, theta1), (elbow, theta1 + theta2)] {
        let (low, high) = ([0.0, -0.1 * SCALE], [LENGTH * SCALE, 0.1 * SCALE]);
        canvas.polygon(&rectangle(low, high, angle - PI / 2.0, from), [0, 204, 204]);
        canvas.circle(from, 0.1 * SCALE, [204, 204, 0]);
    }
    canvas.frame()
}

impl Env for Acrobot {
    type Obs = [f32; 6];
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        let high = [1.0, 1.0, 1.0, 1.0, MAX_SPEED[0] as f32, MAX_SPEED[1] as f32];
        Space::box_f32(&high.map(|x| -x), &high).expect("constant bounds")
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 3, start: 0 }
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([f32; 6], Info), ControlError> {
        let (low, high) = reset_bounds(options, -0.1, 0.1)?;
        for (name, bound) in [("low", low), ("high", high)] {
            if bound.abs() > MAX_BOUND {
                let expected = format!("a number between -{MAX_BOUND} and {MAX_BOUND}");
                return Err(option_error(name, expected, format!("number {bound}")));
            }
        }
        let rng = reseed(&mut self.rng, seed);
        // Gymnasium keeps the initial state, and computes its observation, in single precision.
        let state: [f32; 4] = std::array::from_fn(|_| rng.uniform(low, high) as f32);
        self.state = Some(state.map(f64::from));
        let [(sin1, cos1), (sin2, cos2)] = [sin_cos_f32(state[0]), sin_cos_f32(state[1])];
        Ok(([cos1, sin1, cos2, sin2, state[2], state[3]], Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<[f32; 6]>, ControlError> {
        if !(0..3).contains(action) {
            return Err(ControlError::discrete(3, *action));
        }
        let state = self.state.ok_or(ControlError::NotReset)?;
        let [theta1, theta2, dtheta1, dtheta2] = runge_kutta(state, (action - 1) as f64, self.dt);
        let (theta1, theta2) = (wrap(theta1), wrap(theta2));
        let dtheta1 = dtheta1.clamp(-MAX_SPEED[0], MAX_SPEED[0]);
        let dtheta2 = dtheta2.clamp(-MAX_SPEED[1], MAX_SPEED[1]);
        self.state = Some([theta1, theta2, dtheta1, dtheta2]);
        let (cos1, cos2) = (theta1.cos(), theta2.cos());
        let terminated = -cos1 - (theta2 + theta1).cos() > 1.0;
        let obs = [cos1, theta1.sin(), cos2, theta2.sin(), dtheta1, dtheta2].map(|x| x as f32);
        let reward = if terminated { 0.0 } else { -1.0 };
        Ok(Step { obs, reward, terminated, truncated: false, info: Info::new() })
    }

    /// 500 x 500 pixels: both links and the line to reach.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        Ok(self.state.map(|[theta1, theta2, ..]| draw(theta1, theta2)))
    }
}

impl Stateful for Acrobot {
    fn attributes(&self) -> &'static [&'static str] {
        &["state", "dt"]
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, AttributeError> {
        match name {
            "state" => Ok(doubles(self.state)),
            "dt" => Ok(Some(Value::Float(self.dt))),
            _ => Err(self.unknown(name)),
        }
    }

    fn set_attribute(&mut self, name: &str, value: Option<&Value>) -> Result<(), AttributeError> {
        match name {
            "state" => self.state = value.map(|value| bounded(name, value)).transpose()?,
            "dt" => {
                let dt = number(name, value)?;
                if !(dt > 0.0 && dt <= DT) {
                    return Err(wrong(name, format!("a number above 0 up to {DT}"), &Value::Float(dt)));
                }
                self.dt = dt;
            }
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

/// A state from which the integration does not diverge.
fn bounded(name: &str, value: &Value) -> Result<[f64; 4], AttributeError> {
    let state: [f64; 4] = numbers(name, value)?;
    match state.iter().find(|x| x.is_nan() || x.abs() > MAX_BOUND) {
        Some(x) => {
            Err(wrong(name, format!("numbers between -{MAX_BOUND} and {MAX_BOUND}"), &Value::Float(*x)))
        }
        None => Ok(state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_that_explode_are_refused() {
        let mut env = Acrobot::default();
        let options = Options::from([("high".to_string(), Value::Float(1e3))]);
        let message = env.reset(Some(0), Some(&options)).unwrap_err().to_string();
        assert_eq!(
            message,
            "reset option \"high\": expected a number between -100 and 100, found number 1000"
        );
    }
}
