//! The loops in plain Rust, and the same compiled for AVX2.

use super::isa::Isa;
use super::{Change, Changed, Kernels, LANES, Mask, Real, Row, Slice};

/// Kernels for every machine, or for those with AVX2.
pub(super) fn kernels<T: Real>(isa: Isa) -> Kernels<T> {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::kernels(),
        _ => Kernels { update, sum, divide, drive },
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::*;

    pub(super) fn kernels<T: Real>() -> Kernels<T> {
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
    fn update<T: Real>(slice: Slice<'_, T>, change: &Change) -> Changed<T> {
        super::update(slice, change)
    }

    #[target_feature(enable = "avx2")]
    fn sum<T: Real>(weights: &[Row<T>]) -> Row<T> {
        super::sum(weights)
    }

    #[target_feature(enable = "avx2")]
    fn divide<T: Real>(slice: Slice<'_, T>, sums: &Row<T>) -> Row<T> {
        super::divide(slice, sums)
    }

    #[target_feature(enable = "avx2")]
    fn drive<T: Real>(weights: &[Row<T>], now: &[Mask]) -> Row<T> {
        super::drive(weights, now)
    }
}

#[inline(always)]
fn update<T: Real>(slice: Slice<'_, T>, change: &Change) -> Changed<T> {
    let mut changed = Changed { sums: Row::default(), pruned: 0, tiny: false };
    let (raise, lower) = (T::from_f64(change.plus), T::from_f64(change.minus));
    let masks = slice.plus.iter().zip(slice.minus);
    for (weights, (&plus, &minus)) in slice.weights.iter_mut().zip(masks) {
        let mut low: Mask = 0;
        for l in 0..LANES {
            let old = weights.0[l];
            let (up, down) = (plus >> l & 1 != 0 && old.exists(), minus >> l & 1 != 0 && old.exists());
            let sum = old + if up { raise } else { T::ZERO } + if down { lower } else { T::ZERO };
            // Adding 0.0 would turn a negative zero into an absent synapse.
            let sum = if up | down { sum } else { old };
            weights.0[l] = if sum > T::ONE { T::ONE } else { sum };
            low |= Mask::from(down & (sum < T::TINY)) << l;
        }
        if low != 0 {
            settle_low(weights, low, change.floor, &mut changed);
        }
        for l in 0..LANES {
            changed.sums.0[l] = changed.sums.0[l] + weights.0[l];
        }
    }
    changed
}

/// Of synapses that fell below [`Real::TINY`], those at 0 or below get the floor; others are reported. Rare, so it need
/// not be fast.
#[cold]
pub(super) fn settle_low<T: Real>(weights: &mut Row<T>, low: Mask, floor: f64, changed: &mut Changed<T>) {
    let floor = T::from_f64(floor);
    for (l, weight) in weights.0.iter_mut().enumerate() {
        if low >> l & 1 == 0 {
            continue;
        }
        if *weight <= T::ZERO {
            *weight = floor;
            changed.pruned += u32::from(!floor.exists());
        } else {
            changed.tiny = true;
        }
    }
}

#[inline(always)]
fn sum<T: Real>(weights: &[Row<T>]) -> Row<T> {
    let mut sums = Row::<T>::default();
    for weights in weights {
        for l in 0..LANES {
            sums.0[l] = sums.0[l] + weights.0[l];
        }
    }
    sums
}

#[inline(always)]
fn divide<T: Real>(slice: Slice<'_, T>, sums: &Row<T>) -> Row<T> {
    let divisors = sums.0.map(|sum| if sum > T::ZERO { sum } else { T::ONE });
    let reciprocals = divisors.map(|divisor| T::ONE / divisor);
    let mut drive = Row::<T>::default();
    for (weights, &now) in slice.weights.iter_mut().zip(slice.now) {
        for l in 0..LANES {
            let weight = T::quotient(weights.0[l], divisors[l], reciprocals[l]);
            weights.0[l] = weight;
            drive.0[l] = drive.0[l] + if now >> l & 1 != 0 { weight } else { T::ZERO };
        }
    }
    drive
}

#[inline(always)]
fn drive<T: Real>(weights: &[Row<T>], now: &[Mask]) -> Row<T> {
    let mut drive = Row::<T>::default();
    for (weights, &now) in weights.iter().zip(now) {
        for l in 0..LANES {
            drive.0[l] = drive.0[l] + if now >> l & 1 != 0 { weights.0[l] } else { T::ZERO };
        }
    }
    drive
}

/// Like `Kernels::divide`, for weights of any size and negative zeros; also returns how many became 0 by underflow.
pub(crate) fn divide_carefully<T: Real>(slice: Slice<'_, T>, sums: &Row<T>) -> (Row<T>, u32) {
    let divisors = sums.0.map(|sum| if sum > T::ZERO { sum } else { T::ONE });
    let mut drive = Row::<T>::default();
    let mut died = 0;
    for (weights, &now) in slice.weights.iter_mut().zip(slice.now) {
        for (l, &divisor) in divisors.iter().enumerate() {
            let old = weights.0[l];
            let weight = T::quotient(old, divisor, T::ONE / divisor);
            died += u32::from(old.exists() && !weight.exists());
            weights.0[l] = weight;
            drive.0[l] = drive.0[l] + if now >> l & 1 != 0 { weight } else { T::ZERO };
        }
    }
    (drive, died)
}

/// Whether a synapse has a weight below [`Real::TINY`].
pub(crate) fn any_tiny<T: Real>(weights: &[Row<T>]) -> bool {
    weights.iter().any(|row| row.0.iter().fold(false, |tiny, &w| tiny | ((w < T::TINY) & (w > T::ZERO))))
}
