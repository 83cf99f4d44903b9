//! The loops in plain Rust.

use super::{Change, Changed, Kernels, LANES, Mask, Real, Row, Slice, TINY};

pub(super) fn kernels() -> Kernels<f64> {
    Kernels { update, sum, divide, drive }
}

#[inline(always)]
pub(super) fn update(slice: Slice<'_, f64>, change: &Change) -> Changed<f64> {
    let mut changed = Changed { sums: Row::default(), pruned: 0, tiny: false };
    let masks = slice.plus.iter().zip(slice.minus);
    for (weights, (&plus, &minus)) in slice.weights.iter_mut().zip(masks) {
        let mut low: Mask = 0;
        for l in 0..LANES {
            let old = weights.0[l];
            let (up, down) = (plus >> l & 1 != 0 && old.exists(), minus >> l & 1 != 0 && old.exists());
            let sum = old + if up { change.plus } else { 0.0 } + if down { change.minus } else { 0.0 };
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

/// Of synapses that fell below [`TINY`], those at 0 or below get the floor; others are reported. Rare, so it need not
/// be fast.
#[cold]
pub(super) fn settle_low(weights: &mut Row<f64>, low: Mask, floor: f64, changed: &mut Changed<f64>) {
    for l in 0..LANES {
        let weight = weights.0[l];
        if low >> l & 1 == 0 {
            continue;
        }
        if weight <= 0.0 {
            weights.0[l] = floor;
            changed.pruned += u32::from(!floor.exists());
        } else {
            changed.tiny = true;
        }
    }
}

#[inline(always)]
pub(super) fn sum(weights: &[Row<f64>]) -> Row<f64> {
    let mut sums = Row::default();
    for weights in weights {
        for l in 0..LANES {
            sums.0[l] += weights.0[l];
        }
    }
    sums
}

#[inline(always)]
pub(super) fn divide(slice: Slice<'_, f64>, sums: &Row<f64>, _careful: bool) -> Row<f64> {
    let divisors = sums.0.map(|sum| if sum > 0.0 { sum } else { 1.0 });
    let mut drive = Row::default();
    for (weights, &now) in slice.weights.iter_mut().zip(slice.now) {
        for (l, divisor) in divisors.iter().enumerate() {
            let weight = weights.0[l] / divisor;
            weights.0[l] = weight;
            drive.0[l] += if now >> l & 1 != 0 { weight } else { 0.0 };
        }
    }
    drive
}

#[inline(always)]
pub(super) fn drive(weights: &[Row<f64>], now: &[Mask]) -> Row<f64> {
    let mut drive = Row::default();
    for (weights, &now) in weights.iter().zip(now) {
        for l in 0..LANES {
            drive.0[l] += if now >> l & 1 != 0 { weights.0[l] } else { 0.0 };
        }
    }
    drive
}
