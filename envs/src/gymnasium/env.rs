//! [`GymnasiumEnv`]: one Python environment.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sorn_env::{Env, Frame, Info, Options, Space, SpaceError, Step, Value};

use super::attach::attach;
use super::call::{call, call_method};
use super::codec::{Codec, tuple_of};
use super::error::{Fault, GymnasiumError};
use super::result::{flag, reward};
use super::twin::{Recipe, Reset};
use super::watch::{Call, name};
use super::{frame, initialize, making, memory, objects};
use crate::{EnvSpec, Kwargs, PythonWrapper};

/// An environment of Python's Gymnasium, or of any package that registers with it.
///
/// Observations, rewards, flags and time limits are those of Python. Observations of another type than the space's are converted
/// as Gymnasium's vector environments do; another shape is an error. An action of another kind, shape or type is an error, and so
/// is one outside Discrete, MultiDiscrete and MultiBinary spaces, or NaN; the bounds of a Box are the environment's affair.
/// A MultiDiscrete space that starts elsewhere is one that starts at 0 here: its element `i` is Python's `start + i`. One of
/// several dimensions is one of one dimension here, in C order.
pub struct GymnasiumEnv {
    id: &'static str,
    env: Py<PyAny>,
    /// Its bound method.
    step: Py<PyAny>,
    observation: Codec,
    action: Codec,
    observation_space: Space,
    action_space: Space,
    spec: EnvSpec,
    closed: bool,
    /// How it was made, if it was made here.
    recipe: Option<Recipe>,
    /// The last reset, until a step follows.
    fresh: Option<Reset>,
    frozen: bool,
}

impl GymnasiumEnv {
    /// `gymnasium.make(id, **kwargs)` inside `wrappers`, the innermost first.
    ///
    /// `id` is one of Gymnasium's, alone (`CartPole-v1`), after `gymnasium:`, or after the module that registers it
    /// (`ale_py:ALE/Pong-v5`); or, after its module, a class derived from `gymnasium.Env` or a
    /// function that makes an environment, which need not be registered (`my_robot:Arm`). Starts an interpreter where none runs, see [`initialize`].
    ///
    /// # Errors
    /// [`GymnasiumError`]: no interpreter, what Python raises (an unknown id, a keyword argument), a wrapper that cannot be had,
    /// or a space that is none of [`Space`]'s.
    pub fn make(id: &str, kwargs: &Kwargs, wrappers: &[PythonWrapper]) -> Result<Self, GymnasiumError> {
        Self::make_observing(id, kwargs, wrappers, &[])
    }

    /// [`make`](GymnasiumEnv::make), of whose observations, elements of a Dict space, the members `observe` are kept, in the order
    /// of the space; all if `observe` is empty. Members that are left out may be of any space.
    ///
    /// # Errors
    /// Those of [`make`](GymnasiumEnv::make), and [`GymnasiumError::Value`] if there is no such member or the space is no Dict.
    pub fn make_observing(
        id: &str,
        kwargs: &Kwargs,
        wrappers: &[PythonWrapper],
        observe: &[String],
    ) -> Result<Self, GymnasiumError> {
        initialize(None)?;
        attach(|py| {
            let (env, spec) = {
                let _call = Call::enter(name(id), "gymnasium.make");
                let made = making::one_at_a_time(py, || making::make(py, id, kwargs, wrappers));
                made.map_err(|e| e.at(py, id, "gymnasium.make"))?
            };
            let mut made = Self::adopt(&env, spec, observe)?;
            made.closed = false;
            made.recipe = Some(Recipe { kwargs: kwargs.clone(), wrappers: wrappers.to_vec() });
            Ok(made)
        })
    }

    /// Wraps an existing environment. The caller that made it must close it.
    ///
    /// # Errors
    /// [`GymnasiumError`] if a space has no equivalent [`Space`], or the object is not a Gymnasium environment.
    pub fn from_python(env: &Bound<'_, PyAny>) -> Result<Self, GymnasiumError> {
        Self::from_python_observing(env, &[])
    }

    /// [`from_python`](GymnasiumEnv::from_python), of whose observations the members `observe` are kept as
    /// [`make_observing`](GymnasiumEnv::make_observing) does.
    ///
    /// # Errors
    /// Those of [`from_python`](GymnasiumEnv::from_python), and if there is no such member or the space is no Dict.
    pub fn from_python_observing(env: &Bound<'_, PyAny>, observe: &[String]) -> Result<Self, GymnasiumError> {
        let spec = making::spec(&env.to_string(), env);
        let spec = spec.map_err(|e| Fault::from(e).at(env.py(), "environment", "spec"))?;
        Self::adopt(env, spec, observe)
    }

