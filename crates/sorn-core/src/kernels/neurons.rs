//! One number per neuron, padded to whole rows.

use crate::simd::{LANES, Row};
use std::ops::{Deref, DerefMut};

/// One number for each of `n` neurons. As a slice it has `n` numbers; the padding of the last row has no meaning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Neurons {
    rows: Vec<Row<f64>>,
    n: usize,
}

impl Neurons {
    pub(crate) fn zeros(n: usize) -> Self {
        Neurons { rows: vec![Row::default(); n.div_ceil(LANES)], n }
    }

    pub(crate) fn rows(&self) -> &[Row<f64>] {
        &self.rows
    }

    pub(crate) fn rows_mut(&mut self) -> &mut [Row<f64>] {
        &mut self.rows
    }
}

impl From<&[f64]> for Neurons {
    fn from(values: &[f64]) -> Self {
        let mut neurons = Neurons::zeros(values.len());
        neurons.copy_from_slice(values);
        neurons
    }
}

impl Deref for Neurons {
    type Target = [f64];

    #[inline(always)]
    fn deref(&self) -> &[f64] {
        &Row::flatten(&self.rows)[..self.n]
    }
}

impl DerefMut for Neurons {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut Row::flatten_mut(&mut self.rows)[..self.n]
    }
}
