//! [`GymnasiumEnv`]: one environment of Python's.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};
use sorn_env::{Env, Frame, Info, Options, Space, SpaceError, Step, Value};

use super::attach::attach;
use super::call::{call, call_method};
use super::codec::{Codec, kind, tuple_of};
use super::error::{Fault, GymnasiumError};
use super::{frame, initialize, making, memory, objects};
use crate::{EnvSpec, Kwargs, PythonWrapper};

/// An environment of Python's Gymnasium, or of any package that registers with it.
///
/// Observations, rewards, flags and time limits are those of Python. Observations of another type than the space's are converted
/// as Gymnasium's vector environments do; another shape is an error. An action of another kind, shape or type is an error, and so
/// is one outside Discrete, MultiDiscrete and MultiBinary spaces, or NaN; the bounds of a Box are the environment's affair.
/// A MultiDiscrete space that starts elsewhere is one that starts at 0 here: its element `i` is Python's `start + i`.
pub struct GymnasiumEnv {
    id: String,
    env: Py<PyAny>,
    /// Its bound method.
    step: Py<PyAny>,
    observation: Codec,
    action: Codec,
    observation_space: Space,
    action_space: Space,
    spec: EnvSpec,
    closed: bool,
}

impl GymnasiumEnv {
    /// `gymnasium.make(id, **kwargs)` inside `wrappers`, the innermost first.
    ///
    /// `id` is one of Gymnasium's, alone (`CartPole-v1`), after `gymnasium:`, or after the module that registers it
    /// (`ale_py:ALE/Pong-v5`). Starts an interpreter where none runs, see [`initialize`].
    ///
    /// # Errors
    /// [`GymnasiumError`]: no interpreter, what Python raises (an unknown id, a keyword argument), a wrapper that cannot be had,
    /// or a space that is none of [`Space`]'s.
    pub fn make(id: &str, kwargs: &Kwargs, wrappers: &[PythonWrapper]) -> Result<Self, GymnasiumError> {
        initialize(None)?;
        attach(|py| {
            let made = making::one_at_a_time(py, || making::make(py, id, kwargs, wrappers));
            let (env, spec) = made.map_err(|e| e.at(py, id, "gymnasium.make"))?;
            Self::adopt(&env, spec)
        })
    }

    /// An environment that is there already; who made it closes it.
    ///
    /// # Errors
    /// [`GymnasiumError`] where a space is none of [`Space`]'s, or it is no Gymnasium environment.
    pub fn from_python(env: &Bound<'_, PyAny>) -> Result<Self, GymnasiumError> {
        let spec = making::spec(&env.to_string(), env);
        let spec = spec.map_err(|e| Fault::from(e).at(env.py(), "environment", "spec"))?;
        let mut env = Self::adopt(env, spec)?;
        env.closed = true;
        Ok(env)
    }

    fn adopt(env: &Bound<'_, PyAny>, spec: EnvSpec) -> Result<Self, GymnasiumError> {
        let py = env.py();
        let space = |name: &'static str| {
            let known = env.getattr(name).map_err(Fault::from).and_then(|space| Codec::of(&space));
            known.map_err(|e| e.at(py, &spec.id, name))
        };
        let (observation, observation_space) = space("observation_space")?;
        let (action, action_space) = space("action_space")?;
        let step = env.getattr("step").map_err(|e| Fault::from(e).at(py, &spec.id, "step"))?;
        Ok(GymnasiumEnv {
            id: spec.id.clone(),
            env: env.clone().unbind(),
            step: step.unbind(),
            observation,
            action,
            observation_space,
            action_space,
            spec,
            closed: false,
        })
    }

    /// What Gymnasium says of it.
    pub fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset_in(
        &self,
        py: Python<'_>,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<(Value, Info), Fault> {
        let keywords = PyDict::new(py);
        if let Some(seed) = seed {
            keywords.set_item(intern!(py, "seed"), seed)?;
        }
        if let Some(options) = options {
            let dict = PyDict::new(py);
            for (key, value) in options {
                dict.set_item(key, objects::to_python(py, value)?)?;
            }
            keywords.set_item(intern!(py, "options"), dict)?;
        }
        let result = call_method(self.env.bind(py), intern!(py, "reset"), (), Some(&keywords))?;
        let pair = tuple_of(&result, 2, "a tuple of observation and info")?;
        Ok((
            self.observation.decode(&*pair.get_borrowed_item(0)?)?,
            objects::info(&*pair.get_borrowed_item(1)?)?,
        ))
    }

    fn step_in(&self, py: Python<'_>, action: &Value) -> Result<Step<Value>, StepFault> {
        let action = self.action.encode(py, action).map_err(|e| StepFault("step, its action", e))?;
        let result = call(self.step.bind(py), (action,), None).map_err(|e| StepFault("step", e.into()))?;
        self.results(&result).map_err(|e| StepFault("step, what it returned", e))
    }

    fn results(&self, result: &Bound<'_, PyAny>) -> Result<Step<Value>, Fault> {
        let five = tuple_of(result, 5, "a tuple of observation, reward, terminated, truncated and info")?;
        Ok(Step {
            obs: self.observation.decode(&*five.get_borrowed_item(0)?)?,
            reward: number(&*five.get_borrowed_item(1)?)?,
            terminated: flag(&*five.get_borrowed_item(2)?)?,
            truncated: flag(&*five.get_borrowed_item(3)?)?,
            info: objects::info(&*five.get_borrowed_item(4)?)?,
        })
    }

    fn close_in(&mut self, py: Python<'_>) -> PyResult<()> {
        if !std::mem::replace(&mut self.closed, true) {
            call_method(self.env.bind(py), intern!(py, "close"), (), None)?;
        }
        Ok(())
    }
}

