//! [`MultiarmedBandit`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use super::whole::{Whole, whole};
use crate::control::{ControlError, at_least, at_most, no_options};
use crate::draw::{BLACK, Canvas, rectangle};
use crate::registry::entry::{Entry, native, one};

/// Arguments of [`MultiarmedBandit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MultiarmedBanditConfig {
    /// Arms, 1 or more.
    pub num_bandits: u64,
    /// Steps of an episode, 1 or more.
    pub episode_length: u64,
}

impl Default for MultiarmedBanditConfig {
    fn default() -> Self {
        MultiarmedBanditConfig { num_bandits: 10, episode_length: 200 }
    }
}

/// Find out which arm pays best, and pull it: in each episode every arm has a chance of its own to pay, drawn from U(0, 1).
///
/// Observation: whether the arm pulled last paid, 0 at first. What it does not tell is which arm that was: an agent needs its
/// previous action beside it. Reward `1 / episode_length` where an arm pays and its negative where not. An episode is truncated
/// at its length. Random pulls have a mean return of 0, an oracle of `2 n / (n + 1) - 1` with `n` arms.
///
/// POPGym's, equal step for step. As POPGym compares them, a chance is in single precision.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MultiarmedBandit {
    length: u64,
    chances: Vec<f32>,
    steps: u64,
    #[serde(skip)]
    rng: Option<Generator>,
    /// The arm pulled last, and whether it paid.
    pulled: Option<(usize, bool)>,
}

const BASE: Entry = Entry {
    id: "popgym-MultiarmedBanditEasy-v0",
    max_episode_steps: None,
    reward_threshold: None,
    render_fps: 10.0,
    description: "Find the arm that pays best and pull it: 10 arms, 200 steps.",
    kwargs: &["num_bandits", "episode_length"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, MultiarmedBandit::new),
    native: |kwargs, limit| native(kwargs, limit, MultiarmedBandit::new),
    many: None,
};

pub(crate) const ENTRIES: &[Entry] = &[
    BASE,
    Entry {
        id: "popgym-MultiarmedBanditMedium-v0",
        description: "Find the arm that pays best and pull it: 20 arms, 400 steps.",
        defaults: || json!({ "num_bandits": 20, "episode_length": 400 }),
        ..BASE
    },
    Entry {
        id: "popgym-MultiarmedBanditHard-v0",
        description: "Find the arm that pays best and pull it: 30 arms, 600 steps.",
        defaults: || json!({ "num_bandits": 30, "episode_length": 600 }),
        ..BASE
    },
];

impl MultiarmedBandit {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: MultiarmedBanditConfig) -> Result<Self, ControlError> {
        at_least("num_bandits", 1, config.num_bandits)?;
        at_most("num_bandits", 1_000_000, config.num_bandits)?;
        at_least("episode_length", 1, config.episode_length)?;
        let chances = vec![0.0; config.num_bandits as usize];
        Ok(MultiarmedBandit { length: config.episode_length, chances, steps: 0, rng: None, pulled: None })
    }
}

whole!(MultiarmedBandit);

impl Whole for MultiarmedBandit {
    fn fits(&self, other: &Self) -> bool {
        let arms = self.chances.len();
        self.length == other.length
            && other.chances.len() == arms
            && other.chances.iter().all(|chance| (0.0..1.0).contains(chance))
            && other.steps <= u64::MAX / 2
            && other.pulled.is_none_or(|(arm, _)| arm < arms)
    }
}

impl Env for MultiarmedBandit {
    type Obs = i64;
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        Space::Discrete { n: 2, start: 0 }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: self.chances.len() as i64, start: 0 }
    }

    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(i64, Info), ControlError> {
        no_options(options)?;
        let rng = reseed(&mut self.rng, seed);
        self.chances.iter_mut().for_each(|chance| *chance = rng.random_f32());
        (self.steps, self.pulled) = (0, None);
        Ok((0, Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<i64>, ControlError> {
        let arm = usize::try_from(*action).ok().filter(|&arm| arm < self.chances.len());
        let arm = arm.ok_or_else(|| ControlError::discrete(self.chances.len() as i64, *action))?;
        let rng = self.rng.as_mut().ok_or(ControlError::NotReset)?;
        let pays = (rng.random() as f32) < self.chances[arm];
        self.pulled = Some((arm, pays));
        self.steps += 1;
        let unit = 1.0 / self.length as f64;
        let reward = if pays { unit } else { -unit };
        let truncated = self.steps >= self.length;
        Ok(Step { obs: i64::from(pays), reward, terminated: false, truncated, info: Info::new() })
    }

    /// 500 x 300 pixels: the arms' chances as bars, the one pulled last darker, with a dot where it paid.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        if self.rng.is_none() {
            return Ok(None);
        }
        let mut canvas = Canvas::new(500, 300);
        let width = 460.0 / self.chances.len() as f64;
        for (arm, &chance) in self.chances.iter().enumerate() {
            let pulled = self.pulled.filter(|(pulled, _)| *pulled == arm);
            let color = if pulled.is_some() { [60, 90, 170] } else { [180, 195, 225] };
            let left = 20.0 + arm as f64 * width;
            let bar =
                rectangle([0.0, 0.0], [width * 0.8, 200.0 * f64::from(chance) + 2.0], 0.0, [left, 30.0]);
            canvas.polygon(&bar, color);
            if let Some((_, true)) = pulled {
                canvas.circle([left + width * 0.4, 265.0], (width * 0.3).min(14.0), [40, 150, 60]);
            }
        }
        canvas.line(&[[10.0, 28.0], [490.0, 28.0]], 2.0, BLACK);
        Ok(Some(canvas.frame()))
    }
}
