//! [`Chain`]: words that follow one another at random.

use sorn_core::rng::{Xoshiro256PlusPlus, below, uniform};

use super::grammar::Grammar;
use super::{Item, Symbols};

/// Words that follow one another, each with a probability that the word before decides.
#[derive(Debug)]
pub(super) struct Chain {
    names: Vec<String>,
    /// Symbols of each word.
    words: Vec<Vec<u32>>,
    /// Probability of each word as the first.
    first: Vec<f64>,
    /// Probability of each word after each; those of the first where empty.
    after: Vec<Vec<f64>>,
    /// The word that goes on, and the position of the next item in it; none before the first.
    place: Option<(usize, usize)>,
    rng: Xoshiro256PlusPlus,
    /// The grammar of the words, if they are sentences of one.
    grammar: Option<Grammar>,
}

impl Chain {
    /// Words of which each is the next with the probabilities `first`, whatever was before.
    pub(super) fn new(
        names: Vec<String>,
        words: Vec<Vec<u32>>,
        first: Vec<f64>,
        rng: Xoshiro256PlusPlus,
    ) -> Chain {
        Chain { names, words, first, after: Vec::new(), place: None, rng, grammar: None }
    }

    /// The same with probabilities of each word after each.
    pub(super) fn with_transitions(self, after: Vec<Vec<f64>>) -> Chain {
        Chain { after, ..self }
    }

    /// The same, whose words are sentences of `grammar`.
    pub(super) fn with_grammar(self, grammar: Grammar) -> Chain {
        Chain { grammar: Some(grammar), ..self }
    }

    fn after(&self, word: usize) -> &[f64] {
        self.after.get(word).unwrap_or(&self.first)
    }
}

impl Symbols for Chain {
    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn next(&mut self) -> Result<Item, String> {
        let (word, at) = match self.place {
            Some((word, at)) if at < self.words[word].len() => (word, at),
            Some((word, _)) => {
                let after = self.after.get(word).unwrap_or(&self.first);
                (draw(after, &mut self.rng), 0)
            }
            None => (draw(&self.first, &mut self.rng), 0),
        };
        self.place = Some((word, at + 1));
        let letters = &self.words[word];
        Ok(Item { symbol: letters[at], place: at as u32, last: at + 1 == letters.len() })
    }

    fn ceiling(&self) -> Option<f64> {
        // How often each word stands, from any beginning: the mean over many.
        let mut share = self.first.clone();
        let mut mean = vec![0.0; share.len()];
        const ROUNDS: usize = 10_000;
        for _ in 0..if self.after.is_empty() { 1 } else { ROUNDS } {
            mean.iter_mut().zip(&share).for_each(|(mean, share)| *mean += share);
            let mut then = vec![0.0; share.len()];
            for (word, p) in share.iter().enumerate() {
                then.iter_mut().zip(self.after(word)).for_each(|(then, q)| *then += p * q);
            }
            share = then;
        }
        let (mut right, mut all) = (0.0, 0.0);
        for (word, letters) in self.words.iter().enumerate() {
            let mut by_symbol = vec![0.0; self.names.len()];
            for (other, p) in self.after(word).iter().enumerate() {
                by_symbol[self.words[other][0] as usize] += p;
            }
            let likeliest = by_symbol.into_iter().fold(0.0, f64::max);
            right += mean[word] * (letters.len() as f64 - 1.0 + likeliest);
            all += mean[word] * letters.len() as f64;
        }
        Some(right / all)
    }

    fn words(&self) -> &[Vec<u32>] {
        &self.words
    }

    fn word(&self) -> Option<usize> {
        self.place.map(|(word, _)| word)
    }

    fn judge(&self, generated: &[u32]) -> Vec<(String, f64)> {
        let letter = |symbol: &u32| self.names[*symbol as usize].as_str();
        let text = || generated.iter().map(letter).collect::<String>();
        self.grammar.as_ref().map_or_else(Vec::new, |grammar| grammar.judge(&text()))
    }
}

/// An index with these probabilities.
fn draw(probabilities: &[f64], rng: &mut Xoshiro256PlusPlus) -> usize {
    let n = probabilities.len();
    if probabilities.iter().all(|p| *p == probabilities[0]) {
        return below(rng, n as u64) as usize;
    }
    let mut left = uniform(rng) * probabilities.iter().sum::<f64>();
    for (index, p) in probabilities.iter().enumerate() {
        left -= p;
        if left < 0.0 {
            return index;
        }
    }
    // Rounding: the last that can be.
    probabilities.iter().rposition(|p| *p > 0.0).unwrap_or(n - 1)
}
