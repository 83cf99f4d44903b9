//! What this package adds to the command: each part is a module of Python that takes what the command line said as JSON.

use pyo3::call::PyCallArgs;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use sorn_cli::{ExitStatus, Extras, asked_to_stop};
use sorn_lab::{LabError, SweepDir, Worked};

use crate::sweep::Sweep;
use crate::tune::Tuning;

/// The package.
pub(crate) struct Package;

/// What became of the tasks that Ray ran.
#[derive(Deserialize)]
struct Carried {
    done: u64,
    left: u64,
    elsewhere: Vec<u64>,
    failed: Vec<(u64, String)>,
}

impl Extras for Package {
    fn search(&self, tuning: sorn_lab::Tuning, request: &Value) -> anyhow::Result<ExitStatus> {
        Python::attach(|py| call(py, "_tune", "search", (Py::new(py, Tuning(tuning))?, request.to_string())))
    }

    fn ray(
        &self,
        sweep: &SweepDir,
        numbers: &[u64],
        request: &Value,
    ) -> anyhow::Result<Result<Worked, ExitStatus>> {
        let text = Python::attach(|py| -> PyResult<Result<String, i32>> {
            let opened = Py::new(py, Sweep::open(sweep.path())?)?;
            let work = py.import("sorn_rs._ray")?.getattr("work")?;
            let told = work.call1((opened, numbers.to_vec(), request.to_string()))?;
            Ok(told.extract::<String>().map_err(|_| told.extract::<i32>().unwrap_or(1)))
        })?;
        let text = match text {
            Ok(text) => text,
            Err(code) => return Ok(Err(status(code))),
        };
        let carried: Carried = serde_json::from_str(&text)?;
        let failed = carried.failed.into_iter().filter_map(|(number, reason)| {
            let task = sweep.plan().task(number)?;
            let place = sweep.place(&task);
            let error = LabError::Directory { path: place.clone(), reason };
            Some((task, place, error))
        });
        Ok(Ok(Worked {
            done: carried.done,
            left: carried.left,
            failed: failed.collect(),
            elsewhere: carried.elsewhere,
        }))
    }

    fn track(&self, request: &Value) -> anyhow::Result<ExitStatus> {
        Python::attach(|py| call(py, "tracking", "_command", (request.to_string(),)))
    }
}

/// Calls a function of the package that gives an exit code.
fn call<'py>(
    py: Python<'py>,
    module: &str,
    function: &str,
    arguments: impl PyCallArgs<'py>,
) -> anyhow::Result<ExitStatus> {
    let function = py.import(format!("sorn_rs.{module}"))?.getattr(function)?;
    Ok(status(function.call1(arguments)?.extract()?))
}

fn status(code: i32) -> ExitStatus {
    match code {
        0 => ExitStatus::Done,
        2 => ExitStatus::Usage,
        130 => ExitStatus::Interrupted,
        _ => ExitStatus::Failed,
    }
}

/// An error of the laboratory as one of Python's: OSError for files and disks, ValueError for what was wrong.
pub(crate) fn failed(error: &LabError) -> PyErr {
    let text = error.to_string();
    match error {
        LabError::Io { .. } => PyOSError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

/// Whether a signal asked the work to stop.
#[pyfunction]
pub(crate) fn stop_asked() -> bool {
    asked_to_stop().is_some()
}

/// Takes the signals that ask work to stop, after a library took them for itself.
#[pyfunction]
pub(crate) fn hear_signals() {
    sorn_cli::stop_on_signals();
}
