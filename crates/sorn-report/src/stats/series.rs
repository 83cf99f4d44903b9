//! How smooth the population activity is over time.

use super::error::{at_least, finite};
use super::{StatsError, deviation_of, mean_of, scaled};

/// The scale-dependent smoothness of a series: the standard deviation (divisor n) of its differences from step
/// to step. Smaller is smoother.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than two values, [`StatsError::NotAllowed`] for one that is not finite,
/// [`StatsError::Undefined`] if the answer exceeds the largest `f64`.
pub fn smoothness(series: &[f64]) -> Result<f64, StatsError> {
    differences(series).map(|(_, deviation)| deviation)
}

/// The scale-independent smoothness: [`smoothness`] over the magnitude of the mean difference. Since the mean
/// difference is the rise from the first to the last value, it tells something only of series with a trend.
///
/// # Errors
/// Those of [`smoothness`], and [`StatsError::Undefined`] where the series ends where it began.
pub fn relative_smoothness(series: &[f64]) -> Result<f64, StatsError> {
    let (mean, deviation) = differences(series)?;
    if mean == 0.0 {
        return Err(StatsError::Undefined("the mean difference is 0, nothing can be relative to it"));
    }
    Ok(deviation / mean.abs())
}

/// The correlation of a series with itself `lag` steps later: Pearson's coefficient of all values but the
/// last `lag` with all but the first `lag`, each with its own mean.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than `lag` + 2 values, [`StatsError::NotAllowed`] for one that is not finite,
/// [`StatsError::Undefined`] where one of both parts is constant.
pub fn autocorrelation(series: &[f64], lag: usize) -> Result<f64, StatsError> {
    at_least("series", series.len(), lag.saturating_add(2))?;
    finite("series", series)?;
    let (series, _) = scaled(series);
    let (early, late) = (&series[..series.len() - lag], &series[lag..]);
    let (mean_early, mean_late) = (mean_of(early), mean_of(late));
    let (mut shared, mut spread_early, mut spread_late) = (0.0, 0.0, 0.0);
    for (a, b) in early.iter().zip(late) {
        let (a, b) = (a - mean_early, b - mean_late);
        shared += a * b;
        spread_early += a * a;
        spread_late += b * b;
    }
    if spread_early == 0.0 || spread_late == 0.0 {
        return Err(StatsError::Undefined("a constant series has no autocorrelation"));
    }
    Ok(shared / (spread_early.sqrt() * spread_late.sqrt()))
}

/// Mean and standard deviation of the differences.
fn differences(series: &[f64]) -> Result<(f64, f64), StatsError> {
    at_least("series", series.len(), 2)?;
    finite("series", series)?;
    let (series, scale) = scaled(series);
    let differences: Vec<f64> = series.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = mean_of(&differences);
    let (mean, deviation) = (mean * scale, deviation_of(&differences, mean) * scale);
    match mean.is_finite() && deviation.is_finite() {
        true => Ok((mean, deviation)),
        false => Err(StatsError::Undefined("the differences exceed the largest number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramps_and_zigzags() {
        let ramp: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!((smoothness(&ramp), relative_smoothness(&ramp)), (Ok(0.0), Ok(0.0)));
        assert!((autocorrelation(&ramp, 3).unwrap() - 1.0).abs() < 1e-15);
        let zigzag = [0.0, 1.0, 0.0, 1.0, 0.0];
        assert_eq!(smoothness(&zigzag), Ok(1.0));
        assert!((autocorrelation(&zigzag, 1).unwrap() + 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_size_of_the_numbers_does_not_matter() {
        let series = [1.0, 3.0, 2.0, 5.0, 4.0, 1.5];
        let (smooth, relative) = (smoothness(&series).unwrap(), relative_smoothness(&series).unwrap());
        let auto = autocorrelation(&series, 1).unwrap();
        for scale in [2f64.powi(1000), 2f64.powi(-1000)] {
            let scaled = series.map(|v| v * scale);
            assert!((smoothness(&scaled).unwrap() / scale - smooth).abs() < 1e-15);
            assert!((relative_smoothness(&scaled).unwrap() - relative).abs() < 1e-14);
            assert!((autocorrelation(&scaled, 1).unwrap() - auto).abs() < 1e-15);
        }
        let beyond = smoothness(&[f64::MAX, -f64::MAX, f64::MAX]);
        assert!(matches!(beyond, Err(StatsError::Undefined(_))), "{beyond:?}");
    }

    #[test]
    fn what_has_no_answer_is_named() {
        assert!(matches!(smoothness(&[1.0]), Err(StatsError::TooFew { .. })));
        assert!(matches!(relative_smoothness(&[1.0, 2.0, 1.0]), Err(StatsError::Undefined(_))));
        assert!(matches!(autocorrelation(&[1.0; 9], 2), Err(StatsError::Undefined(_))));
        assert!(matches!(autocorrelation(&[1.0, 2.0], 1), Err(StatsError::TooFew { needed: 3, .. })));
        assert!(matches!(autocorrelation(&[1.0, 2.0], usize::MAX), Err(StatsError::TooFew { .. })));
        assert!(matches!(smoothness(&[1.0, f64::NAN]), Err(StatsError::NotAllowed { index: 1, .. })));
    }
}
