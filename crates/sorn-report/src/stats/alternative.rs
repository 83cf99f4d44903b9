//! Is it a power law at all? Other distributions fitted to the same values, and the likelihood-ratio test.

use super::StatsError;
use super::error::at_least;
use super::normal::{normal_between, normal_upper_tail};
use super::power_law::{self, PowerLaw};
use super::simplex::minimise;
use super::tails::{stretched_counts, truncated_counts};

/// A distribution of whole numbers that a power law is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alternative {
    /// The geometric distribution: `p(k)` falls by a constant factor.
    Exponential,
    /// A log-normal distribution rounded to whole numbers: `p(k)` is its probability between k - 1/2 and k + 1/2.
    LogNormal,
    /// A power law with an exponential cutoff, of which the power law is the case without one.
    TruncatedPowerLaw,
    /// A stretched exponential rounded to whole numbers, in the same way.
    StretchedExponential,
}

/// How a power law and an alternative compare on the same values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LikelihoodRatio {
    /// Log-likelihood of the power law less that of the alternative: positive where the power law fits better.
    pub ratio: f64,
    /// The probability of a ratio at least as far from 0 if both fitted equally well (Vuong 1989); of
    /// [`Alternative::TruncatedPowerLaw`] that of a gain as large by the parameter it has more (a chi-squared test). If it is not
    /// small, the data cannot tell the two apart.
    pub p: f64,
}

/// Compares a fitted power law with an alternative, fitted by maximum likelihood to the same values between the
/// same bounds (Clauset, Shalizi and Newman 2009, section 5).
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than two values within the bounds, [`StatsError::Undefined`] where all are equal.
pub fn compare_power_law(
    values: &[u64],
    fit: &PowerLaw,
    alternative: Alternative,
) -> Result<LikelihoodRatio, StatsError> {
    compare(&power_law::counted(values, fit.min, fit.max), fit, alternative)
}

/// [`compare_power_law`] of values that are counted: ascending whole numbers and how often each occurs.
///
/// # Errors
/// As [`compare_power_law`].
pub fn compare_power_law_counts(
    counts: &[(u64, usize)],
    fit: &PowerLaw,
    alternative: Alternative,
) -> Result<LikelihoodRatio, StatsError> {
    compare(&power_law::within(counts, fit.min, fit.max), fit, alternative)
}

fn compare(
    counts: &[(u64, usize)],
    fit: &PowerLaw,
    alternative: Alternative,
) -> Result<LikelihoodRatio, StatsError> {
    let events: usize = counts.iter().map(|c| c.1).sum();
    at_least("values within the bounds", events, 2)?;
    if counts.len() == 1 {
        return Err(StatsError::Undefined("equal values cannot tell distributions apart"));
    }
    let counted: Vec<(u64, f64)> = counts.iter().map(|(k, count)| (*k, *count as f64)).collect();
    let other: Box<dyn Fn(u64) -> f64> = match alternative {
        Alternative::Exponential => exponential(&counted, fit),
        Alternative::LogNormal => log_normal(&counted, fit),
        Alternative::TruncatedPowerLaw => {
            let other = truncated_counts(counts, fit.min, fit.max)?;
            Box::new(move |k| other.log_probability(k))
        }
        Alternative::StretchedExponential => {
            let other = stretched_counts(counts, fit.min, fit.max)?;
            Box::new(move |k| other.log_probability(k))
        }
    };
    let n = events as f64;
    let differences = || counted.iter().map(|(k, count)| (fit.probability(*k).ln() - other(*k), count));
    let ratio: f64 = differences().map(|(d, count)| d * count).sum();
    if alternative == Alternative::TruncatedPowerLaw {
        let p = 2.0 * normal_upper_tail((2.0 * (-ratio).max(0.0)).sqrt());
        return Ok(LikelihoodRatio { ratio, p: p.min(1.0) });
    }
    let variance = differences().map(|(d, count)| (d - ratio / n).powi(2) * count).sum::<f64>() / n;
    let p = if variance > 0.0 { 2.0 * normal_upper_tail(ratio.abs() / (n * variance).sqrt()) } else { 1.0 };
    Ok(LikelihoodRatio { ratio, p: p.min(1.0) })
}

