//! Which correlations are more than chance: a comparison with surrogates.

use sorn_core::rng::stream;

use super::interrupt::heed;
use super::surrogate::draw;
use super::{StatsError, Surrogate, correlations};
use crate::SpikeTrains;

/// How likely correlations as large as those found are by chance.
#[derive(Clone, Debug, PartialEq)]
pub struct Significance {
    neurons: usize,
    /// Pairs (i, j) with j < i, row after row; `None` where the correlation is not defined.
    pairs: Vec<Option<f64>>,
    /// The probability of a mean correlation at least as far from 0; `None` where no pair has a correlation.
    pub mean: Option<f64>,
    /// How many surrogates were drawn: no probability is smaller than 1 / (this + 1).
    pub surrogates: usize,
}

impl Significance {
    /// The probability, for trains without relation, of a correlation at least as far from 0 as the one found between
    /// `i` and `j`. `None` where [`Correlations::get`](super::Correlations::get) has none.
    #[must_use]
    pub fn get(&self, i: usize, j: usize) -> Option<f64> {
        let (low, high) = (i.min(j), i.max(j));
        if low == high || high >= self.neurons { None } else { self.pairs[high * (high - 1) / 2 + low] }
    }

    /// The pairs (j, i), j < i, that are significant when among those called so the expected fraction of false ones
    /// is to stay below `false_discovery_rate` (Benjamini and Hochberg 1995). A single pair can only be found with more
    /// surrogates than there are pairs, over this rate.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] where the rate is not between 0 and 1.
    pub fn significant(&self, false_discovery_rate: f64) -> Result<Vec<(usize, usize)>, StatsError> {
        if !(0.0..=1.0).contains(&false_discovery_rate) {
            let (argument, value) = ("false_discovery_rate", false_discovery_rate);
            return Err(StatsError::OutOfRange { argument, value, allowed: "0 to 1" });
        }
        let mut sorted: Vec<f64> = self.pairs.iter().copied().flatten().collect();
        sorted.sort_by(f64::total_cmp);
        let share = false_discovery_rate / sorted.len().max(1) as f64;
        let largest = sorted.iter().enumerate().rev().find(|(rank, p)| **p <= share * (rank + 1) as f64);
        let Some((_, &limit)) = largest else { return Ok(Vec::new()) };
        let pairs = (0..self.neurons).flat_map(|i| (0..i).map(move |j| (j, i)));
        Ok(pairs
            .zip(&self.pairs)
            .filter(|(_, p)| p.is_some_and(|p| p <= limit))
            .map(|(pair, _)| pair)
            .collect())
    }
}

