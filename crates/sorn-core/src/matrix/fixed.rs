//! A connection matrix that does not change, stored by presynaptic neuron, so that only the rows of active neurons are touched.

use super::csr::Csr;
use crate::kernels::rows::sum;
use crate::simd::{LANES, Level, Row, kernel};

/// Share of connected pairs above which every pair has a place, so that a row is read sequentially and without indices.
const DENSE: f64 = 0.2;

/// A connection matrix of shape `(pre, post)`.
#[derive(Clone, Debug)]
pub(crate) enum Fixed {
    /// Every weight, row by row; each row is padded to a multiple of sixteen.
    Dense(Vec<Row<f64>>),
    /// The synapses of each row.
    Sparse(Csr<f64>),
}

impl Fixed {
    /// From the columns `(pre, weight)` of a matrix with `len` synapses.
    pub(crate) fn new<C: Iterator<Item = (u32, f64)>>(
        (n_pre, n_post): (usize, usize),
        len: usize,
        column: impl Fn(usize) -> C,
    ) -> Self {
        if len as f64 <= DENSE * (n_pre * n_post) as f64 {
            return Fixed::Sparse(Csr::new(n_pre, n_post, column));
        }
        let width = n_post.div_ceil(LANES);
        let mut weights = vec![Row::default(); n_pre * width];
        for post in 0..n_post {
            for (pre, weight) in column(post) {
                weights[pre as usize * width + post / LANES].0[post % LANES] = weight;
            }
        }
        Fixed::Dense(weights)
    }

    /// Sets `drive` to the sum of the rows of `active` neurons, added in that order. Returns false if a list of synapses would
    /// have to add more than `most` of them.
    pub(crate) fn drive(
        &mut self,
        level: Level,
        active: &[u32],
        most: usize,
        drive: &mut [Row<f64>],
    ) -> bool {
        match self {
            Fixed::Dense(weights) => {
                sum_rows(level, weights, active, drive);
                true
            }
            Fixed::Sparse(csr) => csr.drive(active, most, Row::flatten_mut(drive)),
        }
    }
}

kernel! {
    /// Sums of the rows of some neurons, as wide as `sums`.
    fn sum_rows<S: Simd>(weights: &[Row<f64>], neurons: &[u32], sums: &mut [Row<f64>]) {
        sum::<f64, S::F64, false>(weights, neurons, sums);
    }
}
