//! [`SeriesRun`]: one task of one seed, step after step.

use std::collections::BTreeMap;
use std::rc::Rc;

use sorn_agents::Encoding;
use sorn_core::{Initial, Network, Params, State};
use sorn_readout::{LeastSquares, Readout, Ridge};
use sorn_sequence::{Features, Phase, ReadoutKind, Role, Scores, TaskError, Walk};

use super::SeriesTask;
use super::score::{Collected, score};
use super::source::Series;
use crate::task::TaskWork;

/// The steps that a readout was fitted to, and the readout.
type Fitted = Rc<(Collected, Readout)>;

/// A task at work. It can be saved in any phase of role `organise`, and goes on to the same bits.
pub struct SeriesRun {
    task: SeriesTask,
    seed: u64,
    walk: Walk,
    series: Series,
    /// Mean and standard deviation of each input.
    moments: Vec<(f64, f64)>,
    encoding: Encoding,
    features: Features,
    entries: Vec<(u32, f64)>,
    numbers: Vec<f64>,
    input: Vec<f64>,
    /// The steps of the phase under way, if they are kept.
    collected: Option<Collected>,
    fitted: Option<Fitted>,
    /// Features and readout at the end of each phase from which another begins.
    ends: BTreeMap<usize, (Features, Option<Fitted>)>,
    scores: Scores,
    problems: Vec<String>,
}

impl SeriesRun {
    /// The task before its first step.
    ///
    /// # Errors
    /// [`TaskError`] if a value is refused.
    pub(super) fn new(
        task: &SeriesTask,
        params: &Params,
        seed: u64,
        initial: &Initial,
    ) -> Result<SeriesRun, TaskError> {
        let walk = Walk::begin(Phase::plan(&task.phases), task.control, params, seed, initial)?;
        SeriesRun::with(task, seed, walk)
    }

    /// The task after as many steps as `state` has.
    pub(super) fn resume(
        task: &SeriesTask,
        params: &Params,
        seed: u64,
        state: State,
    ) -> Result<SeriesRun, TaskError> {
        let walk = Walk::resume(Phase::plan(&task.phases), task.control, params, seed, state)?;
        let mut run = SeriesRun::with(task, seed, walk)?;
        (0..run.walk.done()).try_for_each(|_| run.series.advance())?;
        Ok(run)
    }

    fn with(task: &SeriesTask, seed: u64, walk: Walk) -> Result<SeriesRun, TaskError> {
        let series = Series::new(&task.source, seed)?;
        let (numbers, params) = (series.inputs().len(), walk.network().params());
        Ok(SeriesRun {
            moments: task.moments(seed)?,
            encoding: task.encoding(numbers, params, seed)?,
            features: Features::new(&task.readout, walk.network()),
            input: vec![0.0; params.input_len()],
            numbers: vec![0.0; numbers],
            task: task.clone(),
            seed,
            walk,
            series,
            entries: Vec::new(),
            collected: None,
            fitted: None,
            ends: BTreeMap::new(),
            scores: Scores::default(),
            problems: Vec::new(),
        })
    }

    /// Takes series, features and readout back to the end of phase `from`.
    fn go_back(&mut self, from: usize) -> Result<(), TaskError> {
        let steps = self.walk.past().iter().map(|(_, steps)| steps).sum();
        self.series = Series::new(&self.task.source, self.seed)?;
        (0..steps).try_for_each(|_: u64| self.series.advance())?;
        let new = || (Features::new(&self.task.readout, self.walk.network()), None);
        let (features, fitted) = self.ends.get(&from).cloned().unwrap_or_else(new);
        self.features = features;
        // A branch takes the readout that was there where it begins; if there was none, the one fitted last.
        self.fitted = fitted.or(self.fitted.take());
        Ok(())
    }

    fn step(&mut self) -> Result<(), TaskError> {
        for ((number, value), (mean, sd)) in
            self.numbers.iter_mut().zip(self.series.inputs()).zip(&self.moments)
        {
            *number = (value - mean) / sd;
        }
        let encoded = self.encoding.encode(&self.numbers, &mut self.input);
        encoded.map_err(|e| TaskError::Score(format!("task.encoder: {e}")))?;
        self.walk.step(&self.input)?;
        if let Some(collected) = &mut self.collected {
            self.features.read(self.walk.network(), &self.input, &mut self.entries);
            collected.rows.push_sparse(self.entries.iter().copied())?;
            collected.inputs.extend_from_slice(&self.numbers);
            collected.targets.extend_from_slice(self.series.targets());
            collected.spikes += self.walk.network().activity().spikes_e.len() as u64;
        }
        self.series.advance()
    }

    fn end(&mut self, role: Role) -> Result<(), TaskError> {
        match (role, self.collected.take()) {
            (Role::Fit, Some(collected)) => {
                let readout = fit(&self.task, &collected, &self.features, self.series.names().len())?;
                self.fitted = Some(Rc::new((collected, readout)));
            }
            (Role::Score, Some(tested)) => {
                if let Some((fitted, readout)) = self.fitted.as_deref() {
                    let own = (&self.task.scores[..], self.seed);
                    let (scores, problems) =
                        score(&self.series, readout, (fitted, &tested), self.walk.network().ne(), own)?;
                    let prefix = Phase::prefix(&self.task.phases, self.walk.stage());
                    self.scores.extend(&prefix, scores);
                    self.problems.extend(problems);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn fit(
    task: &SeriesTask,
    collected: &Collected,
    seen: &Features,
    targets: usize,
) -> Result<Readout, TaskError> {
    let features = collected.rows.features();
    let examples = (0..collected.rows.len()).zip(collected.targets.chunks_exact(targets));
    if task.readout.kind == ReadoutKind::Ridge {
        let mut ridge = Ridge::new(features, targets)?;
        for (step, wanted) in examples {
            ridge.learn_sparse(collected.rows.row(step), wanted)?;
        }
        return Ok(ridge.solve_each(&seen.penalties(task.readout.penalty))?);
    }
    let mut least_squares = LeastSquares::new(features, targets)?;
    for (step, wanted) in examples {
        least_squares.learn_sparse(collected.rows.row(step), wanted)?;
    }
    Ok(least_squares.solve())
}

impl TaskWork for SeriesRun {
    fn done(&self) -> u64 {
        self.walk.done()
    }

    fn is_finished(&self) -> bool {
        self.walk.is_finished()
    }

    fn go_on(&mut self, steps: u64) -> Result<(), TaskError> {
        let Some(phase) = self.task.phases.get(self.walk.stage()) else { return Ok(()) };
        let role = phase.role;
        if let Some(from) = self.walk.goes_back_to() {
            self.go_back(from)?;
        }
        let count = self.walk.enter(steps)?;
        if self.walk.at() == 0 && role != Role::Organise {
            self.collected = Some(Collected::new(self.features.count()));
        }
        for _ in 0..count {
            self.step()?;
        }
        if self.walk.at_end() {
            self.end(role)?;
            self.ends.insert(self.walk.stage(), (self.features.clone(), self.fitted.clone()));
            self.walk.leave();
        }
        Ok(())
    }

    fn network(&self) -> &Network {
        self.walk.network()
    }

    fn saved(&self) -> Option<&Network> {
        self.walk.saved()
    }

    fn organised(&self) -> bool {
        self.walk.organised()
    }

    fn scores(&self) -> &Scores {
        &self.scores
    }

    fn problems(&self) -> &[String] {
        &self.problems
    }
}
