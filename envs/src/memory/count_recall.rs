//! [`CountRecall`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sorn_env::seeding::{Generator, reseed};
use sorn_env::{Env, Frame, Info, Options, Space, Step};

use super::cards::{Answer, draw};
use super::deck::{COLORS, Card, Deck, RANKS, SUITS};
use super::whole::{Whole, whole};
use crate::control::{ControlError, no_options};
use crate::registry::entry::{Entry, native, one};

/// What of a card is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeckType {
    /// Black or red.
    #[default]
    Colors,
    /// One of four suits.
    Suits,
    /// One of thirteen ranks.
    Ranks,
}

impl DeckType {
    fn kinds(self) -> i64 {
        match self {
            DeckType::Colors => COLORS,
            DeckType::Suits => SUITS,
            DeckType::Ranks => RANKS,
        }
    }

    fn of(self, card: Card) -> i64 {
        match self {
            DeckType::Colors => card.color(),
            DeckType::Suits => card.suit(),
            DeckType::Ranks => card.rank(),
        }
    }
}

/// Arguments of [`CountRecall`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CountRecallConfig {
    /// Decks of 52 cards, 1 or more: an episode has as many steps as there are cards, less one.
    pub num_decks: u64,
    /// What is counted.
    pub deck_type: DeckType,
}

impl Default for CountRecallConfig {
    fn default() -> Self {
        CountRecallConfig { num_decks: 1, deck_type: DeckType::Colors }
    }
}

/// Say how many cards of a kind have been dealt: an action is the number of cards like the one asked for.
///
/// Observation: the kind of the card dealt, and the kind asked for. Reward `1 / (cards - 1)` for a right answer and its negative
/// for a wrong one. An episode terminates when the last card is dealt; a perfect return is 1, and that of random answers about
/// `2 / answers - 1`, -0.93 with 27 answers.
///
/// POPGym's, equal step for step.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountRecall {
    config: CountRecallConfig,
    dealt: Deck,
    asked: Deck,
    /// Cards dealt, by kind.
    counts: Vec<i64>,
    #[serde(skip)]
    rng: Option<Generator>,
    answer: Answer,
}

const BASE: Entry = Entry {
    id: "popgym-CountRecallEasy-v0",
    max_episode_steps: None,
    reward_threshold: None,
    render_fps: 4.0,
    description: "Say how many cards of the colour asked for have been dealt: 52 cards.",
    kwargs: &["num_decks", "deck_type"],
    defaults: || json!({}),
    one: |kwargs, limit| one(kwargs, limit, CountRecall::new),
    native: |kwargs, limit| native(kwargs, limit, CountRecall::new),
    many: None,
};

pub(crate) const ENTRIES: &[Entry] = &[
    BASE,
    Entry {
        id: "popgym-CountRecallMedium-v0",
        description: "Say how many cards of the suit asked for have been dealt: 104 cards.",
        defaults: || json!({ "num_decks": 2, "deck_type": "suits" }),
        ..BASE
    },
    Entry {
        id: "popgym-CountRecallHard-v0",
        description: "Say how many cards of the rank asked for have been dealt: 208 cards.",
        defaults: || json!({ "num_decks": 4, "deck_type": "ranks" }),
        ..BASE
    },
];

impl CountRecall {
    /// The task before its first reset.
    ///
    /// # Errors
    /// [`ControlError::Argument`].
    pub fn new(config: CountRecallConfig) -> Result<Self, ControlError> {
        Ok(CountRecall {
            config,
            dealt: Deck::new(config.num_decks)?,
            asked: Deck::new(config.num_decks)?,
            counts: vec![0; config.deck_type.kinds() as usize],
            rng: None,
            answer: Answer::default(),
        })
    }

    /// Number of answers: from 0 to all cards of a kind.
    fn answers(&self) -> i64 {
        self.dealt.len() as i64 / self.config.deck_type.kinds() + 1
    }

    /// Deals a card of each pile; the observation.
    fn deal(&mut self) -> Result<[i64; 2], ControlError> {
        let (card, asked) = self.dealt.deal().zip(self.asked.deal()).ok_or(ControlError::Over)?;
        let kinds = [card, asked].map(|card| self.config.deck_type.of(card));
        self.counts[kinds[0] as usize] += 1;
        Ok(kinds)
    }
}

whole!(CountRecall);

impl Whole for CountRecall {
    fn fits(&self, other: &Self) -> bool {
        self.config == other.config
            && self.dealt.like(&other.dealt)
            && self.asked.like(&other.asked)
            && other.dealt.left() == other.asked.left()
            && self.counts.len() == other.counts.len()
            && other.counts.iter().all(|count| (0..=other.dealt.len() as i64).contains(count))
    }
}

impl Env for CountRecall {
    type Obs = [i64; 2];
    type Act = i64;
    type Error = ControlError;

    fn observation_space(&self) -> Space {
        Space::MultiDiscrete { nvec: vec![self.config.deck_type.kinds(); 2] }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: self.answers(), start: 0 }
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<([i64; 2], Info), ControlError> {
        no_options(options)?;
        let rng = reseed(&mut self.rng, seed);
        self.dealt.shuffle(rng);
        self.asked.shuffle(rng);
        self.counts.fill(0);
        self.answer = Answer::default();
        Ok((self.deal()?, Info::new()))
    }

    fn step(&mut self, action: &i64) -> Result<Step<[i64; 2]>, ControlError> {
        if !(0..self.answers()).contains(action) {
            return Err(ControlError::discrete(self.answers(), *action));
        }
        if self.rng.is_none() {
            return Err(ControlError::NotReset);
        }
        let asked = self.asked.seen(0).ok_or(ControlError::NotReset)?;
        let right = self.counts[self.config.deck_type.of(asked) as usize] == *action;
        let obs = self.deal()?;
        self.answer.right = Some(right);
        let unit = 1.0 / (self.dealt.len() - 1) as f64;
        let reward = if right { unit } else { -unit };
        let terminated = self.dealt.left() == 0;
        Ok(Step { obs, reward, terminated, truncated: false, info: Info::new() })
    }

    /// 500 x 300 pixels: the pile, the card on view and a card like the one asked for.
    fn render(&mut self) -> Result<Option<Frame>, ControlError> {
        let cards = self.dealt.seen(0).zip(self.asked.seen(0)).filter(|_| self.rng.is_some());
        Ok(cards.map(|(card, asked)| draw(&[card, asked], self.dealt.left(), self.dealt.len(), self.answer)))
    }
}
