//! Works through the tasks of a sweep, beside other processes that do the same.

use std::any::Any;
use std::fs;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use super::config::Keep;
use super::dir::{ERROR, SweepDir, is_done};
use super::kind::{AnyExperiment, Stopping};
use super::plan::SweepTask;
use super::results::names_of;
use crate::LabError;
use crate::error::{READ, WRITE};
use crate::files::{remove, write_whole};

/// Numbers that the summary of a run that did not solve its task lacks.
const SOMETIMES: [&str; 2] = ["episodes_to_solve", "env_steps_to_solve"];

/// What looks on while a sweep runs.
pub trait SweepProgress: Sync {
    /// A task was begun, or is gone on with.
    fn begun(&self, task: &SweepTask);
    /// A task that was begun ended: `None` if it was stopped or another process runs it, true if it is done, false if it failed.
    fn ended(&self, task: &SweepTask, done: Option<bool>);
    /// A task was done before.
    fn skipped(&self);
    /// Whether work is to stop.
    fn stop(&self) -> bool;
    /// When work was asked to stop.
    fn asked(&self) -> Option<Instant>;
}

/// How work on a sweep ended.
#[derive(Debug, Default)]
pub struct Worked {
    /// Tasks that are done, those done before among them.
    pub done: u64,
    /// Tasks that were stopped or not begun.
    pub left: u64,
    /// Tasks that another process is running.
    pub elsewhere: Vec<u64>,
    /// Tasks that failed, and why.
    pub failed: Vec<(SweepTask, PathBuf, LabError)>,
}

/// How a task ended.
enum Ended {
    Done,
    Left,
    Elsewhere,
    Failed(LabError),
}

struct Watched<'a> {
    progress: &'a dyn SweepProgress,
    /// Nothing more can be written.
    halt: AtomicBool,
    /// A summary was looked at for the measure.
    looked: AtomicBool,
    /// No summary will ever have the measure.
    unknown: Mutex<Option<LabError>>,
}

impl Stopping for Watched<'_> {
    fn stop(&self) -> bool {
        self.halt.load(Ordering::Relaxed) || self.progress.stop()
    }

    fn asked(&self) -> Option<Instant> {
        self.progress.asked()
    }
}

impl SweepDir {
    /// Runs the tasks with these numbers that are not done, `jobs` at a time (0: one per processor). What other processes are running
    /// is left to them. The results do not depend on `jobs` or on who else works in the directory.
    ///
    /// # Errors
    /// [`LabError`] if nothing more can be written (a full disk, say), or the first summary has no number as `sweep.measure` says;
    /// what fails in a task is in the outcome.
    pub fn run(
        &self,
        numbers: &[u64],
        jobs: usize,
        progress: &dyn SweepProgress,
    ) -> Result<Worked, LabError> {
        let jobs = match jobs {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            jobs => jobs,
        };
        let watched = Watched {
            progress,
            halt: AtomicBool::new(false),
            looked: AtomicBool::new(false),
            unknown: Mutex::default(),
        };
        let worked = Mutex::new(Worked::default());
        let elsewhere = Mutex::new(Vec::new());
        let pass = |numbers: &[u64], last: bool| {
            let next = AtomicUsize::new(0);
            let work = || {
                // The seeds of a configuration follow each other.
                let mut before = None;
                while let Some(&number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some(task) = self.plan().task(number) else { continue };
                    let ended = self.one(&task, &watched, &mut before);
                    let Ok(mut worked) = worked.lock() else { return };
                    match ended {
                        Ended::Done => worked.done += 1,
                        Ended::Left => worked.left += 1,
                        Ended::Elsewhere if last => worked.elsewhere.push(number),
                        Ended::Elsewhere => {
                            elsewhere.lock().unwrap_or_else(|e| e.into_inner()).push(number);
                        }
                        Ended::Failed(error) => {
                            let place = self.place(&task);
                            worked.failed.push((task, place, error));
                        }
                    }
                }
            };
            std::thread::scope(|scope| {
                (1..jobs.min(numbers.len())).for_each(|_| drop(scope.spawn(work)));
                work();
            });
        };
        pass(numbers, false);
        // Those processes may be done, or may have been killed.
        let mut again = std::mem::take(&mut *elsewhere.lock().unwrap_or_else(|e| e.into_inner()));
        again.sort_unstable();
        pass(&again, true);
        let mut worked = worked.into_inner().unwrap_or_else(|e| e.into_inner());
        worked.failed.sort_by_key(|(task, ..)| task.number);
        if watched.halt.load(Ordering::Relaxed)
            && let Some(index) = worked.failed.iter().position(|(_, _, error)| hopeless(error))
        {
            return Err(worked.failed.swap_remove(index).2);
        }
        match watched.unknown.into_inner().unwrap_or_else(|e| e.into_inner()) {
            Some(error) => Err(error),
            None => Ok(worked),
        }
    }

