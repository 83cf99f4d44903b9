//! Supervised linear readouts: what a reservoir's features say about something known.

mod cholesky;
mod recursive_least_squares;
mod ridge;

use crate::AgentError;
use crate::error::numbers;
pub use recursive_least_squares::RecursiveLeastSquares;
pub use ridge::Ridge;

/// A linear map from features to targets. For an intercept, let one feature be 1 ([`Feature::Bias`](crate::Feature::Bias)).
#[derive(Clone, Debug, PartialEq)]
pub struct Readout {
    /// `(targets, features)`, row after row.
    weights: Vec<f64>,
    features: usize,
}

impl Readout {
    /// Weights of shape (targets, features), row after row.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Number of features.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Number of targets.
    pub fn targets(&self) -> usize {
        self.weights.len() / self.features
    }

    /// Writes one number per target.
    ///
    /// # Errors
    /// [`AgentError::Readout`] where `features` or `out` has another length than the readout.
    pub fn predict(&self, features: &[f64], out: &mut [f64]) -> Result<(), AgentError> {
        length("features", self.features, features.len())?;
        length("out", self.targets(), out.len())?;
        for (out, row) in out.iter_mut().zip(self.weights.chunks_exact(self.features)) {
            *out = row.iter().zip(features).map(|(w, f)| w * f).sum();
        }
        Ok(())
    }
}

/// Checks the sizes of a readout that is to learn.
fn sizes(features: usize, targets: usize) -> Result<(), AgentError> {
    for (name, size) in [("features", features), ("targets", targets)] {
        if size == 0 {
            return Err(AgentError::readout(name, 0, "at least 1"));
        }
    }
    Ok(())
}

fn length(name: &'static str, expected: usize, found: usize) -> Result<(), AgentError> {
    match expected == found {
        true => Ok(()),
        false => Err(AgentError::readout(name, numbers(found), &numbers(expected))),
    }
}

/// Checks one example: lengths, and that every number is finite.
fn example(features: &[f64], targets: &[f64], (m, n): (usize, usize)) -> Result<(), AgentError> {
    for (name, values, expected) in [("features", features, m), ("targets", targets, n)] {
        length(name, expected, values.len())?;
        if let Some(found) = values.iter().find(|v| !v.is_finite()) {
            return Err(AgentError::readout(name, found, "finite numbers"));
        }
    }
    Ok(())
}
