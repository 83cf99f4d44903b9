//! Loops over slices of sixteen columns side by side, in 64 bits.

use super::{Change, TINY};
use crate::simd::{LANES, MOST_PARTS, Mask, Real, Row, Simd, Vector, VectorF64, each_part, prefetch_row};

/// The columns of a slice, with masks of the synapses to change and of those with an active presynaptic neuron.
pub(crate) struct Slice<'a> {
    pub(crate) weights: &'a mut [Row<f64>],
    /// Synapses that `Change::plus` is added to, if they exist; as many as rows, and more up to a multiple of sixteen.
    pub(crate) plus: &'a [Mask],
    /// Synapses that `Change::minus` is added to, if they exist, none of them in `plus`; as many.
    pub(crate) minus: &'a [Mask],
    /// Synapses whose presynaptic neuron is active at `t + 1`, as many as rows or more.
    pub(crate) now: &'a [Mask],
    /// Start of the weights of a later slice, which are prefetched while this one is divided.
    pub(crate) soon: *const Row<f64>,
}

/// The outcome of a change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed {
    pub(crate) pruned: u32,
    /// Whether a weight is positive but below `TINY`.
    pub(crate) tiny: bool,
}

/// Rows that have one bit each in a word.
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

/// Changes weights, and limits them to `[0, 1]`.
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
        for row in Rows::list::<S>(plus, minus, weights.len()) {
            changes.apply(&mut weights[row], plus[row], minus[row]);
        }
    }
    let pruned = if change.floor.exists() { 0 } else { changes.fallen };
    Changed { pruned, tiny: changes.small != 0 }
}

/// The rows, of at most 64, that have a bit in one of two masks; all rows if most have one.
struct Rows(u64);

impl Rows {
    /// Lists them first: a branch for each row would be mispredicted.
    #[inline(always)]
    fn list<S: Simd>(a: &[Mask], b: &[Mask], count: usize) -> Self {
        let mut rows = 0;
        for (n, (a, b)) in a.as_chunks().0.iter().zip(b.as_chunks().0).enumerate() {
            rows |= u64::from(S::any(a, b)) << (LANES * n);
        }
        let all = u64::MAX >> (BLOCK - count);
        Rows(if (rows & all).count_ones() > S::MANY { all } else { rows & all })
    }
}

impl Iterator for Rows {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let row = (self.0 != 0).then(|| self.0.trailing_zeros() as usize)?;
        self.0 &= self.0 - 1;
        Some(row)
    }
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

