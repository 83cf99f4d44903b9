//! [`SingleRun`]: one run of an experiment of any kind, for searches that choose its values themselves.

use std::path::Path;
use std::time::Instant;

use super::kind::{AnyExperiment, Stopping};
use super::results::numbers_of;
use crate::LabError;

/// What looks on while a run goes.
pub trait Watch: Sync {
    /// Since when the run is to stop, if it is: it ends at the end of its episode, saved.
    fn asked(&self) -> Option<Instant>;
    /// So many episodes have ended; `mean` is the mean return of the last window. Runs without episodes do not call it.
    fn episode(&self, _episodes: u64, _mean: f64) {}
}

/// Never stops.
#[derive(Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn asked(&self) -> Option<Instant> {
        None
    }
}

/// What looks on, as runs know it.
pub(super) struct Watched<'a>(pub(super) &'a dyn Watch);

impl Stopping for Watched<'_> {
    fn stop(&self) -> bool {
        self.0.asked().is_some()
    }

    fn asked(&self) -> Option<Instant> {
        self.0.asked()
    }

    fn episode(&self, episodes: u64, mean: f64) {
        self.0.episode(episodes, mean);
    }
}

/// One run of an experiment of any kind of task.
#[derive(Debug)]
pub struct SingleRun(AnyExperiment);

impl SingleRun {
    /// Reads the experiment in `text`, called `origin` in errors, with `overrides`, each `key=value`; a table `[sweep]` is left out.
    ///
    /// # Errors
    /// [`LabError`] naming the file or override, the key, what was found and what is allowed.
    pub fn read(text: &str, origin: &str, overrides: &[String]) -> Result<SingleRun, LabError> {
        let experiment = AnyExperiment::read(text, origin, overrides)?;
        experiment.validate(origin)?;
        Ok(SingleRun(experiment))
    }

    /// Runs it in `dir`, from its latest checkpoint if there is one; true if it is finished, false if it was stopped.
    ///
    /// # Errors
    /// [`LabError`] if the run fails, or `dir` holds another one.
    pub fn run(&self, dir: &Path, watch: &dyn Watch) -> Result<bool, LabError> {
        self.0.run(dir, &Watched(watch))
    }

    /// The numbers of the summary of the finished run in `dir`, by dotted names.
    ///
    /// # Errors
    /// [`LabError`] if there is none, or it is damaged.
    pub fn numbers(dir: &Path) -> Result<Vec<(String, f64)>, LabError> {
        numbers_of(dir)
    }
}
