//! REINFORCE with a baseline, on linear scores and a linear value.
//!
//! Williams 1992 (10.1007/BF00992696); Sutton & Barto, *Reinforcement Learning*, 2nd edition, section 13.4, without the factor
//! `gamma^t` on the policy's step. When an episode of `T` steps is over, for each of its steps `t`:
//!
//! ```text
//! G_t    = r_t+1 + gamma G_t+1                      (G_T = 0 where it terminated, w . phi_T where it was truncated)
//! delta  = G_t - w . phi_t
//! w     += baseline_step / |phi_t|^2 * delta * phi_t
//! theta += policy_step   / |phi_t|^2 * delta * grad log pi(a_t | phi_t)
//! ```
//!
//! The gradients are those of the weights with which the episode was played. It remembers the episode's features:
//! `T` times their number.

use std::mem::swap;

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use sorn_core::rng;
use sorn_env::{Space, Value};

use super::linear::{add, dot, policy_scores};
use super::{Learn, Needs, RewardSignal, Transition, same};
use crate::diagnosis::norm;
use crate::error::check;
use crate::policy::{PolicyConfig, StochasticPolicy};
use crate::reservoir::{counts, entry, json};
use crate::{AgentError, AgentState, Diagnosis, Norms, Schedule};

/// Parameters of REINFORCE.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ReinforceConfig {
    /// Step size of the policy, divided by `|phi|^2`, 0 or more.
    pub policy_step: Schedule,
    /// Step size of the baseline, divided by `|phi|^2`, 0 or more; 0 is plain REINFORCE.
    pub baseline_step: Schedule,
    /// Discount, in `[0, 1]`.
    pub gamma: f64,
    /// Which reward is learnt from.
    pub reward: RewardSignal,
    /// Factor on that reward.
    pub reward_scale: f64,
}

impl ReinforceConfig {
    /// What it needs memory for, with weights of so many bytes.
    pub(crate) fn needs(&self, _weights: u128) -> Needs {
        Needs { arrays: 5, key: None }
    }
}

impl Default for ReinforceConfig {
    fn default() -> Self {
        ReinforceConfig {
            policy_step: Schedule::Constant(0.1),
            baseline_step: Schedule::Constant(0.1),
            gamma: 0.99,
            reward: RewardSignal::Environment,
            reward_scale: 1.0,
        }
    }
}

