//! [`Deck`]: a pile of cards, dealt from the top.

use serde::{Deserialize, Serialize};
use sorn_env::seeding::Generator;

use crate::control::{ControlError, at_least, at_most};

/// Suits: spades, diamonds, clubs, hearts.
pub(super) const SUITS: i64 = 4;
/// Colours: black and red.
pub(super) const COLORS: i64 = 2;
/// Ranks: ace to king.
pub(super) const RANKS: i64 = 13;
const CARDS: u64 = 52;

/// Cards by their number: their suits repeat every four, their ranks every 52.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Card(u32);

impl Card {
    pub(super) fn suit(self) -> i64 {
        i64::from(self.0) % SUITS
    }

    pub(super) fn color(self) -> i64 {
        i64::from(self.0) % COLORS
    }

    pub(super) fn rank(self) -> i64 {
        i64::from(self.0) / SUITS % RANKS
    }
}

/// One or more decks of 52 cards as one pile.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deck {
    cards: Vec<Card>,
    /// Cards that are not dealt: the first of `cards`.
    left: usize,
}

impl Deck {
    /// An empty pile of `num_decks` decks, 1 to 10,000.
    pub(super) fn new(num_decks: u64) -> Result<Deck, ControlError> {
        at_least("num_decks", 1, num_decks)?;
        at_most("num_decks", 10_000, num_decks)?;
        Ok(Deck { cards: (0..(CARDS * num_decks) as u32).map(Card).collect(), left: 0 })
    }

    /// Number of cards, dealt or not.
    pub(super) fn len(&self) -> usize {
        self.cards.len()
    }

    /// Whether `card` is one of its cards.
    pub(super) fn has(&self, card: Card) -> bool {
        (card.0 as usize) < self.cards.len()
    }

    /// Whether `other` is a pile of the same cards in some order.
    pub(super) fn like(&self, other: &Deck) -> bool {
        let mut seen = vec![false; self.cards.len()];
        let mut first = |card: &Card| self.has(*card) && !std::mem::replace(&mut seen[card.0 as usize], true);
        other.left <= other.cards.len()
            && other.cards.len() == self.cards.len()
            && other.cards.iter().all(&mut first)
    }

    /// Number of cards that are not dealt.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Number of cards that are dealt.
    pub(super) fn dealt(&self) -> usize {
        self.cards.len() - self.left
    }

    /// Collects all cards and shuffles them, as POPGym: from their first order.
    pub(super) fn shuffle(&mut self, rng: &mut Generator) {
        self.cards.iter_mut().zip(0..).for_each(|(card, number)| *card = Card(number));
        rng.shuffle(&mut self.cards);
        self.left = self.cards.len();
    }

    /// Deals the next card; `None` where none is left.
    pub(super) fn deal(&mut self) -> Option<Card> {
        self.left = self.left.checked_sub(1)?;
        self.cards.get(self.left).copied()
    }

    /// The card that was dealt `ago` cards before the latest.
    pub(super) fn seen(&self, ago: usize) -> Option<Card> {
        if ago < self.dealt() { self.cards.get(self.left + ago).copied() } else { None }
    }
}
