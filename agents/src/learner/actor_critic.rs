//! Actor-critic with eligibility traces, on linear scores and a linear value.
//!
//! Sutton & Barto, *Reinforcement Learning*, 2nd edition, section 13.5 ("Actor-Critic with Eligibility Traces"), in the form of
//! Barto, Sutton & Anderson 1983 (10.1109/TSMC.1983.6313077), without the factor `gamma^t` on the actor's step. Per transition,
//! with features `phi` of the observation and `phi'` of the next:
//!
//! ```text
//! delta   = r + gamma w.phi' - w.phi            (w.phi' = 0 where the episode terminated; bootstrapped where truncated)
//! z_w     = gamma lambda z_w + phi
//! z_theta = gamma lambda z_theta + grad log pi(a | phi)
//! w      += critic_step / |phi|^2 * delta * z_w
//! theta  += actor_step  / |phi|^2 * delta * z_theta
//! ```

use std::collections::VecDeque;

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use sorn_core::rng;
use sorn_env::{Space, Value};

use super::linear::{dot, scores, update};
use super::{PerformanceAnneal, RewardSignal, Transition};
use crate::error::check;
use crate::policy::{PolicyConfig, draw, greedy};
use crate::reservoir::{entry, json};
use crate::{AgentError, AgentState};

/// Parameters of the actor-critic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActorCriticConfig {
    /// Step size of the policy, divided by `|phi|^2`; 0 or more.
    pub actor_step: f64,
    /// Step size of the value, divided by `|phi|^2`; 0 or more.
    pub critic_step: f64,
    /// Decay of the traces, in `[0, 1]`.
    pub lambda: f64,
    /// Discount, in `[0, 1]`.
    pub gamma: f64,
    /// Which reward is learnt from.
    pub reward: RewardSignal,
    /// Factor on that reward.
    pub reward_scale: f64,
    /// Largest size of `delta`, positive: one bad surprise cannot undo a policy. Unlimited where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub td_error_clip: Option<f64>,
    /// Shrinks both steps as returns rise. Constant steps where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anneal: Option<PerformanceAnneal>,
}

impl Default for ActorCriticConfig {
    fn default() -> Self {
        ActorCriticConfig {
            actor_step: 1.0,
            critic_step: 0.1,
            lambda: 0.8,
            gamma: 0.99,
            reward: RewardSignal::Environment,
            reward_scale: 1.0,
            td_error_clip: None,
            anneal: None,
        }
    }
}

