//! What an agent is given to act in: an environment, or spaces; and maybe an encoder.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use sorn_lab::sorn_envs::gymnasium::{PythonSpace, call};

use super::watcher::env_error;

/// Arguments of `Agent` and `Agent.load`.
pub(super) struct Given<'py> {
    pub(super) env: Option<Bound<'py, PyAny>>,
    pub(super) observation_space: Option<Bound<'py, PyAny>>,
    pub(super) action_space: Option<Bound<'py, PyAny>>,
    pub(super) encoder: Option<Bound<'py, PyAny>>,
}

impl Given<'_> {
    /// The spaces of observations and actions as the agent sees them: with an encoder, an observation is `inputs` numbers.
    pub(super) fn spaces(&self, inputs: usize) -> PyResult<(PythonSpace, PythonSpace)> {
        let (observations, actions) = match (&self.env, &self.observation_space, &self.action_space) {
            (Some(env), None, None) => {
                let space = |name: &str| {
                    env.getattr(name).map_err(|_| {
                        let found = env.get_type();
                        PyTypeError::new_err(format!(
                            "env: found {found} without {name}, allowed: a Gymnasium environment"
                        ))
                    })
                };
                (space("observation_space")?, space("action_space")?)
            }
            (None, Some(observations), Some(actions)) => (observations.clone(), actions.clone()),
            (env, observations, actions) => {
                let given = [
                    ("env", env.is_some()),
                    ("observation_space", observations.is_some()),
                    ("action_space", actions.is_some()),
                ];
                let given: Vec<&str> =
                    given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
                let found = if given.is_empty() { "neither".into() } else { given.join(" and ") };
                return Err(PyTypeError::new_err(format!(
                    "env: found {found}, allowed: either env, or both observation_space and action_space"
                )));
            }
        };
        let observations = match &self.encoder {
            None => observations,
            Some(encoder) if encoder.is_callable() => {
                let module = observations.py().import("sorn_rs.wrappers")?;
                call(&module.getattr("input_space")?, (inputs,), None)?
            }
            Some(other) => {
                return Err(PyTypeError::new_err(format!("encoder: found {other}, allowed: a callable")));
            }
        };
        Ok((
            PythonSpace::new("observation_space", &observations).map_err(env_error)?,
            PythonSpace::new("action_space", &actions).map_err(env_error)?,
        ))
    }
}
