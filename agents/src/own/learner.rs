//! Learners of one's own.

use std::fmt::Debug;

use rand_xoshiro::rand_core::Rng as _;
use sorn_core::rng;
use sorn_env::seeding::Generator;
use sorn_env::{Space, Value};

use super::{Entry, OwnConfig, Part, Registry};
use crate::learner::{Learn, LearnerConfig, Transition};
use crate::state::nested;
use crate::{AgentError, AgentState, Diagnosis};

/// A learner: it chooses actions by the features, and learns from what follows.
///
/// The features are what `agent.features` names, such as the activity of each neuron, as numbers.
///
/// ```
/// use serde::Deserialize;
/// use sorn_agents::{Agent, AgentConfig, AgentError, AgentState, Learner, LearnerConfig, LearnerEntry, OwnConfig, Transition};
/// use sorn_env::seeding::Generator;
/// use sorn_env::{Space, Value};
///
/// /// Keeps what was rewarded: each action has weights, which reward moves towards the features.
/// #[derive(Clone, Debug)]
/// struct Hebbian {
///     step: f64,
///     weights: Vec<Vec<f64>>,
///     rng: Generator,
///     last: (usize, Vec<f64>),
/// }
///
/// impl Learner for Hebbian {
///     fn act(&mut self, features: &[f64], greedy: bool) -> Result<Value, String> {
///         let score = |w: &Vec<f64>| w.iter().zip(features).map(|(w, f)| w * f).sum::<f64>();
///         let scores: Vec<f64> = self.weights.iter().map(score).collect();
///         let mut best = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0);
///         if !greedy {
///             if self.rng.random() < 0.1 {
///                 best = (self.rng.random() * scores.len() as f64) as usize;
///             }
///             self.last = (best, features.to_vec());
///         }
///         Ok(Value::Int(best as i64))
///     }
///
///     fn learn(&mut self, transition: &Transition<'_>) -> Result<(), String> {
///         let (action, features) = &self.last;
///         for (w, f) in self.weights[*action].iter_mut().zip(features) {
///             *w += self.step * transition.reward * f;
///         }
///         Ok(())
///     }
///
///     fn save(&self, state: &mut AgentState) {
///         for (action, weights) in self.weights.iter().enumerate() {
///             state.put(&format!("weights {action}"), &[weights.len()], weights);
///         }
///         state.put("features", &[self.last.1.len()], &self.last.1);
///         state.note("rest", &(&self.rng, self.last.0));
///     }
///
///     fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
///         for (action, weights) in self.weights.iter_mut().enumerate() {
///             state.read(&format!("weights {action}"), weights)?;
///         }
///         self.last.1 = state.all("features")?;
///         (self.rng, self.last.0) = state.entry("rest")?;
///         Ok(())
///     }
///
///     fn clone_box(&self) -> Box<dyn Learner> {
///         Box::new(self.clone())
///     }
/// }
///
/// /// The keys beside `kind = "hebbian"`.
/// #[derive(Deserialize)]
/// struct Keys {
///     step: f64,
/// }
///
/// LearnerEntry::new("hebbian", "Weights follow reward.", |keys: Keys, setup| {
///     let Space::Discrete { n, start: 0 } = *setup.actions else {
///         return Err(format!("expected a Discrete action space from 0, found {}", setup.actions));
///     };
///     let weights = vec![vec![0.0; setup.features]; n as usize];
///     Ok(Box::new(Hebbian { step: keys.step, weights, rng: setup.generator(), last: (0, Vec::new()) }))
/// })
/// .register()?;
///
/// let learner = LearnerConfig::Own(OwnConfig::new("hebbian").with("step", 0.05));
/// let config = AgentConfig { learner, ..AgentConfig::default() };
/// let mut agent = Agent::new(&config, &Space::box_f32(&[0.0], &[1.0])?, &Space::discrete(2)?, 0)?;
/// agent.begin(&[0.5_f32])?;
/// agent.observe(1.0, false, false, &[0.6_f32])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Learner: Debug + Send + Sync {
    /// An episode begins.
    fn begin(&mut self) {}

    /// Chooses an action, an element of the action space. Unless it is to be `greedy`, it remembers features and action for
    /// [`learn`](Learner::learn), and may explore; a greedy choice changes nothing that is saved.
    ///
    /// # Errors
    /// What failed, if it calls something that can fail.
    fn act(&mut self, features: &[f64], greedy: bool) -> Result<Value, String>;

    /// Learns from what followed the last action.
    ///
    /// # Errors
    /// What failed, such as weights that grew beyond all bounds.
    fn learn(&mut self, transition: &Transition<'_>) -> Result<(), String>;

    /// The discounted return that it expects where it sees these features, if it learns one.
    fn value(&self, _features: &[f64]) -> Option<f64> {
        None
    }

    /// What it did in its last step, for recordings.
    fn diagnosis(&self) -> Diagnosis {
        Diagnosis::default()
    }

    /// Puts all that it is into `state`, under names of its own, each time the same ones: an agent that is loaded goes on to the bit.
    fn save(&self, state: &mut AgentState);

    /// Takes back what [`save`](Learner::save) put there.
    ///
    /// # Errors
    /// [`AgentError::State`] if it is not there or of another size; [`AgentState::read`] and [`AgentState::entry`] say so.
    fn load(&mut self, state: &AgentState) -> Result<(), AgentError>;

    /// A copy, with all that it is.
    fn clone_box(&self) -> Box<dyn Learner>;
}

