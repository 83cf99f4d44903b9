//! [`MemoryChain`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{BoxSpace, Dtype, Env, Frame, Info, Options, Space, Step};

use super::whole::{Whole, whole};
use crate::control::{ControlError, at_least, at_most, no_options};
use crate::draw::{BLACK, Canvas, rectangle};
use crate::registry::entry::{Entry, native, one};

/// Arguments of [`MemoryChain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryChainConfig {
    /// Steps from the context to the question, 1 or more; bsuite's memory_len has 1 to 100.
    pub memory_length: u64,
    /// Bits of context, 1 or more; bsuite's memory_size has 1 to 40.
    pub num_bits: u64,
}

impl Default for MemoryChainConfig {
    fn default() -> Self {
        MemoryChainConfig { memory_length: 10, num_bits: 1 }
    }
}

/// Remember bits that are shown at the beginning, and say at the end which value one of them had.
///
/// Observation: `num_bits + 2` numbers: the time left, from 1 to 0; in the last step before the answer the number of the bit
/// asked for, else 0; the bits as -1 and 1 at the beginning, else 0s. Actions: 0 and 1, of which only the last counts: an
/// episode of `memory_length + 1` steps terminates with reward 1 if it is the bit, else -1. Other rewards are 0.
///
/// That of bsuite 0.3.6 (Osband et al. 2020), with its own generator; as there, the first observation of an episode comes
/// twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryChain {
    length: u64,
    bits: Vec<bool>,
    query: usize,
    time: u64,
    #[serde(skip)]
    rng: Option<Generator>,
    right: Option<bool>,
}

const BASE: Entry = Entry {
    id: "bsuite-MemoryLen-v0",
    max_episode_steps: None,
    reward_threshold: None,
    render_fps: 4.0,
    description: "Remember a bit over memory_length steps (10).",
    kwargs: &["memory_length", "num_bits"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, MemoryChain::new),
    native: |kwargs, limit| native(kwargs, limit, MemoryChain::new),
    many: None,
};

pub(crate) const ENTRIES: &[Entry] = &[
    BASE,
    Entry {
        id: "bsuite-MemorySize-v0",
        description: "Remember num_bits bits (10) over two steps.",
        defaults: || json!({ "memory_length": 2, "num_bits": 10 }),
        ..BASE
    },
];

impl MemoryChain {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: MemoryChainConfig) -> Result<Self, ControlError> {
        at_least("memory_length", 1, config.memory_length)?;
        at_least("num_bits", 1, config.num_bits)?;
        at_most("num_bits", 1_000_000, config.num_bits)?;
        let bits = vec![false; config.num_bits as usize];
        Ok(MemoryChain { length: config.memory_length, bits, query: 0, time: 0, rng: None, right: None })
    }

    fn observe(&self) -> Vec<f32> {
        let mut obs = vec![0.0; self.bits.len() + 2];
        obs[0] = (1.0 - self.time as f64 / self.length as f64) as f32;
        if self.time == self.length - 1 {
            obs[1] = self.query as f32;
        }
        if self.time == 0 {
            obs[2..].iter_mut().zip(&self.bits).for_each(|(x, &bit)| *x = if bit { 1.0 } else { -1.0 });
        }
        obs
    }
}

whole!(MemoryChain);

impl Whole for MemoryChain {
    fn fits(&self, other: &Self) -> bool {
        self.length == other.length
            && self.bits.len() == other.bits.len()
            && other.query < other.bits.len()
            && other.time <= other.length.saturating_add(1)
    }
}

impl Env for MemoryChain {
    type Obs = Vec<f32>;
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        let bits = self.bits.len();
        let bounds = |first: [f64; 2], bit: f64| first.into_iter().chain(vec![bit; bits]).collect();
        let (low, high) = (bounds([0.0, 0.0], -1.0), bounds([1.0, bits as f64], 1.0));
        Space::Box(BoxSpace { low, high, shape: vec![bits + 2], dtype: Dtype::F32 })
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 2, start: 0 }
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<(Vec<f32>, Info), ControlError> {
        no_options(options)?;
        let rng = reseed(&mut self.rng, seed);
        self.bits.iter_mut().for_each(|bit| *bit = rng.integers(0, 2) == 1);
        self.query = rng.integers(0, self.bits.len() as i64) as usize;
        (self.time, self.right) = (0, None);
        Ok((self.observe(), Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<Vec<f32>>, ControlError> {
        if !(0..2).contains(action) {
            return Err(ControlError::discrete(2, *action));
        }
        if self.rng.is_none() {
            return Err(ControlError::NotReset);
        }
        if self.time > self.length {
            return Err(ControlError::Over);
        }
        let obs = self.observe();
        let terminated = self.time == self.length;
        self.time += 1;
        if terminated {
            self.right = Some(self.bits[self.query] == (*action == 1));
        }
        let reward = match self.right {
            None => 0.0,
            Some(true) => 1.0,
            Some(false) => -1.0,
        };
        Ok(Step { obs, reward, terminated, truncated: false, info: Info::new() })
    }

    /// 500 x 200 pixels: the way from left to right, the bits above it, the one asked for framed.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        if self.rng.is_none() {
            return Ok(None);
        }
        let mut canvas = Canvas::new(500, 200);
        let place = 30.0 + 440.0 * self.time.min(self.length) as f64 / self.length as f64;
        canvas.polygon(&rectangle([0.0, 0.0], [440.0, 6.0], 0.0, [30.0, 37.0]), [200, 200, 200]);
        canvas.circle([place, 40.0], 14.0, [60, 90, 170]);
        let width = (440.0 / self.bits.len() as f64).min(40.0);
        for (i, &bit) in self.bits.iter().enumerate() {
            let left = 30.0 + i as f64 * width;
            let square = rectangle([0.0, 0.0], [width * 0.8, 40.0], 0.0, [left, 110.0]);
            canvas.polygon(&square, if bit { [40, 150, 60] } else { [200, 30, 30] });
            if i == self.query {
                canvas.line(&[square[0], square[1], square[2], square[3], square[0]], 4.0, BLACK);
            }
        }
        if let Some(right) = self.right {
            canvas.circle([480.0, 180.0], 12.0, if right { [40, 150, 60] } else { [200, 30, 30] });
        }
        Ok(Some(canvas.frame()))
    }
}
