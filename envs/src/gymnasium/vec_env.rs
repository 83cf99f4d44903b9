//! [`GymnasiumVecEnv`]: a batch of environments that Gymnasium itself runs.

use numpy::PyArray1;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use sorn_env::{AutoresetMode, Batch, Data, Dtype, Info, Options, Space, SpaceError, Value};

use super::attach::attach;
use super::call::call_method;
use super::codec::{Codec, tuple_of};
use super::decode::numbers;
use super::error::{Fault, GymnasiumError};
use super::making::{self, Unmade};
use super::{initialize, objects};
use crate::{EnvSpec, Kwargs, PythonWrapper};

/// Where the environments of a batch run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vectorization {
    /// One after the other, in this process: Gymnasium's `SyncVectorEnv`.
    #[default]
    Sync,
    /// Each in a process of its own: Gymnasium's `AsyncVectorEnv`. The processes are started afresh ("spawn"), as forking a
    /// process with threads is not safe.
    Async,
}

/// A batch of environments of Python's Gymnasium, with the methods of [`VecEnv`](sorn_env::VecEnv).
///
/// The infos are those of the single environments, put apart again.
pub struct GymnasiumVecEnv {
    id: String,
    env: Py<PyAny>,
    num_envs: usize,
    observation: Codec,
    action: Codec,
    observation_space: Space,
    action_space: Space,
    spec: EnvSpec,
    closed: bool,
}

fn mode_name(mode: AutoresetMode) -> &'static str {
    match mode {
        AutoresetMode::NextStep => "NEXT_STEP",
        AutoresetMode::SameStep => "SAME_STEP",
        AutoresetMode::Disabled => "DISABLED",
    }
}

fn make_vec<'py>(
    py: Python<'py>,
    id: &str,
    (kwargs, wrappers): (&Kwargs, &[PythonWrapper]),
    num_envs: usize,
    mode: AutoresetMode,
    vectorization: Vectorization,
) -> Result<(Bound<'py, PyAny>, EnvSpec), Unmade> {
    let gymnasium = py.import("gymnasium")?;
    let modes = py.import("gymnasium.vector")?.getattr("AutoresetMode")?;
    let vector_kwargs = PyDict::new(py);
    vector_kwargs.set_item("autoreset_mode", modes.getattr(mode_name(mode))?)?;
    if vectorization == Vectorization::Async {
        vector_kwargs.set_item("context", "spawn")?;
    }
    let partial = py.import("functools")?.getattr("partial")?;
    let wrap = |(index, wrapper)| {
        let (class, kwargs) = making::wrapper_class(py, index, wrapper)?;
        Ok(partial.call((class,), Some(&kwargs))?)
    };
    let wrappers = wrappers.iter().enumerate().map(wrap).collect::<Result<Vec<_>, Unmade>>()?;

    let keywords = objects::keywords(py, kwargs)?;
    keywords.set_item("num_envs", num_envs)?;
    let vectorization = if vectorization == Vectorization::Sync { "sync" } else { "async" };
    keywords.set_item("vectorization_mode", vectorization)?;
    keywords.set_item("vector_kwargs", vector_kwargs)?;
    keywords.set_item("wrappers", PyList::new(py, wrappers)?)?;
    let env = gymnasium.call_method("make_vec", (making::makeable(py, id)?,), Some(&keywords))?;
    let spec = making::spec(id, &env)?;
    Ok((env, spec))
}

