//! Tasks that are no agent's as experiments: a file, arms, run directories, a table. Each kind of task implements [`TaskKind`].

mod claim;
mod data;
mod experiment;
pub(crate) mod figure;
mod kind;
mod record;
mod recorded;
mod run;
mod sequence;
mod sweep;
mod table;

use std::path::Path;

pub use claim::{Claim, Claimed, Compared, Reference, Relation, Than};
use experiment::kind_of;
pub use experiment::{Arm, ArmConfig, TaskExperiment, TaskRunConfig, Vary};
pub use kind::{TaskKind, TaskWork};
pub use record::TaskRecordConfig;
pub(crate) use recorded::TaskRun;
pub(crate) use run::run;
pub use run::{TaskOutcome, TaskProgress, TaskSummary};
pub use sweep::{TaskSweep, TaskSwept};
pub use table::{TaskArm, TaskTable};

use crate::LabError;
use crate::dynamics::DynamicsTask;
use crate::files::read_text;
use crate::series::SeriesTask;
use sorn_sequence::Task;

/// The kinds of task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskSort {
    /// `kind = "sequence"`.
    Sequence,
    /// `kind = "dynamics"`.
    Dynamics,
    /// `kind = "series"`.
    Series,
}

impl TaskSort {
    /// The names of the kinds.
    pub const NAMES: [&'static str; 3] = [Task::KIND, SeriesTask::KIND, DynamicsTask::KIND];

    /// The kind of this name.
    pub fn named(name: &str) -> Option<TaskSort> {
        match name {
            Task::KIND => Some(TaskSort::Sequence),
            DynamicsTask::KIND => Some(TaskSort::Dynamics),
            SeriesTask::KIND => Some(TaskSort::Series),
            _ => None,
        }
    }

    /// The kind that the `[task]` of the experiment file `path` names; none for an agent in an environment.
    ///
    /// # Errors
    /// [`LabError::Io`] if the file cannot be read. A file that is no TOML is left to the reader of its kind.
    pub fn of_file(path: &Path) -> Result<Option<TaskSort>, LabError> {
        let table: Result<toml::Table, _> = read_text(path)?.parse();
        Ok(table.ok().and_then(|table| TaskSort::of_table(&table)))
    }

    /// The kind that `[task]` names; none for an agent in an environment.
    pub(crate) fn of_table(table: &toml::Table) -> Option<TaskSort> {
        kind_of(table).and_then(TaskSort::named)
    }

    /// The kind of the task in `dir`, one run or several arms and seeds; none for an agent in an environment.
    ///
    /// # Errors
    /// [`LabError::Io`] if its files cannot be read.
    pub fn of_dir(dir: &Path) -> Result<Option<TaskSort>, LabError> {
        for name in [sweep::EXPERIMENT, run::CONFIG] {
            if dir.join(name).is_file() {
                return TaskSort::of_file(&dir.join(name));
            }
        }
        Ok(None)
    }
}
