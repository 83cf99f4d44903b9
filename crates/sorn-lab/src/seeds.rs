//! [`Sweep`]: one experiment over several seeds, in parallel.

use std::fs::File;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sorn_report::figure::Over;

use crate::difference::difference;
use crate::figures::Recorded;
use crate::files::{create_dir, read_text, remove, write_whole};
use crate::run_dir::{is_run, lock, of_an_agent, refuse_live};
use crate::{
    Aggregate, Experiment, LabError, Outcome, Progress, RunDir, Summary, figures, read, sweep, threads, train,
};

/// The directory `runs/<experiment>` of an experiment over several seeds; each seed is a run directory in it.
pub struct Sweep {
    path: PathBuf,
    experiment: Experiment,
    seeds: Vec<u64>,
    _lock: Option<File>,
}

/// How a sweep ended.
#[derive(Debug)]
pub struct SweepOutcome {
    /// The table, where every run is finished.
    pub aggregate: Option<Aggregate>,
    /// Seeds that were stopped and can go on.
    pub stopped: Vec<u64>,
    /// Seeds that failed, and why.
    pub failed: Vec<(u64, LabError)>,
}

/// `seeds.json`: which seeds belong to it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    seeds: Vec<u64>,
}

const PLAN: &str = "seeds.json";
/// Its name in earlier versions.
const EARLIER_PLAN: &str = "sweep.json";
const AGGREGATE: &str = "aggregate.json";
/// Not `config.toml`, which marks the directory of one run.
const EXPERIMENT: &str = "experiment.toml";

impl Sweep {
    /// Makes the directory of a new sweep below `out`, or adds seeds to the sweep that is there. Runs that are in it already, with the
    /// same configuration, become part of it as they are.
    ///
    /// # Errors
    /// [`LabError::Directory`] if there is a sweep of these seeds already, one or a run with another configuration, or a run in which
    /// another process is running.
    pub fn create(out: &Path, experiment: &Experiment, seeds: &[u64]) -> Result<Sweep, LabError> {
        let path = out.join(&experiment.name);
        sweep::refuse(&path)?;
        let new =
            Sweep { path: path.clone(), experiment: experiment.clone(), seeds: seeds.to_vec(), _lock: None };
        new.added_to(Sweep::read(&path)?)?;
        create_dir(&path)?;
        let lock = lock(&path)?;
        // Another process may have made a sweep or added seeds before the lock.
        let sweep = new.added_to(Sweep::read(&path)?)?;
        refuse_live(sweep.runs().map(|(_, path)| path))?;
        remove(&path.join(AGGREGATE))?;
        // The plan last: a directory that has it is a whole sweep.
        write_whole(&path.join(EXPERIMENT), experiment.to_toml().as_bytes())?;
        let plan = serde_json::to_string(&Plan { seeds: sweep.seeds.clone() });
        let plan = plan.unwrap_or_else(|e| unreachable!("plain numbers: {e}"));
        write_whole(&path.join(PLAN), plan.as_bytes())?;
        Ok(Sweep { _lock: Some(lock), ..sweep })
    }

    /// This sweep, and the seeds of the one that is there before its own.
    fn added_to(&self, before: Option<Sweep>) -> Result<Sweep, LabError> {
        let refuse = |path: &Path, reason: String| Err(LabError::directory(path, reason));
        let mut seeds = Vec::new();
        if let Some(before) = before {
            if let Some(difference) = difference(&before.experiment, &self.experiment) {
                let reason = format!(
                    "holds runs of another configuration ({difference}); give another --out, or move it away; a larger budget \
                     is given by `sorn resume DIR --set run.episodes=N`"
                );
                return refuse(&self.path, reason);
            }
            if self.seeds.iter().all(|seed| before.seeds.contains(seed)) {
                let reason = "holds runs with these seeds already; resume it with `sorn resume`, give other --seeds to add, another \
                              --out, or move it away";
                return refuse(&self.path, reason.into());
            }
            seeds = before.seeds;
        }
        for (seed, run) in self.runs().filter(|(_, run)| is_run(run)) {
            if let Some(difference) = difference(RunDir::read(&run)?.experiment(), &self.seeded(seed)) {
                let reason = format!(
                    "holds a run of another configuration ({difference}); give another --out, or move it away"
                );
                return refuse(&run, reason);
            }
        }
        let new = self.seeds.iter().copied().filter(|seed| !seeds.contains(seed)).collect::<Vec<u64>>();
        seeds.extend(new);
        Ok(Sweep { path: self.path.clone(), experiment: self.experiment.clone(), seeds, _lock: None })
    }

    /// Gives all runs another budget, with which [`run`](Sweep::run) goes on; `overrides` are those of
    /// [`Experiment::with_budget`]. True if runs may come to other results than with that budget from their beginning.
    ///
    /// # Errors
    /// [`LabError`] if a key is no budget's, the budget is less than what a run has done, or a file cannot be written.
    pub fn set_budget(&mut self, overrides: &[String]) -> Result<bool, LabError> {
        let experiment = self.experiment.with_budget(overrides)?;
        let mut depends = false;
        for (_, path) in self.runs().filter(|(_, path)| is_run(path)) {
            RunDir::read(&path)?.allow_budget(&experiment.run)?;
            depends |= experiment.run.num_envs > 1;
        }
        if experiment == self.experiment {
            return Ok(false);
        }
        remove(&self.path.join(AGGREGATE))?;
        write_whole(&self.path.join(EXPERIMENT), experiment.to_toml().as_bytes())?;
        self.experiment = experiment;
        Ok(depends)
    }

