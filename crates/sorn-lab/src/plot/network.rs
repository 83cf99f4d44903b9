//! Figures of how the neurons are connected.

use sorn_core::Synapses;
use sorn_report::figure::{Figure, FigureError, Fit, HistogramOptions, MatrixOptions, histogram, matrix};
use sorn_report::stats::Degrees;

use super::{FigureKind, title};
use crate::{LabError, RunDir};

pub(super) fn figure(run: &RunDir, kind: FigureKind) -> Result<Result<Figure, FigureError>, LabError> {
    let wee = weights(run, kind == FigureKind::WeightsBefore)?;
    let bars = |what: &str, x_label: &str, values: &[f64], fit, log| {
        let (title, x_label) = (title(run, what), x_label.to_owned());
        histogram(values, &HistogramOptions { title, x_label, fit, log, ..Default::default() })
    };
    let present: Vec<f64> = wee.weights.iter().copied().filter(|w| *w > 0.0).collect();
    let degrees = |of: fn(Degrees) -> Vec<usize>| -> Vec<f64> {
        of(Degrees::of(&wee)).into_iter().map(|n| n as f64).collect()
    };
    let synapses = "synapses per neuron";
    Ok(match kind {
        FigureKind::Weights => picture(&wee, title(run, "E-to-E weights after training")),
        FigureKind::WeightsBefore => picture(&wee, title(run, "E-to-E weights before training")),
        FigureKind::WeightDistribution => bars("E-to-E weights", "weight", &present, None, false),
        FigureKind::WeightDistributionLog => {
            bars("E-to-E weights", "weight", &present, Some(Fit::LogNormal), true)
        }
        FigureKind::IncomingConnections => {
            bars("incoming connections", synapses, &degrees(|d| d.incoming), Some(Fit::Normal), false)
        }
        _ => bars("outgoing connections", synapses, &degrees(|d| d.outgoing), Some(Fit::Normal), false),
    })
}

/// A weight matrix, presynaptic neurons upward.
pub(crate) fn picture(wee: &Synapses, title: String) -> Result<Figure, FigureError> {
    let dense: Vec<f64> = wee.to_dense().iter().copied().collect();
    let options = MatrixOptions {
        title,
        x_label: "postsynaptic neuron".to_owned(),
        y_label: "presynaptic neuron".to_owned(),
        ..Default::default()
    };
    matrix(&dense, wee.n_post(), &options)
}

/// The E-to-E weights before training, which the seed decides, or those of the latest checkpoint.
pub(crate) fn weights(run: &RunDir, before: bool) -> Result<Synapses, LabError> {
    let agent = match before {
        true => {
            let (env, _) = run.experiment().make_env(&run.origin())?;
            run.experiment().make_agent(&env, &run.origin())?
        }
        false => run.trained()?.agent,
    };
    match agent.network() {
        Some(network) => Ok(network.wee()),
        None => {
            let kind = agent.config().reservoir.kind.name();
            let reason = format!(
                "has no network: agent.reservoir.kind is {kind:?}, weights have \"sorn\", \"static\" and \"rewired\""
            );
            Err(LabError::directory(run.path(), reason))
        }
    }
}
