//! [`DynamicsRun`]: one seed of a task of dynamics, step after step.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use sorn_core::rng::stream;
use sorn_core::{Error, Initial, Network, Params, State};
use sorn_sequence::{PhaseState, Scores, Source, TaskError};

use super::DynamicsTask;
use super::measure::{Findings, Measure, Seen};
use crate::LabError;
use crate::files::read_text;
use crate::task::TaskWork;

/// What measures found, by their labels.
pub(super) type Data = BTreeMap<String, Value>;
/// File of the data in a run directory.
pub(super) const DATA: &str = "measures.json";

/// The data of the finished run in `dir`.
pub(super) fn read_data(dir: &Path) -> Result<Data, LabError> {
    let path = dir.join(DATA);
    serde_json::from_str(&read_text(&path)?).map_err(|e| LabError::damaged(&path, e.to_string()))
}

/// A task at work. It can be saved until something is measured, and goes on to the same bits.
pub struct DynamicsRun {
    task: DynamicsTask,
    params: Params,
    seed: u64,
    network: Network,
    sources: BTreeMap<String, Source>,
    /// For each source and symbol the input of the network, none for a pause.
    places: BTreeMap<String, Vec<Option<usize>>>,
    input: Vec<f64>,
    /// The phase at hand, and the steps done in it.
    phase: usize,
    at: u64,
    measures: Vec<AtWork>,
    findings: Findings,
    data: Data,
}

/// A measure, and the phases in which it looks on.
struct AtWork {
    label: String,
    named: bool,
    phases: Vec<usize>,
    measure: Option<Box<dyn Measure>>,
}

impl DynamicsRun {
    pub(super) fn new(
        task: &DynamicsTask,
        params: &Params,
        seed: u64,
        initial: &Initial,
    ) -> Result<DynamicsRun, TaskError> {
        let mut network = Network::with_initial(params, seed, initial)?;
        if let Some(control) = task.control {
            let mut state = network.state();
            control.at_birth(&mut state);
            network = Network::from_state(params, state)?;
        }
        DynamicsRun::with(task, params, seed, network)
    }

    pub(super) fn resume(
        task: &DynamicsTask,
        params: &Params,
        seed: u64,
        state: State,
    ) -> Result<DynamicsRun, TaskError> {
        let steps = state.steps;
        let (mut left, mut phase) = (steps, 0);
        while phase < task.phases.len() && left >= task.phases[phase].steps {
            left -= task.phases[phase].steps;
            phase += 1;
        }
        // Between two phases the state is saved as the first leaves it.
        let of = if left == 0 { phase.saturating_sub(1) } else { phase };
        let refuse = || TaskError::config("saved state", "a number of steps at which runs are saved", steps);
        let set = &task.phases.get(of).ok_or_else(refuse)?.set;
        let network = Network::from_state(&set.over(params), state)?;
        let mut run = DynamicsRun::with(task, params, seed, network)?;
        let first = run.first_measured();
        if phase > first || (phase == first && left > 0) {
            return Err(refuse());
        }
        for (index, done) in task.phases.iter().enumerate().take(phase + 1) {
            let advanced = if index < phase { done.steps } else { left };
            if let Some(source) = done.input.as_ref().and_then(|name| run.sources.get_mut(name)) {
                (0..advanced).try_for_each(|_| source.advance())?;
            }
        }
        (run.phase, run.at) = (phase, left);
        Ok(run)
    }

    fn with(
        task: &DynamicsTask,
        params: &Params,
        seed: u64,
        network: Network,
    ) -> Result<DynamicsRun, TaskError> {
        let (sources, symbols) = task.open_sources(seed)?;
        let place = |symbol: &String| symbols.iter().position(|known| known == symbol);
        let places = sources
            .iter()
            .map(|(name, source)| (name.clone(), source.symbols().iter().map(place).collect()))
            .collect();
        let measures = task
            .measures
            .iter()
            .map(|config| AtWork {
                label: config.label(),
                named: config.is_named(),
                phases: config.phases(task),
                measure: Some(config.begin(task, params, seed)),
            })
            .collect();
        Ok(DynamicsRun {
            task: task.clone(),
            params: params.clone(),
            seed,
            input: vec![0.0; params.input_len()],
            network,
            sources,
            places,
            phase: 0,
            at: 0,
            measures,
            findings: Findings::default(),
            data: Data::new(),
        })
    }

