//! [`CartPole`].

use serde::{Deserialize, Serialize};
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use crate::control::{ControlError, reset_bounds};
use crate::draw::{BLACK, Canvas, rectangle};

const GRAVITY: f64 = 9.8; // m/s^2
const CART_MASS: f64 = 1.0; // kg
const POLE_MASS: f64 = 0.1; // kg
const TOTAL_MASS: f64 = POLE_MASS + CART_MASS;
const HALF_LENGTH: f64 = 0.5; // m, from the pivot to the pole's centre
const POLE_MASS_LENGTH: f64 = POLE_MASS * HALF_LENGTH;
const FORCE: f64 = 10.0; // N
const TAU: f64 = 0.02; // s between two states
pub(crate) const X_LIMIT: f64 = 2.4; // m
pub(crate) const THETA_LIMIT: f64 = 12.0 * 2.0 * std::f64::consts::PI / 360.0; // rad
pub(crate) const RESET_BOUND: f64 = 0.05;

/// Arguments of [`CartPole`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CartPoleConfig {
    /// Reward 0 per step and -1 at the fall instead of 1 per step.
    pub sutton_barto_reward: bool,
}

/// A pole on a cart, to be kept upright by pushing the cart left (0) or right (1) with 10 N every 20 ms.
///
/// Observation: position (m), velocity (m/s), angle (rad), angular velocity (rad/s). An episode terminates beyond 2.4 m or 12
/// degrees. It starts with all four in U(-0.05, 0.05); reset options `low` and `high` set other bounds. Reward 1 for every
/// step, the falling one included, and 0 for steps after it.
///
/// Barto, Sutton & Anderson 1983, 10.1109/TSMC.1983.6313077. Equal to `CartPoleEnv` of Gymnasium 1.x in every bit.
#[derive(Clone, Debug, Default)]
pub struct CartPole {
    config: CartPoleConfig,
    rng: Option<Generator>,
    state: Option<[f64; 4]>,
    /// Sine and cosine of the angle. Computed as soon as there is an angle, they do not wait for the next step: a processor
    /// works on them while it still divides.
    sin_cos: [f64; 2],
    fallen: bool,
}

impl CartPole {
    /// A cart-pole before its first reset.
    pub fn new(config: CartPoleConfig) -> Self {
        CartPole { config, ..Self::default() }
    }

    /// Position, velocity, angle, angular velocity in full precision; `None` before the first reset.
    pub fn state(&self) -> Option<[f64; 4]> {
        self.state
    }
}

/// One Euler step of `TAU` under `force`, given sine and cosine of the angle. The order of operations is Gymnasium's.
#[inline(always)]
pub(crate) fn advance([x, x_dot, theta, theta_dot]: [f64; 4], [sin, cos]: [f64; 2], force: f64) -> [f64; 4] {
    let temp = (force + POLE_MASS_LENGTH * (theta_dot * theta_dot) * sin) / TOTAL_MASS;
    let theta_acc =
        (GRAVITY * sin - cos * temp) / (HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * (cos * cos) / TOTAL_MASS));
    let x_acc = temp - POLE_MASS_LENGTH * theta_acc * cos / TOTAL_MASS;
    [x + TAU * x_dot, x_dot + TAU * x_acc, theta + TAU * theta_dot, theta_dot + TAU * theta_acc]
}

/// The force of action 0 or 1: a product, for a branch on random actions is guessed wrong every other time.
#[inline(always)]
pub(crate) fn force(action: i64) -> f64 {
    FORCE * (2 * action - 1) as f64
}

#[inline(always)]
pub(crate) fn out_of_bounds([x, _, theta, _]: [f64; 4]) -> bool {
    x.abs() > X_LIMIT || theta.abs() > THETA_LIMIT
}

pub(crate) fn observation_bounds() -> [f32; 4] {
    [(X_LIMIT * 2.0) as f32, f32::INFINITY, (THETA_LIMIT * 2.0) as f32, f32::INFINITY]
}

