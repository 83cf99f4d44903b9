//! Ridge regression.

use crate::error::{example, finite, length, positive, room, sizes};
use crate::{Readout, ReadoutError, cholesky};

/// Ridge regression (Hoerl & Kennard 1970, 10.1080/00401706.1970.10488634): of all readouts `W` the one with the smallest
/// `sum |y - W phi|^2 + penalty |W|^2`, that is `W = Y Phi^T (Phi Phi^T + penalty I)^-1`.
///
/// Examples are summed up as they come, none is kept: memory is (features + targets) x features numbers, time per example at
/// most half that many multiplications, fewer where features are 0.
///
/// ```
/// use sorn_readout::Ridge;
///
/// # fn main() -> Result<(), sorn_readout::ReadoutError> {
/// let mut ridge = Ridge::new(2, 1)?;
/// for x in [0.0, 1.0, 2.0] {
///     ridge.learn(&[x, 1.0], &[3.0 * x - 1.0])?;
/// }
/// let readout = ridge.solve(1e-9)?;
/// let mut y = [0.0];
/// readout.predict(&[10.0, 1.0], &mut y)?;
/// assert!((y[0] - 29.0).abs() < 1e-6);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Ridge {
    pub(crate) features: usize,
    targets: usize,
    /// `Phi Phi^T`, lower triangle, and `Y Phi^T`; row after row.
    pub(crate) gram: Vec<f64>,
    pub(crate) moments: Vec<f64>,
    /// The nonzero features of the current example.
    nonzero: Vec<(u32, f64)>,
}

impl Ridge {
    /// No examples yet.
    ///
    /// # Errors
    /// [`ReadoutError`] if there are no features or no targets, or more than there is memory for.
    pub fn new(features: usize, targets: usize) -> Result<Ridge, ReadoutError> {
        sizes(features, targets)?;
        room("features", features, &[features, targets])?;
        Ok(Ridge {
            features,
            targets,
            gram: vec![0.0; features * features],
            moments: vec![0.0; targets * features],
            nonzero: Vec::with_capacity(features),
        })
    }

    /// Goes on from the [`sums`](Self::sums) of another, of shapes (features, features) and (targets, features).
    ///
    /// # Errors
    /// [`ReadoutError`] if a length does not fit `features` and `targets`, or a number is not finite.
    pub fn from_sums(
        (features, targets): (usize, usize),
        gram: Vec<f64>,
        moments: Vec<f64>,
    ) -> Result<Ridge, ReadoutError> {
        sizes(features, targets)?;
        for (name, all, expected) in
            [("gram", &gram, features * features), ("moments", &moments, features * targets)]
        {
            length(name, expected, all.len())?;
            finite(name, all)?;
        }
        Ok(Ridge { features, targets, gram, moments, nonzero: Vec::new() })
    }

    /// The sums over the examples so far: the features' products, of which the lower triangle counts, and the products of targets
    /// and features.
    pub fn sums(&self) -> (&[f64], &[f64]) {
        (&self.gram, &self.moments)
    }

    /// Takes one example.
    ///
    /// # Errors
    /// [`ReadoutError`] for a wrong length or a number that is not finite; nothing is taken then.
    pub fn learn(&mut self, features: &[f64], targets: &[f64]) -> Result<(), ReadoutError> {
        example(features, targets, (self.features, self.targets))?;
        self.nonzero.clear();
        self.nonzero.extend((0..).zip(features.iter().copied()).filter(|(_, value)| *value != 0.0));
        self.take(targets);
        Ok(())
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
        length("targets", self.targets, targets.len())?;
        finite("targets", targets)?;
        self.nonzero.clear();
        self.nonzero.extend(entries);
        let mut least = 0;
        for &(index, value) in &self.nonzero {
            if index < least || index as usize >= self.features {
                let expected = format!("ascending indices below {}", self.features);
                return Err(ReadoutError::new("features", index, expected));
            }
            finite("features", &[value])?;
            least = index + 1;
        }
        self.take(targets);
        Ok(())
    }

    fn take(&mut self, targets: &[f64]) {
        for (count, &(i, feature)) in self.nonzero.iter().enumerate() {
            let row = &mut self.gram[i as usize * self.features..];
            self.nonzero[..=count].iter().for_each(|&(j, other)| row[j as usize] += feature * other);
        }
        for (row, &y) in self.moments.chunks_exact_mut(self.features).zip(targets) {
            // A target of 0 adds nothing; of one-hot targets all but one are.
            if y != 0.0 {
                self.nonzero.iter().for_each(|&(i, feature)| row[i as usize] += y * feature);
            }
        }
    }

    /// The readout with this `penalty`, positive, for the examples so far.
    ///
    /// # Errors
    /// [`ReadoutError`] if `penalty` is not positive, or too small for features that depend on each other.
    pub fn solve(&self, penalty: f64) -> Result<Readout, ReadoutError> {
        positive("penalty", penalty)?;
        self.solve_each(&vec![penalty; self.features])
    }

