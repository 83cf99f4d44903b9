//! Avalanches: excursions of the population activity above a threshold.

use std::fmt;
use std::str::FromStr;

use super::{StatsError, quantile};

/// One avalanche.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avalanche {
    /// The first step above the threshold.
    pub start: u64,
    /// How many steps in a row lie above it.
    pub duration: u64,
    /// The sum of activity minus threshold over these steps; rounded, and at least 1, if the threshold has a fraction.
    pub size: u64,
}

/// A rule for the threshold of avalanches. Exponents depend strongly on it, so it belongs beside every result.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Threshold {
    /// Half the mean activity, rounded to the nearest whole number. Intrinsic plasticity holds the mean of a run within 0.001 of
    /// its target, on either side: rounded down, half the mean would differ by 1 between runs of one experiment.
    HalfMean,
    /// Half the mean activity, rounded down, as in the scripts of Del Papa, Priesemann and Triesch 2017.
    HalfMeanFloor,
    /// A percentile of the activity, 0 to 100, rounded down.
    Percentile(f64),
    /// This number of spikes per step, 0 or more; it may have a fraction.
    Level(f64),
}

impl Threshold {
    /// The number of spikes per step that this rule gives for `activity`; 0 for an empty record.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] for a percentile outside 0 to 100, and a level that is negative or not finite.
    pub fn of(self, activity: &[u64]) -> Result<f64, StatsError> {
        let half_mean = || {
            let sum: u128 = activity.iter().map(|active| u128::from(*active)).sum();
            sum as f64 / (2 * activity.len().max(1)) as f64
        };
        let out_of_range = |value, allowed| StatsError::OutOfRange { argument: "threshold", value, allowed };
        match self {
            Threshold::HalfMean => Ok(half_mean().round()),
            Threshold::HalfMeanFloor => Ok(half_mean().floor()),
            Threshold::Percentile(p) if !(0.0..=100.0).contains(&p) => {
                Err(out_of_range(p, "a percentile from 0 to 100"))
            }
            Threshold::Percentile(_) if activity.is_empty() => Ok(0.0),
            Threshold::Percentile(p) => {
                let values: Vec<f64> = activity.iter().map(|active| *active as f64).collect();
                quantile(&values, p / 100.0).map(f64::floor)
            }
            Threshold::Level(level) if !(level >= 0.0 && level.is_finite()) => {
                Err(out_of_range(level, "a finite number, 0 or more"))
            }
            Threshold::Level(level) => Ok(level),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Threshold::HalfMean => f.write_str("half_mean"),
            Threshold::HalfMeanFloor => f.write_str("half_mean_floor"),
            Threshold::Percentile(p) => write!(f, "p{p}"),
            Threshold::Level(level) => write!(f, "{level}"),
        }
    }
}

impl FromStr for Threshold {
    type Err = String;

    /// `half_mean`, `half_mean_floor`, a percentile such as `p25`, or a number.
    fn from_str(text: &str) -> Result<Threshold, String> {
        let number =
            |text: &str| text.parse::<f64>().ok().filter(|number| *number >= 0.0 && number.is_finite());
        match text {
            "half_mean" => Some(Threshold::HalfMean),
            "half_mean_floor" => Some(Threshold::HalfMeanFloor),
            _ => match text.strip_prefix('p') {
                Some(percentile) => number(percentile).filter(|p| *p <= 100.0).map(Threshold::Percentile),
                None => number(text).map(Threshold::Level),
            },
        }
        .ok_or_else(|| {
            format!(
                "expected half_mean, half_mean_floor, a percentile from p0 to p100, or a number of 0 or more, found {text:?}"
            )
        })
    }
}

/// The avalanches of a population's activity (spikes per step): maximal stretches of steps whose activity
/// lies above `threshold`. Stretches cut off by the beginning or the end of the record are left out, their
/// true duration being unknown.
///
/// This is the convention of Del Papa, Priesemann and Triesch 2017 (doi 10.1371/journal.pone.0178683), whose threshold is
/// [`Threshold::HalfMean`]. Detect avalanches in each run by itself and pool the avalanches, not the activity.
///
/// Other conventions are a matter of arithmetic: with threshold 0 an avalanche lies between two silent steps and its size
/// is the number of spikes (Beggs and Plenz 2003); size plus `threshold` times duration are all spikes above and
/// below it; for wider bins give [`time_histogram`](super::time_histogram) a longer window.
#[must_use]
pub fn avalanches(activity: &[u64], threshold: f64) -> Vec<Avalanche> {
    let (mut found, mut start) = (Vec::new(), None);
    let mut calm_before = false;
    for (step, &active) in activity.iter().enumerate() {
        if active as f64 > threshold {
            if calm_before && start.is_none() {
                start = Some(step);
            }
        } else {
            calm_before = true;
            found.extend(start.take().map(|start| measure(activity, start, step, threshold)));
        }
    }
    found
}