    /// The first phase in which something is measured.
    fn first_measured(&self) -> usize {
        self.measures.iter().flat_map(|at_work| &at_work.phases).copied().min().unwrap_or(0)
    }

    /// Sets the network up for the phase at hand.
    fn begin_phase(&mut self) -> Result<(), TaskError> {
        let phase = &self.task.phases[self.phase];
        let params = phase.set.over(&self.params);
        if params != *self.network.params() || phase.state != PhaseState::Keep {
            let mut state = self.network.state();
            let rng = &mut stream(self.seed, &format!("phase {}", self.phase));
            phase.state.apply(&mut state, (params.ne, params.ni()), rng);
            self.network = Network::from_state(&params, state)?;
        }
        let frozen = phase.freeze.rules();
        self.network.set_frozen(self.task.control.map_or(frozen, |control| control.freezes(frozen)));
        Ok(())
    }

    fn end_phase(&mut self) -> Result<(), TaskError> {
        for at_work in &mut self.measures {
            if at_work.phases.iter().max() != Some(&self.phase) {
                continue;
            }
            let Some(measure) = at_work.measure.take() else { continue };
            self.findings.of(&at_work.label, at_work.named);
            if let Some(data) = measure
                .end(&self.network, &mut self.findings)
                .map_err(|e| TaskError::Score(format!("{}: {e}", at_work.label)))?
            {
                self.data.insert(at_work.label.clone(), data);
            }
        }
        Ok(())
    }
}

impl TaskWork for DynamicsRun {
    fn done(&self) -> u64 {
        self.task.phases[..self.phase].iter().map(|phase| phase.steps).sum::<u64>() + self.at
    }

    fn is_finished(&self) -> bool {
        self.phase == self.task.phases.len()
    }

    fn go_on(&mut self, steps: u64) -> Result<(), TaskError> {
        let Some(phase) = self.task.phases.get(self.phase) else { return Ok(()) };
        let (length, input) = (phase.steps, phase.input.clone());
        if self.at == 0 {
            self.begin_phase()?;
        }
        let here = self.phase;
        let mut source = input.as_ref().and_then(|name| self.sources.get_mut(name));
        let places = input.as_ref().and_then(|name| self.places.get(name));
        let mut looking: Vec<&mut Box<dyn Measure>> = self
            .measures
            .iter_mut()
            .filter(|at_work| at_work.phases.contains(&here))
            .filter_map(|at_work| at_work.measure.as_mut())
            .collect();
        for _ in 0..steps.min(length - self.at) {
            let (mut fed, mut word) = (None, None);
            if let (Some(source), Some(places)) = (&mut source, places) {
                self.input.fill(0.0);
                let item = source.item();
                fed = places[item.symbol as usize];
                word = source.word().map(|word| (word, item.place as usize));
                if let Some(place) = fed {
                    self.input[place] = 1.0;
                }
                source.advance()?;
            }
            self.network.step(&self.input).map_err(Error::from)?;
            let seen = Seen { network: &self.network, phase: here, at: self.at, fed, word };
            for measure in &mut looking {
                measure.step(&seen);
            }
            self.at += 1;
        }
        if self.at == length {
            self.end_phase()?;
            self.input.fill(0.0);
            (self.phase, self.at) = (self.phase + 1, 0);
        }
        Ok(())
    }

    fn saved(&self) -> Option<&Network> {
        let first = self.first_measured();
        let before = self.phase < first || (self.phase == first && self.at == 0);
        (before && !self.is_finished()).then_some(&self.network)
    }

    fn organised(&self) -> bool {
        self.phase == self.first_measured() && self.at == 0
    }

    fn scores(&self) -> &Scores {
        &self.findings.scores
    }

    fn problems(&self) -> &[String] {
        &self.findings.problems
    }

    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let json = serde_json::to_string(&self.data).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        let mut files = self.findings.files.clone();
        files.push((DATA.into(), (json + "\n").into_bytes()));
        files
    }
}
