//! The whole of an agent as named arrays, for checkpoints.

use std::collections::BTreeMap;

use ndarray::{ArrayD, IxDyn};

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

impl AgentState {
    /// Stores `values` (C order) in `shape`.
    pub(crate) fn put(&mut self, name: &str, shape: &[usize], values: &[f64]) {
        let array = ArrayD::from_shape_vec(IxDyn(shape), values.to_vec());
        self.arrays.insert(name.into(), array.unwrap_or_else(|e| unreachable!("the caller's shape: {e}")));
    }

    /// Copies the array `name` into `out`, whose length it must have.
    pub(crate) fn read(&self, name: &str, out: &mut [f64]) -> Result<(), AgentError> {
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
    pub(crate) fn all(&self, name: &str) -> Result<Vec<f64>, AgentError> {
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