/// What a learner is told when it is made.
#[derive(Clone, Copy, Debug)]
pub struct LearnerSetup<'a> {
    /// How many features it sees.
    pub features: usize,
    /// The space of the actions.
    pub actions: &'a Space,
    /// The agent's seed.
    pub seed: u64,
}

impl LearnerSetup<'_> {
    /// Random numbers of its own, from the agent's seed.
    pub fn generator(&self) -> Generator {
        Generator::new(rng::stream(self.seed, "policy").next_u64())
    }
}

impl Part for dyn Learner {
    type Setup<'a> = LearnerSetup<'a>;
    const KEY: &'static str = "learner";
    const IN_PYTHON: bool = true;

    fn is_built_in(kind: &str) -> bool {
        LearnerConfig::is_built_in(kind)
    }

    fn registry() -> &'static Registry<Self> {
        static REGISTRY: Registry<dyn Learner> = Registry::new();
        &REGISTRY
    }
}

/// A learner of one's own at work.
#[derive(Debug)]
pub(crate) struct OwnLearner {
    learner: Box<dyn Learner>,
    actions: Space,
    /// Why the last choice failed.
    failure: Option<String>,
}

impl OwnLearner {
    pub(crate) fn new(config: &OwnConfig, setup: LearnerSetup<'_>) -> Result<OwnLearner, AgentError> {
        let learner = Entry::make(config, setup)?;
        Ok(OwnLearner { learner, actions: setup.actions.clone(), failure: None })
    }

    /// The learner's choice; if there is none, why, and any value in its place.
    fn choose(&mut self, phi: &[f64], greedy: bool) -> Value {
        let failure = match self.learner.act(phi, greedy) {
            Ok(action) if self.actions.contains(&action) => return action,
            Ok(action) => {
                format!("expected an action of {}, found {action:?}", self.actions)
            }
            Err(failure) => failure,
        };
        self.failure = Some(failure);
        Value::Int(0)
    }
}

impl Learn for OwnLearner {
    fn begin(&mut self) {
        self.learner.begin();
    }

    fn act(&mut self, phi: &[f64]) -> Value {
        self.choose(phi, false)
    }

    fn act_greedily(&mut self, phi: &[f64]) -> Value {
        self.choose(phi, true)
    }

    fn failure(&mut self) -> Option<AgentError> {
        let reason = self.failure.take()?;
        Some(AgentError::Own { key: "learner".into(), reason })
    }

    fn value(&self, phi: &[f64]) -> Option<f64> {
        self.learner.value(phi)
    }

    fn diagnosis(&self) -> Diagnosis {
        self.learner.diagnosis()
    }

    fn learn(&mut self, transition: &Transition<'_>) -> Result<(), AgentError> {
        let refuse = |reason: String| AgentError::Own { key: "learner".into(), reason };
        self.learner.learn(transition).map_err(refuse)
    }

    fn save(&self, state: &mut AgentState) {
        nested::save("learner", state, |own| self.learner.save(own));
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        nested::load("learner", state, |own| self.learner.load(own))
    }

    fn copy(&self) -> Box<dyn Learn> {
        Box::new(OwnLearner {
            learner: self.learner.clone_box(),
            actions: self.actions.clone(),
            failure: self.failure.clone(),
        })
    }
}
