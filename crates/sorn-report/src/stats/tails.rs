//! Two heavy tails that bend: the truncated power law and the stretched exponential.

use super::StatsError;
use super::error::at_least;
use super::power_law::{counted, within};
use super::simplex::minimise;

/// Terms that are added one by one before the rest is integrated.
const DIRECT: u64 = 256;

/// A fitted power law with an exponential cutoff, `p(k)` proportional to `k^-exponent e^(-rate k)` over whole k from `min` to
/// `max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruncatedPowerLaw {
    /// The exponent.
    pub exponent: f64,
    /// The rate of the cutoff; 1 over it is about the largest value.
    pub rate: f64,
    /// The largest log-likelihood.
    pub log_likelihood: f64,
    /// How many values lay within the bounds and were fitted.
    pub events: usize,
    /// The lower bound.
    pub min: u64,
    /// The upper bound, if there is one.
    pub max: Option<u64>,
    /// The logarithm of the sum of all terms.
    log_total: f64,
}

impl TruncatedPowerLaw {
    /// The logarithm of the probability of `k`, a whole number within the bounds.
    pub(super) fn log_probability(&self, k: u64) -> f64 {
        log_term(k as f64, self.exponent, self.rate, self.min as f64) - self.log_total
    }
}

/// A fitted stretched exponential, rounded to whole numbers: the probability of more than x falls as `e^(-(rate x)^shape)`, and
/// that of k is what lies between k - 1/2 and k + 1/2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StretchedExponential {
    /// One over the scale.
    pub rate: f64,
    /// The power in the exponent: 1 is the exponential, less a heavier tail.
    pub shape: f64,
    /// The largest log-likelihood.
    pub log_likelihood: f64,
    /// How many values lay within the bounds and were fitted.
    pub events: usize,
    /// The lower bound.
    pub min: u64,
    /// The upper bound, if there is one.
    pub max: Option<u64>,
}

impl StretchedExponential {
    /// The logarithm of the probability of `k`, a whole number within the bounds.
    pub(super) fn log_probability(&self, k: u64) -> f64 {
        stretched(k, self.rate.ln(), self.shape.ln(), (self.min, self.max))
    }
}

/// Fits a truncated power law by maximum likelihood to the `values` from `min` to `max`, both included.
///
/// # Errors
/// [`StatsError::OutOfRange`] if `min` is 0 or above `max`, [`StatsError::TooFew`] for fewer than three values within the bounds,
/// [`StatsError::Undefined`] if they are all equal.
pub fn fit_truncated_power_law(
    values: &[u64],
    min: u64,
    max: Option<u64>,
) -> Result<TruncatedPowerLaw, StatsError> {
    truncated_counts(&counted(values, min, max), min, max)
}

/// Fits a stretched exponential by maximum likelihood to the `values` from `min` to `max`, both included.
///
/// # Errors
/// As [`fit_truncated_power_law`].
pub fn fit_stretched_exponential(
    values: &[u64],
    min: u64,
    max: Option<u64>,
) -> Result<StretchedExponential, StatsError> {
    stretched_counts(&counted(values, min, max), min, max)
}

fn check(counts: &[(u64, usize)], min: u64, max: Option<u64>) -> Result<usize, StatsError> {
    if min == 0 || max.is_some_and(|max| max < min) {
        let allowed = "1 or more, and no more than max";
        return Err(StatsError::OutOfRange { argument: "min", value: min as f64, allowed });
    }
    let events = counts.iter().map(|c| c.1).sum();
    at_least("values within the bounds", events, 3)?;
    match counts.len() {
        1 => Err(StatsError::Undefined("equal values have no tail")),
        _ => Ok(events),
    }
}

