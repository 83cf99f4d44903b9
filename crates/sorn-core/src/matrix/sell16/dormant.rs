//! Slices that are skipped while only scaling would change them.
//!
//! Repeated division of a column by its sum leads, after a step or two, to weights that stay the same or to two sets of weights
//! that alternate (rarely to a longer cycle). A slice in which all columns have reached this state is dormant until a rule
//! touches it. It stores one of the two sets, and the sums that divide this set into the other.

use super::{AHEAD, Sell16};
use crate::kernels::lookup::Index;
use crate::kernels::slice::{self, Watched};
use crate::matrix::storage::{Learning, Op};
use crate::simd::{LANES, Row, Scalar, Simd};

/// What is known of the repeated division of a slice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calm {
    stage: Stage,
    /// The sums by which the stored weights were divided.
    previous: Row<f64>,
    /// The sums of the stored weights.
    sums: Row<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// A rule has touched the slice since the last division.
    #[default]
    Touched,
    /// No rule has touched the slice, and `previous` is known.
    Divided,
    /// No rule has touched the slice, and `previous` and `sums` are known.
    Watched,
    /// The current weights are the stored ones.
    Dormant,
    /// The current weights are the stored ones divided by their sums.
    Turned,
}

impl Calm {
    pub(super) fn is_dormant(&self) -> bool {
        matches!(self.stage, Stage::Dormant | Stage::Turned)
    }

    /// Records a division.
    pub(super) fn divided(&mut self, sums: &Row<f64>) {
        (self.stage, self.previous) = (Stage::Divided, *sums);
    }

    /// Records a watched division.
    pub(super) fn watched(&mut self, sums: &Row<f64>, watched: &Watched) {
        self.stage = if watched.returns { Stage::Dormant } else { Stage::Watched };
        (self.previous, self.sums) = (*sums, watched.sums);
    }

    /// Records a division of a dormant slice.
    pub(super) fn turn(&mut self) {
        self.stage = if self.stage == Stage::Dormant { Stage::Turned } else { Stage::Dormant };
    }
}

impl<I: Index> Sell16<I> {
    /// The divisor that turns the stored weights of a column into the current ones.
    pub(super) fn divisor(&self, post: usize) -> f64 {
        let calm = self.calm.get(post / LANES).filter(|calm| calm.stage == Stage::Turned);
        calm.map(|calm| calm.sums.0[post % LANES]).filter(|&sum| sum > 0.0).unwrap_or(1.0)
    }

    /// Whether a slice is dormant and the rules do not change it. A slice that they change is woken. Its masks must be filled.
    #[inline(always)]
    pub(super) fn stays_dormant<S: Simd>(&mut self, index: usize, learning: &Learning<'_>) -> bool {
        let Some(calm) = self.calm.get_mut(index) else { return false };
        let depth = self.slices[index].depth;
        let changed = || {
            let masks = self.masks.plus[..depth].iter().zip(&self.masks.minus[..depth]);
            masks.fold(0, |any, (plus, minus)| any | plus | minus) != 0
        };
        if learning.pairing(index).is_none() || !learning.ops.contains(&Op::Update) || !changed() {
            return calm.is_dormant();
        }
        self.rouse::<S>(index);
        false
    }

    /// Wakes a slice before its weights change.
    #[inline(always)]
    pub(super) fn rouse<S: Simd>(&mut self, index: usize) {
        let Some(calm) = self.calm.get_mut(index) else { return };
        if calm.is_dormant() {
            let extent = &mut self.slices[index];
            let weights = &mut self.arena.weights[extent.rows()];
            if calm.stage == Stage::Turned {
                slice::divide_by::<S>(weights, &calm.sums);
            }
            // Dormant slices are not searched for tiny weights.
            extent.tiny |= slice::any_tiny(weights);
        }
        calm.stage = Stage::Touched;
    }

    pub(super) fn rouse_all(&mut self) {
        (0..self.calm.len()).for_each(|index| self.rouse::<Scalar>(index));
    }

    /// For a slice that no rule has touched since the last division: the sums of its weights, if they are known, and the sums
    /// before that division.
    #[inline(always)]
    pub(super) fn last_division(&self, index: usize) -> (Option<Row<f64>>, Option<Row<f64>>) {
        match self.calm.get(index) {
            Some(Calm { stage: Stage::Divided, previous, .. }) => (None, Some(*previous)),
            Some(Calm { stage: Stage::Watched, previous, sums }) => (Some(*sums), Some(*previous)),
            _ => (None, None),
        }
    }

    /// The drive of a dormant slice. It prefetches the weights for the drive of a later slice.
    #[inline(always)]
    pub(super) fn dormant_drive<S: Simd>(&mut self, index: usize) -> Row<f64> {
        if let (Some(soon), Some(events)) = (self.slices.get(index + AHEAD), &self.events) {
            let first = self.arena.weights.as_ptr().wrapping_add(soon.start);
            slice::prefetch_active::<S>(first, events.active(soon.rows()));
        }
        let calm = &self.calm[index];
        let sums = if calm.stage == Stage::Turned { calm.sums } else { Row([1.0; LANES]) };
        let extent = self.slices[index];
        let now = &self.masks.now[..extent.depth.next_multiple_of(LANES)];
        slice::sparse_drive::<S>(&self.arena.weights[extent.rows()], now, &sums)
    }
}

#[cfg(test)]
mod tests;
