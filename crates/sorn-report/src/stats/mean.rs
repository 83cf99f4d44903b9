//! Mean and standard deviation of numbers of any size.

use std::borrow::Cow;

use super::StatsError;
use super::error::{at_least, finite};

/// The arithmetic mean. It lies between the smallest and the largest value even if their sum exceeds the largest `f64`.
///
/// # Errors
/// [`StatsError`] if `values` is empty or a value is not finite.
pub fn mean(values: &[f64]) -> Result<f64, StatsError> {
    at_least("values", values.len(), 1)?;
    finite("values", values)?;
    Ok(mean_of(values))
}

/// The standard deviation, with the number of values as divisor. It is finite even if the squares exceed the largest `f64`,
/// and not 0 if they fall below the smallest.
///
/// # Errors
/// [`StatsError`] if `values` is empty or a value is not finite.
pub fn standard_deviation(values: &[f64]) -> Result<f64, StatsError> {
    at_least("values", values.len(), 1)?;
    finite("values", values)?;
    Ok(deviation_of(values, mean_of(values)))
}

/// [`mean`] of values that are known to be finite; 0 of none.
pub(crate) fn mean_of(values: &[f64]) -> f64 {
    let n = values.len().max(1) as f64;
    let sum = values.iter().sum::<f64>();
    if sum.is_finite() {
        return sum / n;
    }
    // The sum is too large, the mean is not. Rounding must not carry it beyond the values.
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    values.iter().map(|v| v / n).sum::<f64>().max(low).min(high)
}

/// [`standard_deviation`] of values that are known to be finite, whose mean is known; 0 of none.
pub(crate) fn deviation_of(values: &[f64], mean: f64) -> f64 {
    let n = values.len().max(1) as f64;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    if variance.is_normal() {
        return variance.sqrt();
    }
    // Relative to the largest of them, squares neither overflow nor vanish. Halves, because a difference may overflow.
    let half = |v: &f64| v / 2.0 - mean / 2.0;
    let largest = values.iter().map(|v| half(v).abs()).fold(0.0, f64::max);
    if largest == 0.0 {
        return 0.0;
    }
    let squares = values.iter().map(|v| (half(v) / largest).powi(2)).sum::<f64>() / n;
    (2.0 * (largest * squares.sqrt())).min(f64::MAX)
}

/// `values` divided by the number that is returned beside them: 1 if squares and sums of them neither overflow nor vanish, else
/// a power of two near the largest. For statistics that do not depend on the scale.
pub(crate) fn scaled(values: &[f64]) -> (Cow<'_, [f64]>, f64) {
    const ORDINARY: std::ops::Range<f64> = 1e-100..1e100;
    let largest = values.iter().map(|v| v.abs()).fold(0.0, f64::max);
    if largest == 0.0 || ORDINARY.contains(&largest) {
        return (Cow::Borrowed(values), 1.0);
    }
    let scale = largest.log2().floor().min(1023.0).exp2();
    (Cow::Owned(values.iter().map(|v| v / scale).collect()), scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_numbers_have_the_ordinary_bits() {
        let values = [0.1, 0.2, 0.7, -3.0];
        assert_eq!(mean(&values), Ok(values.iter().sum::<f64>() / 4.0));
        assert_eq!(standard_deviation(&[1.0, 2.0, 4.0, 5.0]), Ok(2.5_f64.sqrt()));
        assert!(standard_deviation(&[0.1; 3]).unwrap() < 1e-16);
    }

    #[test]
    fn huge_and_tiny_numbers_have_an_answer() {
        assert_eq!(mean(&[9e307, 9e307]), Ok(9e307));
        assert_eq!(mean(&[f64::MAX; 3]), Ok(f64::MAX));
        assert_eq!(mean(&[f64::MAX, -f64::MAX, f64::MAX, -f64::MAX]), Ok(0.0));
        assert_eq!(standard_deviation(&[f64::MAX, -f64::MAX]), Ok(f64::MAX));
        assert_eq!(standard_deviation(&[9e307, -9e307]), Ok(9e307));
        assert_eq!(standard_deviation(&[1e-200, -1e-200]), Ok(1e-200));
        assert_eq!(standard_deviation(&[f64::MAX; 4]), Ok(0.0));
    }

    #[test]
    fn extreme_numbers_are_scaled_and_others_are_left() {
        assert_eq!(scaled(&[1.0, -3e50]), (Cow::Borrowed(&[1.0, -3e50][..]), 1.0));
        for extreme in [f64::MAX, 1e-300, f64::MIN_POSITIVE, 5e-324] {
            let given = [extreme, -extreme, 0.0];
            let (values, scale) = scaled(&given);
            assert!(values[0] >= 1.0 && values[0] < 2.0, "{extreme}: {values:?}");
            assert_eq!(values[0] * scale, extreme);
        }
    }

    #[test]
    fn what_has_no_answer_is_named() {
        for statistic in [mean, standard_deviation] {
            assert!(matches!(statistic(&[]), Err(StatsError::TooFew { argument: "values", .. })));
            for odd in [f64::NAN, f64::INFINITY] {
                assert!(matches!(statistic(&[1.0, odd]), Err(StatsError::NotAllowed { index: 1, .. })));
            }
        }
    }

    proptest! {
        #[test]
        fn the_mean_lies_within_the_values(
            values in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO, 1..20),
        ) {
            let (mean, deviation) = (mean(&values).unwrap(), standard_deviation(&values).unwrap());
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let slack = 1e-12 * low.abs().max(high.abs());
            prop_assert!(mean >= low - slack && mean <= high + slack);
            prop_assert!(deviation.is_finite() && deviation >= 0.0);
        }
    }
}