impl GymnasiumVecEnv {
    /// `num_envs` environments `id`, made as [`GymnasiumEnv::make`](super::GymnasiumEnv::make) does.
    ///
    /// # Errors
    /// [`GymnasiumError`]: no interpreter, what Python raises, or a space that is none of [`Space`]'s.
    pub fn make(
        id: &str,
        kwargs: &Kwargs,
        wrappers: &[PythonWrapper],
        num_envs: usize,
        mode: AutoresetMode,
        vectorization: Vectorization,
    ) -> Result<Self, GymnasiumError> {
        initialize(None)?;
        attach(|py| {
            let make = || make_vec(py, id, (kwargs, wrappers), num_envs, mode, vectorization);
            let made = making::one_at_a_time(py, make);
            let (env, spec) = made.map_err(|e| e.at(py, id, "gymnasium.make_vec"))?;
            let space = |name: &'static str| {
                let known = env.getattr(name).map_err(Fault::from);
                let known = known.and_then(|space| Codec::observing(name, &space, &[]));
                known.map_err(|e| e.at(py, id, name))
            };
            let (observation, observation_space) = space("single_observation_space")?;
            let (action, action_space) = space("single_action_space")?;
            Ok(GymnasiumVecEnv {
                id: id.into(),
                env: env.unbind(),
                num_envs,
                observation,
                action,
                observation_space,
                action_space,
                spec,
                closed: false,
            })
        })
    }

    /// How many environments.
    pub fn num_envs(&self) -> usize {
        self.num_envs
    }

    /// The observation space of each environment.
    pub fn single_observation_space(&self) -> Space {
        self.observation_space.clone()
    }

    /// The action space of each environment.
    pub fn single_action_space(&self) -> Space {
        self.action_space.clone()
    }

    /// What Gymnasium says of it.
    pub fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    /// Begins an episode in every environment. The `i`-th gets the seed `seed + i`; without a seed, the generators go on.
    ///
    /// # Errors
    /// [`GymnasiumError`].
    pub fn reset(
        &mut self,
        seed: Option<u64>,
        options: Option<&Options>,
    ) -> Result<Batch<Value>, GymnasiumError> {
        let n = self.num_envs;
        let (obs, infos) = attach(|py| {
            let reset = || {
                let keywords = PyDict::new(py);
                keywords.set_item("seed", seed)?;
                self.call_reset(keywords, options)
            };
            reset().map_err(|e| e.at(py, &self.id, "reset"))
        })?;
        Ok(Batch {
            obs,
            infos,
            rewards: vec![0.0; n],
            terminated: vec![false; n],
            truncated: vec![false; n],
            final_obs: vec![None; n],
            final_infos: vec![None; n],
        })
    }

    /// Begins an episode in the environments whose `mask` is true; `seeds`, where given, has one entry per environment. For the
    /// mode [`AutoresetMode::Disabled`].
    ///
    /// # Errors
    /// [`GymnasiumError`], also for a slice or batch of another length than the number of environments.
    pub fn reset_where(
        &mut self,
        mask: &[bool],
        seeds: Option<&[Option<u64>]>,
        options: Option<&Options>,
        batch: &mut Batch<Value>,
    ) -> Result<(), GymnasiumError> {
        attach(|py| {
            let mut reset = || -> Result<(), Fault> {
                self.same_length("mask", mask.len())?;
                self.same_length("seeds", seeds.map_or(mask.len(), <[_]>::len))?;
                self.same_length("batch", batch.obs.len())?;
                if !mask.contains(&true) {
                    return Ok(());
                }
                let keywords = PyDict::new(py);
                keywords.set_item("seed", seeds.map(<[_]>::to_vec))?;
                let dict = PyDict::new(py);
                dict.set_item("reset_mask", PyArray1::from_slice(py, mask))?;
                keywords.set_item("options", dict)?;
                let (obs, infos) = self.call_reset(keywords, options)?;
                let new = obs.into_iter().zip(infos).enumerate();
                for (i, (obs, info)) in new.filter(|(i, _)| mask[*i]) {
                    (batch.obs[i], batch.infos[i]) = (obs, info);
                    (batch.terminated[i], batch.truncated[i]) = (false, false);
                }
                Ok(())
            };
            reset().map_err(|e| e.at(py, &self.id, "reset"))
        })
    }

    /// `reset(**keywords)`, with `options` added to those that are there.
    fn call_reset(
        &self,
        keywords: Bound<'_, PyDict>,
        options: Option<&Options>,
    ) -> Result<(Vec<Value>, Vec<Info>), Fault> {
        let py = keywords.py();
        if let Some(options) = options {
            let dict = match keywords.get_item("options")? {
                Some(dict) => dict.cast_into::<PyDict>().map_err(PyErr::from)?,
                None => PyDict::new(py),
            };
            for (key, value) in options {
                dict.set_item(key, objects::to_python(py, value)?)?;
            }
            keywords.set_item("options", dict)?;
        }
        let result = call_method(self.env.bind(py), intern!(py, "reset"), (), Some(&keywords))?;
        let pair = tuple_of(&result, 2, "a tuple of observations and infos")?;
        let obs = self.observation.decode_batch(&*pair.get_borrowed_item(0)?, self.num_envs)?;
        Ok((obs, apart(&*pair.get_borrowed_item(1)?, self.num_envs)?))
    }

    /// Applies one action to each environment and overwrites `batch`. After an error the batch is to be reset.
    ///
    /// # Errors
    /// [`GymnasiumError`], also for a slice or batch of another length than the number of environments.
    pub fn step(&mut self, actions: &[Value], batch: &mut Batch<Value>) -> Result<(), GymnasiumError> {
        attach(|py| self.step_in(py, actions, batch).map_err(|fault| fault.at(py, &self.id, "step")))
    }

    fn step_in(&self, py: Python<'_>, actions: &[Value], batch: &mut Batch<Value>) -> Result<(), Fault> {
        let n = self.num_envs;
        self.same_length("actions", actions.len())?;
        self.same_length("batch", batch.obs.len())?;
        let actions: Vec<&Value> = actions.iter().collect();
        let actions = self.action.encode_batch(py, &actions)?;
        let result = call_method(self.env.bind(py), intern!(py, "step"), (actions,), None)?;
        let five =
            tuple_of(&result, 5, "a tuple of observations, rewards, terminations, truncations and infos")?;
        batch.obs = self.observation.decode_batch(&*five.get_borrowed_item(0)?, n)?;
        if let Data::F64(rewards) = numbers(&*five.get_borrowed_item(1)?, Dtype::F64, &[n])? {
            batch.rewards = rewards;
        }
        batch.terminated = flags(&*five.get_borrowed_item(2)?, n)?;
        batch.truncated = flags(&*five.get_borrowed_item(3)?, n)?;
        let infos = five.get_borrowed_item(4)?;
        batch.infos = apart(&infos, n)?;
        batch.final_obs.fill(None);
        batch.final_infos.fill(None);
        let infos = infos.cast::<PyDict>().map_err(PyErr::from)?;
        if let (Some(all), Some(mask)) = (infos.get_item("final_obs")?, infos.get_item("_final_obs")?) {
            let ended = flags(&mask, n)?;
            let mut final_infos = match infos.get_item("final_info")? {
                Some(all) => apart(&all, n)?,
                None => vec![Info::new(); n],
            };
            for i in (0..n).filter(|&i| ended[i]) {
                batch.final_obs[i] = Some(self.observation.decode(&all.get_item(i)?)?);
                batch.final_infos[i] = Some(std::mem::take(&mut final_infos[i]));
            }
        }
        Ok(())
    }

    /// Closes every environment, and ends its process where it has one.
    ///
    /// # Errors
    /// [`GymnasiumError`].
    pub fn close(&mut self) -> Result<(), GymnasiumError> {
        attach(|py| self.close_in(py).map_err(|e| Fault::from(e).at(py, &self.id, "close")))
    }

    fn close_in(&mut self, py: Python<'_>) -> PyResult<()> {
        if !std::mem::replace(&mut self.closed, true) {
            call_method(self.env.bind(py), intern!(py, "close"), (), None)?;
        }
        Ok(())
    }

    fn same_length(&self, what: &str, found: usize) -> Result<(), SpaceError> {
        if found == self.num_envs {
            return Ok(());
        }
        let expected = format!("{}, one per environment", self.num_envs);
        Err(SpaceError::new(expected, found.to_string()).at(what))
    }
}

