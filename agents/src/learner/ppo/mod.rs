//! Proximal policy optimisation on linear scores and a linear value.
//!
//! Schulman, Wolski, Dhariwal, Radford & Klimov 2017 (arXiv 1707.06347) with generalised advantages (arXiv 1506.02438), in the
//! form of stable-baselines3 with `net_arch = []`, to rounding. Steps of every environment are collected with their features;
//! when each environment has done `n_steps`, `n_epochs` passes over all of them in shuffled minibatches move the weights by
//! Adam, as long as the policy stays near the one that acted. Weights begin at 0: every action is as probable as any other.
//!
//! The feature `bias` is the bias of the layers. An episode that is truncated is bootstrapped: its last reward has
//! `gamma V(next)` added.

mod adam;
mod config;
mod distribution;
mod gae;
mod layers;
mod rollout;
mod rows;
mod saved;
mod step_schedule;
#[cfg(test)]
mod tests;
mod training;

use std::mem::swap;

use rand_xoshiro::Xoshiro256PlusPlus;
use sorn_core::rng;
use sorn_env::{Space, Value};

use self::adam::Adam;
use super::{Learn, Transition, same};
use crate::diagnosis::norm;
use crate::{AgentError, AgentState, Diagnosis, Norms, PolicyConfig};
pub use config::{PpoConfig, PpoMean};
use distribution::Distribution;
use rollout::{Rollout, Segment};
use rows::Rows;
pub use step_schedule::StepSchedule;
use training::Training;

#[derive(Clone, Debug)]
pub(crate) struct Ppo {
    config: PpoConfig,
    training: Training,
    /// Of actions, and of minibatches.
    rng: Xoshiro256PlusPlus,
    shuffles: Xoshiro256PlusPlus,
    /// Steps of this stream, and those of all streams that the next update learns from.
    segment: Segment,
    rollout: Rollout,
    /// Streams of observations.
    streams: usize,
    /// Steps done in all of them.
    steps: u64,
    /// Entropy and value at the last action, for records.
    acted: (f64, f64),
    /// Scratch: outputs of the layers, scores while an action is drawn, the action, a row that is not remembered, and the
    /// order of the samples.
    outputs: Vec<f64>,
    scores: Vec<f64>,
    action: Vec<f64>,
    row: Rows,
    order: Vec<u32>,
}

impl Ppo {
    pub(crate) fn new(
        config: &PpoConfig,
        policy: Option<&PolicyConfig>,
        features: usize,
        actions: &Space,
        seed: u64,
    ) -> Result<Ppo, AgentError> {
        config.validate()?;
        if let Some(policy) = policy {
            return Err(AgentError::Mismatch(format!(
                "policy.kind = {}: learner.kind = \"ppo\" has its own policy, a softmax or a Gaussian \
                 (learner.log_std_init, learner.mean)",
                policy.kind()
            )));
        }
        let distribution = Distribution::new(actions, config.mean)?;
        let (scores, numbers) = (distribution.scores(), distribution.numbers());
        let training = Training::new(distribution, features, config.log_std_init);
        Ok(Ppo {
            config: config.clone(),
            rng: rng::stream(seed, "policy"),
            shuffles: rng::stream(seed, "minibatches"),
            segment: Segment::new(numbers),
            rollout: Rollout::new(numbers),
            streams: 1,
            steps: 0,
            acted: (0.0, 0.0),
            outputs: vec![0.0; training.layers.padded()],
            scores: vec![0.0; scores],
            action: vec![0.0; numbers],
            row: Rows::default(),
            order: Vec::new(),
            training,
        })
    }

    /// The value of features that are not remembered.
    fn value_of(&mut self, phi: &[f64]) -> f64 {
        self.row.truncate(0);
        self.row.push(phi);
        self.training.forward(self.row.row(0), &mut self.outputs)
    }

    /// Remembers `self.action` at the features whose row was pushed last, and whose outputs are those of the last pass.
    fn remember(&mut self, value: f64) {
        let samples = &mut self.segment.samples;
        samples.values.push(value);
        let measures = self.training.measure(&self.outputs[..self.scores.len()], &self.action);
        self.acted = (measures.entropy, value);
        samples.log_probs.push(measures.log_prob);
        samples.actions.extend_from_slice(&self.action);
    }

    /// Remembers the features of an action, and gives their value.
    fn see(&mut self, phi: &[f64]) -> f64 {
        self.segment.drop_pending();
        self.segment.samples.rows.push(phi);
        self.training.forward(self.segment.samples.rows.row(self.segment.len()), &mut self.outputs)
    }

