//! A connection matrix that does not change, stored by presynaptic neuron, so that only the rows of active neurons are touched.

use crate::fire;
use crate::outgoing::Outgoing;

/// Share of pairs that are connected above which a place for every pair is kept: a row is then read in order, without
/// indices.
const DENSE: f64 = 0.2;

/// A connection matrix of shape `(pre, post)`.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    /// Every weight, rows one after the other.
    Dense { weights: Vec<f64>, n_post: usize },
    /// The synapses of each row.
    Sparse(Outgoing<f64>),
}

impl Rows {
    /// From the columns `(pre, weight)` of a matrix with `len` synapses.
    pub(crate) fn new<C: Iterator<Item = (u32, f64)>>(
        (n_pre, n_post): (usize, usize),
        len: usize,
        column: impl Fn(usize) -> C,
    ) -> Self {
        if len as f64 <= DENSE * (n_pre * n_post) as f64 {
            return Rows::Sparse(Outgoing::new(n_pre, n_post, column));
        }
        let mut weights = vec![0.0; n_pre * n_post];
        for post in 0..n_post {
            for (pre, weight) in column(post) {
                weights[pre as usize * n_post + post] = weight;
            }
        }
        Rows::Dense { weights, n_post }
    }

    /// Sets `drive` to the sum of the rows of `active` neurons, added in that order; false where that would take more than
    /// `most` synapses one by one.
    pub(crate) fn drive(&mut self, active: &[u32], most: usize, drive: &mut [f64]) -> bool {
        match self {
            Rows::Dense { weights, n_post } => {
                fire::sum_rows(weights, active, &mut drive[..*n_post]);
                true
            }
            Rows::Sparse(outgoing) => outgoing.drive(active, most, drive),
        }
    }
}
