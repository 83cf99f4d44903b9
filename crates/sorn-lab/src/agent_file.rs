//! Agents taken out of runs as files of their own, and evaluated without them.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use sorn_agents::{Agent, FileError, FileFault};
use sorn_env::{AnyEnv, Env as _};

use crate::error::{READ, WRITE};
use crate::{
    Checkpoint, EnvConfig, EvalConfig, Experiment, LabError, RecordConfig, RunConfig, RunDir, Trained,
    run_dir,
};

/// What stands beside an agent that a run trained. Files of other programs have other notes, or none.
#[derive(Deserialize)]
struct Notes {
    #[serde(default, deserialize_with = "crate::json::deserialize")]
    env: Option<EnvConfig>,
    memory: Option<sorn_env::Value>,
}

/// Saves `trained`, what `dir` has learnt so far or had at its best, as a file that [`Agent::load`] and Python's `Agent.load` read.
/// `policy` leaves out what only learning needs: the agent then acts greedily and learns nothing more.
///
/// # Errors
/// [`LabError`] if `out` cannot be written.
pub fn export(dir: &RunDir, trained: Trained, policy: bool, out: &Path) -> Result<(), LabError> {
    let Trained { agent, memory, .. } = trained;
    let agent = if policy { agent.frozen() } else { agent };
    let notes = notes(dir.experiment(), memory.as_ref());
    agent.save_with(out, &notes).map_err(|FileError { path, fault }| match fault {
        FileFault::Io(source) => LabError::Io { path, what: WRITE, source },
        fault => LabError::damaged(&path, fault.to_string()),
    })
}

fn notes(experiment: &Experiment, memory: Option<&sorn_env::Value>) -> serde_json::Value {
    let env = crate::json::of(&experiment.env);
    json!({ "experiment": experiment.name, "env": env, "memory": memory })
}

/// The agent in `path`, and what [`Agent::load_with`] gives beside it: of a file of an agent, of a checkpoint of a run, or of the latest
/// checkpoint of a run directory.
///
/// # Errors
/// [`LabError`] naming the file or directory and what it is if it holds no agent, is damaged, or has none yet.
pub fn load_agent(path: &Path) -> Result<(Agent, serde_json::Value), LabError> {
    if run_dir::is_run(path) {
        let dir = RunDir::read(path)?;
        let Trained { agent, memory, .. } = dir.trained()?;
        return Ok((agent, notes(dir.experiment(), memory.as_ref())));
    }
    match Agent::load_with(path) {
        Ok(loaded) => Ok(loaded),
        Err(FileError { fault: FileFault::Foreign { .. }, .. }) if Checkpoint::is_one(path) => {
            let (experiment, checkpoint) = Checkpoint::read(path)?;
            let (env, _) = experiment.make_env(&path.display().to_string())?;
            let agent = checkpoint.agent(&experiment, &env, path)?;
            Ok((agent, notes(&experiment, checkpoint.memory.as_ref())))
        }
        Err(FileError { path, fault: FileFault::Io(source) }) => {
            Err(LabError::Io { path, what: READ, source })
        }
        Err(FileError { path, fault }) => Err(LabError::damaged(&path, fault.to_string())),
    }
}

/// The agent that [`load_agent`] finds in `path`, and an experiment that evaluates it in the environment `env`, or in the one it was trained in if the
/// file names one.
///
/// # Errors
/// [`LabError`] naming the file if it is no agent, names no environment, or if the environment's spaces are others than the agent's.
pub fn read_agent(path: &Path, env: Option<&str>) -> Result<(Experiment, Trained), LabError> {
    let (agent, notes) = load_agent(path)?;
    let noted: Option<Notes> = serde_json::from_value(notes).ok();
    let (noted_env, memory) = noted.map_or((None, None), |notes| (notes.env, notes.memory));
    let same = |config: &EnvConfig| env.is_none_or(|id| config.id == id);
    let (env, memory) = match (noted_env.filter(same), env) {
        (Some(config), _) => (config, memory),
        (None, Some(id)) => {
            let (kwargs, observe, wrappers) = Default::default();
            (EnvConfig { id: id.into(), kwargs, observe, wrappers }, None)
        }
        (None, None) => {
            let reason = "names no environment: give one with --env, e.g. --env CartPole-v1";
            return Err(LabError::damaged(path, reason));
        }
    };
    let experiment = Experiment {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        question: String::new(),
        env,
        agent: agent.config().clone(),
        run: RunConfig { seed: agent.seed(), ..RunConfig::default() },
        eval: EvalConfig::default(),
        record: RecordConfig::default(),
    };
    let origin = path.display().to_string();
    let (made, _) = experiment.make_env(&origin)?;
    check(&agent, &made).map_err(|source| LabError::Agent { origin, source })?;
    Ok((experiment, Trained { agent, memory, deterministic: true }))
}

fn check(agent: &Agent, env: &AnyEnv) -> Result<(), sorn_agents::AgentError> {
    agent.check_spaces(&env.observation_space(), &env.action_space())
}
