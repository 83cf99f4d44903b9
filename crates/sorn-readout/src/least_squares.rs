//! Least squares by the pseudo-inverse.

use crate::vector::{add, dot};
use crate::{Readout, ReadoutError, Ridge, cholesky};

/// Pivots of the features' Gram matrix below this share of the largest are rounding.
const ROUNDING: f64 = 1e-11;

/// Least squares: of all readouts with the smallest `sum |y - W phi|^2` the one with the smallest weights, `W = Y Phi^+`.
///
/// The features may depend on each other, as those of a reservoir that visits fewer states than it has neurons. The
/// pseudo-inverse is taken from the Gram matrix by Cholesky factors of full rank (Courrieu 2005, "Fast computation of
/// Moore-Penrose inverse matrices"), which is exact to about the square root of the precision of numbers.
///
/// ```
/// use sorn_readout::LeastSquares;
///
/// # fn main() -> Result<(), sorn_readout::ReadoutError> {
/// let mut fit = LeastSquares::new(2, 1)?;
/// fit.learn(&[1.0, 1.0], &[4.0])?;
/// let readout = fit.solve();
/// assert!((readout.weights()[0] - 2.0).abs() < 1e-9); // not (4, 0), which is larger
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct LeastSquares(Ridge);

/// Goes on from the sums of a [`Ridge`], which are the same.
impl From<Ridge> for LeastSquares {
    fn from(sums: Ridge) -> LeastSquares {
        LeastSquares(sums)
    }
}

impl LeastSquares {
    /// No examples yet.
    ///
    /// # Errors
    /// [`ReadoutError`] if there are no features or no targets.
    pub fn new(features: usize, targets: usize) -> Result<LeastSquares, ReadoutError> {
        Ridge::new(features, targets).map(LeastSquares)
    }

    /// Takes one example.
    ///
    /// # Errors
    /// [`ReadoutError`] for a wrong length or a number that is not finite; nothing is taken then.
    pub fn learn(&mut self, features: &[f64], targets: &[f64]) -> Result<(), ReadoutError> {
        self.0.learn(features, targets)
    }

    /// Takes one example whose features are 0 but for the entries `(index, value)`, indices ascending.
    ///
    /// # Errors
    /// [`ReadoutError`] for an index that is too large or not above the one before, a wrong number of targets, or a number that
    /// is not finite; nothing is taken then.
    pub fn learn_sparse(
        &mut self,
        entries: impl Iterator<Item = (u32, f64)>,
        targets: &[f64],
    ) -> Result<(), ReadoutError> {
        self.0.learn_sparse(entries, targets)
    }

    /// The readout for the examples so far; without any, its weights are 0.
    #[must_use]
    pub fn solve(&self) -> Readout {
        let n = self.0.features;
        // The Gram matrix is L L^T with L of full column rank r, its pseudo-inverse L (L^T L)^-2 L^T.
        let (rows, r) = cholesky::semidefinite(&self.0.gram, n, ROUNDING);
        let mut inner = vec![0.0; r * r];
        for row in rows.chunks_exact(r.max(1)) {
            for i in 0..r {
                if row[i] != 0.0 {
                    add(&mut inner[i * r..=i * r + i], row[i], &row[..=i]);
                }
            }
        }
        let definite = cholesky::factor(&mut inner, r);
        debug_assert!(definite, "the columns are independent");
        let mut weights = Vec::with_capacity(self.0.moments.len());
        let mut inside = vec![0.0; r];
        for moments in self.0.moments.chunks_exact(n) {
            inside.fill(0.0);
            for (moment, row) in moments.iter().zip(rows.chunks_exact(r.max(1))) {
                add(&mut inside, *moment, row);
            }
            cholesky::solve(&inner, &mut inside);
            cholesky::solve(&inner, &mut inside);
            match r {
                0 => weights.extend(std::iter::repeat_n(0.0, n)),
                _ => weights.extend(rows.chunks_exact(r).map(|row| dot(row, &inside))),
            }
        }
        Readout { weights, features: n }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Five features that are combinations of two: the residuals are orthogonal to the features, and the weights lie in the
        /// space that the features span, so that no smaller ones do the same.
        #[test]
        fn residuals_are_orthogonal_and_weights_are_smallest(
            mix in prop::collection::vec(-2_i32..=2, 10),
            examples in prop::collection::vec((prop::array::uniform2(0_i32..=1), -3.0..3.0_f64), 0..20),
        ) {
            let feature = |z: &[i32; 2], i: usize| f64::from(z[0] * mix[i] + z[1] * mix[5 + i]);
            let phi = |z: &[i32; 2]| -> Vec<f64> { (0..5).map(|i| feature(z, i)).collect() };
            let mut fit = LeastSquares::new(5, 1).unwrap();
            examples.iter().for_each(|(z, y)| fit.learn(&phi(z), &[*y]).unwrap());
            let readout = fit.solve();
            let mut gradient = vec![0.0; 5];
            for (z, y) in &examples {
                let (phi, mut predicted) = (phi(z), [0.0]);
                readout.predict(&phi, &mut predicted).unwrap();
                gradient.iter_mut().zip(&phi).for_each(|(g, f)| *g += (y - predicted[0]) * f);
            }
            prop_assert!(gradient.iter().all(|g| g.abs() < 1e-6), "{gradient:?}");
            // Projected on the span of the examples' features, the weights stay what they are.
            let mut span = Ridge::new(5, 5).unwrap();
            examples.iter().for_each(|(z, _)| span.learn(&phi(z), &phi(z)).unwrap());
            let projection = span.solve(1e-7).unwrap();
            let mut projected = vec![0.0; 5];
            projection.predict(readout.weights(), &mut projected).unwrap();
            for (a, b) in projected.iter().zip(readout.weights()) {
                prop_assert!((a - b).abs() < 1e-5 * (1.0 + b.abs()), "{a} {b}");
            }
        }
    }
}
