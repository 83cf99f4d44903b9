//! [`TaskRecordConfig`]: what a run of a task records beside its scores.

use std::fs::{self, File};
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sorn_core::Network;
use sorn_sequence::Scores;

use crate::error::WRITE;
use crate::files::create_dir;
use crate::recordings::event_file::{FIRST, NAME, double, number, record, simple, text};
use crate::recordings::{each_once, probes};
use crate::{LabError, Probe};

/// Steps in the mean of the activity that TensorBoard shows.
const WINDOW: u64 = 1000;

/// What is recorded of each run; nothing in it changes a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TaskRecordConfig {
    /// Quantities of the network, each as `NAME` or `NAME:N` for every N-th step, e.g. `"TE:100"`; they make `probes.npz`, with the step of each
    /// row as `NAME_steps`. The names are those of [`ProbeKind`](crate::ProbeKind).
    pub probes: Vec<Probe>,
    /// Phases in which probes are recorded; all of them where empty.
    pub phases: Vec<String>,
    /// Whether to write `tensorboard/`, for `tensorboard --logdir runs`: activity and synapses every thousand steps, and the scores.
    pub tensorboard: bool,
}

impl TaskRecordConfig {
    pub(super) fn is_default(&self) -> bool {
        *self == TaskRecordConfig::default()
    }

    /// Says what of it cannot be recorded of these `phases`.
    pub(super) fn validate(&self, phases: &[(&str, u64)]) -> Result<(), String> {
        each_once(&self.probes)?;
        for (index, phase) in self.phases.iter().enumerate() {
            if !phases.iter().any(|(name, _)| name == phase) {
                let known: Vec<&str> = phases.iter().map(|(name, _)| *name).collect();
                return Err(format!(
                    "record.phases: expected phases ({}), found {phase:?}",
                    known.join(", ")
                ));
            }
            if self.phases[..index].contains(phase) {
                return Err(format!("record.phases: expected each phase once, found {phase:?} twice"));
            }
        }
        match self.probes.is_empty() && !self.phases.is_empty() {
            true => Err("record.phases: expected none without record.probes, found some".into()),
            false => Ok(()),
        }
    }

    /// The steps, counted from 0, in which probes are recorded.
    pub(super) fn spans(&self, phases: &[(&str, u64)]) -> Vec<Range<u64>> {
        let mut end = 0;
        let spans = phases.iter().map(|(name, steps)| {
            let begin = end;
            end += steps;
            (name, begin..end)
        });
        let wanted = |name: &str| self.phases.is_empty() || self.phases.iter().any(|phase| phase == name);
        spans.filter(|(name, _)| wanted(name)).map(|(_, span)| span).collect()
    }
}

/// The recordings of a run under way.
pub(super) struct Recorder {
    probes: Vec<Probe>,
    spans: Vec<Range<u64>>,
    streams: probes::Streams,
    events: Option<Events>,
}

impl Recorder {
    /// Opens them in the directory `dir` to go on after `done` steps.
    pub(super) fn open(
        dir: &Path,
        config: &TaskRecordConfig,
        phases: &[(&str, u64)],
        done: u64,
        network: &Network,
    ) -> Result<Recorder, LabError> {
        let spans = config.spans(phases);
        let rows = |probe: &Probe| steps(&spans, probe.every, done).count() as u64;
        let streams =
            probes::Streams::open(dir, config.probes.iter().map(|probe| (*probe, rows(probe))), network)?;
        let events = config.tensorboard.then(|| Events::open(&dir.join("tensorboard"), done)).transpose()?;
        Ok(Recorder { probes: config.probes.clone(), spans, streams, events })
    }

    /// How many steps may be done before something is looked at, after `done`: one, or none.
    pub(super) fn stride(&self, done: u64) -> Option<u64> {
        let records = !self.probes.is_empty() && self.spans.iter().any(|span| span.contains(&done));
        let ahead = || self.spans.iter().map(|span| span.start).filter(|start| *start > done).min();
        match records || self.events.is_some() {
            true => Some(1),
            false if self.probes.is_empty() => None,
            false => ahead().map(|start| start - done),
        }
    }

    /// Looks at the network after `done` steps.
    pub(super) fn look(&mut self, done: u64, network: &Network) -> Result<(), LabError> {
        if self.spans.iter().any(|span| span.contains(&(done - 1))) {
            self.streams.step(done, network)?;
        }
        self.events.as_mut().map_or(Ok(()), |events| events.step(done, network))
    }

    /// Hands all to the disk before a checkpoint.
    pub(super) fn sync(&mut self) -> Result<(), LabError> {
        self.streams.sync()
    }

    /// Ends the files of a run with these scores after `done` steps.
    pub(super) fn finish(self, dir: &Path, done: u64, scores: &Scores) -> Result<(), LabError> {
        let steps_of = |probe: &Probe| {
            (format!("{}_steps", probe.kind), steps(&self.spans, probe.every, done).collect::<Vec<u64>>())
        };
        self.streams.finish(dir, &self.probes.iter().map(steps_of).collect::<Vec<_>>())?;
        self.events.map_or(Ok(()), |mut events| events.scores(done, scores))
    }
}

