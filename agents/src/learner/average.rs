//! The mean of weights over the last part of training, whatever its length: what learning keeps moving to and fro averages out
//! (Polyak & Juditsky 1992, *Acceleration of stochastic approximation by averaging*, 10.1137/0330046).

use crate::{AgentError, AgentState};

/// Transitions from one sample of the weights to the next: rare enough to cost nothing, and often beside any change.
const EVERY: u64 = 64;
const NAME: &str = "learner/mean";

/// A mean in which the last samples count most: with the part `p` of the past, sample `k` moves it by `1 / (1 + p (k - 1))` of the
/// way.
#[derive(Clone, Debug)]
pub(crate) struct Average {
    part: f64,
    mean: Vec<f64>,
}

impl Average {
    /// Of `len` weights; of none where `part` is 0.
    pub(crate) fn new(part: f64, len: usize) -> Average {
        Average { part, mean: vec![0.0; if part > 0.0 { len } else { 0 }] }
    }

    /// Takes the weights after `steps` transitions.
    pub(crate) fn take(&mut self, steps: u64, weights: &[f64]) {
        if self.mean.is_empty() || !steps.is_multiple_of(EVERY) {
            return;
        }
        let before = (steps / EVERY - 1) as f64;
        let rate = 1.0 / (1.0 + self.part * before);
        self.mean.iter_mut().zip(weights).for_each(|(mean, w)| *mean += rate * (w - *mean));
    }

    /// Puts the mean in place of the weights after `steps` transitions, if there is one.
    pub(crate) fn put(&self, steps: u64, weights: &mut [f64]) {
        if !self.mean.is_empty() && steps >= EVERY {
            weights.copy_from_slice(&self.mean);
        }
    }

    pub(crate) fn save(&self, state: &mut AgentState, shape: &[usize]) {
        if !self.mean.is_empty() {
            state.put(NAME, shape, &self.mean);
        }
    }

    /// A file of an earlier version has no mean; it begins with the weights.
    pub(crate) fn load(&mut self, state: &AgentState, weights: &[f64]) -> Result<(), AgentError> {
        if self.mean.is_empty() {
            return Ok(());
        }
        if state.arrays.contains_key(NAME) {
            return state.read(NAME, &mut self.mean);
        }
        self.mean.copy_from_slice(weights);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(part: f64, weights: impl Fn(u64) -> f64, steps: u64) -> f64 {
        let mut average = Average::new(part, 1);
        (1..=steps).for_each(|step| average.take(step, &[weights(step)]));
        let mut mean = [f64::NAN];
        average.put(steps, &mut mean);
        mean[0]
    }

    #[test]
    fn what_moves_to_and_fro_averages_out() {
        let mean =
            after(0.25, |step| 3.0 + if (step / EVERY).is_multiple_of(2) { 1.0 } else { -1.0 }, 64_000);
        assert!((mean - 3.0).abs() < 0.01, "{mean}");
    }

    #[test]
    fn the_last_part_counts_at_any_length() {
        // A ramp from 0 to 1: the mean lags by about half of the part.
        for steps in [6_400, 64_000, 640_000] {
            let mean = after(0.25, |step| step as f64 / steps as f64, steps);
            assert!((0.75..0.85).contains(&mean), "{steps}: {mean}");
        }
    }

    #[test]
    fn there_is_no_mean_of_a_few_steps_or_without_a_part() {
        assert!(after(0.25, |_| 1.0, EVERY - 1).is_nan());
        assert!(after(0.0, |_| 1.0, 1000).is_nan());
    }
}
