//! [`Readout`]: a linear map from features to one score per target.

use crate::ReadoutError;
use crate::error::{finite, length, sizes};
use crate::vector::dot;

/// A linear map from features to one score per target. For an intercept, let one feature be 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Readout {
    /// `(targets, features)`, row after row.
    pub(crate) weights: Vec<f64>,
    pub(crate) features: usize,
}

impl Readout {
    /// A readout of given weights, of shape (targets, features), row after row.
    ///
    /// # Errors
    /// [`ReadoutError`] for no features, for weights that are no whole rows, or for a weight that is not finite.
    pub fn new(weights: Vec<f64>, features: usize) -> Result<Readout, ReadoutError> {
        sizes(features, weights.len())?;
        if !weights.len().is_multiple_of(features) {
            let expected = format!("a multiple of {features} numbers");
            return Err(ReadoutError::new("weights", weights.len(), expected));
        }
        finite("weights", &weights)?;
        Ok(Readout { weights, features })
    }

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

    /// Writes one score per target.
    ///
    /// # Errors
    /// [`ReadoutError`] if `features` or `out` has another length than the readout.
    pub fn predict(&self, features: &[f64], out: &mut [f64]) -> Result<(), ReadoutError> {
        length("features", self.features, features.len())?;
        length("out", self.targets(), out.len())?;
        for (out, row) in out.iter_mut().zip(self.weights.chunks_exact(self.features)) {
            *out = dot(row, features);
        }
        Ok(())
    }

    /// Writes one score per target for features of which only the entries `(index, value)` are not 0.
    ///
    /// # Errors
    /// [`ReadoutError`] if `out` has another length than the readout, or an index is too large.
    pub fn predict_sparse(
        &self,
        entries: impl Iterator<Item = (u32, f64)> + Clone,
        out: &mut [f64],
    ) -> Result<(), ReadoutError> {
        length("out", self.targets(), out.len())?;
        if let Some((index, _)) = entries.clone().find(|(index, _)| *index as usize >= self.features) {
            return Err(ReadoutError::new("features", index, format!("an index below {}", self.features)));
        }
        for (out, row) in out.iter_mut().zip(self.weights.chunks_exact(self.features)) {
            *out = entries.clone().map(|(index, value)| row[index as usize] * value).sum();
        }
        Ok(())
    }

    /// The target with the largest score, the first of equal ones.
    pub fn largest(scores: &[f64]) -> usize {
        let best = |best: usize, (i, score): (usize, &f64)| if *score > scores[best] { i } else { best };
        scores.iter().enumerate().fold(0, best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_and_dense_features_give_the_same_scores() {
        let readout = Readout::new(vec![1.0, 2.0, 3.0, -1.0, 0.5, 4.0], 3).unwrap();
        let (mut dense, mut sparse) = ([0.0; 2], [0.0; 2]);
        readout.predict(&[0.0, 2.0, 1.0], &mut dense).unwrap();
        readout.predict_sparse([(1, 2.0), (2, 1.0)].into_iter(), &mut sparse).unwrap();
        assert_eq!((dense, sparse), ([7.0, 5.0], [7.0, 5.0]));
        assert_eq!((Readout::largest(&dense), Readout::largest(&[1.0, 1.0])), (0, 0));
    }

    #[test]
    fn wrong_shapes_are_named() {
        let error = |weights: &[f64], n| Readout::new(weights.to_vec(), n).unwrap_err().to_string();
        assert_eq!(error(&[1.0], 2), "readout: weights: expected a multiple of 2 numbers, found 1");
        assert_eq!(error(&[f64::NAN], 1), "readout: weights: expected finite numbers, found NaN");
        let readout = Readout::new(vec![1.0], 1).unwrap();
        let error = readout.predict_sparse([(1, 1.0)].into_iter(), &mut [0.0]).unwrap_err().to_string();
        assert_eq!(error, "readout: features: expected an index below 1, found 1");
    }
}
