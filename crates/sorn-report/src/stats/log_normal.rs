//! Are weights log-normal? The distance from the fit, its probability, and other distributions on the same weights.

use sorn_core::rng::{Xoshiro256PlusPlus, stream, uniform};

use super::interrupt::heed;
use super::normal::normal_upper_tail;
use super::{LikelihoodRatio, LogNormal, StatsError, fit_log_normal};

/// What positive values are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightLaw {
    /// A normal distribution.
    Normal,
    /// An exponential distribution from the smallest value on.
    Exponential,
}

/// The Kolmogorov-Smirnov distance of the values from the log-normal distribution fitted to them.
///
/// # Errors
/// As [`fit_log_normal`]; [`StatsError::Undefined`] for equal values.
pub fn log_normal_distance(values: &[f64]) -> Result<f64, StatsError> {
    let fit = fit_log_normal(values)?;
    let mut logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    distance(&mut logs, &fit).ok_or(StatsError::Undefined("equal values have no distribution to compare"))
}

/// The probability that values drawn from a log-normal distribution lie at least as far from their own fit as these from theirs
/// (Lilliefors 1967, by `replicas` of as many values). Small, the values are not log-normal; large samples reject any model that
/// is not exact, so see the distance, too.
///
/// # Errors
/// As [`log_normal_distance`]; [`StatsError::OutOfRange`] for no replica, [`StatsError::Interrupted`].
pub fn log_normal_goodness(values: &[f64], replicas: usize, seed: u64) -> Result<f64, StatsError> {
    if replicas == 0 {
        return Err(StatsError::OutOfRange { argument: "replicas", value: 0.0, allowed: "1 or more" });
    }
    let found = log_normal_distance(values)?;
    let rng = &mut stream(seed, "log-normal");
    let mut as_far = 0;
    for _ in 0..replicas {
        heed()?;
        // The distance does not depend on mean and spread.
        let mut logs: Vec<f64> = (0..values.len()).map(|_| standard_normal(rng)).collect();
        let n = logs.len() as f64;
        let mu = logs.iter().sum::<f64>() / n;
        let sigma = (logs.iter().map(|x| (x - mu).powi(2)).sum::<f64>() / n).sqrt();
        let fit = LogNormal { mu, sigma, log_likelihood: 0.0 };
        as_far += usize::from(distance(&mut logs, &fit).is_none_or(|d| d >= found));
    }
    Ok(as_far as f64 / replicas as f64)
}

/// Compares the fitted log-normal distribution with another one that is fitted to the same values (Vuong 1989): a positive ratio
/// favours the log-normal.
///
/// # Errors
/// As [`log_normal_distance`].
pub fn compare_log_normal(values: &[f64], with: WeightLaw) -> Result<LikelihoodRatio, StatsError> {
    let fit = fit_log_normal(values)?;
    let n = values.len() as f64;
    let equal = StatsError::Undefined("equal values cannot tell distributions apart");
    if fit.sigma <= 0.0 {
        return Err(equal);
    }
    let half_log = 0.5 * (2.0 * std::f64::consts::PI).ln();
    let gauss = |z: f64, sigma: f64| -half_log - sigma.ln() - 0.5 * z * z;
    let own = |value: f64| gauss((value.ln() - fit.mu) / fit.sigma, fit.sigma) - value.ln();
    let mean = values.iter().sum::<f64>() / n;
    let other: Box<dyn Fn(f64) -> f64> = match with {
        WeightLaw::Normal => {
            let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
            Box::new(move |value| gauss((value - mean) / sd, sd))
        }
        WeightLaw::Exponential => {
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let rate = 1.0 / (mean - least);
            Box::new(move |value| rate.ln() - rate * (value - least))
        }
    };
    let differences: Vec<f64> = values.iter().map(|value| own(*value) - other(*value)).collect();
    let ratio: f64 = differences.iter().sum();
    if !ratio.is_finite() {
        return Err(equal);
    }
    let variance = differences.iter().map(|d| (d - ratio / n).powi(2)).sum::<f64>() / n;
    let p = if variance > 0.0 { 2.0 * normal_upper_tail(ratio.abs() / (n * variance).sqrt()) } else { 1.0 };
    Ok(LikelihoodRatio { ratio, p: p.min(1.0) })
}

/// The largest difference of the cumulative distributions; none without a spread.
fn distance(logs: &mut [f64], fit: &LogNormal) -> Option<f64> {
    if fit.sigma <= 0.0 {
        return None;
    }
    logs.sort_unstable_by(f64::total_cmp);
    let n = logs.len() as f64;
    let differences = logs.iter().enumerate().map(|(i, log)| {
        let expected = normal_upper_tail((fit.mu - log) / fit.sigma);
        (expected - i as f64 / n).abs().max(((i + 1) as f64 / n - expected).abs())
    });
    differences.reduce(f64::max)
}

/// Box and Muller's transformation, one of the pair.
fn standard_normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    (-2.0 * (1.0 - uniform(rng)).ln()).sqrt() * (2.0 * std::f64::consts::PI * uniform(rng)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(seed: u64, n: usize, of: impl Fn(&mut Xoshiro256PlusPlus) -> f64) -> Vec<f64> {
        let rng = &mut stream(seed, "test");
        (0..n).map(|_| of(rng)).collect()
    }

    #[test]
    fn log_normal_values_are_told_from_others() {
        let log_normal = drawn(1, 2000, |rng| (0.7 * standard_normal(rng) - 3.0).exp());
        let exponential = drawn(2, 2000, |rng| 0.01 - uniform(rng).max(1e-12).ln());
        let normal = drawn(3, 2000, |rng| 10.0 + standard_normal(rng));
        assert!(log_normal_goodness(&log_normal, 200, 1).unwrap() > 0.05);
        assert_eq!(log_normal_goodness(&exponential, 200, 1).unwrap(), 0.0);
        for law in [WeightLaw::Normal, WeightLaw::Exponential] {
            let found = compare_log_normal(&log_normal, law).unwrap();
            assert!(found.ratio > 0.0 && found.p < 1e-6, "{law:?}: {found:?}");
        }
        assert!(compare_log_normal(&exponential, WeightLaw::Exponential).unwrap().ratio < 0.0);
        assert!(compare_log_normal(&normal, WeightLaw::Normal).unwrap().ratio < 0.0);
    }

    #[test]
    fn probabilities_are_uniform_for_log_normal_values() {
        let small = (0..100)
            .filter(|seed| {
                let values = drawn(*seed, 60, |rng| standard_normal(rng).exp());
                log_normal_goodness(&values, 60, *seed).unwrap() < 0.25
            })
            .count();
        // 25 of 100 expected; the standard deviation is 4.3.
        assert!((12..=38).contains(&small), "{small}");
    }

    #[test]
    fn what_has_no_answer_is_named() {
        assert!(matches!(log_normal_distance(&[2.0; 3]), Err(StatsError::Undefined(_))));
        assert!(matches!(compare_log_normal(&[2.0; 3], WeightLaw::Normal), Err(StatsError::Undefined(_))));
        assert!(matches!(log_normal_goodness(&[1.0, 2.0], 0, 0), Err(StatsError::OutOfRange { .. })));
        assert!(matches!(log_normal_distance(&[1.0, -2.0]), Err(StatsError::NotAllowed { index: 1, .. })));
    }
}
