//! The whole of an agent as named arrays, for checkpoints.

use std::collections::BTreeMap;

use ndarray::{ArrayD, IxDyn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::AgentError;
use crate::error::numbers;

/// Everything an agent is, bit for bit: what [`Agent::state`](crate::Agent::state) gives and
/// [`Agent::restore`](crate::Agent::restore) takes.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentState {
    /// Numbers by name, e.g. `learner/actor` of shape (actions, features).
    pub arrays: BTreeMap<String, ArrayD<f64>>,
    /// Counters and generator states.
    pub meta: serde_json::Value,
}

impl Default for AgentState {
    fn default() -> Self {
        AgentState { arrays: BTreeMap::new(), meta: serde_json::json!({}) }
    }
}

impl AgentState {
    /// Stores `values` (C order) as the array `name` of this `shape`.
    ///
    /// # Panics
    /// If there are more or fewer values than the shape has places.
    pub fn put(&mut self, name: &str, shape: &[usize], values: &[f64]) {
        let array = ArrayD::from_shape_vec(IxDyn(shape), values.to_vec());
        let places: usize = shape.iter().product();
        assert_eq!(values.len(), places, "{name}: values for the shape {shape:?}");
        self.arrays.insert(name.into(), array.unwrap_or_else(|e| unreachable!("the caller's shape: {e}")));
    }

    /// Stores plain data that is no array of numbers: counters, the state of a generator.
    ///
    /// # Panics
    /// If JSON cannot hold it: a number that is not finite becomes null, and a map must have text for its keys.
    pub fn note(&mut self, name: &str, value: &impl Serialize) {
        let value = serde_json::to_value(value).unwrap_or_else(|e| panic!("{name}: {e}"));
        self.meta[name] = value;
    }

    /// What [`note`](AgentState::note) stored.
    ///
    /// # Errors
    /// [`AgentError::State`] if it is not there or of another type.
    pub fn entry<T: DeserializeOwned>(&self, name: &str) -> Result<T, AgentError> {
        crate::reservoir::entry(self, name)
    }

    /// Copies the array `name` into `out`, whose length it must have.
    ///
    /// # Errors
    /// [`AgentError::State`] if it is not there, of another length, or holds NaN.
    pub fn read(&self, name: &str, out: &mut [f64]) -> Result<(), AgentError> {
        let wrong =
            |found: String| AgentError::State { name: name.into(), expected: numbers(out.len()), found };
        let array = self.arrays.get(name).ok_or_else(|| wrong("nothing".into()))?;
        if array.len() != out.len() {
            return Err(wrong(format!("shape {:?}", array.shape())));
        }
        self.check(name)?;
        out.iter_mut().zip(array.iter()).for_each(|(o, &v)| *o = v);
        Ok(())
    }

    /// All numbers of the array `name`, in C order.
    ///
    /// # Errors
    /// [`AgentError::State`] if it is not there or holds NaN.
    pub fn all(&self, name: &str) -> Result<Vec<f64>, AgentError> {
        let missing =
            || AgentError::State { name: name.into(), expected: "an array".into(), found: "nothing".into() };
        self.check(name)?;
        self.arrays.get(name).map(|array| array.iter().copied().collect()).ok_or_else(missing)
    }

    /// Refuses an array with a value that is no number: an agent saves none, as it would act by chance from there on.
    fn check(&self, name: &str) -> Result<(), AgentError> {
        let wrong = self.arrays.get(name).and_then(|array| array.iter().position(|value| value.is_nan()));
        match wrong {
            None => Ok(()),
            Some(index) => Err(AgentError::State {
                name: name.into(),
                expected: "numbers".into(),
                found: format!("NaN at position {index}"),
            }),
        }
    }
}

/// The state of a part of one's own within that of the agent: its names cannot meet those of other parts.
pub(crate) mod nested {
    use super::{AgentError, AgentState};

    pub(crate) fn save(part: &str, state: &mut AgentState, save: impl FnOnce(&mut AgentState)) {
        let mut own = AgentState::default();
        save(&mut own);
        let named = |(name, array)| (format!("{part}/{name}"), array);
        state.arrays.extend(own.arrays.into_iter().map(named));
        state.meta[part] = own.meta;
    }

    pub(crate) fn load(
        part: &str,
        state: &AgentState,
        load: impl FnOnce(&AgentState) -> Result<(), AgentError>,
    ) -> Result<(), AgentError> {
        let prefix = format!("{part}/");
        let within = |(name, array): (&String, &_)| {
            name.strip_prefix(&prefix).map(|name| (name.to_string(), ndarray::ArrayD::clone(array)))
        };
        let arrays = state.arrays.iter().filter_map(within).collect();
        let own = AgentState { arrays, meta: state.meta[part].clone() };
        load(&own).map_err(|error| match error {
            AgentError::State { name, expected, found } => {
                AgentError::State { name: format!("{part}/{name}"), expected, found }
            }
            other => other,
        })
    }
}
