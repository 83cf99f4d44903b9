//! The moving mean of a learning curve, and when it first reached a threshold.

use super::StatsError;
use super::error::finite;
use super::mean_of;

/// The mean of the last `window` values at each position; of all values so far while there are fewer.
///
/// # Errors
/// [`StatsError`] where `window` is 0 or a value is not finite.
pub fn moving_mean(values: &[f64], window: usize) -> Result<Vec<f64>, StatsError> {
    check(values, window)?;
    // Summed afresh for every window: a running sum would drift, and "solved" is decided by a comparison.
    Ok((0..values.len()).map(|i| mean_of(&values[(i + 1).saturating_sub(window)..=i])).collect())
}

/// The 1-based position of the last of the first `window` consecutive values whose mean is at or above
/// `threshold`, or `None`: "episodes to solve" where the values are returns per episode.
///
/// # Errors
/// [`StatsError`] where `window` is 0 or a value is not finite.
pub fn first_reached(values: &[f64], window: usize, threshold: f64) -> Result<Option<usize>, StatsError> {
    check(values, window)?;
    Ok(values.windows(window).position(|w| mean_of(w) >= threshold).map(|start| start + window))
}

fn check(values: &[f64], window: usize) -> Result<(), StatsError> {
    if window == 0 {
        return Err(StatsError::OutOfRange { argument: "window", value: 0.0, allowed: "1 or more" });
    }
    finite("values", values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_fills_first() {
        assert_eq!(moving_mean(&[1.0, 3.0, 5.0, 7.0], 2).unwrap(), [1.0, 2.0, 4.0, 6.0]);
        assert_eq!(moving_mean(&[], 2).unwrap(), [0.0; 0]);
    }

    #[test]
    fn solved_is_counted_at_the_last_episode_of_the_window() {
        let returns = [500.0, 0.0, 480.0, 470.0, 500.0];
        assert_eq!(first_reached(&returns, 2, 475.0).unwrap(), Some(4));
        assert_eq!(first_reached(&returns, 1, 475.0).unwrap(), Some(1));
        assert_eq!(first_reached(&returns, 6, 0.0).unwrap(), None);
        assert_eq!(first_reached(&returns, 2, 501.0).unwrap(), None);
    }

    #[test]
    fn bad_arguments_are_named() {
        assert!(matches!(moving_mean(&[1.0], 0), Err(StatsError::OutOfRange { .. })));
        assert!(matches!(
            moving_mean(&[1.0, f64::INFINITY], 1),
            Err(StatsError::NotAllowed { index: 1, .. })
        ));
        assert!(first_reached(&[1.0], 0, 0.0).is_err());
    }
}