pub(super) fn truncated_counts(
    counts: &[(u64, usize)],
    min: u64,
    max: Option<u64>,
) -> Result<TruncatedPowerLaw, StatsError> {
    let counts = within(counts, min, max);
    let events = check(&counts, min, max)?;
    let (n, scale) = (events as f64, min as f64);
    // All that the likelihood needs of the data.
    let mean_log = counts.iter().map(|(k, c)| (*k as f64 / scale).ln() * *c as f64).sum::<f64>() / n;
    let mean = counts.iter().map(|(k, c)| (*k as f64 - scale) * *c as f64).sum::<f64>() / n;
    let loss = |[exponent, log_rate]: [f64; 2]| {
        let rate = rate_of(log_rate);
        exponent * mean_log + rate * mean + log_total(exponent, rate, min, max)
    };
    let start = [1.0 + 0.5 / mean_log.max(0.1), -(mean + 1.0).ln() - 1.0];
    let found = minimise(start, 0.5, loss);
    let (exponent, rate) = (found[0], rate_of(found[1]));
    Ok(TruncatedPowerLaw {
        exponent,
        rate,
        log_likelihood: -n * loss(found),
        events,
        min,
        max,
        log_total: log_total(exponent, rate, min, max),
    })
}

/// Rates are sought by their logarithm; below this one no cutoff is seen.
fn rate_of(log_rate: f64) -> f64 {
    log_rate.clamp(-32.0, 5.0).exp()
}

/// Terms are relative to the one at the lower bound.
fn log_term(k: f64, exponent: f64, rate: f64, min: f64) -> f64 {
    -exponent * (k / min).ln() - rate * (k - min)
}

/// The logarithm of the sum of the terms from `min` to `max`.
fn log_total(exponent: f64, rate: f64, min: u64, max: Option<u64>) -> f64 {
    let scale = min as f64;
    let term = |k: f64| log_term(k, exponent, rate, scale).exp();
    let last = max.unwrap_or(u64::MAX);
    // From here on the terms change by little from one to the next, or are nothing.
    let smooth = min.saturating_add(DIRECT);
    if last <= smooth {
        return (min..=last).map(|k| term(k as f64)).sum::<f64>().ln();
    }
    let direct: f64 = (min..smooth).map(|k| term(k as f64)).sum();
    let (from, to) = (smooth as f64, if max.is_some() { last as f64 } else { f64::INFINITY });
    // Euler and Maclaurin: the integral, half of the ends, and a twelfth of the derivative's difference.
    let slope = |x: f64| -term(x) * (exponent / x + rate);
    let mut rest = integral(&term, from, to, rate) + 0.5 * term(from) - slope(from) / 12.0;
    if to.is_finite() {
        rest += 0.5 * term(to) + slope(to) / 12.0;
    }
    (direct + rest).ln()
}

