//! The class `NativeVecEnv`: what `sorn_rs.envs` makes Gymnasium's vector environments of.

use std::sync::{Mutex, MutexGuard};

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use sorn_lab::sorn_env::{
    AnyEnv, AnyEnvError, Array, AutoresetMode, Batch, Data, Frame, Space, Value, VecEnv, VecError,
};
use sorn_lab::sorn_envs::make;

use crate::convert::to_json;
use crate::env::{options, space};
use crate::error::value_error;

/// A batch of native environments of one kind, their time limits applied.
#[pyclass(module = "sorn_rs._native", name = "NativeVecEnv", frozen)]
pub(crate) struct NativeVecEnv {
    batch: Mutex<Whole>,
    num_envs: usize,
    observation: Vec<usize>,
    discrete: bool,
    observation_space: Py<PyAny>,
    action_space: Py<PyAny>,
}

/// Environments, and what they returned last.
struct Whole {
    envs: VecEnv<AnyEnv>,
    batch: Batch<Value>,
}

/// Observations, rewards, terminated, truncated.
type Stepped<'py> =
    (Bound<'py, PyAny>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<bool>>, Bound<'py, PyArray1<bool>>);
/// Who ended an episode in a step that also began the next, and their last observations.
type Finals<'py> = Option<(Vec<usize>, Bound<'py, PyAny>)>;

#[pymethods]
impl NativeVecEnv {
    #[new]
    fn new(
        py: Python<'_>,
        id: &str,
        num_envs: usize,
        autoreset_mode: &str,
        kwargs: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let mode = match autoreset_mode {
            "NextStep" => AutoresetMode::NextStep,
            "SameStep" => AutoresetMode::SameStep,
            "Disabled" => AutoresetMode::Disabled,
            other => {
                let allowed = "\"NextStep\", \"SameStep\", \"Disabled\"";
                return Err(PyValueError::new_err(format!(
                    "autoreset_mode: found {other:?}, allowed: {allowed}"
                )));
            }
        };
        let kwargs = match to_json("kwargs", kwargs.as_any())? {
            serde_json::Value::Object(kwargs) => kwargs,
            _ => Default::default(),
        };
        let envs = (0..num_envs).map(|_| make(id, &kwargs).map(|(env, _)| env).map_err(value_error));
        let envs = VecEnv::new(envs.collect::<PyResult<_>>()?, mode).map_err(value_error)?;
        let (observations, actions) = (envs.single_observation_space(), envs.single_action_space());
        let Space::Box(observation) = &observations else {
            return Err(PyValueError::new_err(format!("id: found {id:?}, allowed: one that observes a Box")));
        };
        let batch = Batch {
            obs: vec![Value::Bool(false); num_envs],
            rewards: vec![0.0; num_envs],
            terminated: vec![false; num_envs],
            truncated: vec![false; num_envs],
            infos: vec![Default::default(); num_envs],
            final_obs: vec![None; num_envs],
            final_infos: vec![None; num_envs],
        };
        Ok(NativeVecEnv {
            num_envs,
            observation: observation.shape.clone(),
            discrete: matches!(actions, Space::Discrete { .. }),
            observation_space: space(py, &observations)?.unbind(),
            action_space: space(py, &actions)?.unbind(),
            batch: Mutex::new(Whole { envs, batch }),
        })
    }

    /// Of one environment.
    #[getter]
    fn observation_space(&self, py: Python<'_>) -> Py<PyAny> {
        self.observation_space.clone_ref(py)
    }

    /// Of one environment.
    #[getter]
    fn action_space(&self, py: Python<'_>) -> Py<PyAny> {
        self.action_space.clone_ref(py)
    }

