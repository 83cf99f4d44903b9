//! Figures of quantities over training, which `record.probes` recorded.

use ndarray::ArrayD;
use sorn_report::figure::{Figure, FigureError, Trace, TraceOptions, traces};
use sorn_report::stats::quartiles;

use super::title;
use crate::recordings::read_probe;
use crate::{LabError, ProbeKind, RunDir};

/// Rows in the moving mean of a rate.
const WINDOW: usize = 100;

/// A figure, if what it shows was recorded.
type Drawn = Result<Result<Figure, FigureError>, LabError>;

pub(super) fn connections(run: &RunDir) -> Drawn {
    over_training(run, "connections", "synapses", &synapses(run)?)
}

pub(super) fn thresholds(run: &RunDir) -> Drawn {
    over_training(run, "thresholds", "threshold", &spread(run)?)
}

pub(super) fn rates(run: &RunDir) -> Drawn {
    over_training(run, "firing rates", "active neurons (share, mean of 100)", &active(run)?)
}

fn over_training(run: &RunDir, what: &str, y_label: &str, lines: &[Trace]) -> Drawn {
    let options = TraceOptions {
        title: title(run, &format!("{what} over training")),
        x_label: "environment steps".to_owned(),
        y_label: y_label.to_owned(),
        ..TraceOptions::default()
    };
    Ok(traces(lines, &options))
}

fn synapses(run: &RunDir) -> Result<Vec<Trace>, LabError> {
    let kinds = [
        ("excitatory to excitatory", ProbeKind::EEConnectionCounts),
        ("inhibitory to excitatory", ProbeKind::EIConnectionCounts),
    ];
    let mut lines = Vec::new();
    for (name, kind) in kinds {
        if let Some((rows, every)) = recorded(run, kind)? {
            lines.push(trace(name, rows.iter().copied(), every));
        }
    }
    if lines.is_empty() { Err(missing(run, ProbeKind::EEConnectionCounts)) } else { Ok(lines) }
}

/// Median and quartiles over the neurons.
fn spread(run: &RunDir) -> Result<Vec<Trace>, LabError> {
    let (rows, every) = recorded(run, ProbeKind::TE)?.ok_or_else(|| missing(run, ProbeKind::TE))?;
    let mut spread = Vec::new();
    for row in rows.outer_iter() {
        let values: Vec<f64> = row.iter().copied().collect();
        spread.push(quartiles(&values).map_err(|e| LabError::damaged(run.path(), format!("TE: {e}")))?);
    }
    Ok(vec![
        trace("median", spread.iter().map(|s| s.median), every),
        trace("first quartile", spread.iter().map(|s| s.q1), every),
        trace("third quartile", spread.iter().map(|s| s.q3), every),
    ])
}

fn active(run: &RunDir) -> Result<Vec<Trace>, LabError> {
    let kinds =
        [("excitatory", ProbeKind::ExcitatoryActivation), ("inhibitory", ProbeKind::InhibitoryActivation)];
    let mut lines = Vec::new();
    for (name, kind) in kinds {
        let Some((rows, every)) = recorded(run, kind)? else { continue };
        let shares: Vec<f64> = rows.outer_iter().map(|row| row.sum() / row.len().max(1) as f64).collect();
        let means = sorn_report::stats::moving_mean(&shares, WINDOW)
            .map_err(|e| LabError::damaged(run.path(), format!("{kind}: {e}")))?;
        lines.push(trace(name, means.into_iter(), every));
    }
    if lines.is_empty() { Err(missing(run, ProbeKind::ExcitatoryActivation)) } else { Ok(lines) }
}

/// The rows recorded, and the environment steps from one to the next.
fn recorded(run: &RunDir, kind: ProbeKind) -> Result<Option<(ArrayD<f64>, u64)>, LabError> {
    let probe = run.experiment().record.probes.iter().find(|probe| probe.kind == kind);
    let Some(probe) = probe else { return Ok(None) };
    match read_probe(run.path(), kind)? {
        Some(rows) => Ok(Some((rows, probe.every))),
        None => {
            let reason = format!("{kind}: neither probes.npz nor probes/{kind}.npy is there");
            Err(LabError::damaged(run.path(), reason))
        }
    }
}

fn missing(run: &RunDir, kind: ProbeKind) -> LabError {
    let reason =
        format!("{kind} was not recorded; put record.probes = [\"{kind}:10\"] in the experiment file");
    LabError::directory(run.path(), reason)
}

fn trace(name: &str, values: impl Iterator<Item = f64>, every: u64) -> Trace {
    let points = values.enumerate().map(|(row, value)| ((row as u64 + 1) as f64 * every as f64, value));
    Trace { name: name.to_owned(), points: points.collect() }
}