    /// Opens a sweep's directory to go on with it, and locks it for this process; `None` where `path` is none.
    ///
    /// # Errors
    /// [`LabError`] where its files are damaged or another process runs in it or in one of its runs.
    pub fn open(path: &Path) -> Result<Option<Sweep>, LabError> {
        let Some(mut sweep) = Sweep::read(path)? else { return Ok(None) };
        sweep._lock = Some(lock(path)?);
        refuse_live(sweep.runs().map(|(_, path)| path))?;
        Ok(Some(sweep))
    }

    /// Opens a sweep's directory to look at it; `None` where `path` is none.
    ///
    /// # Errors
    /// [`LabError`] where its files are damaged.
    pub fn read(path: &Path) -> Result<Option<Sweep>, LabError> {
        let Some(plan) =
            [PLAN, EARLIER_PLAN].map(|name| path.join(name)).into_iter().find(|plan| plan.is_file())
        else {
            return Ok(None);
        };
        of_an_agent(path)?;
        let text = read_text(&plan)?;
        let Plan { seeds } = serde_json::from_str(&text)
            .map_err(|e| LabError::damaged(&plan, format!("expected {{\"seeds\": [...]}}: {e}")))?;
        let file = path.join(EXPERIMENT);
        let experiment = read::experiment(&read_text(&file)?, &file.display().to_string(), &[])?;
        Ok(Some(Sweep { path: path.to_path_buf(), experiment, seeds, _lock: None }))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The experiment, with the seed its file names.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The seeds.
    pub fn seeds(&self) -> &[u64] {
        &self.seeds
    }

    /// The runs' directories, by seed.
    pub fn runs(&self) -> impl Iterator<Item = (u64, PathBuf)> + '_ {
        self.seeds.iter().map(|&seed| (seed, self.path.join(format!("seed-{seed}"))))
    }

    fn seeded(&self, seed: u64) -> Experiment {
        let mut experiment = self.experiment.clone();
        experiment.run.seed = seed;
        experiment
    }

    /// Runs every seed that is not finished, on `number` threads (0: one per processor); then writes `aggregate.json` and the
    /// learning curve. The results do not depend on the number of threads.
    ///
    /// # Errors
    /// [`LabError`] if the directory itself cannot be written; the outcome reports what fails in a run.
    pub fn run(&self, number: usize, progress: &dyn Progress) -> Result<SweepOutcome, LabError> {
        let runs: Vec<(u64, PathBuf)> = self.runs().collect();
        let pool = threads::pool(number, runs.len(), self.experiment.memory());
        let pool = pool.map_err(|reason| LabError::directory(&self.path, reason))?;
        let results: Vec<Option<Result<Outcome, LabError>>> = pool.install(|| {
            let one =
                |(seed, path): &(u64, PathBuf)| (!progress.stop()).then(|| self.one(*seed, path, progress));
            // One job per seed, taken in order, so that few long runs do not wait behind one another.
            runs.par_iter().with_max_len(1).map(one).collect()
        });
        let mut outcome = SweepOutcome { aggregate: None, stopped: Vec::new(), failed: Vec::new() };
        let mut summaries = Vec::new();
        for (&seed, result) in self.seeds.iter().zip(results) {
            match result {
                Some(Ok(Outcome::Finished(summary))) => summaries.push(summary),
                Some(Ok(Outcome::Stopped { .. })) | None => outcome.stopped.push(seed),
                Some(Err(error)) => outcome.failed.push((seed, error)),
            }
        }
        if summaries.len() == self.seeds.len() {
            outcome.aggregate = self.aggregate(&summaries)?;
        }
        Ok(outcome)
    }

    fn one(&self, seed: u64, path: &Path, progress: &dyn Progress) -> Result<Outcome, LabError> {
        let dir = match is_run(path) {
            true => {
                let mut dir = RunDir::open(path)?;
                dir.take_budget(&self.experiment.run)?;
                dir
            }
            false => RunDir::create(path, &self.seeded(seed))?,
        };
        train(&dir, progress)
    }

    /// Draws the learning curve of all seeds that have begun: the SVG's path, or why there is none if it cannot be drawn.
    pub(crate) fn draw(&self, over: Option<Over>) -> Result<Result<PathBuf, String>, LabError> {
        let mut curves = Vec::new();
        for (_, path) in self.runs() {
            if path.join("metrics.jsonl").is_file() {
                curves.push(Recorded::of(&RunDir::read(&path)?)?);
            }
        }
        let title = format!("{}, {} seeds", self.experiment.name, curves.len());
        figures::curve(&self.path, &self.experiment, title, &curves, over)
    }

    fn aggregate(&self, summaries: &[Summary]) -> Result<Option<Aggregate>, LabError> {
        let Some(mut aggregate) = Aggregate::of(summaries) else { return Ok(None) };
        if summaries.iter().any(|summary| summary.episodes > 0) {
            aggregate.problems.extend(self.draw(None)?.err());
        }
        aggregate.problems.iter().for_each(|problem| tracing::warn!("{}: {problem}", self.path.display()));
        let json =
            serde_json::to_string_pretty(&aggregate).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        write_whole(&self.path.join(AGGREGATE), (json + "\n").as_bytes())?;
        Ok(Some(aggregate))
    }
}
