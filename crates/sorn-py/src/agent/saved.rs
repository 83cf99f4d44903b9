//! Agents in files and pickles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use numpy::{IntoPyArray, PyArrayDyn, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde_json::{Value as Json, json};
use sorn_lab::LabError;
use sorn_lab::sorn_agents::{self, AgentState, FileError, FileFault};
use sorn_lab::sorn_envs::gymnasium::call;

use super::Agent;
use super::given::Given;
use super::watcher::env_error;
use crate::error::{io_error, value_error};
use crate::network::sealing;

/// What stands beside the agent in a file that Python wrote; files of the command line have none of it.
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Notes {
    episodes: u64,
    timesteps: u64,
    /// As bits: a return may be infinite.
    returns: Vec<u64>,
    lengths: Vec<u64>,
    encoder_in_python: bool,
    /// Members of observations that it sees; all if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    observe: Vec<String>,
}

impl Notes {
    fn of(agent: &Agent) -> Self {
        Notes {
            episodes: agent.episodes,
            timesteps: agent.timesteps,
            returns: agent.returns.iter().map(|ret| ret.to_bits()).collect(),
            lengths: agent.lengths.clone(),
            encoder_in_python: agent.encoder.is_some(),
            observe: agent.observe.clone(),
        }
    }

    /// The agent; errors name the file `path`, if there is one.
    fn agent(
        self,
        py: Python<'_>,
        inner: sorn_agents::Agent,
        given: Given<'_>,
        path: Option<&Path>,
    ) -> PyResult<Agent> {
        if self.encoder_in_python != given.encoder.is_some() {
            let found = if given.encoder.is_some() { "a callable" } else { "None" };
            let allowed = if self.encoder_in_python { "that of the agent saved" } else { "None, as it was" };
            return Err(PyValueError::new_err(format!("encoder: expected {allowed}, found {found}")));
        }
        let config = inner.config().clone();
        let given = Given { observe: self.observe, ..given };
        let spaces = given.or_spaces(py, &inner)?.spaces(config.reservoir.params.input_len())?;
        let (observations, actions) = (spaces.observations.space(), spaces.actions.space());
        let wrong = |error| {
            value_error(path.map_or(format!("{error}"), |path| format!("{}: {error}", path.display())))
        };
        inner.check_spaces(observations, actions).map_err(wrong)?;
        Ok(Agent {
            seed: inner.seed(),
            inner,
            config,
            spaces,
            env: given.env.map(Bound::unbind),
            encoder: given.encoder.map(Bound::unbind),
            observe: given.observe,
            episodes: self.episodes,
            timesteps: self.timesteps,
            returns: self.returns.into_iter().map(f64::from_bits).collect(),
            lengths: self.lengths,
            frozen: Vec::new(),
        })
    }
}

fn file_error(FileError { path, fault }: FileError) -> PyErr {
    match fault {
        FileFault::Io(source) => io_error(&path, &source, &format!("{}: {source}", path.display())),
        fault => value_error(FileError { path, fault }),
    }
}

pub(super) fn save(agent: &Agent, path: &Path) -> PyResult<()> {
    agent.inner.save_with(path, &json!({ "python": Notes::of(agent) })).map_err(file_error)
}

pub(super) fn load(py: Python<'_>, path: PathBuf, given: Given<'_>) -> PyResult<Agent> {
    let (inner, mut notes) = sorn_lab::load_agent(&path).map_err(|error| match &error {
        LabError::Io { path, source, .. } => io_error(path, source, &error),
        _ => value_error(&error),
    })?;
    let notes = match notes.get_mut("python").map(Json::take) {
        None => {
            // What the experiment that trained it kept of observations.
            let observe = notes.pointer("/env/observe").cloned().map(serde_json::from_value);
            Notes {
                observe: observe.transpose().map_err(value_error)?.unwrap_or_default(),
                ..Notes::default()
            }
        }
        Some(notes) => {
            let wrong = |error| value_error(format!("{}: notes: python: {error}", path.display()));
            serde_json::from_value(notes).map_err(wrong)?
        }
    };
    notes.agent(py, inner, given, Some(&path))
}