/// Divides each column by its sum, an unconnected column by 1. Returns the drive from the neurons active at `t + 1`, and the
/// number of weights that underflowed to 0. With each row it prefetches a row of the later slice.
///
/// Without `CAREFULLY`, no weight may be below `TINY`, except absent ones.
#[inline(always)]
pub(crate) fn divide<S: Simd, const CAREFULLY: bool>(
    slice: &mut Slice<'_>,
    sums: &Row<f64>,
) -> (Row<f64>, u32) {
    let (zero, tiny) = (S::F64::splat(0.0), S::F64::splat(TINY));
    let divisors = divisors::<S>(sums);
    let mut drive = [zero; MOST_PARTS];
    let mut died = 0;
    for (n, (row, &now)) in slice.weights.iter_mut().zip(slice.now).enumerate() {
        prefetch_row(slice.soon, n);
        each_part!(S::F64, k => {
            let old = S::F64::load(row, k);
            let mut new = divisors[k].quotient(old);
            if CAREFULLY {
                let exists = old.exists(S::F64::mask(Mask::MAX, k));
                if S::F64::any(S::F64::and(old.lt(tiny), exists)) {
                    new = old.div(divisors[k].sum);
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

/// The outcome of a watched division.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    /// The drive from the neurons active at `t + 1`.
    pub(crate) drive: Row<f64>,
    /// The sums of the quotients.
    pub(crate) sums: Row<f64>,
    /// Whether two sets of weights alternate: dividing the quotients by their sums restores the weights before the division.
    pub(crate) returns: bool,
}

/// Like [`divide`], given the sums of the previous division. No weight may be below `TINY`, except absent ones.
#[inline(always)]
pub(crate) fn divide_and_watch<S: Simd>(
    slice: &mut Slice<'_>,
    sums: &Row<f64>,
    previous: &Row<f64>,
) -> Watched {
    let mut watched = Watched { drive: Row::default(), sums: Row::default(), returns: true };
    // A part of all rows after another: what one needs fits in registers, and the rows in the first level of caches.
    each_part!(S::F64, k => {
        let zero = S::F64::splat(0.0);
        let previous = S::F64::load(previous, k);
        let (divisor, backwards) = (Divisor::new(S::F64::load(sums, k)), Divisor::new(previous));
        let (mut drive, mut next, mut differ) = (zero, zero, S::F64::none());
        for (n, (row, &now)) in slice.weights.iter_mut().zip(slice.now).enumerate() {
            if k == 0 {
                prefetch_row(slice.soon, n);
            }
            let old = S::F64::load(row, k);
            let new = divisor.quotient(old);
            new.store(row, k);
            drive = drive.add_where(S::F64::mask(now, k), new);
            next = next.add(new);
            differ = S::F64::or(differ, backwards.quotient(new).sub(old).nonzero());
        }
        differ = S::F64::or(differ, next.sub(previous).nonzero());
        drive.store(&mut watched.drive, k);
        next.store(&mut watched.sums, k);
        watched.returns &= !S::F64::any(differ);
    });
    watched
}

/// Divides each column by its sum; no weight may be below [`TINY`], except absent ones.
#[inline(always)]
pub(crate) fn divide_by<S: Simd>(weights: &mut [Row<f64>], sums: &Row<f64>) {
    let divisors = divisors::<S>(sums);
    for row in weights {
        each_part!(S::F64, k => {
            divisors[k].quotient(S::F64::load(row, k)).store(row, k);
        });
    }
}

/// The drive that neurons active at `t + 1` give, if few are, and if each column is first divided by a sum. There are as
/// many masks as rows, and more up to a multiple of sixteen.
#[inline(always)]
pub(crate) fn sparse_drive<S: Simd>(weights: &[Row<f64>], now: &[Mask], sums: &Row<f64>) -> Row<f64> {
    let divisors = divisors::<S>(sums);
    let mut drive = [S::F64::splat(0.0); MOST_PARTS];
    for (weights, now) in weights.chunks(BLOCK).zip(now.chunks(BLOCK)) {
        for row in Rows::list::<S>(now, now, weights.len()) {
            each_part!(S::F64, k => {
                let weight = divisors[k].quotient(S::F64::load(&weights[row], k));
                drive[k] = drive[k].add_where(S::F64::mask(now[row], k), weight);
            });
        }
    }
    to_row(drive)
}

/// Prefetches the rows from `first` on that have a bit, sixteen rows at a time.
#[inline(always)]
pub(crate) fn prefetch_active<S: Simd>(first: *const Row<f64>, now: &[Mask]) {
    for (block, now) in now.chunks(BLOCK).enumerate() {
        for row in Rows::list::<S>(now, now, now.len()) {
            prefetch_row(first, block * BLOCK + row);
        }
    }
}

/// The drive that neurons active at `t + 1` give. There are as many masks as rows, and more up to a multiple of sixteen.
#[inline(always)]
pub(crate) fn drive<S: Simd>(weights: &[Row<f64>], now: &[Mask]) -> Row<f64> {
    let mut drive = [S::F64::splat(0.0); MOST_PARTS];
    for (weights, now) in weights.chunks(BLOCK).zip(now.chunks(BLOCK)) {
        for row in Rows::list::<S>(now, now, weights.len()) {
            each_part!(S::F64, k => {
                drive[k] = drive[k].add_where(S::F64::mask(now[row], k), S::F64::load(&weights[row], k));
            });
        }
    }
    to_row(drive)
}

/// Sums of columns (1 for an unconnected column), and their reciprocals.
#[derive(Clone, Copy)]
struct Divisor<V> {
    sum: V,
    reciprocal: V,
}

#[inline(always)]
fn divisors<S: Simd>(sums: &Row<f64>) -> [Divisor<S::F64>; MOST_PARTS] {
    let one = S::F64::splat(1.0);
    let mut divisors = [Divisor { sum: one, reciprocal: one }; MOST_PARTS];
    each_part!(S::F64, k => {
        divisors[k] = Divisor::new(S::F64::load(sums, k));
    });
    divisors
}

impl<V: VectorF64> Divisor<V> {
    #[inline(always)]
    fn new(sum: V) -> Self {
        let one = V::splat(1.0);
        let sum = V::select(V::splat(0.0).lt(sum), sum, one);
        Divisor { sum, reciprocal: one.div(sum) }
    }

    /// See [`VectorF64::quotient`].
    #[inline(always)]
    fn quotient(self, weight: V) -> V {
        weight.quotient(self.sum, self.reciprocal)
    }
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
