//! [`TaskRun`]: one run of a task, for figures of its network.

use std::path::{Path, PathBuf};

use sorn_core::{Params, Synapses};
use sorn_sequence::Task;

use super::record::{TaskRecordConfig, steps};
use super::{TaskExperiment, TaskKind, TaskSort, TaskWork, run, sweep};
use crate::dynamics::DynamicsTask;
use crate::files::read_text;
use crate::series::SeriesTask;
use crate::{LabError, SavedNetwork, initial, load_network};

/// What a run directory says of its network.
pub(crate) struct TaskRun {
    dir: PathBuf,
    sort: TaskSort,
    name: String,
    seed: u64,
    record: TaskRecordConfig,
    /// Name and steps of each.
    phases: Vec<(String, u64)>,
}

impl TaskRun {
    /// That of `dir`; none of the directory of all arms and seeds.
    pub(crate) fn read(dir: &Path, sort: TaskSort) -> Result<Option<TaskRun>, LabError> {
        if dir.join(sweep::EXPERIMENT).is_file() {
            return Ok(None);
        }
        match sort {
            TaskSort::Sequence => of::<Task>(dir, sort),
            TaskSort::Series => of::<SeriesTask>(dir, sort),
            TaskSort::Dynamics => of::<DynamicsTask>(dir, sort),
        }
        .map(Some)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.dir
    }

    /// Name and seed.
    pub(crate) fn name(&self) -> (&str, u64) {
        (&self.name, self.seed)
    }

    pub(crate) fn record(&self) -> &TaskRecordConfig {
        &self.record
    }

    fn phases(&self) -> Vec<(&str, u64)> {
        self.phases.iter().map(|(name, steps)| (name.as_str(), *steps)).collect()
    }

    /// The steps of the rows of a probe that looks at every `every`-th step.
    pub(crate) fn recorded_steps(&self, every: u64) -> Vec<u64> {
        steps(&self.record.spans(&self.phases()), every, u64::MAX).collect()
    }

    /// The index of the first of `at`, steps in order, that is in the same phase as the last.
    pub(crate) fn last_phase(&self, at: &[u64]) -> usize {
        let Some(last) = at.last() else { return 0 };
        let spans = self.record.spans(&self.phases());
        let begin = spans.iter().find(|span| span.contains(&(last - 1))).map_or(0, |span| span.start);
        at.partition_point(|step| *step <= begin)
    }

    /// The E-to-E weights before the first step, or of the network that organised itself.
    pub(crate) fn weights(&self, before: bool) -> Result<Synapses, LabError> {
        match (before, self.sort) {
            (true, TaskSort::Sequence) => born::<Task>(&self.dir),
            (true, TaskSort::Series) => born::<SeriesTask>(&self.dir),
            (true, TaskSort::Dynamics) => born::<DynamicsTask>(&self.dir),
            (false, _) => {
                let path = run::checkpoint(&self.dir);
                let SavedNetwork::Whole(saved) = load_network(&path)? else {
                    return Err(LabError::damaged(
                        &path,
                        "expected a whole network, found upstream's arrays alone",
                    ));
                };
                Ok(saved.1.wee)
            }
        }
    }
}

fn read<T: TaskKind>(dir: &Path) -> Result<TaskExperiment<T>, LabError> {
    let config = dir.join(run::CONFIG);
    TaskExperiment::parse(&read_text(&config)?, &config.display().to_string(), &[])
}

fn of<T: TaskKind>(dir: &Path, sort: TaskSort) -> Result<TaskRun, LabError> {
    let experiment = read::<T>(dir)?;
    let phases =
        experiment.task.phases().into_iter().map(|(name, steps)| (name.to_string(), steps)).collect();
    Ok(TaskRun {
        dir: dir.into(),
        sort,
        name: experiment.name,
        seed: experiment.run.seed,
        record: experiment.record,
        phases,
    })
}

fn born<T: TaskKind>(dir: &Path) -> Result<Synapses, LabError> {
    let experiment = read::<T>(dir)?;
    let config = dir.join(run::CONFIG).display().to_string();
    let kept = experiment.run.initial.as_ref().map(|file| initial::kept(dir, file));
    let initial = kept.map(|file| initial::read(&file, &config)).transpose()?.unwrap_or_default();
    let (params, seed): (&Params, u64) = (&experiment.network, experiment.run.seed);
    let begun = experiment.task.begin(params, seed, &initial);
    let begun = begun.map_err(|e| LabError::Config { origin: config, reason: e.to_string() })?;
    Ok(begun.network().wee())
}
