//! Policies of one's own.

use std::fmt::Debug;

use sorn_core::rng::Xoshiro256PlusPlus;
use sorn_env::{Space, Value};

use super::{Entry, OwnConfig, Part, Registry};
use crate::policy::Stochastic;
use crate::state::nested;
use crate::{AgentError, AgentState, PolicyConfig};

/// A policy with a gradient: the probability (density) of each action is a differentiable function of scores, which are linear in the
/// features. The actor-critic and REINFORCE learn by it.
///
/// ```
/// use sorn_agents::{Agent, AgentConfig, NoKeys, OwnConfig, Policy, PolicyConfig, PolicyEntry};
/// use sorn_core::rng::{Xoshiro256PlusPlus, uniform};
/// use sorn_env::{Space, Value};
///
/// /// Of two actions the second with the probability that is the logistic function of one score.
/// #[derive(Clone, Debug)]
/// struct Logistic;
///
/// fn second(score: f64) -> f64 {
///     1.0 / (1.0 + (-score).exp())
/// }
///
/// impl Policy for Logistic {
///     fn scores(&self) -> usize {
///         1
///     }
///
///     fn act(&mut self, scores: &[f64], random: &mut Xoshiro256PlusPlus, gradient: &mut [f64]) -> Value {
///         let p = second(scores[0]);
///         let taken = uniform(random) < p;
///         gradient[0] = if taken { 1.0 - p } else { -p };
///         Value::Int(i64::from(taken))
///     }
///
///     fn best(&self, scores: &[f64]) -> Value {
///         Value::Int(i64::from(scores[0] > 0.0))
///     }
///
///     fn entropy(&self, scores: &[f64]) -> f64 {
///         let p = second(scores[0]);
///         -p * p.ln() - (1.0 - p) * (1.0 - p).ln()
///     }
///
///     fn clone_box(&self) -> Box<dyn Policy> {
///         Box::new(self.clone())
///     }
/// }
///
/// PolicyEntry::new("logistic", "One score for two actions.", |_: NoKeys, setup| match setup.actions {
///     Space::Discrete { n: 2, start: 0 } => Ok(Box::new(Logistic)),
///     other => Err(format!("expected actions of a Discrete of 2 from 0, found {other}")),
/// })
/// .register()?;
///
/// let config = AgentConfig { policy: Some(PolicyConfig::Own(OwnConfig::new("logistic"))), ..AgentConfig::default() };
/// let mut agent = Agent::new(&config, &Space::box_f32(&[0.0], &[1.0])?, &Space::discrete(2)?, 0)?;
/// agent.begin(&[0.5_f32])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Policy: Debug + Send + Sync {
    /// Number of scores.
    fn scores(&self) -> usize;

    /// Whether a score depends on the features; otherwise it is a parameter by itself, such as a spread.
    fn sees(&self, _score: usize) -> bool {
        true
    }

    /// Episode `episode` of training, from 0, begins.
    fn begin(&mut self, _episode: u64) {}

    /// The episode ended with this return, and was terminated, or truncated.
    fn end(&mut self, _ret: f64, _terminated: bool) {}

    /// Draws an action with these scores, all chance from `random`, and writes the `gradient` of the logarithm of its probability (density)
    /// with respect to each score.
    fn act(&mut self, scores: &[f64], random: &mut Xoshiro256PlusPlus, gradient: &mut [f64]) -> Value;

    /// The best action with these scores, without chance: a frozen agent takes it.
    fn best(&self, scores: &[f64]) -> Value;

    /// The entropy of the distribution with these scores, for records.
    fn entropy(&self, scores: &[f64]) -> f64;

    /// Puts what passes from step to step into `state`, under names of its own, each time the same ones. The last gradient is saved for
    /// it.
    fn save(&self, _state: &mut AgentState) {}

    /// Takes back what [`save`](Policy::save) put there.
    ///
    /// # Errors
    /// [`AgentError::State`] if it is not there or of another size; [`AgentState::read`] and [`AgentState::entry`] say so.
    fn load(&mut self, _state: &AgentState) -> Result<(), AgentError> {
        Ok(())
    }

    /// A copy, with what passes from step to step.
    fn clone_box(&self) -> Box<dyn Policy>;
}

