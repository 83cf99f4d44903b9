//! Arithmetic of linear readouts: weights are `(rows, features)`, row after row.

pub(crate) use crate::lanes::{add, decay_add, dot, update};
use crate::policy::StochasticPolicy;

/// One score per row of `weights`.
pub(crate) fn scores(weights: &[f64], phi: &[f64], out: &mut [f64]) {
    for (score, row) in out.iter_mut().zip(weights.chunks_exact(phi.len())) {
        *score = dot(row, phi);
    }
}

/// One score per row of `weights`; where the policy's score sees no features, it is the row's first weight.
pub(crate) fn policy_scores(policy: &StochasticPolicy, weights: &[f64], phi: &[f64], out: &mut [f64]) {
    for (index, (score, row)) in out.iter_mut().zip(weights.chunks_exact(phi.len())).enumerate() {
        *score = if policy.sees(index) { dot(row, phi) } else { row[0] };
    }
}
