//! [`AnyExperiment`]: experiments of every kind of task behind one interface, so that a sweep knows none of them.

use std::path::Path;
use std::time::Instant;

use sorn_agents::{Agent, StepEvent};
use sorn_sequence::Task;
use toml::Table;

use crate::difference::difference;
use crate::dynamics::DynamicsTask;
use crate::run_dir::is_run;
use crate::series::SeriesTask;
use crate::task::{self, TaskKind};
use crate::{
    Episode, Experiment, LabError, Outcome, Progress, RunDir, TaskExperiment, TaskOutcome, TaskProgress,
    TaskSort, train,
};

/// An experiment of any kind of task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AnyExperiment {
    Rl(Box<Experiment>),
    Sequence(Box<TaskExperiment<Task>>),
    Dynamics(Box<TaskExperiment<DynamicsTask>>),
    Series(Box<TaskExperiment<SeriesTask>>),
}

/// Whether work is to stop, and since when.
pub(crate) trait Stopping: Sync {
    fn stop(&self) -> bool;
    fn asked(&self) -> Option<Instant>;
    /// Called after each episode with the number of episodes and the mean return of the last window. Only agents have episodes.
    fn episode(&self, _episodes: u64, _mean: f64) {}
}

impl AnyExperiment {
    /// Reads an experiment from `text` with `overrides` put in, without a look at what only environment and agent can tell.
    pub(crate) fn read(text: &str, origin: &str, overrides: &[String]) -> Result<AnyExperiment, LabError> {
        let table: Table = text.parse().unwrap_or_default();
        match TaskSort::of_table(&table) {
            Some(TaskSort::Sequence) => {
                TaskExperiment::parse(text, origin, overrides).map(Box::new).map(Self::Sequence)
            }
            Some(TaskSort::Dynamics) => {
                TaskExperiment::parse(text, origin, overrides).map(Box::new).map(Self::Dynamics)
            }
            Some(TaskSort::Series) => {
                TaskExperiment::parse(text, origin, overrides).map(Box::new).map(Self::Series)
            }
            None => crate::read::experiment(text, origin, overrides).map(Box::new).map(Self::Rl),
        }
    }

    /// Checks every value.
    pub(crate) fn validate(&self, origin: &str) -> Result<(), LabError> {
        match self {
            AnyExperiment::Rl(experiment) => experiment.validate(origin),
            AnyExperiment::Sequence(experiment) => experiment.validate(origin),
            AnyExperiment::Dynamics(experiment) => experiment.validate(origin),
            AnyExperiment::Series(experiment) => experiment.validate(origin),
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            AnyExperiment::Rl(experiment) => &experiment.name,
            AnyExperiment::Sequence(experiment) => &experiment.name,
            AnyExperiment::Dynamics(experiment) => &experiment.name,
            AnyExperiment::Series(experiment) => &experiment.name,
        }
    }

    pub(crate) fn question(&self) -> &str {
        match self {
            AnyExperiment::Rl(experiment) => &experiment.question,
            AnyExperiment::Sequence(experiment) => &experiment.question,
            AnyExperiment::Dynamics(experiment) => &experiment.question,
            AnyExperiment::Series(experiment) => &experiment.question,
        }
    }

    pub(crate) fn seed(&self) -> u64 {
        match self {
            AnyExperiment::Rl(experiment) => experiment.run.seed,
            AnyExperiment::Sequence(experiment) => experiment.run.seed,
            AnyExperiment::Dynamics(experiment) => experiment.run.seed,
            AnyExperiment::Series(experiment) => experiment.run.seed,
        }
    }

    pub(crate) fn set_seed(&mut self, seed: u64) {
        match self {
            AnyExperiment::Rl(experiment) => experiment.run.seed = seed,
            AnyExperiment::Sequence(experiment) => experiment.run.seed = seed,
            AnyExperiment::Dynamics(experiment) => experiment.run.seed = seed,
            AnyExperiment::Series(experiment) => experiment.run.seed = seed,
        }
    }

