//! Is a power law a plausible source of the data?

use sorn_core::rng::{Xoshiro256PlusPlus, below, stream, uniform};

use super::interrupt::heed;
use super::sample::Sampler;
use super::{PowerLaw, StatsError, choose_min, fit_power_law};

/// How the lower bound of a fit came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinChoice {
    /// It was given to [`fit_power_law`].
    Fixed,
    /// [`choose_min`] found it, with this `least`.
    Found {
        /// How many values had to be left.
        least: usize,
    },
}

/// The probability that values drawn from the fitted law lie at least as far from their own fit, by
/// Kolmogorov-Smirnov distance, as `values` from `fit` (Clauset, Shalizi and Newman 2009, section 4.1). Small, below
/// 0.1 by their convention, the power law is implausible; large, it remains possible, but so may others: see
/// [`compare_power_law`](super::compare_power_law).
///
/// Each of `replicas` synthetic sets has as many values: with the observed frequency one from the law, else one of the
/// values outside its bounds. It is then fitted the way the data was. The error of the answer is about
/// 1 / (2 sqrt(`replicas`)). The same seed gives the same answer.
///
/// # Errors
/// [`StatsError::OutOfRange`] for no replica, [`StatsError::Undefined`] where `fit` is not of these values, what the
/// fit of a replica answers, and [`StatsError::Interrupted`].
pub fn goodness_of_fit(
    values: &[u64],
    fit: &PowerLaw,
    choice: MinChoice,
    replicas: usize,
    seed: u64,
) -> Result<f64, StatsError> {
    if replicas == 0 {
        return Err(StatsError::OutOfRange { argument: "replicas", value: 0.0, allowed: "1 or more" });
    }
    let inside = |v: &u64| *v >= fit.min && fit.max.is_none_or(|max| *v <= max);
    let outside: Vec<u64> = values.iter().copied().filter(|v| !inside(v)).collect();
    if values.len() - outside.len() != fit.events {
        return Err(StatsError::Undefined("the fit is not of these values: its number of events differs"));
    }
    let sampler = Sampler::new(fit);
    let rng = &mut stream(seed, "power law");
    let share = outside.len() as f64 / values.len() as f64;
    let draw = |rng: &mut Xoshiro256PlusPlus| {
        if uniform(rng) < share {
            outside[below(rng, outside.len() as u64) as usize]
        } else {
            sampler.draw(rng)
        }
    };
    let mut as_far = 0;
    for _ in 0..replicas {
        heed()?;
        let replica: Vec<u64> = (0..values.len()).map(|_| draw(rng)).collect();
        let refit = match choice {
            MinChoice::Fixed => fit_power_law(&replica, fit.min, fit.max),
            MinChoice::Found { least } => choose_min(&replica, fit.max, least),
        };
        as_far += usize::from(refit?.distance >= fit.distance);
    }
    Ok(as_far as f64 / replicas as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_laws_are_plausible_and_others_are_not() {
        let source = fit_power_law(&[1, 1, 1, 1, 2, 2, 3, 7], 1, None).unwrap();
        let power = source.sample(1000, 1);
        let fit = fit_power_law(&power, 1, None).unwrap();
        let p = goodness_of_fit(&power, &fit, MinChoice::Fixed, 200, 2).unwrap();
        assert!(p > 0.1, "{p}");
        assert_eq!(goodness_of_fit(&power, &fit, MinChoice::Fixed, 200, 2).unwrap(), p);

        let geometric: Vec<u64> =
            (0..1000).map(|i| 1 + (-8.0 * ((i as f64 + 0.5) / 1000.0).ln()) as u64).collect();
        let fit = fit_power_law(&geometric, 1, None).unwrap();
        assert_eq!(goodness_of_fit(&geometric, &fit, MinChoice::Fixed, 100, 2).unwrap(), 0.0);
    }

    #[test]
    fn a_bound_that_was_found_is_found_again() {
        let source = fit_power_law(&[10, 10, 11, 12, 14, 17, 30, 60], 10, None).unwrap();
        let mut values = source.sample(1000, 4);
        values.extend((0..500).map(|i| 1 + i % 9));
        let fit = choose_min(&values, None, 50).unwrap();
        let p = goodness_of_fit(&values, &fit, MinChoice::Found { least: 50 }, 50, 2).unwrap();
        assert!(p > 0.05, "{p} for {fit:?}");
    }

    #[test]
    fn probabilities_are_uniform_for_true_power_laws() {
        let source = fit_power_law(&[1, 1, 1, 1, 2, 2, 3, 7], 1, None).unwrap();
        let p: Vec<f64> = (0..200)
            .map(|seed| {
                let values = source.sample(100, seed);
                let fit = fit_power_law(&values, 1, None).unwrap();
                goodness_of_fit(&values, &fit, MinChoice::Fixed, 60, seed).unwrap()
            })
            .collect();
        let small = p.iter().filter(|p| **p < 0.25).count() as f64;
        // 50 of 200 expected; the standard deviation is 6.1.
        assert!((small - 50.0).abs() < 22.0, "{small}");
    }

    #[test]
    fn what_has_no_answer_is_named() {
        let values = [1, 1, 2, 5];
        let fit = fit_power_law(&values, 1, None).unwrap();
        let of = |values: &[u64], n| goodness_of_fit(values, &fit, MinChoice::Fixed, n, 0);
        assert!(matches!(of(&values, 0), Err(StatsError::OutOfRange { argument: "replicas", .. })));
        assert!(matches!(of(&values[1..], 9), Err(StatsError::Undefined(_))));
    }
}
