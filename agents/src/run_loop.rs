//! The one loop between an environment and an agent.

use std::error::Error;
use std::ops::{ControlFlow, Range};

use sorn_env::{Element, Env, Value};

use crate::{Agent, AgentError};

/// A step that was taken.
#[derive(Clone, Copy, Debug)]
pub struct StepEvent<'a> {
    /// The environment of a batch whose step it is; 0 where there is one.
    pub env: usize,
    /// Number of the episode.
    pub episode: u64,
    /// Number of the step in its episode, from 0.
    pub step: u64,
    /// The action.
    pub action: &'a Value,
    /// The environment's reward.
    pub reward: f64,
    /// Whether the episode is over, one way or the other.
    pub done: bool,
}

/// An episode that ended.
#[derive(Clone, Copy, Debug)]
pub struct EpisodeEvent {
    /// The environment of a batch whose episode it was; 0 where there is one.
    pub env: usize,
    /// Number of the episode, in the order in which they begin.
    pub episode: u64,
    /// Sum of rewards.
    pub ret: f64,
    /// Number of steps.
    pub length: u64,
}

/// Looks on; `Break` ends the run.
pub trait Observer {
    /// After each step.
    fn on_step(&mut self, event: &StepEvent<'_>, agent: &Agent) -> ControlFlow<()> {
        let _ = (event, agent);
        ControlFlow::Continue(())
    }
    /// After each episode; the agent stands between two episodes.
    fn on_episode(&mut self, event: &EpisodeEvent, agent: &Agent) -> ControlFlow<()>;
}

/// A run that failed: where, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}episode {episode}, step {step} (environment seed {env_seed}): {source}", place(*env))]
pub struct RunError {
    /// The environment of a batch; `None` where there is one.
    pub env: Option<usize>,
    /// Number of the episode.
    pub episode: u64,
    /// Steps of the episode that were done.
    pub step: u64,
    /// Seed with which the episode's environment was reset.
    pub env_seed: u64,
    /// What failed.
    pub source: RunErrorKind,
}

fn place(env: Option<usize>) -> String {
    env.map_or_else(String::new, |env| format!("environment {env}, "))
}

/// What failed in a run.
#[derive(Debug, thiserror::Error)]
pub enum RunErrorKind {
    /// The environment.
    #[error("the environment failed: {0}")]
    Env(Box<dyn Error + Send + Sync>),
    /// The agent, often for an observation it cannot take.
    #[error(transparent)]
    Agent(#[from] AgentError),
}

/// Runs `episodes` with `env` and `agent`. Each episode resets the environment with the seed that `env_seed` gives for its
/// number, so a run may begin at any episode.
///
/// # Errors
/// [`RunError`] where the environment or the agent fails.
pub fn run<E>(
    env: &mut E,
    agent: &mut Agent,
    episodes: Range<u64>,
    env_seed: impl Fn(u64) -> u64,
    observer: &mut dyn Observer,
) -> Result<(), RunError>
where
    E: Env,
    E::Obs: Element,
    E::Act: Element,
{
    for episode in episodes {
        let seed = env_seed(episode);
        let (mut length, mut ret) = (0, 0.0);
        let failed = |step, source| RunError { env: None, episode, step, env_seed: seed, source };
        let env_failed = |step, e: E::Error| failed(step, RunErrorKind::Env(Box::new(e)));

        let (obs, _info) = env.reset(Some(seed), None).map_err(|e| env_failed(0, e))?;
        let mut action = agent.begin(&obs).map_err(|e| failed(0, e.into()))?;
        loop {
            let act = E::Act::from_value(&action)
                .map_err(|e| failed(length, RunErrorKind::Env(format!("action: {e}").into())))?;
            let step = env.step(&act).map_err(|e| env_failed(length, e))?;
            agent
                .observe(step.reward, step.terminated, step.truncated, &step.obs)
                .map_err(|e| failed(length, e.into()))?;
            let done = step.terminated || step.truncated;
            let event =
                StepEvent { env: 0, episode, step: length, action: &action, reward: step.reward, done };
            length += 1;
            ret += step.reward;
            if observer.on_step(&event, agent).is_break() {
                return Ok(());
            }
            if done {
                break;
            }
            action = agent.act().map_err(|e| failed(length, e.into()))?;
        }
        if observer.on_episode(&EpisodeEvent { env: 0, episode, ret, length }, agent).is_break() {
            return Ok(());
        }
    }
    Ok(())
}