/// A fault, and where in a step.
struct StepFault(&'static str, Fault);

fn number(object: &Bound<'_, PyAny>) -> Result<f64, Fault> {
    object.extract().map_err(|_| SpaceError::new("a number as reward", kind(object)).into())
}

fn flag(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    match object.cast::<PyBool>() {
        Ok(flag) => Ok(flag.is_true()),
        // NumPy's, or a number.
        Err(_) => object.is_truthy(),
    }
}

impl Env for GymnasiumEnv {
    type Obs = Value;
    type Act = Value;
    type Error = GymnasiumError;

    fn observation_space(&self) -> Space {
        self.observation_space.clone()
    }

    fn action_space(&self) -> Space {
        self.action_space.clone()
    }

    fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<(Value, Info), GymnasiumError> {
        attach(|py| self.reset_in(py, seed, options).map_err(|e| e.at(py, &self.id, "reset")))
    }

    fn step(&mut self, action: &Value) -> Result<Step<Value>, GymnasiumError> {
        attach(|py| {
            self.step_in(py, action).map_err(|StepFault(during, fault)| fault.at(py, &self.id, during))
        })
    }

    /// The picture of an environment that was made with `render_mode = "rgb_array"`; one that was made without gets this mode
    /// at the first call, where it is one of its `render_modes`. `None` for any other mode.
    fn render(&mut self) -> Result<Option<Frame>, GymnasiumError> {
        attach(|py| frame::render(self.env.bind(py)).map_err(|e| e.at(py, &self.id, "render")))
    }

    /// The running statistics of the wrappers `NormalizeObservation` and `NormalizeReward`.
    fn memory(&self) -> Option<Value> {
        attach(|py| match memory::get(self.env.bind(py)) {
            Ok(memory) => memory,
            Err(error) => {
                tracing::warn!("{}: the statistics of its wrappers cannot be read: {error}", self.id);
                None
            }
        })
    }

    fn freeze(&mut self) -> Result<(), GymnasiumError> {
        attach(|py| memory::freeze(self.env.bind(py)).map_err(|e| Fault::from(e).at(py, &self.id, "freeze")))
    }

    fn set_memory(&mut self, memory: &Value) -> Result<(), SpaceError> {
        attach(|py| match memory::set(self.env.bind(py), memory) {
            Ok(()) => Ok(()),
            Err(Fault::Value(error)) => Err(error),
            Err(Fault::Python(error)) => {
                Err(SpaceError::new("statistics of its wrappers", error.to_string()))
            }
        })
    }

    fn close(&mut self) -> Result<(), GymnasiumError> {
        attach(|py| self.close_in(py).map_err(|e| Fault::from(e).at(py, &self.id, "close")))
    }
}

impl Drop for GymnasiumEnv {
    fn drop(&mut self) {
        // Nobody is left to tell where the interpreter has ended.
        Python::try_attach(|py| {
            if let Err(error) = self.close_in(py) {
                tracing::warn!("{}: close raised {error}", self.id);
            }
        });
    }
}
