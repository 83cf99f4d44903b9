//! Recursive least squares: the readout of ridge regression, at every moment.

use crate::error::{example, finite, length, positive, room, sizes};
use crate::vector::{add, dot};
use crate::{Readout, ReadoutError};

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
/// an example counts `forgetting^n` after `n` others.
///
/// The penalty does not fade with the examples. Otherwise `P` would grow without bound for every feature that is silent, or
/// always the same as another (covariance wind-up). What forgetting takes from it is given back as in dynamically
/// regularised recursive least squares (Gay 1996, "Dynamically regularized fast RLS with application to echo cancellation",
/// ICASSP): after each example, one feature after the other takes an example of target 0 in which it alone is not silent. It
/// is one feature per example, or as many more as keep the penalty of the others from falling to a thousandth in between.
///
/// Time and memory per example grow with the square of the number of features.
#[derive(Clone, Debug)]
pub struct RecursiveLeastSquares {
    readout: Readout,
    targets: usize,
    forgetting: f64,
    /// Symmetric, row after row.
    p: Vec<f64>,
    renewal: Option<Renewal>,
    /// `P phi`.
    gain: Vec<f64>,
    predicted: Vec<f64>,
}

/// How the penalty is kept while examples are forgotten.
#[derive(Clone, Copy, Debug)]
struct Renewal {
    /// Features after each example.
    count: usize,
    /// Square of what each of them shows.
    share: f64,
    /// The next feature.
    next: usize,
}

impl Renewal {
    /// The penalty of a feature may fall to the inverse of this before it is renewed.
    const MOST: f64 = 1e3;

    fn new(features: usize, penalty: f64, forgetting: f64) -> Option<Self> {
        if forgetting == 1.0 {
            return None;
        }
        let count = (features as f64 * -forgetting.ln() / Self::MOST.ln()).ceil();
        let count = (count as usize).clamp(1, features);
        let share = features as f64 / count as f64 * (1.0 - forgetting) * penalty;
        Some(Renewal { count, share, next: 0 })
    }
}

impl RecursiveLeastSquares {
    /// No examples yet. `penalty` is positive, `forgetting` in `(0, 1]`.
    ///
    /// # Errors
    /// [`ReadoutError`] naming the argument, what was found and what is allowed.
    pub fn new(
        features: usize,
        targets: usize,
        penalty: f64,
        forgetting: f64,
    ) -> Result<RecursiveLeastSquares, ReadoutError> {
        sizes(features, targets)?;
        positive("penalty", penalty)?;
        if !(forgetting > 0.0 && forgetting <= 1.0) {
            return Err(ReadoutError::new("forgetting", forgetting, "a number in (0, 1]"));
        }
        if !(1.0 / penalty / forgetting).is_finite() {
            return Err(ReadoutError::new("penalty", penalty, "a number whose inverse can be represented"));
        }
        room("features", features, &[features, targets])?;
        let mut p = vec![0.0; features * features];
        p.iter_mut().step_by(features + 1).for_each(|diagonal| *diagonal = 1.0 / penalty);
        let readout = Readout { weights: vec![0.0; targets * features], features };
        Ok(RecursiveLeastSquares {
            readout,
            targets,
            forgetting,
            p,
            renewal: Renewal::new(features, penalty, forgetting),
            gain: vec![0.0; features],
            predicted: vec![0.0; targets],
        })
    }

    /// Goes on from the [`state`](Self::state) of another with this `penalty` and `forgetting`.
    ///
    /// # Errors
    /// As [`new`](Self::new), and if a length does not fit, a number is not finite, or `next` is no feature.
    pub fn from_state(
        readout: Readout,
        (penalty, forgetting): (f64, f64),
        p: Vec<f64>,
        next: usize,
    ) -> Result<RecursiveLeastSquares, ReadoutError> {
        let (features, targets) = (readout.features(), readout.targets());
        let mut learner = RecursiveLeastSquares::new(features, targets, penalty, forgetting)?;
        length("p", features * features, p.len())?;
        finite("p", &p)?;
        if next >= features {
            return Err(ReadoutError::new("next", next, format!("a feature below {features}")));
        }
        if let Some(renewal) = &mut learner.renewal {
            renewal.next = next;
        }
        Ok(RecursiveLeastSquares { readout, p, ..learner })
    }

    /// The matrix `P`, of shape (features, features), and the feature whose penalty is renewed next.
    pub fn state(&self) -> (&[f64], usize) {
        (&self.p, self.renewal.map_or(0, |renewal| renewal.next))
    }

    /// The readout so far.
    pub fn readout(&self) -> &Readout {
        &self.readout
    }

    /// Takes one example.
    ///
    /// # Errors
    /// [`ReadoutError`] for a wrong length or a number that is not finite; nothing is taken then.
    pub fn learn(&mut self, features: &[f64], targets: &[f64]) -> Result<(), ReadoutError> {
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
        self.update(scale, self.forgetting);
        if let Some(Renewal { count, share, next }) = self.renewal {
            for k in 0..count {
                self.renew((next + k) % n, share);
            }
            self.renewal = Some(Renewal { count, share, next: (next + count) % n });
        }
        Ok(())
    }

    /// Takes an example of target 0 in which `feature` alone is not 0 but the root of `share`.
    fn renew(&mut self, feature: usize, share: f64) {
        let n = self.readout.features;
        self.gain.copy_from_slice(&self.p[feature * n..(feature + 1) * n]);
        let scale = share / (1.0 + share * self.gain[feature]);
        for row in self.readout.weights.chunks_exact_mut(n) {
            add(row, -row[feature] * scale, &self.gain);
        }
        self.update(scale, 1.0);
    }