/// Compares the pairwise correlations of spike counts in windows of `window` steps with those of `count` surrogates:
/// two-sided, p = (1 + surrogates at least as far from 0) / (1 + `count`) (Phipson and Smyth 2010). The same seed
/// gives the same answer.
///
/// Takes `count` + 1 times as long as [`correlations`].
///
/// # Errors
/// [`StatsError::OutOfRange`] for no surrogate, and those of [`correlations`].
pub fn correlation_significance(
    spikes: &SpikeTrains,
    window: u64,
    kind: Surrogate,
    count: usize,
    seed: u64,
) -> Result<Significance, StatsError> {
    if count == 0 {
        return Err(StatsError::OutOfRange { argument: "count", value: 0.0, allowed: "1 surrogate or more" });
    }
    let found = correlations(spikes, window)?;
    let mut as_far = vec![1u64; found.all().count()];
    let mut mean_as_far = 1u64;
    let mean = found.mean().ok();
    let rng = &mut stream(seed, "surrogates");
    for _ in 0..count {
        heed()?;
        let chance = correlations(&draw(spikes, kind, rng), window)?;
        // A surrogate of constant count correlates with nothing.
        for (as_far, (found, chance)) in as_far.iter_mut().zip(found.all().zip(chance.all())) {
            *as_far += u64::from(chance.unwrap_or(0.0).abs() >= found.unwrap_or(0.0).abs());
        }
        let chance = chance.mean().ok();
        mean_as_far += u64::from(chance.unwrap_or(0.0).abs() >= mean.unwrap_or(0.0).abs());
    }
    let p = |as_far: u64| as_far as f64 / (count + 1) as f64;
    let defined = |(found, as_far): (Option<f64>, u64)| found.map(|_| p(as_far));
    Ok(Significance {
        neurons: found.neurons(),
        pairs: found.all().zip(as_far).map(defined).collect(),
        mean: mean.map(|_| p(mean_as_far)),
        surrogates: count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sorn_core::rng::{Xoshiro256PlusPlus, uniform};

    const STEPS: u64 = 2000;

    fn train(rate: f64, rng: &mut Xoshiro256PlusPlus) -> Vec<u64> {
        (0..STEPS).filter(|_| uniform(rng) < rate).collect()
    }

    /// Independent neurons; the second copies a third of the first one's spikes.
    fn population(neurons: usize, seed: u64) -> SpikeTrains {
        let rng = &mut stream(seed, "test");
        let mut trains: Vec<Vec<u64>> = (0..neurons).map(|_| train(0.1, rng)).collect();
        let copied: Vec<u64> = trains[0].iter().copied().filter(|step| step % 3 == 0).collect();
        trains[1].extend(copied);
        trains[1].sort_unstable();
        trains[1].dedup();
        trains.push(vec![]);
        SpikeTrains::new(trains, STEPS).unwrap()
    }

    #[test]
    fn the_related_pair_is_found_and_nothing_else() {
        let spikes = population(8, 1);
        for kind in [Surrogate::CircularShift, Surrogate::ShuffledIntervals, Surrogate::RandomTimes] {
            let found = correlation_significance(&spikes, 1, kind, 999, 5).unwrap();
            assert_eq!(found.get(0, 1), Some(0.001), "{kind:?}");
            assert_eq!((found.get(1, 0), found.get(0, 8), found.get(3, 3)), (Some(0.001), None, None));
            assert_eq!(found.significant(0.05).unwrap(), [(0, 1)], "{kind:?}");
            assert!(found.significant(0.0).unwrap().is_empty());
            assert_eq!(found.significant(1.0).unwrap().len(), 28);
            // The one pair lifts the mean, too.
            assert!(found.mean.unwrap() < 0.2, "{found:?}");
        }
    }

    #[test]
    fn without_relation_probabilities_are_uniform() {
        // 780 pairs of 40 neurons; those of one neuron are nearly independent.
        let rng = &mut stream(3, "test");
        let trains = (0..40).map(|_| train(0.05, rng)).collect();
        let spikes = SpikeTrains::new(trains, STEPS).unwrap();
        let found = correlation_significance(&spikes, 5, Surrogate::CircularShift, 199, 7).unwrap();
        for limit in [0.1, 0.25, 0.5, 0.75] {
            let below = found.pairs.iter().filter(|p| p.unwrap() <= limit).count() as f64 / 780.0;
            let deviation = (limit * (1.0 - limit) / 780.0_f64).sqrt();
            assert!((below - limit).abs() < 4.0 * deviation, "{below} of p lie below {limit}");
        }
        assert!(found.mean.unwrap() > 0.05, "{:?}", found.mean);
    }

    #[test]
    fn what_has_no_answer_is_named() {
        let silent = SpikeTrains::new(vec![vec![], vec![]], 8).unwrap();
        let of = |count| correlation_significance(&silent, 1, Surrogate::RandomTimes, count, 0);
        let found = of(3).unwrap();
        assert_eq!((found.get(0, 1), found.mean, found.surrogates), (None, None, 3));
        assert!(found.significant(0.5).unwrap().is_empty());
        assert!(found.significant(1.5).is_err() && found.significant(f64::NAN).is_err());
        assert!(matches!(of(0), Err(StatsError::OutOfRange { argument: "count", .. })));
        let longer = correlation_significance(&silent, 9, Surrogate::RandomTimes, 3, 0);
        assert!(matches!(longer, Err(StatsError::TooFew { argument: "windows", .. })));
    }
}
