//! The exponent of a discrete power law, by maximum likelihood.

use super::StatsError;
use super::error::at_least;
use super::interrupt::heed;
use super::zeta::{log_moments, power_sum};

/// Exponents are sought between these; for data without an upper bound above 1.
const EXPONENTS: (f64, f64) = (-5.0, 50.0);

/// A fitted power law `p(k) = k^-exponent / sum of the same` over whole k from `min` to `max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLaw {
    /// The exponent, positive where the distribution falls.
    pub exponent: f64,
    /// Its standard error from the Fisher information.
    pub standard_error: f64,
    /// The largest log-likelihood.
    pub log_likelihood: f64,
    /// The Kolmogorov-Smirnov distance: the largest difference between the data's and the fitted
    /// cumulative distribution.
    pub distance: f64,
    /// How many values lay within the bounds and were fitted.
    pub events: usize,
    /// The lower bound.
    pub min: u64,
    /// The upper bound, if there is one.
    pub max: Option<u64>,
    /// The sum of `(k / min)^-exponent` between the bounds.
    pub(super) total: f64,
}

impl PowerLaw {
    /// The fitted probability of the whole number `k` among those within the bounds; 0 outside.
    #[must_use]
    pub fn probability(&self, k: u64) -> f64 {
        if k < self.min || self.max.is_some_and(|max| k > max) {
            return 0.0;
        }
        (k as f64 / self.min as f64).powf(-self.exponent) / self.total
    }
}

/// Fits a discrete power law to the `values` from `min` to `max` (both included; no upper bound where
/// `max` is `None`); values outside are not looked at. The likelihood is the exact discrete one, normalised by
/// the Hurwitz zeta function (Clauset, Shalizi and Newman 2009, eq. 3.5) or, with an upper bound, by the
/// finite sum.
///
/// The bounds are the caller's choice and belong beside the result: exponents depend on them. See [`choose_min`].
///
/// # Errors
/// [`StatsError::OutOfRange`] where `min` is 0 or above `max`, [`StatsError::TooFew`] for fewer than two values
/// within the bounds, [`StatsError::Undefined`] where the likelihood has no maximum, as for equal values.
pub fn fit_power_law(values: &[u64], min: u64, max: Option<u64>) -> Result<PowerLaw, StatsError> {
    if min == 0 || max.is_some_and(|max| max < min) {
        let allowed = "1 or more, and no more than max";
        return Err(StatsError::OutOfRange { argument: "min", value: min as f64, allowed });
    }
    fit_counted(&counted(values, min, max), min, max)
}

/// [`fit_power_law`] of values that are counted: ascending whole numbers and how often each occurs, as of many runs together.
///
/// # Errors
/// As [`fit_power_law`]; also [`StatsError::Undefined`] if the numbers do not ascend.
pub fn fit_power_law_counts(
    counts: &[(u64, usize)],
    min: u64,
    max: Option<u64>,
) -> Result<PowerLaw, StatsError> {
    if min == 0 || max.is_some_and(|max| max < min) {
        let allowed = "1 or more, and no more than max";
        return Err(StatsError::OutOfRange { argument: "min", value: min as f64, allowed });
    }
    ascending(counts)?;
    fit_counted(&within(counts, min, max), min, max)
}

/// [`choose_min`] of values that are counted, among at most `candidates` bounds that are spread evenly over the logarithm of
/// those that leave `least` values.
///
/// # Errors
/// As [`choose_min`]; also [`StatsError::Undefined`] if the numbers do not ascend.
pub fn choose_min_counts(
    counts: &[(u64, usize)],
    max: Option<u64>,
    least: usize,
    candidates: usize,
) -> Result<PowerLaw, StatsError> {
    ascending(counts)?;
    let counts = within(counts, 1, max);
    let (events, least) = (counts.iter().map(|c| c.1).sum::<usize>(), least.max(2));
    let mut rest = events;
    let allowed = counts.iter().take_while(|(_, count)| {
        let enough = rest >= least;
        rest -= count;
        enough
    });
    let allowed = allowed.count();
    let (mut best, mut next): (Option<PowerLaw>, f64) = (None, 0.0);
    let last = counts.get(allowed.wrapping_sub(1)).map_or(1, |c| c.0);
    let factor =
        (last as f64 / counts.first().map_or(1, |c| c.0) as f64).powf(1.0 / candidates.max(1) as f64);
    for (i, (value, _)) in counts[..allowed].iter().enumerate() {
        if (*value as f64) < next {
            continue;
        }
        next = *value as f64 * factor;
        heed()?;
        let Ok(fit) = fit_counted(&counts[i..], *value, max) else { continue };
        if best.is_none_or(|found| fit.distance < found.distance) {
            best = Some(fit);
        }
    }
    best.ok_or(StatsError::TooFew { argument: "values", found: events, needed: least })
}

