//! [`CartPole`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step, Value};

use crate::batch::AnyBatch;
use crate::cart_poles::CartPoles;
use crate::cartpole_physics::{NUMBERS, Physics};
use crate::control::{ControlError, reset_bounds};
use crate::draw::{BLACK, Canvas, rectangle};
use crate::fused::Fused;
use crate::kwargs::Kwargs;
use crate::registry::entry::{Entry, Many, config, native, one};
use crate::small_angle;
use crate::stateful::{AttributeError, Stateful, doubles, number, numbers, wrong};

pub(crate) const GRAVITY: f64 = 9.8; // m/s^2
pub(crate) const CART_MASS: f64 = 1.0; // kg
pub(crate) const POLE_MASS: f64 = 0.1; // kg
pub(crate) const TOTAL_MASS: f64 = POLE_MASS + CART_MASS;
pub(crate) const HALF_LENGTH: f64 = 0.5; // m, from the pivot to the pole's centre
pub(crate) const POLE_MASS_LENGTH: f64 = POLE_MASS * HALF_LENGTH;
pub(crate) const FORCE: f64 = 10.0; // N
pub(crate) const TAU: f64 = 0.02; // s between two states
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

pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        id: "CartPole-v0",
        max_episode_steps: Some(200),
        reward_threshold: Some(195.0),
        render_fps: 50.0,
        description: "Keep a pole upright on a cart, for 200 steps.",
        kwargs: &["sutton_barto_reward"],
        defaults: || json!({}),
        one: |kwargs, limit| one(kwargs, limit, |config| Ok(CartPole::new(config))),
        native: |kwargs, limit| native(kwargs, limit, |config| Ok(CartPole::new(config))),
        many: Some(cart_poles),
    },
    Entry {
        id: "CartPole-v1",
        max_episode_steps: Some(500),
        reward_threshold: Some(475.0),
        render_fps: 50.0,
        description: "Keep a pole upright on a cart, for 500 steps.",
        kwargs: &["sutton_barto_reward"],
        defaults: || json!({}),
        one: |kwargs, limit| one(kwargs, limit, |config| Ok(CartPole::new(config))),
        native: |kwargs, limit| native(kwargs, limit, |config| Ok(CartPole::new(config))),
        many: Some(cart_poles),
    },
];

fn cart_poles(kwargs: Kwargs, limit: Option<u64>, (num_envs, mode): Many) -> Result<AnyBatch, String> {
    let config = config(kwargs)?;
    Ok(AnyBatch::new(CartPoles::new(config, limit, num_envs, mode)))
}

/// A pole on a cart, to be kept upright by pushing the cart left (0) or right (1) with 10 N every 20 ms.
///
/// Observation: position (m), velocity (m/s), angle (rad), angular velocity (rad/s). An episode terminates beyond 2.4 m or 12
/// degrees. It starts with all four in U(-0.05, 0.05); reset options `low` and `high` set other bounds. Reward 1 for every
/// step, the falling one included, and 0 for steps after it.
///
/// Barto, Sutton & Anderson 1983, 10.1109/TSMC.1983.6313077. Equal to `CartPoleEnv` of Gymnasium 1.x in every bit.
#[derive(Clone, Debug)]
pub struct CartPole {
    config: CartPoleConfig,
    rng: Option<Generator>,
    state: Option<[f64; 4]>,
    /// Sine and cosine of the angle. They are computed as soon as the angle is known, because the processor can then compute
    /// them while a division is still running.
    sin_cos: (f64, f64),
    /// Steps beyond the bounds after the first, if there was one.
    beyond: Option<u64>,
    fused: Option<Fused>,
    /// The physical constants, if one was changed.
    physics: Option<Box<Physics>>,
}

impl Default for CartPole {
    fn default() -> Self {
        CartPole::new(CartPoleConfig::default())
    }
}

impl CartPole {
    /// A cart-pole before its first reset.
    pub fn new(config: CartPoleConfig) -> Self {
        CartPole {
            config,
            rng: None,
            state: None,
            sin_cos: (0.0, 1.0),
            beyond: None,
            fused: Fused::detect(),
            physics: None,
        }
    }

    /// The generator of a reset.
    pub(crate) fn rng(&mut self) -> Option<&mut Generator> {
        self.rng.as_mut()
    }

    /// Position, velocity, angle, angular velocity in full precision; `None` before the first reset.
    pub fn state(&self) -> Option<[f64; 4]> {
        self.state
    }