    pub(crate) fn set_name(&mut self, name: &str) {
        match self {
            AnyExperiment::Rl(experiment) => experiment.name = name.into(),
            AnyExperiment::Sequence(experiment) => experiment.name = name.into(),
            AnyExperiment::Dynamics(experiment) => experiment.name = name.into(),
            AnyExperiment::Series(experiment) => experiment.name = name.into(),
        }
    }

    pub(crate) fn to_toml(&self) -> String {
        match self {
            AnyExperiment::Rl(experiment) => experiment.to_toml(),
            AnyExperiment::Sequence(experiment) => experiment.to_toml(),
            AnyExperiment::Dynamics(experiment) => experiment.to_toml(),
            AnyExperiment::Series(experiment) => experiment.to_toml(),
        }
    }

    /// The number of `summary.json` by which runs are judged if nothing else is said.
    pub(crate) fn usual_measure(&self) -> Option<String> {
        match self {
            AnyExperiment::Rl(experiment) if experiment.eval.episodes > 0 => Some("eval.mean".into()),
            AnyExperiment::Rl(_) => Some("mean_return_last_100".into()),
            AnyExperiment::Sequence(experiment) => last_score(&experiment.report),
            AnyExperiment::Dynamics(experiment) => last_score(&experiment.report),
            AnyExperiment::Series(experiment) => last_score(&experiment.report),
        }
    }

    /// Runs it in `dir`, from its latest checkpoint if there is one; true if it is finished, false if it was stopped.
    pub(crate) fn run(&self, dir: &Path, stopping: &dyn Stopping) -> Result<bool, LabError> {
        match self {
            AnyExperiment::Rl(experiment) => {
                let dir = open(dir, experiment)?;
                Ok(matches!(train(&dir, &Quietly(stopping))?, Outcome::Finished(_)))
            }
            AnyExperiment::Sequence(experiment) => run_task(dir, experiment, stopping),
            AnyExperiment::Dynamics(experiment) => run_task(dir, experiment, stopping),
            AnyExperiment::Series(experiment) => run_task(dir, experiment, stopping),
        }
    }
}

fn last_score(report: &[String]) -> Option<String> {
    report.last().map(|score| format!("scores.{score}"))
}

fn run_task<T: TaskKind>(
    dir: &Path,
    experiment: &TaskExperiment<T>,
    stopping: &dyn Stopping,
) -> Result<bool, LabError> {
    Ok(matches!(task::run(dir, experiment, &Quietly(stopping))?, TaskOutcome::Finished(_)))
}

/// The run directory of `experiment`, made if it is not there.
fn open(path: &Path, experiment: &Experiment) -> Result<RunDir, LabError> {
    if !is_run(path) {
        match RunDir::create(path, experiment) {
            // Another process was a moment earlier.
            Err(_) if is_run(path) => {}
            other => return other,
        }
    }
    let dir = RunDir::open(path)?;
    match difference(dir.experiment(), experiment) {
        None => Ok(dir),
        Some(difference) => {
            let reason = format!("holds a run of another configuration ({difference}); move it away");
            Err(LabError::directory(path, reason))
        }
    }
}

/// Shows nothing of single runs but their returns.
struct Quietly<'a>(&'a dyn Stopping);

impl Progress for Quietly<'_> {
    fn episode(&self, _seed: u64, episode: &Episode, mean: f64) {
        self.0.episode(episode.episode + 1, mean);
    }
    fn step(&self, _seed: u64, _event: &StepEvent<'_>, _agent: &Agent) {}
    fn finished(&self, _seed: u64) {}
    fn stop(&self) -> bool {
        self.0.stop()
    }
    fn asked(&self) -> Option<Instant> {
        self.0.asked()
    }
}

impl TaskProgress for Quietly<'_> {
    fn steps(&self, _steps: u64) {}
    fn stop(&self) -> bool {
        self.0.stop()
    }
}
