//! Sweeps and single runs for engines of Python's (`sorn_rs._ray`, `sorn_rs.ray_tune`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use sorn_cli::asked_to_stop;
use sorn_lab::{SweepDir, SweepProgress, SweepTask, TaskState, Watch};

use crate::extras::failed;

/// How often Python may say that it was interrupted.
const LISTEN: Duration = Duration::from_millis(200);

/// Numbers of tasks and why they failed.
type Failures = Vec<(u64, String)>;

/// The directory of a sweep.
#[pyclass(frozen)]
pub(crate) struct Sweep(SweepDir);

impl Sweep {
    pub(crate) fn open(path: &Path) -> PyResult<Sweep> {
        SweepDir::read(path).map(Sweep).map_err(|error| failed(&error))
    }
}

#[pymethods]
impl Sweep {
    /// Opens the directory `path`, which has a `sweep.toml`.
    #[new]
    fn new(path: PathBuf) -> PyResult<Sweep> {
        Sweep::open(&path)
    }

    /// The directory.
    #[getter]
    fn path(&self) -> PathBuf {
        self.0.path().to_path_buf()
    }

    /// How many tasks there are.
    #[getter]
    fn tasks(&self) -> u64 {
        self.0.plan().tasks()
    }

    /// The directory of a task.
    fn place(&self, number: u64) -> PyResult<PathBuf> {
        Ok(self.0.place(&self.task(number)?))
    }

    /// How far a task is: "missing", "begun", "failed" or "done".
    fn state(&self, number: u64) -> PyResult<&'static str> {
        Ok(match self.0.state(&self.task(number)?) {
            TaskState::Missing => "missing",
            TaskState::Begun => "begun",
            TaskState::Failed => "failed",
            TaskState::Done => "done",
        })
    }

    /// Keeps other processes out of the directory of a task until the object is gone; None if one of them has it.
    fn hold(&self, number: u64) -> PyResult<Option<Held>> {
        Ok(self.0.hold(number).map_err(|error| failed(&error))?.map(|held| Held(Some(held).into())))
    }

    /// Runs tasks, one after the other, as long as `seconds` are not over; gives the numbers of those that other processes run, and those
    /// that failed with their reasons.
    fn work(&self, py: Python<'_>, numbers: Vec<u64>, seconds: f64) -> PyResult<(Vec<u64>, Failures)> {
        let until = Until::new(seconds)?;
        let worked = py.detach(|| self.0.run(&numbers, 1, &until)).map_err(|error| failed(&error))?;
        until.interrupted()?;
        let failed = worked.failed.into_iter().map(|(task, _, error)| (task.number, error.to_string()));
        Ok((worked.elsewhere, failed.collect()))
    }

    /// The files of a task by name.
    fn pack<'py>(&self, py: Python<'py>, number: u64) -> PyResult<Bound<'py, PyDict>> {
        let files = py.detach(|| self.0.pack(number)).map_err(|error| failed(&error))?;
        let dict = PyDict::new(py);
        for (name, bytes) in files {
            dict.set_item(name, PyBytes::new(py, &bytes))?;
        }
        Ok(dict)
    }

    /// Makes the directory of a task what `pack` found.
    fn unpack(&self, py: Python<'_>, number: u64, files: BTreeMap<String, Vec<u8>>) -> PyResult<()> {
        py.detach(|| self.0.unpack(number, &files)).map_err(|error| failed(&error))
    }

    /// Writes why a task failed.
    fn tell(&self, number: u64, reason: &str) -> PyResult<()> {
        self.0.tell(number, reason).map_err(|error| failed(&error))
    }

    /// Writes `results.csv` and `results.json` of the finished tasks.
    fn collect(&self, py: Python<'_>) -> PyResult<()> {
        let collected = py.detach(|| self.0.write_results(&self.0.results()));
        collected.map(drop).map_err(|error| failed(&error))
    }
}

impl Sweep {
    fn task(&self, number: u64) -> PyResult<SweepTask> {
        let last = self.0.plan().tasks() - 1;
        let wrong = || PyValueError::new_err(format!("task: expected 0 to {last}, found {number}"));
        self.0.plan().task(number).ok_or_else(wrong)
    }
}