fn ascending(counts: &[(u64, usize)]) -> Result<(), StatsError> {
    match counts.is_sorted_by(|a, b| a.0 < b.0) {
        true => Ok(()),
        false => Err(StatsError::Undefined("counted values must ascend, each once")),
    }
}

/// Those from `min` to `max`.
pub(super) fn within(counts: &[(u64, usize)], min: u64, max: Option<u64>) -> Vec<(u64, usize)> {
    let inside =
        |(value, count): &(u64, usize)| *count > 0 && *value >= min && max.is_none_or(|max| *value <= max);
    counts.iter().copied().filter(inside).collect()
}

/// The values from `min` to `max` that occur, ascending, and how often.
pub(super) fn counted(values: &[u64], min: u64, max: Option<u64>) -> Vec<(u64, usize)> {
    let inside = |v: &u64| *v >= min && max.is_none_or(|max| *v <= max);
    let mut kept: Vec<u64> = values.iter().copied().filter(inside).collect();
    kept.sort_unstable();
    kept.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len())).collect()
}

/// The lower bound from which on the values look most like a power law: of all values that occur and leave at
/// least `least` values from there on, the one whose fit has the smallest Kolmogorov-Smirnov distance (Clauset,
/// Shalizi and Newman 2009, section 3.3). The fit names its bound.
///
/// # Errors
/// [`StatsError::TooFew`] where no bound leaves `least` values (at least 2) that can be fitted.
pub fn choose_min(values: &[u64], max: Option<u64>, least: usize) -> Result<PowerLaw, StatsError> {
    let counted = counted(values, 1, max);
    let events: usize = counted.iter().map(|c| c.1).sum();
    let least = least.max(2);
    let (mut best, mut rest): (Option<PowerLaw>, usize) = (None, events);
    for (i, (value, count)) in counted.iter().enumerate() {
        if rest < least {
            break;
        }
        heed()?;
        rest -= count;
        let Ok(fit) = fit_counted(&counted[i..], *value, max) else { continue };
        if best.is_none_or(|found| fit.distance < found.distance) {
            best = Some(fit);
        }
    }
    best.ok_or(StatsError::TooFew { argument: "values", found: events, needed: least })
}

fn fit_counted(counted: &[(u64, usize)], min: u64, max: Option<u64>) -> Result<PowerLaw, StatsError> {
    let events: usize = counted.iter().map(|c| c.1).sum();
    at_least("values within the bounds", events, 2)?;
    let (n, scale) = (events as f64, min as f64);
    let logs = counted.iter().map(|(k, count)| (*k as f64 / scale).ln() * *count as f64);
    let mean_log = logs.sum::<f64>() / n;
    let exponent = root(mean_log, min, max).ok_or(StatsError::Undefined(
        "no power law fits best: the values are all equal, or fall slower than any allowed exponent",
    ))?;
    let [total, first, second] = log_moments(exponent, min, max);
    let variance = second / total - (first / total).powi(2);
    Ok(PowerLaw {
        exponent,
        standard_error: 1.0 / (n * variance).sqrt(),
        log_likelihood: -n * (total.ln() + exponent * mean_log),
        distance: distance(counted, n, min, exponent, total),
        events,
        min,
        max,
        total,
    })
}

