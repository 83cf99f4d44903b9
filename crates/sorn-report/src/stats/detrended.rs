//! Detrended fluctuation analysis: correlations over long times.

use super::StatsError;
use super::crackling::slope;
use super::error::{at_least, finite};
use super::interrupt::heed;
use super::mean::mean_of;

/// The result of [`detrended_fluctuations`].
#[derive(Clone, Debug, PartialEq)]
pub struct DetrendedFluctuations {
    /// The exponent: 0.5 for uncorrelated values, up to 1 for correlations over long times, 1.5 for a random walk.
    pub exponent: f64,
    /// The windows, in steps.
    pub windows: Vec<usize>,
    /// The root mean square of what the summed values deviate from a line in each window.
    pub fluctuations: Vec<f64>,
}

/// Detrended fluctuation analysis (Peng et al. 1994, doi 10.1103/PhysRevE.49.1685): the values less their mean are summed, a line
/// is taken out of each of the windows one after the other, and the exponent is the slope of log fluctuation over log window. A
/// rest that fills no window is left out.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than two windows, or fewer values than twice the longest; [`StatsError::OutOfRange`] for a window
/// of fewer than 4 steps; [`StatsError::NotAllowed`] for a value that is not finite, [`StatsError::Undefined`] for values without
/// fluctuations.
pub fn detrended_fluctuations(
    values: &[f64],
    windows: &[usize],
) -> Result<DetrendedFluctuations, StatsError> {
    at_least("windows", windows.len(), 2)?;
    if let Some(short) = windows.iter().find(|window| **window < 4) {
        return Err(StatsError::OutOfRange {
            argument: "windows",
            value: *short as f64,
            allowed: "4 or more steps",
        });
    }
    let longest = windows.iter().copied().max().unwrap_or(0);
    at_least("values", values.len(), longest.saturating_mul(2))?;
    finite("values", values)?;
    let mean = mean_of(values);
    let mut sum = 0.0;
    let walk: Vec<f64> = values
        .iter()
        .map(|value| {
            sum += value - mean;
            sum
        })
        .collect();
    let mut fluctuations = Vec::with_capacity(windows.len());
    for window in windows {
        heed()?;
        let whole = walk.len() / window;
        let total: f64 = walk.chunks_exact(*window).map(residual).sum();
        fluctuations.push((total / (whole * window) as f64).sqrt());
    }
    let x: Vec<f64> = windows.iter().map(|window| (*window as f64).ln()).collect();
    let y: Vec<f64> = fluctuations.iter().map(|f| f.ln()).collect();
    let found = slope(&x, &y).filter(|exponent| exponent.is_finite());
    let exponent =
        found.ok_or(StatsError::Undefined("values without fluctuations, or one window, have no exponent"))?;
    Ok(DetrendedFluctuations { exponent, windows: windows.to_vec(), fluctuations })
}

/// The sum of squares around the least-squares line of evenly spaced values.
fn residual(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let (mean, middle) = (values.iter().sum::<f64>() / n, 0.5 * (n - 1.0));
    let (mut shared, mut squares) = (0.0, 0.0);
    for (i, value) in values.iter().enumerate() {
        shared += (i as f64 - middle) * (value - mean);
        squares += (value - mean) * (value - mean);
    }
    // The sum of (i - middle)^2.
    let spread = n * (n * n - 1.0) / 12.0;
    (squares - shared * shared / spread).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sorn_core::rng::{stream, uniform};

    #[test]
    fn noise_and_walks_have_their_exponents() {
        let rng = &mut stream(1, "test");
        let noise: Vec<f64> = (0..100_000).map(|_| uniform(rng) - 0.5).collect();
        let windows = [16, 32, 64, 128, 256, 512, 1024];
        let found = detrended_fluctuations(&noise, &windows).unwrap();
        assert!((found.exponent - 0.5).abs() < 0.03, "{found:?}");
        let mut sum = 0.0;
        let walk: Vec<f64> = noise
            .iter()
            .map(|step| {
                sum += step;
                sum
            })
            .collect();
        let found = detrended_fluctuations(&walk, &windows).unwrap();
        assert!((found.exponent - 1.5).abs() < 0.05, "{found:?}");
    }

    #[test]
    fn what_has_no_answer_is_named() {
        assert!(matches!(
            detrended_fluctuations(&[1.0; 9], &[4]),
            Err(StatsError::TooFew { argument: "windows", .. })
        ));
        assert!(matches!(
            detrended_fluctuations(&[1.0; 9], &[4, 5]),
            Err(StatsError::TooFew { argument: "values", needed: 10, .. })
        ));
        assert!(matches!(detrended_fluctuations(&[1.0; 9], &[3, 4]), Err(StatsError::OutOfRange { .. })));
        assert!(matches!(detrended_fluctuations(&[1.0; 20], &[4, 8]), Err(StatsError::Undefined(_))));
        let mut values = [1.0; 20];
        values[7] = f64::NAN;
        assert!(matches!(
            detrended_fluctuations(&values, &[4, 8]),
            Err(StatsError::NotAllowed { index: 7, .. })
        ));
    }
}