/// The logarithm of the fitted geometric distribution between the bounds.
fn exponential(counted: &[(u64, f64)], fit: &PowerLaw) -> Box<dyn Fn(u64) -> f64> {
    let min = fit.min;
    let span = fit.max.map(|max| (max - min) as f64 + 1.0);
    let n: f64 = counted.iter().map(|c| c.1).sum();
    let mean = counted.iter().map(|(k, count)| (k - min) as f64 * count).sum::<f64>() / n;
    // p(k) = e^(-rate (k - min)) / sum of the same. The mean falls as the rate grows.
    let expected = |rate: f64| {
        let without_bound = 1.0 / rate.exp_m1();
        without_bound - span.map_or(0.0, |span| span / (rate * span).exp_m1())
    };
    let (mut low, mut high) = if span.is_some() { (-50.0, 50.0) } else { (1e-12, 50.0) };
    for _ in 0..200 {
        let middle: f64 = 0.5 * (low + high);
        if expected(if middle == 0.0 { 1e-12 } else { middle }) > mean { low = middle } else { high = middle }
    }
    let rate: f64 = 0.5 * (low + high);
    let rate = if rate == 0.0 { 1e-12 } else { rate };
    // ln of sum e^(-rate j) over j from 0 to span - 1.
    let whole =
        -(-(-rate).exp_m1()).abs().ln() + span.map_or(0.0, |span| (-(-rate * span).exp_m1()).abs().ln());
    Box::new(move |k| -rate * (k - min) as f64 - whole)
}

