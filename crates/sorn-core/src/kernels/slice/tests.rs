//! Every level against plain Rust.

use super::*;
use crate::rng::{Xoshiro256PlusPlus, below, stream, uniform};
use crate::simd::{Level, Scalar, kernel};

/// Calls a test for every level of this machine, compiled for it.
macro_rules! at_every_level {
    ($test:ident) => {
        kernel! {
            fn run<S: Simd>() {
                $test::<S>()
            }
        }
        Level::available().into_iter().for_each(run);
    };
}

struct Data {
    weights: Vec<Row<f64>>,
    plus: Vec<Mask>,
    minus: Vec<Mask>,
    now: Vec<Mask>,
}

impl Data {
    /// In which a rule changes one row of `every`.
    fn random(rows: usize, every: u64, rng: &mut Xoshiro256PlusPlus) -> Self {
        let changed: Vec<bool> = (0..rows).map(|_| below(rng, every) == 0).collect();
        let mut mask = |row: usize| if changed[row] { below(rng, 1 << 16) as Mask } else { 0 };
        let mut plus: Vec<Mask> = (0..rows).map(&mut mask).collect();
        let mut minus: Vec<Mask> = (0..rows).map(|row| mask(row) & !plus[row]).collect();
        let mut now: Vec<Mask> = (0..rows)
            .map(|_| below(rng, 1 << 16) as Mask & [0, Mask::MAX][below(rng, every) as usize % 2])
            .collect();
        // Masks past the last row have no meaning.
        for (masks, mask) in [(&mut plus, 1), (&mut minus, 2), (&mut now, 3)] {
            masks.resize(rows.next_multiple_of(LANES), mask);
        }
        let mut weight = || match below(rng, 8) {
            0 => 0.0,
            1 => uniform(rng) * 0.004,
            // Falls to exactly 0 where lowered.
            2 => 0.003,
            _ => uniform(rng),
        };
        let weights = (0..rows).map(|_| Row(std::array::from_fn(|_| weight()))).collect();
        Data { weights, plus, minus, now }
    }

    fn slice(&mut self) -> Slice<'_> {
        Slice {
            weights: &mut self.weights,
            plus: &self.plus,
            minus: &self.minus,
            now: &self.now,
            soon: std::ptr::null(),
        }
    }
}

fn bits(rows: &[Row<f64>]) -> Vec<u64> {
    rows.iter().flat_map(|row| row.0).map(|value| value.to_bits()).collect()
}

#[test]
fn every_instruction_set_computes_the_same_bits() {
    at_every_level!(compare);
}

#[inline(always)]
fn compare<S: Simd>() {
    let rng = &mut stream(1, "test");
    for round in 0..300 {
        let mut ours = Data::random(round % 150, [1, 2, 10][round / 3 % 3], rng);
        let mut theirs = Data { weights: ours.weights.clone(), ..Data::random(0, 1, rng) };
        (theirs.plus, theirs.minus, theirs.now) = (ours.plus.clone(), ours.minus.clone(), ours.now.clone());
        let floor = [0.0, -0.0, 0.001][round % 3];
        let change = Change { plus: 0.004, minus: -0.003, floor };
        let existing =
            |rows: &[Row<f64>]| rows.iter().flat_map(|row| row.0).filter(|w| w.exists()).count() as u32;
        let before = existing(&ours.weights);
        let a = update::<S>(&mut ours.slice(), &change);
        let b = update::<Scalar>(&mut theirs.slice(), &change);
        assert_eq!(bits(&ours.weights), bits(&theirs.weights));
        assert_eq!((a.pruned, a.tiny), (b.pruned, b.tiny));
        assert_eq!(before - a.pruned, existing(&ours.weights));
        let sums = sum::<S>(&ours.weights);
        assert_eq!(bits(&[sums]), bits(&[sum::<Scalar>(&theirs.weights)]));
        let (a, b) = if floor.is_sign_negative() {
            let (quotients, none) = divide::<S, true>(&mut ours.slice(), &sums);
            assert_eq!(none, 0);
            (quotients, divide::<Scalar, true>(&mut theirs.slice(), &sums).0)
        } else {
            (
                divide::<S, false>(&mut ours.slice(), &sums).0,
                divide::<Scalar, false>(&mut theirs.slice(), &sums).0,
            )
        };
        assert_eq!(bits(&ours.weights), bits(&theirs.weights));
        assert_eq!(bits(&[a]), bits(&[b]));
        assert_eq!(bits(&[drive::<S>(&ours.weights, &ours.now)]), bits(&[a]));
        let (mut weights, sums) = (ours.weights.clone(), sum::<Scalar>(&ours.weights));
        if floor.is_sign_positive() {
            divide_by::<S>(&mut weights, &sums);
            let driven = sparse_drive::<S>(&ours.weights, &ours.now, &sums);
            assert_eq!(bits(&[driven]), bits(&[drive::<Scalar>(&weights, &ours.now)]));
        }
    }
}

/// Alternating sets of weights are detected, and nothing else is.
#[test]
fn turns_are_watched() {
    at_every_level!(watch);
}