    /// The readout with a penalty of its own, 0 or more, for each feature: 0 for an intercept that is not to shrink.
    ///
    /// # Errors
    /// [`ReadoutError`] for a wrong number of penalties, for one that is not 0 or more, or too small for features that
    /// depend on each other.
    pub fn solve_each(&self, penalties: &[f64]) -> Result<Readout, ReadoutError> {
        length("penalties", self.features, penalties.len())?;
        if let Some(found) = penalties.iter().find(|p| !(**p >= 0.0 && p.is_finite())) {
            return Err(ReadoutError::new("penalty", found, "a non-negative number"));
        }
        let mut lower = self.gram.clone();
        lower.iter_mut().step_by(self.features + 1).zip(penalties).for_each(|(diagonal, p)| *diagonal += p);
        if !cholesky::factor(&mut lower, self.features) {
            let found = penalties.iter().copied().fold(0.0, f64::max);
            return Err(ReadoutError::new("penalty", found, "more, for features that depend on each other"));
        }
        let mut weights = self.moments.clone();
        weights.chunks_exact_mut(self.features).for_each(|row| cholesky::solve(&lower, row));
        Ok(Readout { weights, features: self.features })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// At the minimum the gradient vanishes: `sum (y - W phi) phi^T = penalty W`.
        #[test]
        fn the_gradient_vanishes(
            examples in prop::collection::vec((prop::array::uniform4(-3.0..3.0_f64), prop::array::uniform2(-3.0..3.0_f64)), 1..12),
            penalties in prop::array::uniform4(0.01..10.0_f64),
        ) {
            let mut ridge = Ridge::new(4, 2).unwrap();
            examples.iter().for_each(|(phi, y)| ridge.learn(phi, y).unwrap());
            let readout = ridge.solve_each(&penalties).unwrap();
            let weights = readout.weights().iter().enumerate();
            let mut gradient: Vec<f64> = weights.map(|(k, w)| -penalties[k % 4] * w).collect();
            for (phi, y) in &examples {
                let mut predicted = [0.0; 2];
                readout.predict(phi, &mut predicted).unwrap();
                for target in 0..2 {
                    (0..4).for_each(|i| gradient[4 * target + i] += (y[target] - predicted[target]) * phi[i]);
                }
            }
            // Condition numbers stay below 12 * 9 * 4 / 0.01.
            prop_assert!(gradient.iter().all(|g| g.abs() < 1e-9), "{gradient:?}");
        }
    }

    #[test]
    fn sparse_and_dense_examples_count_alike() {
        let (mut dense, mut sparse) = (Ridge::new(3, 1).unwrap(), Ridge::new(3, 1).unwrap());
        for (phi, y) in [([1.0, 0.0, 2.0], 1.0), ([0.0, 3.0, 0.0], 0.0), ([1.0, 1.0, 1.0], -2.0)] {
            dense.learn(&phi, &[y]).unwrap();
            let entries = (0..).zip(phi).filter(|(_, value)| *value != 0.0);
            sparse.learn_sparse(entries, &[y]).unwrap();
        }
        assert_eq!(dense.solve(0.5).unwrap(), sparse.solve(0.5).unwrap());
        let error = sparse.learn_sparse([(3, 1.0)].into_iter(), &[0.0]).unwrap_err().to_string();
        assert_eq!(error, "readout: features: expected ascending indices below 3, found 3");
    }

    #[test]
    fn sums_go_on_where_they_were() {
        let (mut whole, mut part) = (Ridge::new(2, 1).unwrap(), Ridge::new(2, 1).unwrap());
        for ridge in [&mut whole, &mut part] {
            ridge.learn(&[0.1, 0.7], &[0.3]).unwrap();
        }
        let (gram, moments) = part.sums();
        let mut part = Ridge::from_sums((2, 1), gram.to_vec(), moments.to_vec()).unwrap();
        for ridge in [&mut whole, &mut part] {
            ridge.learn(&[-0.2, 1.1], &[0.9]).unwrap();
        }
        assert_eq!(whole.solve(0.1).unwrap(), part.solve(0.1).unwrap());
        let error = Ridge::from_sums((2, 1), vec![0.0; 4], vec![0.0]).unwrap_err().to_string();
        assert_eq!(error, "readout: moments: expected 2 numbers, found 1 number");
        assert!(Ridge::from_sums((1, 1), vec![f64::NAN], vec![0.0]).is_err());
    }

    #[test]
    fn wrong_arguments_are_named() {
        let mut ridge = Ridge::new(2, 1).unwrap();
        let error = ridge.learn(&[1.0, f64::NAN], &[0.0]).unwrap_err().to_string();
        assert_eq!(error, "readout: features: expected finite numbers, found NaN");
        let error = ridge.learn(&[1.0], &[0.0]).unwrap_err().to_string();
        assert_eq!(error, "readout: features: expected 2 numbers, found 1 number");
        assert_eq!(
            ridge.solve(0.0).unwrap_err().to_string(),
            "readout: penalty: expected a positive number, found 0"
        );
        assert_eq!(
            Ridge::new(0, 1).unwrap_err().to_string(),
            "readout: features: expected at least 1, found 0"
        );
        ridge.learn(&[1.0, 1.0], &[1.0]).unwrap();
        let error = ridge.solve_each(&[0.0, 0.0]).unwrap_err().to_string();
        assert!(error.contains("features that depend on each other"), "{error}");
        assert!(ridge.solve_each(&[1.0, -1.0]).is_err());
    }
}
