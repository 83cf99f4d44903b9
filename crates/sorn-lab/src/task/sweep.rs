//! [`TaskSweep`]: all arms and seeds of one command, in parallel.

use std::fs::File;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sorn_sequence::Control;
use toml::Value;

use super::run::{self, TaskOutcome, TaskProgress, TaskSummary};
use super::{Arm, TaskExperiment, TaskKind, TaskTable};
use crate::LabError;
use crate::difference::first;
use crate::files::{create_dir, read_text, remove_temporaries, write_whole};
use crate::run_dir::lock;
use crate::threads;

pub(super) const EXPERIMENT: &str = "experiment.toml";
const PLAN: &str = "seeds.json";
/// Its name in earlier versions.
const EARLIER_PLAN: &str = "sweep.json";

/// The directory `runs/<experiment>` of a task: `<arm>/seed-<n>` below it, or `seed-<n>` if there is one arm.
pub struct TaskSweep<T: TaskKind> {
    path: PathBuf,
    experiment: TaskExperiment<T>,
    plan: Plan,
    _lock: Option<File>,
}

/// How a sweep ended.
#[derive(Debug)]
pub struct TaskSwept {
    /// The table, if every run is finished.
    pub table: Option<TaskTable>,
    /// Runs that were stopped and can go on.
    pub stopped: usize,
    /// Runs that failed, and why.
    pub failed: Vec<(PathBuf, LabError)>,
}

/// `seeds.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    seeds: Vec<u64>,
    controls: Vec<Control>,
}

impl Plan {
    fn write(&self, dir: &Path) -> Result<(), LabError> {
        let json = serde_json::to_string(self).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        write_whole(&dir.join(PLAN), json.as_bytes())
    }
}

impl<T: TaskKind> TaskSweep<T> {
    /// Makes the directory of a new sweep below `out`. If `adds`, seeds and controls are added to a sweep of the same experiment that is
    /// there already.
    ///
    /// # Errors
    /// [`LabError`] if there is a sweep already to which nothing is added, or another one, or the directory cannot be written.
    pub fn create(
        out: &Path,
        experiment: &TaskExperiment<T>,
        seeds: &[u64],
        controls: &[Control],
        adds: bool,
    ) -> Result<TaskSweep<T>, LabError> {
        let path = out.join(&experiment.name);
        crate::sweep::refuse(&path)?;
        create_dir(&path)?;
        let lock = lock(&path)?;
        if adds && [PLAN, EARLIER_PLAN].iter().any(|name| path.join(name).is_file()) {
            let mut sweep = TaskSweep::read(&path)?;
            sweep.add(experiment, seeds, controls)?;
            sweep._lock = Some(lock);
            return Ok(sweep);
        }
        if [PLAN, EARLIER_PLAN, run::CONFIG].iter().any(|name| path.join(name).exists()) {
            let reason = "holds runs already; resume them with `sorn resume`, add seeds with --seeds, give another --out, or move it away";
            return Err(LabError::directory(&path, reason));
        }
        let plan = Plan { seeds: seeds.to_vec(), controls: controls.to_vec() };
        // The plan last: a directory that has it is a whole sweep.
        write_whole(&path.join(EXPERIMENT), experiment.to_toml().as_bytes())?;
        plan.write(&path)?;
        Ok(TaskSweep { path, experiment: experiment.clone(), plan, _lock: Some(lock) })
    }

    /// Adds seeds and controls of the same experiment.
    fn add(
        &mut self,
        experiment: &TaskExperiment<T>,
        seeds: &[u64],
        controls: &[Control],
    ) -> Result<(), LabError> {
        let table = |experiment: &TaskExperiment<T>| {
            experiment.without_words().to_toml().parse().map(Value::Table).ok()
        };
        if let Some(difference) = first("", table(&self.experiment).as_ref(), table(experiment).as_ref()) {
            let reason =
                format!("holds another experiment ({difference}); give another --out, or move it away");
            return Err(LabError::directory(&self.path, reason));
        }
        if self.experiment != *experiment {
            write_whole(&self.path.join(EXPERIMENT), experiment.to_toml().as_bytes())?;
            self.experiment = experiment.clone();
        }
        let one = |plan: &Plan| -> Result<bool, LabError> {
            Ok(experiment.arms(&plan.controls, &self.path.display().to_string())?.len() == 1)
        };
        let mut plan = self.plan.clone();
        plan.seeds.extend(seeds.iter().filter(|seed| !self.plan.seeds.contains(seed)));
        plan.controls.extend(controls.iter().filter(|control| !self.plan.controls.contains(control)));
        if one(&plan)? != one(&self.plan)? {
            let reason =
                "holds one arm, to which no controls can be added; give another --out, or move it away";
            return Err(LabError::directory(&self.path, reason));
        }
        if plan != self.plan {
            plan.write(&self.path)?;
            self.plan = plan;
        }
        Ok(())
    }

    /// Opens a sweep's directory to go on with it, and locks it for this process.
    ///
    /// # Errors
    /// [`LabError`] if `path` is none, its files are damaged or another process runs in it.
    pub fn open(path: &Path) -> Result<TaskSweep<T>, LabError> {
        let mut sweep = TaskSweep::read(path)?;
        sweep._lock = Some(lock(path)?);
        Ok(sweep)
    }

