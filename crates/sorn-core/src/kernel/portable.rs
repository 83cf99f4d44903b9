//! The loops in plain Rust, and the same compiled for AVX2.

// Loops over lanes with an index become vector instructions.
#![allow(clippy::needless_range_loop)]

use super::isa::Isa;
use super::{Change, Changed, Kernels, LANES, Mask, Real, Row, Slice, TINY};

/// Kernels for every machine, or for those with AVX2.
pub(super) fn kernels(isa: Isa) -> Kernels {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::kernels(),
        _ => Kernels { update, sum, divide, drive },
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::*;

    pub(super) fn kernels() -> Kernels {
        Kernels {
            // SAFETY: `portable::kernels` gives these out only for AVX2.
            update: |slice, change| unsafe { update(slice, change) },
            // SAFETY: as above.
            sum: |weights| unsafe { sum(weights) },
            // SAFETY: as above.
            divide: |slice, sums| unsafe { divide(slice, sums) },
            // SAFETY: as above.
            drive: |weights, now| unsafe { drive(weights, now) },
        }
    }

    #[target_feature(enable = "avx2")]
    fn update(slice: Slice<'_>, change: &Change) -> Changed {
        super::update(slice, change)
    }

    #[target_feature(enable = "avx2")]
    fn sum(weights: &[Row<f64>]) -> Row<f64> {
        super::sum(weights)
    }

    #[target_feature(enable = "avx2")]
    fn divide(slice: Slice<'_>, sums: &Row<f64>) -> Row<f64> {
        super::divide(slice, sums)
    }

    #[target_feature(enable = "avx2")]
    fn drive(weights: &[Row<f64>], now: &[Mask]) -> Row<f64> {
        super::drive(weights, now)
    }
}

#[inline(always)]
fn update(slice: Slice<'_>, change: &Change) -> Changed {
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
fn divide(slice: Slice<'_>, sums: &Row<f64>) -> Row<f64> {
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
fn drive(weights: &[Row<f64>], now: &[Mask]) -> Row<f64> {
    let mut drive = Row::<f64>::default();
    for (weights, &now) in weights.iter().zip(now) {
        for l in 0..LANES {
            drive.0[l] += if now >> l & 1 != 0 { weights.0[l] } else { 0.0 };
        }
    }
    drive
}

/// Like `Kernels::divide`, for weights of any size and negative zeros; also returns how many became 0 by underflow.
pub(crate) fn divide_carefully(slice: Slice<'_>, sums: &Row<f64>) -> (Row<f64>, u32) {
    let divisors = sums.0.map(|sum| if sum > 0.0 { sum } else { 1.0 });
    let mut drive = Row::<f64>::default();
    let mut died = 0;
    for (weights, &now) in slice.weights.iter_mut().zip(slice.now) {
        for (l, &divisor) in divisors.iter().enumerate() {
            let old = weights.0[l];
            let weight = old / divisor;
            died += u32::from(old.exists() && !weight.exists());
            weights.0[l] = weight;
            drive.0[l] += if now >> l & 1 != 0 { weight } else { 0.0 };
        }
    }
    (drive, died)
}

/// Whether a synapse has a weight below [`TINY`].
pub(crate) fn any_tiny(weights: &[Row<f64>]) -> bool {
    weights.iter().any(|row| row.0.iter().fold(false, |tiny, &w| tiny | ((w < TINY) & (w > 0.0))))
}
