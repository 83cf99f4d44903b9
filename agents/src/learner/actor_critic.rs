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
//! w      += critic_step / |phi|^2 * delta * z_w           (where step sizes are given)
//! theta  += actor_step  / |phi|^2 * delta * z_theta
//! ```
//!
//! Where none is given, steps are bounded as in Elsayed, Vasan & Mahmood 2024, *Streaming deep reinforcement learning finally
//! works* (arXiv 2410.14606, there for networks): with `|z|_1` the sum of the sizes of a trace, over all scores,
//!
//! ```text
//! w      += delta z_w     min(1, 1 / (critic_bound max(|delta|, 1) |z_w|_1))
//! theta  += delta z_theta min(1, 1 / (actor_bound  max(|delta|, 1) |z_theta|_1))
//! ```
//!
//! so that no surprise, however large, and no trace, however long, moves the weights by more than `1 / bound` in all. Together
//! with normalised observations and rewards the steps need no value found for a task.
//!
//! As long as the last episodes were all truncated with returns as bad as the worst ever, such an actor also explores in its weights (Plappert et al.
//! 2018, *Parameter space noise for exploration*, arXiv 1706.01905): each episode is played with weights to which a normal
//! perturbation was added, its deviation `perturbation / |phi|` times the share of such episodes. A perturbed policy is
//! consistent over an episode, and reaches goals to which no sequence of independent actions leads.
//!
//! Constant steps never come to rest. A frozen agent acts with the mean of the policy's weights over the last part of training.

use std::collections::VecDeque;
use std::mem::swap;

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use sorn_core::rng;
use sorn_env::{Space, Value};

use super::average::Average;
use super::linear::{add, decay_add, dot, policy_scores, update};
use super::stagnation::Stagnation;
use super::{Learn, Needs, PerformanceAnneal, RewardSignal, Transition, same};
use crate::diagnosis::norm;
use crate::error::check;
use crate::policy::{PolicyConfig, StochasticPolicy};
use crate::random::normal;
use crate::reservoir::{counts, entry, json};
use crate::room::NUMBER;
use crate::{AgentError, AgentState, Diagnosis, Norms, Schedule};

/// Parameters of the actor-critic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ActorCriticConfig {
    /// Step size of the policy, divided by `|phi|^2`, 0 or more. Where neither this nor `critic_step` is given, steps are
    /// bounded instead (the default); where only the other is given, 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_step: Option<Schedule>,
    /// Step size of the value, divided by `|phi|^2`, 0 or more; 0.1 where only `actor_step` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub critic_step: Option<Schedule>,
    /// Bounded steps: no update moves the policy's weights by more than 1 over this in all (sum of sizes); positive, 3 by
    /// default.
    pub actor_bound: f64,
    /// Bounded steps: the same of the value's weights; positive, 2 by default.
    pub critic_bound: f64,
    /// Bounded steps: standard deviation, in scores, of the perturbation with which episodes are played while all are truncated
    /// with a return as bad as the worst; 0 or more, 5 by default.
    pub perturbation: f64,
    /// Bounded steps: part of the past, in `[0, 1]`, over which the weights of a frozen agent are a mean; 0: the last weights.
    /// 0.1 by default.
    pub averaging: f64,
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

impl ActorCriticConfig {
    /// What it needs memory for, with weights of so many bytes.
    pub(crate) fn needs(&self, _weights: u128) -> Needs {
        let key = self
            .anneal
            .map(|anneal| ("learner.anneal.window", anneal.window, NUMBER * anneal.window as u128));
        Needs { arrays: 6, key }
    }
}

impl Default for ActorCriticConfig {
    fn default() -> Self {
        ActorCriticConfig {
            actor_step: None,
            critic_step: None,
            actor_bound: 3.0,
            critic_bound: 2.0,
            perturbation: 5.0,
            averaging: 0.1,
            lambda: 0.9,
            gamma: 0.99,
            reward: RewardSignal::Environment,
            reward_scale: 1.0,
            td_error_clip: None,
            anneal: None,
        }
    }
}

impl ActorCriticConfig {
    /// Whether steps are bounded: no size is given.
    pub(crate) fn is_bounded(&self) -> bool {
        self.actor_step.is_none() && self.critic_step.is_none()
    }

    /// Step sizes of actor and critic, where either is given.
    fn steps(&self) -> [Schedule; 2] {
        [self.actor_step.unwrap_or(1.0.into()), self.critic_step.unwrap_or(0.1.into())]
    }

