//! Learners: how the linear readout's weights change. One learner per file.

mod actor_critic;
mod ars;
mod linear;
mod random;
mod signal;

use serde::{Deserialize, Serialize};
use sorn_env::{Space, Value};

use crate::{AgentError, AgentState, PolicyConfig};
use actor_critic::ActorCritic;
pub use actor_critic::ActorCriticConfig;
use ars::Ars;
pub use ars::{ArsConfig, Selection};
use random::Random;
pub use signal::{PerformanceAnneal, RewardSignal};

/// Which learner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LearnerConfig {
    /// Actor-critic with eligibility traces.
    ActorCritic(ActorCriticConfig),
    /// Augmented random search.
    Ars(ArsConfig),
    /// Uniformly random actions: the control that learns nothing.
    Random {},
}

impl Default for LearnerConfig {
    fn default() -> Self {
        LearnerConfig::ActorCritic(ActorCriticConfig::default())
    }
}

/// What followed an action.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transition<'a> {
    pub(crate) reward: f64,
    pub(crate) terminated: bool,
    pub(crate) truncated: bool,
    /// Features of the next observation.
    pub(crate) next: &'a [f64],
}

/// A learner at work.
#[derive(Clone, Debug)]
pub(crate) enum Learner {
    // Boxed: they are several times as large as the last.
    ActorCritic(Box<ActorCritic>),
    Ars(Box<Ars>),
    Random(Random),
}

impl Learner {
    pub(crate) fn new(
        config: &LearnerConfig,
        policy: &PolicyConfig,
        features: usize,
        actions: &Space,
        seed: u64,
    ) -> Result<Learner, AgentError> {
        Ok(match config {
            LearnerConfig::ActorCritic(config) => {
                Learner::ActorCritic(Box::new(ActorCritic::new(config, policy, features, actions, seed)?))
            }
            LearnerConfig::Ars(config) => Learner::Ars(Box::new(Ars::new(config, features, actions, seed)?)),
            LearnerConfig::Random {} => Learner::Random(Random::new(actions, seed)),
        })
    }

    /// Whether actions depend on features at all.
    pub(crate) fn sees(&self) -> bool {
        !matches!(self, Learner::Random(_))
    }

    /// An episode begins.
    pub(crate) fn begin(&mut self) {
        match self {
            Learner::ActorCritic(learner) => learner.begin(),
            Learner::Ars(learner) => learner.begin(),
            Learner::Random(_) => {}
        }
    }

    /// Chooses an action for the features `phi`, remembering both for [`learn`](Learner::learn).
    pub(crate) fn act(&mut self, phi: &[f64]) -> Value {
        match self {
            Learner::ActorCritic(learner) => learner.act(phi),
            Learner::Ars(learner) => learner.act(phi),
            Learner::Random(learner) => learner.act(),
        }
    }

    /// Chooses the best action, remembering nothing.
    pub(crate) fn act_greedily(&mut self, phi: &[f64]) -> Value {
        match self {
            Learner::ActorCritic(learner) => learner.act_greedily(phi),
            Learner::Ars(learner) => learner.act_greedily(phi),
            Learner::Random(learner) => learner.act(),
        }
    }

    /// The value it expects of the features `phi`, where it learns one.
    pub(crate) fn value(&self, phi: &[f64]) -> Option<f64> {
        match self {
            Learner::ActorCritic(learner) => Some(learner.value(phi)),
            _ => None,
        }
    }

    /// Learns from what followed the last action.
    pub(crate) fn learn(&mut self, transition: &Transition<'_>) -> Result<(), AgentError> {
        match self {
            Learner::ActorCritic(learner) => learner.learn(transition),
            Learner::Ars(learner) => {
                learner.learn(transition);
                Ok(())
            }
            Learner::Random(_) => Ok(()),
        }
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        match self {
            Learner::ActorCritic(learner) => learner.save(state),
            Learner::Ars(learner) => learner.save(state),
            Learner::Random(learner) => learner.save(state),
        }
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        match self {
            Learner::ActorCritic(learner) => learner.load(state),
            Learner::Ars(learner) => learner.load(state),
            Learner::Random(learner) => learner.load(state),
        }
    }
}
