//! What a run writes down beside `metrics.jsonl`: the same as CSV, TensorBoard events, probes of the reservoir.
//!
//! `metrics.jsonl` decides. CSV and events are written anew from it where a run goes on, probes are cut back to its
//! last checkpoint, so that none of them ever holds a step twice.

mod csv;
pub(crate) mod event_file;
#[cfg(feature = "parquet")]
mod parquet;
pub(crate) mod probes;
mod tensorboard;

use serde::{Deserialize, Serialize};
use sorn_agents::{Agent, ReservoirKind};

use crate::{Episode, Evaluated, LabError, Probe, RunDir};

pub(crate) use probes::read as read_probe;

/// Takes away what only a run under way needs.
pub(crate) fn clear(dir: &RunDir) -> Result<(), LabError> {
    probes::clear(dir.path())
}

/// Makes again what only a run under way has, from what a finished one has in its place.
pub(crate) fn reopen(dir: &RunDir) -> Result<(), LabError> {
    probes::reopen(dir.path())
}

/// What is recorded beside the metrics; nothing in it changes a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RecordConfig {
    /// Whether to write `tensorboard/`, for `tensorboard --logdir runs`.
    pub tensorboard: bool,
    /// Whether to write `metrics.parquet` when the run is finished; needs the feature `parquet`.
    pub parquet: bool,
    /// Quantities of the reservoir (in several environments, of the one whose step it is), each as `NAME` or `NAME:N` for every N-th environment step, e.g. `"TE:100"`; they make
    /// `probes.npz`. The names are those of [`ProbeKind`](crate::ProbeKind).
    pub probes: Vec<Probe>,
    /// Whether to add [`Diagnostics`](crate::Diagnostics) of learner and reservoir to each episode's metrics.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub diagnostics: bool,
}

impl RecordConfig {
    pub(crate) fn is_default(&self) -> bool {
        *self == RecordConfig::default()
    }

    /// Says what of it cannot be recorded with this reservoir.
    pub(crate) fn validate(&self, reservoir: ReservoirKind) -> Result<(), String> {
        each_once(&self.probes)?;
        if !self.probes.is_empty() && !reservoir.has_network() {
            let reason =
                format!("expected a network to probe, found agent.reservoir.kind = {:?}", reservoir.name());
            return Err(format!("record.probes: {reason}; \"static\", \"sorn\" and \"rewired\" have one"));
        }
        if self.parquet && !cfg!(feature = "parquet") {
            let reason = "expected false, found true: this program was built without the feature \"parquet\"";
            return Err(format!("record.parquet: {reason} (cargo build --release --features parquet)"));
        }
        Ok(())
    }
}

/// Refuses a quantity that is named twice.
pub(crate) fn each_once(probes: &[Probe]) -> Result<(), String> {
    let mut indexed = probes.iter().enumerate();
    match indexed.find(|(index, probe)| probes[..*index].iter().any(|before| before.kind == probe.kind)) {
        Some((_, probe)) => Err(format!("record.probes: {} is named twice", probe.kind)),
        None => Ok(()),
    }
}

/// The files of a run under way.
pub(crate) struct Recordings {
    csv: csv::Writer,
    tensorboard: Option<tensorboard::Writer>,
    probes: probes::Streams,
}

impl Recordings {
    /// Opens them to go on after `lines` and `evaluations`, those of the last checkpoint, and its `env_steps` steps.
    pub(crate) fn open(
        dir: &RunDir,
        (lines, evaluations): (&[Episode], &[Evaluated]),
        env_steps: u64,
        agent: &Agent,
    ) -> Result<Recordings, LabError> {
        let record = &dir.experiment().record;
        let events = dir.path().join("tensorboard");
        Ok(Recordings {
            csv: csv::Writer::open(
                &dir.path().join("metrics.csv"),
                lines,
                (dir.experiment().run.num_envs > 1, record.diagnostics),
            )?,
            tensorboard: match record.tensorboard {
                true => Some(tensorboard::Writer::open(&events, lines, evaluations)?),
                false => None,
            },
            probes: match agent.network() {
                // Row r, from 0, is the state after environment step `(r + 1) * every`.
                Some(network) => {
                    let probes = record.probes.iter().map(|probe| (*probe, env_steps / probe.every));
                    probes::Streams::open(dir.path(), probes, network)?
                }
                None => probes::Streams::none(),
            },
        })
    }

    /// Takes the environment step `env_steps`, counted from 1 since the run began.
    pub(crate) fn step(&mut self, env_steps: u64, agent: &Agent) -> Result<(), LabError> {
        agent.network().map_or(Ok(()), |network| self.probes.step(env_steps, network))
    }

    /// Takes an episode that ended.
    pub(crate) fn episode(&mut self, episode: &Episode) -> Result<(), LabError> {
        self.csv.append(episode)?;
        self.tensorboard.as_mut().map_or(Ok(()), |writer| writer.append(episode))
    }

    /// Takes an evaluation while training.
    pub(crate) fn evaluated(&mut self, evaluated: &Evaluated) -> Result<(), LabError> {
        self.tensorboard.as_mut().map_or(Ok(()), |writer| writer.evaluated(evaluated))
    }

    /// Hands all to the disk before a checkpoint.
    pub(crate) fn sync(&mut self) -> Result<(), LabError> {
        self.probes.sync()
    }

    /// Ends the files of a finished run.
    pub(crate) fn finish(self, dir: &RunDir) -> Result<(), LabError> {
        #[cfg(feature = "parquet")]
        if dir.experiment().record.parquet {
            parquet::write(&dir.path().join("metrics.parquet"), &crate::metrics::read(&dir.metrics())?)?;
        }
        self.probes.finish(dir.path(), &[])
    }
}
