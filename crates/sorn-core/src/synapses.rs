//! A connection matrix as plain data, for states, files and probes.

use crate::error::StateError;
use crate::huge_pages;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// A connection matrix of shape `(pre, post)`, compressed by columns: each column holds the incoming synapses of one
/// neuron, presynaptic indices ascending.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Synapses {
    /// Number of presynaptic neurons.
    pub n_pre: usize,
    /// Column starts: column `i` is `indptr[i]..indptr[i + 1]`; length `post + 1`.
    pub indptr: Vec<usize>,
    /// Presynaptic neuron of each synapse.
    pub indices: Vec<u32>,
    /// Weight of each synapse.
    pub weights: Vec<f64>,
}

impl Synapses {
    /// An unconnected matrix without columns; [`push_column`](Self::push_column) adds them.
    pub fn new(n_pre: usize) -> Self {
        Synapses { n_pre, indptr: vec![0], indices: Vec::new(), weights: Vec::new() }
    }

    /// An unconnected matrix with capacity for this many synapses.
    pub(crate) fn with_capacity(n_pre: usize, synapses: usize) -> Self {
        let mut matrix = Synapses::new(n_pre);
        matrix.indices.reserve_exact(synapses);
        matrix.weights.reserve_exact(synapses);
        huge_pages::ask(&matrix.indices);
        huge_pages::ask(&matrix.weights);
        matrix
    }

    /// Appends the incoming synapses of one more neuron, presynaptic indices ascending.
    pub fn push_column(&mut self, column: impl IntoIterator<Item = (u32, f64)>) {
        for (pre, weight) in column {
            self.indices.push(pre);
            self.weights.push(weight);
        }
        self.indptr.push(self.indices.len());
    }

    /// Number of postsynaptic neurons.
    pub fn n_post(&self) -> usize {
        self.indptr.len() - 1
    }

    /// Number of synapses.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there is no synapse.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Incoming synapses of neuron `post`: presynaptic indices and weights.
    pub fn column(&self, post: usize) -> impl Iterator<Item = (u32, f64)> + '_ {
        let range = self.indptr[post]..self.indptr[post + 1];
        self.indices[range.clone()].iter().copied().zip(self.weights[range].iter().copied())
    }

    /// The matrix from a dense one of shape `(pre, post)`; every non-zero entry is a synapse.
    pub fn from_dense(dense: &Array2<f64>) -> Self {
        let mut synapses = Synapses::new(dense.nrows());
        for column in dense.columns() {
            let present = column.iter().enumerate().filter(|(_, weight)| **weight != 0.0);
            synapses.push_column(present.map(|(pre, &weight)| (pre as u32, weight)));
        }
        synapses
    }

    /// The dense matrix of shape `(pre, post)`, absent synapses 0, as upstream keeps it.
    pub fn to_dense(&self) -> Array2<f64> {
        let mut dense = Array2::zeros((self.n_pre, self.n_post()));
        for post in 0..self.n_post() {
            for (pre, weight) in self.column(post) {
                dense[[pre as usize, post]] = weight;
            }
        }
        dense
    }

    /// Returns an error for a wrong shape, unsorted indices, weights outside `[0, 1]`, and self-connections if `square`.
    pub(crate) fn check(
        &self,
        name: &str,
        n_pre: usize,
        n_post: usize,
        square: bool,
    ) -> Result<(), StateError> {
        let shape = (self.n_pre, self.indptr.len().saturating_sub(1));
        if shape != (n_pre, n_post) {
            return Err(StateError::new(name, format!("{shape:?}"), format!("shape ({n_pre}, {n_post})")));
        }
        let lengths = (self.indptr.last().copied(), self.indices.len(), self.weights.len());
        let monotone = self.indptr.first() == Some(&0) && self.indptr.is_sorted();
        if !monotone || lengths.0 != Some(lengths.1) || lengths.1 != lengths.2 {
            return Err(StateError::new(
                name,
                format!("column starts and lengths {lengths:?}"),
                "equal lengths",
            ));
        }
        for post in 0..n_post {
            let mut last = None;
            for (pre, weight) in self.column(post) {
                let fault = if pre as usize >= n_pre || last >= Some(pre) {
                    "ascending indices below the number of rows"
                } else if !(0.0..=1.0).contains(&weight) {
                    "weights in [0, 1]"
                } else if square && pre as usize == post {
                    "no self-connections"
                } else {
                    last = Some(pre);
                    continue;
                };
                return Err(StateError::new(name, format!("[{pre}, {post}] = {weight}"), fault));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn dense_round_trip() {
        let dense = array![[0.0, 0.5, 0.0], [0.25, 0.0, 0.0]];
        let synapses = Synapses::from_dense(&dense);
        assert_eq!(synapses.len(), 2);
        assert_eq!(synapses.to_dense(), dense);
        synapses.check("wee", 2, 3, false).unwrap();
        assert!(synapses.check("wee", 3, 2, false).is_err());
    }

    #[test]
    fn refuses_bad_values() {
        for bad in [f64::NAN, -0.5, 1.5] {
            let error = Synapses::from_dense(&array![[bad]]).check("wei", 1, 1, false).unwrap_err();
            assert_eq!(error.array, "wei");
        }
        assert!(Synapses::from_dense(&array![[0.5]]).check("wee", 1, 1, true).is_err());
    }
}
