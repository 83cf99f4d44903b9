//! The frozen greedy policy over some episodes.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use sorn_agents::{Agent, EpisodeEvent, Observer};

use crate::train::episode_seed;
use crate::{Experiment, LabError};

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
/// The environment's seeds come from the experiment's seed by another stream than those of training. `None` where there is
/// no episode to run.
///
/// # Errors
/// [`LabError`] where the environment or the agent fails.
pub fn evaluate(
    experiment: &Experiment,
    agent: &Agent,
    episodes: u64,
) -> Result<Option<Evaluation>, LabError> {
    let (mut env, _) = experiment.make_env(&experiment.name)?;
    let seed = experiment.run.seed;
    let mut returns = Returns(Vec::new());
    let seeds = |episode| episode_seed(seed, "evaluation", episode);
    sorn_agents::run(&mut env, &mut agent.frozen(), 0..episodes, seeds, &mut returns)
        .map_err(|e| LabError::Run { seed, reason: format!("evaluation of {}: {e}", experiment.env.id) })?;
    Ok(statistics(&returns.0))
}

struct Returns(Vec<f64>);

impl Observer for Returns {
    fn on_episode(&mut self, event: &EpisodeEvent, _agent: &Agent) -> ControlFlow<()> {
        self.0.push(event.ret);
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