    /// The checked experiment of a task; `before` is the one before it, which may be of the same configuration.
    fn checked(
        &self,
        task: &SweepTask,
        dir: &Path,
        before: &mut Option<(u64, AnyExperiment)>,
    ) -> Result<AnyExperiment, LabError> {
        let configuration = self.plan().configuration_of(task);
        let mut experiment = match before {
            Some((of, experiment)) if *of == configuration => experiment.clone(),
            _ => {
                let experiment = self.plan().experiment_of(configuration)?;
                experiment.validate(&dir.display().to_string())?;
                before.insert((configuration, experiment)).1.clone()
            }
        };
        experiment.set_seed(task.seed);
        Ok(experiment)
    }

    fn one(
        &self,
        task: &SweepTask,
        watched: &Watched<'_>,
        before: &mut Option<(u64, AnyExperiment)>,
    ) -> Ended {
        let dir = self.place(task);
        if is_done(&dir) {
            watched.progress.skipped();
            return Ended::Done;
        }
        if watched.stop() {
            return Ended::Left;
        }
        watched.progress.begun(task);
        // A task that panicked is never looked at again by this process.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let experiment = self.checked(task, &dir, before)?;
            experiment.run(&dir, watched)
        }));
        let ran = ran.unwrap_or_else(|panic| {
            Err(LabError::Run { seed: task.seed, reason: format!("a panic: {}", said(&*panic)) })
        });
        let ended = match ran {
            Ok(true) => match remove(&dir.join(ERROR)).and_then(|()| self.keep(&dir)) {
                Ok(()) => {
                    self.look_for_measure(&dir, watched);
                    Ended::Done
                }
                Err(error) => Ended::Failed(error),
            },
            Ok(false) => Ended::Left,
            Err(LabError::Busy { .. }) => Ended::Elsewhere,
            Err(error) => Ended::Failed(error),
        };
        if let Ended::Failed(error) = &ended {
            if hopeless(error) {
                watched.halt.store(true, Ordering::Relaxed);
            } else if dir.is_dir() {
                // The failure is reported even if it cannot be written here.
                let _ = write_whole(&dir.join(ERROR), format!("{error}\n").as_bytes());
            }
        }
        let done = match &ended {
            Ended::Done => Some(true),
            Ended::Failed(_) => Some(false),
            Ended::Left | Ended::Elsewhere => None,
        };
        watched.progress.ended(task, done);
        ended
    }

    /// Stops the work if the finished run in `dir`, the first one, does not know what `sweep.measure` names: no other one will, and nobody
    /// wants to be told so at the end.
    fn look_for_measure(&self, dir: &Path, watched: &Watched<'_>) {
        let Some(measure) = self.plan().measure() else { return };
        if watched.looked.swap(true, Ordering::Relaxed) || SOMETIMES.contains(&measure) {
            return;
        }
        let Ok(names) = names_of(dir) else { return };
        if names.iter().any(|name| name == measure) {
            return;
        }
        watched.halt.store(true, Ordering::Relaxed);
        if let Ok(mut unknown) = watched.unknown.lock() {
            *unknown = Some(LabError::Config {
                origin: self.path().join("sweep.toml").display().to_string(),
                reason: format!("sweep.measure: expected one of {}, found {measure:?}", names.join(", ")),
            });
        }
    }

    /// Takes away what is not to stay of the finished run in `dir`.
    fn keep(&self, dir: &Path) -> Result<(), LabError> {
        if self.plan().keep() == Keep::All {
            return Ok(());
        }
        for entry in fs::read_dir(dir).map_err(LabError::io(dir, READ))?.flatten() {
            let path = entry.path();
            match path.file_name().and_then(|name| name.to_str()) {
                Some("config.toml" | "summary.json" | ".lock") => {}
                _ if path.is_dir() => fs::remove_dir_all(&path).map_err(LabError::io(&path, WRITE))?,
                _ => remove(&path)?,
            }
        }
        Ok(())
    }
}

/// Whether every other task would fail for the same reason.
fn hopeless(error: &LabError) -> bool {
    let LabError::Io { source, what, .. } = error else { return false };
    let kinds = [
        ErrorKind::StorageFull,
        ErrorKind::QuotaExceeded,
        ErrorKind::FileTooLarge,
        ErrorKind::ReadOnlyFilesystem,
        ErrorKind::PermissionDenied,
    ];
    *what == WRITE && kinds.contains(&source.kind())
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