#[inline(always)]
fn watch<S: Simd>() {
    let rng = &mut stream(7, "test");
    let mut returned = 0;
    for round in 0..200 {
        let mut data = Data::random(1 + round % 40, 1, rng);
        let mut previous = sum::<Scalar>(&data.weights);
        divide::<Scalar, false>(&mut data.slice(), &previous);
        for _ in 0..8 {
            let (old, sums) = (data.weights.clone(), sum::<Scalar>(&data.weights));
            let watched = divide_and_watch::<S>(&mut data.slice(), &sums, &previous);
            let mut new = old.clone();
            divide_by::<Scalar>(&mut new, &sums);
            assert_eq!(bits(&data.weights), bits(&new));
            assert_eq!(bits(&[watched.sums]), bits(&[sum::<Scalar>(&new)]));
            assert_eq!(bits(&[watched.drive]), bits(&[drive::<Scalar>(&new, &data.now)]));
            divide_by::<Scalar>(&mut new, &watched.sums);
            let returns = bits(&new) == bits(&old) && watched.sums == previous;
            assert_eq!(watched.returns, returns);
            returned += u32::from(returns);
            previous = sums;
        }
    }
    assert!((100..1600).contains(&returned), "{returned}");
}

#[test]
fn a_weight_that_underflows_is_counted() {
    at_every_level!(underflow);
}

#[inline(always)]
fn underflow<S: Simd>() {
    let masks = [0; LANES];
    let mut weights = [Row([f64::from_bits(1); LANES])];
    // Absent, negative and large ones among them.
    (weights[0].0[3], weights[0].0[4], weights[0].0[12]) = (0.0, -0.0, 0.3);
    let mut slice = Slice {
        weights: &mut weights,
        plus: &masks,
        minus: &masks,
        now: &masks[..1],
        soon: std::ptr::null(),
    };
    assert!(any_tiny(slice.weights));
    assert_eq!(divide::<S, true>(&mut slice, &Row([4.0; LANES])).1, 13);
    let mut expected = Row::default();
    (expected.0[4], expected.0[12]) = (-0.0, 0.3 / 4.0);
    assert_eq!(bits(&weights), bits(&[expected]));
    assert!(!any_tiny(&weights));
}

/// Weights of every size, as columns hold them that nothing but scaling changes.
#[test]
fn careful_divisions_are_divisions() {
    at_every_level!(careful);
}

#[inline(always)]
fn careful<S: Simd>() {
    let rng = &mut stream(4, "test");
    for _ in 0..2000 {
        let sums = Row(std::array::from_fn(|_| 0.25 + 1.5 * uniform(rng)));
        let mut weight = || match below(rng, 8) {
            0 => 0.0,
            1 => -0.0,
            2 => f64::from_bits(below(rng, 1 << 54)),
            3 => f64::from_bits(below(rng, (1023 - 700) << 52)),
            _ => uniform(rng),
        };
        let old: Vec<Row<f64>> = (0..3).map(|_| Row(std::array::from_fn(|_| weight()))).collect();
        let (mut new, masks) =
            (old.clone(), std::array::from_fn::<Mask, LANES, _>(|row| [0x5a5a, 0xffff, 0][row % 3]));
        let mut slice = Slice {
            weights: &mut new,
            plus: &masks,
            minus: &masks,
            now: &masks[..3],
            soon: std::ptr::null(),
        };
        let (driven, died) = divide::<S, true>(&mut slice, &sums);
        let quotients: Vec<Row<f64>> =
            old.iter().map(|row| Row(std::array::from_fn(|l| row.0[l] / sums.0[l]))).collect();
        assert_eq!(bits(&new), bits(&quotients));
        let dead = |l: usize, row: usize| old[row].0[l].exists() && !quotients[row].0[l].exists();
        let all = (0..3 * LANES).filter(|k| dead(k % LANES, k / LANES)).count();
        assert_eq!(died, all as u32);
        assert_eq!(bits(&[driven]), bits(&[drive::<Scalar>(&quotients, &masks)]));
    }
}

#[test]
fn quotients_round_like_a_division() {
    // Hard cases: divisors near powers of two and with long runs of ones, dividends across many scales.
    at_every_level!(round_like_a_division);
}

#[inline(always)]
fn round_like_a_division<S: Simd>() {
    let rng = &mut stream(2, "test");
    for round in 0..20_000_u64 {
        let mut divisor = || {
            let low = match below(rng, 4) {
                0 => below(rng, 64),
                1 => (1 << 52) - 1 - below(rng, 64),
                2 => !0_u64 << below(rng, 52) & ((1 << 52) - 1),
                _ => below(rng, 1 << 52),
            };
            f64::from_bits((1020 + below(rng, 7)) << 52 | low)
        };
        let sums = Row(std::array::from_fn(|_| divisor()));
        let mut dividend = || {
            let low = if round % 2 == 0 { below(rng, 1 << 52) } else { (1 << 52) - 1 - below(rng, 256) };
            f64::from_bits((1023 - below(rng, 960)) << 52 | low)
        };
        let weights = Row(std::array::from_fn(|_| dividend()));
        let mut data = [weights];
        let masks = [0; LANES];
        let mut slice = Slice {
            weights: &mut data,
            plus: &masks,
            minus: &masks,
            now: &masks[..1],
            soon: std::ptr::null(),
        };
        divide::<S, false>(&mut slice, &sums);
        for l in 0..LANES {
            let exact = weights.0[l] / sums.0[l];
            assert_eq!(data[0].0[l].to_bits(), exact.to_bits(), "{} / {}", weights.0[l], sums.0[l]);
        }
    }
}
