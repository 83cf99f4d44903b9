//! The frozen policy over some episodes.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use sorn_agents::{Agent, EpisodeEvent, Observer, StepEvent};
use sorn_env::{AnyEnv, Env, Value};
use sorn_envs::EnvSpec;
use sorn_report::stats::{mean, standard_deviation};

use crate::train::{episode_seed, guarded};
use crate::{Experiment, LabError, Progress};

/// Returns of evaluation episodes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Number of episodes.
    pub episodes: u64,
    /// Mean return.
    pub mean: f64,
    /// Standard deviation of the returns (divided by the number of episodes).
    pub sd: f64,
    /// Smallest return.
    pub min: f64,
}

/// What a run has learnt.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The agent.
    pub agent: Agent,
    /// The environment's part of it ([`Env::memory`]), e.g. the statistics of a normalising wrapper.
    pub memory: Option<Value>,
    /// Whether it is shown with greedy actions, or with actions drawn from its policy as while training.
    pub deterministic: bool,
}

impl Trained {
    /// A copy of the agent that learns nothing more.
    pub(crate) fn frozen(&self) -> Agent {
        let mut agent = self.agent.frozen();
        agent.set_sampling(!self.deterministic);
        agent
    }

    /// The environment it is evaluated in: it knows what the one of the training had learnt, and learns nothing more.
    pub(crate) fn make_env(&self, experiment: &Experiment) -> Result<(AnyEnv, EnvSpec), LabError> {
        let refuse = |reason| LabError::Config { origin: experiment.name.clone(), reason };
        let (mut env, spec) = experiment.make_env(&experiment.name)?;
        if let Some(memory) = &self.memory {
            env.set_memory(memory).map_err(|e| refuse(format!("env: {e}")))?;
        }
        env.freeze().map_err(|e| refuse(format!("env: {e}")))?;
        Ok((env, spec))
    }
}

/// Runs `episodes` episodes with a frozen copy of what was trained: nothing learns, nothing is plastic.
///
/// The environment's seeds come from `seed` by another stream than those of training. `None` where there is no episode to
/// run, or `progress` wished to stop before the last was done.
///
/// # Errors
/// [`LabError`] where the environment or the agent fails.
pub fn evaluate(
    experiment: &Experiment,
    trained: &Trained,
    episodes: u64,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Option<Evaluation>, LabError> {
    let (mut env, _) = trained.make_env(experiment)?;
    evaluate_in(experiment, &mut env, trained, (episodes, seed), Stream::AfterTraining, progress)
}

/// Where the seeds of an evaluation's episodes come from. Agents that are compared with one another while training are shown the
/// same episodes, and none of those that judge what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    AfterTraining,
    WhileTraining,
}

impl Stream {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stream::AfterTraining => "evaluation",
            Stream::WhileTraining => "evaluation while training",
        }
    }
}

/// [`evaluate`] in an environment that is there.
pub(crate) fn evaluate_in(
    experiment: &Experiment,
    env: &mut AnyEnv,
    trained: &Trained,
    (episodes, seed): (u64, u64),
    stream: Stream,
    progress: &dyn Progress,
) -> Result<Option<Evaluation>, LabError> {
    let mut returns = Returns { all: Vec::new(), not_finite: None, endless: false, step: 0, progress };
    let seeds = |episode| episode_seed(seed, stream.name(), episode);
    let name = format!("{} of {}", stream.name(), experiment.env.id);
    guarded(&name, seed, &mut returns, Returns::place, seeds, |returns| {
        sorn_agents::run(env, &mut trained.frozen(), 0..episodes, seeds, returns)
    })?;
    if let Some(ret) = returns.not_finite {
        let reason = format!("{name}: episode {}: expected a finite return, found {ret}", returns.all.len());
        return Err(LabError::Run { seed, reason });
    }
    if returns.endless {
        let reason = format!(
            "{name}: episode {}: expected an end within {ENDLESS} steps, found none; give a wrapper time_limit (env.wrappers), or \
             eval.episodes = 0",
            returns.all.len()
        );
        return Err(LabError::Run { seed, reason });
    }
    let all = (returns.all.len() as u64 == episodes).then_some(returns.all);
    Ok(all.and_then(|all| statistics(&all)))
}

/// An episode of so many steps counts as one that never ends.
const ENDLESS: u64 = 1_000_000;

struct Returns<'a> {
    all: Vec<f64>,
    /// The return that ended the evaluation: rewards whose sum exceeds the largest number.
    not_finite: Option<f64>,
    /// Whether an episode was given up.
    endless: bool,
    step: u64,
    progress: &'a dyn Progress,
}

impl Returns<'_> {
    fn place(&self) -> (u64, u64) {
        (self.all.len() as u64, self.step)
    }
}

impl Observer for Returns<'_> {
    fn on_step(&mut self, event: &StepEvent<'_>, _agent: &Agent) -> ControlFlow<()> {
        self.step = event.step + 1;
        self.endless = self.step >= ENDLESS && !event.done;
        match self.endless || self.progress.stop() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn on_episode(&mut self, event: &EpisodeEvent, _agent: &Agent) -> ControlFlow<()> {
        if !event.ret.is_finite() {
            self.not_finite = Some(event.ret);
            return ControlFlow::Break(());
        }
        self.all.push(event.ret);
        self.step = 0;
        ControlFlow::Continue(())
    }
}

fn statistics(returns: &[f64]) -> Option<Evaluation> {
    let min = returns.iter().copied().reduce(f64::min)?;
    let (mean, sd) = (mean(returns).ok()?, standard_deviation(returns).ok()?);
    Some(Evaluation { episodes: returns.len() as u64, mean, sd, min })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_returns() {
        assert_eq!(statistics(&[]), None);
        let known = Evaluation { episodes: 4, mean: 3.0, sd: 2.5_f64.sqrt(), min: 1.0 };
        assert_eq!(statistics(&[1.0, 3.0, 3.0, 5.0]).unwrap().mean, known.mean);
        assert_eq!(statistics(&[1.0, 2.0, 4.0, 5.0]), Some(known));
        let huge = Evaluation { episodes: 2, mean: 0.0, sd: 9e307, min: -9e307 };
        assert_eq!(statistics(&[9e307, -9e307]), Some(huge));
    }
}
