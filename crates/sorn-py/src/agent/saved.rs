//! Agents in files: NPZ with the arrays of their state and one entry of JSON.

use std::path::PathBuf;

use ndarray::ArrayD;
use numpy::{IntoPyArray, PyArrayDyn, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value as Json;
use sorn_lab::sorn_agents::{self, AgentConfig, AgentState};

use super::Agent;
use super::given::Given;
use crate::error::value_error;
use sorn_lab::sorn_envs::gymnasium::call;

/// The entry beside the arrays.
#[derive(serde::Deserialize)]
struct Saved {
    format_version: u32,
    config: AgentConfig,
    seed: u64,
    episodes: u64,
    timesteps: u64,
    returns: Vec<f64>,
    lengths: Vec<u64>,
    #[serde(default)]
    encoder_in_python: bool,
    agent: Json,
}

pub(super) fn save(agent: &Agent, py: Python<'_>, path: PathBuf) -> PyResult<()> {
    let state = agent.inner.state();
    let meta = serde_json::json!({
        "format_version": 1,
        "config": agent.config,
        "seed": agent.seed,
        "episodes": agent.episodes,
        "timesteps": agent.timesteps,
        "returns": agent.returns,
        "lengths": agent.lengths,
        "encoder_in_python": agent.encoder.is_some(),
        "agent": state.meta,
    });
    let arrays = PyDict::new(py);
    for (name, array) in state.arrays {
        arrays.set_item(name, array.into_pyarray(py))?;
    }
    arrays.set_item("sorn_agent", meta.to_string())?;
    call(&py.import("sorn_rs._files")?.getattr("save_npz")?, (path, arrays), None)?;
    Ok(())
}

pub(super) fn load(py: Python<'_>, path: PathBuf, given: Given<'_>) -> PyResult<Agent> {
    let wrong = |what: &str| {
        PyValueError::new_err(format!("path: found {} {what}, allowed: what `save` saved", path.display()))
    };
    let file =
        call(&py.import("sorn_rs._files")?.getattr("load_npz")?, (&path,), None)?.cast_into::<PyDict>()?;
    let mut state = AgentState { arrays: Default::default(), meta: Json::Null };
    let mut whole = None;
    for (name, array) in file {
        let name: String = name.extract()?;
        if name == "sorn_agent" {
            let text = array.call_method0("item").and_then(|item| item.extract::<String>());
            whole = text.ok().and_then(|text| serde_json::from_str::<Saved>(&text).ok());
        } else {
            let array =
                array.cast_into::<PyArrayDyn<f64>>().map_err(|_| wrong("with another type of array"))?;
            let array: ArrayD<f64> = array.try_readonly().map_err(value_error)?.as_array().to_owned();
            state.arrays.insert(name, array);
        }
    }
    let saved = whole.ok_or_else(|| wrong("without the entry sorn_agent"))?;
    if saved.format_version != 1 {
        return Err(wrong(&format!("of format version {}", saved.format_version)));
    }
    if saved.encoder_in_python != given.encoder.is_some() {
        let found = if given.encoder.is_some() { "a callable" } else { "None" };
        let allowed = if saved.encoder_in_python { "that of the agent saved" } else { "None, as it was" };
        return Err(PyValueError::new_err(format!("encoder: found {found}, allowed: {allowed}")));
    }
    let inputs = saved.config.reservoir.params.input_len();
    let (observations, actions) = given.spaces(inputs)?;
    state.meta = saved.agent;
    let inner =
        sorn_agents::Agent::restore(&saved.config, observations.space(), actions.space(), saved.seed, &state)
            .map_err(value_error)?;
    Ok(Agent {
        inner,
        config: saved.config,
        seed: saved.seed,
        observations,
        actions,
        env: given.env.map(Bound::unbind),
        encoder: given.encoder.map(Bound::unbind),
        episodes: saved.episodes,
        timesteps: saved.timesteps,
        returns: saved.returns,
        lengths: saved.lengths,
        frozen: None,
    })
}