/// The integral of a smooth function that falls with `rate` at last, panel by panel on a logarithmic axis.
fn integral(of: &dyn Fn(f64) -> f64, from: f64, to: f64, rate: f64) -> f64 {
    // Gauss and Legendre's points and weights of order 8.
    const POINTS: [(f64, f64); 4] = [
        (0.183_434_642_495_649_8, 0.362_683_783_378_362),
        (0.525_532_409_916_329, 0.313_706_645_877_887_3),
        (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
        (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
    ];
    let (mut low, mut sum) = (from, 0.0);
    while low < to {
        // Neither the power nor the exponential changes much over a panel.
        let high = (low * 1.25).min(low + 2.0 / rate).min(to);
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        let panel: f64 =
            POINTS.iter().map(|(x, w)| w * (of(middle - half * x) + of(middle + half * x))).sum();
        sum += half * panel;
        if half * panel <= 1e-17 * sum || high > 1e300 {
            break;
        }
        low = high;
    }
    sum
}

pub(super) fn stretched_counts(
    counts: &[(u64, usize)],
    min: u64,
    max: Option<u64>,
) -> Result<StretchedExponential, StatsError> {
    let counts = within(counts, min, max);
    let events = check(&counts, min, max)?;
    let loss = |[log_rate, log_shape]: [f64; 2]| {
        -counts.iter().map(|(k, c)| stretched(*k, log_rate, log_shape, (min, max)) * *c as f64).sum::<f64>()
    };
    let mean = counts.iter().map(|(k, c)| *k as f64 * *c as f64).sum::<f64>() / events as f64;
    let found = minimise([-mean.ln(), -0.3], 0.5, loss);
    Ok(StretchedExponential {
        rate: found[0].exp(),
        shape: found[1].exp(),
        log_likelihood: -loss(found),
        events,
        min,
        max,
    })
}

fn stretched(k: u64, log_rate: f64, log_shape: f64, (min, max): (u64, Option<u64>)) -> f64 {
    let shape = log_shape.exp();
    let power = |x: f64| (shape * (log_rate + x.ln())).exp();
    // ln of e^-low - e^-high.
    let between = |low: f64, high: f64| -low + (-(-(high - low)).exp_m1()).ln();
    let edge = |k: u64, side: f64| power(k as f64 + side);
    let all = between(edge(min, -0.5), max.map_or(f64::INFINITY, |max| edge(max, 0.5)));
    between(edge(k, -0.5), edge(k, 0.5)) - all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts that follow `weight` nearly exactly.
    fn counts(min: u64, most: u64, n: f64, weight: impl Fn(f64) -> f64) -> Vec<(u64, usize)> {
        let total: f64 = (min..=most).map(|k| weight(k as f64)).sum();
        let mut owed = 0.0;
        let counts = (min..=most).map(|k| {
            owed += n * weight(k as f64) / total;
            let count = owed.floor();
            owed -= count;
            (k, count as usize)
        });
        counts.filter(|c| c.1 > 0).collect()
    }

    #[test]
    fn known_parameters_are_recovered() {
        for (exponent, rate) in [(1.3, 0.01), (0.5, 0.1), (2.0, 0.001)] {
            let data = counts(3, 20_000, 1e6, |k| k.powf(-exponent) * (-rate * k).exp());
            for max in [None, Some(20_000)] {
                let fit = truncated_counts(&data, 3, max).unwrap();
                let near = (fit.exponent - exponent).abs() < 0.01 && (fit.rate / rate - 1.0).abs() < 0.03;
                assert!(near, "{fit:?}");
            }
        }
        for (rate, shape) in [(0.1_f64, 0.5), (0.02, 0.8), (0.05, 1.0)] {
            let survival = |x: f64| (-(rate * x).powf(shape)).exp();
            let data = counts(2, 20_000, 1e6, |k| survival(k - 0.5) - survival(k + 0.5));
            let fit = stretched_counts(&data, 2, None).unwrap();
            assert!(
                (fit.rate / rate - 1.0).abs() < 0.02 && (fit.shape / shape - 1.0).abs() < 0.01,
                "{fit:?}"
            );
        }
    }

    #[test]
    fn the_sum_equals_one_term_after_the_other() {
        for (exponent, rate) in [(1.5, 0.01), (-1.0, 0.2), (0.0, 1e-3), (3.0, 1e-9)] {
            for (min, max) in [(1, Some(40)), (6, Some(100_000)), (700, Some(3_000))] {
                let wanted: f64 =
                    (min..=max.unwrap()).map(|k| log_term(k as f64, exponent, rate, min as f64).exp()).sum();
                let found = log_total(exponent, rate, min, max);
                assert!(
                    (found - wanted.ln()).abs() < 1e-8,
                    "{exponent} {rate} {min}: {found}, {}",
                    wanted.ln()
                );
            }
        }
        // Of geometric series the sum is known.
        let found = log_total(0.0, 1e-4, 5, None);
        assert!((found + (-(-1e-4_f64).exp_m1()).ln()).abs() < 1e-9, "{found}");
    }

    #[test]
    fn what_has_no_answer_is_named() {
        let of = |values: &[u64], min, max| fit_truncated_power_law(values, min, max).map(|fit| fit.events);
        assert!(matches!(of(&[1, 2, 3], 0, None), Err(StatsError::OutOfRange { .. })));
        assert!(matches!(of(&[1, 2, 3], 4, Some(3)), Err(StatsError::OutOfRange { .. })));
        assert!(matches!(of(&[1, 2], 1, None), Err(StatsError::TooFew { found: 2, .. })));
        assert!(matches!(of(&[4, 4, 4], 1, None), Err(StatsError::Undefined(_))));
        assert!(matches!(fit_stretched_exponential(&[4, 4, 4], 1, None), Err(StatsError::Undefined(_))));
    }
}
