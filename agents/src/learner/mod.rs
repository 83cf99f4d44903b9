//! Learners: how the linear readout's weights change. One learner per file.

mod action_values;
mod actor_critic;
mod ars;
mod average;
pub(crate) mod linear;
mod ppo;
mod q_lambda;
mod random;
mod reinforce;
mod rm_sorn;
mod sarsa;
mod signal;
#[cfg(test)]
mod small_problems;
mod stagnation;
mod true_online_sarsa;

use std::any::Any;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};
use sorn_env::{Space, Value};

use crate::own::{self, LearnerSetup, OwnConfig, OwnLearner};
use crate::{AgentError, AgentState, Diagnosis, Norms, PolicyConfig, with_own};
pub use action_values::{Traces, ValueConfig};
use actor_critic::ActorCritic;
pub use actor_critic::ActorCriticConfig;
use ars::Ars;
pub use ars::{ArsConfig, Selection};
use ppo::Ppo;
pub use ppo::{PpoConfig, PpoMean, StepSchedule};
use q_lambda::QLambda;
use random::Random;
use reinforce::Reinforce;
pub use reinforce::ReinforceConfig;
use rm_sorn::RmSorn;
pub use rm_sorn::RmSornConfig;
use sarsa::Sarsa;
pub use signal::{PerformanceAnneal, RewardSignal};
use true_online_sarsa::TrueOnlineSarsa;

