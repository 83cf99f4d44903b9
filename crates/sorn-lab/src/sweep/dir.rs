//! [`SweepDir`]: the directory of a sweep, which any number of processes may share.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::plan::{Plan, SweepTask};
use crate::LabError;
use crate::error::WRITE;
use crate::files::{create_dir, read_text, write_whole};

/// The experiment file with `[sweep]`, in the directory of its sweep.
const FILE: &str = "sweep.toml";
const LOCK: &str = ".lock";
/// Why a task failed, in its directory.
pub(super) const ERROR: &str = "error.txt";
const SUMMARY: &str = "summary.json";

/// The directory `runs/<experiment>` of a sweep: `<configuration>/seed-<n>` below it are run directories.
#[derive(Debug)]
pub struct SweepDir {
    path: PathBuf,
    plan: Plan,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Nothing was done.
    Missing,
    /// It was begun: it is running, or was stopped.
    Begun,
    /// It failed when it ran last.
    Failed,
    /// Its summary is there.
    Done,
}

/// Whether `dir` is that of a sweep.
pub fn is_sweep_dir(dir: &Path) -> bool {
    dir.join(FILE).is_file()
}

/// Refuses the directory of a sweep, in which other runs have no place.
pub(crate) fn refuse(dir: &Path) -> Result<(), LabError> {
    match is_sweep_dir(dir) {
        false => Ok(()),
        true => Err(LabError::directory(
            dir,
            "holds a sweep; give another --out, or another name by --set name=NAME",
        )),
    }
}

impl SweepDir {
    /// Makes the directory of a sweep below `out`, or takes the one that is there: of the same file, or of one whose tasks are all among
    /// those of `plan`.
    ///
    /// # Errors
    /// [`LabError`] if there is another sweep or another experiment, or the directory cannot be written.
    pub fn create(out: &Path, plan: Plan) -> Result<SweepDir, LabError> {
        let path = out.join(plan.name());
        create_dir(&path)?;
        // Another process may be about to make the same sweep.
        let lock = path.join(LOCK);
        let held = File::create(&lock).map_err(LabError::io(&lock, WRITE))?;
        held.lock().map_err(LabError::io(&lock, "cannot be locked"))?;
        for other in ["seeds.json", "sweep.json", "config.toml"] {
            if path.join(other).exists() {
                let reason =
                    format!("holds runs of `sorn run` ({other}); give another --out, or move it away");
                return Err(LabError::directory(&path, reason));
            }
        }
        let dir = SweepDir { path, plan };
        if !dir.is_same()? {
            let text =
                toml::to_string(dir.plan.table()).unwrap_or_else(|e| unreachable!("read from TOML: {e}"));
            write_whole(&dir.path.join(FILE), text.as_bytes())?;
        }
        Ok(dir)
    }

    /// The directory that a sweep has below `out`, or would have, to look at it.
    ///
    /// # Errors
    /// [`LabError`] if there is another sweep.
    pub fn look(out: &Path, plan: Plan) -> Result<SweepDir, LabError> {
        let dir = SweepDir { path: out.join(plan.name()), plan };
        dir.is_same().map(|_| dir)
    }

    /// Whether the directory has this very sweep already.
    fn is_same(&self) -> Result<bool, LabError> {
        if !is_sweep_dir(&self.path) {
            return Ok(false);
        }
        let before = SweepDir::read(&self.path)?.plan;
        if before.table() == self.plan.table() {
            return Ok(true);
        }
        match self.plan.mixes(&before) {
            None => Ok(false),
            Some(difference) => {
                let reason = format!(
                    "holds another sweep ({difference}); give another --out, another name, or move it away"
                );
                Err(LabError::directory(&self.path, reason))
            }
        }
    }

    /// Opens the directory of a sweep.
    ///
    /// # Errors
    /// [`LabError`] if `path` is none, or its file is damaged.
    pub fn read(path: &Path) -> Result<SweepDir, LabError> {
        let file = path.join(FILE);
        if !file.is_file() {
            let reason = format!("expected the directory of a sweep (runs/NAME), found no {FILE}");
            return Err(LabError::directory(path, reason));
        }
        let plan = Plan::read(&read_text(&file)?, &file.display().to_string(), &[])?;
        Ok(SweepDir { path: path.to_path_buf(), plan })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The tasks.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The tasks, without the directory.
    pub fn into_plan(self) -> Plan {
        self.plan
    }

    /// The run directory of a task.
    pub fn place(&self, task: &SweepTask) -> PathBuf {
        self.path.join(&task.name)
    }

    /// The task with this number.
    pub(super) fn numbered(&self, number: u64) -> Result<SweepTask, LabError> {
        self.plan.task(number).ok_or_else(|| {
            let last = self.plan.tasks().saturating_sub(1);
            LabError::directory(&self.path, format!("expected a task from 0 to {last}, found {number}"))
        })
    }

    /// How far a task is.
    pub fn state(&self, task: &SweepTask) -> TaskState {
        state(&self.place(task))
    }
}

/// How far the task in `dir` is.
fn state(dir: &Path) -> TaskState {
    let there = |name: &str| dir.join(name).exists();
    match () {
        () if is_done(dir) => TaskState::Done,
        () if there(ERROR) => TaskState::Failed,
        () if there("config.toml") => TaskState::Begun,
        () => TaskState::Missing,
    }
}

/// Whether the run in `dir` is finished.
pub(super) fn is_done(dir: &Path) -> bool {
    fs::exists(dir.join(SUMMARY)).unwrap_or(false)
}

/// Where the summary of the run in `dir` lies.
pub(super) fn summary(dir: &Path) -> PathBuf {
    dir.join(SUMMARY)
}
