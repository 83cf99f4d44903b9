//! [`RepeatPrevious`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use super::cards::{Answer, draw};
use super::deck::{Deck, SUITS};
use super::whole::{Whole, whole};
use crate::control::{ControlError, at_least, at_most, no_options};
use crate::registry::entry::{Entry, native, one};

/// Arguments of [`RepeatPrevious`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RepeatPreviousConfig {
    /// Decks of 52 cards, 1 or more: an episode has as many steps as there are cards, less one.
    pub num_decks: u64,
    /// Which card to name, 1 or more and less than the number of cards: 1 is the one on view, `k` the one `k - 1` steps ago.
    pub k: u64,
}

impl Default for RepeatPreviousConfig {
    fn default() -> Self {
        RepeatPreviousConfig { num_decks: 1, k: 4 }
    }
}

/// Name the suit of a card seen before: an action is the suit of the card `k - 1` steps before the one on view.
///
/// Observation: the suit of the card dealt, 0 to 3. Reward `1 / (cards - k)` for a right answer and its negative for a wrong
/// one, 0 as long as fewer than `k` cards are dealt. An episode terminates when the last card is dealt; a perfect return is 1, and
/// that of random answers -0.5.
///
/// POPGym's, equal step for step.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatPrevious {
    k: usize,
    deck: Deck,
    #[serde(skip)]
    rng: Option<Generator>,
    answer: Answer,
}

const BASE: Entry = Entry {
    id: "popgym-RepeatPreviousEasy-v0",
    max_episode_steps: None,
    reward_threshold: None,
    render_fps: 4.0,
    description: "Name the suit of the card dealt k - 1 steps ago: k = 4 of 52 cards.",
    kwargs: &["num_decks", "k"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, RepeatPrevious::new),
    native: |kwargs, limit| native(kwargs, limit, RepeatPrevious::new),
    many: None,
};

pub(crate) const ENTRIES: &[Entry] = &[
    BASE,
    Entry {
        id: "popgym-RepeatPreviousMedium-v0",
        description: "Name the suit of the card dealt k - 1 steps ago: k = 32 of 104 cards.",
        defaults: || json!({ "num_decks": 2, "k": 32 }),
        ..BASE
    },
    Entry {
        id: "popgym-RepeatPreviousHard-v0",
        description: "Name the suit of the card dealt k - 1 steps ago: k = 64 of 156 cards.",
        defaults: || json!({ "num_decks": 3, "k": 64 }),
        ..BASE
    },
];

impl RepeatPrevious {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: RepeatPreviousConfig) -> Result<Self, ControlError> {
        let deck = Deck::new(config.num_decks)?;
        at_least("k", 1, config.k)?;
        at_most("k", deck.len() as u64 - 1, config.k)?;
        Ok(RepeatPrevious { k: config.k as usize, deck, rng: None, answer: Answer::default() })
    }
}

whole!(RepeatPrevious);

impl Whole for RepeatPrevious {
    fn fits(&self, other: &Self) -> bool {
        self.k == other.k && self.deck.like(&other.deck)
    }
}

impl Env for RepeatPrevious {
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
        Ok((card.suit(), Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<i64>, ControlError> {
        if !(0..SUITS).contains(action) {
            return Err(ControlError::discrete(SUITS, *action));
        }
        if self.rng.is_none() {
            return Err(ControlError::NotReset);
        }
        let asked = self.deck.seen(self.k - 1);
        let card = self.deck.deal().ok_or(ControlError::Over)?;
        let unit = 1.0 / (self.deck.len() - self.k) as f64;
        self.answer.right = asked.map(|asked| asked.suit() == *action);
        let reward = match self.answer.right {
            None => 0.0,
            Some(true) => unit,
            Some(false) => -unit,
        };
        let terminated = self.deck.left() == 0;
        Ok(Step { obs: card.suit(), reward, terminated, truncated: false, info: Info::new() })
    }

    /// 500 x 300 pixels: the pile, the card on view and the one to name.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        let Some(card) = self.deck.seen(0).filter(|_| self.rng.is_some()) else { return Ok(None) };
        let (left, all) = (self.deck.left(), self.deck.len());
        Ok(Some(match self.deck.seen(self.k - 1) {
            Some(asked) => draw(&[card, asked], left, all, self.answer),
            None => draw(&[card], left, all, self.answer),
        }))
    }
}
