//! Networks with rules in Python, and their steps.

use std::sync::PoisonError;

use ndarray::Array1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sorn_lab::sorn_core::{self, Params, State};

use super::Network;
use crate::error::{to_py, value_error};
use crate::recorder::Recorder;
use crate::rule::{Failure, PythonRule};

impl From<sorn_core::Network> for Network {
    fn from(inner: sorn_core::Network) -> Self {
        Network { inner, rules: Vec::new(), failure: Failure::default(), warned: Vec::new() }
    }
}

impl Network {
    /// The network that had `state` and these rules.
    pub(super) fn whole(
        py: Python<'_>,
        params: &Params,
        mut state: State,
        rules: &[(Option<usize>, Py<PyAny>)],
    ) -> PyResult<Self> {
        // Memories are of all rules, so they wait until all are there.
        let memories = std::mem::take(&mut state.memories);
        let mut network = Network::from(sorn_core::Network::from_state(params, state).map_err(to_py)?);
        for (position, rule) in rules {
            network.insert(*position, rule.bind(py))?;
        }
        network.inner.remember(&memories).map_err(to_py)?;
        Ok(network)
    }

    /// Goes on in this state, with the same rules.
    pub(super) fn go_on_from(&mut self, py: Python<'_>, params: &Params, state: State) -> PyResult<()> {
        let Network { inner, failure, .. } = Network::whole(py, params, state, &self.rules)?;
        (self.inner, self.failure) = (inner, failure);
        Ok(())
    }

    pub(super) fn go_on_with(&mut self, py: Python<'_>, params: &Params) -> PyResult<()> {
        let state = self.inner.params().hand_over(params, self.inner.state()).map_err(value_error)?;
        self.go_on_from(py, params, state)
    }

    pub(super) fn insert(&mut self, position: Option<usize>, rule: &Bound<'_, PyAny>) -> PyResult<()> {
        let native = PythonRule::new(rule, self.inner.ni(), &self.failure)?;
        self.inner.add_rule(position.unwrap_or(usize::MAX), Box::new(native));
        self.rules.push((position, rule.clone().unbind()));
        Ok(())
    }

    /// What a rule in Python raised in the last step.
    pub(super) fn raise(&self) -> PyResult<()> {
        if self.rules.is_empty() {
            return Ok(());
        }
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), Err)
    }

    pub(super) fn advance(
        &mut self,
        inputs: &ndarray::ArrayView2<'_, f64>,
        rewards: Option<&Array1<f64>>,
        steps: std::ops::Range<usize>,
        recorder: &mut Recorder,
    ) -> PyResult<()> {
        for step in steps {
            if let Some(rewards) = rewards {
                self.inner.set_reward(rewards[step]).map_err(to_py)?;
            }
            let row = inputs.row(step);
            self.inner
                .step(row.as_slice().unwrap_or_default())
                .map_err(|error| PyValueError::new_err(format!("inputs[{step}]: {error}")))?;
            self.raise()?;
            recorder.record(step, &self.inner);
        }
        Ok(())
    }
}
