//! Loops over slices of sixteen columns side by side, in 64 bits.

use super::{Change, TINY};
use crate::simd::{LANES, MOST_PARTS, Mask, Real, Row, Simd, Vector, VectorF64, each_part, prefetch_row};

/// The columns of a slice, and who is active among their synapses.
pub(crate) struct Slice<'a> {
    pub(crate) weights: &'a mut [Row<f64>],
    /// Synapses that `Change::plus` is added to, if they exist; as many as rows, and more up to a multiple of sixteen.
    pub(crate) plus: &'a [Mask],
    /// Synapses that `Change::minus` is added to, if they exist, none of them in `plus`; as many.
    pub(crate) minus: &'a [Mask],
    /// Synapses whose presynaptic neuron is active at `t + 1`, as many as rows.
    pub(crate) now: &'a [Mask],
    /// Where the weights of a later slice begin; they are requested while this one is divided.
    pub(crate) soon: *const Row<f64>,
}

/// The outcome of a change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed {
    pub(crate) sums: Row<f64>,
    pub(crate) pruned: u32,
    /// Whether a weight is positive but below `TINY`.
    pub(crate) tiny: bool,
}

/// Rows whose changes one word lists.
const BLOCK: usize = 64;

/// A change of rows in vectors, and its outcome.
struct Changes<V: Vector<f64>> {
    raise: V,
    lower: V,
    floor: V,
    one: V,
    tiny: V,
    zero: V,
    /// Synapses that fell to 0 or below.
    fallen: u32,
    /// Lanes with a weight that is positive but below `TINY`.
    small: Mask,
}

impl<V: Vector<f64>> Changes<V> {
    #[inline(always)]
    fn apply(&mut self, row: &mut Row<f64>, plus: Mask, minus: Mask) {
        let (mut new, mut low) = ([self.zero; MOST_PARTS], [V::none(); MOST_PARTS]);
        each_part!(V, k => {
            let old = V::load(row, k);
            let (touched, minus) = (V::mask(plus | minus, k), V::mask(minus, k));
            let touched = old.exists(touched);
            let sum = old.add_where(touched, V::select(minus, self.lower, self.raise));
            low[k] = V::and(sum.lt(self.tiny), V::and(minus, touched));
            new[k] = sum.min(self.one);
        });
        // Rare.
        if V::any_of(low) {
            each_part!(V, k => {
                let fell = V::and(new[k].le(self.zero), low[k]);
                new[k] = V::select(fell, self.floor, new[k]);
                self.fallen += V::bits(fell).count_ones();
                self.small |= V::bits(V::without(low[k], fell));
            });
        }
        each_part!(V, k => {
            new[k].store(row, k);
        });
    }
}

/// Changes weights, limits them to `[0, 1]`, and adds them up.
///
/// If few rows change they are listed first: a branch for each row would be mispredicted.
#[inline(always)]
pub(crate) fn update<S: Simd>(slice: &mut Slice<'_>, change: &Change) -> Changed {
    let mut changes = Changes {
        raise: S::F64::splat(change.plus),
        lower: S::F64::splat(change.minus),
        floor: S::F64::splat(change.floor),
        one: S::F64::splat(1.0),
        tiny: S::F64::splat(TINY),
        zero: S::F64::splat(0.0),
        fallen: 0,
        small: 0,
    };
    let masks = slice.plus.chunks(BLOCK).zip(slice.minus.chunks(BLOCK));
    for (weights, (plus, minus)) in slice.weights.chunks_mut(BLOCK).zip(masks) {
        let mut rows = 0;
        for (n, (plus, minus)) in plus.as_chunks().0.iter().zip(minus.as_chunks().0).enumerate() {
            rows |= u64::from(S::any(plus, minus)) << (LANES * n);
        }
        rows &= u64::MAX >> (BLOCK - weights.len());
        if rows.count_ones() > S::MANY {
            rows = u64::MAX >> (BLOCK - weights.len());
        }
        while rows != 0 {
            let row = rows.trailing_zeros() as usize;
            rows &= rows - 1;
            changes.apply(&mut weights[row], plus[row], minus[row]);
        }
    }
    let pruned = if change.floor.exists() { 0 } else { changes.fallen };
    Changed { sums: sum::<S>(slice.weights), pruned, tiny: changes.small != 0 }
}

/// Adds up the weights.
#[inline(always)]
pub(crate) fn sum<S: Simd>(weights: &[Row<f64>]) -> Row<f64> {
    let mut sums = [S::F64::splat(0.0); MOST_PARTS];
    for row in weights {
        each_part!(S::F64, k => {
            sums[k] = sums[k].add(S::F64::load(row, k));
        });
    }
    to_row(sums)
}

/// Divides each column by its sum, an unconnected one by 1; returns the drive that neurons active at `t + 1` give, and how
/// many weights became 0 by underflow. Meanwhile it requests the later slice, a row with each of its own.
///
/// Unless `CAREFULLY`, no weight may be below `TINY`, except absent ones.
#[inline(always)]
pub(crate) fn divide<S: Simd, const CAREFULLY: bool>(
    slice: &mut Slice<'_>,
    sums: &Row<f64>,
) -> (Row<f64>, u32) {
    let (zero, one) = (S::F64::splat(0.0), S::F64::splat(1.0));
    let tiny = S::F64::splat(TINY);
    let (mut divisors, mut reciprocals) = ([one; MOST_PARTS], [one; MOST_PARTS]);
    each_part!(S::F64, k => {
        let sum = S::F64::load(sums, k);
        divisors[k] = S::F64::select(zero.lt(sum), sum, one);
        reciprocals[k] = one.div(divisors[k]);
    });
    let mut drive = [zero; MOST_PARTS];
    let mut died = 0;
    for (n, (row, &now)) in slice.weights.iter_mut().zip(slice.now).enumerate() {
        prefetch_row(slice.soon, n);
        each_part!(S::F64, k => {
            let old = S::F64::load(row, k);
            let mut new = old.quotient(divisors[k], reciprocals[k]);
            if CAREFULLY {
                let exists = old.exists(S::F64::mask(Mask::MAX, k));
                if S::F64::any(S::F64::and(old.lt(tiny), exists)) {
                    new = old.div(divisors[k]);
                    let dead = S::F64::without(exists, new.exists(exists));
                    died += S::F64::bits(dead).count_ones();
                }
            }
            new.store(row, k);
            drive[k] = drive[k].add_where(S::F64::mask(now, k), new);
        });
    }
    (to_row(drive), died)
}

/// The drive that neurons active at `t + 1` give.
#[inline(always)]
pub(crate) fn drive<S: Simd>(weights: &[Row<f64>], now: &[Mask]) -> Row<f64> {
    let mut drive = [S::F64::splat(0.0); MOST_PARTS];
    for (row, &now) in weights.iter().zip(now) {
        each_part!(S::F64, k => {
            drive[k] = drive[k].add_where(S::F64::mask(now, k), S::F64::load(row, k));
        });
    }
    to_row(drive)
}

#[inline(always)]
fn to_row<V: Vector<f64>>(parts: [V; MOST_PARTS]) -> Row<f64> {
    let mut row = Row::default();
    each_part!(V, k => {
        parts[k].store(&mut row, k);
    });
    row
}

/// Whether a synapse has a weight below [`TINY`].
pub(crate) fn any_tiny(weights: &[Row<f64>]) -> bool {
    weights.iter().any(|row| row.0.iter().fold(false, |tiny, &w| tiny | ((w < TINY) & (w > 0.0))))
}

#[cfg(test)]
mod tests;
