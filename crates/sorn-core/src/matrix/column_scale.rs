//! The unit, sum and length of each column of a 32-bit matrix.
//!
//! Weights are in the unit of their column, so that scaling a column changes one number: a rule adds in that unit and keeps
//! the column's sum up to date, and scaling makes the sum the unit. Units that have moved far from 1 are multiplied by powers of
//! two, which changes no bit of a mantissa. When that happens depends only on saved state, so that resumed runs match.

use crate::huge_pages;
use crate::simd::LANES;
use std::ops::Range;

/// Steps after which sums are recomputed, because rounding errors accumulate in them and they may shrink.
pub(crate) const ADD_UP_EVERY: u64 = 128;

/// Largest number of last bits by which a weight above its unit is encoded as a distance from 1.
const MOST_ABOVE: u32 = 1 << 16;

/// One value of each kind per column; the columns are padded to whole slices.
#[derive(Clone, Debug)]
pub(crate) struct ColumnScale {
    /// The weight that counts as 1.
    pub(crate) units: Vec<f32>,
    /// Sum of the weights.
    pub(crate) sums: Vec<f64>,
    /// Number of synapses.
    pub(crate) lengths: Vec<u32>,
}

/// The same as slices, so that a loop does not reload the pointers of the vectors.
#[derive(Debug)]
pub(crate) struct ScaleMut<'a> {
    pub(crate) units: &'a [f32],
    pub(crate) sums: &'a mut [f64],
    pub(crate) lengths: &'a mut [u32],
}

impl ScaleMut<'_> {
    /// Like [`ColumnScale::lose`].
    pub(crate) fn lose(&mut self, post: usize, number: u32) {
        self.lengths[post] -= number;
        if self.lengths[post] == 0 {
            // Otherwise a rounding error would remain as the sum of an empty column.
            self.sums[post] = 0.0;
        }
    }
}

impl ColumnScale {
    pub(crate) fn new(n_post: usize) -> Self {
        let n_post = n_post.next_multiple_of(LANES);
        let units =
            ColumnScale { units: vec![1.0; n_post], sums: vec![0.0; n_post], lengths: vec![0; n_post] };
        huge_pages::ask(&units.units);
        huge_pages::ask(&units.sums);
        huge_pages::ask(&units.lengths);
        units
    }

    /// Restores a column from saved weights, where `kept` holds its saved unit and sum, and passes each weight to `store` in the
    /// column's unit.
    pub(crate) fn read(
        &mut self,
        post: usize,
        kept: Option<&[f64; 2]>,
        synapses: impl Iterator<Item = (u32, f64)>,
        mut store: impl FnMut(u32, f32),
    ) {
        let unit = kept.map_or(1.0, |kept| kept[0] as f32);
        let (mut sum, mut length) = (0.0, 0);
        for (pre, weight) in synapses {
            // An existing synapse of weight zero has `-0.0`, see `kernels`.
            let weight = match (1.0 - weight) / f64::EPSILON {
                _ if weight == 0.0 => -0.0,
                // See `plain`.
                above if kept.is_some() && above <= f64::from(MOST_ABOVE) => {
                    f32::from_bits(unit.to_bits() + above as u32)
                }
                _ => (weight * f64::from(unit)) as f32,
            };
            store(pre, weight);
            sum += f64::from(weight);
            length += 1;
        }
        // The saved sum differs from this one in the last bits; it differs by more only if the saved weights were edited.
        let kept = kept.map(|kept| kept[1]).filter(|kept| (kept - sum).abs() <= 1e-6 * f64::from(unit));
        (self.units[post], self.sums[post], self.lengths[post]) = (unit, kept.unwrap_or(sum), length);
    }

    /// A stored weight of a column as a plain number.
    ///
    /// If a column has one weight, rounding of its sum can leave the weight a few last bits (of 32) above the unit. The plain
    /// number is then 1 minus as many last bits (of 64), from which [`read`](Self::read) restores the stored weight.
    pub(crate) fn plain(&self, post: usize, weight: f32) -> f64 {
        let unit = self.units[post];
        if weight > unit {
            let above = weight.to_bits().saturating_sub(unit.to_bits()).min(MOST_ABOVE);
            return 1.0 - f64::from(above) * f64::EPSILON;
        }
        // `+ 0.0` turns the negative zero of an existing synapse into a positive zero.
        f64::from(weight) / f64::from(unit) + 0.0
    }

