//! The linear layers: one weight per output and feature.
//!
//! Outputs are the scores of the policy and, after them, the value. Weights of one feature lie side by side, in blocks of four or
//! eight outputs, so that a row of active units adds up whole vectors. Outputs that fill up a block have weights of 0.

use multiversion::multiversion;

use super::rows::Row;

/// Where the weights are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layers {
    features: usize,
    outputs: usize,
    /// Outputs in a block.
    width: usize,
}

impl Layers {
    pub(super) fn new(features: usize, outputs: usize) -> Layers {
        Layers { features, outputs, width: if outputs <= 4 { 4 } else { 8 } }
    }

    /// Number of features.
    pub(super) fn features(&self) -> usize {
        self.features
    }

    /// Outputs with those that fill up the last block.
    pub(super) fn padded(&self) -> usize {
        self.outputs.next_multiple_of(self.width)
    }

    /// Number of weights.
    pub(super) fn len(&self) -> usize {
        self.padded() * self.features
    }

    fn at(&self, output: usize, feature: usize) -> usize {
        (output / self.width * self.features + feature) * self.width + output % self.width
    }

    /// The weights of output `output`, feature after feature.
    pub(super) fn read<'a>(&'a self, weights: &'a [f64], output: usize) -> impl Iterator<Item = f64> + 'a {
        (0..self.features).map(move |feature| weights[self.at(output, feature)])
    }

    /// Sets the weights of output `output`.
    pub(super) fn write(&self, weights: &mut [f64], output: usize, row: &[f64]) {
        row.iter().enumerate().for_each(|(feature, &weight)| weights[self.at(output, feature)] = weight);
    }

    /// All outputs, and those that fill up, of one row of features.
    pub(super) fn forward(&self, weights: &[f64], row: Row<'_>, out: &mut [f64]) {
        let blocks = weights.chunks_exact(self.features * self.width);
        for (block, out) in blocks.zip(out.chunks_exact_mut(self.width)) {
            match self.width {
                4 => forward_4(block, row, out),
                _ => forward_8(block, row, out),
            }
        }
    }

    /// Adds to the gradient of the weights what the gradients of one row's outputs make of it.
    pub(super) fn backward(&self, gradient: &mut [f64], row: Row<'_>, outputs: &[f64]) {
        let blocks = gradient.chunks_exact_mut(self.features * self.width);
        for (block, outputs) in blocks.zip(outputs.chunks_exact(self.width)) {
            match self.width {
                4 => backward_4(block, row, outputs),
                _ => backward_8(block, row, outputs),
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn forward_4(block: &[f64], row: Row<'_>, out: &mut [f64]) {
    forward::<4>(block, row, out);
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn forward_8(block: &[f64], row: Row<'_>, out: &mut [f64]) {
    forward::<8>(block, row, out);
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn backward_4(block: &mut [f64], row: Row<'_>, outputs: &[f64]) {
    backward::<4>(block, row, outputs);
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn backward_8(block: &mut [f64], row: Row<'_>, outputs: &[f64]) {
    backward::<8>(block, row, outputs);
}

/// Sums that do not wait for each other.
const CHAINS: usize = 4;

#[inline(always)]
fn forward<const W: usize>(block: &[f64], row: Row<'_>, out: &mut [f64]) {
    let (block, _) = block.as_chunks::<W>();
    let mut sums = [[0.0; W]; CHAINS];
    let (chunks, rest) = row.ones.as_chunks::<CHAINS>();
    for chunk in chunks {
        for (sum, &feature) in sums.iter_mut().zip(chunk) {
            let weights = &block[feature as usize];
            (0..W).for_each(|k| sum[k] += weights[k]);
        }
    }
    for &feature in rest {
        let weights = &block[feature as usize];
        (0..W).for_each(|k| sums[0][k] += weights[k]);
    }
    for (&feature, value) in row.others.iter().zip(row.values) {
        let weights = &block[feature as usize];
        (0..W).for_each(|k| sums[1][k] += value * weights[k]);
    }
    (0..W).for_each(|k| out[k] = (sums[0][k] + sums[1][k]) + (sums[2][k] + sums[3][k]));
}

#[inline(always)]
fn backward<const W: usize>(block: &mut [f64], row: Row<'_>, outputs: &[f64]) {
    let (block, _) = block.as_chunks_mut::<W>();
    let outputs: [f64; W] = std::array::from_fn(|k| outputs[k]);
    for &feature in row.ones {
        let gradient = &mut block[feature as usize];
        (0..W).for_each(|k| gradient[k] += outputs[k]);
    }
    for (&feature, value) in row.others.iter().zip(row.values) {
        let gradient = &mut block[feature as usize];
        (0..W).for_each(|k| gradient[k] += value * outputs[k]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::Rows;
    use super::*;

    #[test]
    fn outputs_and_gradients_are_those_of_matrices() {
        let features = 23;
        let phi: Vec<f64> = (0..features).map(|f| [0.0, 1.0, 1.0, -0.5, 1.0][f * 7 % 5]).collect();
        let mut rows = Rows::default();
        rows.push(&phi);
        for outputs in [1, 2, 4, 5, 8, 9, 19] {
            let layers = Layers::new(features, outputs);
            let matrix: Vec<Vec<f64>> = (0..outputs)
                .map(|o| (0..features).map(|f| ((o * 31 + f * 17) % 13) as f64 - 6.0).collect())
                .collect();
            let mut weights = vec![0.0; layers.len()];
            matrix.iter().enumerate().for_each(|(o, row)| layers.write(&mut weights, o, row));
            let mut out = vec![f64::NAN; layers.padded()];
            layers.forward(&weights, rows.row(0), &mut out);
            for (o, row) in matrix.iter().enumerate() {
                assert_eq!(layers.read(&weights, o).collect::<Vec<_>>(), *row);
                assert_eq!(out[o], row.iter().zip(&phi).map(|(w, x)| w * x).sum::<f64>(), "{outputs} {o}");
            }
            assert!(out[outputs..].iter().all(|&x| x == 0.0));
            let of_outputs: Vec<f64> = (0..layers.padded()).map(|o| o as f64 - 2.0).collect();
            let mut gradient = vec![1.0; layers.len()];
            layers.backward(&mut gradient, rows.row(0), &of_outputs);
            for (o, of_output) in of_outputs.iter().take(outputs).enumerate() {
                let expected: Vec<f64> = phi.iter().map(|x| 1.0 + of_output * x).collect();
                assert_eq!(layers.read(&gradient, o).collect::<Vec<_>>(), expected);
            }
        }
    }
}
