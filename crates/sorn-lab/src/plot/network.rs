//! Figures of how the neurons are connected.

use sorn_core::Synapses;
use sorn_report::figure::{Figure, FigureError, Fit, HistogramOptions, MatrixOptions, histogram, matrix};
use sorn_report::stats::Degrees;

use super::Subject;
use crate::LabError;

/// A figure, if there is a network.
type Drawn = Result<Result<Figure, FigureError>, LabError>;

pub(super) fn after(run: &Subject) -> Drawn {
    Ok(picture(&run.weights(false)?, run.title(&format!("E-to-E weights after {}", run.learning()))))
}

pub(super) fn before(run: &Subject) -> Drawn {
    Ok(picture(&run.weights(true)?, run.title(&format!("E-to-E weights before {}", run.learning()))))
}

pub(super) fn distribution(run: &Subject) -> Drawn {
    Ok(bars(run.title("E-to-E weights"), "weight", &present(run)?, None))
}

pub(super) fn distribution_log(run: &Subject) -> Drawn {
    Ok(bars(run.title("E-to-E weights"), "weight", &present(run)?, Some(Fit::LogNormal)))
}

pub(super) fn incoming(run: &Subject) -> Drawn {
    let degrees = degrees(run, |degrees| degrees.incoming)?;
    Ok(bars(run.title("incoming connections"), SYNAPSES, &degrees, Some(Fit::Normal)))
}

pub(super) fn outgoing(run: &Subject) -> Drawn {
    let degrees = degrees(run, |degrees| degrees.outgoing)?;
    Ok(bars(run.title("outgoing connections"), SYNAPSES, &degrees, Some(Fit::Normal)))
}

const SYNAPSES: &str = "synapses per neuron";

/// A histogram; on a logarithmic axis where a log-normal distribution is fitted.
fn bars(title: String, x_label: &str, values: &[f64], fit: Option<Fit>) -> Result<Figure, FigureError> {
    let log = fit == Some(Fit::LogNormal);
    histogram(
        values,
        &HistogramOptions { title, x_label: x_label.to_owned(), fit, log, ..Default::default() },
    )
}

/// Excitatory weights after learning.
fn present(run: &Subject) -> Result<Vec<f64>, LabError> {
    Ok(run.weights(false)?.weights.into_iter().filter(|weight| *weight > 0.0).collect())
}

fn degrees(run: &Subject, of: fn(Degrees) -> Vec<usize>) -> Result<Vec<f64>, LabError> {
    Ok(of(Degrees::of(&run.weights(false)?)).into_iter().map(|n| n as f64).collect())
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
