//! [`TaskKind`]: what a kind of task tells the frame of experiment files, run directories and tables.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sorn_agents::own::conformance::Report;
use sorn_core::{Initial, Network, Params, State};
use sorn_report::stats::Interval;
use sorn_sequence::{Control, Scores, TaskError};

use crate::LabError;

/// A kind of task: the table `[task]` of its experiment files, and how it is run. Another kind is one implementation of this
/// and a name in [`TaskSort`](super::TaskSort).
pub trait TaskKind: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Value of `task.kind`.
    const KIND: &'static str;
    /// File of the table over arms and seeds.
    const TABLE: &'static str;
    /// A run at work.
    type Work: TaskWork;

    /// Number of inputs that the network needs; none if that is the network's own choice.
    ///
    /// # Errors
    /// [`TaskError::Config`] if the task is refused.
    fn inputs(&self) -> Result<Option<usize>, TaskError>;

    /// The file that the task reads its data from, if it reads one.
    fn data(&self) -> Option<PathBuf> {
        None
    }

    /// Checks every value, and that the network of `params` can be built.
    ///
    /// # Errors
    /// [`TaskError`] naming the key, what was found and what is allowed.
    fn validate(&self, params: &Params) -> Result<(), TaskError>;

    /// Checks the sources of one's own, each by its key.
    fn check_own(&self, seed: u64) -> Vec<(String, Report)>;

    /// What changes against the experiment, if this is a control.
    fn control(&self) -> Option<Control>;

    /// The same task with a control.
    #[must_use]
    fn with_control(&self, control: Control) -> Self;

    /// The controls that `all` means.
    fn controls(params: &Params) -> Vec<Control>;

    /// The phases, in order: name and steps.
    fn phases(&self) -> Vec<(&str, u64)>;

    /// Steps of all phases.
    fn steps(&self) -> u64 {
        self.phases().iter().map(|(_, steps)| steps).sum()
    }

    /// A run before its first step, of a network that begins with `initial` in place of what it would draw.
    ///
    /// # Errors
    /// [`TaskError`] if a value is refused.
    fn begin(&self, params: &Params, seed: u64, initial: &Initial) -> Result<Self::Work, TaskError>;

    /// A run after as many steps as `state`, from [`TaskWork::saved`], has.
    ///
    /// # Errors
    /// [`TaskError`] if a value or the state is refused.
    fn resume(&self, params: &Params, seed: u64, state: State) -> Result<Self::Work, TaskError>;

    /// Scores of all runs taken together, from the directories of finished runs, with 95 % intervals; none for most.
    ///
    /// # Errors
    /// [`LabError`] if a file is missing or damaged.
    fn pool(&self, runs: &[PathBuf]) -> Result<BTreeMap<String, Interval>, LabError> {
        let _ = runs;
        Ok(BTreeMap::new())
    }
}

/// One run of a task, step after step.
pub trait TaskWork {
    /// Steps done.
    fn done(&self) -> u64;

    /// Whether every phase is done.
    fn is_finished(&self) -> bool;

    /// Does at most `steps` steps, and no more than are left of the current phase.
    ///
    /// # Errors
    /// [`TaskError`] if a network cannot be built or a score not be taken.
    fn go_on(&mut self, steps: u64) -> Result<(), TaskError>;

    /// The network.
    fn network(&self) -> &Network;

    /// Parameters and state from which [`TaskKind::resume`] goes on; none if steps are kept that a state does not hold.
    fn saved(&self) -> Option<&Network>;

    /// Whether the next step is the first that is kept.
    fn organised(&self) -> bool;

    /// The scores so far.
    fn scores(&self) -> &Scores;

    /// Scores that could not be taken, and why.
    fn problems(&self) -> &[String] {
        &[]
    }

    /// Files of a finished run beside its summary: names and contents.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        Vec::new()
    }
}
