//! [`Rover`]: the simulation that stands for the robot.

use std::fmt;

use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Info, Options, Space, Step};

/// Way driven in a step (m): 0.5 m/s for 0.05 s.
const WAY: f64 = 0.025;
/// Curvature of the rover's own path with its wheels turned (1/m).
const STEERING: f64 = 2.0;
/// Largest curvature of the road (1/m), and how much it changes in a step at most.
const ROAD: [f64; 2] = [1.2, 0.2];
/// Half the width of the road (m). The rover's middle is not to leave it.
const LANE: f64 = 0.15;
/// Where the sensors saturate: distance from the middle of the road (m), direction against the road's (rad).
const SENSED: [f32; 2] = [0.2, 1.5];
/// How many actions there are.
pub const ACTIONS: i64 = 3;

/// What a step can fail with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoverError {
    /// No action of the rover.
    Action(i64),
    /// A step before the first reset.
    NotReset,
}

impl fmt::Display for RoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(found) => write!(f, "action: expected 0 to {}, found {found}", ACTIONS - 1),
            Self::NotReset => write!(f, "step: expected a reset before it, found none"),
        }
    }
}

impl std::error::Error for RoverError {}

/// A rover that is to stay on a winding road.
///
/// Observation: distance from the middle of the road (m), direction against the road's (rad), positive to the left. Actions: 0
/// steers to the right, 1 straight ahead, 2 to the left. Reward: 1 for each step. Leaving the road terminates.
#[derive(Clone, Debug, Default)]
pub struct Rover {
    rng: Option<Generator>,
    offset: f64,
    heading: f64,
    road: f64,
}

impl Rover {
    /// The space of its observations.
    pub fn observations() -> Space {
        Space::box_f32(&SENSED.map(|most| -most), &SENSED).expect("constant bounds")
    }

    /// The space of its actions.
    pub fn actions() -> Space {
        Space::discrete(ACTIONS).expect("3 is positive")
    }

    fn sense(&self) -> [f32; 2] {
        let [offset, heading] = SENSED;
        [(self.offset as f32).clamp(-offset, offset), (self.heading as f32).clamp(-heading, heading)]
    }
}

impl Env for Rover {
    type Obs = [f32; 2];
    type Act = i64;
    type Error = RoverError;

    fn observation_space(&self) -> Space {
        Rover::observations()
    }

    fn action_space(&self) -> Space {
        Rover::actions()
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        _options: Option<&Options>,
    ) -> Result<([f32; 2], Info), RoverError> {
        let rng = reseed(&mut self.rng, seed);
        self.offset = rng.uniform(-0.05, 0.05);
        self.heading = rng.uniform(-0.1, 0.1);
        self.road = rng.uniform(-ROAD[0], ROAD[0]);
        Ok((self.sense(), Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<[f32; 2]>, RoverError> {
        let Some(rng) = &mut self.rng else { return Err(RoverError::NotReset) };
        if !(0..ACTIONS).contains(action) {
            return Err(RoverError::Action(*action));
        }
        self.road = (self.road + rng.uniform(-ROAD[1], ROAD[1])).clamp(-ROAD[0], ROAD[0]);
        self.heading += ((action - 1) as f64 * STEERING - self.road) * WAY;
        self.offset += self.heading.sin() * WAY;
        let terminated = self.offset.abs() > LANE;
        Ok(Step { obs: self.sense(), reward: 1.0, terminated, truncated: false, info: Info::new() })
    }
}
