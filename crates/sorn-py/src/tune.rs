//! `sorn tune`: trials for the search of `sorn_rs._tune`.

use std::path::PathBuf;

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use serde_json::{Map, Value};
use sorn_cli::{ExitStatus, Search, asked_to_stop};
use sorn_lab::LabError;

/// Searches with Python's Optuna.
pub(crate) struct Optuna;

impl Search for Optuna {
    fn search(&self, tuning: sorn_lab::Tuning, request: &Value) -> anyhow::Result<ExitStatus> {
        let request = request.to_string();
        let code = Python::attach(|py| -> PyResult<i32> {
            let search = py.import("sorn_rs._tune")?.getattr("search")?;
            search.call1((Py::new(py, Tuning(tuning))?, request))?.extract()
        });
        match code? {
            0 => Ok(ExitStatus::Done),
            2 => Ok(ExitStatus::Usage),
            130 => Ok(ExitStatus::Interrupted),
            _ => Ok(ExitStatus::Failed),
        }
    }
}

fn failed(error: &LabError) -> PyErr {
    let text = error.to_string();
    match error {
        LabError::Io { .. } => PyOSError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

fn drawn(json: &str) -> PyResult<Map<String, Value>> {
    serde_json::from_str(json).map_err(|e| PyValueError::new_err(e.to_string()))
}

/// The directory of a search.
#[pyclass(frozen)]
pub(crate) struct Tuning(sorn_lab::Tuning);

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
    fn write_best(&self, number: u64, values: &str, mean: f64) -> PyResult<PathBuf> {
        self.0.write_best(number, &drawn(values)?, mean).map_err(|error| failed(&error))
    }
}

/// A trial, whose directory this process has for itself.
#[pyclass(frozen)]
pub(crate) struct Trial(sorn_lab::Trial);

#[pymethods]
impl Trial {
    /// Runs one seed and gives its measure; None if it was stopped.
    fn run(&self, py: Python<'_>, seed: u64) -> PyResult<Option<f64>> {
        py.detach(|| self.0.run(seed, &asked_to_stop)).map_err(|error| failed(&error))
    }
}

/// Whether a signal asked the work to stop.
#[pyfunction]
pub(crate) fn stop_asked() -> bool {
    asked_to_stop().is_some()
}
