//! [`Robot`]: the environment.

use std::fmt;

use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Info, Options, Space, SpaceError, Step};

use crate::world::{INNER, OUTER, Pose, RANGE, SENSORS};

/// Full speed of a wheel (m/s).
const SPEED: f64 = 0.5;
/// Time between two actions, and the deadline of each step (s).
const PERIOD: f64 = 0.1;
/// Standard deviation of a sensor's reading (m).
const NOISE: f64 = 0.01;
/// How often a reset tries to read a sensor.
const TRIES: usize = 10;

/// What a robot can fail with. A crash into a wall is no failure: it ends the episode.
#[derive(Clone, Debug, PartialEq)]
pub enum RobotError {
    /// A sensor did not answer. The motors are stopped.
    SensorTimeout {
        /// Which one, counted from the right.
        sensor: usize,
    },
    /// A step took longer than it may. The motors are stopped: what was sensed is out of date.
    DeadlineMissed {
        /// What it took (s).
        took: f64,
        /// What it may take (s).
        allowed: f64,
    },
    /// No action of the robot.
    Action(SpaceError),
    /// A step before the first reset.
    NotReset,
}

impl fmt::Display for RobotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SensorTimeout { sensor } => write!(f, "sensor {sensor} did not answer; motors stopped"),
            Self::DeadlineMissed { took, allowed } => {
                write!(f, "the step took {took:.3} s of {allowed} s; motors stopped")
            }
            Self::Action(e) => write!(f, "action: {e}"),
            Self::NotReset => write!(f, "step() before the first reset()"),
        }
    }
}

impl std::error::Error for RobotError {}

/// How often things go wrong, as probabilities.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// That a sensor does not answer when read.
    pub sensor: f64,
    /// That a step overruns its deadline.
    pub overrun: f64,
}

/// A robot that is to drive through a corridor without touching its walls.
///
/// Observation: five distances (m) in [0, 1], from the right to the left. Actions: 0 bends to the right, 1 goes straight, 2
/// bends to the left; bends have a radius of 0.3 m, too wide to circle in the corridor. Reward: the way driven, as a fraction
/// of full speed. A crash terminates.
#[derive(Clone, Debug)]
pub struct Robot {
    faults: Faults,
    rng: Option<Generator>,
    pose: Option<Pose>,
}

impl Robot {
    /// A robot before its first reset.
    pub fn new(faults: Faults) -> Self {
        Robot { faults, rng: None, pose: None }
    }
}

fn read_sensors(pose: Pose, faults: Faults, rng: &mut Generator) -> Result<[f32; 5], RobotError> {
    let mut distances = [0.0; 5];
    for (sensor, (distance, direction)) in distances.iter_mut().zip(SENSORS).enumerate() {
        if rng.random() < faults.sensor {
            return Err(RobotError::SensorTimeout { sensor });
        }
        let reading = pose.distance(direction) + NOISE * rng.standard_normal();
        *distance = reading.clamp(0.0, RANGE) as f32;
    }
    Ok(distances)
}

impl Env for Robot {
    type Obs = [f32; 5];
    type Act = i64;
    type Error = RobotError;

    fn observation_space(&self) -> Space {
        Space::box_f32(&[0.0; 5], &[RANGE as f32; 5]).expect("constant bounds")
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 3, start: 0 }
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        _options: Option<&Options>,
    ) -> Result<([f32; 5], Info), RobotError> {
        let rng = reseed(&mut self.rng, seed);
        // Somewhere in the northern corridor, heading along it either way: by symmetry, anywhere.
        let ahead = if rng.random() < 0.5 { 0.0 } else { std::f64::consts::PI };
        let pose = Pose {
            x: rng.uniform(-INNER, INNER),
            y: 0.5 * (INNER + OUTER) + rng.uniform(-0.1, 0.1),
            heading: ahead + rng.uniform(-0.3, 0.3),
        };
        self.pose = Some(pose);
        let mut distances = read_sensors(pose, self.faults, rng);
        for _ in 1..TRIES {
            if distances.is_ok() {
                break;
            }
            distances = read_sensors(pose, self.faults, rng);
        }
        Ok((distances?, Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<[f32; 5]>, RobotError> {
        let (Some(rng), Some(pose)) = (&mut self.rng, &mut self.pose) else {
            return Err(RobotError::NotReset);
        };
        let (left, right) = match action {
            0 => (SPEED, 0.5 * SPEED),
            1 => (SPEED, SPEED),
            2 => (0.5 * SPEED, SPEED),
            other => {
                let found = format!("integer {other}");
                return Err(RobotError::Action(SpaceError::new("Discrete(3)", found)));
            }
        };
        // On hardware: send the speeds, sleep for the rest of the period, look at the clock.
        let late = rng.random() < self.faults.overrun;
        let took = PERIOD * rng.uniform(0.2, 0.6) + if late { PERIOD } else { 0.0 };
        if took > PERIOD {
            return Err(RobotError::DeadlineMissed { took, allowed: PERIOD });
        }
        *pose = pose.drive(left, right, PERIOD);
        let terminated = pose.collides();
        let obs = read_sensors(*pose, self.faults, rng)?;
        let reward = if terminated { 0.0 } else { (left + right) / (2.0 * SPEED) };
        Ok(Step { obs, reward, terminated, truncated: false, info: Info::new() })
    }
}