/// The logarithm of the fitted log-normal distribution between the bounds.
fn log_normal(counted: &[(u64, f64)], fit: &PowerLaw) -> Box<dyn Fn(u64) -> f64> {
    let (min, max) = (fit.min, fit.max);
    let edge = |k: u64, side: f64| (k as f64 + side).ln();
    let log_probability = move |k: u64, mu: f64, sigma: f64| {
        let at = |x: f64| (x - mu) / sigma;
        let all = normal_between(at(edge(min, -0.5)), max.map_or(f64::INFINITY, |max| at(edge(max, 0.5))));
        (normal_between(at(edge(k, -0.5)), at(edge(k, 0.5))) / all).ln()
    };
    let n: f64 = counted.iter().map(|c| c.1).sum();
    let mean = counted.iter().map(|(k, count)| (*k as f64).ln() * count).sum::<f64>() / n;
    let square = counted.iter().map(|(k, count)| ((*k as f64).ln() - mean).powi(2) * count).sum::<f64>() / n;
    let loss = |[mu, log_sigma]: [f64; 2]| {
        let sigma = log_sigma.exp();
        -counted.iter().map(|(k, count)| log_probability(*k, mu, sigma) * count).sum::<f64>()
    };
    let [mu, log_sigma] = minimise([mean, 0.5 * square.ln()], 0.5, loss);
    Box::new(move |k| log_probability(k, mu, log_sigma.exp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::fit_power_law;

    /// Values whose frequencies follow `weight` nearly exactly.
    fn values(most: u64, n: f64, weight: impl Fn(f64) -> f64) -> Vec<u64> {
        let total: f64 = (1..=most).map(|k| weight(k as f64)).sum();
        let mut owed = 0.0;
        let mut values = Vec::new();
        for k in 1..=most {
            owed += n * weight(k as f64) / total;
            while owed >= 1.0 {
                values.push(k);
                owed -= 1.0;
            }
        }
        values
    }

    #[test]
    fn a_cutoff_is_seen_and_a_power_law_needs_none() {
        let cut = values(3000, 20_000.0, |k| k.powf(-1.3) * (-0.02 * k).exp());
        let fit = fit_power_law(&cut, 1, Some(3000)).unwrap();
        let found = compare_power_law(&cut, &fit, Alternative::TruncatedPowerLaw).unwrap();
        assert!(found.ratio < -100.0 && found.p < 1e-10, "{found:?}");
        let power = values(3000, 20_000.0, |k| k.powf(-1.8));
        let fit = fit_power_law(&power, 1, Some(3000)).unwrap();
        let found = compare_power_law(&power, &fit, Alternative::TruncatedPowerLaw).unwrap();
        assert!(found.ratio.abs() < 1.0 && found.p > 0.1, "{found:?}");
        let found = compare_power_law(&power, &fit, Alternative::StretchedExponential).unwrap();
        assert!(found.ratio > 0.0 && found.p < 0.05, "{found:?}");
        let counts = power_law::counted(&power, 1, None);
        assert_eq!(
            compare_power_law_counts(&counts, &fit, Alternative::StretchedExponential).unwrap(),
            found
        );
    }

    #[test]
    fn each_is_recognised() {
        let power = values(20_000, 20_000.0, |k| k.powf(-1.8));
        let fit = fit_power_law(&power, 1, Some(20_000)).unwrap();
        let found = compare_power_law(&power, &fit, Alternative::Exponential).unwrap();
        assert!(found.ratio > 0.0 && found.p < 1e-6, "{found:?}");

        let geometric = values(300, 5000.0, |k| (-0.1 * k).exp());
        let fit = fit_power_law(&geometric, 1, None).unwrap();
        let found = compare_power_law(&geometric, &fit, Alternative::Exponential).unwrap();
        assert!(found.ratio < 0.0 && found.p < 1e-6, "{found:?}");

        let log_normal = values(3000, 5000.0, |k| (-0.5 * (k.ln() - 3.0).powi(2)).exp() / k);
        let fit = fit_power_law(&log_normal, 1, None).unwrap();
        let found = compare_power_law(&log_normal, &fit, Alternative::LogNormal).unwrap();
        assert!(found.ratio < 0.0 && found.p < 1e-6, "{found:?}");
    }

    #[test]
    fn the_geometric_fit_has_its_closed_form() {
        // Without an upper bound the best rate is ln(1 + 1 / mean).
        let sample = [1u64, 1, 2, 3, 5, 9];
        let fit = fit_power_law(&sample, 1, None).unwrap();
        let counted: Vec<(u64, f64)> = sample.iter().map(|k| (*k, 1.0)).collect();
        let mean = sample.iter().map(|k| (k - 1) as f64).sum::<f64>() / 6.0;
        let (rate, of) = ((1.0 + 1.0 / mean).ln(), exponential(&counted, &fit));
        for k in [1, 4, 30] {
            let wanted = (1.0 - (-rate).exp()).ln() - rate * (k - 1) as f64;
            assert!((of(k) - wanted).abs() < 1e-10, "{k}: {} and {wanted}", of(k));
        }
        // With one, probabilities add to 1 whatever the sign of the rate.
        for sample in [[1u64, 2, 2, 9], [9, 9, 8, 1], [1, 3, 7, 9]] {
            let fit = fit_power_law(&sample, 1, Some(9)).unwrap();
            let counted: Vec<(u64, f64)> = sample.iter().map(|k| (*k, 1.0)).collect();
            let of = exponential(&counted, &fit);
            let sum: f64 = (1..=9).map(|k| of(k).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        }
    }

    #[test]
    fn what_has_no_answer_is_named() {
        let fit = fit_power_law(&[1, 2, 3], 1, None).unwrap();
        assert!(matches!(
            compare_power_law(&[2, 2], &fit, Alternative::Exponential),
            Err(StatsError::Undefined(_))
        ));
        assert!(matches!(
            compare_power_law(&[0], &fit, Alternative::LogNormal),
            Err(StatsError::TooFew { found: 0, .. })
        ));
    }
}
