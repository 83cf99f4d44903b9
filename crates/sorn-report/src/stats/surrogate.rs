//! Surrogates: spike trains that keep a neuron's own statistics and lose its relation to the others.

use sorn_core::rng::{Xoshiro256PlusPlus, below, stream};

use crate::SpikeTrains;

/// What a surrogate keeps of each train, besides its number of spikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surrogate {
    /// The whole train, rotated around the recording by a random number of steps: intervals and their order
    /// stay, and so do slow changes of the rate, elsewhere in time.
    CircularShift,
    /// The intervals, in random order; the time before the first spike counts as one of them.
    ShuffledIntervals,
    /// Nothing else: the spikes fall on random steps.
    RandomTimes,
}

/// A surrogate of every train, each changed independently. The same seed gives the same surrogates.
#[must_use]
pub fn surrogates(spikes: &SpikeTrains, kind: Surrogate, seed: u64) -> SpikeTrains {
    let rng = &mut stream(seed, "surrogates");
    draw(spikes, kind, rng)
}

pub(super) fn draw(spikes: &SpikeTrains, kind: Surrogate, rng: &mut Xoshiro256PlusPlus) -> SpikeTrains {
    let steps = spikes.steps();
    let of = |train: &[u64]| match kind {
        _ if train.is_empty() => Vec::new(),
        Surrogate::CircularShift => rotated(train, steps, below(rng, steps)),
        Surrogate::ShuffledIntervals => shuffled(train, rng),
        Surrogate::RandomTimes => random(train.len() as u64, steps, rng),
    };
    SpikeTrains::new(spikes.iter().map(of).collect(), steps).expect("surrogates ascend and end in time")
}

fn rotated(train: &[u64], steps: u64, by: u64) -> Vec<u64> {
    // Spikes from here on pass the end and come in again at the beginning.
    let passes = train.partition_point(|spike| *spike < steps - by);
    let (stay, pass) = train.split_at(passes);
    pass.iter().map(|spike| spike - (steps - by)).chain(stay.iter().map(|spike| spike + by)).collect()
}

fn shuffled(train: &[u64], rng: &mut Xoshiro256PlusPlus) -> Vec<u64> {
    // The first interval is counted from the step before the recording, so that every one is at least 1.
    let mut intervals = vec![train[0] + 1];
    intervals.extend(train.windows(2).map(|pair| pair[1] - pair[0]));
    for last in (1..intervals.len()).rev() {
        intervals.swap(last, below(rng, last as u64 + 1) as usize);
    }
    let mut passed = 0;
    intervals
        .iter()
        .map(|interval| {
            passed += interval;
            passed - 1
        })
        .collect()
}

/// A uniformly chosen set of `count` steps (Floyd's algorithm).
fn random(count: u64, steps: u64, rng: &mut Xoshiro256PlusPlus) -> Vec<u64> {
    let mut chosen = vec![false; steps as usize];
    for last in steps - count..steps {
        let step = below(rng, last + 1) as usize;
        let free = if chosen[step] { last as usize } else { step };
        chosen[free] = true;
    }
    (0..steps).filter(|step| chosen[*step as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::intervals;
    use proptest::prelude::*;

    const KINDS: [Surrogate; 3] =
        [Surrogate::CircularShift, Surrogate::ShuffledIntervals, Surrogate::RandomTimes];

    #[test]
    fn a_seed_decides() {
        let spikes = SpikeTrains::new(vec![(0..500).map(|i| 2 * i + i % 2).collect(); 2], 1000).unwrap();
        for kind in KINDS {
            let (a, b) = (surrogates(&spikes, kind, 1), surrogates(&spikes, kind, 1));
            assert_eq!(a, b);
            assert_ne!(a, surrogates(&spikes, kind, 2));
            assert_ne!(a.train(0), a.train(1), "trains are changed independently");
        }
    }

    #[test]
    fn every_step_is_as_likely() {
        let spikes = SpikeTrains::new(vec![vec![0, 1, 4]], 10).unwrap();
        for kind in [Surrogate::CircularShift, Surrogate::RandomTimes] {
            let mut hits = [0u32; 10];
            for seed in 0..4000 {
                for step in surrogates(&spikes, kind, seed).train(0) {
                    hits[*step as usize] += 1;
                }
            }
            // Expected 1200 each; the standard deviation is 29.
            assert!(hits.iter().all(|h| h.abs_diff(1200) < 150), "{kind:?}: {hits:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_kept(set in prop::collection::btree_set(0..60u64, 0..60), seed: u64) {
            let train: Vec<u64> = set.into_iter().collect();
            let spikes = SpikeTrains::new(vec![train.clone()], 60).unwrap();
            for kind in KINDS {
                prop_assert_eq!(surrogates(&spikes, kind, seed).train(0).len(), train.len());
            }
            let sorted = |train: &[u64], around: bool| {
                let mut found = intervals(train);
                if let (true, [first, .., last]) = (around, train) {
                    found.push(first + 60 - last);
                }
                found.sort_unstable();
                found
            };
            let shifted = surrogates(&spikes, Surrogate::CircularShift, seed);
            prop_assert_eq!(sorted(shifted.train(0), true), sorted(&train, true));
            let shuffled = surrogates(&spikes, Surrogate::ShuffledIntervals, seed);
            let with_first = |train: &[u64]| {
                let mut all = intervals(train);
                all.extend(train.first().map(|first| first + 1));
                all.sort_unstable();
                all
            };
            prop_assert_eq!(with_first(shuffled.train(0)), with_first(&train));
        }
    }
}
