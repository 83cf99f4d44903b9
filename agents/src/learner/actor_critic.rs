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
use std::mem::swap;

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use sorn_core::rng;
use sorn_env::{Space, Value};

use super::linear::{dot, policy_scores, update};
use super::{Learn, PerformanceAnneal, RewardSignal, Transition, same};
use crate::error::check;
use crate::policy::{PolicyConfig, StochasticPolicy};
use crate::reservoir::{entry, json};
use crate::{AgentError, AgentState, Schedule};

/// Parameters of the actor-critic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActorCriticConfig {
    /// Step size of the policy, divided by `|phi|^2`, 0 or more.
    pub actor_step: Schedule,
    /// Step size of the value, divided by `|phi|^2`, 0 or more.
    pub critic_step: Schedule,
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
            actor_step: Schedule::Constant(1.0),
            critic_step: Schedule::Constant(0.1),
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
        for (key, step) in
            [("learner.actor_step", self.actor_step), ("learner.critic_step", self.critic_step)]
        {
            step.validate(key, |s| s >= 0.0, "a number of 0 or more")?;
        }
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
    policy: StochasticPolicy,
    rng: Xoshiro256PlusPlus,
    /// Actor's weights and traces, `(scores, features)`, row after row. A score that does not depend on the features has its
    /// weight in the first column.
    theta: Vec<f64>,
    z_theta: Vec<f64>,
    /// Critic's weights and traces, `(features)`.
    w: Vec<f64>,
    z_w: Vec<f64>,
    /// Features at the last action.
    phi: Vec<f64>,
    /// Scratch: scores, and the gradient per score.
    scores: Vec<f64>,
    gradient: Vec<f64>,
    /// Returns of the last episodes, for annealing, and that of this one.
    returns: VecDeque<f64>,
    ret: f64,
    anneal: f64,
    /// Episodes that ended, and transitions.
    episodes: u64,
    steps: u64,
}

impl ActorCritic {
    pub(crate) fn new(
        config: &ActorCriticConfig,
        policy: Option<&PolicyConfig>,
        features: usize,
        actions: &Space,
        seed: u64,
    ) -> Result<ActorCritic, AgentError> {
        config.validate()?;
        let policy = StochasticPolicy::new(policy, actions, "learner.kind = \"actor_critic\"")?;
        let scores = policy.scores();
        Ok(ActorCritic {
            config: config.clone(),
            policy,
            rng: rng::stream(seed, "policy"),
            theta: vec![0.0; scores * features],
            z_theta: vec![0.0; scores * features],
            w: vec![0.0; features],
            z_w: vec![0.0; features],
            phi: vec![0.0; features],
            scores: vec![0.0; scores],
            gradient: vec![0.0; scores],
            returns: VecDeque::with_capacity(config.anneal.map_or(0, |a| a.window)),
            ret: 0.0,
            anneal: 1.0,
            episodes: 0,
            steps: 0,
        })
    }
}

impl Learn for ActorCritic {
    fn begin(&mut self) {
        self.z_theta.fill(0.0);
        self.z_w.fill(0.0);
        self.ret = 0.0;
        self.anneal = self.config.anneal.map_or(1.0, |a| a.factor(&self.returns));
        self.policy.begin(self.episodes);
    }

    fn act(&mut self, phi: &[f64]) -> Value {
        policy_scores(&self.policy, &self.theta, phi, &mut self.scores);
        self.phi.copy_from_slice(phi);
        self.policy.act(&self.scores, &mut self.rng)
    }

    fn act_greedily(&mut self, phi: &[f64]) -> Value {
        policy_scores(&self.policy, &self.theta, phi, &mut self.scores);
        self.policy.best(&self.scores)
    }

    fn value(&self, phi: &[f64]) -> Option<f64> {
        Some(dot(&self.w, phi))
    }