    /// A step with changed constants: the new state, the sine and cosine of its angle, and whether it is beyond the bounds.
    #[cold]
    #[inline(never)]
    fn moved(&self, physics: &Physics, state: [f64; 4], action: i64) -> ([f64; 4], (f64, f64), bool) {
        let state = physics.advance(state, self.sin_cos, action);
        let (x_limit, theta_limit, _) = physics.limits();
        let [x, _, theta, _] = state;
        let beyond = x < -x_limit || x > x_limit || theta < -theta_limit || theta > theta_limit;
        (state, sin_cos(self.fused, theta), beyond)
    }
}

/// One Euler step of `TAU` under `force`, given sine and cosine of the angle. The order of operations is Gymnasium's.
#[inline(always)]
pub(crate) fn advance(state: [f64; 4], sin_cos: (f64, f64), force: f64) -> [f64; 4] {
    advance_by(state, sin_cos, force, |x| x / TOTAL_MASS, |x| x)
}

/// [`advance`], given how to divide by the total mass, and how to keep numbers apart that must not wait for others.
#[inline(always)]
fn advance_by(
    [x, x_dot, theta, theta_dot]: [f64; 4],
    (sin, cos): (f64, f64),
    force: f64,
    over_mass: impl Fn(f64) -> f64,
    apart: impl Fn(f64) -> f64,
) -> [f64; 4] {
    let temp = over_mass(force + POLE_MASS_LENGTH * (theta_dot * theta_dot) * sin);
    let theta_acc =
        (GRAVITY * sin - cos * temp) / (HALF_LENGTH * (4.0 / 3.0 - over_mass(POLE_MASS * (cos * cos))));
    let x_acc = temp - over_mass(POLE_MASS_LENGTH * theta_acc * cos);
    [x + TAU * x_dot, x_dot + TAU * x_acc, apart(theta + TAU * theta_dot), apart(theta_dot + TAU * theta_acc)]
}

/// Sine and cosine of the angle.
#[inline(always)]
fn sin_cos(fused: Option<Fused>, theta: f64) -> (f64, f64) {
    match fused {
        Some(fused) => small_angle::sin_cos(fused, theta),
        None => (theta.sin(), theta.cos()),
    }
}

/// [`advance`], and [`sin_cos`] of the new angle, in fused multiply-adds where they give the same bits.
#[inline(always)]
fn advance_and_turn(
    fused: Option<Fused>,
    state: [f64; 4],
    turn: (f64, f64),
    force: f64,
) -> ([f64; 4], (f64, f64)) {
    // Then no dividend of `over_mass` overflows, and none underflows: the cosine of a number is not below 2^-60, sine or force
    // are large enough, and a difference of two numbers is 0 or at least 2^-53 of the larger.
    let moderate = state[3].abs() <= 1024.0;
    match fused {
        Some(fused) if moderate => {
            let state = advance_by(state, turn, force, |x| over_mass(fused, x), |x| fused.apart(x));
            (state, small_angle::sin_cos(fused, state[2]))
        }
        _ => {
            let state = advance(state, turn, force);
            (state, sin_cos(None, state[2]))
        }
    }
}

/// `x / TOTAL_MASS` in half the time: x times the reciprocal as a sum of two numbers, rounded once at its end (Brisebarre &
/// Muller 2008, 10.1109/TC.2007.70813).
///
/// The bits are those of the division for x = +0 and every x of magnitude 2^-900 to 2^900; no step divides -0. The integer significand Y of the
/// divisor is even, so no quotient lies nearer than `1 / Y`, 2^-52.14, of a unit in its last place to the middle between two
/// numbers. The sum before its rounding lies within 2^-54 of such a unit of the quotient: the reciprocal's two parts leave out
/// less than 2^-108, and their lower product is rounded by at most 2^-107, of a quotient whose last place is 2^-52.
#[inline(always)]
fn over_mass(fused: Fused, x: f64) -> f64 {
    const RECIPROCAL: f64 = 1.0 / TOTAL_MASS;
    /// What the reciprocal lacks, `(1 - RECIPROCAL * TOTAL_MASS) / TOTAL_MASS`.
    const REST: f64 = -4.312_436_541_932_425_4e-17;
    fused.mul_add(RECIPROCAL, x, REST * x)
}

/// The force of action 0 or 1. It is a product, because a branch on random actions would be mispredicted half of the time.
#[inline(always)]
pub(crate) fn force(action: i64) -> f64 {
    FORCE * (2 * action - 1) as f64
}

#[inline(always)]
pub(crate) fn out_of_bounds([x, _, theta, _]: [f64; 4]) -> bool {
    x.abs() > X_LIMIT || theta.abs() > THETA_LIMIT
}

