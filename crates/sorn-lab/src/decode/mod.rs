//! `sorn decode`: how much of past observations, actions and rewards can be read from the activity of a reservoir.
//!
//! `target.rs` says what is to be read and how well it was, `listen.rs` drives agents through episodes, `reader.rs` fits linear readouts.

mod listen;
mod reader;
mod target;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;
use sorn_report::figure::{SpreadLine, SpreadOptions, SpreadPoint, spreads};

use crate::files::write_whole;
use crate::{LabError, RunDir, Spread, Sweep, TaskProgress, decimal, figures, threads};

/// How to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeConfig {
    /// Steps back up to which is read.
    pub lags: usize,
    /// Observations of each run: three fifths to fit readouts, a fifth to choose their penalties, a fifth to test them.
    pub steps: u64,
    /// Who acts.
    pub actor: Actor,
}

impl Default for DecodeConfig {
    fn default() -> Self {
        DecodeConfig { lags: 10, steps: 20_000, actor: Actor::Random }
    }
}

/// Who acts while the reservoirs listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Actor {
    /// Actions drawn at random, so that they tell nothing of what was observed.
    Random,
    /// The policy that was learnt, greedily.
    Policy,
}

/// What can be read by lag: index 0 is the present. `None` if it is never there, or never changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Legible<T> {
    /// Observations of earlier steps, by lag.
    pub observation: Vec<Option<T>>,
    /// Actions by lag; lag 1 is the action that led to the present observation.
    pub action: Vec<Option<T>>,
    /// Rewards that came with the observations of earlier steps, by lag.
    pub reward: Vec<Option<T>>,
}

/// What can be read of one run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecodedRun {
    /// Seed of the run.
    pub seed: u64,
    /// Each state's scores.
    pub states: Vec<Legible<f64>>,
}

/// What can be read, over all seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decoded {
    /// Name of the experiment.
    pub experiment: String,
    /// Steps back.
    pub lags: usize,
    /// Observations of each run.
    pub steps: u64,
    /// Who acted.
    pub actions: Actor,
    /// The states of the reservoir: before and after plasticity, or the only one.
    pub states: Vec<String>,
    /// Median and quartiles of each state over the seeds.
    pub spreads: Vec<Legible<Spread>>,
    /// Each seed.
    pub runs: Vec<DecodedRun>,
}

/// Reads the activity of the run, or of the several seeds, in `dir`, on `number` threads (0: one per processor), and writes `decode.json`
/// and `figures/decode.svg` into it. Each reservoir is frozen: as it was drawn, and as it is in the latest checkpoint if it organised
/// itself. All of them see the same episodes. `None` if `progress` wished to stop.
///
/// Symbols (of Discrete and MultiDiscrete spaces) have the share of those read rightly, corrected for chance: 0 for a reader who always
/// names the most frequent one, 1 for one who is always right. Numbers have the share of their variance that is explained.
///
/// # Errors
/// [`LabError`] if there is no trained run, episodes are too short for the lags, or the environment or the agent fails.
pub fn decode(
    dir: &Path,
    config: &DecodeConfig,
    number: usize,
    progress: &dyn TaskProgress,
) -> Result<Option<Decoded>, LabError> {
    let runs = match Sweep::read(dir)? {
        Some(sweep) => sweep.runs().map(|(_, path)| RunDir::read(&path)).collect::<Result<Vec<_>, _>>()?,
        None => vec![RunDir::read(dir)?],
    };
    let experiment = runs.first().map(|run| run.experiment().clone());
    let experiment =
        experiment.ok_or_else(|| LabError::directory(dir, "expected at least one run, found none"))?;
    let kind = experiment.agent.reservoir.kind;
    let states: Vec<String> = match kind.organises() {
        true => vec!["before plasticity".into(), "after".into()],
        false => vec![kind.name().into()],
    };
    let units = experiment.agent.reservoir.params.ne as u128;
    // A matrix of products for each state, and a factor of it.
    let bytes = experiment.memory() + 8 * units * units * (states.len() as u128 + 1);
    let pool = threads::pool(number, runs.len(), bytes);
    let pool = pool.map_err(|reason| LabError::directory(dir, reason))?;
    let each: Vec<Result<Option<DecodedRun>, LabError>> = pool.install(|| {
        let one = |run: &RunDir| match progress.stop() {
            true => Ok(None),
            false => one(run, config, progress),
        };
        runs.par_iter().with_max_len(1).map(one).collect()
    });
    let mut decoded = Vec::new();
    for run in each {
        match run? {
            Some(run) => decoded.push(run),
            None => return Ok(None),
        }
    }
    let spreads = (0..states.len()).map(|state| over_seeds(&decoded, state)).collect();
    let decoded = Decoded {
        experiment: experiment.name,
        lags: config.lags,
        steps: config.steps,
        actions: config.actor,
        states,
        spreads,
        runs: decoded,
    };
    let json = serde_json::to_string_pretty(&decoded).unwrap_or_else(|e| unreachable!("plain data: {e}"));
    write_whole(&dir.join("decode.json"), (json + "\n").as_bytes())?;
    Ok(Some(decoded))
}

