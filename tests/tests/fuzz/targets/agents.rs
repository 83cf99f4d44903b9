//! An agent's file.

use std::path::Path;

use serde_json::Value;
use sorn_lab::RunDir;
use sorn_lab::sorn_agents::{Agent, AgentState};

use super::{Damaged, Mutate, Target, flip, named, runs};
use crate::mutate;

pub(super) fn damaged(dir: &Path) -> Box<dyn Target> {
    with(dir, mutate::bytes)
}

pub(super) fn flipped(dir: &Path) -> Box<dyn Target> {
    with(dir, flip)
}

fn with(dir: &Path, mutate: Mutate) -> Box<dyn Target> {
    let (_, run) = runs::run(dir);
    let run = RunDir::read(&run).unwrap_or_else(|e| panic!("{e}"));
    let mut seeds = Vec::new();
    let mut known: Vec<(AgentState, Value)> = Vec::new();
    for (name, policy) in [("whole.agent", false), ("policy.agent", true)] {
        let path = dir.join(name);
        sorn_lab::export(&run, run.trained().unwrap_or_else(|e| panic!("{e}")), policy, &path)
            .unwrap_or_else(|e| panic!("{e}"));
        seeds.push(runs::read(&path));
        let (agent, notes) = Agent::load_with(&path).unwrap_or_else(|e| panic!("{e}"));
        known.push((agent.state(), notes));
    }
    let look = Box::new(move |path: &Path| match Agent::load_with(path) {
        Err(error) => named(&error, path),
        Ok((agent, notes)) if known.contains(&(agent.state(), notes.clone())) => Ok(()),
        Ok(_) => Err("accepted, and another than was saved".into()),
    });
    Box::new(Damaged { path: dir.join("input.agent"), seeds, mutate, look })
}
