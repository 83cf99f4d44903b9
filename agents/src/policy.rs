//! Policies: scores become a choice.

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::AgentError;
use crate::error::check;
use crate::random::unit;

/// How an action is chosen while training; evaluation is greedy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PolicyConfig {
    /// With probability proportional to `exp(score / temperature)`.
    Softmax {
        /// Positive; 1 by default.
        #[serde(default = "one")]
        temperature: f64,
    },
}

fn one() -> f64 {
    1.0
}

impl Default for PolicyConfig {
    fn default() -> Self {
        PolicyConfig::Softmax { temperature: 1.0 }
    }
}

impl PolicyConfig {
    pub(crate) fn validate(&self) -> Result<(), AgentError> {
        let PolicyConfig::Softmax { temperature } = self;
        check("policy.temperature", *temperature, *temperature > 0.0, "a positive number")
    }

    /// Turns scores into probabilities in place.
    pub(crate) fn probabilities(&self, scores: &mut [f64]) {
        let PolicyConfig::Softmax { temperature } = self;
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for score in scores.iter_mut() {
            *score = libm::exp((*score - most) / temperature);
            sum += *score;
        }
        scores.iter_mut().for_each(|p| *p /= sum);
    }

    /// Adds the gradient of `log p(choice)` with respect to the scores to `out`, per unit of score: `(1[a = choice] - p_a) /
    /// temperature`.
    pub(crate) fn log_gradient(&self, probabilities: &[f64], choice: usize, out: &mut [f64]) {
        let PolicyConfig::Softmax { temperature } = self;
        for (action, (g, p)) in out.iter_mut().zip(probabilities).enumerate() {
            *g = (f64::from(u8::from(action == choice)) - p) / temperature;
        }
    }
}

/// Draws an index with the given probabilities.
pub(crate) fn draw(probabilities: &[f64], rng: &mut Xoshiro256PlusPlus) -> usize {
    let mut left = unit(rng);
    for (index, p) in probabilities.iter().enumerate() {
        left -= p;
        if left < 0.0 {
            return index;
        }
    }
    // Rounding may leave a sliver above the sum.
    probabilities.len() - 1
}

/// The first index with the largest score.
pub(crate) fn greedy(scores: &[f64]) -> usize {
    (1..scores.len()).fold(0, |best, index| if scores[index] > scores[best] { index } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_xoshiro::rand_core::SeedableRng;

    proptest! {
        #[test]
        fn the_gradient_is_that_of_log_p(
            scores in prop::collection::vec(-5.0..5.0_f64, 2..6), temperature in 0.3..3.0_f64, pick: prop::sample::Index,
        ) {
            let policy = PolicyConfig::Softmax { temperature };
            let choice = pick.index(scores.len());
            let log_p = |scores: &[f64]| {
                let mut p = scores.to_vec();
                policy.probabilities(&mut p);
                p[choice].ln()
            };
            let mut p = scores.clone();
            policy.probabilities(&mut p);
            let mut gradient = vec![0.0; scores.len()];
            policy.log_gradient(&p, choice, &mut gradient);
            for a in 0..scores.len() {
                let (mut up, mut down) = (scores.clone(), scores.clone());
                up[a] += 1e-5;
                down[a] -= 1e-5;
                let difference = (log_p(&up) - log_p(&down)) / 2e-5;
                prop_assert!((gradient[a] - difference).abs() < 1e-6, "{} {difference}", gradient[a]);
            }
        }
    }

    #[test]
    fn draws_follow_the_probabilities() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut counts = [0; 3];
        (0..30_000).for_each(|_| counts[draw(&[0.2, 0.0, 0.8], &mut rng)] += 1);
        assert_eq!(counts[1], 0);
        assert!((5_700..6_300).contains(&counts[0]), "{counts:?}");
        assert_eq!(greedy(&[1.0, 3.0, 3.0]), 1);
    }
}