    /// `P = (P - scale gain gain^T) / forgetting`.
    fn update(&mut self, scale: f64, forgetting: f64) {
        let n = self.readout.features;
        // The lower triangle is computed and mirrored, so that rounding cannot make P lopsided.
        for i in 0..n {
            for j in 0..=i {
                let updated = (self.p[i * n + j] - scale * self.gain[i] * self.gain[j]) / forgetting;
                (self.p[i * n + j], self.p[j * n + i]) = (updated, updated);
            }
        }
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

    /// One feature that is 1: `w = sum(f^(n-k) y_k) / (sum(f^(n-k)) + penalty)`.
    #[test]
    fn forgetting_by_hand() {
        let (f, penalty) = (0.5, 2.0);
        let mut online = RecursiveLeastSquares::new(1, 1, penalty, f).unwrap();
        for y in [8.0, 4.0, 2.0] {
            online.learn(&[1.0], &[y]).unwrap();
        }
        let expected = (0.25 * 8.0 + 0.5 * 4.0 + 2.0) / (0.25 + 0.5 + 1.0 + penalty);
        assert!((online.readout().weights()[0] - expected).abs() < 1e-14);
    }

    /// Silent features and two that are always the same, for many times as long as anything is remembered.
    #[test]
    fn with_forgetting_it_stays_finite_and_right_whatever_is_silent() {
        for forgetting in [0.1, 0.5, 0.9, 0.99] {
            let mut online = RecursiveLeastSquares::new(6, 1, 0.01, forgetting).unwrap();
            let mut x = 0.5_f64;
            for _ in 0..20_000 {
                x = 3.99 * x * (1.0 - x);
                online.learn(&[x, 0.0, 0.0, 1.0, 1.0, 0.0], &[2.0 * x + 1.0]).unwrap();
            }
            let w = online.readout().weights();
            let predicted = w[0] * x + w[3] + w[4];
            assert!((predicted - 2.0 * x - 1.0).abs() < 0.1, "{forgetting}: {predicted} at {x}");
            assert!(online.p.iter().all(|p| p.is_finite() && p.abs() < 1e9), "{forgetting}");
            assert_eq!([w[1], w[2], w[5]], [0.0; 3]);
        }
        // Nothing to learn from at all.
        let mut online = RecursiveLeastSquares::new(3, 1, 0.01, 0.9).unwrap();
        for _ in 0..20_000 {
            online.learn(&[0.0, 0.0, 1.0], &[0.0]).unwrap();
        }
        assert!(online.p.iter().all(|p| p.is_finite()));
        assert_eq!(online.readout().weights(), [0.0; 3]);
    }

    /// Against the weighted ridge regression that it follows.
    #[test]
    fn with_forgetting_it_is_weighted_ridge_regression() {
        let (f, penalty, steps) = (0.98, 0.1, 3000);
        let mut online = RecursiveLeastSquares::new(2, 1, penalty, f).unwrap();
        let (mut gram, mut moment) = ([[0.0; 2]; 2], [0.0; 2]);
        let mut x = 0.3_f64;
        for step in 0..steps {
            x = 3.99 * x * (1.0 - x);
            let (phi, y) = ([x, 1.0], x * x - f64::from(step) / f64::from(steps));
            online.learn(&phi, &[y]).unwrap();
            for i in 0..2 {
                moment[i] = f * moment[i] + phi[i] * y;
                (0..2).for_each(|j| gram[i][j] = f * gram[i][j] + phi[i] * phi[j]);
            }
        }
        let [[a, b], [c, d]] = [[gram[0][0] + penalty, gram[0][1]], [gram[1][0], gram[1][1] + penalty]];
        let determinant = a * d - b * c;
        let expected =
            [(d * moment[0] - b * moment[1]) / determinant, (a * moment[1] - c * moment[0]) / determinant];
        for (found, expected) in online.readout().weights().iter().zip(expected) {
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }

    #[test]
    fn wrong_arguments_are_named() {
        let error = |penalty, forgetting| {
            RecursiveLeastSquares::new(1, 1, penalty, forgetting).unwrap_err().to_string()
        };
        assert_eq!(error(0.0, 1.0), "readout: penalty: expected a positive number, found 0");
        assert_eq!(error(1.0, 1.5), "readout: forgetting: expected a number in (0, 1], found 1.5");
    }

    #[test]
    fn a_state_goes_on_where_it_was() {
        let penalties = (0.3, 0.9);
        let mut whole = RecursiveLeastSquares::new(3, 1, penalties.0, penalties.1).unwrap();
        whole.learn(&[1.0, 0.0, 0.4], &[0.2]).unwrap();
        let (p, next) = whole.state();
        let mut part =
            RecursiveLeastSquares::from_state(whole.readout().clone(), penalties, p.to_vec(), next).unwrap();
        for learner in [&mut whole, &mut part] {
            learner.learn(&[0.5, 1.0, 0.0], &[-1.0]).unwrap();
        }
        assert_eq!(whole.readout(), part.readout());
        assert_eq!(whole.state(), part.state());
        let wrong = RecursiveLeastSquares::from_state(whole.readout().clone(), penalties, vec![0.0; 9], 3);
        assert_eq!(wrong.unwrap_err().to_string(), "readout: next: expected a feature below 3, found 3");
    }
}
