//! The mean shape of avalanches, and the exponent with which shapes of different durations collapse.

use super::error::at_least;
use super::{Avalanche, StatsError};

/// Points of a shape over scaled time.
const POINTS: usize = 64;

/// The collapse of the mean shapes of avalanches.
#[derive(Clone, Debug, PartialEq)]
pub struct ShapeCollapse {
    /// The exponent gamma for which the shapes, divided by duration^(gamma - 1), differ least; at criticality the slope of mean
    /// size over duration.
    pub exponent: f64,
    /// The variance of the collapsed shapes over their squared span, the mean over time: smaller is better.
    pub error: f64,
    /// Durations whose shapes were taken.
    pub durations: Vec<u64>,
    /// Collapsed mean shape at the middles of equal parts of the avalanches' time.
    pub shape: Vec<f64>,
}

/// The mean activity above `threshold` at each step of the avalanches of each duration from `min` to `max` of which there are at
/// least `least`: durations, and as many values as steps.
///
/// # Errors
/// [`StatsError::OutOfRange`] for an avalanche that is not within `activity`.
pub fn mean_shapes(
    activity: &[u64],
    avalanches: &[Avalanche],
    threshold: f64,
    (min, max): (u64, u64),
    least: usize,
) -> Result<Vec<(u64, Vec<f64>)>, StatsError> {
    let mut taken: Vec<&Avalanche> =
        avalanches.iter().filter(|a| a.duration >= min && a.duration <= max).collect();
    taken.sort_by_key(|a| a.duration);
    let mut shapes = Vec::new();
    for equal in taken.chunk_by(|a, b| a.duration == b.duration) {
        if equal.len() < least.max(1) {
            continue;
        }
        let mut sums = vec![0.0; equal[0].duration as usize];
        for avalanche in equal {
            let start = avalanche.start as usize;
            let Some(steps) = activity.get(start..start + sums.len()) else {
                let (value, allowed) = (avalanche.start as f64, "an avalanche of this activity");
                return Err(StatsError::OutOfRange { argument: "avalanches", value, allowed });
            };
            sums.iter_mut().zip(steps).for_each(|(sum, active)| *sum += *active as f64 - threshold);
        }
        sums.iter_mut().for_each(|sum| *sum /= equal.len() as f64);
        shapes.push((equal[0].duration, sums));
    }
    Ok(shapes)
}

/// Finds the exponent between 0 and 5 with which mean shapes (see [`mean_shapes`]) collapse best: the one with the least variance
/// between the shapes relative to the squared span of the collapsed ones (Marshall et al. 2016, doi 10.3389/fphys.2016.00250).
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than two shapes of three steps or more, [`StatsError::Undefined`] if all are flat.
pub fn shape_collapse(shapes: &[(u64, Vec<f64>)]) -> Result<ShapeCollapse, StatsError> {
    let long: Vec<&(u64, Vec<f64>)> = shapes.iter().filter(|(_, shape)| shape.len() >= 3).collect();
    at_least("shapes of three steps or more", long.len(), 2)?;
    let scaled: Vec<(f64, Vec<f64>)> = long.iter().map(|(d, shape)| (*d as f64, resample(shape))).collect();
    let error = |gamma: f64| {
        let factor = |d: f64| d.powf(1.0 - gamma);
        let n = scaled.len() as f64;
        let (mut spread, mut low, mut high) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
        for point in 0..POINTS {
            let values = || scaled.iter().map(|(d, shape)| shape[point] * factor(*d));
            let mean = values().sum::<f64>() / n;
            spread += values().map(|v| (v - mean).powi(2)).sum::<f64>() / n / POINTS as f64;
            (low, high) = values().fold((low, high), |(l, h), v| (l.min(v), h.max(v)));
        }
        spread / (high - low).powi(2)
    };
    // A grid, then thirds of the interval around its best point.
    let grid = 500;
    let at = |i: usize| 5.0 * i as f64 / f64::from(grid);
    let best = (0..=grid as usize).min_by(|i, j| error(at(*i)).total_cmp(&error(at(*j)))).unwrap_or(0);
    if !error(at(best)).is_finite() {
        return Err(StatsError::Undefined("flat shapes have no collapse"));
    }
    let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(grid as usize)));
    for _ in 0..100 {
        let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if error(a) < error(b) { high = b } else { low = a }
    }
    let exponent = 0.5 * (low + high);
    let n = scaled.len() as f64;
    let mean = |p: usize| scaled.iter().map(|(d, shape)| shape[p] * d.powf(1.0 - exponent)).sum::<f64>() / n;
    Ok(ShapeCollapse {
        exponent,
        error: error(exponent),
        durations: long.iter().map(|(d, _)| *d).collect(),
        shape: (0..POINTS).map(mean).collect(),
    })
}

/// The shape at the middles of equal parts of its time, linear between the middles of its steps.
fn resample(shape: &[f64]) -> Vec<f64> {
    let n = shape.len();
    let at = |point: usize| {
        let time = ((point as f64 + 0.5) / POINTS as f64 * n as f64 - 0.5).clamp(0.0, (n - 1) as f64);
        let before = (time as usize).min(n - 2);
        let part = time - before as f64;
        shape[before] * (1.0 - part) + shape[before + 1] * part
    };
    (0..POINTS).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::avalanches;

    #[test]
    fn a_known_exponent_is_recovered() {
        for gamma in [1.3, 1.5, 2.0] {
            let shape = |d: u64| {
                let at = |step: u64| {
                    let time = (step as f64 + 0.5) / d as f64;
                    (d as f64).powf(gamma - 1.0) * 4.0 * time * (1.0 - time)
                };
                (d, (0..d).map(at).collect::<Vec<f64>>())
            };
            let shapes: Vec<_> = [20, 30, 40, 60, 80].map(shape).into();
            let found = shape_collapse(&shapes).unwrap();
            assert!((found.exponent - gamma).abs() < 0.02 && found.error < 1e-3, "{found:?}");
            // The parabola is seen.
            assert!((found.shape[POINTS / 2] - 1.0).abs() < 0.02, "{:?}", found.shape);
        }
    }

    #[test]
    fn shapes_are_means_over_avalanches_of_one_duration() {
        let activity = [0, 3, 5, 0, 5, 3, 0, 9, 0];
        let found = avalanches(&activity, 1.0);
        let shapes = mean_shapes(&activity, &found, 1.0, (2, 5), 2).unwrap();
        assert_eq!(shapes, [(2, vec![3.0, 3.0])]);
        assert!(mean_shapes(&activity[..4], &found, 1.0, (1, 9), 1).is_err());
        assert!(matches!(shape_collapse(&shapes), Err(StatsError::TooFew { found: 0, .. })));
        let flat = [(3, vec![0.0; 3]), (4, vec![0.0; 4])];
        assert!(matches!(shape_collapse(&flat), Err(StatsError::Undefined(_))));
    }
}
