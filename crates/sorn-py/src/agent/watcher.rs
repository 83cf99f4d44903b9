//! What follows a run of `Agent.learn`, and how it can fail.

use std::ops::ControlFlow;

use pyo3::exceptions::PyImportError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sorn_lab::sorn_agents::{self, EpisodeEvent, Observer, RunError, RunErrorKind, StepEvent};
use sorn_lab::sorn_envs::gymnasium::{GymnasiumError, call, call_method};

use super::Agent;
use crate::error::value_error;

/// Follows a run of `learn`.
pub(super) struct Watcher<'a, 'py> {
    pub(super) agent: &'a Bound<'py, Agent>,
    pub(super) callback: Option<&'a Bound<'py, PyAny>>,
    pub(super) bar: Option<&'a Bound<'py, PyAny>>,
    pub(super) limit: u64,
    pub(super) steps: u64,
    pub(super) failure: Option<PyErr>,
}

/// A progress bar of tqdm's.
pub(super) fn bar(py: Python<'_>, total: u64) -> PyResult<Bound<'_, PyAny>> {
    let tqdm = py.import("tqdm").map_err(|error| {
        let needed = PyImportError::new_err("progress_bar: tqdm is needed for this: pip install tqdm");
        needed.set_cause(py, Some(error));
        needed
    })?;
    let keywords = PyDict::new(py);
    keywords.set_item("total", total)?;
    call(&tqdm.getattr("tqdm")?, (), Some(&keywords))
}

impl Watcher<'_, '_> {
    /// Whether to go on, which a callback is asked.
    fn tell(&self, episode: u64, reward: f64, ret: Option<f64>) -> PyResult<bool> {
        let Some(callback) = self.callback else { return Ok(true) };
        let event = PyDict::new(callback.py());
        event.set_item("num_timesteps", self.agent.try_borrow()?.timesteps)?;
        event.set_item("episode", episode)?;
        match ret {
            None => event.set_item("reward", reward)?,
            Some(ret) => event.set_item("episode_return", ret)?,
        }
        let answer = call(callback, (event,), None)?;
        Ok(answer.is_none() || answer.is_truthy()?)
    }

    fn step(&mut self, event: &StepEvent<'_>) -> PyResult<bool> {
        self.steps += 1;
        {
            let mut agent = self.agent.try_borrow_mut()?;
            agent.timesteps += 1;
            agent.episodes = event.episode + 1;
        }
        let go_on = self.tell(event.episode, event.reward, None)?;
        // An episode that ends with the last step is still to be counted.
        Ok(go_on && (event.done || self.steps < self.limit))
    }

    fn episode(&mut self, event: &EpisodeEvent, now: &sorn_agents::Agent) -> PyResult<bool> {
        {
            let mut agent = self.agent.try_borrow_mut()?;
            agent.returns.push(event.ret);
            agent.lengths.push(event.length);
            if self.callback.is_some() {
                agent.inner = now.clone();
                agent.frozen.clear();
            }
        }
        if let Some(bar) = self.bar {
            call_method(bar, intern!(bar.py(), "update"), (event.length,), None)?;
        }
        Ok(self.tell(event.episode, 0.0, Some(event.ret))? && self.steps < self.limit)
    }

    fn flow(&mut self, go_on: PyResult<bool>) -> ControlFlow<()> {
        match go_on {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl Observer for Watcher<'_, '_> {
    fn on_step(&mut self, event: &StepEvent<'_>, _agent: &sorn_agents::Agent) -> ControlFlow<()> {
        let go_on = self.step(event);
        self.flow(go_on)
    }

    fn on_episode(&mut self, event: &EpisodeEvent, agent: &sorn_agents::Agent) -> ControlFlow<()> {
        let go_on = self.episode(event, agent);
        self.flow(go_on)
    }
}

/// An exception of the environment's is raised as it was; anything else is a `ValueError`.
pub(super) fn env_error(error: GymnasiumError) -> PyErr {
    match error {
        GymnasiumError::Python { exception, .. } => exception.error,
        GymnasiumError::Wrapper { fault, .. } => fault.error,
        other => value_error(other),
    }
}

pub(super) fn run_error(error: RunError) -> PyErr {
    let RunError { env: _, episode, step, env_seed, source } = error;
    let at = format!("episode {episode}, step {step} (environment seed {env_seed})");
    match source {
        RunErrorKind::Env(source) => match source.downcast::<GymnasiumError>() {
            Ok(error) => match *error {
                GymnasiumError::Python { exception, .. } => exception.error,
                other => value_error(format!("{at}: {other}")),
            },
            Err(other) => value_error(format!("{at}: {other}")),
        },
        RunErrorKind::Agent(error) => value_error(format!("{at}: {error}")),
    }
}
