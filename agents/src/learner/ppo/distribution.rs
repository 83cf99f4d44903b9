//! The distribution of actions, given scores: its draws, log-probabilities, entropies, and their gradients.
//!
//! Discrete, MultiDiscrete and MultiBinary actions have a softmax over each factor. Numbers of a Box have independent normal distributions with
//! a logarithm of the standard deviation that does not depend on the features. As in stable-baselines3, the probability of a
//! number is that before it is moved into the bounds.

use rand_xoshiro::Xoshiro256PlusPlus;
use sorn_env::{Space, Value};

use super::PpoMean;
use crate::AgentError;
use crate::action::{Actions, Ranges};
use crate::policy::{draw, softmax};
use crate::random::normal;

#[derive(Clone, Debug)]
pub(super) struct Distribution {
    actions: Actions,
    mean: PpoMean,
}

/// What a sample's loss needs of the distribution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measures {
    pub(super) log_prob: f64,
    pub(super) entropy: f64,
}

/// `log sqrt(2 pi)`.
const LOG_ROOT: f64 = 0.918_938_533_204_672_8;

impl Distribution {
    pub(super) fn new(space: &Space, mean: PpoMean) -> Result<Distribution, AgentError> {
        Ok(Distribution { actions: Actions::new(space, "learner.kind = \"ppo\"")?, mean })
    }

    /// Scores, each linear in the features: of choices, then of numbers.
    pub(super) fn scores(&self) -> usize {
        self.actions.scores()
    }

    /// Logarithms of standard deviations.
    pub(super) fn spreads(&self) -> usize {
        self.actions.ranges().len()
    }

    /// Numbers by which an action is remembered: the choice in each factor, and the numbers before they are moved.
    pub(super) fn numbers(&self) -> usize {
        self.actions.factors().len() + self.actions.ranges().len()
    }

    /// Draws an action. `scratch` is as long as `scores`.
    pub(super) fn draw(
        &self,
        scores: &[f64],
        log_std: &[f64],
        rng: &mut Xoshiro256PlusPlus,
        scratch: &mut [f64],
        out: &mut [f64],
    ) {
        let (choices, numbers) = out.split_at_mut(self.actions.factors().len());
        let (logits, means) = scores.split_at(self.actions.choices());
        let (mut rest, _) = scratch.split_at_mut(logits.len());
        rest.copy_from_slice(logits);
        for (&size, out) in self.actions.factors().iter().zip(choices) {
            let (factor, after) = rest.split_at_mut(size);
            rest = after;
            softmax(factor, 1.0);
            *out = draw(factor, rng) as f64;
        }
        for (index, out) in numbers.iter_mut().enumerate() {
            let sd = libm::exp(log_std[index]);
            *out = self.mean.of(self.actions.ranges(), index, means[index]) + sd * normal(rng);
        }
    }

    /// The element of the space that an action stands for.
    pub(super) fn element(&self, action: &[f64]) -> Value {
        let (choices, numbers) = action.split_at(self.actions.factors().len());
        self.actions.element(choices.iter().map(|&choice| choice as usize), numbers.iter().copied())
    }

    /// The most probable element.
    pub(super) fn best(&self, scores: &[f64]) -> Value {
        let (choices, means) = scores.split_at(self.actions.choices());
        let mean = |(index, &score): (usize, &f64)| self.mean.of(self.actions.ranges(), index, score);
        self.actions.element(self.actions.greedy(choices), means.iter().enumerate().map(mean))
    }

    /// Measures of an action; writes the gradients of log-probability and entropy by scores, and adds those by the
    /// logarithms of the standard deviations behind them: each gradient is `scores + spreads` long.
    pub(super) fn measure(
        &self,
        scores: &[f64],
        log_std: &[f64],
        action: &[f64],
        by_log_prob: &mut [f64],
        by_entropy: &mut [f64],
    ) -> Measures {
        let mut measures = Measures { log_prob: 0.0, entropy: 0.0 };
        let (choices, numbers) = action.split_at(self.actions.factors().len());
        let mut start = 0;
        for (&size, &choice) in self.actions.factors().iter().zip(choices) {
            let factor = start..start + size;
            let all = (&scores[factor.clone()], choice as usize);
            let one = factor_measures(all, &mut by_log_prob[factor.clone()], &mut by_entropy[factor]);
            measures.log_prob += one.log_prob;
            measures.entropy += one.entropy;
            start += size;
        }
        let (ranges, n) = (self.actions.ranges(), numbers.len());
        for (index, &number) in numbers.iter().enumerate() {
            let at = start + index;
            let (center, slope) = self.mean.with_slope(ranges, index, scores[at]);
            let deviation = (number - center) / libm::exp(log_std[index]);
            let square = deviation * deviation;
            measures.log_prob -= 0.5 * square + log_std[index] + LOG_ROOT;
            measures.entropy += 0.5 + LOG_ROOT + log_std[index];
            by_log_prob[at] = deviation / libm::exp(log_std[index]) * slope;
            by_log_prob[at + n] = square - 1.0;
            by_entropy[at] = 0.0;
            by_entropy[at + n] = 1.0;
        }
        measures
    }

    /// Whether `action` is one that could be drawn.
    pub(super) fn contains(&self, action: &[f64]) -> bool {
        let (choices, numbers) = action.split_at(self.actions.factors().len());
        let possible =
            |(&choice, &size): (&f64, &usize)| choice >= 0.0 && choice.fract() == 0.0 && choice < size as f64;
        choices.iter().zip(self.actions.factors()).all(possible)
            && numbers.iter().all(|number| number.is_finite())
    }
}

fn factor_measures(
    (scores, choice): (&[f64], usize),
    by_log_prob: &mut [f64],
    by_entropy: &mut [f64],
) -> Measures {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for (p, score) in by_log_prob.iter_mut().zip(scores) {
        *p = libm::exp(score - most);
        sum += *p;
    }
    let log_sum = libm::log(sum) + most;
    let mut entropy = 0.0;
    for ((p, by_entropy), score) in by_log_prob.iter_mut().zip(by_entropy.iter_mut()).zip(scores) {
        *p /= sum;
        *by_entropy = score - log_sum;
        entropy -= *p * *by_entropy;
    }
    for (p, by_entropy) in by_log_prob.iter_mut().zip(by_entropy) {
        *by_entropy = -*p * (*by_entropy + entropy);
        *p = -*p;
    }
    by_log_prob[choice] += 1.0;
    Measures { log_prob: scores[choice] - log_sum, entropy }
}

impl PpoMean {
    fn of(self, ranges: &Ranges, index: usize, score: f64) -> f64 {
        match self {
            PpoMean::Linear => score,
            PpoMean::Tanh => ranges.squash(index, score),
        }
    }

    fn with_slope(self, ranges: &Ranges, index: usize, score: f64) -> (f64, f64) {
        let mean = self.of(ranges, index, score);
        match self {
            PpoMean::Linear => (mean, 1.0),
            PpoMean::Tanh => (mean, ranges.slope(index, mean)),
        }
    }
}
