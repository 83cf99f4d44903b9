//! How regularly a neuron spikes: its inter-spike intervals and their variation.

use super::StatsError;
use super::error::at_least;

/// The inter-spike intervals of a train of ascending steps, in steps: one fewer than there are spikes,
/// none for a silent neuron.
#[must_use]
pub fn intervals(train: &[u64]) -> Vec<u64> {
    train.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// The coefficient of variation of the inter-spike intervals: their standard deviation (with the number of
/// intervals as divisor) over their mean. 0 for a clock, about 1 for a Poisson process.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than two spikes.
pub fn cv(train: &[u64]) -> Result<f64, StatsError> {
    at_least("train", train.len(), 2)?;
    let n = (train.len() - 1) as f64;
    let mean = (train[train.len() - 1] - train[0]) as f64 / n;
    let variance = train.windows(2).map(|pair| ((pair[1] - pair[0]) as f64 - mean).powi(2)).sum::<f64>() / n;
    Ok(variance.sqrt() / mean)
}

/// CV2: the mean of `2 |b - a| / (a + b)` over successive intervals a, b (Holt, Softky, Koch and Douglas
/// 1996). Unlike [`cv`] it is hardly moved by slow changes of the rate.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than three spikes.
pub fn cv2(train: &[u64]) -> Result<f64, StatsError> {
    local(train, |a, b| 2.0 * (b - a).abs() / (a + b))
}

/// The local variation LV: the mean of `3 (a - b)^2 / (a + b)^2` over successive intervals a, b
/// (Shinomoto, Shima and Tanji 2003). 0 for a clock, about 1 for a Poisson process.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than three spikes.
pub fn lv(train: &[u64]) -> Result<f64, StatsError> {
    local(train, |a, b| 3.0 * ((a - b) / (a + b)).powi(2))
}

fn local(train: &[u64], of_pair: impl Fn(f64, f64) -> f64) -> Result<f64, StatsError> {
    at_least("train", train.len(), 3)?;
    let intervals = intervals(train);
    let sum: f64 = intervals.windows(2).map(|pair| of_pair(pair[0] as f64, pair[1] as f64)).sum();
    Ok(sum / (intervals.len() - 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_does_not_vary() {
        let clock: Vec<u64> = (0..10).map(|i| 3 * i).collect();
        assert_eq!(intervals(&clock), [3; 9]);
        assert_eq!((cv(&clock), cv2(&clock), lv(&clock)), (Ok(0.0), Ok(0.0), Ok(0.0)));
    }

    #[test]
    fn alternating_intervals() {
        // Intervals 1, 3, 1: mean 5/3, variance 8/9; each pair differs by 2 and adds to 4.
        let train = [0, 1, 4, 5];
        assert!((cv(&train).unwrap() - (8.0_f64 / 9.0).sqrt() / (5.0 / 3.0)).abs() < 1e-15);
        assert_eq!((cv2(&train), lv(&train)), (Ok(1.0), Ok(0.75)));
    }

    #[test]
    fn too_few_spikes_are_named() {
        for train in [&[][..], &[7]] {
            assert_eq!(intervals(train), [0; 0]);
            let found = train.len();
            assert_eq!(cv(train), Err(StatsError::TooFew { argument: "train", found, needed: 2 }));
            assert_eq!(lv(train), Err(StatsError::TooFew { argument: "train", found, needed: 3 }));
        }
        assert!(cv(&[1, 5]).is_ok() && cv2(&[1, 5]).is_err());
    }
}