/// What a policy is told when it is made.
#[derive(Clone, Copy, Debug)]
pub struct PolicySetup<'a> {
    /// The actions to choose from.
    pub actions: &'a Space,
}

impl Part for dyn Policy {
    type Setup<'a> = PolicySetup<'a>;
    const KEY: &'static str = "policy";

    fn is_built_in(kind: &str) -> bool {
        PolicyConfig::is_built_in(kind)
    }

    fn registry() -> &'static Registry<Self> {
        static REGISTRY: Registry<dyn Policy> = Registry::new();
        &REGISTRY
    }
}

/// Under which its own state is saved: `policy` is the learner's generator.
const SAVED: &str = "own_policy";

/// A policy of one's own at work.
#[derive(Debug)]
pub(crate) struct OwnPolicy {
    policy: Box<dyn Policy>,
    actions: Space,
    /// Of the last action.
    gradient: Vec<f64>,
    entropy: f64,
    /// Why the last action was none.
    failure: Option<String>,
}

impl Clone for OwnPolicy {
    fn clone(&self) -> Self {
        OwnPolicy {
            policy: self.policy.clone_box(),
            actions: self.actions.clone(),
            gradient: self.gradient.clone(),
            entropy: self.entropy,
            failure: self.failure.clone(),
        }
    }
}

impl OwnPolicy {
    pub(crate) fn new(config: &OwnConfig, setup: PolicySetup<'_>) -> Result<OwnPolicy, AgentError> {
        let policy: Box<dyn Policy> = Entry::make(config, setup)?;
        let scores = policy.scores();
        if scores == 0 {
            let reason = "expected at least one score, found none".into();
            return Err(AgentError::Own { key: <dyn Policy>::KEY.into(), reason });
        }
        let actions = setup.actions.clone();
        Ok(OwnPolicy { policy, actions, gradient: vec![0.0; scores], entropy: 0.0, failure: None })
    }

    /// An action that is one, or any in its place.
    fn checked(&mut self, action: Value) -> Value {
        if self.actions.contains(&action) {
            return action;
        }
        self.failure = Some(format!("expected an action of {}, found {action:?}", self.actions));
        Value::Int(0)
    }
}

impl Stochastic for OwnPolicy {
    fn scores(&self) -> usize {
        self.gradient.len()
    }

    fn sees(&self, score: usize) -> bool {
        self.policy.sees(score)
    }

    fn begin(&mut self, episode: u64) {
        self.policy.begin(episode);
    }

    fn end(&mut self, ret: f64, terminated: bool) {
        self.policy.end(ret, terminated);
    }

    fn act(&mut self, scores: &[f64], rng: &mut Xoshiro256PlusPlus) -> Value {
        let action = self.policy.act(scores, rng, &mut self.gradient);
        self.entropy = self.policy.entropy(scores);
        if let Some(found) = self.gradient.iter().find(|slope| !slope.is_finite()) {
            self.failure = Some(format!("expected a finite gradient, found {found}"));
        }
        self.checked(action)
    }

    fn best(&mut self, scores: &[f64]) -> Value {
        let action = self.policy.best(scores);
        self.checked(action)
    }

    fn failure(&mut self) -> Option<AgentError> {
        let reason = self.failure.take()?;
        Some(AgentError::Own { key: <dyn Policy>::KEY.into(), reason })
    }

    fn entropy(&self) -> f64 {
        self.entropy
    }

    fn log_gradient(&self, out: &mut [f64]) {
        out.copy_from_slice(&self.gradient);
    }

    fn save(&self, state: &mut AgentState) {
        state.put("policy/gradient", &[self.gradient.len()], &self.gradient);
        state.put("policy/entropy", &[1], &[self.entropy]);
        nested::save(SAVED, state, |own| self.policy.save(own));
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("policy/gradient", &mut self.gradient)?;
        state.read("policy/entropy", std::slice::from_mut(&mut self.entropy))?;
        nested::load(SAVED, state, |own| self.policy.load(own))
    }

    fn copy(&self) -> Box<dyn Stochastic> {
        Box::new(self.clone())
    }
}