/// The likelihood is largest where the expected logarithm, which falls with the exponent, is the data's.
fn root(mean_log: f64, min: u64, max: Option<u64>) -> Option<f64> {
    // How far the expectation lies above the data's, and how fast it falls: the variance of the logarithm.
    let excess = |s: f64| {
        let [total, first, second] = log_moments(s, min, max);
        let expected = first / total;
        (expected - mean_log, second / total - expected * expected)
    };
    let (mut low, mut high) = EXPONENTS;
    if max.is_none() {
        low = 1.0 + 1e-9;
    }
    if !(excess(low).0 > 0.0 && excess(high).0 < 0.0) {
        return None;
    }
    // Newton's steps, and halving where one would leave the interval that holds the root.
    let mut s = (1.0 + 1.0 / mean_log).clamp(low, high);
    for _ in 0..200 {
        let (above, slope) = excess(s);
        if above > 0.0 {
            low = s
        } else {
            high = s
        }
        let newton = s + above / slope;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        if (next - s).abs() <= 4.0 * f64::EPSILON * s.abs() {
            return Some(next);
        }
        s = next;
    }
    Some(s)
}

/// The largest difference of the cumulative distributions. Between two values that occur the data's stays and
/// the fitted one grows, so it is largest at a value that occurs or just before the next.
fn distance(counted: &[(u64, usize)], n: f64, min: u64, exponent: f64, total: f64) -> f64 {
    let scale = min as f64;
    let (mut k, mut below, mut seen, mut largest) = (min, 0.0, 0usize, 0.0_f64);
    for &(value, count) in counted {
        below += power_sum(exponent, scale, k, value);
        k = value;
        // Just before the value, and at it.
        largest = largest.max((below / total - seen as f64 / n).abs());
        seen += count;
        let upto = below + (k as f64 / scale).powf(-exponent);
        largest = largest.max((upto / total - seen as f64 / n).abs());
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws from a power law by inverting its cumulative distribution; a small generator (Steele, Lea and
    /// Flood 2014) gives the uniform numbers.
    fn sample(exponent: f64, min: u64, max: u64, n: usize, seed: u64) -> Vec<u64> {
        let mut cumulative = Vec::new();
        let mut sum = 0.0;
        for k in min..=max {
            sum += (k as f64).powf(-exponent);
            cumulative.push(sum);
        }
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                let u = ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
                min + cumulative.partition_point(|c| *c <= u * sum) as u64
            })
            .collect()
    }

    #[test]
    fn known_exponents_are_recovered() {
        for (seed, exponent) in [(1, 1.28), (2, 1.5), (3, 2.0), (4, 3.0)] {
            let bounded = sample(exponent, 6, 1500, 10_000, seed);
            let fit = fit_power_law(&bounded, 6, Some(1500)).unwrap();
            assert!((fit.exponent - exponent).abs() < 0.05, "{fit:?}");
            assert!((fit.exponent - exponent).abs() < 4.0 * fit.standard_error, "{fit:?}");
            assert_eq!(fit.events, 10_000);
        }
        // So steep that the bound of the sampling plays no part.
        let fit = fit_power_law(&sample(3.0, 2, 1_000_000, 10_000, 5), 2, None).unwrap();
        assert!((fit.exponent - 3.0).abs() < 0.05, "{fit:?}");
        assert!(fit.distance < 0.02, "{fit:?}");
    }

    #[test]
    fn values_outside_the_bounds_do_not_matter() {
        let inside = sample(1.5, 6, 60, 1000, 6);
        let mut all = inside.clone();
        all.extend([0, 1, 5, 61, 1_000_000]);
        assert_eq!(fit_power_law(&all, 6, Some(60)), fit_power_law(&inside, 6, Some(60)));
    }

    #[test]
    fn counted_values_give_the_same_fit() {
        let values = sample(1.5, 1, 3000, 20_000, 9);
        let counts = counted(&values, 1, None);
        assert_eq!(fit_power_law_counts(&counts, 6, Some(60)), fit_power_law(&values, 6, Some(60)));
        assert_eq!(fit_power_law_counts(&counts, 10, None), fit_power_law(&values, 10, None));
        let every = choose_min(&values, Some(3000), 2000).unwrap();
        assert_eq!(choose_min_counts(&counts, Some(3000), 2000, usize::MAX), Ok(every));
        let some = choose_min_counts(&counts, Some(3000), 2000, 20).unwrap();
        assert!((some.exponent - 1.5).abs() < 0.05, "{some:?}");
        assert!(matches!(fit_power_law_counts(&[(2, 1), (1, 1)], 1, None), Err(StatsError::Undefined(_))));
        assert!(matches!(fit_power_law_counts(&counts, 0, None), Err(StatsError::OutOfRange { .. })));
        assert!(matches!(choose_min_counts(&[], None, 2, 9), Err(StatsError::TooFew { found: 0, .. })));
    }

    #[test]
    fn rising_data_has_a_negative_exponent() {
        let values: Vec<u64> = (1..=20).flat_map(|k| vec![k; k as usize]).collect();
        let fit = fit_power_law(&values, 1, Some(20)).unwrap();
        assert!((fit.probability(10) - 10.0 / 210.0).abs() < 1e-9);
        assert_eq!((fit.probability(0), fit.probability(21)), (0.0, 0.0));
        assert!((fit.exponent + 1.0).abs() < 1e-9, "{fit:?}");
        assert!(fit.distance < 1e-9);
    }

    #[test]
    fn the_lower_bound_is_found() {
        // A power law above 10, something flat below.
        let mut values = sample(2.5, 10, 100_000, 4000, 7);
        values.extend((0..2000).map(|i| 1 + i % 9));
        let fit = choose_min(&values, None, 100).unwrap();
        assert!((9..=14).contains(&fit.min), "{fit:?}");
        assert!((fit.exponent - 2.5).abs() < 4.0 * fit.standard_error, "{fit:?}");
    }

    #[test]
    fn what_has_no_answer_is_named() {
        assert!(matches!(fit_power_law(&[1, 2], 0, None), Err(StatsError::OutOfRange { .. })));
        assert!(matches!(fit_power_law(&[1, 2], 3, Some(2)), Err(StatsError::OutOfRange { .. })));
        assert!(matches!(fit_power_law(&[], 1, None), Err(StatsError::TooFew { found: 0, .. })));
        assert!(matches!(fit_power_law(&[7], 1, None), Err(StatsError::TooFew { found: 1, .. })));
        assert!(matches!(fit_power_law(&[7, 7, 7], 7, None), Err(StatsError::Undefined(_))));
        assert!(matches!(fit_power_law(&[5, 5], 5, Some(5)), Err(StatsError::Undefined(_))));
        assert!(matches!(choose_min(&[3, 3, 3], None, 2), Err(StatsError::TooFew { .. })));
    }

    #[test]
    fn giant_values_and_bounds_take_no_forever() {
        let values = [1, 1, 2, 3, 1, u64::MAX / 2];
        let fit = fit_power_law(&values, 1, None).unwrap();
        assert!(fit.exponent > 1.0 && fit.distance <= 1.0, "{fit:?}");
        let bounded = fit_power_law(&values, 1, Some(u64::MAX)).unwrap();
        assert!((bounded.exponent - fit.exponent).abs() < 0.2, "{bounded:?}");
    }

    #[test]
    fn steep_data_far_out_can_be_fitted() {
        // Nearly an exponential: the exponent is near min over the mean excess.
        let min = 1_000_000_000;
        let values: Vec<u64> = (0..100).map(|i| min + i * 1_000_000).collect();
        let fit = fit_power_law(&values, min, None).unwrap();
        assert!((fit.exponent - 21.7).abs() < 0.5, "{fit:?}");
    }

    #[test]
    fn a_heavy_tail_is_searched_in_reasonable_time() {
        // Gaps between the largest values run into the millions; walking through each took half a minute.
        let values = sample(1.5, 1, 10_000_000, 10_000, 8);
        let fit = choose_min(&values, None, 100).unwrap();
        assert!((fit.exponent - 1.5).abs() < 4.0 * fit.standard_error.max(0.02), "{fit:?}");
    }
}
