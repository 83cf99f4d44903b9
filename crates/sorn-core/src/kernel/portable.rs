//! The loops in plain Rust; compiled for AVX2 where a pass over slices is.

// Loops over lanes with an index become vector instructions.
#![allow(clippy::needless_range_loop)]

use super::{Change, Changed, LANES, Loops, Mask, Real, Row, Slice, TINY};

/// The loops for every machine.
pub(crate) struct Plain;

impl Loops for Plain {
    const FUSED: bool = false;

    #[inline(always)]
    fn update(slice: &mut Slice<'_>, change: &Change) -> Changed {
        let mut changed = Changed { sums: Row::default(), pruned: 0, tiny: false };
        let (raise, lower) = (change.plus, change.minus);
        let masks = slice.plus.iter().zip(slice.minus);
        for (weights, (&plus, &minus)) in slice.weights.iter_mut().zip(masks) {
            let mut low: Mask = 0;
            for l in 0..LANES {
                let old = weights.0[l];
                let (up, down) = (plus >> l & 1 != 0 && old.exists(), minus >> l & 1 != 0 && old.exists());
                let sum = old + if up { raise } else { 0.0 } + if down { lower } else { 0.0 };
                // Adding 0.0 would turn a negative zero into an absent synapse.
                let sum = if up | down { sum } else { old };
                weights.0[l] = if sum > 1.0 { 1.0 } else { sum };
                low |= Mask::from(down & (sum < TINY)) << l;
            }
            if low != 0 {
                settle_low(weights, low, change.floor, &mut changed);
            }
            for l in 0..LANES {
                changed.sums.0[l] += weights.0[l];
            }
        }
        changed
    }

    #[inline(always)]
    fn sum(weights: &[Row<f64>]) -> Row<f64> {
        let mut sums = Row::<f64>::default();
        for weights in weights {
            for l in 0..LANES {
                sums.0[l] += weights.0[l];
            }
        }
        sums
    }

    #[inline(always)]
    fn divide(slice: &mut Slice<'_>, sums: &Row<f64>) -> Row<f64> {
        let divisors = sums.0.map(|sum| if sum > 0.0 { sum } else { 1.0 });
        let mut drive = Row::<f64>::default();
        for (weights, &now) in slice.weights.iter_mut().zip(slice.now) {
            for l in 0..LANES {
                let weight = weights.0[l] / divisors[l];
                weights.0[l] = weight;
                drive.0[l] += if now >> l & 1 != 0 { weight } else { 0.0 };
            }
        }
        drive
    }

    #[inline(always)]
    fn divide_carefully(slice: &mut Slice<'_>, sums: &Row<f64>) -> (Row<f64>, u32) {
        let existing = |weights: &[Row<f64>]| -> u32 {
            weights.iter().flat_map(|row| row.0).map(|weight| u32::from(weight.exists())).sum()
        };
        let before = existing(slice.weights);
        let drive = Self::divide(slice, sums);
        (drive, before - existing(slice.weights))
    }

    #[inline(always)]
    fn drive(weights: &[Row<f64>], now: &[Mask]) -> Row<f64> {
        let mut drive = Row::<f64>::default();
        for (weights, &now) in weights.iter().zip(now) {
            for l in 0..LANES {
                drive.0[l] += if now >> l & 1 != 0 { weights.0[l] } else { 0.0 };
            }
        }
        drive
    }
}

/// Of synapses that fell below [`TINY`], those at 0 or below get the floor; others are reported. Rare, so it need
/// not be fast.
#[cold]
pub(super) fn settle_low(weights: &mut Row<f64>, low: Mask, floor: f64, changed: &mut Changed) {
    for (l, weight) in weights.0.iter_mut().enumerate() {
        if low >> l & 1 == 0 {
            continue;
        }
        if *weight <= 0.0 {
            *weight = floor;
            changed.pruned += u32::from(!floor.exists());
        } else {
            changed.tiny = true;
        }
    }
}

/// Whether a synapse has a weight below [`TINY`].
pub(crate) fn any_tiny(weights: &[Row<f64>]) -> bool {
    weights.iter().any(|row| row.0.iter().fold(false, |tiny, &w| tiny | ((w < TINY) & (w > 0.0))))
}
