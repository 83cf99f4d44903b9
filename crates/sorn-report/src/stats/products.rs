//! Sums over windows of the products of spike counts, of all pairs of neurons: what correlations are made of.
//!
//! All are whole numbers, so the three ways to find them agree to the last bit; the data decides which is fastest.

use multiversion::multiversion;

use super::StatsError;
use super::counts::next_window;
use super::interrupt::heed;
use crate::SpikeTrains;

/// Sums over windows.
pub(super) struct Products {
    /// Of each neuron's counts.
    pub(super) sums: Vec<u64>,
    /// Of their squares.
    pub(super) squares: Vec<u64>,
    /// Of the products of two neurons' counts: pairs (i, j) with j < i, row after row.
    pub(super) pairs: Vec<u64>,
}

/// Sums over the first `bins` windows of `window` steps.
pub(super) fn products(spikes: &SpikeTrains, window: u64, bins: usize) -> Result<Products, StatsError> {
    let n = spikes.neurons();
    // Spikes per window, and the share of neurons that would make.
    let share = spikes.spike_count() as f64 / bins.max(1) as f64 / n.max(1) as f64;
    // Where they cross was measured at 200 neurons.
    if window == 1 && share > 0.05 {
        by_bits(spikes, bins)
    } else if share > 0.5 {
        by_counts(spikes, window, bins)
    } else {
        by_presence(spikes, window, bins)
    }
}

/// The row of neuron `i` among the pairs.
fn row(pairs: &mut [u64], i: usize) -> &mut [u64] {
    &mut pairs[i * i.saturating_sub(1) / 2..][..i]
}

impl Products {
    fn new(neurons: usize) -> Products {
        let pairs = vec![0; neurons * neurons.saturating_sub(1) / 2];
        Products { sums: vec![0; neurons], squares: vec![0; neurons], pairs }
    }

    fn count(&mut self, neuron: usize, count: u64) {
        self.sums[neuron] += count;
        self.squares[neuron] += count * count;
    }
}

/// Words of 64 steps in a block: those of 200 neurons stay in a cache of the second level.
const WORDS: usize = 128;

/// A bit for each neuron and step; two neurons fire together where both bits are set.
fn by_bits(spikes: &SpikeTrains, steps: usize) -> Result<Products, StatsError> {
    let mut found = Products::new(spikes.neurons());
    let mut next = vec![0; spikes.neurons()];
    let mut words = vec![[0u64; WORDS]; spikes.neurons()];
    for first in (0..steps).step_by(64 * WORDS) {
        heed()?;
        let end = (first + 64 * WORDS).min(steps) as u64;
        for ((train, words), next) in spikes.iter().zip(&mut words).zip(&mut next) {
            words.fill(0);
            while let Some(step) = train.get(*next).filter(|step| **step < end) {
                let bit = *step as usize - first;
                words[bit / 64] |= 1 << (bit % 64);
                *next += 1;
            }
        }
        add_common(&words, &mut found.pairs);
    }
    // What lies behind the last step was never reached.
    for (neuron, next) in next.into_iter().enumerate() {
        (found.sums[neuron], found.squares[neuron]) = (next as u64, next as u64);
    }
    Ok(found)
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vpopcntdq", "x86_64+avx2+popcnt", "x86_64+popcnt"))]
fn add_common(words: &[[u64; WORDS]], pairs: &mut [u64]) {
    let mut pair = 0;
    for (i, a) in words.iter().enumerate() {
        for b in &words[..i] {
            let common: u64 = a.iter().zip(b).map(|(a, b)| u64::from((a & b).count_ones())).sum();
            pairs[pair] += common;
            pair += 1;
        }
    }
}

/// Windows in a block.
const BINS: usize = 256;

/// The counts of all neurons in all windows of a block.
fn by_counts(spikes: &SpikeTrains, window: u64, bins: usize) -> Result<Products, StatsError> {
    let mut found = Products::new(spikes.neurons());
    let mut next = vec![0; spikes.neurons()];
    let mut counts = vec![[0u32; BINS]; spikes.neurons()];
    for first in (0..bins).step_by(BINS) {
        heed()?;
        let end = (first + BINS).min(bins) as u64;
        for (neuron, (train, next)) in spikes.iter().zip(&mut next).enumerate() {
            counts[neuron].fill(0);
            while let Some((bin, count)) = next_window(train, next, window, end) {
                // A window of 2^32 spikes of one neuron takes 32 GiB.
                counts[neuron][bin as usize - first] = count as u32;
                found.count(neuron, count);
            }
        }
        add_products(&counts, &mut found.pairs);
    }
    Ok(found)
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn add_products(counts: &[[u32; BINS]], pairs: &mut [u64]) {
    let mut pair = 0;
    for (i, a) in counts.iter().enumerate() {
        for b in &counts[..i] {
            let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(*a) * u64::from(*b)).sum();
            pairs[pair] += sum;
            pair += 1;
        }
    }
}

/// For each window those that spike in it, so that time grows with the pairs that do.
fn by_presence(spikes: &SpikeTrains, window: u64, bins: usize) -> Result<Products, StatsError> {
    // Windows are gathered in blocks, so that memory follows the spikes of a block, not of the recording.
    const BLOCK: usize = 4096;
    let mut found = Products::new(spikes.neurons());
    let mut next = vec![0; spikes.neurons()];
    let mut present: Vec<Vec<(u32, u64)>> = vec![Vec::new(); BLOCK.min(bins)];
    for first in (0..bins).step_by(BLOCK) {
        heed()?;
        let end = (first + BLOCK).min(bins) as u64;
        for (neuron, (train, next)) in spikes.iter().zip(&mut next).enumerate() {
            while let Some((bin, count)) = next_window(train, next, window, end) {
                present[bin as usize - first].push((neuron as u32, count));
                found.count(neuron, count);
            }
        }
        for present in &mut present {
            for (k, &(i, a)) in present.iter().enumerate() {
                let row = row(&mut found.pairs, i as usize);
                present[..k].iter().for_each(|&(j, b)| row[j as usize] += a * b);
            }
            present.clear();
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn three_ways_agree(
            sets in prop::collection::vec(prop::collection::btree_set(0..20_000u64, 0..3000), 0..6),
            steps in 20_000..20_100u64,
            window in prop::sample::select(vec![1u64, 2, 7, 100, 30_000]),
        ) {
            let trains = sets.into_iter().map(|s| s.into_iter().collect()).collect();
            let spikes = SpikeTrains::new(trains, steps).unwrap();
            let bins = (steps / window) as usize;
            let all = |found: Products| (found.sums, found.squares, found.pairs);
            let wanted = all(by_presence(&spikes, window, bins).unwrap());
            prop_assert_eq!(&all(by_counts(&spikes, window, bins).unwrap()), &wanted);
            prop_assert_eq!(&all(products(&spikes, window, bins).unwrap()), &wanted);
            if window == 1 {
                prop_assert_eq!(&all(by_bits(&spikes, bins).unwrap()), &wanted);
            }
        }
    }
}
