//! The class `NativeEnv`: what `sorn_rs.envs` makes Gymnasium environments of.

use std::sync::Mutex;

use numpy::PyArray1;
use pyo3::exceptions::{PyAttributeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use sorn_lab::sorn_env::{Dtype, Env, Info, Options, Space, Value};
use sorn_lab::sorn_envs::gymnasium::{GymnasiumError, PythonSpace, call, from_python, to_python};
use sorn_lab::sorn_envs::{AttributeError, NativeEnv as Inner, Stateful, make_native, specs};

use crate::argument::Argument;
use crate::convert::to_json;
use crate::error::value_error;
use crate::vec_env::picture;

/// An observation, what `info` says, and so on, as Gymnasium's `step` returns them.
type Stepped<'py> = (Bound<'py, PyAny>, f64, bool, bool, Bound<'py, PyDict>);

/// A native environment, without time limit; `sorn_rs.envs` has the Gymnasium class.
#[pyclass(module = "sorn_rs._native", name = "NativeEnv")]
pub(crate) struct NativeEnv {
    env: Mutex<Inner>,
    /// What it was made with.
    made: (String, Py<PyDict>),
    observations: PythonSpace,
    actions: PythonSpace,
    observation_space: Py<PyAny>,
    action_space: Py<PyAny>,
}

#[pymethods]
impl NativeEnv {
    #[new]
    fn new(py: Python<'_>, id: Argument<String>, kwargs: &Bound<'_, PyDict>) -> PyResult<Self> {
        let id = id.get("native_id", "a str")?;
        let made = (id.clone(), kwargs.copy()?.unbind());
        let mut kwargs = match to_json("kwargs", kwargs.as_any())? {
            serde_json::Value::Object(kwargs) => kwargs,
            _ => Default::default(),
        };
        // Gymnasium applies its own limit.
        kwargs.insert("max_episode_steps".into(), (-1).into());
        let (env, _) = make_native(&id, &kwargs).map_err(value_error)?;
        let observation_space = space(py, &env.observation_space())?;
        let action_space = space(py, &env.action_space())?;
        Ok(NativeEnv {
            env: Mutex::new(env),
            made,
            observations: PythonSpace::new("observation", &observation_space).map_err(fault)?,
            actions: PythonSpace::new("action", &action_space).map_err(fault)?,
            observation_space: observation_space.unbind(),
            action_space: action_space.unbind(),
        })
    }

    #[getter]
    fn observation_space(&self, py: Python<'_>) -> Py<PyAny> {
        self.observation_space.clone_ref(py)
    }

    #[getter]
    fn action_space(&self, py: Python<'_>) -> Py<PyAny> {
        self.action_space.clone_ref(py)
    }

    fn reset<'py>(
        &self,
        py: Python<'py>,
        seed: Option<u64>,
        given: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyDict>)> {
        let options = options(given)?;
        let (obs, facts) = self.locked()?.reset(seed, options.as_ref()).map_err(value_error)?;
        Ok((self.observations.encode(py, &obs).map_err(fault)?, info(py, facts)?))
    }

    fn step<'py>(&self, py: Python<'py>, action: &Bound<'py, PyAny>) -> PyResult<Stepped<'py>> {
        let action = self.actions.decode(action).map_err(fault)?;
        let step = self.locked()?.step(&action).map_err(value_error)?;
        let obs = self.observations.encode(py, &step.obs).map_err(fault)?;
        Ok((obs, step.reward, step.terminated, step.truncated, info(py, step.info)?))
    }

    /// RGB, shape (height, width, 3).
    fn render<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(frame) = self.locked()?.render().map_err(value_error)? else { return Ok(None) };
        picture(py, frame).map(Some)
    }

    fn close(&self) -> PyResult<()> {
        self.locked()?.close().map_err(value_error)
    }

    /// Names of what can be read and set.
    fn attributes(&self) -> PyResult<Vec<&'static str>> {
        Ok(self.locked()?.attributes().to_vec())
    }

    fn attribute<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = self.locked()?.attribute(name).map_err(attribute_error)?;
        value.map(|value| to_python(py, &value)).transpose()
    }

    fn set_attribute(&self, name: &str, object: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let value = object.map(from_python).transpose()?;
        self.locked()?.set_attribute(name, value.as_ref()).map_err(attribute_error)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let class = py.get_type::<Self>();
        let (id, kwargs) = &self.made;
        let saved = self.locked()?.saved_state();
        Ok((class.into_any(), (id.clone(), kwargs.bind(py).copy()?), to_python(py, &saved)?))
    }

    fn __setstate__(&self, saved: &Bound<'_, PyAny>) -> PyResult<()> {
        self.locked()?.restore_state(&from_python(saved)?).map_err(value_error)
    }
}

