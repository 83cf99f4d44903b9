//! The sequence task as a kind of task.

use std::path::PathBuf;

use sorn_agents::own::conformance::Report;
use sorn_core::{Initial, Network, Params, State};
use sorn_sequence::{
    Control, Decoded, Run, ScoreConfig, Scores, Source, SourceConfig, Task, TaskError, check_source,
};

use super::{TaskKind, TaskWork};

impl TaskKind for Task {
    const KIND: &'static str = "sequence";
    const TABLE: &'static str = "table.json";
    type Work = Run;

    fn inputs(&self) -> Result<Option<usize>, TaskError> {
        Task::inputs(self).map(Some)
    }

    fn data(&self) -> Option<PathBuf> {
        self.source.data()
    }

    fn validate(&self, params: &Params) -> Result<(), TaskError> {
        Task::validate(self, params)
    }

    fn check_own(&self, seed: u64) -> Vec<(String, Report)> {
        let mut reports = Vec::new();
        if let SourceConfig::Own(own) = &self.source {
            reports.push((format!("task.source.kind = {:?}", own.kind), check_source(&self.source, seed)));
        }
        if let Ok(source) = Source::new(&self.source, self.n, seed) {
            // As if a readout said each symbol a step late.
            let asked = vec![(0..100).map(|step| step % source.inputs() as u32).collect::<Vec<u32>>()];
            let mut read = asked.clone();
            read[0].rotate_right(1);
            let decoded = Decoded::Labels { names: source.symbols(), asked: &asked, read: &read };
            reports.extend(ScoreConfig::check_all(&self.scores, &decoded, seed));
        }
        reports
    }

    fn control(&self) -> Option<Control> {
        self.control
    }

    fn with_control(&self, control: Control) -> Self {
        Task { control: Some(control), ..self.clone() }
    }

    fn controls(params: &Params) -> Vec<Control> {
        Control::all(params)
    }

    fn phases(&self) -> Vec<(&str, u64)> {
        self.phases.iter().map(|phase| (phase.name.as_str(), phase.steps)).collect()
    }

    fn begin(&self, params: &Params, seed: u64, initial: &Initial) -> Result<Run, TaskError> {
        Run::with_initial(self, params, seed, initial)
    }

    fn resume(&self, params: &Params, seed: u64, state: State) -> Result<Run, TaskError> {
        Run::resume(self, params, seed, state)
    }
}

impl TaskWork for Run {
    fn done(&self) -> u64 {
        Run::done(self)
    }

    fn is_finished(&self) -> bool {
        Run::is_finished(self)
    }

    fn go_on(&mut self, steps: u64) -> Result<(), TaskError> {
        Run::go_on(self, steps)
    }

    fn network(&self) -> &Network {
        Run::network(self)
    }

    fn saved(&self) -> Option<&Network> {
        Run::saved(self)
    }

    fn organised(&self) -> bool {
        Run::organised(self)
    }

    fn scores(&self) -> &Scores {
        Run::scores(self)
    }

    fn problems(&self) -> &[String] {
        Run::problems(self)
    }

    /// `generated.txt`, if something was generated.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        match self.generated() {
            said if said.is_empty() => Vec::new(),
            said => vec![("generated.txt".into(), (said + "\n").into_bytes())],
        }
    }
}