    fn validate(&self) -> Result<(), AgentError> {
        let unit = |key: &str, v: f64| check(key, v, (0.0..=1.0).contains(&v), "a number in [0, 1]");
        for (key, step) in ["learner.actor_step", "learner.critic_step"].into_iter().zip(self.steps()) {
            step.validate(key, |s| s >= 0.0, "a number of 0 or more")?;
        }
        let usual = ActorCriticConfig::default();
        for (key, value, usual) in [
            ("learner.actor_bound", self.actor_bound, usual.actor_bound),
            ("learner.critic_bound", self.critic_bound, usual.critic_bound),
            ("learner.perturbation", self.perturbation, usual.perturbation),
            ("learner.averaging", self.averaging, usual.averaging),
        ] {
            match key {
                "learner.perturbation" => check(key, value, value >= 0.0, "a number of 0 or more")?,
                "learner.averaging" => unit(key, value)?,
                _ => check(key, value, value > 0.0, "a positive number")?,
            }
            if !self.is_bounded() && value != usual {
                let allowed =
                    "no such key beside actor_step or critic_step, with which steps are not bounded";
                return Err(AgentError::config(key, value, allowed));
            }
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
    /// Of the actor's weights, where steps are bounded.
    average: Average,
    /// Critic's weights and traces, `(features)`.
    w: Vec<f64>,
    z_w: Vec<f64>,
    /// Features at the last action.
    phi: Vec<f64>,
    /// Scratch: scores, and the gradient per score.
    scores: Vec<f64>,
    gradient: Vec<f64>,
    /// Bounded steps: the perturbation of this episode's weights, and the weights with it.
    perturbation: Vec<f64>,
    perturbed: Vec<f64>,
    /// Whether there is one.
    perturbs: bool,
    /// The last step, for records.
    done: Done,
    stagnation: Stagnation,
    /// The environment's own return of this episode.
    received: f64,
    /// Returns of the last episodes, for annealing, and that of this one.
    returns: VecDeque<f64>,
    ret: f64,
    anneal: f64,
    /// Episodes that ended, and transitions.
    episodes: u64,
    steps: u64,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    value: f64,
    td_error: f64,
    step: f64,
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
        let who = "learner.kind = \"actor_critic\"";
        let policy = match config.is_bounded() {
            true => StochasticPolicy::wide(policy, actions, who)?,
            false => StochasticPolicy::new(policy, actions, who)?,
        };
        let scores = policy.scores();
        let perturbed = if config.is_bounded() { scores * features } else { 0 };
        Ok(ActorCritic {
            config: config.clone(),
            policy,
            rng: rng::stream(seed, "policy"),
            theta: vec![0.0; scores * features],
            z_theta: vec![0.0; scores * features],
            average: Average::new(config.averaging, perturbed),
            w: vec![0.0; features],
            z_w: vec![0.0; features],
            phi: vec![0.0; features],
            scores: vec![0.0; scores],
            gradient: vec![0.0; scores],
            perturbation: vec![0.0; perturbed],
            perturbed: vec![0.0; perturbed],
            perturbs: false,
            done: Done::default(),
            stagnation: Stagnation::default(),
            received: 0.0,
            returns: VecDeque::with_capacity(config.anneal.map_or(0, |a| a.window)),
            ret: 0.0,
            anneal: 1.0,
            episodes: 0,
            steps: 0,
        })
    }
}

/// `delta` times a step so small that `delta` and a trace of this size move weights by at most `1 / bound`.
fn bounded(delta: f64, bound: f64, size: f64) -> f64 {
    delta / (bound * delta.abs().max(1.0) * size).max(1.0)
}

impl ActorCritic {
    /// Draws the perturbation of an episode.
    fn perturb(&mut self) {
        let sd = self.config.perturbation * self.stagnation.share();
        self.perturbs = self.config.is_bounded() && sd > 0.0;
        if self.perturbs {
            let sd = sd / dot(&self.phi, &self.phi).max(1.0).sqrt();
            self.perturbation.fill_with(|| sd * normal(&mut self.rng));
        }
    }

    fn bounded_update(&mut self, delta: f64, decay: f64) {
        let (config, features) = (&self.config, self.phi.len());
        let size = decay_add(&mut self.z_w, decay, 1.0, &self.phi);
        add(&mut self.w, self.anneal * bounded(delta, config.critic_bound, size), &self.z_w);
        let mut size = 0.0;
        for (score, (z, &g)) in self.z_theta.chunks_exact_mut(features).zip(&self.gradient).enumerate() {
            size += match self.policy.sees(score) {
                true => decay_add(z, decay, g, &self.phi),
                false => decay_add(&mut z[..1], decay, g, &[1.0]),
            };
        }
        add(&mut self.theta, self.anneal * bounded(delta, config.actor_bound, size), &self.z_theta);
        self.done.step = self.anneal / (config.actor_bound * delta.abs().max(1.0) * size).max(1.0);
    }

