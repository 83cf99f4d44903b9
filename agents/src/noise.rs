//! Which numbers of an observation are noise: new in every step, and nothing that the step before tells of.
//!
//! A random projection of four numbers that matter and twenty that do not is nearly all noise. Whether a number matters is for
//! the learner to find out; but one that jumps where others move can be told from running statistics, whatever its scale.

use crate::error::check;
use crate::reservoir::{entry, json};
use crate::{AgentError, AgentState};

/// Correlation over one step from which on a number has its full weight.
const PLAIN: f64 = 0.15;
/// Share of the steps in which a number must be new. Symbols, counts and pulses repeat themselves.
const NEW: f64 = 0.9;

/// Statistics over pairs of observations that follow each other, and the weights that come of them.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    /// The weight of noise; 1 where nothing is weighed.
    least: f64,
    pairs: f64,
    /// Per number, normalised: sum of the products of what follows each other, sum of squares; and how often it changed.
    products: Vec<f64>,
    squares: Vec<f64>,
    news: Vec<f64>,
    weights: Vec<f64>,
    /// Whether any weight is not 1.
    weighs: bool,
}

impl Noise {
    pub(crate) fn new(least: f64, numbers: usize) -> Result<Noise, AgentError> {
        check("normalization.noise", least, (0.0..=1.0).contains(&least), "a number in [0, 1]")?;
        Ok(Noise {
            least,
            pairs: 0.0,
            products: vec![0.0; numbers],
            squares: vec![0.0; numbers],
            news: vec![0.0; numbers],
            weights: vec![1.0; numbers],
            weighs: false,
        })
    }

    /// Takes two observations that followed each other; `normalized` gives a number of an observation as normalised now, 0 where
    /// it is none of a Box.
    pub(crate) fn take(&mut self, before: &[f64], now: &[f64], normalized: impl Fn(usize, f64) -> f64) {
        if self.least == 1.0 {
            return;
        }
        self.pairs += 1.0;
        for (i, (&before, &now)) in before.iter().zip(now).enumerate() {
            let (one, other) = (normalized(i, before), normalized(i, now));
            self.products[i] += one * other;
            self.squares[i] += other * other;
            self.news[i] += f64::from(u8::from(before != now));
        }
        self.weigh();
    }

    fn weigh(&mut self) {
        // What chance alone gives is not counted as a correlation.
        let chance = 3.0 / self.pairs.sqrt();
        let mut most = 0.0_f64;
        for (i, weight) in self.weights.iter_mut().enumerate() {
            *weight = 1.0;
            if self.squares[i] > 0.0 {
                if self.news[i] > NEW * self.pairs {
                    let correlation = self.products[i] / self.squares[i];
                    *weight = ((correlation.abs() - chance) / PLAIN).clamp(0.0, 1.0);
                }
                most = most.max(*weight);
            }
        }
        self.weighs = false;
        for weight in &mut self.weights {
            // Where nothing moves, nothing is noise.
            *weight = (*weight + 1.0 - most).clamp(self.least, 1.0);
            self.weighs |= *weight < 1.0;
        }
    }

    /// `before` is the observation that the next one follows; empty where none does.
    pub(crate) fn save(&self, state: &mut AgentState, before: &[f64]) {
        if self.least < 1.0 {
            let numbers = [self.products.len()];
            state.put("normalization/products", &numbers, &self.products);
            state.put("normalization/noise_squares", &numbers, &self.squares);
            state.put("normalization/new", &numbers, &self.news);
            state.put("normalization/weights", &numbers, &self.weights);
            state.put("normalization/before", &[before.len()], before);
            state.meta["noise"] = json(&self.pairs);
        }
    }

