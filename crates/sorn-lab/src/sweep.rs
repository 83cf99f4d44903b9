//! [`Sweep`]: one experiment over several seeds, in parallel.

use std::fs::File;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::difference::difference;
use crate::files::{create_dir, read_text, write_whole};
use crate::run_dir::{is_run, lock, refuse_live};
use crate::{
    Aggregate, Experiment, LabError, Outcome, Progress, RunDir, Summary, figures, metrics, read, train,
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

/// `sweep.json`: which seeds belong to the sweep.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    seeds: Vec<u64>,
}

const PLAN: &str = "sweep.json";
/// Not `config.toml`, which marks the directory of one run.
const EXPERIMENT: &str = "experiment.toml";

impl Sweep {
    /// Makes the directory of a new sweep below `out`. Runs that are in it already, with the same configuration, become part
    /// of it as they are.
    ///
    /// # Errors
    /// [`LabError::Directory`] where there is a sweep already, a run with another configuration, or one in which another
    /// process is running.
    pub fn create(out: &Path, experiment: &Experiment, seeds: &[u64]) -> Result<Sweep, LabError> {
        let path = out.join(&experiment.name);
        let refuse = || {
            let reason =
                "holds a sweep already; go on with it by `sorn resume`, give another --out, or move it away";
            Err(LabError::directory(&path, reason))
        };
        if path.join(PLAN).exists() {
            return refuse();
        }
        let mut sweep =
            Sweep { path: path.clone(), experiment: experiment.clone(), seeds: seeds.to_vec(), _lock: None };
        for (seed, run) in sweep.runs().filter(|(_, run)| is_run(run)) {
            if let Some(difference) = difference(RunDir::read(&run)?.experiment(), &sweep.seeded(seed)) {
                let reason = format!(
                    "holds a run of another configuration ({difference}); give another --out, or move it away"
                );
                return Err(LabError::directory(&run, reason));
            }
        }
        create_dir(&path)?;
        sweep._lock = Some(lock(&path)?);
        if path.join(PLAN).exists() {
            return refuse();
        }
        refuse_live(sweep.runs().map(|(_, path)| path))?;
        // The plan last: a directory that has it is a whole sweep.
        write_whole(&path.join(EXPERIMENT), experiment.to_toml().as_bytes())?;
        let plan = serde_json::to_string(&Plan { seeds: seeds.to_vec() });
        let plan = plan.unwrap_or_else(|e| unreachable!("plain numbers: {e}"));
        write_whole(&path.join(PLAN), plan.as_bytes())?;
        Ok(sweep)
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
        let plan = path.join(PLAN);
        if !plan.is_file() {
            return Ok(None);
        }
        let text = read_text(&plan)?;
        let Plan { seeds } = serde_json::from_str(&text)
            .map_err(|e| LabError::damaged(&plan, format!("{e}; {{\"seeds\": [...]}} expected")))?;
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

    /// Runs every seed that is not finished, on `threads` threads (0: one per processor); then writes `aggregate.json` and the
    /// learning curve. The results do not depend on the number of threads.
    ///
    /// # Errors
    /// [`LabError`] where the directory itself cannot be written; what fails in a run is told in the outcome.
    pub fn run(&self, threads: usize, progress: &dyn Progress) -> Result<SweepOutcome, LabError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|e| LabError::directory(&self.path, format!("--threads {threads}: {e}")))?;
        let runs: Vec<(u64, PathBuf)> = self.runs().collect();
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
            true => RunDir::open(path)?,
            false => RunDir::create(path, &self.seeded(seed))?,
        };
        train(&dir, progress)
    }

    /// Draws the learning curve of all seeds that have begun; why there is none if it cannot be drawn.
    pub(crate) fn draw(&self) -> Result<Option<String>, LabError> {
        let mut curves = Vec::new();
        for (_, path) in self.runs() {
            let path = path.join("metrics.jsonl");
            if path.is_file() {
                curves.push(metrics::read(&path)?.iter().map(|line| line.ret).collect());
            }
        }
        let title = format!("{}, {} seeds", self.experiment.name, curves.len());
        figures::curve(&self.path, &self.experiment, title, curves)
    }

    fn aggregate(&self, summaries: &[Summary]) -> Result<Option<Aggregate>, LabError> {
        let Some(mut aggregate) = Aggregate::of(summaries) else { return Ok(None) };
        aggregate.problems.extend(self.draw()?);
        aggregate.problems.iter().for_each(|problem| tracing::warn!("{}: {problem}", self.path.display()));
        let json =
            serde_json::to_string_pretty(&aggregate).unwrap_or_else(|e| unreachable!("plain data: {e}"));
        write_whole(&self.path.join("aggregate.json"), (json + "\n").as_bytes())?;
        Ok(Some(aggregate))
    }
}
