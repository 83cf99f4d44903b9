//! A run in several environments as data, and back.

use std::collections::BTreeMap;

use ndarray::ArrayD;
use serde::{Deserialize, Serialize};
use sorn_env::{Element, Env, Value, VecEnv};

use super::{BatchRun, Lane, exchanged};
use crate::agent::Stream;
use crate::reservoir::{entry, json};
use crate::{Agent, AgentError, AgentState, RunError};

/// Where a run stands, apart from agent and streams.
#[derive(Serialize, Deserialize)]
struct Saved {
    next: u64,
    steps: u64,
    lanes: Vec<Option<SavedLane>>,
    /// Of each stream, those entries of the agent's `meta` that it has for itself.
    streams: Vec<BTreeMap<String, serde_json::Value>>,
}

/// An episode under way. An environment cannot be saved; its seed and its actions lead to where it is.
#[derive(Serialize, Deserialize)]
struct SavedLane {
    episode: u64,
    ret: f64,
    actions: Vec<Value>,
    /// The last observation, by which an environment is known that went elsewhere.
    seen: Value,
}

/// The entry of a saved agent that makes it a saved run.
const ENTRY: &str = "batch";

/// The name of an array that stream `index` has for itself.
fn name(index: usize, array: &str) -> String {
    format!("stream/{index}/{array}")
}

/// In writing 0 and -0 are not the same, as they are to `==`.
fn text(value: &serde_json::Value) -> String {
    value.to_string()
}

fn same(a: Option<&ArrayD<f64>>, b: &ArrayD<f64>) -> bool {
    // Bit for bit.
    a.is_some_and(|a| a.shape() == b.shape() && a.iter().zip(b).all(|(x, y)| x.to_bits() == y.to_bits()))
}

