//! What an agent is given to act in: an environment, or spaces; and maybe an encoder.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sorn_lab::sorn_envs::gymnasium::{PythonSpace, call};

use super::watcher::env_error;

/// Arguments of `Agent` and `Agent.load`.
#[derive(Clone)]
pub(super) struct Given<'py> {
    pub(super) env: Option<Bound<'py, PyAny>>,
    pub(super) observation_space: Option<Bound<'py, PyAny>>,
    pub(super) action_space: Option<Bound<'py, PyAny>>,
    pub(super) encoder: Option<Bound<'py, PyAny>>,
    /// Members of observations to see; all if empty.
    pub(super) observe: Vec<String>,
}

/// The spaces of an agent.
pub(super) struct Spaces {
    /// As the agent sees them: with an encoder, an observation is numbers.
    pub(super) observations: PythonSpace,
    pub(super) actions: PythonSpace,
    /// As they were given, of observations and of actions.
    pub(super) python: (Py<PyAny>, Py<PyAny>),
}

impl Given<'_> {
    /// The spaces; with an encoder, an observation is `inputs` numbers.
    pub(super) fn spaces(&self, inputs: usize) -> PyResult<Spaces> {
        let (observations, actions) = match (&self.env, &self.observation_space, &self.action_space) {
            (Some(env), None, None) => {
                if env.hasattr("single_observation_space").unwrap_or(false) {
                    return Err(PyTypeError::new_err(format!(
                        "env: expected one environment, as gymnasium.make makes it, found {}, several environments at once; \
                         `sorn run` learns in several at once (run.num_envs)",
                        env.get_type().name()?
                    )));
                }
                let space = |name: &str| {
                    env.getattr(name).map_err(|_| {
                        let found = env.get_type();
                        PyTypeError::new_err(format!(
                            "env: expected a Gymnasium environment, found {found} without {name}"
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
                    "env: expected either env, or both observation_space and action_space, found {found}"
                )));
            }
        };
        let observations = self.seen(observations)?;
        let python = (observations.clone().unbind(), actions.clone().unbind());
        let observations = match &self.encoder {
            None => observations,
            Some(encoder) if encoder.is_callable() => {
                let module = observations.py().import("sorn_rs.wrappers")?;
                call(&module.getattr("input_space")?, (inputs,), None)?
            }
            Some(other) => {
                return Err(PyTypeError::new_err(format!("encoder: expected a callable, found {other}")));
            }
        };
        let (observations, actions) = (
            PythonSpace::new("observation_space", &observations).map_err(env_error)?,
            PythonSpace::new("action_space", &actions).map_err(env_error)?,
        );
        for (name, space) in [("observation_space", &observations), ("action_space", &actions)] {
            if space.space().flat_dim() == 0 {
                return Err(PyValueError::new_err(format!(
                    "{name}: expected a space with at least one value, found {}, which has none",
                    space.space()
                )));
            }
        }
        Ok(Spaces { observations, actions, python })
    }

    /// The space of what is seen of observations of `space`.
    fn seen<'py>(&self, space: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if self.observe.is_empty() {
            return Ok(space);
        }
        if self.encoder.is_some() {
            let message =
                "observe: expected names or an encoder, found both; the encoder takes whole observations";
            return Err(PyValueError::new_err(message));
        }
        PythonSpace::observing("observation_space", &space, &self.observe).map_err(env_error)?;
        let members = PyDict::new(space.py());
        for (name, member) in space
            .getattr("spaces")?
            .call_method0("items")?
            .try_iter()?
            .map(|item| item?.extract::<(String, Bound<'py, PyAny>)>())
            .collect::<PyResult<Vec<_>>>()?
        {
            if self.observe.contains(&name) {
                members.set_item(name, member)?;
            }
        }
        call(&space.py().import("gymnasium.spaces")?.getattr("Dict")?, (members,), None)
    }
}
