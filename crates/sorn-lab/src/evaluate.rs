//! The frozen greedy policy over some episodes.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use sorn_agents::{Agent, EpisodeEvent, Observer, StepEvent};

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

/// Runs `episodes` episodes with a frozen copy of `agent`: a greedy policy, nothing learns, nothing is plastic.
///
/// The environment's seeds come from `seed` by another stream than those of training. `None` where there is no episode to
/// run, or `progress` wished to stop before the last was done.
///
/// # Errors
/// [`LabError`] where the environment or the agent fails.
pub fn evaluate(
    experiment: &Experiment,
    agent: &Agent,
    episodes: u64,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Option<Evaluation>, LabError> {
    let (mut env, _) = experiment.make_env(&experiment.name)?;
    let mut returns = Returns { all: Vec::new(), step: 0, progress };
    let seeds = |episode| episode_seed(seed, "evaluation", episode);
    let name = format!("evaluation of {}", experiment.env.id);
    guarded(&name, seed, &mut returns, Returns::place, |returns| {
        sorn_agents::run(&mut env, &mut agent.frozen(), 0..episodes, seeds, returns)
    })?;
    let all = (returns.all.len() as u64 == episodes).then_some(returns.all);
    Ok(all.and_then(|all| statistics(&all)))
}

struct Returns<'a> {
    all: Vec<f64>,
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
        match self.progress.stop() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn on_episode(&mut self, event: &EpisodeEvent, _agent: &Agent) -> ControlFlow<()> {
        self.all.push(event.ret);
        self.step = 0;
        ControlFlow::Continue(())
    }
}

fn statistics(returns: &[f64]) -> Option<Evaluation> {
    let n = returns.len() as f64;
    let min = returns.iter().copied().reduce(f64::min)?;
    let mean = returns.iter().sum::<f64>() / n;
    let variance = returns.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / n;
    Some(Evaluation { episodes: returns.len() as u64, mean, sd: variance.sqrt(), min })
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
    }
}