impl Env for CartPole {
    type Obs = [f32; 4];
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        let high = observation_bounds();
        Space::box_f32(&high.map(|x| -x), &high).expect("constant bounds")
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 2, start: 0 }
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([f32; 4], Info), ControlError> {
        let (low, high) = reset_bounds(options, -RESET_BOUND, RESET_BOUND)?;
        let rng = reseed(&mut self.rng, seed);
        let state: [f64; 4] = std::array::from_fn(|_| rng.uniform(low, high));
        self.state = Some(state);
        self.sin_cos = [state[2].sin(), state[2].cos()];
        self.fallen = false;
        Ok((state.map(|x| x as f32), Info::new()))
    }

    #[inline]
    fn step(&mut self, action: &i64) -> Result<Step<[f32; 4]>, ControlError> {
        if !(0..2).contains(action) {
            return Err(ControlError::discrete(2, *action));
        }
        let state = advance(self.state.ok_or(ControlError::NotReset)?, self.sin_cos, force(*action));
        self.state = Some(state);
        self.sin_cos = [state[2].sin(), state[2].cos()];
        let terminated = out_of_bounds(state);
        let reward = match (terminated, self.config.sutton_barto_reward) {
            (false, false) => 1.0,
            (false, true) => 0.0,
            (true, false) => f64::from(u8::from(!self.fallen)),
            (true, true) => -1.0,
        };
        self.fallen |= terminated;
        Ok(Step { obs: state.map(|x| x as f32), reward, terminated, truncated: false, info: Info::new() })
    }

    /// 600 x 400 pixels: the track is 4.8 m wide.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        Ok(self.state.map(draw))
    }
}

pub(crate) fn draw([x, _, theta, _]: [f64; 4]) -> Frame {
    const SCALE: f64 = 600.0 / (2.0 * X_LIMIT); // pixels per metre
    let mut canvas = Canvas::new(600, 400);
    let cart = [x * SCALE + 300.0, 100.0];
    let axle = [cart[0], cart[1] + 7.5];
    canvas.line(&[[0.0, 100.0], [600.0, 100.0]], 1.0, BLACK);
    canvas.polygon(&rectangle([-25.0, -15.0], [25.0, 15.0], 0.0, cart), BLACK);
    let pole = rectangle([-5.0, -5.0], [5.0, SCALE * 2.0 * HALF_LENGTH - 5.0], -theta, axle);
    canvas.polygon(&pole, [202, 152, 101]);
    canvas.circle(axle, 5.0, [129, 132, 203]);
    canvas.frame()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sorn_env::Value;

    #[test]
    fn seed_42_starts_as_gymnasium() {
        let (obs, _) = CartPole::default().reset(Some(42), None).unwrap();
        assert_eq!(obs, [0.027395604, -0.006112156, 0.035859793, 0.019736802]);
    }

    #[test]
    fn bad_use_is_refused() {
        let mut env = CartPole::default();
        assert_eq!(env.step(&0), Err(ControlError::NotReset));
        env.reset(Some(1), None).unwrap();
        let message = env.step(&2).unwrap_err().to_string();
        assert_eq!(message, "action: Discrete(2) expected, found integer 2");
        let options = |name: &str, value| Options::from([(name.to_string(), value)]);
        let mut refusal = |name, value| env.reset(None, Some(&options(name, value))).unwrap_err().to_string();
        assert_eq!(
            refusal("low", Value::Float(0.2)),
            "reset option \"low\": at most high = 0.05 expected, found number 0.2"
        );
        assert!(refusal("lo", Value::Float(0.2)).contains("[\"low\", \"high\"]"));
        assert!(refusal("high", Value::Text("1".into())).contains("a finite number"));
        assert!(refusal("high", Value::Float(f64::NAN)).contains("a finite number"));
    }

    #[test]
    fn reset_without_a_seed_goes_on() {
        let (mut a, mut b) = (CartPole::default(), CartPole::default());
        a.reset(Some(3), None).unwrap();
        b.reset(Some(3), None).unwrap();
        let second = a.reset(None, None).unwrap();
        assert_eq!(second, b.reset(None, None).unwrap());
        assert_ne!(second, a.reset(Some(3), None).unwrap());
    }
}