/// Makes of a line per learner everything that is known of it: its sentence, its kind in files, its configuration, and its type.
macro_rules! learners {
    ($($(#[$about:meta])* $kind:literal $name:ident($config:ty) => $learner:ty,)*) => {
        /// Which learner.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        // The derived functions know the built-in ones alone; they are called by those below.
        #[serde(tag = "kind", deny_unknown_fields, remote = "Self")]
        pub enum LearnerConfig {
            $($(#[$about])* #[serde(rename = $kind)] $name($config),)*
            /// Uniformly random actions: the control that learns nothing.
            #[serde(rename = "random")]
            Random {},
            /// One's own, by the kind under which it was registered ([`LearnerEntry`](crate::LearnerEntry)).
            #[serde(skip)]
            Own(OwnConfig),
        }

        impl LearnerConfig {
            /// What it needs memory for; nothing that is known of one's own.
            pub(crate) fn needs(&self, weights: u128) -> Needs {
                match self {
                    $(LearnerConfig::$name(config) => config.needs(weights),)*
                    LearnerConfig::Random {} | LearnerConfig::Own(_) => Needs::default(),
                }
            }
        }

        impl AnyLearner {
            pub(crate) fn new(
                config: &LearnerConfig,
                policy: Option<&PolicyConfig>,
                features: usize,
                actions: &Space,
                seed: u64,
            ) -> Result<AnyLearner, AgentError> {
                Ok(AnyLearner(match config {
                    $(LearnerConfig::$name(config) => {
                        Box::new(<$learner>::new(config, policy, features, actions, seed)?)
                    })*
                    LearnerConfig::Random {} => {
                        PolicyConfig::refuse(policy, "learner.kind = \"random\"")?;
                        Box::new(Random::new(actions, seed))
                    }
                    LearnerConfig::Own(config) => {
                        PolicyConfig::refuse(policy, &format!("learner.kind = {:?}", config.kind))?;
                        Box::new(OwnLearner::new(config, LearnerSetup { features, actions, seed })?)
                    }
                }))
            }
        }
    };
}

learners! {
    /// Actor-critic with eligibility traces.
    "actor_critic" ActorCritic(ActorCriticConfig) => ActorCritic,
    /// REINFORCE with a linear baseline.
    "reinforce" Reinforce(ReinforceConfig) => Reinforce,
    /// Sarsa(lambda).
    "sarsa" Sarsa(ValueConfig) => Sarsa,
    /// Watkins's Q(lambda).
    "q_lambda" QLambda(ValueConfig) => QLambda,
    /// True online Sarsa(lambda); its traces are its own (`dutch`).
    "true_online_sarsa" TrueOnlineSarsa(ValueConfig) => TrueOnlineSarsa,
    /// The readout of RM-SORN: winner takes all, reward-modulated STDP, intrinsic plasticity.
    "rm_sorn" RmSorn(RmSornConfig) => RmSorn,
    /// Augmented random search.
    "ars" Ars(ArsConfig) => Ars,
    /// Proximal policy optimisation: a batch learner.
    "ppo" Ppo(PpoConfig) => Ppo,
}

with_own!(LearnerConfig, dyn own::Learner);

/// What a learner needs memory for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    /// Arrays as large as the weights: the weights themselves, traces, gradients, what is put aside.
    pub(crate) arrays: u128,
    /// A key that asks for memory besides: the key, its value, and the bytes.
    pub(crate) key: Option<(&'static str, usize, u128)>,
}

impl Default for LearnerConfig {
    fn default() -> Self {
        LearnerConfig::ActorCritic(ActorCriticConfig::default())
    }
}

/// What followed an action.
#[derive(Clone, Copy, Debug)]
pub struct Transition<'a> {
    /// The reward, after normalisation.
    pub reward: f64,
    /// Whether the task came to its end.
    pub terminated: bool,
    /// Whether the episode was cut off: what would have followed is worth something.
    pub truncated: bool,
    /// Features of the next observation.
    pub next: &'a [f64],
}

/// A learner at work.
pub(crate) trait Learn: Debug + Send + Sync + Any {
    /// An episode begins.
    fn begin(&mut self);

    /// Chooses an action for the features `phi`, remembering both for [`learn`](Learn::learn).
    fn act(&mut self, phi: &[f64]) -> Value;

    /// Chooses the best action, remembering nothing.
    fn act_greedily(&mut self, phi: &[f64]) -> Value;

    /// Why the last choice was none, if it failed: a learner of one's own may.
    fn failure(&mut self) -> Option<AgentError> {
        None
    }

    /// The value it expects of the features `phi`, where it learns one.
    fn value(&self, _phi: &[f64]) -> Option<f64> {
        None
    }

    /// What it did in its last step.
    fn diagnosis(&self) -> Diagnosis {
        Diagnosis::default()
    }

    /// Sizes of what it keeps.
    fn norms(&self) -> Norms {
        Norms::default()
    }

    /// Takes the environment's own reward, before [`learn`](Learn::learn) is given the one that is learnt from.
    fn receive(&mut self, _reward: f64) {}

    /// Learns from what followed the last action.
    fn learn(&mut self, transition: &Transition<'_>) -> Result<(), AgentError>;

    fn save(&self, state: &mut AgentState);

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError>;

    /// Whether actions depend on features at all.
    fn sees(&self) -> bool {
        true
    }

    /// Nothing more is learnt: what acts best takes the place of what learns best.
    fn freeze(&mut self) {}

    /// Zeroes what only learning needs, such as traces: a policy file leaves it out.
    fn forget(&mut self) {}

    fn copy(&self) -> Box<dyn Learn>;

    /// Copies for `n` streams of observations, between two episodes.
    fn streams(&mut self, n: usize) -> Vec<Box<dyn Learn>> {
        (0..n).map(|_| self.copy()).collect()
    }

    /// Swaps what passes from step to step in an episode with `other`, a copy for another stream of observations; what is
    /// learnt stays. False where the learner cannot learn from several streams.
    fn exchange(&mut self, _other: &mut dyn Learn) -> bool {
        false
    }
}

/// `other` as the learner it is.
fn same<L: Learn>(other: &mut dyn Learn) -> Option<&mut L> {
    (other as &mut dyn Any).downcast_mut()
}

/// Any learner.
#[derive(Debug)]
pub(crate) struct AnyLearner(Box<dyn Learn>);

impl Clone for AnyLearner {
    fn clone(&self) -> Self {
        AnyLearner(self.0.copy())
    }
}

impl std::ops::Deref for AnyLearner {
    type Target = dyn Learn;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl std::ops::DerefMut for AnyLearner {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.0
    }
}

impl AnyLearner {
    /// One for each of `n` streams of observations, between two episodes.
    pub(crate) fn for_streams(&mut self, n: usize) -> Vec<AnyLearner> {
        self.streams(n).into_iter().map(AnyLearner).collect()
    }
}