impl ReinforceConfig {
    fn validate(&self) -> Result<(), AgentError> {
        for (key, step) in
            [("learner.policy_step", self.policy_step), ("learner.baseline_step", self.baseline_step)]
        {
            step.validate(key, |s| s >= 0.0, "a number of 0 or more")?;
        }
        let gamma = self.gamma;
        check("learner.gamma", gamma, (0.0..=1.0).contains(&gamma), "a number in [0, 1]")?;
        check("learner.reward_scale", self.reward_scale, true, "a finite number")
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Reinforce {
    config: ReinforceConfig,
    policy: StochasticPolicy,
    rng: Xoshiro256PlusPlus,
    /// Policy's weights, `(scores, features)`. A score that does not depend on the features has its weight in the first column.
    pub(super) theta: Vec<f64>,
    /// Baseline's weights, `(features)`.
    pub(super) w: Vec<f64>,
    scores: Vec<f64>,
    gradient: Vec<f64>,
    /// The episode so far, step after step: features, gradients per score, rewards.
    phis: Vec<f64>,
    gradients: Vec<f64>,
    rewards: Vec<f64>,
    episodes: u64,
    steps: u64,
}

impl Reinforce {
    pub(crate) fn new(
        config: &ReinforceConfig,
        policy: Option<&PolicyConfig>,
        features: usize,
        actions: &Space,
        seed: u64,
    ) -> Result<Reinforce, AgentError> {
        config.validate()?;
        let policy = StochasticPolicy::new(policy, actions, "learner.kind = \"reinforce\"")?;
        let scores = policy.scores();
        Ok(Reinforce {
            config: config.clone(),
            policy,
            rng: rng::stream(seed, "policy"),
            theta: vec![0.0; scores * features],
            w: vec![0.0; features],
            scores: vec![0.0; scores],
            gradient: vec![0.0; scores],
            phis: Vec::new(),
            gradients: Vec::new(),
            rewards: Vec::new(),
            episodes: 0,
            steps: 0,
        })
    }

    /// Learns from the whole episode, whose rewards become returns; `after` is the value of what follows it.
    fn update(&mut self, after: f64) -> Result<(), AgentError> {
        let (features, scores) = (self.w.len(), self.scores.len());
        let mut ret = after;
        for reward in self.rewards.iter_mut().rev() {
            ret = *reward + self.config.gamma * ret;
            *reward = ret;
        }
        let policy_step = self.config.policy_step.at(self.episodes);
        let baseline_step = self.config.baseline_step.at(self.episodes);
        for (t, &ret) in self.rewards.iter().enumerate() {
            let phi = &self.phis[t * features..(t + 1) * features];
            let delta = ret - dot(&self.w, phi);
            if !delta.is_finite() {
                return Err(AgentError::Diverged {
                    steps: self.steps,
                    what: format!("error of the return {delta}"),
                });
            }
            // No feature, no step: a silent reservoir without bias has nothing to learn from.
            let norm = dot(phi, phi);
            let inverse = if norm > 0.0 { 1.0 / norm } else { 0.0 };
            add(&mut self.w, baseline_step * inverse * delta, phi);
            let gradient = &self.gradients[t * scores..(t + 1) * scores];
            for (score, (theta, g)) in self.theta.chunks_exact_mut(features).zip(gradient).enumerate() {
                match self.policy.sees(score) {
                    true => add(theta, policy_step * inverse * delta * g, phi),
                    false => theta[0] += policy_step * delta * g,
                }
            }
        }
        Ok(())
    }
}

impl Learn for Reinforce {
    fn begin(&mut self) {
        self.phis.clear();
        self.gradients.clear();
        self.rewards.clear();
        self.policy.begin(self.episodes);
    }

    fn act(&mut self, phi: &[f64]) -> Value {
        policy_scores(&self.policy, &self.theta, phi, &mut self.scores);
        let action = self.policy.act(&self.scores, &mut self.rng);
        self.policy.log_gradient(&mut self.gradient);
        self.phis.extend_from_slice(phi);
        self.gradients.extend_from_slice(&self.gradient);
        action
    }

    fn act_greedily(&mut self, phi: &[f64]) -> Value {
        policy_scores(&self.policy, &self.theta, phi, &mut self.scores);
        self.policy.best(&self.scores)
    }

    fn failure(&mut self) -> Option<AgentError> {
        self.policy.failure()
    }

    fn value(&self, phi: &[f64]) -> Option<f64> {
        Some(dot(&self.w, phi))
    }

    fn diagnosis(&self) -> Diagnosis {
        Diagnosis { entropy: Some(self.policy.entropy()), ..Diagnosis::default() }
    }

    fn norms(&self) -> Norms {
        Norms { weights: norm(&[&self.theta, &self.w]), traces: None }
    }

    fn learn(&mut self, transition: &Transition<'_>) -> Result<(), AgentError> {
        let config = &self.config;
        self.rewards.push(config.reward_scale * config.reward.of(transition.reward, transition.terminated));
        self.steps += 1;
        if transition.terminated || transition.truncated {
            let after = if transition.terminated { 0.0 } else { dot(&self.w, transition.next) };
            self.update(after)?;
            self.episodes += 1;
        }
        Ok(())
    }

    fn save(&self, state: &mut AgentState) {
        let (scores, features) = (self.scores.len(), self.w.len());
        state.put("learner/theta", &[scores, features], &self.theta);
        state.put("learner/w", &[features], &self.w);
        state.put("learner/phis", &[self.phis.len() / features, features], &self.phis);
        state.put("learner/gradients", &[self.gradients.len() / scores, scores], &self.gradients);
        state.put("learner/rewards", &[self.rewards.len()], &self.rewards);
        self.policy.save(state);
        state.meta["policy"] = json(&self.rng);
        state.meta["learner"] = json(&(self.episodes, self.steps));
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("learner/theta", &mut self.theta)?;
        state.read("learner/w", &mut self.w)?;
        self.policy.load(state)?;
        self.rng = entry(state, "policy")?;
        (self.episodes, self.steps) = entry(state, "learner")?;
        counts("learner", &[self.episodes, self.steps])?;
        let (scores, features) = (self.scores.len(), self.w.len());
        self.rewards = state.all("learner/rewards")?;
        self.phis = state.all("learner/phis")?;
        self.gradients = state.all("learner/gradients")?;
        // Between an action and what followed it, there is one reward fewer.
        let acted = self.phis.len() / features;
        let whole = self.phis.len().is_multiple_of(features)
            && self.gradients.len() == acted * scores
            && (self.rewards.len() == acted || self.rewards.len() + 1 == acted);
        match whole {
            true => Ok(()),
            false => Err(AgentError::State {
                name: "learner/phis".into(),
                expected: format!("{features} features, {scores} gradients and a reward per step"),
                found: format!(
                    "{}, {} and {} numbers",
                    self.phis.len(),
                    self.gradients.len(),
                    self.rewards.len()
                ),
            }),
        }
    }

    fn copy(&self) -> Box<dyn Learn> {
        Box::new(self.clone())
    }

    fn exchange(&mut self, other: &mut dyn Learn) -> bool {
        let Some(other) = same::<Self>(other) else { return false };
        swap(&mut self.policy, &mut other.policy);
        swap(&mut self.phis, &mut other.phis);
        swap(&mut self.gradients, &mut other.gradients);
        swap(&mut self.rewards, &mut other.rewards);
        true
    }
}
