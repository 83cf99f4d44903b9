//! [`Autoencode`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use super::cards::{Answer, draw};
use super::deck::{Deck, SUITS};
use super::whole::{Whole, whole};
use crate::control::{ControlError, no_options};
use crate::registry::entry::{Entry, native, one};

/// Arguments of [`Autoencode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AutoencodeConfig {
    /// Decks of 52 cards, 1 or more: an episode has twice as many steps as there are cards, less one.
    pub num_decks: u64,
}

impl Default for AutoencodeConfig {
    fn default() -> Self {
        AutoencodeConfig { num_decks: 1 }
    }
}

/// Watch cards, then name their suits in the reverse order.
///
/// Observation: mode (1 watch, 0 recite) and the suit of the card dealt, 0 while reciting. Reward `1 / cards` for each suit
/// that is right and its negative for one that is wrong, 0 while watching. An episode terminates with the last one; a perfect
/// return is 1, and that of random answers -0.5.
///
/// POPGym's, equal step for step: the observation with the last card already says "recite".
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autoencode {
    deck: Deck,
    /// Cards recited.
    recited: usize,
    #[serde(skip)]
    rng: Option<Generator>,
    answer: Answer,
}

const BASE: Entry = Entry {
    id: "popgym-AutoencodeEasy-v0",
    max_episode_steps: None,
    reward_threshold: None,
    render_fps: 4.0,
    description: "Watch 52 cards, then name their suits in the reverse order.",
    kwargs: &["num_decks"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, Autoencode::new),
    native: |kwargs, limit| native(kwargs, limit, Autoencode::new),
    many: None,
};

pub(crate) const ENTRIES: &[Entry] = &[
    BASE,
    Entry {
        id: "popgym-AutoencodeMedium-v0",
        description: "Watch 104 cards, then name their suits in the reverse order.",
        defaults: || json!({ "num_decks": 2 }),
        ..BASE
    },
    Entry {
        id: "popgym-AutoencodeHard-v0",
        description: "Watch 156 cards, then name their suits in the reverse order.",
        defaults: || json!({ "num_decks": 3 }),
        ..BASE
    },
];

const RECITE: i64 = 0;
const WATCH: i64 = 1;

impl Autoencode {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: AutoencodeConfig) -> Result<Self, ControlError> {
        let deck = Deck::new(config.num_decks)?;
        Ok(Autoencode { deck, recited: 0, rng: None, answer: Answer::default() })
    }
}

whole!(Autoencode);

impl Whole for Autoencode {
    fn fits(&self, other: &Self) -> bool {
        self.deck.like(&other.deck) && other.recited <= other.deck.len()
    }
}

impl Env for Autoencode {
    type Obs = (i64, i64);
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        Space::Tuple(vec![Space::Discrete { n: 2, start: 0 }, Space::Discrete { n: SUITS, start: 0 }])
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: SUITS, start: 0 }
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<((i64, i64), Info), ControlError> {
        no_options(options)?;
        self.deck.shuffle(reseed(&mut self.rng, seed));
        (self.recited, self.answer) = (0, Answer::default());
        let card = self.deck.deal().ok_or(ControlError::Over)?;
        Ok(((WATCH, card.suit()), Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<(i64, i64)>, ControlError> {
        if !(0..SUITS).contains(action) {
            return Err(ControlError::discrete(SUITS, *action));
        }
        if self.rng.is_none() {
            return Err(ControlError::NotReset);
        }
        if let Some(card) = self.deck.deal() {
            let mode = if self.deck.left() == 0 { RECITE } else { WATCH };
            let obs = (mode, card.suit());
            return Ok(Step { obs, reward: 0.0, terminated: false, truncated: false, info: Info::new() });
        }
        let asked = self.deck.seen(self.recited).ok_or(ControlError::Over)?;
        self.recited += 1;
        let unit = 1.0 / self.deck.len() as f64;
        let right = asked.suit() == *action;
        self.answer.right = Some(right);
        let reward = if right { unit } else { -unit };
        let terminated = self.recited == self.deck.len();
        Ok(Step { obs: (RECITE, 0), reward, terminated, truncated: false, info: Info::new() })
    }

    /// 500 x 300 pixels: the pile and the card on view, or the card that was to be named.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        let shown = self.deck.seen(self.recited.saturating_sub(1)).filter(|_| self.rng.is_some());
        Ok(shown.map(|card| draw(&[card], self.deck.left() + self.recited, self.deck.len(), self.answer)))
    }
}
