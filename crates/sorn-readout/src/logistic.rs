//! Multinomial logistic regression.

mod objective;

use std::collections::HashMap;

use crate::error::positive;
use crate::{Readout, ReadoutError, Rows};
use objective::Objective;

/// Multinomial logistic regression with intercept: of all readouts the one with the smallest
///
/// ```text
/// f(W, b) = 1/n ( sum of -ln p(label) over the n examples + |W|^2 / (2 c) ),    p = softmax(W phi + b)
/// ```
///
/// The intercepts `b` are not shrunk. It is the optimum of scikit-learn's `LogisticRegression(C=c)`, whose two-class case is
/// that of one row of weights; the minimum is found to a bound on `f` instead of a number of steps.
///
/// Examples with the same features are added up first, features that are 0 cost nothing, and `f` is minimised by Newton's
/// method, whose equations are solved by conjugate gradients (Nocedal & Wright 2006, *Numerical Optimization*, algorithm 7.1).
///
/// ```
/// use sorn_readout::{Logistic, Readout, Rows};
///
/// # fn main() -> Result<(), sorn_readout::ReadoutError> {
/// let mut rows = Rows::new(2);
/// for active in [&[0][..], &[1], &[0, 1]] {
///     rows.push_active(active)?;
/// }
/// let readout = Logistic::default().fit(&rows, &[0, 1, 2], 3)?.readout;
/// let mut scores = [0.0; 3];
/// readout.predict(&[1.0, 0.0, 1.0], &mut scores)?; // the last feature is the intercept's
/// assert_eq!(Readout::largest(&scores), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logistic {
    /// Inverse strength of the penalty, positive.
    pub c: f64,
    /// How far `f` may lie above its minimum, positive.
    pub tolerance: f64,
    /// Newton steps at most.
    pub most_steps: u32,
}

impl Default for Logistic {
    fn default() -> Self {
        Logistic { c: 1.0, tolerance: 1e-8, most_steps: 200 }
    }
}

/// A fitted logistic regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The readout of features + 1 features; the last, always 1, is that of the intercept. Its scores are logarithms of
    /// probabilities, up to a constant.
    pub readout: Readout,
    /// The smallest `f` found.
    pub loss: f64,
    /// Newton steps.
    pub steps: u32,
    /// Whether `f` is within the tolerance of its minimum.
    pub converged: bool,
}

impl Logistic {
    /// Fits `labels`, each below `classes`, one for each of the `rows`.
    ///
    /// # Errors
    /// [`ReadoutError`] for an option that is not positive, no rows, fewer than two classes, a wrong number of labels or one
    /// that is too large.
    pub fn fit(&self, rows: &Rows, labels: &[u32], classes: usize) -> Result<Fitted, ReadoutError> {
        positive("c", self.c)?;
        positive("tolerance", self.tolerance)?;
        if rows.is_empty() {
            return Err(ReadoutError::new("rows", 0, "at least 1"));
        }
        if classes < 2 {
            return Err(ReadoutError::new("classes", classes, "at least 2"));
        }
        if labels.len() != rows.len() {
            return Err(ReadoutError::new("labels", labels.len(), format!("one per row ({})", rows.len())));
        }
        if let Some(found) = labels.iter().find(|label| **label as usize >= classes) {
            return Err(ReadoutError::new("labels", found, format!("numbers below {classes}")));
        }
        let examples = Examples::new(rows, labels, classes);
        let mut objective = Objective::new(&examples, self.c);
        let (steps, converged) = objective.minimise(self.tolerance, self.most_steps);
        let features = rows.features() + 1;
        let weights = objective.weights();
        Ok(Fitted { readout: Readout { weights, features }, loss: objective.loss(), steps, converged })
    }
}

/// Distinct rows with the number of times each label stood by them.
struct Examples<'a> {
    rows: &'a Rows,
    /// One row of each group of equal ones.
    distinct: Vec<usize>,
    /// `(distinct rows, classes)`.
    counts: Vec<f64>,
    classes: usize,
    total: f64,
}

