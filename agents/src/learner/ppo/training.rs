//! What is learnt, and how a minibatch changes it.
//!
//! Schulman, Wolski, Dhariwal, Radford & Klimov 2017, *Proximal policy optimization algorithms* (arXiv 1707.06347), equation 9,
//! over the samples of a minibatch:
//!
//! ```text
//! ratio = pi(a | phi) / pi_old(a | phi)
//! loss  = - mean of min(ratio A, clip(ratio, 1 - clip_range, 1 + clip_range) A)
//!         + vf_coef mean of (return - V)^2 - ent_coef mean of the entropy
//! ```

use super::adam::Adam;
use super::config::PpoConfig;
use super::distribution::{Distribution, Measures};
use super::layers::Layers;
use super::rollout::Rollout;
use super::rows::Row;
use crate::lanes::dot;

/// Parameters of policy and value, and how they change.
#[derive(Clone, Debug)]
pub(super) struct Training {
    pub(super) distribution: Distribution,
    pub(super) layers: Layers,
    /// The layers' weights, then the logarithms of the standard deviations.
    pub(super) parameters: Vec<f64>,
    pub(super) adam: Adam,
    gradient: Vec<f64>,
    scratch: Scratch,
}

/// Of one sample: outputs of the layers and the gradient of the loss by them, gradients by scores and spreads.
#[derive(Clone, Debug)]
struct Scratch {
    outputs: Vec<f64>,
    by_output: Vec<f64>,
    by_log_prob: Vec<f64>,
    by_entropy: Vec<f64>,
}

/// What a minibatch told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss {
    pub(super) loss: f64,
    /// Mean of `ratio - 1 - log ratio` (Schulman 2020, *Approximating KL divergence*).
    pub(super) approx_kl: f64,
}

impl Training {
    pub(super) fn new(distribution: Distribution, features: usize, log_std_init: f64) -> Training {
        let (scores, spreads) = (distribution.scores(), distribution.spreads());
        let layers = Layers::new(features, scores + 1);
        let mut parameters = vec![0.0; layers.len() + spreads];
        parameters[layers.len()..].fill(log_std_init);
        Training {
            layers,
            adam: Adam::new(parameters.len()),
            gradient: vec![0.0; parameters.len()],
            scratch: Scratch {
                outputs: vec![0.0; layers.padded()],
                by_output: vec![0.0; layers.padded()],
                by_log_prob: vec![0.0; scores + spreads],
                by_entropy: vec![0.0; scores + spreads],
            },
            parameters,
            distribution,
        }
    }

    pub(super) fn log_std(&self) -> &[f64] {
        &self.parameters[self.layers.len()..]
    }

    /// Writes the scores of a row, and gives its value. `out` has room for all outputs.
    pub(super) fn forward(&self, row: Row<'_>, out: &mut [f64]) -> f64 {
        self.layers.forward(&self.parameters[..self.layers.len()], row, out);
        out[self.distribution.scores()]
    }

    /// The logarithm of the probability of `action` at these scores, and the entropy there.
    pub(super) fn measure(&mut self, scores: &[f64], action: &[f64]) -> Measures {
        let Scratch { by_log_prob, by_entropy, .. } = &mut self.scratch;
        let log_std = &self.parameters[self.layers.len()..];
        self.distribution.measure(scores, log_std, action, by_log_prob, by_entropy)
    }

    /// The loss of the samples `batch`, whose gradient is kept for [`step`](Self::step).
    pub(super) fn loss(&mut self, config: &PpoConfig, clip: f64, rollout: &Rollout, batch: &[u32]) -> Loss {
        let (scores, spreads) = (self.distribution.scores(), self.distribution.spreads());
        let (weights, log_std) = self.parameters.split_at(self.layers.len());
        let (by_weight, by_log_std) = self.gradient.split_at_mut(self.layers.len());
        by_weight.fill(0.0);
        by_log_std.fill(0.0);
        let Scratch { outputs, by_output, by_log_prob, by_entropy } = &mut self.scratch;
        by_output.fill(0.0);
        let share = 1.0 / batch.len() as f64;
        let (mean, inverse_sd) = match config.normalize_advantage && batch.len() > 1 {
            true => standardization(batch.iter().map(|&index| rollout.advantages[index as usize])),
            false => (0.0, 1.0),
        };
        let (mut loss, mut approx_kl) = (0.0, 0.0);
        for &index in batch {
            let index = index as usize;
            let row = rollout.samples.rows.row(index);
            self.layers.forward(weights, row, outputs);
            let action = rollout.samples.action(index);
            let now = self.distribution.measure(&outputs[..scores], log_std, action, by_log_prob, by_entropy);

            let advantage = (rollout.advantages[index] - mean) * inverse_sd;
            let log_ratio = now.log_prob - rollout.samples.log_probs[index];
            let ratio = libm::exp(log_ratio);
            let (free, clipped) = (advantage * ratio, advantage * ratio.clamp(1.0 - clip, 1.0 + clip));
            let by_log_ratio = if free <= clipped { free } else { 0.0 };
            approx_kl += ratio - 1.0 - log_ratio;

            let (old, value) = (rollout.samples.values[index], outputs[scores]);
            let change = value - old;
            let limit = config.clip_range_vf.unwrap_or(f64::INFINITY);
            let error = old + change.clamp(-limit, limit) - (old + rollout.advantages[index]);
            let by_value = if change.abs() <= limit { 2.0 * error } else { 0.0 };
            loss += config.vf_coef * error * error - free.min(clipped) - config.ent_coef * now.entropy;

            let by_score = |k: usize| -by_log_ratio * by_log_prob[k] - config.ent_coef * by_entropy[k];
            (0..scores).for_each(|k| by_output[k] = share * by_score(k));
            by_output[scores] = share * config.vf_coef * by_value;
            (0..spreads).for_each(|k| by_log_std[k] += share * by_score(scores + k));
            self.layers.backward(by_weight, row, by_output);
        }
        Loss { loss: loss * share, approx_kl: approx_kl * share }
    }

    /// Takes a step of Adam against the gradient of the last [`loss`](Self::loss), shortened to `max_norm`.
    pub(super) fn step(&mut self, rate: f64, max_norm: f64) {
        let norm = dot(&self.gradient, &self.gradient).sqrt();
        // 1e-6 as in PyTorch's clip_grad_norm_.
        let scale = (max_norm / (norm + 1e-6)).min(1.0);
        self.adam.step(&mut self.parameters, &self.gradient, scale, rate);
    }

    #[cfg(test)]
    pub(super) fn gradient(&self) -> &[f64] {
        &self.gradient
    }
}

/// Mean of `numbers`, and the inverse of their standard deviation (of a sample), plus 1e-8 as in stable-baselines3.
fn standardization(numbers: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let n = numbers.len() as f64;
    let mean = numbers.clone().sum::<f64>() / n;
    let squares: f64 = numbers.map(|x| (x - mean) * (x - mean)).sum();
    (mean, 1.0 / ((squares / (n - 1.0)).sqrt() + 1e-8))
}
