//! [`MapObservation`]: what all observation wrappers are made of.

use std::collections::BTreeMap;

use super::forward;
use crate::{BoxSpace, Env, Info, Options, Space, SpaceError, Step, Value};

/// A change made to every observation.
pub trait ObservationMap<O> {
    /// The observation after it.
    type Output;

    /// The changed observation.
    fn apply(&mut self, obs: O) -> Self::Output;

    /// Begins an episode; randomness begins anew with a seed.
    fn reset(&mut self, _seed: Option<u64>) {}

    /// As [`Env::memory`].
    fn memory(&self) -> Option<Value> {
        None
    }

    /// As [`Env::set_memory`].
    ///
    /// # Errors
    /// [`SpaceError`] where `memory` is not of this kind.
    fn set_memory(&mut self, memory: &Value) -> Result<(), SpaceError> {
        Err(SpaceError::new("no memory", memory.describe()))
    }

    /// As [`Env::freeze`].
    fn freeze(&mut self) {}
}

/// An environment whose observations are changed by `F`.
#[derive(Clone, Debug)]
pub struct MapObservation<E, F> {
    env: E,
    map: F,
    space: Space,
}

impl<E, F> MapObservation<E, F> {
    /// `env` with its observations changed by `map`, to elements of `space`.
    pub fn with_map(env: E, map: F, space: Space) -> Self {
        MapObservation { env, map, space }
    }

    /// The environment inside.
    pub fn inner(&self) -> &E {
        &self.env
    }

    /// The change.
    pub fn map(&self) -> &F {
        &self.map
    }

    /// The change, to adjust it.
    pub fn map_mut(&mut self) -> &mut F {
        &mut self.map
    }
}

impl<E: Env, F: ObservationMap<E::Obs>> Env for MapObservation<E, F> {
    type Obs = F::Output;
    type Act = E::Act;
    type Error = E::Error;

    forward!(action_space, render, close);

    fn observation_space(&self) -> Space {
        self.space.clone()
    }

    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(F::Output, Info), E::Error> {
        let (obs, info) = self.env.reset(seed, options)?;
        self.map.reset(seed);
        Ok((self.map.apply(obs), info))
    }

    fn step(&mut self, action: &E::Act) -> Result<Step<F::Output>, E::Error> {
        Ok(self.env.step(action)?.map(|obs| self.map.apply(obs)))
    }

    fn memory(&self) -> Option<Value> {
        match (self.map.memory(), self.env.memory()) {
            (None, None) => None,
            (own, inner) => {
                let members = [("wrapper", own), ("env", inner)];
                let present = members.into_iter().filter_map(|(name, m)| Some((name.to_string(), m?)));
                Some(Value::Map(present.collect::<BTreeMap<_, _>>()))
            }
        }
    }

    fn set_memory(&mut self, memory: &Value) -> Result<(), SpaceError> {
        let Value::Map(members) = memory else {
            return Err(SpaceError::new("a map with \"wrapper\" and \"env\"", memory.describe()));
        };
        members.iter().try_for_each(|(name, memory)| match name.as_str() {
            "wrapper" => self.map.set_memory(memory),
            "env" => self.env.set_memory(memory),
            _ => Err(SpaceError::new("a map with \"wrapper\" and \"env\"", format!("key {name:?}"))),
        })
    }

    fn freeze(&mut self) -> Result<(), E::Error> {
        self.map.freeze();
        self.env.freeze()
    }
}

/// The Box of an environment that `wrapper` needs, of floats.
pub(super) fn float_box(space: Space, wrapper: &str) -> Result<BoxSpace, SpaceError> {
    match space {
        Space::Box(space) if space.dtype.is_float() => Ok(space),
        other => Err(SpaceError::new("a Box of floats", other.to_string()).at(wrapper)),
    }
}
