//! One arm and one seed: a directory that is filled, or gone on with.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sorn_sequence::{Scores, TaskError};

use super::record::{self, Recorder};
use super::{TaskExperiment, TaskKind, TaskWork, data};
use crate::files::{create_dir, read_text, remove_temporaries, write_whole};
use crate::run_dir::lock;
use crate::{LabError, SavedNetwork, initial, load_network, save_network};

pub(super) const CONFIG: &str = "config.toml";
const SUMMARY: &str = "summary.json";
/// Steps between two looks at whether to stop.
const STRIDE: u64 = 5_000;

/// What looks on while tasks run.
pub trait TaskProgress: Sync {
    /// So many steps were done.
    fn steps(&self, steps: u64);
    /// Whether runs are to stop.
    fn stop(&self) -> bool;
}

/// The outcome of one run of a task (`summary.json`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSummary {
    /// Name of the experiment.
    pub experiment: String,
    /// Kind of the task.
    pub task: String,
    /// The control, none for the experiment itself.
    pub control: Option<String>,
    /// Seed of the run.
    pub seed: u64,
    /// Version that ran it.
    pub version: String,
    /// Network steps.
    pub steps: u64,
    /// Seconds of work since the run was begun or resumed last.
    pub wall_secs: f64,
    /// Scores by name.
    pub scores: Scores,
    /// Scores that could not be taken, and why; absent if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskOutcome {
    /// Its summary is written.
    Finished(TaskSummary),
    /// It was stopped, and can go on.
    Stopped,
}

/// The summary in `dir`, if the run is finished.
pub(super) fn summary(dir: &Path) -> Result<Option<TaskSummary>, LabError> {
    let path = dir.join(SUMMARY);
    if !path.exists() {
        return Ok(None);
    }
    serde_json::from_str(&read_text(&path)?).map(Some).map_err(|e| LabError::damaged(&path, e.to_string()))
}

/// Refuses to add to runs that were made with other data than the file holds now.
pub(super) fn check_data<T: TaskKind>(jobs: &[(PathBuf, TaskExperiment<T>)]) -> Result<(), LabError> {
    if jobs.iter().all(|(dir, _)| dir.join(SUMMARY).exists()) {
        return Ok(());
    }
    let read = jobs.iter().filter_map(|(dir, experiment)| Some((dir, experiment.task.data()?)));
    read.into_iter().try_for_each(|(dir, file)| data::check(dir, &file))
}

/// Runs `experiment` in `dir`, from its checkpoint if there is one; a finished run is left as it is.
pub(crate) fn run<T: TaskKind>(
    dir: &Path,
    experiment: &TaskExperiment<T>,
    progress: &dyn TaskProgress,
) -> Result<TaskOutcome, LabError> {
    create_dir(dir)?;
    let _lock = lock(dir)?;
    if let Some(summary) = summary(dir)? {
        // A process may have been killed after its last file.
        record::clear(dir)?;
        progress.steps(summary.steps);
        return Ok(TaskOutcome::Finished(summary));
    }
    for folder in [dir.to_path_buf(), dir.join("checkpoints")] {
        remove_temporaries(&folder)?;
    }
    let config = dir.join(CONFIG);
    if config.exists() {
        let found = TaskExperiment::parse(&read_text(&config)?, &config.display().to_string(), &[])?;
        if found.without_words() != experiment.without_words() {
            let reason =
                "holds a run of another configuration (config.toml); give another --out, or move it away";
            return Err(LabError::directory(dir, reason));
        }
        if let Some(file) = experiment.task.data() {
            data::check(dir, &file)?;
        }
    } else {
        if let Some(file) = experiment.task.data() {
            data::note(dir, &file)?;
        }
        if let Some(file) = &experiment.run.initial {
            initial::keep(dir, file)?;
        }
        write_whole(&config, experiment.to_toml().as_bytes())?;
    }
    let seed = experiment.run.seed;
    let failed = |e: TaskError| LabError::Run { seed, reason: e.to_string() };
    let path = checkpoint(dir);
    let mut run = match path.exists() {
        false => {
            let kept = experiment.run.initial.as_ref().map(|file| initial::kept(dir, file));
            let initial = kept.map(|file| initial::read(&file, &config.display().to_string())).transpose()?;
            let begun = experiment.task.begin(&experiment.network, seed, &initial.unwrap_or_default());
            begun.map_err(failed)?
        }
        true => {
            let SavedNetwork::Whole(saved) = load_network(&path)? else {
                return Err(LabError::damaged(
                    &path,
                    "expected a whole network, found upstream's arrays alone",
                ));
            };
            let resumed = experiment.task.resume(&experiment.network, seed, saved.1);
            resumed.map_err(|e| LabError::damaged(&path, e.to_string()))?
        }
    };
    progress.steps(run.done());
    let begun = Instant::now();
    let every = experiment.run.checkpoint_every;
    let mut saved = run.done();
    let phases = experiment.task.phases();
    let mut recorder = Recorder::open(dir, &experiment.record, &phases, run.done(), run.network())?;
    while !run.is_finished() {
        let before = run.done();
        let look_by = before + STRIDE.min(every - before % every);
        while run.done() < look_by && !run.is_finished() {
            let stride = recorder.stride(run.done());
            run.go_on((look_by - run.done()).min(stride.unwrap_or(u64::MAX))).map_err(failed)?;
            if stride.is_some() {
                recorder.look(run.done(), run.network())?;
            }
            if run.organised() {
                break;
            }
        }
        progress.steps(run.done() - before);
        let stop = progress.stop();
        // Before the first step of a readout the network is saved in any case: from there it goes on, or is looked at.
        let due = run.done() % every == 0 || run.organised() || stop;
        if let Some(network) = run.saved()
            && due
            && run.done() != saved
        {
            create_dir(&dir.join("checkpoints"))?;
            recorder.sync()?;
            save_network(&path, network)?;
            saved = run.done();
        }
        if stop && !run.is_finished() {
            return Ok(TaskOutcome::Stopped);
        }
    }
    recorder.finish(dir, run.done(), run.scores())?;
    for (name, bytes) in run.files() {
        write_whole(&dir.join(name), &bytes)?;
    }
    let (scores, problems) = finite(run.scores(), run.problems());
    let summary = TaskSummary {
        experiment: experiment.name.clone(),
        task: T::KIND.into(),
        control: experiment.task.control().map(|control| control.to_string()),
        seed,
        version: env!("CARGO_PKG_VERSION").into(),
        steps: run.done(),
        wall_secs: begun.elapsed().as_secs_f64(),
        scores,
        problems,
    };
    let json = serde_json::to_string_pretty(&summary).unwrap_or_else(|e| unreachable!("plain data: {e}"));
    write_whole(&dir.join(SUMMARY), (json + "\n").as_bytes())?;
    record::clear(dir)?;
    Ok(TaskOutcome::Finished(summary))
}

/// JSON has no other numbers than finite ones: what is none becomes a problem.
fn finite(scores: &Scores, problems: &[String]) -> (Scores, Vec<String>) {
    let (mut kept, mut problems) = (scores.clone(), problems.to_vec());
    kept.0.retain(|name, value| {
        if !value.is_finite() {
            problems.push(format!(
                "{name}: expected a finite number, found {value}: are the numbers of the task too large?"
            ));
        }
        value.is_finite()
    });
    (kept, problems)
}

pub(super) fn checkpoint(dir: &Path) -> PathBuf {
    dir.join("checkpoints").join("network.safetensors")
}
