//! Quantiles by linear interpolation, NumPy's default (Hyndman and Fan 1996, type 7).

use super::StatsError;
use super::error::{at_least, no_nan};

/// First quartile, median and third quartile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quartiles {
    /// The 0.25 quantile.
    pub q1: f64,
    /// The 0.5 quantile.
    pub median: f64,
    /// The 0.75 quantile.
    pub q3: f64,
}

/// The `q`-quantile (`q` in [0, 1]) of `values` in any order, interpolated linearly between the order
/// statistics. Equal to `numpy.quantile(values, q)` to the bit for finite values.
///
/// Values may be infinite (a run that never solved its task took infinitely many episodes): where one of
/// the two neighbours is infinite and has any weight, so is the quantile.
///
/// # Errors
/// [`StatsError`] where `values` is empty or has a NaN, or `q` lies outside [0, 1].
pub fn quantile(values: &[f64], q: f64) -> Result<f64, StatsError> {
    at_least("values", values.len(), 1)?;
    no_nan("values", values)?;
    if !(0.0..=1.0).contains(&q) {
        return Err(StatsError::OutOfRange { argument: "q", value: q, allowed: "0 to 1" });
    }
    Ok(of_sorted(&sorted(values), q))
}

/// The median; see [`quantile`].
///
/// # Errors
/// Those of [`quantile`].
pub fn median(values: &[f64]) -> Result<f64, StatsError> {
    quantile(values, 0.5)
}

/// Both quartiles and the median; see [`quantile`].
///
/// # Errors
/// Those of [`quantile`].
pub fn quartiles(values: &[f64]) -> Result<Quartiles, StatsError> {
    at_least("values", values.len(), 1)?;
    no_nan("values", values)?;
    let sorted = sorted(values);
    Ok(Quartiles {
        q1: of_sorted(&sorted, 0.25),
        median: of_sorted(&sorted, 0.5),
        q3: of_sorted(&sorted, 0.75),
    })
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

fn of_sorted(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let below = position.floor();
    let weight = position - below;
    let low = sorted[below as usize];
    if weight == 0.0 {
        return low;
    }
    let high = sorted[below as usize + 1];
    // Equal neighbours may both be infinite, and their difference NaN.
    if low == high {
        return low;
    }
    match (low.is_finite(), high.is_finite()) {
        (true, true) => {}
        (true, false) => return high,
        (false, true) => return low,
        (false, false) => return if weight < 0.5 { low } else { high },
    }
    if !(high - low).is_finite() {
        return low * (1.0 - weight) + high * weight;
    }
    // From the nearer end, as NumPy does: the same bits, and monotone in q.
    if weight < 0.5 { low + (high - low) * weight } else { high - (high - low) * (1.0 - weight) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_samples_interpolate() {
        assert_eq!(median(&[3.0]).unwrap(), 3.0);
        assert_eq!(median(&[4.0, 1.0]).unwrap(), 2.5);
        let q = quartiles(&[4.0, 3.0, 2.0, 1.0]).unwrap();
        assert_eq!(q, Quartiles { q1: 1.75, median: 2.5, q3: 3.25 });
    }

    #[test]
    fn an_unsolved_run_counts_as_infinite() {
        let inf = f64::INFINITY;
        let q = quartiles(&[100.0, 120.0, inf, inf]).unwrap();
        assert_eq!(q, Quartiles { q1: 115.0, median: inf, q3: inf });
        assert_eq!(median(&[100.0, 120.0, inf]).unwrap(), 120.0);
    }

    #[test]
    fn bad_arguments_are_named() {
        assert!(matches!(median(&[]), Err(StatsError::TooFew { .. })));
        assert!(matches!(median(&[0.0, f64::NAN]), Err(StatsError::NotAllowed { index: 1, .. })));
        assert!(matches!(quantile(&[0.0], 1.5), Err(StatsError::OutOfRange { .. })));
        assert!(matches!(quantile(&[0.0], f64::NAN), Err(StatsError::OutOfRange { .. })));
    }

    proptest! {
        #[test]
        fn lies_within_the_data_and_grows_with_q(
            values in prop::collection::vec(-1e6..1e6f64, 1..40),
            a in 0.0..=1.0f64,
            b in 0.0..=1.0f64,
        ) {
            let (low, high) = (a.min(b), a.max(b));
            let (x, y) = (quantile(&values, low).unwrap(), quantile(&values, high).unwrap());
            prop_assert!(x <= y);
            prop_assert!(values.iter().any(|v| *v <= x) && values.iter().any(|v| *v >= y));
        }
    }
}