/// The reward of a step that ends beyond the bounds. It is a function of its own, so that other steps do not pay for it.
#[cold]
#[inline(never)]
fn reward_of_a_fall(sutton_barto: bool, fallen_before: bool) -> f64 {
    match (sutton_barto, fallen_before) {
        (true, _) => -1.0,
        (false, true) => 0.0,
        (false, false) => 1.0,
    }
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

    #[inline(always)]
    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([f32; 4], Info), ControlError> {
        let (low, high) = reset_bounds(options, -RESET_BOUND, RESET_BOUND)?;
        let rng = reseed(&mut self.rng, seed);
        let state: [f64; 4] = std::array::from_fn(|_| rng.uniform(low, high));
        self.state = Some(state);
        self.sin_cos = sin_cos(self.fused, state[2]);
        self.beyond = None;
        Ok((state.map(|x| x as f32), Info::new()))
    }

    #[inline(always)]
    fn step(&mut self, action: &i64) -> Result<Step<[f32; 4]>, ControlError> {
        if !(0..2).contains(action) {
            return Err(ControlError::discrete(2, *action));
        }
        let state = self.state.ok_or(ControlError::NotReset)?;
        let (state, turn, terminated) = match &self.physics {
            None => {
                let (state, turn) = advance_and_turn(self.fused, state, self.sin_cos, force(*action));
                (state, turn, out_of_bounds(state))
            }
            Some(physics) => self.moved(physics, state, *action),
        };
        self.state = Some(state);
        self.sin_cos = turn;
        let sutton_barto = self.config.sutton_barto_reward;
        let reward = if terminated {
            let fallen = self.beyond.is_some();
            self.beyond = Some(self.beyond.map_or(0, |steps| steps + 1));
            reward_of_a_fall(sutton_barto, fallen)
        } else {
            if sutton_barto { 0.0 } else { 1.0 }
        };
        Ok(Step { obs: state.map(|x| x as f32), reward, terminated, truncated: false, info: Info::new() })
    }

    /// 600 x 400 pixels: the track is 4.8 m wide.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        let (x_limit, _, half_length) =
            self.physics.as_ref().map_or((X_LIMIT, THETA_LIMIT, HALF_LENGTH), |physics| physics.limits());
        Ok(self.state.map(|state| draw(state, x_limit, half_length)))
    }
}

/// The track as wide as twice `x_limit`, the pole twice its half length.
pub(crate) fn draw([x, _, theta, _]: [f64; 4], x_limit: f64, half_length: f64) -> Frame {
    let scale = 600.0 / (2.0 * x_limit); // pixels per metre
    let mut canvas = Canvas::new(600, 400);
    let cart = [x * scale + 300.0, 100.0];
    let axle = [cart[0], cart[1] + 7.5];
    canvas.line(&[[0.0, 100.0], [600.0, 100.0]], 1.0, BLACK);
    canvas.polygon(&rectangle([-25.0, -15.0], [25.0, 15.0], 0.0, cart), BLACK);
    let pole = rectangle([-5.0, -5.0], [5.0, scale * 2.0 * half_length - 5.0], -theta, axle);
    canvas.polygon(&pole, [202, 152, 101]);
    canvas.circle(axle, 5.0, [129, 132, 203]);
    canvas.frame()
}