    /// What followed the last action; `after` is the value of the next features where one is needed.
    fn follow(&mut self, transition: &Transition<'_>) -> Result<(), AgentError> {
        let Transition { mut reward, terminated, truncated, next } = *transition;
        self.steps += 1;
        let full = self.segment.len() + 1 == self.config.n_steps;
        let after = if !terminated && (truncated || full) { self.value_of(next) } else { 0.0 };
        if truncated && !terminated {
            reward += self.config.gamma * after;
        }
        if !reward.is_finite() {
            return Err(self.diverged(format!("reward {reward}")));
        }
        self.segment.rewards.push(reward);
        self.segment.ends.push(terminated || truncated);
        if full {
            self.hand_over(after);
        }
        Ok(())
    }

    fn hand_over(&mut self, after: f64) {
        self.rollout.take(&mut self.segment, after, (self.config.gamma, self.config.gae_lambda));
    }

    /// Learns from the rollout, and forgets it. `shuffle` orders the samples anew for each pass.
    fn update(&mut self, mut shuffle: impl FnMut(&mut [u32])) -> Result<(), AgentError> {
        let Ppo { config, training, rollout, order, steps, .. } = self;
        let (rate, clip) = (config.learning_rate.at(*steps), config.clip_range.at(*steps));
        order.clear();
        order.extend(0..rollout.len() as u32);
        'update: for _ in 0..config.n_epochs {
            shuffle(order);
            for batch in order.chunks(config.batch_size) {
                let loss = training.loss(config, clip, rollout, batch);
                if !loss.loss.is_finite() {
                    let what = format!("loss {}", loss.loss);
                    return Err(self.diverged(what));
                }
                if config.target_kl.is_some_and(|target| loss.approx_kl > 1.5 * target) {
                    break 'update;
                }
                training.step(rate, config.max_grad_norm);
            }
        }
        self.rollout.clear();
        Ok(())
    }

    fn diverged(&self, what: String) -> AgentError {
        AgentError::Diverged { steps: self.steps, what }
    }
}

/// Fisher & Yates.
fn shuffle(order: &mut [u32], rng: &mut Xoshiro256PlusPlus) {
    for last in (1..order.len()).rev() {
        order.swap(last, rng::below(rng, last as u64 + 1) as usize);
    }
}

impl Learn for Ppo {
    fn begin(&mut self) {
        self.segment.give_up(self.config.gamma);
    }

    fn act(&mut self, phi: &[f64]) -> Value {
        let value = self.see(phi);
        let outputs = &self.outputs[..self.scores.len()];
        let Training { distribution, .. } = &self.training;
        distribution.draw(
            outputs,
            self.training.log_std(),
            &mut self.rng,
            &mut self.scores,
            &mut self.action,
        );
        self.remember(value);
        self.training.distribution.element(&self.action)
    }

    fn act_greedily(&mut self, phi: &[f64]) -> Value {
        self.value_of(phi);
        self.training.distribution.best(&self.outputs[..self.scores.len()])
    }

    fn value(&self, phi: &[f64]) -> Option<f64> {
        let weights = self.training.layers.read(&self.training.parameters, self.scores.len());
        Some(weights.zip(phi).map(|(w, x)| w * x).sum())
    }

    fn diagnosis(&self) -> Diagnosis {
        let (entropy, value) = self.acted;
        let step = self.config.learning_rate.at(self.steps);
        Diagnosis { entropy: Some(entropy), value: Some(value), td_error: None, step: Some(step) }
    }

    fn norms(&self) -> Norms {
        Norms { weights: norm(&[&self.training.parameters]), traces: None }
    }

    fn learn(&mut self, transition: &Transition<'_>) -> Result<(), AgentError> {
        self.follow(transition)?;
        if self.rollout.len() >= self.config.n_steps * self.streams {
            let mut rng = self.shuffles.clone();
            self.update(|order| shuffle(order, &mut rng))?;
            self.shuffles = rng;
        }
        Ok(())
    }

    fn save(&self, state: &mut AgentState) {
        self.save_into(state);
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        self.load_from(state)
    }

    fn forget(&mut self) {
        self.segment.clear();
        self.rollout.clear();
        self.training.adam = Adam::new(self.training.parameters.len());
    }

    fn copy(&self) -> Box<dyn Learn> {
        Box::new(self.clone())
    }

    /// The steps so far are part of the next update; what follows them has ended, so that no value is needed.
    fn streams(&mut self, n: usize) -> Vec<Box<dyn Learn>> {
        self.segment.give_up(self.config.gamma);
        self.hand_over(0.0);
        self.streams = n;
        (0..n).map(|_| self.copy()).collect()
    }

    fn exchange(&mut self, other: &mut dyn Learn) -> bool {
        let Some(other) = same::<Self>(other) else { return false };
        swap(&mut self.segment, &mut other.segment);
        swap(&mut self.acted, &mut other.acted);
        true
    }
}
