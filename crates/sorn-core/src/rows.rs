//! A fixed connection matrix, stored by presynaptic neuron, so that only the rows of active neurons are touched.

use crate::outgoing::Outgoing;
use crate::{Synapses, fire};

/// A fixed connection matrix of shape `(pre, post)`.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    /// Every weight, rows one after the other.
    Dense { weights: Vec<f64> },
    /// The synapses of each row.
    Sparse(Outgoing<f64>),
}

impl Rows {
    pub(crate) fn new(synapses: &Synapses) -> Self {
        let (n_pre, n_post) = (synapses.n_pre, synapses.n_post());
        // A dense row is read in order and needs no indices.
        if synapses.len() * 2 > n_pre * n_post {
            let mut weights = vec![0.0; n_pre * n_post];
            for post in 0..n_post {
                for (pre, weight) in synapses.column(post) {
                    weights[pre as usize * n_post + post] = weight;
                }
            }
            return Rows::Dense { weights };
        }
        Rows::Sparse(Outgoing::new(n_pre, n_post, |post| synapses.column(post)))
    }

    /// Sets `drive` to the sum of the rows of `active` neurons, added in that order.
    pub(crate) fn drive(&mut self, active: &[u32], drive: &mut [f64]) {
        match self {
            Rows::Dense { weights } => fire::sum_rows(weights, active, drive),
            Rows::Sparse(outgoing) => {
                outgoing.drive(active.iter().copied(), usize::MAX, drive);
            }
        }
    }
}
