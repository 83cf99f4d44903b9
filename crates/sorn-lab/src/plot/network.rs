//! Figures of how the neurons are connected.

use sorn_core::Synapses;
use sorn_report::figure::{Figure, FigureError, Fit, HistogramOptions, MatrixOptions, histogram, matrix};
use sorn_report::stats::Degrees;

use super::title;
use crate::{LabError, RunDir};

/// A figure, if there is a network.
type Drawn = Result<Result<Figure, FigureError>, LabError>;

pub(super) fn after(run: &RunDir) -> Drawn {
    Ok(picture(&weights(run, false)?, title(run, "E-to-E weights after training")))
}

pub(super) fn before(run: &RunDir) -> Drawn {
    Ok(picture(&weights(run, true)?, title(run, "E-to-E weights before training")))
}

pub(super) fn distribution(run: &RunDir) -> Drawn {
    Ok(bars(title(run, "E-to-E weights"), "weight", &present(run)?, None))
}

pub(super) fn distribution_log(run: &RunDir) -> Drawn {
    Ok(bars(title(run, "E-to-E weights"), "weight", &present(run)?, Some(Fit::LogNormal)))
}

pub(super) fn incoming(run: &RunDir) -> Drawn {
    let degrees = degrees(run, |degrees| degrees.incoming)?;
    Ok(bars(title(run, "incoming connections"), SYNAPSES, &degrees, Some(Fit::Normal)))
}

pub(super) fn outgoing(run: &RunDir) -> Drawn {
    let degrees = degrees(run, |degrees| degrees.outgoing)?;
    Ok(bars(title(run, "outgoing connections"), SYNAPSES, &degrees, Some(Fit::Normal)))
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

/// Excitatory weights after training.
fn present(run: &RunDir) -> Result<Vec<f64>, LabError> {
    Ok(weights(run, false)?.weights.into_iter().filter(|weight| *weight > 0.0).collect())
}

fn degrees(run: &RunDir, of: fn(Degrees) -> Vec<usize>) -> Result<Vec<f64>, LabError> {
    Ok(of(Degrees::of(&weights(run, false)?)).into_iter().map(|n| n as f64).collect())
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
            run.make_agent(&env)?
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