impl Drop for GymnasiumVecEnv {
    fn drop(&mut self) {
        Python::try_attach(|py| {
            if let Err(error) = self.close_in(py) {
                tracing::warn!("{}: close raised {error}", self.id);
            }
        });
    }
}

fn flags(array: &Bound<'_, PyAny>, n: usize) -> Result<Vec<bool>, Fault> {
    match numbers(array, Dtype::U8, &[n])? {
        Data::U8(flags) => Ok(flags.into_iter().map(|flag| flag != 0).collect()),
        _ => unreachable!("numbers() gives the type asked for"),
    }
}

/// The infos of the single environments: an entry `name` is one per environment, and `_name` says which have it.
fn apart(infos: &Bound<'_, PyAny>, n: usize) -> Result<Vec<Info>, Fault> {
    let mut all = vec![Info::new(); n];
    let infos = infos.cast::<PyDict>().map_err(PyErr::from)?;
    for (key, column) in infos {
        let name = key.str()?.to_string_lossy().into_owned();
        let Some(mask) = infos.get_item(format!("_{name}"))? else { continue };
        if name == "final_obs" || name == "final_info" {
            continue;
        }
        let has = flags(&mask, n)?;
        let mut nested = match column.is_instance_of::<PyDict>() {
            true => Some(apart(&column, n)?),
            false => None,
        };
        for i in (0..n).filter(|&i| has[i]) {
            let value = match &mut nested {
                Some(maps) => Value::Map(std::mem::take(&mut maps[i])),
                None => {
                    let item = column.get_item(i)?;
                    if item.is_none() {
                        continue;
                    }
                    objects::value(&item, 0)?
                }
            };
            all[i].insert(name.clone(), value);
        }
    }
    Ok(all)
}
