//! `sorn tune`: trials for the search of `sorn_rs._tune`.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Map, Value};
use sorn_cli::asked_to_stop;
use sorn_lab::{LabError, Watch};

use crate::extras::failed;

fn drawn(json: &str) -> PyResult<Map<String, Value>> {
    serde_json::from_str(json).map_err(|e| PyValueError::new_err(e.to_string()))
}

/// The directory of a search.
#[pyclass(frozen)]
pub(crate) struct Tuning(pub(crate) sorn_lab::Tuning);

#[pymethods]
impl Tuning {
    /// The directory of a trial.
    fn place(&self, number: u64) -> PathBuf {
        self.0.place(number)
    }

    /// A trial with values as JSON; None if another process has it.
    fn trial(&self, py: Python<'_>, number: u64, values: &str) -> PyResult<Option<Trial>> {
        let values = drawn(values)?;
        match py.detach(|| self.0.trial(number, &values)) {
            Ok(trial) => Ok(Some(Trial(trial))),
            Err(LabError::Busy { .. }) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Writes `best.toml`, and gives its path.
    fn write_best(&self, number: u64, values: &str, mean: f64, seeds: usize) -> PyResult<PathBuf> {
        self.0.write_best(number, &drawn(values)?, (mean, seeds)).map_err(|error| failed(&error))
    }
}

/// A trial, whose directory this process has for itself.
#[pyclass(frozen)]
pub(crate) struct Trial(sorn_lab::Trial);

#[pymethods]
impl Trial {
    /// Runs one seed and gives its measure; None if it was stopped. After every `every` episodes `report` is called with their number and
    /// the mean return of the last window; if it says True, the run is stopped.
    #[pyo3(signature = (seed, every=None, report=None))]
    fn run(
        &self,
        py: Python<'_>,
        seed: u64,
        every: Option<u64>,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Option<f64>> {
        let reporting = Reporting {
            to: every.filter(|every| *every > 0).zip(report),
            enough: AtomicBool::new(false),
            since: Mutex::default(),
            failed: Mutex::default(),
        };
        let ran = py.detach(|| self.0.run(seed, &reporting));
        match reporting.failed.into_inner() {
            Ok(Some(error)) => Err(error),
            _ => ran.map_err(|error| failed(&error)),
        }
    }
}

/// Tells a function of Python how a run goes.
struct Reporting {
    to: Option<(u64, Py<PyAny>)>,
    /// The function has seen enough, and since when.
    enough: AtomicBool,
    since: Mutex<Option<Instant>>,
    failed: Mutex<Option<PyErr>>,
}

impl Watch for Reporting {
    fn asked(&self) -> Option<Instant> {
        match self.enough.load(Ordering::Relaxed) {
            true => self.since.lock().ok().and_then(|since| *since),
            false => asked_to_stop(),
        }
    }

    fn episode(&self, episodes: u64, mean: f64) {
        let Some((_, report)) = self.to.as_ref().filter(|(every, _)| episodes.is_multiple_of(*every)) else {
            return;
        };
        let said = Python::attach(|py| report.call1(py, (episodes, mean))?.extract::<bool>(py));
        let enough = match said {
            Ok(enough) => enough,
            Err(error) => {
                if let Ok(mut failed) = self.failed.lock() {
                    failed.get_or_insert(error);
                }
                true
            }
        };
        if enough {
            if let Ok(mut since) = self.since.lock() {
                since.get_or_insert_with(Instant::now);
            }
            self.enough.store(true, Ordering::Relaxed);
        }
    }
}