/// Sealed bytes of everything but the environment, the encoder and the spaces.
pub(super) fn dump<'py>(agent: &Agent, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    let whole = agent.inner.to_bytes(&json!({ "python": Notes::of(agent) }));
    let frozen: Vec<_> = agent
        .frozen
        .iter()
        .map(|frozen| {
            let state = frozen.state();
            let arrays = PyDict::new(py);
            for (name, array) in state.arrays {
                arrays.set_item(name, array.into_pyarray(py))?;
            }
            Ok((arrays, state.meta.to_string()))
        })
        .collect::<PyResult<_>>()?;
    call(&sealing(py, "dump")?, ((PyBytes::new(py, &whole), frozen),), None)
}

/// The agent of [`dump`].
#[expect(clippy::type_complexity, reason = "the parts of a pickle")]
pub(super) fn undump(py: Python<'_>, sealed: &Bound<'_, PyAny>, given: Given<'_>) -> PyResult<Agent> {
    let whole = call(&sealing(py, "load")?, ("Agent", sealed), None)?;
    let (bytes, frozen): (Vec<u8>, Vec<(BTreeMap<String, Bound<'_, PyAny>>, String)>) = whole.extract()?;
    let (inner, mut notes) = sorn_agents::Agent::from_bytes(&bytes).map_err(value_error)?;
    let notes: Notes = serde_json::from_value(notes["python"].take()).map_err(value_error)?;
    let mut agent = notes.agent(py, inner, given, None)?;
    for (arrays, meta) in frozen {
        let mut state =
            AgentState { arrays: BTreeMap::new(), meta: serde_json::from_str(&meta).map_err(value_error)? };
        for (name, array) in arrays {
            let array = array.cast_into::<PyArrayDyn<f64>>().map_err(PyErr::from)?;
            let array = array.try_readonly().map_err(value_error)?;
            // Not the strides, which NumPy chooses as it likes where an axis is empty.
            let array = array.as_array();
            let array = ArrayD::from_shape_vec(array.shape(), array.iter().copied().collect());
            let array = array.map_err(value_error)?;
            state.arrays.insert(name, array);
        }
        let inner = &agent.inner;
        let (observations, actions) = (inner.observation_space(), inner.action_space());
        let restored =
            sorn_agents::Agent::restore(inner.config(), observations, actions, inner.seed(), &state);
        agent.frozen.push(restored.map_err(value_error)?);
    }
    Ok(agent)
}

impl<'py> Given<'py> {
    /// The spaces of `agent` if neither an environment nor spaces are given.
    fn or_spaces(&self, py: Python<'py>, agent: &sorn_agents::Agent) -> PyResult<Given<'py>> {
        let mut given = self.clone();
        if let (None, None, None, None) =
            (&self.env, &self.observation_space, &self.action_space, &self.encoder)
        {
            given.observation_space = Some(crate::env::space(py, agent.observation_space())?);
            given.action_space = Some(crate::env::space(py, agent.action_space())?);
        }
        Ok(given)
    }
}

/// The spaces as pickles hold them, checked where they are taken again.
pub(super) fn spaces_of<'py>(agent: &Agent, py: Python<'py>) -> (Bound<'py, PyAny>, Bound<'py, PyAny>) {
    (agent.spaces.python.0.bind(py).clone(), agent.spaces.python.1.bind(py).clone())
}

/// An action for Python.
pub(super) fn encoded<'py>(
    agent: &Agent,
    py: Python<'py>,
    action: &sorn_lab::sorn_env::Value,
) -> PyResult<Bound<'py, PyAny>> {
    agent.spaces.actions.encode(py, action).map_err(env_error)
}
