//! A fixed connection matrix, stored by presynaptic neuron, so that only the rows of active neurons are touched.

use crate::{Synapses, fire};

/// A fixed connection matrix of shape `(pre, post)`.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    /// Every weight, rows one after the other.
    Dense { weights: Vec<f64> },
    /// The synapses of row `j` are `starts[j]..starts[j + 1]`.
    Sparse { starts: Vec<usize>, posts: Vec<u32>, weights: Vec<f64> },
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
        let mut starts = vec![0; n_pre + 1];
        for &pre in &synapses.indices {
            starts[pre as usize + 1] += 1;
        }
        for pre in 0..n_pre {
            starts[pre + 1] += starts[pre];
        }
        let mut next = starts.clone();
        let mut posts = vec![0; synapses.len()];
        let mut weights = vec![0.0; synapses.len()];
        for post in 0..n_post {
            for (pre, weight) in synapses.column(post) {
                let at = &mut next[pre as usize];
                (posts[*at], weights[*at]) = (post as u32, weight);
                *at += 1;
            }
        }
        Rows::Sparse { starts, posts, weights }
    }

    /// Sets `drive` to the sum of the rows of `active` neurons, added in that order.
    pub(crate) fn drive(&self, active: &[u32], drive: &mut [f64]) {
        match self {
            Rows::Dense { weights } => fire::sum_rows(weights, active, drive),
            Rows::Sparse { starts, posts, weights } => {
                drive.fill(0.0);
                for &pre in active {
                    let row = starts[pre as usize]..starts[pre as usize + 1];
                    for (&post, weight) in posts[row.clone()].iter().zip(&weights[row]) {
                        drive[post as usize] += weight;
                    }
                }
            }
        }
    }
}
