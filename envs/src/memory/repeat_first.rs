//! [`RepeatFirst`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use super::cards::{Answer, draw};
use super::deck::{Card, Deck, SUITS};
use super::whole::{Whole, whole};
use crate::control::{ControlError, no_options};
use crate::registry::entry::{Entry, native, one};

/// Arguments of [`RepeatFirst`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RepeatFirstConfig {
    /// Decks of 52 cards, 1 or more: an episode has as many steps as there are cards, less one.
    pub num_decks: u64,
}

impl Default for RepeatFirstConfig {
    fn default() -> Self {
        RepeatFirstConfig { num_decks: 1 }
    }
}

/// Name the suit of the first card in every step.
///
/// Observation: the suit of the card dealt, 0 to 3. Reward `1 / (cards - 1)` for a right answer and its negative for a wrong
/// one. An episode terminates when the last card is dealt; a perfect return is 1, and that of random answers -0.5.
///
/// POPGym's, equal step for step.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatFirst {
    deck: Deck,
    first: Option<Card>,
    #[serde(skip)]
    rng: Option<Generator>,
    answer: Answer,
}

const BASE: Entry = Entry {
    id: "popgym-RepeatFirstEasy-v0",
    max_episode_steps: None,
    reward_threshold: None,
    render_fps: 4.0,
    description: "Name the suit of the first card in every step: 52 cards.",
    kwargs: &["num_decks"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, RepeatFirst::new),
    native: |kwargs, limit| native(kwargs, limit, RepeatFirst::new),
    many: None,
};

pub(crate) const ENTRIES: &[Entry] = &[
    BASE,
    Entry {
        id: "popgym-RepeatFirstMedium-v0",
        description: "Name the suit of the first card in every step: 416 cards.",
        defaults: || json!({ "num_decks": 8 }),
        ..BASE
    },
    Entry {
        id: "popgym-RepeatFirstHard-v0",
        description: "Name the suit of the first card in every step: 832 cards.",
        defaults: || json!({ "num_decks": 16 }),
        ..BASE
    },
];

impl RepeatFirst {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: RepeatFirstConfig) -> Result<Self, ControlError> {
        let deck = Deck::new(config.num_decks)?;
        Ok(RepeatFirst { deck, first: None, rng: None, answer: Answer::default() })
    }
}

whole!(RepeatFirst);

impl Whole for RepeatFirst {
    fn fits(&self, other: &Self) -> bool {
        self.deck.like(&other.deck) && other.first.is_none_or(|card| other.deck.has(card))
    }
}

impl Env for RepeatFirst {
    type Obs = i64;
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        Space::Discrete { n: SUITS, start: 0 }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: SUITS, start: 0 }
    }

    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(i64, Info), ControlError> {
        no_options(options)?;
        self.deck.shuffle(reseed(&mut self.rng, seed));
        self.answer = Answer::default();
        let card = self.deck.deal().ok_or(ControlError::Over)?;
        self.first = Some(card);
        Ok((card.suit(), Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<i64>, ControlError> {
        if !(0..SUITS).contains(action) {
            return Err(ControlError::discrete(SUITS, *action));
        }
        let first = self.first.ok_or(ControlError::NotReset)?;
        let card = self.deck.deal().ok_or(ControlError::Over)?;
        let unit = 1.0 / (self.deck.len() - 1) as f64;
        let right = first.suit() == *action;
        self.answer.right = Some(right);
        let reward = if right { unit } else { -unit };
        let terminated = self.deck.left() == 0;
        Ok(Step { obs: card.suit(), reward, terminated, truncated: false, info: Info::new() })
    }

    /// 500 x 300 pixels: the pile, the card on view and the first one.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        let (Some(card), Some(first)) = (self.deck.seen(0), self.first) else { return Ok(None) };
        Ok(Some(draw(&[card, first], self.deck.left(), self.deck.len(), self.answer)))
    }
}
