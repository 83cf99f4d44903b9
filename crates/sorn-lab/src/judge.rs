//! What runs are judged by: their evaluations, and the area under their learning curves.

use serde::{Deserialize, Serialize};
use sorn_report::figure::Over;
use sorn_report::stats::{Bootstrap, Interval, interquartile_mean_interval, mean_interval};

use crate::{Episode, Experiment, figures};

/// A number over runs, with the interval in which 95 % of bootstrap resamples lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Estimate {
    /// The mean; `None` of no run.
    pub fn mean(runs: &[f64]) -> Option<Estimate> {
        mean_interval(&[runs], &Bootstrap::default()).ok().map(Estimate::from)
    }

    /// The interquartile mean (Agarwal et al. 2021, arXiv 2108.13264); `None` of no run.
    pub fn interquartile_mean(runs: &[f64]) -> Option<Estimate> {
        interquartile_mean_interval(&[runs], &Bootstrap::default()).ok().map(Estimate::from)
    }
}

impl From<Interval> for Estimate {
    fn from(Interval { value, low, high }: Interval) -> Self {
        Estimate { value, low, high }
    }
}

/// The area under the learning curve, divided by its length: the mean return over the training. It is taken over episodes, or
/// over steps if these alone are limited: then a return counts as often as its episode has steps. A run that ended early, since it
/// `held` a mean return that solved its task, keeps that to the end of its budget. `None` if no episode ended.
pub(crate) fn area(experiment: &Experiment, lines: &[Episode], held: Option<f64>) -> Option<f64> {
    let by_steps = figures::usual(experiment) == Over::Steps;
    let weight = |line: &Episode| if by_steps { line.length as f64 } else { 1.0 };
    let mut length: f64 = lines.iter().map(weight).sum();
    let mut sum: f64 = lines.iter().map(|line| line.ret * weight(line)).sum();
    if let Some(mean) = held {
        let run = &experiment.run;
        let budget = if by_steps { run.most_steps() } else { run.most_episodes() };
        let rest = (budget as f64 - length).max(0.0);
        (sum, length) = (sum + mean * rest, length + rest);
    }
    // A sum that overflows has no mean here.
    (length > 0.0).then(|| sum / length).filter(|area| area.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    #[test]
    fn the_area_is_the_mean_return_over_the_budget() {
        let experiment = |budget: &str| {
            let text = format!("name = \"a\"\n[env]\nid = \"CartPole-v1\"\n[run]\n{budget}");
            read::experiment(&text, "a.toml", &[]).unwrap()
        };
        let line = |episode, length, ret| Episode {
            episode,
            env_steps: 0,
            ret,
            length,
            wall_secs: 0.0,
            env: None,
            begun: None,
            diagnostics: None,
        };
        let lines = [line(0, 10, 1.0), line(1, 30, 5.0)];
        assert_eq!(area(&experiment("episodes = 4"), &lines, None), Some(3.0));
        assert_eq!(area(&experiment("episodes = 4"), &lines, Some(5.0)), Some(4.0));
        assert_eq!(area(&experiment("steps = 60"), &lines, None), Some(4.0));
        assert_eq!(area(&experiment("steps = 60"), &lines, Some(7.0)), Some(5.0));
        assert_eq!(area(&experiment("steps = 60"), &[], None), None);
    }
}