/// Class, arguments and state, as pickle takes them.
type Reduced<'py> = (Bound<'py, PyAny>, (String, Bound<'py, PyDict>), Bound<'py, PyAny>);

fn attribute_error(error: AttributeError) -> PyErr {
    match error {
        AttributeError::Unknown { .. } => PyAttributeError::new_err(error.to_string()),
        _ => value_error(error),
    }
}

impl NativeEnv {
    fn locked(&self) -> PyResult<std::sync::MutexGuard<'_, Inner>> {
        self.env.lock().map_err(|_| PyValueError::new_err("the environment failed in an earlier call"))
    }
}

/// Names, time limits, thresholds and frame rates of all native environments, and whether there are batches of them.
#[pyfunction]
pub(crate) fn env_specs(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    specs()
        .map(|spec| {
            let dict = PyDict::new(py);
            dict.set_item("id", spec.id)?;
            dict.set_item("max_episode_steps", spec.max_episode_steps)?;
            dict.set_item("reward_threshold", spec.reward_threshold)?;
            dict.set_item("render_fps", spec.render_fps)?;
            dict.set_item("batched", spec.batched)?;
            Ok(dict)
        })
        .collect()
}

/// Options of a reset, all of them numbers.
pub(crate) fn options(given: Option<&Bound<'_, PyDict>>) -> PyResult<Option<Options>> {
    let mut known = Options::new();
    for (key, value) in given.into_iter().flatten() {
        let key: String = key.extract()?;
        let number = value.extract::<f64>().map_err(|_| {
            PyValueError::new_err(format!("options[{key:?}]: expected numbers, found {value}"))
        })?;
        known.insert(key, Value::Float(number));
    }
    Ok((!known.is_empty()).then_some(known))
}

fn fault(error: GymnasiumError) -> PyErr {
    value_error(error)
}

fn info(py: Python<'_>, facts: Info) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    for (key, value) in facts {
        match value {
            Value::Bool(value) => dict.set_item(key, value)?,
            Value::Int(value) => dict.set_item(key, value)?,
            Value::Float(value) => dict.set_item(key, value)?,
            Value::Text(value) => dict.set_item(key, value)?,
            other => dict.set_item(key, other.describe())?,
        }
    }
    Ok(dict)
}

/// The space as one of Gymnasium's.
pub(crate) fn space<'py>(py: Python<'py>, known: &Space) -> PyResult<Bound<'py, PyAny>> {
    let spaces = py.import("gymnasium.spaces")?;
    match known {
        Space::Box(known) => {
            let bound = |values: &[f64]| -> PyResult<Bound<'py, PyAny>> {
                let array = PyArray1::from_slice(py, values).call_method1("astype", (name(known.dtype),))?;
                array.call_method1("reshape", (known.shape.clone(),))
            };
            let arguments =
                (bound(&known.low)?, bound(&known.high)?, PyTuple::new(py, &known.shape)?, name(known.dtype));
            call(&spaces.getattr("Box")?, arguments, None)
        }
        Space::Discrete { n, start } => {
            let keywords = PyDict::new(py);
            keywords.set_item("start", start)?;
            call(&spaces.getattr("Discrete")?, (*n,), Some(&keywords))
        }
        Space::MultiDiscrete { nvec } => call(&spaces.getattr("MultiDiscrete")?, (nvec.clone(),), None),
        Space::MultiBinary { shape } => call(&spaces.getattr("MultiBinary")?, (shape.clone(),), None),
        Space::Dict(members) => {
            let dict = PyDict::new(py);
            for (key, member) in members {
                dict.set_item(key, space(py, member)?)?;
            }
            call(&spaces.getattr("Dict")?, (dict,), None)
        }
        Space::Tuple(members) => {
            let list = PyList::empty(py);
            for member in members {
                list.append(space(py, member)?)?;
            }
            call(&spaces.getattr("Tuple")?, (list,), None)
        }
    }
}

/// NumPy's name of a type.
fn name(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::F32 => "float32",
        Dtype::F64 => "float64",
        Dtype::U8 => "uint8",
        Dtype::I8 => "int8",
        Dtype::I32 => "int32",
        Dtype::I64 => "int64",
    }
}
