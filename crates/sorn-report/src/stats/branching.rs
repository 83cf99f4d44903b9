//! The branching ratio: how many spikes one spike causes in the next step.

use super::error::{at_least, finite};
use super::interrupt::heed;
use super::{StatsError, scaled};

/// The result of [`branching_ratio`].
#[derive(Clone, Debug, PartialEq)]
pub struct Branching {
    /// The branching ratio m: below 1 activity dies out, at 1 it is critical, above 1 it grows.
    pub ratio: f64,
    /// The amplitude b of the fit `r(k) = b m^k`: 1 where all of the activity was observed, less for a sample.
    pub amplitude: f64,
    /// The regression slopes r(1), r(2), ... that were fitted.
    pub slopes: Vec<f64>,
}

impl Branching {
    /// The time over which activity decays to 1/e, in steps; infinite for a ratio of 1 or more.
    #[must_use]
    pub fn autocorrelation_time(&self) -> f64 {
        if self.ratio >= 1.0 { f64::INFINITY } else { -1.0 / self.ratio.ln() }
    }
}

/// Estimates the branching ratio from population activity by multistep regression (Wilting and Priesemann
/// 2018, doi 10.1038/s41467-018-04725-4): the slopes r(k) of the linear regression of `activity[t + k]` on
/// `activity[t]` for k = 1 to `lags` are fitted by `b m^k` with least squares. Unlike the slope at lag 1 alone
/// it is not biased where only some of the neurons are observed.
///
/// # Errors
/// [`StatsError::OutOfRange`] for fewer than 2 lags, [`StatsError::TooFew`] for a record shorter than twice the lags,
/// [`StatsError::NotAllowed`] for a value that is not finite, [`StatsError::Undefined`] for constant activity
/// and where the slopes show no decay or growth between ratios of 0 and 2.
pub fn branching_ratio(activity: &[f64], lags: usize) -> Result<Branching, StatsError> {
    if lags < 2 {
        return Err(StatsError::OutOfRange { argument: "lags", value: lags as f64, allowed: "2 or more" });
    }
    // Beyond half the record a slope rests on the record's two ends alone.
    at_least("activity", activity.len(), (2 * lags).max(4))?;
    finite("activity", activity)?;
    if activity.iter().all(|active| *active == activity[0]) {
        return Err(StatsError::Undefined("constant activity has no branching ratio"));
    }
    let (activity, _) = scaled(activity);
    let constant = "the activity is constant over all steps that a lag leaves: fewer lags are needed";
    let mut slopes = Vec::with_capacity(lags);
    for k in 1..=lags {
        heed()?;
        let slope = slope(&activity[..activity.len() - k], &activity[k..]);
        slopes.push(slope.ok_or(StatsError::Undefined(constant))?);
    }
    let ratio = fit(&slopes)
        .ok_or(StatsError::Undefined("the slopes follow no exponential with a ratio between 0 and 2"))?;
    let (fitted, norm) = sums(&slopes, ratio);
    Ok(Branching { ratio, amplitude: fitted / norm, slopes })
}

/// The slope of the least-squares line of y on x; none where x is constant.
fn slope(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut shared, mut spread) = (0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        shared += (x - mean_x) * (y - mean_y);
        spread += (x - mean_x) * (x - mean_x);
    }
    (spread > 0.0).then(|| shared / spread)
}

/// `sum r(k) m^k` and `sum m^2k`: their quotient is the best amplitude for this m.
fn sums(slopes: &[f64], m: f64) -> (f64, f64) {
    let mut power = 1.0;
    slopes.iter().fold((0.0, 0.0), |(fitted, norm), r| {
        power *= m;
        (fitted + r * power, norm + power * power)
    })
}

