//! Linear readouts of past from activity.

use sorn_agents::{Agent, Readout, Ridge};
use sorn_env::AnyEnv;

use super::listen::{Listening, Past};
use super::target::{Score, Target, targets};
use super::{DecodeConfig, Legible};
use crate::TaskProgress;

/// Penalties of ridge regression; what was not used for fitting chooses one for each target and lag.
const PENALTIES: [f64; 4] = [1e-3, 0.1, 10.0, 1e3];

/// What is read at each lag, and where it stands among the numbers to be predicted.
struct Layout {
    observation: Vec<Target>,
    action: Vec<Target>,
    observations: usize,
    actions: usize,
    lags: usize,
}

impl Layout {
    /// Numbers for each observation, action and reward.
    fn each(&self) -> usize {
        self.observations + self.actions + 1
    }

    /// All numbers to be predicted, lag after lag. The action of a lag led to the observation of the lag less one.
    fn numbers(&self) -> usize {
        self.each() * (self.lags + 1)
    }

    fn write(&self, past: &Past, out: &mut Vec<f64>) {
        out.clear();
        for lag in 0..=self.lags {
            out.extend(&past.observations[lag]);
            match lag.checked_sub(1) {
                Some(before) => out.extend(&past.actions[before]),
                None => out.extend(std::iter::repeat_n(0.0, self.actions)),
            }
            out.push(past.rewards[lag]);
        }
    }

    /// Every target of every lag.
    fn targets(&self) -> Vec<(usize, Part, Target)> {
        let mut all = Vec::new();
        for lag in 0..=self.lags {
            all.extend(self.observation.iter().map(|target| (lag, Part::Observation, target.clone())));
            if lag > 0 {
                all.extend(self.action.iter().map(|target| (lag, Part::Action, target.clone())));
            }
            all.push((lag, Part::Reward, Target::Number(0)));
        }
        all
    }

    /// The numbers that a target is a part of.
    fn part<'a>(&self, numbers: &'a [f64], lag: usize, part: Part) -> &'a [f64] {
        let begin = lag * self.each();
        let (from, to) = match part {
            Part::Observation => (0, self.observations),
            Part::Action => (self.observations, self.observations + self.actions),
            Part::Reward => (self.observations + self.actions, self.each()),
        };
        &numbers[begin + from..begin + to]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Observation,
    Action,
    Reward,
}

/// Scores of each state's agent; none if it was stopped.
pub(super) fn read(
    env: AnyEnv,
    agents: Vec<Agent>,
    config: &DecodeConfig,
    seed: u64,
    progress: &dyn TaskProgress,
) -> Result<Option<Vec<Legible<f64>>>, String> {
    let mut listening = Listening::new(env, agents, config, seed, progress)?;
    let (observations, actions) = listening.spaces();
    let layout = Layout {
        observation: targets(observations),
        action: targets(actions),
        observations: observations.flat_dim(),
        actions: actions.flat_dim(),
        lags: config.lags,
    };
    let units: Vec<usize> = listening.units();
    let text = |e: sorn_agents::ReadoutError| e.to_string();
    // The last feature is 1.
    let mut ridges = Vec::new();
    for units in &units {
        ridges.push(Ridge::new(units + 1, layout.numbers()).map_err(text)?);
    }
    let (mut y, mut features) = (Vec::new(), Vec::new());
    let fifth = (config.steps / 5).max(1);
    let whole = listening.listen(3 * fifth, &mut |past, activity| {
        layout.write(past, &mut y);
        for (ridge, activity) in ridges.iter_mut().zip(activity) {
            features.clone_from(activity);
            features.push(1.0);
            ridge.learn(&features, &y).map_err(text)?;
        }
        Ok(())
    })?;
    if !whole {
        return Ok(None);
    }
    let mut readouts = Vec::new();
    for (ridge, units) in ridges.into_iter().zip(&units) {
        let mut each = Vec::new();
        for penalty in PENALTIES {
            let mut penalties = vec![penalty; units + 1];
            // The intercept is not to shrink.
            penalties[*units] = 0.0;
            each.push(ridge.solve_each(&penalties).map_err(text)?);
        }
        readouts.push(each);
    }
    let all = layout.targets();
    // Of each state, penalty and target.
    let mut chosen = vec![vec![vec![Score::default(); all.len()]; PENALTIES.len()]; units.len()];
    if !score(&mut listening, fifth, &layout, &all, &readouts, &mut chosen)? {
        return Ok(None);
    }
    let mut tested = vec![vec![vec![Score::default(); all.len()]; PENALTIES.len()]; units.len()];
    if !score(&mut listening, fifth, &layout, &all, &readouts, &mut tested)? {
        return Ok(None);
    }
    let states = chosen.iter().zip(&tested).map(|(chosen, tested)| {
        let best = |at: usize| {
            let value = |penalty: &usize| chosen[*penalty][at].value().unwrap_or(f64::NEG_INFINITY);
            let best = (0..PENALTIES.len()).max_by(|a, b| value(a).total_cmp(&value(b)));
            best.and_then(|penalty| tested[penalty][at].value())
        };
        let mean = |lag: usize, part: Part| {
            let places = all.iter().enumerate().filter(|(_, (l, p, _))| (*l, *p) == (lag, part));
            let values: Vec<f64> = places.filter_map(|(at, _)| best(at)).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let over = |part: Part| (0..=config.lags).map(|lag| mean(lag, part)).collect();
        Legible {
            observation: over(Part::Observation),
            action: over(Part::Action),
            reward: over(Part::Reward),
        }
    });
    Ok(Some(states.collect()))
}

/// Scores every readout on episodes that it was not fitted to.
fn score(
    listening: &mut Listening<'_>,
    steps: u64,
    layout: &Layout,
    all: &[(usize, Part, Target)],
    readouts: &[Vec<Readout>],
    scores: &mut [Vec<Vec<Score>>],
) -> Result<bool, String> {
    let (mut y, mut features) = (Vec::new(), Vec::new());
    let mut predicted = vec![0.0; layout.numbers()];
    listening.listen(steps, &mut |past, activity| {
        layout.write(past, &mut y);
        for ((readouts, scores), activity) in readouts.iter().zip(scores.iter_mut()).zip(activity) {
            features.clone_from(activity);
            features.push(1.0);
            for (readout, scores) in readouts.iter().zip(scores.iter_mut()) {
                readout.predict(&features, &mut predicted).map_err(|e| e.to_string())?;
                for ((lag, part, target), score) in all.iter().zip(scores.iter_mut()) {
                    let there = layout.part(&y, *lag, *part);
                    score.take(target, there, layout.part(&predicted, *lag, *part));
                }
            }
        }
        Ok(())
    })
}