    /// A file of an earlier version knows of no noise; the statistics begin.
    pub(crate) fn load(&mut self, state: &AgentState, before: &mut Vec<f64>) -> Result<(), AgentError> {
        if self.least == 1.0 || state.meta.get("noise").is_none() {
            return Ok(());
        }
        self.pairs = entry(state, "noise")?;
        state.read("normalization/products", &mut self.products)?;
        state.read("normalization/noise_squares", &mut self.squares)?;
        state.read("normalization/new", &mut self.news)?;
        state.read("normalization/weights", &mut self.weights)?;
        self.weighs = self.weights.iter().any(|weight| *weight < 1.0);
        *before = state.all("normalization/before")?;
        match before.len() {
            0 => Ok(()),
            n if n == self.products.len() => Ok(()),
            n => Err(AgentError::State {
                name: "normalization/before".into(),
                expected: format!("no numbers or {}", self.products.len()),
                found: n.to_string(),
            }),
        }
    }

    /// The weight of each number; `None` where all are 1.
    pub(crate) fn weights(&self) -> Option<&[f64]> {
        self.weighs.then_some(&self.weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;
    use sorn_core::rng;

    /// The weights after `steps` observations of a slow wave, noise of a scale of its own, a symbol, and a pulse.
    fn weights(least: f64, steps: u64, wave: bool) -> Option<Vec<f64>> {
        let mut rng = rng::stream(7, "noise");
        let mut noise = Noise::new(least, 4).unwrap();
        let mut before = [0.0; 4];
        let moments = [(0.0, 0.7), (50.0, 1e3), (1.5, 0.9), (0.01, 0.1)];
        let normalized = |i: usize, x: f64| (x - moments[i].0) / moments[i].1;
        for step in 0..steps {
            let slow = if wave { (step as f64 / 8.0).sin() } else { normal(&mut rng) / 2f64.sqrt() };
            let symbol = (1.5 + normal(&mut rng)).round().clamp(0.0, 3.0);
            let now = [slow, 50.0 + 1e3 * normal(&mut rng), symbol, f64::from(u8::from(step % 100 == 0))];
            if step > 0 {
                noise.take(&before, &now, normalized);
            }
            before = now;
        }
        noise.weights().map(<[f64]>::to_vec)
    }

    #[test]
    fn numbers_that_jump_where_others_move_are_left_out() {
        let weights = weights(0.0, 2000, true).unwrap();
        assert!(weights[1] < 0.1, "{weights:?}");
        // Symbols and pulses repeat themselves: they are no noise.
        assert_eq!([weights[0], weights[2], weights[3]], [1.0; 3]);
    }

    #[test]
    fn where_nothing_moves_nothing_is_noise() {
        // Two numbers jump, as in a bandit with a context; symbol and pulse are taken as they are.
        let mut rng = rng::stream(8, "noise");
        let mut noise = Noise::new(0.0, 2).unwrap();
        let mut before = [0.0; 2];
        for _ in 0..3000 {
            let now = [normal(&mut rng), normal(&mut rng)];
            noise.take(&before, &now, |_, x| x);
            before = now;
            let least = noise.weights().map_or(1.0, |w| w[0].min(w[1]));
            assert!(least > 0.3, "{least}");
        }
    }

    #[test]
    fn a_weight_of_one_weighs_nothing() {
        assert_eq!(weights(1.0, 2000, true), None);
        let error = Noise::new(1.5, 1).unwrap_err().to_string();
        assert_eq!(error, "normalization.noise: expected a number in [0, 1], found 1.5");
    }

    #[test]
    fn what_was_saved_goes_on() {
        let mut noise = Noise::new(0.0, 1).unwrap();
        (0..50).for_each(|k| noise.take(&[f64::from(k % 7)], &[f64::from(k % 5)], |_, x| x - 2.0));
        let mut state = AgentState { arrays: Default::default(), meta: serde_json::json!({}) };
        noise.save(&mut state, &[4.0]);
        let (mut other, mut before) = (Noise::new(0.0, 1).unwrap(), Vec::new());
        other.load(&state, &mut before).unwrap();
        assert_eq!((other.weights(), other.pairs, &before[..]), (noise.weights(), 50.0, &[4.0][..]));
        // An earlier version saved nothing of it.
        let empty = AgentState { arrays: Default::default(), meta: serde_json::json!({}) };
        assert!(Noise::new(0.0, 1).unwrap().load(&empty, &mut before).is_ok());
    }
}
