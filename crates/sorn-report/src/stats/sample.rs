//! Random numbers from a fitted power law.

use sorn_core::rng::{Xoshiro256PlusPlus, stream, uniform};

use super::PowerLaw;
use super::zeta::power_sum;

impl PowerLaw {
    /// `n` random values that follow the law exactly, by inverting its cumulative distribution. The same seed gives the
    /// same values.
    #[must_use]
    pub fn sample(&self, n: usize, seed: u64) -> Vec<u64> {
        let sampler = Sampler::new(self);
        let rng = &mut stream(seed, "power law");
        (0..n).map(|_| sampler.draw(rng)).collect()
    }
}

/// A power law prepared for many draws.
pub(super) struct Sampler<'a> {
    law: &'a PowerLaw,
    /// `sum (k / min)^-exponent` up to and with min, min + 1, ...
    table: Vec<f64>,
}

impl<'a> Sampler<'a> {
    pub(super) fn new(law: &'a PowerLaw) -> Self {
        const LONGEST: u64 = 4096;
        let last = law.max.unwrap_or(u64::MAX).min(law.min.saturating_add(LONGEST));
        let mut sum = 0.0;
        let add = |k: u64| {
            sum += (k as f64 / law.min as f64).powf(-law.exponent);
            sum
        };
        Self { law, table: (law.min..=last).map(add).collect() }
    }

    pub(super) fn draw(&self, rng: &mut Xoshiro256PlusPlus) -> u64 {
        let law = self.law;
        let wanted = uniform(rng) * law.total;
        let position = self.table.partition_point(|sum| *sum <= wanted) as u64;
        let past = law.min + position;
        if (position as usize) < self.table.len() {
            return past;
        }
        let limit = law.max.unwrap_or(u64::MAX);
        let Some(sum) = self.table.last().filter(|_| past <= limit) else { return limit };
        // The sum up to and with k: double the distance until it is enough, then halve the interval.
        let upto = |k: u64| sum + power_sum(law.exponent, law.min as f64, past, k.saturating_add(1));
        let (mut low, mut step) = (past, past);
        while low < limit && upto(low) <= wanted {
            low = low.saturating_add(step).min(limit);
            step = step.saturating_mul(2);
        }
        let (mut below, mut enough) = (past - 1, low);
        while enough - below > 1 {
            let middle = below + (enough - below) / 2;
            if upto(middle) > wanted { enough = middle } else { below = middle }
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::fit_power_law;

    fn law(values: &[u64], min: u64, max: Option<u64>) -> PowerLaw {
        fit_power_law(values, min, max).unwrap()
    }

    #[test]
    fn frequencies_are_the_probabilities() {
        for law in [law(&[1, 1, 1, 1, 2, 2, 3, 7], 1, None), law(&[5, 6, 6, 9, 11, 12], 5, Some(12))] {
            let n = 100_000;
            let values = law.sample(n, 3);
            assert_eq!(values, law.sample(n, 3));
            assert!(values.iter().all(|k| *k >= law.min && law.max.is_none_or(|max| *k <= max)));
            for k in law.min..law.min + 8 {
                let (p, found) = (law.probability(k), values.iter().filter(|v| **v == k).count());
                let deviation = (n as f64 * p * (1.0 - p)).sqrt();
                assert!(
                    (found as f64 - n as f64 * p).abs() < 4.5 * deviation,
                    "{k}: {found} of {n}, p = {p}"
                );
            }
        }
    }

    #[test]
    fn the_tail_beyond_the_table_is_right() {
        // So heavy that a tenth of the values lie beyond the table.
        let heavy = law(&[1, 1, 2, 3, 5, 10, 40, 90, 1000, 50_000, 900_000], 1, None);
        let n = 20_000;
        let values = heavy.sample(n, 4);
        for limit in [10_000u64, 1_000_000, 100_000_000] {
            let p = 1.0 - power_sum(heavy.exponent, 1.0, 1, limit) / heavy.total;
            let found = values.iter().filter(|v| **v >= limit).count() as f64;
            let deviation = (n as f64 * p * (1.0 - p)).sqrt();
            assert!((found - n as f64 * p).abs() < 4.5 * deviation, "{limit}: {found} of {n}, p = {p}");
        }
        let bounded = law(&values, 1, Some(1_000_000));
        let again = law(&bounded.sample(n, 5), 1, Some(1_000_000));
        assert!((again.exponent - bounded.exponent).abs() < 4.0 * bounded.standard_error, "{again:?}");
        assert!(again.distance < 0.02, "{again:?}");
    }
}
