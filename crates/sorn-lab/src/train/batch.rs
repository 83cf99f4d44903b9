//! Training in several environments at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use sorn_agents::{Agent, AgentState, BatchRun};
use sorn_env::{
    AnyEnv, AnyEnvError, AutoresetMode, BoxError, Env, Info, Options, Space, Step, Value, VecEnv,
};

use super::{guarded, said};
use crate::outliers::Outliers;
use crate::recorder::Recorder;
use crate::{LabError, RunDir};

/// Trains `agent` in `envs`, from the state `saved` where there is one, until the recorder, made by `recorder` for the steps that
/// are done, has enough.
pub(super) fn train<'a>(
    envs: Vec<AnyEnv>,
    agent: &mut Agent,
    saved: Option<&AgentState>,
    dir: &RunDir,
    seeds: impl Fn(u64) -> u64 + Copy,
    recorder: impl FnOnce(u64, &Agent) -> Result<Recorder<'a>, LabError>,
) -> Result<Recorder<'a>, LabError> {
    let experiment = dir.experiment();
    let seed = experiment.run.seed;
    let failed = |reason: String| LabError::Run { seed, reason: format!("{}: {reason}", experiment.env.id) };
    let warned = Arc::default();
    let wrap = |env: AnyEnv| {
        let outliers = Outliers::new(&experiment.env.id, env.observation_space(), &warned);
        Caught { env, outliers }
    };
    let envs = envs.into_iter().map(wrap).collect();
    let mut envs = VecEnv::new(envs, AutoresetMode::Disabled).map_err(|e| failed(e.to_string()))?;
    let episodes = experiment.run.most_episodes();
    let run = match saved {
        None => BatchRun::new(&mut envs, agent, episodes, seeds),
        Some(state) => BatchRun::resume(&mut envs, agent, episodes, seeds, state),
    };
    let mut run = run.map_err(|e| failed(e.to_string()))?;
    let mut recorder = recorder(run.steps(), run.agent())?;
    if !recorder.enough() {
        guarded(&experiment.env.id, seed, &mut recorder, Recorder::place, seeds, |recorder| {
            loop {
                let flow = run.round(VecEnv::step_where, recorder)?;
                if recorder.on_round(|| run.state()).is_break() || flow.is_break() {
                    return Ok(());
                }
            }
        })?;
    }
    Ok(recorder)
}

/// An environment whose panics are errors, which name one environment among several.
struct Caught {
    env: AnyEnv,
    outliers: Outliers,
}

fn caught<T>(work: impl FnOnce() -> Result<T, AnyEnvError>) -> Result<T, AnyEnvError> {
    // A run in which an environment panicked is over; the environment is never used again.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(AnyEnvError(BoxError::from(format!("a panic: {}", said(&*panic))))))
}

impl Env for Caught {
    type Obs = Value;
    type Act = Value;
    type Error = AnyEnvError;

    fn observation_space(&self) -> Space {
        self.env.observation_space()
    }
    fn action_space(&self) -> Space {
        self.env.action_space()
    }
    fn reset(&mut self, seed: Option<u64>, options: Option<&Options>) -> Result<(Value, Info), AnyEnvError> {
        let begun = caught(|| self.env.reset(seed, options))?;
        self.outliers.reset(seed, &begun.0);
        Ok(begun)
    }
    fn step(&mut self, action: &Value) -> Result<Step<Value>, AnyEnvError> {
        let step = caught(|| self.env.step(action))?;
        self.outliers.step(&step.obs);
        Ok(step)
    }
}
