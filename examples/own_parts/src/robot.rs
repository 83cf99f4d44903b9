//! A robot that is to stay on a line, which drifts away under it.

use serde::Deserialize;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Info, Options, Space, Step};
use sorn_envs::EnvEntry;

#[derive(Deserialize)]
struct LineFollower {
    drift: f64, // metres per step at most: a keyword argument
    #[serde(skip)]
    offset: f64, // metres from the line
    #[serde(skip)]
    rng: Option<Generator>,
}

impl Env for LineFollower {
    type Obs = [f32; 1];
    type Act = i64;
    type Error = std::io::Error; // what reading a sensor can fail with

    fn observation_space(&self) -> Space {
        Space::box_f32(&[-0.2], &[0.2]).expect("-0.2 is below 0.2")
    }
    fn action_space(&self) -> Space {
        Space::discrete(2).expect("2 is positive")
    }
    fn reset(&mut self, seed: Option<u64>, _: Option<&Options>) -> std::io::Result<([f32; 1], Info)> {
        self.offset = reseed(&mut self.rng, seed).uniform(-0.05, 0.05);
        Ok(([self.offset as f32], Info::new()))
    }
    fn step(&mut self, action: &i64) -> std::io::Result<Step<[f32; 1]>> {
        self.offset += reseed(&mut self.rng, None).uniform(-self.drift, self.drift);
        self.offset = (self.offset + if *action == 0 { -0.02 } else { 0.02 }).clamp(-0.2, 0.2);
        let terminated = self.offset.abs() > 0.15;
        Ok(Step { obs: [self.offset as f32], reward: 1.0, terminated, truncated: false, info: Info::new() })
    }
}

pub fn entry() -> EnvEntry {
    let entry = EnvEntry::new("LineFollower-v0", "Stay on a line.", Ok::<LineFollower, String>);
    entry.max_episode_steps(200).reward_threshold(190.0)
}
