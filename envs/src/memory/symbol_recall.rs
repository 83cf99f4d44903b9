//! [`SymbolRecall`].

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use super::symbols::draw;
use super::whole::{Whole, whole};
use crate::control::{ControlError, at_least, at_most, no_options};
use crate::registry::entry::{Entry, native, one};

/// Arguments of [`SymbolRecall`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SymbolRecallConfig {
    /// Number of symbols, 2 to 1,000.
    pub symbols: u64,
    /// How many steps ago the last symbol asked for was shown, at most 1,000; 0 is the one on view.
    pub lag: u64,
    /// How many symbols are asked for, 1 to 1,000: those of `lag`, `lag + 1` and so on steps ago, added.
    pub terms: u64,
}

impl Default for SymbolRecallConfig {
    fn default() -> Self {
        SymbolRecallConfig { symbols: 4, lag: 1, terms: 1 }
    }
}

/// Say which symbol was shown `lag` steps ago; or, with `terms` above 1, the sum of several, modulo `symbols`: two terms of two symbols are
/// their exclusive or.
///
/// Observation: one of `symbols` symbols, drawn anew in every step. Actions: the symbols. The reward is 1 for the right answer, 0 for others
/// and as long as fewer symbols than are asked for have been shown. The best return of an episode of 1,000 steps is `1001 - lag - terms`;
/// random answers are right in one of `symbols`.
///
/// Recall and non-linear computation of Aswolinskiy & Pipa 2015 (10.3389/fncom.2015.00036) in the form of an environment; numbers of steps and
/// symbols are this crate's choice.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymbolRecall {
    config: SymbolRecallConfig,
    /// The last symbols, the one on view last.
    shown: VecDeque<u32>,
    right: Option<bool>,
    #[serde(skip)]
    rng: Option<Generator>,
}

pub(crate) const ENTRIES: &[Entry] = &[Entry {
    id: "SymbolRecall-v0",
    max_episode_steps: Some(1000),
    reward_threshold: None,
    render_fps: 4.0,
    description: "Name the symbol shown lag steps ago, or the sum of several.",
    kwargs: &["symbols", "lag", "terms"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, SymbolRecall::new),
    native: |kwargs, limit| native(kwargs, limit, SymbolRecall::new),
    many: None,
}];

impl SymbolRecall {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: SymbolRecallConfig) -> Result<Self, ControlError> {
        at_least("symbols", 2, config.symbols)?;
        at_most("symbols", 1_000, config.symbols)?;
        at_most("lag", 1_000, config.lag)?;
        at_least("terms", 1, config.terms)?;
        at_most("terms", 1_000, config.terms)?;
        Ok(SymbolRecall { config, shown: VecDeque::new(), right: None, rng: None })
    }

    /// Symbols that are kept.
    fn span(&self) -> usize {
        (self.config.lag + self.config.terms) as usize
    }

    fn answer(&self) -> Option<i64> {
        if self.shown.len() < self.span() {
            return None;
        }
        let sum: u64 =
            self.shown.iter().take(self.config.terms as usize).map(|&symbol| u64::from(symbol)).sum();
        Some((sum % self.config.symbols) as i64)
    }

    fn show(&mut self) -> i64 {
        if self.shown.len() == self.span() {
            self.shown.pop_front();
        }
        let symbol = self.rng.as_mut().map_or(0, |rng| rng.integers(0, self.config.symbols as i64));
        self.shown.push_back(symbol as u32);
        symbol
    }
}

whole!(SymbolRecall);

impl Whole for SymbolRecall {
    fn fits(&self, other: &Self) -> bool {
        let symbols = other.shown.iter().all(|&symbol| u64::from(symbol) < self.config.symbols);
        self.config == other.config && other.shown.len() <= self.span() && symbols
    }
}

impl Env for SymbolRecall {
    type Obs = i64;
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        Space::Discrete { n: self.config.symbols as i64, start: 0 }
    }

    fn action_space(&self) -> Space {
        self.observation_space()
    }

    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(i64, Info), ControlError> {
        no_options(options)?;
        reseed(&mut self.rng, seed);
        (self.shown, self.right) = (VecDeque::new(), None);
        Ok((self.show(), Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<i64>, ControlError> {
        if !(0..self.config.symbols as i64).contains(action) {
            return Err(ControlError::discrete(self.config.symbols as i64, *action));
        }
        if self.rng.is_none() {
            return Err(ControlError::NotReset);
        }
        self.right = self.answer().map(|answer| answer == *action);
        let reward = if self.right == Some(true) { 1.0 } else { 0.0 };
        Ok(Step { obs: self.show(), reward, terminated: false, truncated: false, info: Info::new() })
    }

    /// 400 x 100 pixels: the last symbols, the one on view at the right; a dot says whether the last answer was right.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        let symbols = self.config.symbols;
        Ok(self.rng.as_ref().map(|_| draw(self.shown.iter().copied(), symbols, self.right)))
    }
}
