//! Ridge regression.

use super::{Readout, cholesky, example, sizes};
use crate::AgentError;

/// Ridge regression (Hoerl & Kennard 1970, 10.1080/00401706.1970.10488634): of all readouts `W` the one with the smallest
/// `sum |y - W phi|^2 + penalty |W|^2`, that is `W = Y Phi^T (Phi Phi^T + penalty I)^-1`.
///
/// Examples are summed up as they come, none is kept: memory is (features + targets) x features numbers, time per example at
/// most half that many multiplications, fewer where features are 0.
///
/// ```
/// use sorn_agents::Ridge;
///
/// # fn main() -> Result<(), sorn_agents::AgentError> {
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
    features: usize,
    targets: usize,
    /// `Phi Phi^T`, lower triangle, and `Y Phi^T`; row after row.
    gram: Vec<f64>,
    moments: Vec<f64>,
    /// Positions of the features that are not 0.
    nonzero: Vec<usize>,
}

impl Ridge {
    /// No examples yet.
    ///
    /// # Errors
    /// [`AgentError::Readout`] where there are no features or no targets.
    pub fn new(features: usize, targets: usize) -> Result<Ridge, AgentError> {
        sizes(features, targets)?;
        Ok(Ridge {
            features,
            targets,
            gram: vec![0.0; features * features],
            moments: vec![0.0; targets * features],
            nonzero: Vec::with_capacity(features),
        })
    }

    /// Takes one example.
    ///
    /// # Errors
    /// [`AgentError::Readout`] for a wrong length or a number that is not finite; nothing is taken then.
    pub fn learn(&mut self, features: &[f64], targets: &[f64]) -> Result<(), AgentError> {
        example(features, targets, (self.features, self.targets))?;
        self.nonzero.clear();
        self.nonzero.extend((0..self.features).filter(|&i| features[i] != 0.0));
        for (count, &i) in self.nonzero.iter().enumerate() {
            let row = &mut self.gram[i * self.features..];
            self.nonzero[..=count].iter().for_each(|&j| row[j] += features[i] * features[j]);
        }
        for (row, y) in self.moments.chunks_exact_mut(self.features).zip(targets) {
            self.nonzero.iter().for_each(|&i| row[i] += y * features[i]);
        }
        Ok(())
    }

    /// The readout with this `penalty`, positive, for the examples so far.
    ///
    /// # Errors
    /// [`AgentError::Readout`] where `penalty` is not positive, or too small for features that depend on each other.
    pub fn solve(&self, penalty: f64) -> Result<Readout, AgentError> {
        if !(penalty > 0.0 && penalty.is_finite()) {
            return Err(AgentError::readout("penalty", penalty, "a positive number"));
        }
        let mut lower = self.gram.clone();
        lower.iter_mut().step_by(self.features + 1).for_each(|diagonal| *diagonal += penalty);
        if !cholesky::factor(&mut lower, self.features) {
            return Err(AgentError::readout(
                "penalty",
                penalty,
                "more, for features that depend on each other",
            ));
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
            penalty in 0.01..10.0_f64,
        ) {
            let mut ridge = Ridge::new(4, 2).unwrap();
            examples.iter().for_each(|(phi, y)| ridge.learn(phi, y).unwrap());
            let readout = ridge.solve(penalty).unwrap();
            let mut gradient = readout.weights().iter().map(|w| -penalty * w).collect::<Vec<_>>();
            for (phi, y) in &examples {
                let mut predicted = [0.0; 2];
                readout.predict(phi, &mut predicted).unwrap();
                for target in 0..2 {
                    (0..4).for_each(|i| gradient[4 * target + i] += (y[target] - predicted[target]) * phi[i]);
                }
            }
            // Condition numbers stay below 12 * 9 * 4 / 0.01.
            prop_assert!(gradient.iter().all(|g| g.abs() < 1e-8), "{gradient:?}");
        }
    }

    /// One feature: `w = sum(x y) / (sum(x^2) + penalty)`.
    #[test]
    fn one_feature_by_hand() {
        let mut ridge = Ridge::new(1, 1).unwrap();
        for (x, y) in [(1.0, 2.0), (2.0, 1.0), (0.0, 5.0)] {
            ridge.learn(&[x], &[y]).unwrap();
        }
        assert!((ridge.solve(3.0).unwrap().weights()[0] - 4.0 / 8.0).abs() < 1e-15);
    }

    #[test]
    fn bad_examples_are_named_and_not_taken() {
        let mut ridge = Ridge::new(2, 1).unwrap();
        let text = ridge.learn(&[1.0], &[1.0]).unwrap_err().to_string();
        assert_eq!(text, "readout: features: 2 numbers expected, found 1 number");
        let text = ridge.learn(&[1.0, 1.0], &[f64::NAN]).unwrap_err().to_string();
        assert_eq!(text, "readout: targets: finite numbers expected, found NaN");
        assert_eq!(ridge.solve(1.0).unwrap().weights(), [0.0, 0.0]);
        assert!(ridge.solve(0.0).unwrap_err().to_string().starts_with("readout: penalty: a positive number"));
        assert!(Ridge::new(0, 1).is_err());
    }
}
