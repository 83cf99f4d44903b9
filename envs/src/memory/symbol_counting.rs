//! [`SymbolCounting`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use super::symbols::draw;
use super::whole::{Whole, whole};
use crate::control::{ControlError, at_least, at_most, no_options};
use crate::registry::entry::{Entry, native, one};

/// Arguments of [`SymbolCounting`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SymbolCountingConfig {
    /// How often the middle letter of a word is repeated, 1 to 1,000,000.
    pub n: u64,
}

impl Default for SymbolCountingConfig {
    fn default() -> Self {
        SymbolCountingConfig { n: 4 }
    }
}

/// Predict the next letter of the words `AB...BC` and `DE...EF`, which follow one another at random.
///
/// Observation: a letter, 0 (A) to 5 (F). Actions: the letters. The reward is 1 if the action is the next letter, else 0. The first letter of a
/// word cannot be known: the best share is `(n + 1.5) / (n + 2)`. The present letter alone, if `n` is 2 or more, gives `(n + 0.5) / (n + 2)`.
///
/// The counting task of Lazar, Pipa & Triesch 2009 (10.3389/neuro.10.023.2009) in the form of an environment of 1,000 steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymbolCounting {
    n: u64,
    second: bool,
    /// Position in the word, 0 to `n + 1`.
    place: u64,
    right: Option<bool>,
    #[serde(skip)]
    rng: Option<Generator>,
}

const LETTERS: i64 = 6;

pub(crate) const ENTRIES: &[Entry] = &[Entry {
    id: "SymbolCounting-v0",
    max_episode_steps: Some(1000),
    reward_threshold: None,
    render_fps: 4.0,
    description: "Predict the next letter of words with n times the same letter (4).",
    kwargs: &["n"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, SymbolCounting::new),
    native: |kwargs, limit| native(kwargs, limit, SymbolCounting::new),
    many: None,
}];

impl SymbolCounting {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: SymbolCountingConfig) -> Result<Self, ControlError> {
        at_least("n", 1, config.n)?;
        at_most("n", 1_000_000, config.n)?;
        Ok(SymbolCounting { n: config.n, second: false, place: 0, right: None, rng: None })
    }

    fn letter(&self) -> i64 {
        let in_word = if self.place == 0 { 0 } else { 1 + i64::from(self.place > self.n) };
        in_word + if self.second { 3 } else { 0 }
    }

    fn begin_word(&mut self) {
        self.second = self.rng.as_mut().is_some_and(|rng| rng.integers(0, 2) == 1);
        self.place = 0;
    }
}

whole!(SymbolCounting);

impl Whole for SymbolCounting {
    fn fits(&self, other: &Self) -> bool {
        self.n == other.n && other.place <= other.n + 1
    }
}

impl Env for SymbolCounting {
    type Obs = i64;
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        Space::Discrete { n: LETTERS, start: 0 }
    }

    fn action_space(&self) -> Space {
        self.observation_space()
    }

    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(i64, Info), ControlError> {
        no_options(options)?;
        reseed(&mut self.rng, seed);
        self.begin_word();
        self.right = None;
        Ok((self.letter(), Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<i64>, ControlError> {
        if !(0..LETTERS).contains(action) {
            return Err(ControlError::discrete(LETTERS, *action));
        }
        if self.rng.is_none() {
            return Err(ControlError::NotReset);
        }
        match self.place > self.n {
            true => self.begin_word(),
            false => self.place += 1,
        }
        let obs = self.letter();
        self.right = Some(*action == obs);
        let reward = if *action == obs { 1.0 } else { 0.0 };
        Ok(Step { obs, reward, terminated: false, truncated: false, info: Info::new() })
    }

    /// 400 x 100 pixels: the letter; a dot says whether it was predicted.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        let letter = self.letter() as u32;
        Ok(self.rng.as_ref().map(|_| draw(std::iter::once(letter), LETTERS as u64, self.right)))
    }
}