    /// Opens a sweep's directory to look at it.
    ///
    /// # Errors
    /// [`LabError`] if `path` is none, or its files are damaged.
    pub fn read(path: &Path) -> Result<TaskSweep<T>, LabError> {
        let mut files = [PLAN, EARLIER_PLAN].map(|name| path.join(name)).into_iter();
        let Some(file) = files.find(|file| file.is_file()) else {
            let reason = "expected the directory of a task (runs/NAME), found no seeds.json";
            return Err(LabError::directory(path, reason));
        };
        let plan =
            serde_json::from_str(&read_text(&file)?).map_err(|e| LabError::damaged(&file, e.to_string()))?;
        let file = path.join(EXPERIMENT);
        let experiment = TaskExperiment::parse(&read_text(&file)?, &file.display().to_string(), &[])?;
        Ok(TaskSweep { path: path.to_path_buf(), experiment, plan, _lock: None })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The experiment.
    pub fn experiment(&self) -> &TaskExperiment<T> {
        &self.experiment
    }

    /// The seeds.
    pub fn seeds(&self) -> &[u64] {
        &self.plan.seeds
    }

    /// The arms, with their directories.
    ///
    /// # Errors
    /// [`LabError`] if a value of an arm is refused.
    pub fn arms(&self) -> Result<Vec<(PathBuf, Arm<T>)>, LabError> {
        let origin = self.path.join(EXPERIMENT).display().to_string();
        let arms = self.experiment.arms(&self.plan.controls, &origin)?;
        let one = arms.len() == 1;
        let place = |label: &str| if one { self.path.clone() } else { self.path.join(label) };
        Ok(arms.into_iter().map(|arm| (place(&arm.label), arm)).collect())
    }

    /// The directories of the runs of an arm in `dir`, in the order of the seeds.
    pub fn runs(&self, dir: &Path) -> Vec<PathBuf> {
        self.plan.seeds.iter().map(|seed| dir.join(format!("seed-{seed}"))).collect()
    }

    /// Network steps of all arms and seeds.
    ///
    /// # Errors
    /// [`LabError`] if a value of the axis is refused.
    pub fn steps(&self) -> Result<u64, LabError> {
        let each: u64 = self.arms()?.iter().map(|(_, arm)| arm.experiment.task.steps()).sum();
        Ok(each * self.plan.seeds.len() as u64)
    }

    /// Runs everything that is not finished, on `number` threads (0: one per processor), then writes the table. The results
    /// do not depend on the number of threads.
    ///
    /// # Errors
    /// [`LabError`] if the directory itself cannot be written; what fails in a run is in the outcome.
    pub fn run(&self, number: usize, progress: &dyn TaskProgress) -> Result<TaskSwept, LabError> {
        remove_temporaries(&self.path)?;
        let mut jobs = Vec::new();
        for (dir, arm) in self.arms()? {
            for &seed in &self.plan.seeds {
                let mut arm = arm.experiment.clone();
                arm.run.seed = seed;
                jobs.push((dir.join(format!("seed-{seed}")), arm));
            }
        }
        run::check_data(&jobs)?;
        let bytes = jobs.iter().map(|(_, arm)| arm.network.memory()).max().unwrap_or(0);
        let pool = threads::pool(number, jobs.len(), bytes);
        let pool = pool.map_err(|reason| LabError::directory(&self.path, reason))?;
        let results: Vec<Option<Result<TaskOutcome, LabError>>> = pool.install(|| {
            let one = |(dir, arm): &(PathBuf, TaskExperiment<T>)| {
                (!progress.stop()).then(|| run::run(dir, arm, progress))
            };
            jobs.par_iter().with_max_len(1).map(one).collect()
        });
        let mut swept = TaskSwept { table: None, stopped: 0, failed: Vec::new() };
        for ((dir, _), result) in jobs.into_iter().zip(results) {
            match result {
                Some(Ok(TaskOutcome::Finished(_))) => {}
                Some(Ok(TaskOutcome::Stopped)) | None => swept.stopped += 1,
                Some(Err(error)) => swept.failed.push((dir, error)),
            }
        }
        if swept.stopped == 0 && swept.failed.is_empty() {
            let table = TaskTable::of(self)?;
            let json =
                serde_json::to_string_pretty(&table).unwrap_or_else(|e| unreachable!("plain data: {e}"));
            write_whole(&self.path.join(T::TABLE), (json + "\n").as_bytes())?;
            swept.table = Some(table);
        }
        Ok(swept)
    }

    /// The summaries of an arm in `dir`, in the order of the seeds.
    pub(super) fn summaries(&self, dir: &Path) -> Result<Vec<TaskSummary>, LabError> {
        let of = |dir: &PathBuf| {
            run::summary(dir)?.ok_or_else(|| {
                LabError::directory(dir, "expected a finished run, found none; resume it with `sorn resume`")
            })
        };
        self.runs(dir).iter().map(of).collect()
    }
}