    fn learn(&mut self, transition: &Transition<'_>) -> Result<(), AgentError> {
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
        let critic_step = config.critic_step.at(self.episodes) * step;
        update(&mut self.w, &mut self.z_w, &self.phi, decay, 1.0, critic_step);
        self.policy.log_gradient(&mut self.gradient);
        let actor_step = config.actor_step.at(self.episodes);
        let features = self.phi.len();
        let rows = self.theta.chunks_exact_mut(features).zip(self.z_theta.chunks_exact_mut(features));
        for (score, ((theta, z), &g)) in rows.zip(&self.gradient).enumerate() {
            match self.policy.sees(score) {
                true => update(theta, z, &self.phi, decay, g, actor_step * step),
                false => {
                    update(&mut theta[..1], &mut z[..1], &[1.0], decay, g, actor_step * self.anneal * delta);
                }
            }
        }
        self.ret += transition.reward;
        if transition.terminated || transition.truncated {
            self.episodes += 1;
            if let Some(anneal) = config.anneal {
                if self.returns.len() == anneal.window {
                    self.returns.pop_front();
                }
                self.returns.push_back(self.ret);
            }
        }
        Ok(())
    }

    fn save(&self, state: &mut AgentState) {
        let (scores, features) = (self.scores.len(), self.phi.len());
        state.put("learner/theta", &[scores, features], &self.theta);
        state.put("learner/z_theta", &[scores, features], &self.z_theta);
        state.put("learner/w", &[features], &self.w);
        state.put("learner/z_w", &[features], &self.z_w);
        state.put("learner/phi", &[features], &self.phi);
        self.policy.save(state);
        state.meta["policy"] = json(&self.rng);
        state.meta["learner"] = json(&(&self.returns, self.ret, self.anneal, self.episodes, self.steps));
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("learner/theta", &mut self.theta)?;
        state.read("learner/z_theta", &mut self.z_theta)?;
        state.read("learner/w", &mut self.w)?;
        state.read("learner/z_w", &mut self.z_w)?;
        state.read("learner/phi", &mut self.phi)?;
        self.policy.load(state)?;
        self.rng = entry(state, "policy")?;
        (self.returns, self.ret, self.anneal, self.episodes, self.steps) = entry(state, "learner")?;
        Ok(())
    }

    fn forget(&mut self) {
        self.z_theta.fill(0.0);
        self.z_w.fill(0.0);
    }

    fn copy(&self) -> Box<dyn Learn> {
        Box::new(self.clone())
    }

    fn exchange(&mut self, other: &mut dyn Learn) -> bool {
        let Some(other) = same::<Self>(other) else { return false };
        swap(&mut self.z_theta, &mut other.z_theta);
        swap(&mut self.z_w, &mut other.z_w);
        swap(&mut self.phi, &mut other.phi);
        swap(&mut self.policy, &mut other.policy);
        swap(&mut self.ret, &mut other.ret);
        swap(&mut self.anneal, &mut other.anneal);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learner(config: ActorCriticConfig, features: usize, actions: i64) -> ActorCritic {
        let space = Space::Discrete { n: actions, start: 0 };
        ActorCritic::new(&config, None, features, &space, 1).unwrap()
    }

    /// Sutton & Barto, example 6.2: five states in a row, reward 1 at the right end; the values are 1/6, ..., 5/6.
    #[test]
    fn the_critic_learns_the_values_of_the_random_walk() {
        let config = ActorCriticConfig {
            actor_step: 0.0.into(),
            critic_step: 0.002.into(),
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
        let config = ActorCriticConfig {
            actor_step: 0.2.into(),
            critic_step: 0.1.into(),
            ..ActorCriticConfig::default()
        };
        let mut bandit = learner(config, 1, 2);
        for _ in 0..2_000 {
            bandit.begin();
            let reward = if bandit.act(&[1.0]) == Value::Int(1) { 1.0 } else { 0.2 };
            let end = Transition { reward, terminated: true, truncated: false, next: &[1.0] };
            bandit.learn(&end).unwrap();
        }
        let p = 1.0 / (1.0 + (bandit.theta[0] - bandit.theta[1]).exp());
        assert!(p > 0.9, "{p}");
        assert_eq!(bandit.act_greedily(&[1.0]), Value::Int(1));
    }

    #[test]
    fn truncation_is_bootstrapped_and_termination_is_not() {
        let config =
            ActorCriticConfig { critic_step: 1.0.into(), gamma: 0.5, ..ActorCriticConfig::default() };
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
