//! [`Env`], the trait that an environment implements, and the types of its methods.

use std::collections::BTreeMap;
use std::error::Error;

use crate::{Space, SpaceError, Value};

/// Additional facts about a reset or a step, by name. An empty map does not allocate.
pub type Info = BTreeMap<String, Value>;

/// Options of one reset, by name, e.g. CartPole's `low` and `high`.
pub type Options = BTreeMap<String, Value>;

/// What one step returns (Gymnasium's five-tuple, with names).
#[derive(Clone, Debug, PartialEq)]
pub struct Step<O> {
    /// Observation after the action.
    pub obs: O,
    /// Reward of this transition.
    pub reward: f64,
    /// The task reached a terminal state, whose value is 0.
    pub terminated: bool,
    /// The episode was truncated, e.g. by a time limit. The value of its last state has to be estimated.
    pub truncated: bool,
    /// Additional facts.
    pub info: Info,
}

impl<O> Step<O> {
    /// Whether the episode is over: terminated or truncated.
    pub fn done(&self) -> bool {
        self.terminated || self.truncated
    }

    /// The same step with its observation changed by `f`.
    pub fn map<P>(self, f: impl FnOnce(O) -> P) -> Step<P> {
        Step {
            obs: f(self.obs),
            reward: self.reward,
            terminated: self.terminated,
            truncated: self.truncated,
            info: self.info,
        }
    }
}

/// An RGB picture, 8 bits per channel, rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `height * width * 3` bytes: red, green, blue.
    pub rgb: Vec<u8>,
}

/// An environment with Gymnasium's semantics.
///
/// `reset` begins an episode and must come before the first `step`. A `seed` restarts the environment's generator; without a
/// seed, the generator continues. Each environment defines what a step after the end of an episode does.
pub trait Env {
    /// Observation; an [`Element`](crate::Element) of [`observation_space`](Env::observation_space) if an agent is to read it.
    type Obs;
    /// Action, an [`Element`](crate::Element) of [`action_space`](Env::action_space).
    type Act;
    /// Error of a sensor, a simulator or an interpreter; [`Infallible`](std::convert::Infallible) if nothing can fail.
    type Error: Error + Send + Sync + 'static;

    /// The space of all observations.
    fn observation_space(&self) -> Space;

    /// The space of all actions.
    fn action_space(&self) -> Space;

    /// Begins an episode and returns its first observation.
    ///
    /// # Errors
    /// The environment's own, e.g. for an option out of range.
    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<(Self::Obs, Info), Self::Error>;

    /// Applies one action.
    ///
    /// # Errors
    /// The environment's own, e.g. for an action outside the space.
    fn step(&mut self, action: &Self::Act) -> Result<Step<Self::Obs>, Self::Error>;

    /// A frame of the current state, or `None` if the environment does not render.
    ///
    /// # Errors
    /// Whatever the environment can fail with.
    fn render(&mut self) -> Result<Option<Frame>, Self::Error> {
        Ok(None)
    }

    /// The state that the environment learns and keeps across episodes, e.g. the statistics of a normalising wrapper. This state
    /// and a seed suffice to repeat an episode. `None` if episodes depend on their seed alone.
    fn memory(&self) -> Option<Value> {
        None
    }

    /// Restores what [`memory`](Env::memory) returned.
    ///
    /// # Errors
    /// [`SpaceError`] if the memory belongs to another environment.
    fn set_memory(&mut self, memory: &Value) -> Result<(), SpaceError> {
        Err(SpaceError::new("no memory, as this environment keeps none", memory.describe()))
    }

    /// Stops changes to [`memory`](Env::memory), so that an environment does not learn during an evaluation.
    ///
    /// # Errors
    /// Whatever the environment can fail with.
    fn freeze(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Releases the resources of the environment. Dropping it must release them too.
    ///
    /// # Errors
    /// Whatever the environment can fail with.
    fn close(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

macro_rules! forward {
    ($pointer:ty) => {
        impl<E: Env + ?Sized> Env for $pointer {
            type Obs = E::Obs;
            type Act = E::Act;
            type Error = E::Error;

            fn observation_space(&self) -> Space {
                (**self).observation_space()
            }
            fn action_space(&self) -> Space {
                (**self).action_space()
            }
            fn reset(
                &mut self,
                seed: Option<u64>,
                options: Option<&Options>,
            ) -> Result<(Self::Obs, Info), Self::Error> {
                (**self).reset(seed, options)
            }
            fn step(&mut self, action: &Self::Act) -> Result<Step<Self::Obs>, Self::Error> {
                (**self).step(action)
            }
            fn render(&mut self) -> Result<Option<Frame>, Self::Error> {
                (**self).render()
            }
            fn memory(&self) -> Option<Value> {
                (**self).memory()
            }
            fn set_memory(&mut self, memory: &Value) -> Result<(), SpaceError> {
                (**self).set_memory(memory)
            }
            fn freeze(&mut self) -> Result<(), Self::Error> {
                (**self).freeze()
            }
            fn close(&mut self) -> Result<(), Self::Error> {
                (**self).close()
            }
        }
    };
}

forward!(&mut E);
forward!(Box<E>);
