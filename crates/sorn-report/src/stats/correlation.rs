//! Correlation of spike counts between neurons.

use super::StatsError;
use super::counts::windows;
use super::error::at_least;
use super::products::{Products, products};
use crate::SpikeTrains;

/// Pearson's correlation coefficient of every pair of neurons.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlations {
    neurons: usize,
    /// Pairs (i, j) with j < i, row after row. NaN where not defined; never given out.
    pairs: Vec<f64>,
}

impl Correlations {
    /// How many neurons were correlated.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.neurons
    }

    /// The coefficient of two different neurons, in either order. `None` where one of them has the same
    /// count in every window, as a silent neuron has; also where `i` equals `j` or does not exist.
    #[must_use]
    pub fn get(&self, i: usize, j: usize) -> Option<f64> {
        let (low, high) = (i.min(j), i.max(j));
        if low == high || high >= self.neurons {
            return None;
        }
        Some(self.pairs[high * (high - 1) / 2 + low]).filter(|r| !r.is_nan())
    }

    /// The coefficients that are defined, each pair once.
    pub fn defined(&self) -> impl Iterator<Item = f64> {
        self.all().flatten()
    }

    /// All pairs (i, j) with j < i, row after row.
    pub(super) fn all(&self) -> impl Iterator<Item = Option<f64>> {
        self.pairs.iter().map(|r| Some(*r).filter(|r| !r.is_nan()))
    }

    /// The mean over all pairs whose coefficient is defined.
    ///
    /// # Errors
    /// [`StatsError::Undefined`] where there is none.
    pub fn mean(&self) -> Result<f64, StatsError> {
        let (sum, count) = self.defined().fold((0.0, 0u32), |(sum, count), r| (sum + r, count + 1));
        match count {
            0 => Err(StatsError::Undefined("no pair of neurons has a defined correlation")),
            count => Ok(sum / f64::from(count)),
        }
    }
}

/// Correlates the spike counts of all pairs of neurons in consecutive windows of `window` steps (zero lag).
/// An incomplete window at the end is left out.
///
/// Where few neurons share a window, the time it takes grows with the pairs that do, not with neurons squared times steps; memory
/// grows with the spikes and with the pairs.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a window of 0 steps, [`StatsError::TooFew`] where fewer than two windows fit.
pub fn correlations(spikes: &SpikeTrains, window: u64) -> Result<Correlations, StatsError> {
    let bins = windows(spikes.steps(), window)?;
    at_least("windows", bins, 2)?;
    let n = spikes.neurons();
    // All sums are whole numbers, so nothing is lost before the last line.
    let Products { sums, squares, pairs: products } = products(spikes, window, bins)?;
    let bins = bins as i128;
    let spread = |i: usize| bins * i128::from(squares[i]) - i128::from(sums[i]).pow(2);
    let mut pairs = Vec::with_capacity(products.len());
    for i in 0..n {
        for j in 0..i {
            let shared = bins * i128::from(products[pairs.len()]) - i128::from(sums[i]) * i128::from(sums[j]);
            let (a, b) = (spread(i), spread(j));
            let defined = a > 0 && b > 0;
            pairs.push(if defined {
                shared as f64 / ((a as f64).sqrt() * (b as f64).sqrt())
            } else {
                f64::NAN
            });
        }
    }
    Ok(Correlations { neurons: n, pairs })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::counts;
    use proptest::prelude::*;

    #[test]
    fn equal_opposite_and_silent_neurons() {
        let trains = vec![vec![0, 2, 4, 6], vec![0, 2, 4, 6], vec![1, 3, 5, 7], vec![]];
        let r = correlations(&SpikeTrains::new(trains, 8).unwrap(), 1).unwrap();
        assert_eq!((r.get(0, 1), r.get(2, 0), r.get(0, 3), r.get(1, 1)), (Some(1.0), Some(-1.0), None, None));
        assert_eq!(r.get(0, 4), None);
        assert!((r.mean().unwrap() + 1.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn what_has_no_answer_is_named() {
        let silent = SpikeTrains::new(vec![vec![], vec![]], 8).unwrap();
        assert!(matches!(correlations(&silent, 1).unwrap().mean(), Err(StatsError::Undefined(_))));
        assert!(matches!(correlations(&silent, 5), Err(StatsError::TooFew { argument: "windows", .. })));
        assert!(matches!(correlations(&silent, 0), Err(StatsError::OutOfRange { .. })));
        let none = SpikeTrains::new(vec![], 8).unwrap();
        assert_eq!(correlations(&none, 1).unwrap().neurons(), 0);
    }

    fn pearson(a: &[u64], b: &[u64]) -> f64 {
        let mean = |v: &[u64]| v.iter().sum::<u64>() as f64 / v.len() as f64;
        let (ma, mb) = (mean(a), mean(b));
        let dot = |x: &[u64], mx: f64, y: &[u64], my: f64| -> f64 {
            x.iter().zip(y).map(|(x, y)| (*x as f64 - mx) * (*y as f64 - my)).sum()
        };
        dot(a, ma, b, mb) / (dot(a, ma, a, ma) * dot(b, mb, b, mb)).sqrt()
    }

    proptest! {
        #[test]
        fn agrees_with_the_textbook_formula(
            sets in prop::collection::vec(prop::collection::btree_set(0..9000u64, 0..400), 2..5),
            window in prop::sample::select(vec![1u64, 2, 7, 100]),
        ) {
            let trains: Vec<Vec<u64>> = sets.into_iter().map(|s| s.into_iter().collect()).collect();
            let spikes = SpikeTrains::new(trains.clone(), 9000).unwrap();
            let r = correlations(&spikes, window).unwrap();
            for i in 0..trains.len() {
                for j in 0..i {
                    let (a, b) = (counts(&trains[i], 9000, window).unwrap(), counts(&trains[j], 9000, window).unwrap());
                    match r.get(i, j) {
                        Some(r) => prop_assert!((r - pearson(&a, &b)).abs() < 1e-9),
                        None => prop_assert!(a.iter().all(|c| *c == a[0]) || b.iter().all(|c| *c == b[0])),
                    }
                }
            }
        }
    }
}