impl Stateful for CartPole {
    fn attributes(&self) -> &'static [&'static str] {
        const NAMES: [&str; NUMBERS.len() + 3] = {
            let mut names = [
                "state",
                "steps_beyond_terminated",
                "kinematics_integrator",
                "",
                "",
                "",
                "",
                "",
                "",
                "",
                "",
                "",
                "",
            ];
            let mut i = 0;
            while i < NUMBERS.len() {
                names[3 + i] = NUMBERS[i];
                i += 1;
            }
            names
        };
        &NAMES
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, AttributeError> {
        let mut physics = self.physics.as_ref().map_or_else(Physics::default, |physics| **physics);
        Ok(match name {
            "state" => doubles(self.state),
            "steps_beyond_terminated" => self.beyond.map(|steps| Value::Int(steps as i64)),
            "kinematics_integrator" => {
                Some(Value::Text(if physics.euler { "euler" } else { "semi-implicit euler" }.into()))
            }
            other => Some(Value::Float(*physics.number(other).ok_or_else(|| self.unknown(other))?)),
        })
    }

    fn set_attribute(&mut self, name: &str, value: Option<&Value>) -> Result<(), AttributeError> {
        let mut physics = self.physics.as_ref().map_or_else(Physics::default, |physics| **physics);
        match name {
            "state" => {
                self.state = value.map(|value| numbers(name, value)).transpose()?;
                self.sin_cos = self.state.map_or((0.0, 1.0), |state| sin_cos(self.fused, state[2]));
            }
            "steps_beyond_terminated" => {
                let steps = |value: &Value| value.as_i64().and_then(|steps| u64::try_from(steps).ok());
                let checked =
                    |value| steps(value).ok_or_else(|| wrong(name, "a non-negative integer, or None", value));
                self.beyond = value.map(checked).transpose()?;
            }
            "kinematics_integrator" => match value {
                Some(Value::Text(text)) => physics.euler = text == "euler",
                _ => {
                    let found = value.cloned().unwrap_or(Value::Text("None".into()));
                    return Err(wrong(name, "\"euler\", or another text for semi-implicit Euler", &found));
                }
            },
            other => *physics.number(other).ok_or_else(|| self.unknown(other))? = number(name, value)?,
        }
        self.physics = (physics != Physics::default()).then(|| Box::new(physics));
        Ok(())
    }

    fn generator(&self) -> Option<&Generator> {
        self.rng.as_ref()
    }

    fn set_generator(&mut self, generator: Option<Generator>) {
        self.rng = generator;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn seed_42_starts_as_gymnasium() {
        let (obs, _) = CartPole::default().reset(Some(42), None).unwrap();
        assert_eq!(obs, [0.027395604, -0.006112156, 0.035859793, 0.019736802]);
    }

    fn expect_a_division(fused: Fused, x: f64) {
        assert_eq!(over_mass(fused, x).to_bits(), (x / TOTAL_MASS).to_bits(), "x = {x:e}");
    }

    #[test]
    fn products_divide_by_the_mass_where_it_is_hardest() {
        let Some(fused) = Fused::detect() else { return };
        // Quotients as near as any to the middle between two numbers: X 2^s = r (mod Y'), Y' the odd part of the divisor's
        // significand, for small r.
        let odd = (TOTAL_MASS.to_bits() & ((1 << 52) - 1) | 1 << 52) >> 1;
        assert_eq!(odd % 2, 1);
        let half = |x: u64| if x.is_multiple_of(2) { x / 2 } else { (x + odd) / 2 };
        let mut hard = 0;
        for power in [51, 52] {
            let inverse = (0..power).fold(1, |x, _| half(x));
            for rest in 1..2000u128 {
                let first = (u128::from(inverse) * rest % u128::from(odd)) as u64;
                for significand in (0..4).flat_map(|k| [first + k * odd, k * odd + odd - first]) {
                    if (1 << 52..1 << 53).contains(&significand) {
                        expect_a_division(fused, significand as f64);
                        hard += 1;
                    }
                }
            }
        }
        assert!(hard > 5000, "{hard}");
        [0.0, 10.0, -10.0, TOTAL_MASS].iter().for_each(|&x| expect_a_division(fused, x));
    }

    proptest! {
        #[test]
        fn products_divide_by_the_mass(significand in any::<f64>(), exponent in -900i32..900) {
            let significand = f64::from_bits(significand.to_bits() & !(0x7ff << 52) | 1023 << 52);
            if let Some(fused) = Fused::detect() {
                expect_a_division(fused, significand * f64::exp2(exponent.into()));
            }
        }

        #[test]
        fn every_way_to_step_gives_the_same_bits(
            state in prop::array::uniform4(prop_oneof![-0.3f64..0.3, -3.0..3.0, -2000.0..2000.0, any::<f64>()]),
            action in 0i64..2,
        ) {
            let turn = sin_cos(None, state[2]);
            let plain = advance(state, turn, force(action));
            let expected = (plain, sin_cos(None, plain[2]));
            let found = advance_and_turn(Fused::detect(), state, turn, force(action));
            let numbers = |(state, (sin, cos)): ([f64; 4], (f64, f64))| {
                // The sign and payload of a NaN are unspecified.
                [state[0], state[1], state[2], state[3], sin, cos].map(|x| if x.is_nan() { 0 } else { x.to_bits() })
            };
            prop_assert_eq!(numbers(found), numbers(expected));
        }
    }

    #[test]
    fn bad_use_is_refused() {
        let mut env = CartPole::default();
        assert_eq!(env.step(&0), Err(ControlError::NotReset));
        env.reset(Some(1), None).unwrap();
        let message = env.step(&2).unwrap_err().to_string();
        assert_eq!(message, "action: expected Discrete(2), found integer 2");
        let options = |name: &str, value| Options::from([(name.to_string(), value)]);
        let mut refusal = |name, value| env.reset(None, Some(&options(name, value))).unwrap_err().to_string();
        assert_eq!(
            refusal("low", Value::Float(0.2)),
            "reset option \"low\": expected at most high = 0.05, found number 0.2"
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
