//! Figures of quantities over a run, which `record.probes` recorded.

use sorn_report::figure::{Figure, FigureError, Trace, TraceOptions, traces};
use sorn_report::stats::quartiles;

use super::Subject;
use crate::{LabError, ProbeKind};

/// Rows in the moving mean of a rate.
const WINDOW: usize = 100;

/// A figure, if what it shows was recorded.
type Drawn = Result<Result<Figure, FigureError>, LabError>;

pub(super) fn connections(run: &Subject) -> Drawn {
    over_steps(run, "connections", "synapses", &synapses(run)?)
}

pub(super) fn thresholds(run: &Subject) -> Drawn {
    over_steps(run, "thresholds", "threshold", &spread(run)?)
}

pub(super) fn rates(run: &Subject) -> Drawn {
    over_steps(run, "firing rates", "active neurons (share, mean of 100)", &active(run)?)
}

fn over_steps(run: &Subject, what: &str, y_label: &str, lines: &[Trace]) -> Drawn {
    let options = TraceOptions {
        title: run.title(&match run {
            Subject::Agent(_) => format!("{what} over training"),
            Subject::Task(_) => what.to_owned(),
        }),
        x_label: run.steps().to_owned(),
        y_label: y_label.to_owned(),
        ..TraceOptions::default()
    };
    Ok(traces(lines, &options))
}

fn synapses(run: &Subject) -> Result<Vec<Trace>, LabError> {
    let kinds = [
        ("excitatory to excitatory", ProbeKind::EEConnectionCounts),
        ("inhibitory to excitatory", ProbeKind::EIConnectionCounts),
    ];
    let mut lines = Vec::new();
    for (name, kind) in kinds {
        if let Some((rows, steps)) = run.recorded(kind)? {
            lines.push(trace(name, rows.iter().copied(), &steps));
        }
    }
    if lines.is_empty() { Err(run.missing(ProbeKind::EEConnectionCounts, ":10")) } else { Ok(lines) }
}

/// Median and quartiles over the neurons.
fn spread(run: &Subject) -> Result<Vec<Trace>, LabError> {
    let (rows, steps) = run.recorded(ProbeKind::TE)?.ok_or_else(|| run.missing(ProbeKind::TE, ":10"))?;
    let mut spread = Vec::new();
    for row in rows.outer_iter() {
        let values: Vec<f64> = row.iter().copied().collect();
        spread.push(quartiles(&values).map_err(|e| LabError::damaged(run.path(), format!("TE: {e}")))?);
    }
    Ok(vec![
        trace("median", spread.iter().map(|s| s.median), &steps),
        trace("first quartile", spread.iter().map(|s| s.q1), &steps),
        trace("third quartile", spread.iter().map(|s| s.q3), &steps),
    ])
}

fn active(run: &Subject) -> Result<Vec<Trace>, LabError> {
    let kinds =
        [("excitatory", ProbeKind::ExcitatoryActivation), ("inhibitory", ProbeKind::InhibitoryActivation)];
    let mut lines = Vec::new();
    for (name, kind) in kinds {
        let Some((rows, steps)) = run.recorded(kind)? else { continue };
        let shares: Vec<f64> = rows.outer_iter().map(|row| row.sum() / row.len().max(1) as f64).collect();
        let means = sorn_report::stats::moving_mean(&shares, WINDOW)
            .map_err(|e| LabError::damaged(run.path(), format!("{kind}: {e}")))?;
        lines.push(trace(name, means.into_iter(), &steps));
    }
    if lines.is_empty() { Err(run.missing(ProbeKind::ExcitatoryActivation, ":10")) } else { Ok(lines) }
}

fn trace(name: &str, values: impl Iterator<Item = f64>, steps: &[u64]) -> Trace {
    Trace { name: name.to_owned(), points: steps.iter().map(|step| *step as f64).zip(values).collect() }
}