/// The directory of a task, kept from others.
#[pyclass(frozen)]
pub(crate) struct Held(Mutex<Option<sorn_lab::Held>>);

#[pymethods]
impl Held {
    /// Lets others have it.
    fn release(&self) {
        if let Ok(mut held) = self.0.lock() {
            held.take();
        }
    }
}

/// One run of an experiment of any kind of task.
#[pyclass(frozen)]
pub(crate) struct SingleRun(sorn_lab::SingleRun);

#[pymethods]
impl SingleRun {
    /// The experiment in `text`, called `origin` in errors, with `overrides`, each `key=value`.
    #[new]
    fn new(text: &str, origin: &str, overrides: Vec<String>) -> PyResult<SingleRun> {
        let read = sorn_lab::SingleRun::read(text, origin, &overrides);
        read.map(SingleRun).map_err(|error| failed(&error))
    }

    /// Runs it in `dir`, from its latest checkpoint if there is one, as long as `seconds` are not over; True if it is finished. Also the
    /// episodes that are done and the mean return of the last window, if any were done now.
    fn run(&self, py: Python<'_>, dir: PathBuf, seconds: f64) -> PyResult<(bool, Option<(u64, f64)>)> {
        let until = Until::new(seconds)?;
        let finished = py.detach(|| self.0.run(&dir, &until)).map_err(|error| failed(&error))?;
        until.interrupted()?;
        Ok((finished, until.last.into_inner().unwrap_or_default()))
    }

    /// The numbers of the summary in `dir`.
    #[staticmethod]
    fn numbers(dir: PathBuf) -> PyResult<BTreeMap<String, f64>> {
        let numbers = sorn_lab::SingleRun::numbers(&dir).map_err(|error| failed(&error))?;
        Ok(numbers.into_iter().collect())
    }
}

/// Stops work when its time is over, a signal came, or Python was interrupted.
struct Until {
    end: Option<Instant>,
    listened: Mutex<Listened>,
    last: Mutex<Option<(u64, f64)>>,
}

struct Listened {
    at: Instant,
    interrupted: Option<(Instant, PyErr)>,
}

impl Until {
    fn new(seconds: f64) -> PyResult<Until> {
        if seconds.is_nan() || seconds < 0.0 {
            return Err(PyValueError::new_err(format!(
                "seconds: expected a non-negative number, found {seconds}"
            )));
        }
        let now = Instant::now();
        let time = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let listened = Mutex::new(Listened { at: now, interrupted: None });
        Ok(Until { end: now.checked_add(time), listened, last: Mutex::default() })
    }

    fn since(&self) -> Option<Instant> {
        if let Some(asked) = asked_to_stop() {
            return Some(asked);
        }
        let now = Instant::now();
        if let Some(end) = self.end.filter(|end| now >= *end) {
            return Some(end);
        }
        // The work may run for long without Python; signals that came meanwhile are seen only here.
        let mut listened = self.listened.lock().ok()?;
        if listened.interrupted.is_none() && now.duration_since(listened.at) >= LISTEN {
            listened.at = now;
            if let Err(error) = Python::attach(|py| py.check_signals()) {
                listened.interrupted = Some((now, error));
            }
        }
        listened.interrupted.as_ref().map(|(since, _)| *since)
    }

    /// The interruption, once the work is saved.
    fn interrupted(&self) -> PyResult<()> {
        let interrupted = self.listened.lock().ok().and_then(|mut listened| listened.interrupted.take());
        interrupted.map_or(Ok(()), |(_, error)| Err(error))
    }
}

impl SweepProgress for Until {
    fn begun(&self, _task: &SweepTask) {}
    fn ended(&self, _task: &SweepTask, _done: Option<bool>) {}
    fn skipped(&self) {}

    fn stop(&self) -> bool {
        self.since().is_some()
    }

    fn asked(&self) -> Option<Instant> {
        self.since()
    }
}

impl Watch for Until {
    fn asked(&self) -> Option<Instant> {
        self.since()
    }

    fn episode(&self, episodes: u64, mean: f64) {
        if let Ok(mut last) = self.last.lock() {
            *last = Some((episodes, mean));
        }
    }
}
