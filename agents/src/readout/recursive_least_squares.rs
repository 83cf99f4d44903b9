//! Recursive least squares: the readout of ridge regression, at every moment.

use super::{Readout, example, sizes};
use crate::AgentError;
use crate::learner::linear::{add, dot};

/// Recursive least squares with exponential forgetting (Haykin, *Adaptive Filter Theory*; for reservoirs Jaeger 2003, "Adaptive
/// nonlinear system identification with echo state networks"; FORCE learning, Sussillo & Abbott 2009,
/// 10.1016/j.neuron.2009.07.018). Per example, from `W = 0`, `P = I / penalty`:
///
/// ```text
/// k = P phi / (forgetting + phi^T P phi)
/// W = W + (y - W phi) k^T
/// P = (P - k phi^T P) / forgetting
/// ```
///
/// Without forgetting (1) the readout is that of [`Ridge`](crate::Ridge) with the same penalty after every example; with it,
/// an example counts `forgetting^n` after `n` others, and so does the penalty. Time and memory per example grow with the square
/// of the number of features.
#[derive(Clone, Debug)]
pub struct RecursiveLeastSquares {
    readout: Readout,
    targets: usize,
    forgetting: f64,
    /// Symmetric, row after row.
    p: Vec<f64>,
    /// `P phi`.
    gain: Vec<f64>,
    predicted: Vec<f64>,
}

impl RecursiveLeastSquares {
    /// No examples yet. `penalty` is positive, `forgetting` in `(0, 1]`.
    ///
    /// # Errors
    /// [`AgentError::Readout`] naming the argument, what was found and what is allowed.
    pub fn new(
        features: usize,
        targets: usize,
        penalty: f64,
        forgetting: f64,
    ) -> Result<RecursiveLeastSquares, AgentError> {
        sizes(features, targets)?;
        if !(penalty > 0.0 && penalty.is_finite()) {
            return Err(AgentError::readout("penalty", penalty, "a positive number"));
        }
        if !(forgetting > 0.0 && forgetting <= 1.0) {
            return Err(AgentError::readout("forgetting", forgetting, "a number in (0, 1]"));
        }
        let mut p = vec![0.0; features * features];
        p.iter_mut().step_by(features + 1).for_each(|diagonal| *diagonal = 1.0 / penalty);
        let readout = Readout { weights: vec![0.0; targets * features], features };
        Ok(RecursiveLeastSquares {
            readout,
            targets,
            forgetting,
            p,
            gain: vec![0.0; features],
            predicted: vec![0.0; targets],
        })
    }

    /// The readout so far.
    pub fn readout(&self) -> &Readout {
        &self.readout
    }

    /// Takes one example.
    ///
    /// # Errors
    /// [`AgentError::Readout`] for a wrong length or a number that is not finite; nothing is taken then.
    pub fn learn(&mut self, features: &[f64], targets: &[f64]) -> Result<(), AgentError> {
        let n = self.readout.features;
        example(features, targets, (n, self.targets))?;
        for (gain, row) in self.gain.iter_mut().zip(self.p.chunks_exact(n)) {
            *gain = dot(row, features);
        }
        let scale = 1.0 / (self.forgetting + dot(&self.gain, features));
        self.readout.predict(features, &mut self.predicted)?;
        let errors = targets.iter().zip(&self.predicted).map(|(y, predicted)| y - predicted);
        for (row, error) in self.readout.weights.chunks_exact_mut(n).zip(errors) {
            add(row, error * scale, &self.gain);
        }
        // The lower triangle is computed and mirrored, so that rounding cannot make P lopsided.
        for i in 0..n {
            for j in 0..=i {
                let updated = (self.p[i * n + j] - scale * self.gain[i] * self.gain[j]) / self.forgetting;
                (self.p[i * n + j], self.p[j * n + i]) = (updated, updated);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ridge;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn without_forgetting_it_is_ridge_regression(
            examples in prop::collection::vec((prop::array::uniform4(-3.0..3.0_f64), prop::array::uniform2(-3.0..3.0_f64)), 1..12),
            penalty in 0.01..10.0_f64,
        ) {
            let mut online = RecursiveLeastSquares::new(4, 2, penalty, 1.0).unwrap();
            let mut ridge = Ridge::new(4, 2).unwrap();
            for (phi, y) in &examples {
                online.learn(phi, y).unwrap();
                ridge.learn(phi, y).unwrap();
                let batch = ridge.solve(penalty).unwrap();
                for (a, b) in online.readout().weights().iter().zip(batch.weights()) {
                    prop_assert!((a - b).abs() < 1e-8 * (1.0 + b.abs()), "{a} {b}");
                }
            }
        }
    }

    /// One feature that is 1: `w = sum(f^(n-k) y_k) / (sum(f^(n-k)) + f^n penalty)`.
    #[test]
    fn forgetting_by_hand() {
        let (f, penalty) = (0.5, 2.0);
        let mut online = RecursiveLeastSquares::new(1, 1, penalty, f).unwrap();
        for y in [8.0, 4.0, 2.0] {
            online.learn(&[1.0], &[y]).unwrap();
        }
        let expected = (0.25 * 8.0 + 0.5 * 4.0 + 2.0) / (0.25 + 0.5 + 1.0 + 0.125 * penalty);
        assert!((online.readout().weights()[0] - expected).abs() < 1e-14);
    }

    #[test]
    fn wrong_arguments_are_named() {
        let error = |penalty, forgetting| {
            RecursiveLeastSquares::new(1, 1, penalty, forgetting).unwrap_err().to_string()
        };
        assert_eq!(error(0.0, 1.0), "readout: penalty: a positive number expected, found 0");
        assert_eq!(error(1.0, 1.5), "readout: forgetting: a number in (0, 1] expected, found 1.5");
    }
}