    /// Makes the sums of columns their units; returns whether one is not `near` 1.
    #[inline(always)]
    pub(crate) fn scale(&mut self, near: &Range<f32>) -> bool {
        // The bits of positive numbers are ordered like the numbers, and minimum and maximum of integers have no special cases.
        let (mut least, mut largest) = (u32::MAX, 0);
        for (unit, &sum) in self.units.iter_mut().zip(&self.sums) {
            let new = sum as f32;
            // Tests the sign in 32 bits instead of 64.
            *unit = if new.to_bits().cast_signed() > 0 { new } else { 1.0 };
            least = least.min(unit.to_bits());
            largest = largest.max(unit.to_bits());
        }
        least < near.start.to_bits() || largest >= near.end.to_bits()
    }

    /// Records that a column lost synapses.
    pub(crate) fn lose(&mut self, post: usize, number: u32) {
        self.all_mut().lose(post, number);
    }

    pub(crate) fn all_mut(&mut self) -> ScaleMut<'_> {
        ScaleMut { units: &self.units, sums: &mut self.sums, lengths: &mut self.lengths }
    }

    /// Sets the sums of columns without synapses to 0.
    #[cold]
    pub(crate) fn clear_empty(&mut self) {
        let empty = self.sums.iter_mut().zip(&self.lengths).filter(|(_, length)| **length == 0);
        empty.for_each(|(sum, _)| *sum = 0.0);
    }

    /// The power of two that brings the unit of a column to `[1, 2)`.
    pub(crate) fn power(&self, post: usize) -> f32 {
        f32::from_bits((254 << 23) - (self.units[post].to_bits() & 0x7f80_0000))
    }

    /// Brings the unit of a column to `[1, 2)`; the weights must have been multiplied by [`power`](Self::power).
    pub(crate) fn fold(&mut self, post: usize) {
        let power = self.power(post);
        self.units[post] *= power;
        self.sums[post] *= f64::from(power);
    }

    /// Applies `change` to a weight of a column and limits the result to `[0, 1]`; returns the number to store.
    pub(crate) fn edit(
        &mut self,
        post: usize,
        old: f32,
        keep_zeros: bool,
        change: impl FnOnce(&mut f64),
    ) -> f32 {
        let unit = f64::from(self.units[post]);
        let before = f64::from(old) / unit;
        let mut weight = before;
        change(&mut weight);
        if weight.is_nan() || weight == before {
            return old;
        }
        let floor = if keep_zeros { -0.0 } else { 0.0 };
        let new = if weight <= 0.0 { floor } else { (weight.min(1.0) * unit) as f32 };
        self.sums[post] += f64::from(new) - f64::from(old);
        new
    }

    /// Records a new synapse; returns its weight in the column's unit.
    pub(crate) fn insert(&mut self, post: usize, weight: f64) -> f32 {
        let weight = (weight * f64::from(self.units[post])) as f32;
        self.lengths[post] += 1;
        self.sums[post] += f64::from(weight);
        weight
    }

    /// Appends unit and sum of the first `n_post` columns.
    pub(crate) fn append_to(&self, n_post: usize, units: &mut Vec<[f64; 2]>) {
        let columns = self.units.iter().zip(&self.sums).take(n_post);
        units.extend(columns.map(|(&unit, &sum)| [f64::from(unit), sum]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_above_its_unit_is_read_again() {
        for unit in [0.13_f32, 1.0, 1.9999999] {
            for above in [0, 1, 3, MOST_ABOVE] {
                let stored = f32::from_bits(unit.to_bits() + above);
                let mut columns = ColumnScale::new(1);
                columns.units[0] = unit;
                let plain = columns.plain(0, stored);
                assert!((1.0 - 1e-10..=1.0).contains(&plain), "{plain}");
                let (mut read, kept) = (Vec::new(), [f64::from(unit), f64::from(unit)]);
                columns
                    .read(0, Some(&kept), [(4, plain)].into_iter(), |pre, weight| read.push((pre, weight)));
                assert_eq!(read, [(4, stored)]);
            }
        }
    }
}
