//! [`Balancer`]: the environment.

use std::fmt;

use serde::Deserialize;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step};
use sorn_envs::EnvEntry;

use crate::world::World;

/// An episode ends where the body is tilted more (rad).
const FALLEN: f32 = 0.35;
/// An episode ends where the robot has driven farther from its start (m).
const ROOM: f32 = 1.0;
/// What the sensors can tell: tilt (rad), its rate (rad/s), place (m), speed (m/s). They saturate there.
const SENSED: [f32; 4] = [0.5, 10.0, 1.5, 5.0];
/// Probability per step that somebody pushes.
const PUSHES: f64 = 0.02;

/// What a step can fail with.
#[derive(Clone, Debug, PartialEq)]
pub enum BalancerError {
    /// No torque of the motor.
    Action(f32),
    /// A step before the first reset.
    NotReset,
}

impl fmt::Display for BalancerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(found) => write!(f, "action: expected -1 to 1, found {found}"),
            Self::NotReset => write!(f, "step: expected a reset before it, found none"),
        }
    }
}

impl std::error::Error for BalancerError {}

/// A robot on two wheels that is to stay upright, and near its start, while it is pushed.
///
/// Observation: tilt (rad), its rate (rad/s), place (m), speed (m/s); positive to the right. Action: the torque of the motor in
/// [-1, 1], as a part of the largest. Reward: 1 for each step. A robot that falls or leaves its room terminates the episode.
#[derive(Deserialize)]
pub struct Balancer {
    /// Largest push against the top of the body (N s).
    #[serde(default = "gentle")]
    push: f64,
    #[serde(skip)]
    rng: Option<Generator>,
    #[serde(skip)]
    world: Option<World>,
}

impl Balancer {
    /// A robot that gets pushes up to `push` (N s).
    ///
    /// # Errors
    /// If `push` is negative or not finite.
    pub fn new(push: f64) -> Result<Balancer, String> {
        if !(0.0..=10.0).contains(&push) {
            return Err(format!("push: expected 0 to 10 N s, found {push}"));
        }
        Ok(Balancer { push, rng: None, world: None })
    }
}

fn gentle() -> f64 {
    0.1
}

/// What the registry knows of it.
pub fn entry() -> EnvEntry {
    let make = |Balancer { push, .. }| Balancer::new(push);
    EnvEntry::new("Balancer-v0", "Balance on two wheels, simulated by Rapier.", make)
        .max_episode_steps(500)
        .reward_threshold(475.0)
}

fn sense(world: &World) -> [f32; 4] {
    let ([pitch, rate], [place, speed]) = (world.pitch(), world.place());
    let mut sensed = [pitch, rate, place, speed];
    sensed.iter_mut().zip(SENSED).for_each(|(value, most)| *value = value.clamp(-most, most));
    sensed
}

impl Env for Balancer {
    type Obs = [f32; 4];
    type Act = [f32; 1];
    type Error = BalancerError;

    fn observation_space(&self) -> Space {
        Space::box_f32(&SENSED.map(|most| -most), &SENSED).expect("constant bounds")
    }

    fn action_space(&self) -> Space {
        Space::box_f32(&[-1.0], &[1.0]).expect("-1 is below 1")
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        _options: Option<&Options>,
    ) -> Result<([f32; 4], Info), BalancerError> {
        // A new world for each episode: Rapier keeps contacts and impulses from step to step, and an episode is to depend on
        // its seed alone.
        let pitch = reseed(&mut self.rng, seed).uniform(-0.1, 0.1);
        let world = self.world.insert(World::new(pitch as f32));
        Ok((sense(world), Info::new()))
    }

    fn step(&mut self, action: &[f32; 1]) -> Result<Step<[f32; 4]>, BalancerError> {
        let [drive] = *action;
        let (Some(rng), Some(world)) = (&mut self.rng, &mut self.world) else {
            return Err(BalancerError::NotReset);
        };
        if !(-1.0..=1.0).contains(&drive) {
            return Err(BalancerError::Action(drive));
        }
        if rng.random() < PUSHES {
            world.push(rng.uniform(-self.push, self.push) as f32);
        }
        world.advance(drive);
        let ([pitch, _], [place, _]) = (world.pitch(), world.place());
        let upright = pitch.abs() < FALLEN && place.abs() < ROOM;
        Ok(Step { obs: sense(world), reward: 1.0, terminated: !upright, truncated: false, info: Info::new() })
    }

    fn render(&mut self) -> Result<Option<Frame>, BalancerError> {
        let Some(world) = &self.world else { return Ok(None) };
        let (width, height, scale) = (240, 80, 100.0); // pixels, pixels per metre
        let pixel = |k: usize| {
            let (column, row) = ((k % width) as f32 + 0.5, (k / width) as f32 + 0.5);
            world.colour((column - 0.5 * width as f32) / scale, (height as f32 - 10.0 - row) / scale)
        };
        Ok(Some(Frame { width, height, rgb: (0..width * height).flat_map(pixel).collect() }))
    }
}