/// Takes away what only a run under way needs.
pub(super) fn clear(dir: &Path) -> Result<(), LabError> {
    probes::clear(dir)
}

/// The multiples of `every`, up to `done`, that are steps of `spans`; steps are counted from 1.
pub(super) fn steps(spans: &[Range<u64>], every: u64, done: u64) -> impl Iterator<Item = u64> {
    spans.iter().flat_map(move |span| {
        let (first, last) = (span.start / every + 1, span.end.min(done) / every);
        (first..=last).map(move |multiple| multiple * every)
    })
}

/// TensorBoard's file of events.
struct Events {
    path: PathBuf,
    file: File,
    /// Spikes, and the steps that had them, since the last event.
    spikes: (u64, u64),
}

impl Events {
    fn open(dir: &Path, done: u64) -> Result<Events, LabError> {
        create_dir(dir)?;
        // A run that begins anew has nothing to go on with.
        if done == 0 && dir.join(NAME).exists() {
            fs::remove_dir_all(dir).map_err(LabError::io(dir, WRITE))?;
            create_dir(dir)?;
        }
        // TensorBoard drops the events of earlier files from the step on at which a later one starts its session.
        let path = dir.join(if done == 0 { NAME.to_string() } else { format!("{NAME}.{done:020}") });
        let file = File::create(&path).map_err(LabError::io(&path, WRITE))?;
        let mut events = Events { path, file, spikes: (0, 0) };
        events.write(&[double(1, now()), text(3, FIRST)].concat())?;
        if done > 0 {
            events.write(&[double(1, now()), number(2, done + 1), text(7, &number(1, 1))].concat())?;
        }
        Ok(events)
    }

    fn step(&mut self, done: u64, network: &Network) -> Result<(), LabError> {
        self.spikes.0 += network.activity().spikes_e.len() as u64;
        self.spikes.1 += 1;
        if !done.is_multiple_of(WINDOW) {
            return Ok(());
        }
        let (spikes, steps) = std::mem::take(&mut self.spikes);
        let activity = spikes as f64 / (steps * network.ne() as u64) as f64;
        self.values(
            done,
            [
                ("reservoir/activity".to_string(), activity),
                ("reservoir/synapses".to_string(), network.ee_connections() as f64),
            ],
        )
    }

    fn scores(&mut self, done: u64, scores: &Scores) -> Result<(), LabError> {
        self.values(done, scores.0.iter().map(|(name, value)| (format!("scores/{name}"), *value)))
    }

    fn values(&mut self, done: u64, values: impl IntoIterator<Item = (String, f64)>) -> Result<(), LabError> {
        let summary: Vec<u8> =
            values.into_iter().flat_map(|(tag, value)| text(1, &simple(&tag, value))).collect();
        self.write(&[double(1, now()), number(2, done), text(5, &summary)].concat())
    }

    /// Appends one event, in one write.
    fn write(&mut self, event: &[u8]) -> Result<(), LabError> {
        let mut bytes = Vec::new();
        record(&mut bytes, event);
        self.file.write_all(&bytes).map_err(LabError::io(&self.path, WRITE))
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_the_phases() {
        let config = TaskRecordConfig {
            phases: vec!["a".into(), "c".into()],
            probes: vec!["TE:10".parse().unwrap()],
            tensorboard: false,
        };
        let phases = [("a", 25), ("b", 20), ("c", 30)];
        assert!(config.validate(&phases).is_ok());
        let spans = config.spans(&phases);
        assert_eq!(spans, [0..25, 45..75]);
        let all = |done| steps(&spans, 10, done).collect::<Vec<u64>>();
        assert_eq!(all(75), [10, 20, 50, 60, 70]);
        assert_eq!(all(50), [10, 20, 50]);
        assert_eq!(all(30), [10, 20]);
        assert_eq!(all(0), [0; 0]);
    }

    #[test]
    fn wrong_recordings_are_named() {
        let error = |probes: &[&str], phases: &[&str]| {
            let config = TaskRecordConfig {
                probes: probes.iter().map(|probe| probe.parse().unwrap()).collect(),
                phases: phases.iter().map(ToString::to_string).collect(),
                tensorboard: false,
            };
            config.validate(&[("a", 1), ("b", 2)]).unwrap_err()
        };
        assert_eq!(error(&["TE"], &["c"]), "record.phases: expected phases (a, b), found \"c\"");
        assert_eq!(error(&["TE"], &["a", "a"]), "record.phases: expected each phase once, found \"a\" twice");
        assert_eq!(error(&["TE", "TE:5"], &[]), "record.probes: TE is named twice");
        assert_eq!(error(&[], &["a"]), "record.phases: expected none without record.probes, found some");
    }
}