fn measure(activity: &[u64], start: usize, end: usize, threshold: f64) -> Avalanche {
    let duration = (end - start) as u64;
    let spikes: u64 = activity[start..end].iter().sum();
    // Whole numbers are subtracted as such: a sum of some 10^16 spikes has no fraction in 64 bits.
    let size = match threshold.fract() == 0.0 {
        true => spikes - duration * threshold as u64,
        false => (spikes as f64 - duration as f64 * threshold).round().max(1.0) as u64,
    };
    Avalanche { start: start as u64, duration, size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stretches_are_measured() {
        let found = avalanches(&[0, 3, 4, 1, 1, 2, 0], 1.0);
        assert_eq!(
            found,
            [Avalanche { start: 1, duration: 2, size: 5 }, Avalanche { start: 5, duration: 1, size: 1 }]
        );
    }

    #[test]
    fn stretches_cut_by_the_record_are_left_out() {
        assert_eq!(avalanches(&[5, 5, 0, 2, 0, 7], 1.0), [Avalanche { start: 3, duration: 1, size: 1 }]);
        assert_eq!(avalanches(&[5, 5, 5], 1.0), []);
        assert_eq!(avalanches(&[], 0.0), []);
    }

    #[test]
    fn a_threshold_may_lie_between_two_numbers_of_spikes() {
        let found = avalanches(&[0, 3, 4, 0, 2, 0], 1.75);
        let sizes: Vec<u64> = found.iter().map(|a| a.size).collect();
        // 1.25 + 2.25 and 0.25.
        assert_eq!(sizes, [4, 1]);
    }

    #[test]
    fn thresholds_are_rules() {
        let of = |rule: Threshold, activity: &[u64]| rule.of(activity).unwrap();
        // Means of 19.999 and 20.001.
        let (mut below, mut above) = (vec![20; 1000], vec![20; 1000]);
        (below[3], above[3]) = (19, 21);
        for activity in [&below, &above] {
            assert_eq!(of(Threshold::HalfMean, activity), 10.0);
        }
        assert_eq!((of(Threshold::HalfMeanFloor, &below), of(Threshold::HalfMeanFloor, &above)), (9.0, 10.0));
        let ramp: Vec<u64> = (0..=100).collect();
        assert_eq!(of(Threshold::Percentile(25.0), &ramp), 25.0);
        assert_eq!(of(Threshold::Level(9.5), &ramp), 9.5);
        for rule in ["half_mean", "half_mean_floor", "p25", "p12.5", "9.5", "0"] {
            let parsed: Threshold = rule.parse().unwrap();
            assert_eq!(parsed.to_string(), rule);
            parsed.of(&[]).unwrap();
        }
        for wrong in ["half", "p101", "p", "-1", "nan", "inf", ""] {
            let error = wrong.parse::<Threshold>().unwrap_err();
            assert!(error.ends_with(&format!("found {wrong:?}")), "{error}");
        }
        for rule in [Threshold::Level(f64::NAN), Threshold::Level(-1.0), Threshold::Percentile(101.0)] {
            assert!(matches!(rule.of(&ramp), Err(StatsError::OutOfRange { argument: "threshold", .. })));
        }
    }

    proptest! {
        #[test]
        fn nothing_above_the_threshold_is_lost_between_calm_steps(
            mut activity in prop::collection::vec(0..10u64, 0..200),
            threshold in 0..8u64,
        ) {
            activity.insert(0, 0);
            activity.push(0);
            let found = avalanches(&activity, threshold as f64);
            let above = || activity.iter().filter(|a| **a > threshold);
            prop_assert_eq!(found.iter().map(|a| a.duration).sum::<u64>(), above().count() as u64);
            prop_assert_eq!(found.iter().map(|a| a.size).sum::<u64>(), above().map(|a| a - threshold).sum::<u64>());
            prop_assert!(found.windows(2).all(|w| w[0].start + w[0].duration < w[1].start));
        }
    }
}
