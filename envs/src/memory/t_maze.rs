//! [`TMaze`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use super::whole::{Whole, whole};
use crate::control::{ControlError, at_least, no_options};
use crate::draw::{Canvas, rectangle};
use crate::registry::entry::{Entry, native, one};

/// Arguments of [`TMaze`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TMazeConfig {
    /// Steps from the start to the junction, 1 or more.
    pub corridor_length: u64,
}

impl Default for TMazeConfig {
    fn default() -> Self {
        TMazeConfig { corridor_length: 10 }
    }
}

/// Walk a corridor, and turn at its end where a sign at its beginning pointed.
///
/// Observation: three bits: 011 at the start where the goal lies north, 110 where it lies south, 101 in the corridor, 010 at the
/// junction. Actions: 0 north, 1 east, 2 south, 3 west. At the junction north and south end the episode, with reward 4 where
/// the sign pointed and -0.1 elsewhere. A move into a wall costs 0.1; others give 0. The best return is 4.
///
/// Bakker 2001, *Reinforcement learning with long short-term memory*, who discounts by 0.98. Its time limit is of this crate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TMaze {
    length: u64,
    place: u64,
    north: bool,
    /// The arm entered: whether it is the northern one.
    entered: Option<bool>,
    #[serde(skip)]
    rng: Option<Generator>,
}

const NORTH: i64 = 0;
const EAST: i64 = 1;
const SOUTH: i64 = 2;
const MOVES: i64 = 4;

pub(crate) const ENTRIES: &[Entry] = &[Entry {
    id: "TMaze-v0",
    max_episode_steps: Some(1000),
    reward_threshold: None,
    render_fps: 10.0,
    description: "Turn at the end of a corridor where a sign at its beginning pointed.",
    kwargs: &["corridor_length"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, TMaze::new),
    native: |kwargs, limit| native(kwargs, limit, TMaze::new),
    many: None,
}];

impl TMaze {
    /// The maze before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: TMazeConfig) -> Result<Self, ControlError> {
        at_least("corridor_length", 1, config.corridor_length)?;
        Ok(TMaze { length: config.corridor_length, place: 0, north: false, entered: None, rng: None })
    }

    fn observe(&self) -> [i8; 3] {
        match (self.place, self.north) {
            (place, _) if place == self.length => [0, 1, 0],
            (0, true) => [0, 1, 1],
            (0, false) => [1, 1, 0],
            _ => [1, 0, 1],
        }
    }
}

whole!(TMaze);

impl Whole for TMaze {
    fn fits(&self, other: &Self) -> bool {
        self.length == other.length && other.place <= other.length
    }
}

impl Env for TMaze {
    type Obs = [i8; 3];
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        Space::MultiBinary { shape: vec![3] }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: MOVES, start: 0 }
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([i8; 3], Info), ControlError> {
        no_options(options)?;
        self.north = reseed(&mut self.rng, seed).integers(0, 2) == 1;
        (self.place, self.entered) = (0, None);
        Ok((self.observe(), Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<[i8; 3]>, ControlError> {
        if !(0..MOVES).contains(action) {
            return Err(ControlError::discrete(MOVES, *action));
        }
        if self.rng.is_none() {
            return Err(ControlError::NotReset);
        }
        if self.entered.is_some() {
            return Err(ControlError::Over);
        }
        let at_junction = self.place == self.length;
        let reward = match *action {
            NORTH | SOUTH if at_junction => {
                let north = *action == NORTH;
                self.entered = Some(north);
                if north == self.north { 4.0 } else { -0.1 }
            }
            EAST if !at_junction => {
                self.place += 1;
                0.0
            }
            NORTH | EAST | SOUTH => -0.1,
            _ if self.place == 0 => -0.1,
            _ => {
                self.place -= 1;
                0.0
            }
        };
        let (obs, terminated) = (self.observe(), self.entered.is_some());
        Ok(Step { obs, reward, terminated, truncated: false, info: Info::new() })
    }

    /// 500 x 200 pixels: the maze, the goal green, the walker blue.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        if self.rng.is_none() {
            return Ok(None);
        }
        const FLOOR: [u8; 3] = [205, 205, 215];
        let mut canvas = Canvas::new(500, 200);
        canvas.polygon(&rectangle([0.0, 0.0], [440.0, 36.0], 0.0, [20.0, 82.0]), FLOOR);
        canvas.polygon(&rectangle([0.0, 0.0], [36.0, 180.0], 0.0, [444.0, 10.0]), FLOOR);
        let goal = if self.north { 172.0 } else { 28.0 };
        canvas.circle([462.0, goal], 14.0, [40, 150, 60]);
        let x = 38.0 + (462.0 - 38.0) * self.place as f64 / self.length as f64;
        let y = match self.entered {
            None => 100.0,
            Some(true) => 160.0,
            Some(false) => 40.0,
        };
        canvas.circle([x, y], 12.0, [60, 90, 170]);
        Ok(Some(canvas.frame()))
    }
}
