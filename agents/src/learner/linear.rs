//! Arithmetic of linear readouts: weights are `(rows, features)`, row after row.

pub(crate) use crate::lanes::{add, dot, update};

/// One score per row of `weights`.
pub(crate) fn scores(weights: &[f64], phi: &[f64], out: &mut [f64]) {
    for (score, row) in out.iter_mut().zip(weights.chunks_exact(phi.len())) {
        *score = dot(row, phi);
    }
}