/// The m between 0 and 2 with the least squared error. With the best amplitude the error is the slopes' own
/// sum of squares less `fitted^2 / norm`, so the largest of these is sought: roughly, then by halving on
/// the sign of its derivative.
fn fit(slopes: &[f64]) -> Option<f64> {
    const GRID: usize = 2000;
    let gain = |m: f64| {
        let (fitted, norm) = sums(slopes, m);
        if fitted > 0.0 { fitted * fitted / norm } else { 0.0 }
    };
    let at = |i: usize| 2.0 * i as f64 / GRID as f64;
    let best = (1..GRID).max_by(|i, j| gain(at(*i)).total_cmp(&gain(at(*j))))?;
    if gain(at(best)) == 0.0 {
        return None;
    }
    // 2 fitted' norm - fitted norm', which has the sign of the derivative where fitted is positive.
    let rises = |m: f64| {
        let (mut fitted, mut norm, mut d_fitted, mut d_norm, mut power) = (0.0, 0.0, 0.0, 0.0, 1.0);
        for (i, r) in slopes.iter().enumerate() {
            let k = (i + 1) as f64;
            d_fitted += k * r * power;
            d_norm += 2.0 * k * power * power * m;
            power *= m;
            fitted += r * power;
            norm += power * power;
        }
        2.0 * d_fitted * norm - fitted * d_norm > 0.0
    };
    let (mut low, mut high) = (at(best - 1), at(best + 1));
    // The very small ratios are indistinguishable from no decay at all.
    low = low.max(1e-6);
    if !rises(low) || rises(high) {
        return None;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if rises(middle) { low = middle } else { high = middle }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_exponentials_are_recovered() {
        for (m, b) in [(0.3, 1.0), (0.9, 0.4), (0.99, 0.05), (1.02, 0.5)] {
            let slopes: Vec<f64> = (1..=30).map(|k| b * f64::powi(m, k)).collect();
            let found = fit(&slopes).unwrap();
            assert!((found - m).abs() < 1e-12, "{found}, not {m}");
            let (fitted, norm) = sums(&slopes, found);
            assert!((fitted / norm - b).abs() < 1e-12);
        }
    }

    /// An autoregressive process has the branching process's slopes; driven by uniform noise (Steele, Lea and
    /// Flood 2014).
    fn process(m: f64, steps: usize) -> Vec<f64> {
        let mut state = 1u64;
        let mut active = 10.0;
        (0..steps)
            .map(|_| {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                active = m * active + ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
                active
            })
            .collect()
    }

    #[test]
    fn a_process_of_known_ratio() {
        let found = branching_ratio(&process(0.95, 200_000), 40).unwrap();
        // The standard error of the slope at lag 1 is sqrt((1 - m^2) / steps), 0.0007.
        assert!((found.ratio - 0.95).abs() < 0.003, "{}", found.ratio);
        assert!((found.amplitude - 1.0).abs() < 0.02, "{}", found.amplitude);
        assert!((found.autocorrelation_time() - 19.5).abs() < 1.5);
    }

    /// Every active neuron makes m others active on average, h come from outside; each is observed with a probability.
    fn branching(m: f64, observed: f64, seed: u64) -> Vec<f64> {
        use sorn_core::rng::{stream, uniform};
        let rng = &mut stream(seed, "test");
        let mut active = 200u32;
        (0..10_000)
            .map(|_| {
                // Two chances of m / 2 for each, and forty of 1/2 from outside.
                let offspring = (0..2 * active).filter(|_| uniform(rng) < 0.5 * m).count();
                let outside = (0..40).filter(|_| uniform(rng) < 0.5).count();
                active = (offspring + outside) as u32;
                (0..active).filter(|_| uniform(rng) < observed).count() as f64
            })
            .collect()
    }

    #[test]
    fn a_tenth_of_the_neurons_is_enough() {
        for (m, observed) in [(0.9, 1.0), (0.9, 0.1), (0.5, 0.5)] {
            let found: Vec<Branching> =
                (0..12).map(|seed| branching_ratio(&branching(m, observed, seed), 20).unwrap()).collect();
            let ratios: Vec<f64> = found.iter().map(|f| f.ratio).collect();
            let mean = ratios.iter().sum::<f64>() / 12.0;
            let error = (ratios.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / 11.0 / 12.0).sqrt();
            assert!((mean - m).abs() < 3.0 * error + 2e-3, "{mean} +- {error}, not {m}, {observed} observed");
            if observed < 0.2 {
                // What the slope at lag 1 alone would say.
                assert!(found.iter().all(|f| f.slopes[0] < 0.8), "{found:?}");
            }
        }
    }

    #[test]
    fn what_has_no_answer_is_named() {
        assert!(matches!(branching_ratio(&[1.0; 50], 10), Err(StatsError::Undefined(_))));
        assert!(matches!(branching_ratio(&[1.0; 5], 10), Err(StatsError::TooFew { needed: 20, .. })));
        // Nearly silent, but not constant.
        let mut sparse = [0.0; 50];
        sparse[45] = 1.0;
        let error = branching_ratio(&sparse, 10).unwrap_err().to_string();
        assert!(error.contains("fewer lags"), "{error}");
        assert!(matches!(branching_ratio(&[1.0; 50], 1), Err(StatsError::OutOfRange { .. })));
        let alternating: Vec<f64> = (0..50).map(|i| f64::from(i % 2)).collect();
        let with_nan: Vec<f64> = alternating.iter().map(|a| if *a > 0.0 { f64::NAN } else { 0.0 }).collect();
        assert!(matches!(branching_ratio(&with_nan, 5), Err(StatsError::NotAllowed { index: 1, .. })));
        // Slopes of alternating sign: the amplitude of any decay would be negative.
        assert!(matches!(branching_ratio(&alternating, 5), Err(StatsError::Undefined(_))));
    }
}