impl<'a, E> BatchRun<'a, E>
where
    E: Env,
    E::Obs: Element,
    E::Act: Element,
{
    /// The agent with all of its streams, and where every environment stands, for [`resume`](BatchRun::resume); to
    /// [`Agent::restore`] it is the agent alone. What streams have in common with the agent is there once.
    pub fn state(&mut self) -> AgentState {
        let shared = self.agent.state();
        let mut whole = shared.clone();
        let mut streams = Vec::with_capacity(self.streams.len());
        for index in 0..self.streams.len() {
            let state = exchanged(self.agent, &mut self.streams, index, |agent| agent.state());
            for (array, values) in state.arrays {
                if !same(shared.arrays.get(&array), &values) {
                    whole.arrays.insert(name(index, &array), values);
                }
            }
            let entries = state.meta.as_object().cloned().unwrap_or_default().into_iter();
            let own = entries.filter(|(key, value)| text(&shared.meta[key]) != text(value));
            streams.push(own.collect());
        }
        let lanes = self.lanes.iter().zip(&self.batch.obs).map(|(lane, obs)| {
            lane.as_ref().map(|lane| SavedLane {
                episode: lane.episode,
                ret: lane.ret,
                actions: lane.actions.clone(),
                seen: obs.to_value(),
            })
        });
        let saved = Saved { next: self.next, steps: self.steps, lanes: lanes.collect(), streams };
        whole.meta[ENTRY] = json(&saved);
        whole
    }

    /// Goes on with the run that had `state`. `agent` is what [`Agent::restore`] makes of it, `episodes` and `env_seed` are those
    /// the run was made with. Every episode under way is repeated up to where it was, from its seed and its actions.
    ///
    /// # Errors
    /// As [`new`](BatchRun::new), and [`AgentError::State`] where `state` does not fit, or an environment does not come to the
    /// observation that it had, so that it depends on more than its seed and actions.
    pub fn resume(
        envs: &'a mut VecEnv<E>,
        agent: &'a mut Agent,
        episodes: u64,
        env_seed: impl Fn(u64) -> u64 + 'a,
        state: &AgentState,
    ) -> Result<Self, RunError> {
        let mut run = BatchRun::new(envs, agent, episodes, env_seed)?;
        let saved: Saved = entry(state, ENTRY).map_err(|e| run.failed(0, e.into()))?;
        let n = run.lanes.len();
        if saved.lanes.len() != n || !(saved.streams.is_empty() || saved.streams.len() == n) {
            let found = format!("{} and {} streams", saved.lanes.len(), saved.streams.len());
            let error =
                AgentError::State { name: ENTRY.into(), expected: format!("{n} environments"), found };
            return Err(run.failed(0, error.into()));
        }
        (run.next, run.steps) = (saved.next, saved.steps);
        for (index, own) in saved.streams.into_iter().enumerate() {
            let stream = run.stream(state, index, own).map_err(|e| run.failed(index, e.into()))?;
            run.streams.push(stream);
        }
        let mut seen = Vec::with_capacity(n);
        for (lane, saved) in run.lanes.iter_mut().zip(saved.lanes) {
            let (actions, observation) = match saved {
                None => (Vec::new(), None),
                Some(SavedLane { episode, ret, actions, seen }) => {
                    *lane = Some(Lane { episode, length: 0, ret, actions: Vec::new() });
                    (actions, Some(seen))
                }
            };
            seen.push((actions, observation));
        }
        run.repeat(seen)?;
        Ok(run)
    }

    /// The stream of environment `index`, from what it has in common with the agent and what it has for itself.
    fn stream(
        &self,
        state: &AgentState,
        index: usize,
        own: BTreeMap<String, serde_json::Value>,
    ) -> Result<Stream, AgentError> {
        let mut whole = AgentState { arrays: BTreeMap::new(), meta: state.meta.clone() };
        for (array, values) in state.arrays.iter().filter(|(array, _)| !array.starts_with("stream/")) {
            let values = state.arrays.get(&name(index, array)).unwrap_or(values);
            whole.arrays.insert(array.clone(), values.clone());
        }
        own.into_iter().for_each(|(key, value)| whole.meta[key] = value);
        Ok(self.agent.restored(&self.envs.single_action_space(), &whole)?.into_stream())
    }

    /// Repeats the episodes under way: each environment's actions, and the observation that they led to.
    fn repeat(&mut self, lanes: Vec<(Vec<Value>, Option<Value>)>) -> Result<(), RunError> {
        for (index, lane) in self.lanes.iter().enumerate() {
            self.begins[index] = lane.is_some();
            self.seeds[index] = lane.as_ref().map(|lane| (self.env_seed)(lane.episode));
        }
        let reset = self.envs.reset_where(&self.begins, Some(&self.seeds), None, &mut self.batch);
        reset.map_err(|e| self.env_failed(e))?;
        let rounds = lanes.iter().map(|(actions, _)| actions.len()).max().unwrap_or(0);
        for round in 0..rounds {
            for (index, (actions, _)) in lanes.iter().enumerate() {
                let action = actions.get(round).map(E::Act::from_value).transpose();
                let refused = |e| AgentError::State {
                    name: format!("action {round} of environment {index}"),
                    expected: "an action of its space".into(),
                    found: format!("{e}"),
                };
                self.actions[index] = action.map_err(|e| self.failed(index, refused(e).into()))?;
            }
            self.envs.step_where(&self.actions, &mut self.batch).map_err(|e| self.env_failed(e))?;
            for (lane, action) in self.lanes.iter_mut().zip(&self.actions) {
                if let (Some(lane), Some(_)) = (lane, action) {
                    lane.length += 1;
                }
            }
        }
        for (index, (actions, seen)) in lanes.into_iter().enumerate() {
            let (Some(lane), Some(seen)) = (&mut self.lanes[index], seen) else { continue };
            lane.actions = actions;
            let found = self.batch.obs[index].to_value();
            if found != seen {
                let error = AgentError::State {
                    name: format!("environment {index}"),
                    expected: "the same seed and actions to lead to the same observation".into(),
                    found: "another: it depends on more than these, so that a run cannot go on in it".into(),
                };
                return Err(self.failed(index, error.into()));
            }
        }
        Ok(())
    }
}