/// Reads the activity of one run.
fn one(
    run: &RunDir,
    config: &DecodeConfig,
    progress: &dyn TaskProgress,
) -> Result<Option<DecodedRun>, LabError> {
    let (experiment, trained) = (run.experiment(), run.trained()?);
    let seed = experiment.run.seed;
    let failed = |reason: String| LabError::Run { seed, reason };
    let after = trained.agent.frozen();
    let mut agents = Vec::new();
    if experiment.agent.reservoir.kind.organises() {
        let mut before = trained.agent.unorganised().map_err(|e| failed(e.to_string()))?;
        run.begin(&mut before)?;
        agents.push(before);
    }
    agents.push(after);
    let (env, _) = trained.make_env(experiment)?;
    let read = reader::read(env, agents, config, seed, progress).map_err(failed)?;
    Ok(read.map(|states| DecodedRun { seed, states }))
}

fn over_seeds(runs: &[DecodedRun], state: usize) -> Legible<Spread> {
    let spread = |of: fn(&Legible<f64>) -> &Vec<Option<f64>>| {
        let lags = runs.first().map_or(0, |run| of(&run.states[state]).len());
        let at = |lag: usize| {
            let values: Vec<f64> = runs.iter().filter_map(|run| of(&run.states[state])[lag]).collect();
            Spread::of(&values)
        };
        (0..lags).map(at).collect()
    };
    Legible {
        observation: spread(|l| &l.observation),
        action: spread(|l| &l.action),
        reward: spread(|l| &l.reward),
    }
}

impl<T> Legible<T> {
    fn parts(&self) -> [(&'static str, &Vec<Option<T>>); 3] {
        [("observation", &self.observation), ("action", &self.action), ("reward", &self.reward)]
    }
}

impl Decoded {
    /// The table, the head first: a lag each, medians over the seeds and quartiles of several; last the sums over all lags.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let columns: Vec<(String, &Vec<Option<Spread>>)> = ["observation", "action", "reward"]
            .iter()
            .enumerate()
            .flat_map(|(part, name)| {
                self.states
                    .iter()
                    .zip(&self.spreads)
                    .map(move |(state, spread)| (format!("{name}, {state}"), spread.parts()[part].1))
            })
            .filter(|(_, lags)| lags.iter().any(Option::is_some))
            .collect();
        let mut rows = vec![vec!["lag".to_string()]];
        rows[0].extend(columns.iter().map(|(name, _)| name.clone()));
        for lag in 0..=self.lags {
            let cell = |(_, lags): &(String, &Vec<Option<Spread>>)| match lags.get(lag).copied().flatten() {
                None => "-".to_string(),
                Some(spread) if self.runs.len() > 1 => {
                    let [median, q1, q3] = [spread.median, spread.q1, spread.q3].map(|v| decimal(v, 2));
                    format!("{median} ({q1}, {q3})")
                }
                Some(spread) => decimal(spread.median, 2),
            };
            rows.push(std::iter::once(lag.to_string()).chain(columns.iter().map(cell)).collect());
        }
        let sum = |(_, lags): &(String, &Vec<Option<Spread>>)| {
            decimal(lags.iter().flatten().map(|spread| spread.median).sum(), 2)
        };
        rows.push(std::iter::once("sum".to_string()).chain(columns.iter().map(sum)).collect());
        rows
    }

    /// Draws `figures/decode.svg` and `.png` in `dir`: the SVG's path.
    ///
    /// # Errors
    /// [`LabError`] if it cannot be drawn or written.
    pub fn draw(&self, dir: &Path) -> Result<PathBuf, LabError> {
        let mut lines = Vec::new();
        for (state, spread) in self.states.iter().zip(&self.spreads) {
            for (part, lags) in spread.parts() {
                let point = |(lag, spread): (usize, &Option<Spread>)| {
                    spread.map(|s| SpreadPoint { x: lag as f64, median: s.median, quartiles: (s.q1, s.q3) })
                };
                let points: Vec<SpreadPoint> = lags.iter().enumerate().filter_map(point).collect();
                if !points.is_empty() {
                    lines.push(SpreadLine { name: format!("{part}, {state}"), points });
                }
            }
        }
        let options = SpreadOptions {
            title: format!("{}: what the activity tells", self.experiment),
            x_label: "lag (steps)".into(),
            y_label: "read rightly (0 chance, 1 all)".into(),
            ..SpreadOptions::default()
        };
        let drawn = figures::write(spreads(&lines, &options), &dir.join("figures"), "decode")?;
        drawn.map_err(|error| LabError::directory(dir, format!("decode: {error}")))
    }
}