impl ActorCriticConfig {
    fn validate(&self) -> Result<(), AgentError> {
        let unit = |key: &str, v: f64| check(key, v, (0.0..=1.0).contains(&v), "a number in [0, 1]");
        check("learner.actor_step", self.actor_step, self.actor_step >= 0.0, "a number of 0 or more")?;
        check("learner.critic_step", self.critic_step, self.critic_step >= 0.0, "a number of 0 or more")?;
        unit("learner.lambda", self.lambda)?;
        unit("learner.gamma", self.gamma)?;
        check("learner.reward_scale", self.reward_scale, true, "a finite number")?;
        if let Some(clip) = self.td_error_clip {
            check("learner.td_error_clip", clip, clip > 0.0, "a positive number")?;
        }
        self.anneal.as_ref().map_or(Ok(()), PerformanceAnneal::validate)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ActorCritic {
    config: ActorCriticConfig,
    policy: PolicyConfig,
    /// Number of the first action.
    start: i64,
    rng: Xoshiro256PlusPlus,
    /// Actor's weights and traces, `(actions, features)`, row after row.
    theta: Vec<f64>,
    z_theta: Vec<f64>,
    /// Critic's weights and traces, `(features)`.
    w: Vec<f64>,
    z_w: Vec<f64>,
    /// Features at the last action, probabilities then, and the action.
    phi: Vec<f64>,
    probabilities: Vec<f64>,
    choice: usize,
    /// Scratch: gradient per action.
    gradient: Vec<f64>,
    /// Returns of the last episodes, for annealing, and that of this one.
    returns: VecDeque<f64>,
    ret: f64,
    anneal: f64,
    steps: u64,
}

impl ActorCritic {
    pub(crate) fn new(
        config: &ActorCriticConfig,
        policy: &PolicyConfig,
        features: usize,
        actions: &Space,
        seed: u64,
    ) -> Result<ActorCritic, AgentError> {
        config.validate()?;
        policy.validate()?;
        let Space::Discrete { n, start } = *actions else {
            return Err(AgentError::Mismatch(format!(
                "learner.kind = \"actor_critic\" with policy.kind = \"softmax\" needs a Discrete action space, found {actions}"
            )));
        };
        let n = usize::try_from(n).unwrap_or(0);
        Ok(ActorCritic {
            config: config.clone(),
            policy: policy.clone(),
            start,
            rng: rng::stream(seed, "policy"),
            theta: vec![0.0; n * features],
            z_theta: vec![0.0; n * features],
            w: vec![0.0; features],
            z_w: vec![0.0; features],
            phi: vec![0.0; features],
            probabilities: vec![0.0; n],
            choice: 0,
            gradient: vec![0.0; n],
            returns: VecDeque::with_capacity(config.anneal.map_or(0, |a| a.window)),
            ret: 0.0,
            anneal: 1.0,
            steps: 0,
        })
    }

    pub(crate) fn begin(&mut self) {
        self.z_theta.fill(0.0);
        self.z_w.fill(0.0);
        self.ret = 0.0;
        self.anneal = self.config.anneal.map_or(1.0, |a| a.factor(&self.returns));
    }

    fn score(&mut self, phi: &[f64]) {
        scores(&self.theta, phi, &mut self.probabilities);
    }

    pub(crate) fn act(&mut self, phi: &[f64]) -> Value {
        self.score(phi);
        self.policy.probabilities(&mut self.probabilities);
        self.choice = draw(&self.probabilities, &mut self.rng);
        self.phi.copy_from_slice(phi);
        Value::Int(self.start + self.choice as i64)
    }

    pub(crate) fn act_greedily(&mut self, phi: &[f64]) -> Value {
        self.score(phi);
        Value::Int(self.start + greedy(&self.probabilities) as i64)
    }

    /// The critic's value of the features `phi`.
    pub(crate) fn value(&self, phi: &[f64]) -> f64 {
        dot(&self.w, phi)
    }

    pub(crate) fn learn(&mut self, transition: &Transition<'_>) -> Result<(), AgentError> {
        let config = &self.config;
        let reward = config.reward_scale * config.reward.of(transition.reward, transition.terminated);
        let next = if transition.terminated { 0.0 } else { dot(&self.w, transition.next) };
        let mut delta = reward + config.gamma * next - dot(&self.w, &self.phi);
        self.steps += 1;
        if !delta.is_finite() {
            return Err(AgentError::Diverged { steps: self.steps, what: format!("TD error {delta}") });
        }
        if let Some(clip) = config.td_error_clip {
            delta = delta.clamp(-clip, clip);
        }
        // No feature, no step: a silent reservoir without bias has nothing to learn from.
        let norm = dot(&self.phi, &self.phi);
        let step = if norm > 0.0 { self.anneal * delta / norm } else { 0.0 };
        let decay = config.gamma * config.lambda;
        update(&mut self.w, &mut self.z_w, &self.phi, decay, 1.0, config.critic_step * step);
        self.policy.log_gradient(&self.probabilities, self.choice, &mut self.gradient);
        let features = self.phi.len();
        let rows = self.theta.chunks_exact_mut(features).zip(self.z_theta.chunks_exact_mut(features));
        for ((theta, z), &g) in rows.zip(&self.gradient) {
            update(theta, z, &self.phi, decay, g, config.actor_step * step);
        }
        self.ret += transition.reward;
        if let Some(anneal) = config.anneal
            && (transition.terminated || transition.truncated)
        {
            if self.returns.len() == anneal.window {
                self.returns.pop_front();
            }
            self.returns.push_back(self.ret);
        }
        Ok(())
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        let (actions, features) = (self.probabilities.len(), self.phi.len());
        state.put("learner/theta", &[actions, features], &self.theta);
        state.put("learner/z_theta", &[actions, features], &self.z_theta);
        state.put("learner/w", &[features], &self.w);
        state.put("learner/z_w", &[features], &self.z_w);
        state.put("learner/phi", &[features], &self.phi);
        state.put("learner/probabilities", &[actions], &self.probabilities);
        state.meta["policy"] = json(&self.rng);
        state.meta["learner"] = json(&(self.choice, &self.returns, self.ret, self.anneal, self.steps));
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("learner/theta", &mut self.theta)?;
        state.read("learner/z_theta", &mut self.z_theta)?;
        state.read("learner/w", &mut self.w)?;
        state.read("learner/z_w", &mut self.z_w)?;
        state.read("learner/phi", &mut self.phi)?;
        state.read("learner/probabilities", &mut self.probabilities)?;
        self.rng = entry(state, "policy")?;
        (self.choice, self.returns, self.ret, self.anneal, self.steps) = entry(state, "learner")?;
        if self.choice >= self.probabilities.len() {
            return Err(AgentError::State {
                name: "learner".into(),
                expected: format!("an action below {}", self.probabilities.len()),
                found: self.choice.to_string(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learner(config: ActorCriticConfig, features: usize, actions: i64) -> ActorCritic {
        let space = Space::Discrete { n: actions, start: 0 };
        ActorCritic::new(&config, &PolicyConfig::default(), features, &space, 1).unwrap()
    }

    /// Sutton & Barto, example 6.2: five states in a row, reward 1 at the right end; the values are 1/6, ..., 5/6.
    #[test]
    fn the_critic_learns_the_values_of_the_random_walk() {
        let config = ActorCriticConfig {
            actor_step: 0.0,
            critic_step: 0.002,
            gamma: 1.0,
            ..ActorCriticConfig::default()
        };
        let mut walk = learner(config, 5, 2);
        let one_hot = |state: usize| {
            let mut phi = [0.0; 5];
            phi[state] = 1.0;
            phi
        };
        for _ in 0..40_000 {
            let mut state = 2;
            walk.begin();
            loop {
                let right = walk.act(&one_hot(state)) == Value::Int(1);
                let end = if right { state == 4 } else { state == 0 };
                let next = if end {
                    state
                } else if right {
                    state + 1
                } else {
                    state - 1
                };
                let reward = f64::from(u8::from(end && right));
                let transition =
                    Transition { reward, terminated: end, truncated: false, next: &one_hot(next) };
                walk.learn(&transition).unwrap();
                if end {
                    break;
                }
                state = next;
            }
        }
        for (state, value) in walk.w.iter().enumerate() {
            let truth = (state as f64 + 1.0) / 6.0;
            assert!((value - truth).abs() < 0.06, "state {state}: {value} for {truth}");
        }
    }

    #[test]
    fn the_actor_prefers_the_better_arm() {
        let config = ActorCriticConfig { actor_step: 0.2, critic_step: 0.1, ..ActorCriticConfig::default() };
        let mut bandit = learner(config, 1, 2);
        for _ in 0..2_000 {
            bandit.begin();
            let reward = if bandit.act(&[1.0]) == Value::Int(1) { 1.0 } else { 0.2 };
            let end = Transition { reward, terminated: true, truncated: false, next: &[1.0] };
            bandit.learn(&end).unwrap();
        }
        bandit.act(&[1.0]);
        assert!(bandit.probabilities[1] > 0.9, "{:?}", bandit.probabilities);
        assert_eq!(bandit.act_greedily(&[1.0]), Value::Int(1));
    }

    #[test]
    fn truncation_is_bootstrapped_and_termination_is_not() {
        let config = ActorCriticConfig { critic_step: 1.0, gamma: 0.5, ..ActorCriticConfig::default() };
        for (terminated, expected) in [(true, 3.0), (false, 3.0 + 0.5 * 8.0)] {
            let mut learner = learner(config.clone(), 2, 2);
            learner.w = vec![0.0, 8.0];
            learner.begin();
            learner.act(&[1.0, 0.0]);
            let end = Transition { reward: 3.0, terminated, truncated: !terminated, next: &[0.0, 1.0] };
            learner.learn(&end).unwrap();
            assert_eq!(learner.w[0], expected);
        }
    }

    #[test]
    fn divergence_is_an_error() {
        let mut learner = learner(ActorCriticConfig::default(), 1, 2);
        learner.w[0] = f64::INFINITY;
        learner.begin();
        learner.act(&[1.0]);
        let next = Transition { reward: 0.0, terminated: false, truncated: false, next: &[1.0] };
        assert!(matches!(learner.learn(&next), Err(AgentError::Diverged { steps: 1, .. })));
    }
}
