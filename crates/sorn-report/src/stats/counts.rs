//! Spike counts in windows of time, and what follows from them: rates, the Fano factor, the population
//! histogram.
//!
//! Windows are consecutive and begin at step 0. Steps at the end that do not fill a window are left out.

use super::StatsError;
use super::error::at_least;
use crate::SpikeTrains;

/// Spikes per step over the whole recording of `steps` steps.
///
/// # Errors
/// [`StatsError::TooFew`] for a recording of no step.
pub fn rate(train: &[u64], steps: u64) -> Result<f64, StatsError> {
    at_least("steps", usize::from(steps > 0), 1)?;
    Ok(train.len() as f64 / steps as f64)
}

/// Spikes in each window of `window` steps.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a window of 0 steps.
pub fn counts(train: &[u64], steps: u64, window: u64) -> Result<Vec<u64>, StatsError> {
    let mut counts = vec![0; windows(steps, window)?];
    count_into(&mut counts, train, window);
    Ok(counts)
}

/// The spikes of all neurons together in each window of `window` steps: the spike time histogram; with a
/// window of one step the population activity.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a window of 0 steps.
pub fn time_histogram(spikes: &SpikeTrains, window: u64) -> Result<Vec<u64>, StatsError> {
    let mut counts = vec![0; windows(spikes.steps(), window)?];
    for train in spikes.iter() {
        count_into(&mut counts, train, window);
    }
    Ok(counts)
}

/// The Fano factor: the variance of the spike count over windows (with their number as divisor) over its
/// mean. 1 for a Poisson process, below 1 for a regular neuron.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a window of 0 steps, [`StatsError::TooFew`] where not even one window
/// fits, [`StatsError::Undefined`] where no window has a spike.
pub fn fano_factor(train: &[u64], steps: u64, window: u64) -> Result<f64, StatsError> {
    let counts = counts(train, steps, window)?;
    at_least("windows", counts.len(), 1)?;
    let n = counts.len() as f64;
    let mean = counts.iter().sum::<u64>() as f64 / n;
    if mean == 0.0 {
        return Err(StatsError::Undefined("the Fano factor of a train without a spike is not defined"));
    }
    Ok(counts.iter().map(|c| (*c as f64 - mean).powi(2)).sum::<f64>() / n / mean)
}

pub(crate) fn windows(steps: u64, window: u64) -> Result<usize, StatsError> {
    if window == 0 {
        return Err(StatsError::OutOfRange { argument: "window", value: 0.0, allowed: "1 step or more" });
    }
    Ok((steps / window) as usize)
}

fn count_into(counts: &mut [u64], train: &[u64], window: u64) {
    let mut next = 0;
    while let Some((bin, count)) = next_window(train, &mut next, window, counts.len() as u64) {
        counts[bin as usize] += count;
    }
}

/// The window of the spike `next` and how many spikes lie in it, `next` then being the first behind it; `None` where there is no
/// spike before the window `end`. One division a window, which takes longer than all else.
pub(crate) fn next_window(train: &[u64], next: &mut usize, window: u64, end: u64) -> Option<(u64, u64)> {
    let first = *next;
    let bin = train.get(first)? / window;
    if bin >= end {
        return None;
    }
    let behind = (bin + 1).saturating_mul(window);
    *next += 1;
    while train.get(*next).is_some_and(|step| *step < behind) {
        *next += 1;
    }
    Some((bin, (*next - first) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAIN: [u64; 5] = [0, 1, 5, 9, 10];

    #[test]
    fn the_incomplete_window_is_left_out() {
        assert_eq!(counts(&TRAIN, 11, 4).unwrap(), [2, 1]);
        assert_eq!(counts(&TRAIN, 11, 1).unwrap(), [1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1]);
        assert_eq!(counts(&TRAIN, 11, 12).unwrap(), [0; 0]);
        assert_eq!(rate(&TRAIN, 11).unwrap(), 5.0 / 11.0);
    }

    #[test]
    fn the_histogram_adds_the_neurons() {
        let spikes = SpikeTrains::new(vec![TRAIN.to_vec(), vec![], vec![2, 8]], 12).unwrap();
        assert_eq!(time_histogram(&spikes, 4).unwrap(), [3, 1, 3]);
    }

    #[test]
    fn fano_of_known_counts() {
        // Counts 2 and 1: mean 1.5, variance 0.25.
        assert_eq!(fano_factor(&TRAIN, 11, 4).unwrap(), 0.25 / 1.5);
        assert_eq!(fano_factor(&TRAIN, 11, 11).unwrap(), 0.0);
    }

    #[test]
    fn what_has_no_answer_is_named() {
        assert!(matches!(rate(&[], 0), Err(StatsError::TooFew { argument: "steps", .. })));
        assert_eq!(rate(&[], 5), Ok(0.0));
        assert!(matches!(counts(&TRAIN, 11, 0), Err(StatsError::OutOfRange { argument: "window", .. })));
        assert!(matches!(fano_factor(&TRAIN, 11, 12), Err(StatsError::TooFew { argument: "windows", .. })));
        assert!(matches!(fano_factor(&[], 11, 2), Err(StatsError::Undefined(_))));
    }
}
