//! [`SeriesRun`]: one task of one seed, step after step.

use sorn_agents::Encoding;
use sorn_core::rng::stream;
use sorn_core::{Error, Initial, Network, Params, State};
use sorn_readout::{LeastSquares, Readout, Ridge};
use sorn_sequence::{Control, Features, PhaseState, ReadoutKind, Role, Scores, TaskError};

use super::SeriesTask;
use super::score::{Collected, score};
use super::source::Series;
use crate::task::TaskWork;

/// A task at work. It can be saved in any phase of role `organise`, and goes on to the same bits.
pub struct SeriesRun {
    task: SeriesTask,
    params: Params,
    seed: u64,
    network: Network,
    series: Series,
    /// Mean and standard deviation of each input.
    moments: Vec<(f64, f64)>,
    encoding: Encoding,
    /// The phase at hand, and the steps done in it.
    phase: usize,
    at: u64,
    features: Features,
    entries: Vec<(u32, f64)>,
    numbers: Vec<f64>,
    input: Vec<f64>,
    /// The steps of the phase at hand, if they are kept.
    collected: Option<Collected>,
    fitted: Option<(Collected, Readout)>,
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
        let mut network = Network::with_initial(params, seed, initial)?;
        if let Some(control) = task.control {
            let mut state = network.state();
            control.at_birth(&mut state);
            network = Network::from_state(params, state)?;
        }
        SeriesRun::with(task, params, seed, network)
    }

    /// The task after as many steps as `state` has.
    pub(super) fn resume(
        task: &SeriesTask,
        params: &Params,
        seed: u64,
        state: State,
    ) -> Result<SeriesRun, TaskError> {
        let steps = state.steps;
        let mut left = steps;
        let phase = task.phases.iter().position(|phase| match left < phase.steps {
            true => true,
            false => {
                left -= phase.steps;
                false
            }
        });
        let before = |phase: usize| task.phases[..phase].iter().all(|phase| phase.role == Role::Organise);
        let Some(phase) = phase.filter(|&phase| before(phase) && (left == 0 || before(phase + 1))) else {
            return Err(TaskError::config("saved state", "a number of steps at which runs are saved", steps));
        };
        // Between two phases the state is saved as the first leaves it.
        let of = if left == 0 { phase.saturating_sub(1) } else { phase };
        let network = Network::from_state(&task.phases[of].set.over(params), state)?;
        let mut run = SeriesRun::with(task, params, seed, network)?;
        (0..steps).try_for_each(|_| run.series.advance())?;
        (run.phase, run.at) = (phase, left);
        Ok(run)
    }

    fn with(task: &SeriesTask, params: &Params, seed: u64, network: Network) -> Result<SeriesRun, TaskError> {
        let series = Series::new(&task.source, seed)?;
        let numbers = series.inputs().len();
        Ok(SeriesRun {
            moments: task.moments(seed)?,
            encoding: task.encoding(numbers, params, seed)?,
            features: Features::new(&task.readout, &network),
            input: vec![0.0; params.input_len()],
            numbers: vec![0.0; numbers],
            task: task.clone(),
            params: params.clone(),
            seed,
            network,
            series,
            phase: 0,
            at: 0,
            entries: Vec::new(),
            collected: None,
            fitted: None,
            scores: Scores::default(),
            problems: Vec::new(),
        })
    }

    /// Sets the network up for the phase at hand.
    fn begin(&mut self) -> Result<(), TaskError> {
        let phase = &self.task.phases[self.phase];
        let frozen = phase.freeze.rules();
        let frozen = self.task.control.map_or(frozen, |control| control.freezes(frozen));
        if self.at > 0 {
            // After a resumption the frozen rules are those of the state, which are the same.
            return Ok(());
        }
        let params = phase.set.over(&self.params);
        let rewired = self.task.control == Some(Control::Rewired) && phase.role == Role::Fit;
        if params != *self.network.params() || phase.state != PhaseState::Keep || rewired {
            let mut state = self.network.state();
            let rng = &mut stream(self.seed, &format!("phase {}", self.phase));
            phase.state.apply(&mut state, (params.ne, params.ni()), rng);
            if rewired {
                state.rewire(rng);
            }
            self.network = Network::from_state(&params, state)?;
        }
        self.network.set_frozen(frozen);
        if phase.role != Role::Organise {
            self.collected = Some(Collected::new(self.features.count()));
        }
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
        self.network.step(&self.input).map_err(Error::from)?;
        if let Some(collected) = &mut self.collected {
            self.features.read(&self.network, &self.input, &mut self.entries);
            collected.rows.push_sparse(self.entries.iter().copied())?;
            collected.inputs.extend_from_slice(&self.numbers);
            collected.targets.extend_from_slice(self.series.targets());
            collected.spikes += self.network.activity().spikes_e.len() as u64;
        }
        self.series.advance()
    }

    fn end(&mut self, role: Role) -> Result<(), TaskError> {
        match (role, self.collected.take()) {
            (Role::Fit, Some(collected)) => {
                let readout = fit(&self.task, &collected, self.series.names().len())?;
                self.fitted = Some((collected, readout));
            }
            (Role::Score, Some(tested)) => {
                if let Some((fitted, readout)) = &self.fitted {
                    let (scores, problems) =
                        score(&self.series, readout, (fitted, &tested), self.network.ne())?;
                    self.scores.0.extend(scores.0);
                    self.problems.extend(problems);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn fit(task: &SeriesTask, collected: &Collected, targets: usize) -> Result<Readout, TaskError> {
    let features = collected.rows.features();
    let examples = (0..collected.rows.len()).zip(collected.targets.chunks_exact(targets));
    if task.readout.kind == ReadoutKind::Ridge {
        let mut ridge = Ridge::new(features, targets)?;
        for (step, wanted) in examples {
            ridge.learn_sparse(collected.rows.row(step), wanted)?;
        }
        return Ok(ridge.solve(task.readout.penalty)?);
    }
    let mut least_squares = LeastSquares::new(features, targets)?;
    for (step, wanted) in examples {
        least_squares.learn_sparse(collected.rows.row(step), wanted)?;
    }
    Ok(least_squares.solve())
}

impl TaskWork for SeriesRun {
    fn done(&self) -> u64 {
        self.task.phases[..self.phase].iter().map(|phase| phase.steps).sum::<u64>() + self.at
    }

    fn is_finished(&self) -> bool {
        self.phase == self.task.phases.len()
    }

    fn go_on(&mut self, steps: u64) -> Result<(), TaskError> {
        let Some(phase) = self.task.phases.get(self.phase) else { return Ok(()) };
        let (role, length) = (phase.role, phase.steps);
        self.begin()?;
        for _ in 0..steps.min(length - self.at) {
            self.step()?;
            self.at += 1;
        }
        if self.at == length {
            self.end(role)?;
            (self.phase, self.at) = (self.phase + 1, 0);
        }
        Ok(())
    }

    fn saved(&self) -> Option<&Network> {
        let kept = self.fitted.is_some() || self.collected.is_some();
        (!kept && !self.is_finished()).then_some(&self.network)
    }

    fn organised(&self) -> bool {
        let next = self.task.phases.get(self.phase).is_some_and(|phase| phase.role != Role::Organise);
        next && self.at == 0 && self.saved().is_some()
    }

    fn scores(&self) -> &Scores {
        &self.scores
    }

    fn problems(&self) -> &[String] {
        &self.problems
    }
}
