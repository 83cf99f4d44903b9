//! [`DynamicsRun`]: one seed of a task of dynamics, step after step.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use sorn_core::{Initial, Network, Params, State};
use sorn_sequence::{Scores, Source, Stage, TaskError, Walk};

use super::measure::{Findings, Measure, Seen};
use super::{DynamicsPhase, DynamicsTask};
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
    seed: u64,
    walk: Walk,
    sources: BTreeMap<String, Source>,
    /// For each source and symbol the input of the network, none for a pause.
    places: BTreeMap<String, Vec<Option<usize>>>,
    input: Vec<f64>,
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
        let walk = Walk::begin(plan(task), task.control, params, seed, initial)?;
        DynamicsRun::with(task, params, seed, walk)
    }

    pub(super) fn resume(
        task: &DynamicsTask,
        params: &Params,
        seed: u64,
        state: State,
    ) -> Result<DynamicsRun, TaskError> {
        let walk = Walk::resume(plan(task), task.control, params, seed, state)?;
        let mut run = DynamicsRun::with(task, params, seed, walk)?;
        run.take_past()?;
        Ok(run)
    }

    /// Takes from new sources what the network was fed.
    fn take_past(&mut self) -> Result<(), TaskError> {
        for (phase, steps) in self.walk.past() {
            let input = self.task.phases[phase].input.as_ref();
            if let Some(source) = input.and_then(|name| self.sources.get_mut(name)) {
                (0..steps).try_for_each(|_| source.advance())?;
            }
        }
        Ok(())
    }

    fn with(task: &DynamicsTask, params: &Params, seed: u64, walk: Walk) -> Result<DynamicsRun, TaskError> {
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
            input: vec![0.0; params.input_len()],
            seed,
            walk,
            sources,
            places,
            measures,
            findings: Findings::default(),
            data: Data::new(),
        })
    }

    fn end_phase(&mut self) -> Result<(), TaskError> {
        for at_work in &mut self.measures {
            if at_work.phases.iter().max() != Some(&self.walk.stage()) {
                continue;
            }
            let Some(measure) = at_work.measure.take() else { continue };
            self.findings.of(&at_work.label, at_work.named);
            if let Some(data) = measure
                .end(self.walk.network(), &mut self.findings)
                .map_err(|e| TaskError::Score(format!("{}: {e}", at_work.label)))?
            {
                self.data.insert(at_work.label.clone(), data);
            }
        }
        Ok(())
    }
}

/// What the phases do with the network, and the first in which something is measured.
fn plan(task: &DynamicsTask) -> (Vec<Stage>, usize) {
    let stage = |phase: &DynamicsPhase| Stage {
        steps: phase.steps,
        freeze: phase.freeze.rules(),
        set: phase.set.clone(),
        state: phase.state,
        from: phase.from.as_ref().and_then(|name| task.phase(name)),
        rewires: false,
    };
    let kept = task.measures.iter().flat_map(|measure| measure.phases(task)).min();
    (task.phases.iter().map(stage).collect(), kept.unwrap_or(0))
}

impl TaskWork for DynamicsRun {
    fn done(&self) -> u64 {
        self.walk.done()
    }

    fn is_finished(&self) -> bool {
        self.walk.is_finished()
    }

    fn go_on(&mut self, steps: u64) -> Result<(), TaskError> {
        let here = self.walk.stage();
        if self.walk.goes_back_to().is_some() {
            self.sources = self.task.open_sources(self.seed)?.0;
            self.take_past()?;
        }
        let Some(phase) = self.task.phases.get(here) else { return Ok(()) };
        let input = phase.input.as_ref();
        let count = self.walk.enter(steps)?;
        let mut source = input.and_then(|name| self.sources.get_mut(name));
        let places = input.and_then(|name| self.places.get(name));
        let mut looking: Vec<&mut Box<dyn Measure>> = self
            .measures
            .iter_mut()
            .filter(|at_work| at_work.phases.contains(&here))
            .filter_map(|at_work| at_work.measure.as_mut())
            .collect();
        for _ in 0..count {
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
            let at = self.walk.at();
            self.walk.step(&self.input)?;
            let seen = Seen { network: self.walk.network(), phase: here, at, fed, word };
            for measure in &mut looking {
                measure.step(&seen);
            }
        }
        if self.walk.at_end() {
            self.end_phase()?;
            self.input.fill(0.0);
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