    fn fixed_update(&mut self, delta: f64, decay: f64) {
        // No feature, no step: a silent reservoir without bias has nothing to learn from.
        let norm = dot(&self.phi, &self.phi);
        let step = if norm > 0.0 { self.anneal * delta / norm } else { 0.0 };
        let [actor_step, critic_step] = self.config.steps().map(|step| step.at(self.episodes));
        self.done.step = if norm > 0.0 { actor_step * self.anneal / norm } else { 0.0 };
        update(&mut self.w, &mut self.z_w, &self.phi, decay, 1.0, critic_step * step);
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
    }
}

impl Learn for ActorCritic {
    fn begin(&mut self) {
        self.received = 0.0;
        self.perturb();
        self.z_theta.fill(0.0);
        self.z_w.fill(0.0);
        self.ret = 0.0;
        self.anneal = self.config.anneal.map_or(1.0, |a| a.factor(&self.returns));
        self.policy.begin(self.episodes);
    }

    fn act(&mut self, phi: &[f64]) -> Value {
        let mut weights = &self.theta;
        if self.perturbs {
            self.perturbed.copy_from_slice(&self.theta);
            add(&mut self.perturbed, 1.0, &self.perturbation);
            weights = &self.perturbed;
        }
        policy_scores(&self.policy, weights, phi, &mut self.scores);
        self.phi.copy_from_slice(phi);
        self.policy.act(&self.scores, &mut self.rng)
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
        let Done { value, td_error, step } = self.done;
        let entropy = Some(self.policy.entropy());
        Diagnosis { entropy, value: Some(value), td_error: Some(td_error), step: Some(step) }
    }

    fn norms(&self) -> Norms {
        Norms { weights: norm(&[&self.theta, &self.w]), traces: norm(&[&self.z_theta, &self.z_w]) }
    }

    fn receive(&mut self, reward: f64) {
        self.received += reward;
    }

    fn learn(&mut self, transition: &Transition<'_>) -> Result<(), AgentError> {
        let config = &self.config;
        let reward = config.reward_scale * config.reward.of(transition.reward, transition.terminated);
        let next = if transition.terminated { 0.0 } else { dot(&self.w, transition.next) };
        let value = dot(&self.w, &self.phi);
        let mut delta = reward + config.gamma * next - value;
        self.steps += 1;
        if !delta.is_finite() {
            return Err(AgentError::Diverged { steps: self.steps, what: format!("TD error {delta}") });
        }
        if let Some(clip) = config.td_error_clip {
            delta = delta.clamp(-clip, clip);
        }
        (self.done.value, self.done.td_error) = (value, delta);
        let decay = config.gamma * config.lambda;
        self.policy.log_gradient(&mut self.gradient);
        match self.config.is_bounded() {
            true => self.bounded_update(delta, decay),
            false => self.fixed_update(delta, decay),
        }
        self.average.take(self.steps, &self.theta);
        self.ret += transition.reward;
        if transition.terminated || transition.truncated {
            self.episodes += 1;
            self.stagnation.take(self.received, !transition.terminated);
            self.policy.end(self.received, transition.terminated);
            if let Some(anneal) = self.config.anneal {
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
        self.average.save(state, &[scores, features]);
        self.policy.save(state);
        state.meta["policy"] = json(&self.rng);
        if self.config.is_bounded() {
            state.put("learner/perturbation", &[scores, features], &self.perturbation);
            state.meta["stagnation"] = json(&(&self.stagnation, self.received, self.perturbs));
        }
        state.meta["learner"] = json(&(&self.returns, self.ret, self.anneal, self.episodes, self.steps));
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("learner/theta", &mut self.theta)?;
        state.read("learner/z_theta", &mut self.z_theta)?;
        state.read("learner/w", &mut self.w)?;
        state.read("learner/z_w", &mut self.z_w)?;
        state.read("learner/phi", &mut self.phi)?;
        self.average.load(state, &self.theta)?;
        self.policy.load(state)?;
        self.rng = entry(state, "policy")?;
        if self.config.is_bounded() {
            state.read("learner/perturbation", &mut self.perturbation)?;
            (self.stagnation, self.received, self.perturbs) = entry(state, "stagnation")?;
        }
        (self.returns, self.ret, self.anneal, self.episodes, self.steps) = entry(state, "learner")?;
        counts("learner", &[self.episodes, self.steps])
    }

    fn freeze(&mut self) {
        self.average.put(self.steps, &mut self.theta);
    }

    fn forget(&mut self) {
        self.z_theta.fill(0.0);
        self.z_w.fill(0.0);
        self.perturbation.fill(0.0);
        self.perturbs = false;
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
        swap(&mut self.perturbation, &mut other.perturbation);
        swap(&mut self.perturbs, &mut other.perturbs);
        swap(&mut self.received, &mut other.received);
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
            actor_step: Some(0.0.into()),
            critic_step: Some(0.002.into()),
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
            actor_step: Some(0.2.into()),
            critic_step: Some(0.1.into()),
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
            ActorCriticConfig { critic_step: Some(1.0.into()), gamma: 0.5, ..ActorCriticConfig::default() };
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
