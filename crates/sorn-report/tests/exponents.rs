//! Exponents of synthetic avalanches: sizes and durations drawn from power laws whose exponents are known.

use sorn_report::stats::{PowerLaw, avalanches, choose_min, fit_power_law};

const EVENTS: usize = 10_000;
const SEEDS: u64 = 20;
const EXPONENTS: [f64; 4] = [1.5, 2.0, 2.5, 3.0];

/// A small generator (Steele, Lea and Flood 2014); uniform in (0, 1].
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) + 1) as f64 / (1u64 << 53) as f64
    }
}

/// Whole numbers from `min` with exactly the probabilities of the discrete power law, by rejection from the rounded continuous
/// one (Devroye 1986, chapter X.6, for `min` 1); those above `max` are drawn again.
fn sample(exponent: f64, (min, max): (u64, u64), random: &mut SplitMix) -> u64 {
    let (a, low) = (exponent - 1.0, min as f64);
    // The chance that a number of the continuous law, which begins at `min`, is rounded down to k.
    let rounded = |k: f64| (k / low).powf(-a) - ((k + 1.0) / low).powf(-a);
    // Their ratio to k^-exponent grows with k from here to its limit.
    let least = rounded(low) / low.powf(-exponent);
    loop {
        let k = (low * random.next().powf(-1.0 / a)).floor();
        if k <= max as f64 && random.next() <= least * k.powf(-exponent) / rounded(k) {
            return k as u64;
        }
    }
}

/// Activity whose avalanches above the threshold 0 have these sizes: as many spikes in one step, then silence; or these
/// durations, a spike in every step.
fn activity(values: &[u64], durations: bool) -> Vec<u64> {
    let mut steps = vec![0];
    for &value in values {
        match durations {
            true => steps.extend(std::iter::repeat_n(1, value as usize)),
            false => steps.push(value),
        }
        steps.push(0);
    }
    steps
}

/// Root of the mean square error, and its expectation: the mean standard error.
fn spread(fits: &[PowerLaw], exponent: f64) -> (f64, f64) {
    let n = fits.len() as f64;
    let square = fits.iter().map(|fit| (fit.exponent - exponent).powi(2)).sum::<f64>() / n;
    (square.sqrt(), fits.iter().map(|fit| fit.standard_error).sum::<f64>() / n)
}

/// Fits of `EVENTS` sizes, or durations, for every seed; xmin is 1, and `max` is where the law ends.
fn fits(exponent: f64, max: u64, durations: bool, fit: impl Fn(&[u64]) -> PowerLaw) -> Vec<PowerLaw> {
    let of = |seed| {
        let mut random = SplitMix(1000 * seed + (10.0 * exponent) as u64);
        let drawn: Vec<u64> = (0..EVENTS).map(|_| sample(exponent, (1, max), &mut random)).collect();
        let found = avalanches(&activity(&drawn, durations), 0.0);
        assert_eq!(found.len(), EVENTS);
        let values = found.iter().map(|a| if durations { a.duration } else { a.size });
        let values: Vec<u64> = values.collect();
        assert_eq!(values, drawn);
        fit(&values)
    };
    (0..SEEDS).map(of).collect()
}

/// Sizes without an upper bound, durations up to 1,500 steps.
const KINDS: [(bool, u64, Option<u64>); 2] = [(false, 1_000_000_000, None), (true, 1500, Some(1500))];

#[test]
fn exponents_are_recovered_from_a_known_minimum() {
    for exponent in EXPONENTS {
        for (durations, max, bound) in KINDS {
            let fits = fits(exponent, max, durations, |values| fit_power_law(values, 1, bound).unwrap());
            let (error, expected) = spread(&fits, exponent);
            // No unbiased estimator errs less than the standard error (Cramér and Rao), which is 0.024 for the exponent 3.
            assert!(error < 0.05 && error < 1.4 * expected, "{exponent}: {error} {expected}");
            let far = |fit: &&PowerLaw| (fit.exponent - exponent).abs() > 0.05;
            let allowed = if expected < 0.0125 { 0 } else { 2 };
            assert!(fits.iter().filter(far).count() <= allowed, "{exponent}: {fits:?}");
            for fit in &fits {
                assert!((fit.exponent - exponent).abs() < 4.0 * fit.standard_error, "{exponent}: {fit:?}");
                assert_eq!((fit.min, fit.max, fit.events), (1, bound, EVENTS));
            }
        }
    }
}

#[test]
fn exponents_are_recovered_from_a_minimum_that_is_sought() {
    for exponent in EXPONENTS {
        for (durations, max, bound) in KINDS {
            let fits = fits(exponent, max, durations, |values| choose_min(values, bound, 1000).unwrap());
            let (error, _) = spread(&fits, exponent);
            assert!(error < 0.05, "{exponent}: {error}");
            assert!(fits.iter().all(|fit| fit.events >= 1000), "{fits:?}");
        }
    }
}