    fn adopt(env: &Bound<'_, PyAny>, spec: EnvSpec, observe: &[String]) -> Result<Self, GymnasiumError> {
        let py = env.py();
        let space = |name: &'static str, observe: &[String]| {
            let known = env.getattr(name).map_err(Fault::from);
            let known = known.and_then(|space| Codec::observing(name, &space, observe));
            known.map_err(|e| e.at(py, &spec.id, name))
        };
        let (observation, observation_space) = space("observation_space", observe)?;
        let (action, action_space) = space("action_space", &[])?;
        let step = env.getattr("step").map_err(|e| Fault::from(e).at(py, &spec.id, "step"))?;
        Ok(GymnasiumEnv {
            id: name(&spec.id),
            env: env.clone().unbind(),
            step: step.unbind(),
            observation,
            action,
            observation_space,
            action_space,
            spec,
            // The caller that made it closes it.
            closed: true,
            recipe: None,
            fresh: None,
            frozen: false,
        })
    }

    /// Gymnasium's specification of the environment.
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
        let _call = Call::enter(self.id, "reset");
        let result = call_method(self.env.bind(py), intern!(py, "reset"), (), Some(&keywords))?;
        let pair = tuple_of(&result, 2, "a tuple of observation and info")?;
        Ok((
            self.observation.decode(&*pair.get_borrowed_item(0)?)?,
            objects::info(&*pair.get_borrowed_item(1)?)?,
        ))
    }

    fn step_in(&self, py: Python<'_>, action: &Value) -> Result<Step<Value>, StepFault> {
        let action = self.action.encode(py, action).map_err(|e| StepFault("step, its action", e))?;
        let _call = Call::enter(self.id, "step");
        let result = call(self.step.bind(py), (action,), None).map_err(|e| StepFault("step", e.into()))?;
        self.results(&result).map_err(|e| StepFault("step, what it returned", e))
    }

    fn results(&self, result: &Bound<'_, PyAny>) -> Result<Step<Value>, Fault> {
        let five = tuple_of(result, 5, "a tuple of observation, reward, terminated, truncated and info")?;
        Ok(Step {
            obs: self.observation.decode(&*five.get_borrowed_item(0)?)?,
            reward: reward(&*five.get_borrowed_item(1)?)?,
            terminated: flag("terminated", &*five.get_borrowed_item(2)?)?,
            truncated: flag("truncated", &*five.get_borrowed_item(3)?)?,
            info: objects::info(&*five.get_borrowed_item(4)?)?,
        })
    }

    /// Puts an environment that draws itself in the place of one that does not, if it can be made as it is.
    fn draw_itself(&mut self, py: Python<'_>) -> Result<(), Fault> {
        let (Some(recipe), Some(reset)) = (&self.recipe, &self.fresh) else { return Ok(()) };
        if reset.seed.is_none() || !frame::is_asked_first(self.env.bind(py))? {
            return Ok(());
        }
        let made = making::one_at_a_time(py, || recipe.make_drawing(py, self.id));
        let Ok((twin, _)) = made else { return Ok(()) };
        let old = std::mem::replace(&mut self.env, twin.clone().unbind());
        let step = std::mem::replace(&mut self.step, twin.getattr("step")?.unbind());
        let again = self.reset_in(py, reset.seed, reset.options.as_ref());
        let again = again.and_then(|_| {
            if let Some(statistics) = memory::get(old.bind(py))? {
                memory::set(&twin, &statistics)?;
            }
            if self.frozen { Ok(memory::freeze(&twin)?) } else { Ok(()) }
        });
        let unused = match again {
            Ok(()) => old,
            Err(_) => {
                self.step = step;
                std::mem::replace(&mut self.env, old)
            }
        };
        let _call = Call::enter(self.id, "close");
        call_method(unused.bind(py), intern!(py, "close"), (), None)?;
        Ok(())
    }

    fn close_in(&mut self, py: Python<'_>) -> PyResult<()> {
        if !std::mem::replace(&mut self.closed, true) {
            let _call = Call::enter(self.id, "close");
            call_method(self.env.bind(py), intern!(py, "close"), (), None)?;
        }
        Ok(())
    }
}

/// A fault, and where in a step.
struct StepFault(&'static str, Fault);

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
        self.fresh = Some(Reset { seed, options: options.cloned() });
        attach(|py| self.reset_in(py, seed, options).map_err(|e| e.at(py, self.id, "reset")))
    }

    fn step(&mut self, action: &Value) -> Result<Step<Value>, GymnasiumError> {
        self.fresh = None;
        attach(|py| {
            self.step_in(py, action).map_err(|StepFault(during, fault)| fault.at(py, self.id, during))
        })
    }

    /// The picture of an environment that was made with `render_mode = "rgb_array"`. One that was made without, though this mode is
    /// one of its `render_modes`, is made again with it if it was made here and reset with a seed just before, and gets the mode
    /// as an attribute else. `None` for any other mode, and if the environment does not implement `render`.
    fn render(&mut self) -> Result<Option<Frame>, GymnasiumError> {
        attach(|py| {
            let drawn = self.draw_itself(py).and_then(|()| {
                let _call = Call::enter(self.id, "render");
                frame::render(self.env.bind(py))
            });
            drawn.map_err(|e| e.at(py, self.id, "render"))
        })
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
        self.frozen = true;
        attach(|py| memory::freeze(self.env.bind(py)).map_err(|e| Fault::from(e).at(py, self.id, "freeze")))
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
        attach(|py| self.close_in(py).map_err(|e| Fault::from(e).at(py, self.id, "close")))
    }
}

impl Drop for GymnasiumEnv {
    fn drop(&mut self) {
        // If the interpreter has ended, the error cannot be reported.
        Python::try_attach(|py| {
            if let Err(error) = self.close_in(py) {
                tracing::warn!("{}: close raised {error}", self.id);
            }
        });
    }
}