impl<'a> Examples<'a> {
    fn new(rows: &'a Rows, labels: &[u32], classes: usize) -> Self {
        let mut groups: HashMap<(&[u32], Vec<u64>), usize> = HashMap::with_capacity(rows.len());
        let (mut distinct, mut counts) = (Vec::new(), Vec::new());
        let binary = rows.is_binary();
        for (row, &label) in labels.iter().enumerate() {
            let (indices, values) = rows.parts(row);
            let bits = if binary { Vec::new() } else { values.iter().map(|v| v.to_bits()).collect() };
            let group = *groups.entry((indices, bits)).or_insert_with(|| {
                distinct.push(row);
                counts.extend(std::iter::repeat_n(0.0, classes));
                distinct.len() - 1
            });
            counts[group * classes + label as usize] += 1.0;
        }
        Examples { rows, distinct, counts, classes, total: labels.len() as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Softmax of scores.
    fn probabilities(scores: &[f64]) -> Vec<f64> {
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = scores.iter().map(|s| (s - most).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.iter().map(|p| p / sum).collect()
    }

    proptest! {
        /// At the minimum the gradient vanishes.
        #[test]
        fn the_gradient_vanishes(
            examples in prop::collection::vec((prop::array::uniform4(0_i8..=2), 0_u32..3), 1..40),
            c in 0.1..10.0_f64,
        ) {
            let mut rows = Rows::new(4);
            let phi: Vec<[f64; 5]> = examples.iter().map(|(x, _)| {
                let [a, b, c, d] = x.map(f64::from);
                [a, b, c, d, 1.0]
            }).collect();
            phi.iter().for_each(|phi| rows.push(&phi[..4]).unwrap());
            let labels: Vec<u32> = examples.iter().map(|(_, label)| *label).collect();
            let fit = Logistic { c, tolerance: 1e-14, ..Logistic::default() }.fit(&rows, &labels, 3).unwrap();
            let mut gradient: Vec<f64> =
                fit.readout.weights().iter().enumerate().map(|(k, w)| if k % 5 < 4 { w / c } else { 0.0 }).collect();
            let mut loss = fit.readout.weights().iter().enumerate()
                .map(|(k, w)| if k % 5 < 4 { w * w / (2.0 * c) } else { 0.0 }).sum::<f64>();
            for (phi, &label) in phi.iter().zip(&labels) {
                let mut scores = [0.0; 3];
                fit.readout.predict(phi, &mut scores).unwrap();
                let p = probabilities(&scores);
                loss -= p[label as usize].ln();
                for (class, p) in p.iter().enumerate() {
                    let error = p - f64::from(u8::from(class == label as usize));
                    (0..5).for_each(|i| gradient[5 * class + i] += error * phi[i]);
                }
            }
            let n = labels.len() as f64;
            prop_assert!(gradient.iter().all(|g| (g / n).abs() < 1e-5), "{gradient:?} {fit:?}");
            prop_assert!((loss / n - fit.loss).abs() < 1e-9, "{} {}", loss / n, fit.loss);
        }
    }

    #[test]
    fn two_classes_are_the_binary_case() {
        // One feature that is always 0: only the intercepts are left, and their difference is the logarithm of the odds.
        let mut rows = Rows::new(1);
        (0..4).for_each(|_| rows.push_active(&[]).unwrap());
        let fit = Logistic { tolerance: 1e-14, ..Logistic::default() }.fit(&rows, &[0, 1, 1, 1], 2).unwrap();
        let w = fit.readout.weights();
        assert!((w[3] - w[1] - 3.0_f64.ln()).abs() < 1e-6, "{w:?}");
        // sklearn: C = 1, X = [[0], [1]], y = [0, 1]; w of one row solves w = 1 - 1/(1 + exp(-w / 2)) with b = -w/2.
        let mut rows = Rows::new(1);
        rows.push_active(&[]).unwrap();
        rows.push_active(&[0]).unwrap();
        let fit = Logistic { tolerance: 1e-14, ..Logistic::default() }.fit(&rows, &[0, 1], 2).unwrap();
        let v = fit.readout.weights();
        let (w, b) = (v[2] - v[0], v[3] - v[1]);
        assert!(
            (b + w / 2.0).abs() < 1e-6 && (w - (1.0 - 1.0 / (1.0 + (-w / 2.0).exp()))).abs() < 1e-6,
            "{v:?}"
        );
    }

    #[test]
    fn wrong_arguments_are_named() {
        let mut rows = Rows::new(1);
        rows.push_active(&[0]).unwrap();
        let error =
            |fit: Logistic, labels: &[u32], classes| fit.fit(&rows, labels, classes).unwrap_err().to_string();
        let fit = Logistic::default();
        assert_eq!(error(fit, &[2], 2), "readout: labels: expected numbers below 2, found 2");
        assert_eq!(error(fit, &[0, 0], 2), "readout: labels: expected one per row (1), found 2");
        assert_eq!(error(fit, &[0], 1), "readout: classes: expected at least 2, found 1");
        let fit = Logistic { c: 0.0, ..fit };
        assert_eq!(error(fit, &[0], 2), "readout: c: expected a positive number, found 0");
        assert!(Logistic::default().fit(&Rows::new(2), &[], 2).is_err());
    }
}
