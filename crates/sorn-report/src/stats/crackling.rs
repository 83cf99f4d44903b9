//! The crackling-noise relation between the exponents of avalanches.

use super::StatsError;
use super::error::{at_least, finite};

/// How the exponents of sizes and durations fit the mean size at a duration (Sethna, Dahmen and Myers 2001,
/// doi 10.1038/35065675; Friedman et al. 2012).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crackling {
    /// The slope of log mean size over log duration.
    pub slope: f64,
    /// What the exponents predict: (duration exponent - 1) / (size exponent - 1).
    pub predicted: f64,
    /// The deviation from criticality, |predicted - slope| (Ma et al. 2019, doi 10.1016/j.neuron.2019.08.031).
    pub deviation: f64,
}

/// The mean size of the avalanches of each duration: ascending durations, how many there are, their mean size.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer sizes than durations or the reverse.
pub fn mean_sizes(durations: &[u64], sizes: &[u64]) -> Result<Vec<(u64, usize, f64)>, StatsError> {
    at_least("durations", durations.len(), sizes.len())?;
    at_least("sizes", sizes.len(), durations.len())?;
    let mut pairs: Vec<(u64, u64)> = durations.iter().copied().zip(sizes.iter().copied()).collect();
    pairs.sort_unstable();
    let mean = |equal: &[(u64, u64)]| {
        let sum: u128 = equal.iter().map(|pair| u128::from(pair.1)).sum();
        (equal[0].0, equal.len(), sum as f64 / equal.len() as f64)
    };
    Ok(pairs.chunk_by(|a, b| a.0 == b.0).map(mean).collect())
}

/// Compares the slope of the mean sizes (durations, how many, mean size; see [`mean_sizes`]) at durations from `min` to `max` with
/// what the exponents predict. The slope is that of the least-squares line through the logarithms, every duration counting alike.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than two durations within the bounds, [`StatsError::NotAllowed`] for a mean size that is not
/// positive and finite, [`StatsError::Undefined`] for a size exponent of 1, or exponents that are not finite.
pub fn crackling(
    mean_sizes: &[(u64, usize, f64)],
    (min, max): (u64, Option<u64>),
    duration_exponent: f64,
    size_exponent: f64,
) -> Result<Crackling, StatsError> {
    let inside = |d: u64| d >= min.max(1) && max.is_none_or(|max| d <= max);
    let within: Vec<&(u64, usize, f64)> = mean_sizes.iter().filter(|m| inside(m.0)).collect();
    at_least("durations within the bounds", within.len(), 2)?;
    let sizes: Vec<f64> = within.iter().map(|m| m.2).collect();
    finite("mean sizes", &sizes)?;
    if let Some(index) = sizes.iter().position(|size| *size <= 0.0) {
        return Err(StatsError::NotAllowed { argument: "mean sizes", index, value: sizes[index] });
    }
    let x: Vec<f64> = within.iter().map(|m| (m.0 as f64).ln()).collect();
    let y: Vec<f64> = sizes.iter().map(|size| size.ln()).collect();
    let slope = slope(&x, &y).ok_or(StatsError::Undefined("one duration has no slope"))?;
    let predicted = (duration_exponent - 1.0) / (size_exponent - 1.0);
    if !predicted.is_finite() {
        return Err(StatsError::Undefined(
            "exponents that are not finite, or a size exponent of 1, predict nothing",
        ));
    }
    Ok(Crackling { slope, predicted, deviation: (predicted - slope).abs() })
}

/// The slope of the least-squares line of y on x; none where x is constant.
pub(super) fn slope(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut shared, mut spread) = (0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        shared += (x - mean_x) * (y - mean_y);
        spread += (x - mean_x) * (x - mean_x);
    }
    (spread > 0.0).then(|| shared / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_gathered_by_duration() {
        let found = mean_sizes(&[3, 1, 3, 2], &[9, 1, 12, 4]).unwrap();
        assert_eq!(found, [(1, 1, 1.0), (2, 1, 4.0), (3, 2, 10.5)]);
        assert!(matches!(mean_sizes(&[1], &[]), Err(StatsError::TooFew { argument: "sizes", .. })));
        assert!(matches!(mean_sizes(&[], &[1]), Err(StatsError::TooFew { argument: "durations", .. })));
    }

    #[test]
    fn an_exact_relation_does_not_deviate() {
        let means: Vec<(u64, usize, f64)> = (1..100).map(|d| (d, 1, 2.0 * (d as f64).powf(1.5))).collect();
        let found = crackling(&means, (2, Some(60)), 1.75, 1.5).unwrap();
        assert!((found.slope - 1.5).abs() < 1e-12 && found.deviation < 1e-12, "{found:?}");
        assert_eq!(crackling(&means, (2, None), 3.0, 2.0).unwrap().predicted, 2.0);
        assert!(matches!(crackling(&means, (2, None), 1.5, 1.0), Err(StatsError::Undefined(_))));
        assert!(matches!(crackling(&means, (500, None), 1.5, 2.0), Err(StatsError::TooFew { found: 0, .. })));
        let empty = [(1, 1, 0.0), (2, 1, 1.0)];
        assert!(matches!(
            crackling(&empty, (1, None), 1.5, 2.0),
            Err(StatsError::NotAllowed { index: 0, .. })
        ));
    }
}
