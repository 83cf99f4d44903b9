//! Avalanches: excursions of the population activity above a threshold.

/// One avalanche.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avalanche {
    /// The first step above the threshold.
    pub start: u64,
    /// How many steps in a row lie above it.
    pub duration: u64,
    /// The sum of activity minus threshold over these steps.
    pub size: u64,
}

/// The avalanches of a population's activity (spikes per step): maximal stretches of steps whose activity
/// lies above `threshold`. Stretches cut off by the beginning or the end of the record are left out, their
/// true duration being unknown.
///
/// This is the convention of Del Papa, Priesemann and Triesch 2017 (doi 10.1371/journal.pone.0178683), with
/// [`half_mean`] as their threshold. Exponents depend strongly on the threshold: state it beside them. Detect
/// avalanches in each run by itself and pool the avalanches, not the activity.
///
/// Other conventions are a matter of arithmetic: with threshold 0 an avalanche lies between two silent steps and its size
/// is the number of spikes (Beggs and Plenz 2003); size plus `threshold` times duration are all spikes above and
/// below it; for wider bins give [`time_histogram`](super::time_histogram) a longer window; for a percentile of the
/// activity see [`quantile`](super::quantile).
#[must_use]
pub fn avalanches(activity: &[u64], threshold: u64) -> Vec<Avalanche> {
    let mut found = Vec::new();
    let mut current: Option<Avalanche> = None;
    let mut seen_calm = false;
    for (step, &active) in activity.iter().enumerate() {
        if active > threshold {
            if seen_calm {
                let start = step as u64;
                let avalanche = current.get_or_insert(Avalanche { start, duration: 0, size: 0 });
                avalanche.duration += 1;
                avalanche.size += active - threshold;
            }
        } else {
            seen_calm = true;
            found.extend(current.take());
        }
    }
    found
}

/// Half the mean activity, rounded down; 0 for an empty record.
#[must_use]
pub fn half_mean(activity: &[u64]) -> u64 {
    let sum: u128 = activity.iter().map(|active| u128::from(*active)).sum();
    (sum / (2 * activity.len().max(1) as u128)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stretches_are_measured() {
        let found = avalanches(&[0, 3, 4, 1, 1, 2, 0], 1);
        assert_eq!(
            found,
            [Avalanche { start: 1, duration: 2, size: 5 }, Avalanche { start: 5, duration: 1, size: 1 }]
        );
    }

    #[test]
    fn stretches_cut_by_the_record_are_left_out() {
        assert_eq!(avalanches(&[5, 5, 0, 2, 0, 7], 1), [Avalanche { start: 3, duration: 1, size: 1 }]);
        assert_eq!(avalanches(&[5, 5, 5], 1), []);
        assert_eq!(avalanches(&[], 0), []);
    }

    #[test]
    fn half_the_mean() {
        assert_eq!((half_mean(&[4, 6]), half_mean(&[3, 4]), half_mean(&[])), (2, 1, 0));
    }

    proptest! {
        #[test]
        fn nothing_above_the_threshold_is_lost_between_calm_steps(
            mut activity in prop::collection::vec(0..10u64, 0..200),
            threshold in 0..8u64,
        ) {
            activity.insert(0, 0);
            activity.push(0);
            let found = avalanches(&activity, threshold);
            let above = || activity.iter().filter(|a| **a > threshold);
            prop_assert_eq!(found.iter().map(|a| a.duration).sum::<u64>(), above().count() as u64);
            prop_assert_eq!(found.iter().map(|a| a.size).sum::<u64>(), above().map(|a| a - threshold).sum::<u64>());
            prop_assert!(found.windows(2).all(|w| w[0].start + w[0].duration < w[1].start));
        }
    }
}
