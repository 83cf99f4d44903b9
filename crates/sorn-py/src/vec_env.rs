//! The class `NativeVecEnv`: what `sorn_rs.envs` makes Gymnasium's vector environments of.

use std::sync::{Mutex, MutexGuard, TryLockError};

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use sorn_lab::sorn_env::{AutoresetMode, Frame, Space, VecError};
use sorn_lab::sorn_envs::gymnasium::{from_python, to_python};
use sorn_lab::sorn_envs::{Actions, AnyBatch, BatchRows, ControlError, make_batch};

use crate::argument::Argument;
use crate::convert::to_json;
use crate::env::{options, space};
use crate::error::value_error;

/// A batch of native environments of one kind, their time limits applied.
#[pyclass(module = "sorn_rs._native", name = "NativeVecEnv", frozen)]
pub(crate) struct NativeVecEnv {
    batch: Mutex<AnyBatch>,
    /// What it was made with.
    made: Made,
    /// Numbers of one observation.
    width: usize,
    discrete: bool,
    observation_space: Py<PyAny>,
    action_space: Py<PyAny>,
}

/// Observations, rewards, terminated, truncated.
type Stepped<'py> =
    (Bound<'py, PyAny>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<bool>>, Bound<'py, PyArray1<bool>>);
/// Who ended an episode in a step that also began the next, and their last observations.
type Finals<'py> = Option<(Vec<usize>, Bound<'py, PyAny>)>;

/// Name, number, mode and arguments.
type Made = (String, usize, String, Py<PyDict>);
/// Class, arguments and state, as pickle takes them.
type Reduced<'py> = (Bound<'py, PyAny>, (String, usize, String, Bound<'py, PyDict>), Bound<'py, PyAny>);

#[pymethods]
impl NativeVecEnv {
    #[new]
    fn new(
        py: Python<'_>,
        id: Argument<String>,
        num_envs: usize,
        autoreset_mode: &str,
        kwargs: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let id = id.get("native_id", "a str")?;
        let made = (id.clone(), num_envs, autoreset_mode.to_string(), kwargs.copy()?.unbind());
        let mode = match autoreset_mode {
            "NextStep" => AutoresetMode::NextStep,
            "SameStep" => AutoresetMode::SameStep,
            "Disabled" => AutoresetMode::Disabled,
            other => {
                let allowed = "\"NextStep\", \"SameStep\" or \"Disabled\"";
                return Err(PyValueError::new_err(format!(
                    "autoreset_mode: expected {allowed}, found {other:?}"
                )));
            }
        };
        let kwargs = match to_json("kwargs", kwargs.as_any())? {
            serde_json::Value::Object(kwargs) => kwargs,
            _ => Default::default(),
        };
        let (batch, _) = make_batch(&id, &kwargs, num_envs, mode).map_err(value_error)?;
        let (observations, actions) = (batch.single_observation_space(), batch.single_action_space());
        Ok(NativeVecEnv {
            width: observations.flat_dim(),
            discrete: matches!(actions, Space::Discrete { .. }),
            observation_space: space(py, &observations)?.unbind(),
            action_space: space(py, &actions)?.unbind(),
            batch: Mutex::new(batch),
            made,
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
        let batch: &mut AnyBatch = &mut *self.locked()?;
        py.detach(|| batch.reset_where(&mask, &seeds, options.as_ref())).map_err(fault)?;
        self.observations(py, batch.rows().obs)
    }

    fn step<'py>(
        &self,
        py: Python<'py>,
        actions: &Bound<'py, PyAny>,
    ) -> PyResult<(Stepped<'py>, Finals<'py>)> {
        let batch: &mut AnyBatch = &mut *self.locked()?;
        // Copies: other threads may write to the array meanwhile.
        if self.discrete {
            let actions = actions.extract::<PyReadonlyArray1<'_, i64>>()?.to_vec()?;
            py.detach(|| batch.step(Actions::Discrete(&actions))).map_err(fault)?;
        } else {
            let actions = actions.extract::<PyReadonlyArray2<'_, f32>>()?.to_vec()?;
            py.detach(|| batch.step(Actions::Box(&actions))).map_err(fault)?;
        }
        let BatchRows { obs, rewards, terminated, truncated, ended, final_obs } = batch.rows();
        let stepped = (
            self.observations(py, obs)?,
            PyArray1::from_slice(py, rewards),
            PyArray1::from_slice(py, terminated),
            PyArray1::from_slice(py, truncated),
        );
        let finals = match ended {
            [] => None,
            _ => Some((ended.to_vec(), self.observations(py, final_obs)?)),
        };
        Ok((stepped, finals))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let (id, num_envs, mode, kwargs) = &self.made;
        let made = (id.clone(), *num_envs, mode.clone(), kwargs.bind(py).copy()?);
        let saved = self.locked()?.saved_state();
        Ok((py.get_type::<Self>().into_any(), made, to_python(py, &saved)?))
    }

    fn __setstate__(&self, saved: &Bound<'_, PyAny>) -> PyResult<()> {
        self.locked()?.restore_state(&from_python(saved)?).map_err(value_error)
    }

    /// A picture of each environment.
    fn render<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let frames = self.locked()?.render().map_err(fault)?;
        let pictures = frames.into_iter().map(|frame| frame.map(|frame| picture(py, frame)).transpose());
        PyTuple::new(py, pictures.collect::<PyResult<Vec<_>>>()?)
    }
}

impl NativeVecEnv {
    fn locked(&self) -> PyResult<MutexGuard<'_, AnyBatch>> {
        match self.batch.try_lock() {
            Ok(batch) => Ok(batch),
            Err(TryLockError::WouldBlock) => Err(PyRuntimeError::new_err(
                "another thread steps these environments; a batch serves one thread at a time",
            )),
            Err(TryLockError::Poisoned(_)) => {
                Err(PyValueError::new_err("the environments failed in an earlier call"))
            }
        }
    }

    /// One row per environment.
    fn observations<'py>(&self, py: Python<'py>, obs: &[f32]) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyArray1::from_slice(py, obs).reshape([obs.len() / self.width, self.width])?.into_any())
    }
}

/// RGB, shape (height, width, 3).
pub(crate) fn picture(py: Python<'_>, frame: Frame) -> PyResult<Bound<'_, PyAny>> {
    Ok(PyArray1::from_vec(py, frame.rgb).reshape([frame.height, frame.width, 3])?.into_any())
}

fn fault(error: VecError<ControlError>) -> PyErr {
    value_error(error)
}