    /// Begins episodes where `mask` says so; returns all observations.
    fn reset<'py>(
        &self,
        py: Python<'py>,
        seeds: Vec<Option<u64>>,
        mask: Vec<bool>,
        given: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = options(given)?;
        let obs = py.detach(|| {
            let Whole { envs, batch } = &mut *self.locked()?;
            envs.reset_where(&mask, Some(&seeds), options.as_ref(), batch).map_err(fault)?;
            flat(&batch.obs)
        })?;
        self.observations(py, obs, self.num_envs)
    }

    fn step<'py>(
        &self,
        py: Python<'py>,
        actions: &Bound<'py, PyAny>,
    ) -> PyResult<(Stepped<'py>, Finals<'py>)> {
        let actions: Vec<Value> = if self.discrete {
            let actions: PyReadonlyArray1<'_, i64> = actions.extract()?;
            actions.as_array().iter().map(|&action| Value::Int(action)).collect()
        } else {
            let actions: PyReadonlyArray2<'_, f32> = actions.extract()?;
            let rows = actions.as_array();
            rows.rows().into_iter().map(|row| Value::Array(Array::vector(row.to_vec()))).collect()
        };
        let (obs, finals, rewards, terminated, truncated) = py.detach(|| {
            let Whole { envs, batch } = &mut *self.locked()?;
            envs.step(&actions, batch).map_err(fault)?;
            let (rewards, ended) =
                (batch.rewards.clone(), (batch.terminated.clone(), batch.truncated.clone()));
            Ok::<_, PyErr>((flat(&batch.obs)?, flat_finals(batch)?, rewards, ended.0, ended.1))
        })?;
        let stepped = (
            self.observations(py, obs, self.num_envs)?,
            PyArray1::from_vec(py, rewards),
            PyArray1::from_vec(py, terminated),
            PyArray1::from_vec(py, truncated),
        );
        let finals = match finals {
            None => None,
            Some((ended, obs)) => {
                let obs = self.observations(py, obs, ended.len())?;
                Some((ended, obs))
            }
        };
        Ok((stepped, finals))
    }

    /// A picture of each environment.
    fn render<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let frames = py.detach(|| self.locked()?.envs.render().map_err(fault))?;
        let pictures = frames.into_iter().map(|frame| frame.map(|frame| picture(py, frame)).transpose());
        PyTuple::new(py, pictures.collect::<PyResult<Vec<_>>>()?)
    }

    fn close(&self) -> PyResult<()> {
        self.locked()?.envs.close().map_err(fault)
    }
}

impl NativeVecEnv {
    fn locked(&self) -> PyResult<MutexGuard<'_, Whole>> {
        self.batch.lock().map_err(|_| PyValueError::new_err("the environments failed in an earlier call"))
    }

    fn observations<'py>(&self, py: Python<'py>, obs: Numbers, n: usize) -> PyResult<Bound<'py, PyAny>> {
        let shape: Vec<usize> = [n].into_iter().chain(self.observation.iter().copied()).collect();
        Ok(match obs {
            Numbers::F32(obs) => PyArray1::from_vec(py, obs).reshape(shape)?.into_any(),
            Numbers::F64(obs) => PyArray1::from_vec(py, obs).reshape(shape)?.into_any(),
        })
    }
}

/// Observations one after the other.
enum Numbers {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

fn flat<'a>(obs: impl IntoIterator<Item = &'a Value>) -> PyResult<Numbers> {
    let (mut singles, mut doubles) = (Vec::new(), Vec::new());
    for value in obs {
        match value.as_array().map(Array::data) {
            Some(Data::F32(numbers)) => singles.extend_from_slice(numbers),
            Some(Data::F64(numbers)) => doubles.extend_from_slice(numbers),
            _ => return Err(PyValueError::new_err("reset: it is to be called first, for every environment")),
        }
    }
    Ok(if doubles.is_empty() { Numbers::F32(singles) } else { Numbers::F64(doubles) })
}

fn flat_finals(batch: &Batch<Value>) -> PyResult<Option<(Vec<usize>, Numbers)>> {
    let ended: Vec<usize> = (0..batch.final_obs.len()).filter(|&i| batch.final_obs[i].is_some()).collect();
    if ended.is_empty() {
        return Ok(None);
    }
    Ok(Some((ended, flat(batch.final_obs.iter().flatten())?)))
}

/// RGB, shape (height, width, 3).
pub(crate) fn picture(py: Python<'_>, frame: Frame) -> PyResult<Bound<'_, PyAny>> {
    Ok(PyArray1::from_vec(py, frame.rgb).reshape([frame.height, frame.width, 3])?.into_any())
}

fn fault(error: VecError<AnyEnvError>) -> PyErr {
    value_error(error)
}
