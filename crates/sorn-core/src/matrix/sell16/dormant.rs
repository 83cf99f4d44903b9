//! Slices that are left alone while nothing but scaling would change them.
//!
//! Dividing a column by its sum again and again ends, after a step or two, in weights that stay, or in two sets of weights
//! that take turns (rarely in a longer cycle). A slice whose columns have all come that far is dormant until a rule touches
//! it: it keeps one of the two sets, and the sums by which that is divided into the other.

use super::{AHEAD, Sell16};
use crate::kernels::lookup::Index;
use crate::kernels::slice::{self, Watched};
use crate::matrix::storage::{Learning, Op};
use crate::simd::{LANES, Row, Scalar, Simd};

/// How calm a slice is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calm {
    stage: Stage,
    /// The sums by which the stored weights were divided.
    previous: Row<f64>,
    /// Those of the stored weights.
    sums: Row<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// A rule has touched it since the last division.
    #[default]
    Touched,
    /// Nothing has, and `previous` is known.
    Divided,
    /// Nothing has, and the sums are known.
    Watched,
    /// The weights of now are those that are stored.
    Dormant,
    /// The weights of now are those that are stored, divided by their sums.
    Turned,
}

impl Calm {
    pub(super) fn is_dormant(&self) -> bool {
        matches!(self.stage, Stage::Dormant | Stage::Turned)
    }

    /// Notes a division.
    pub(super) fn divided(&mut self, sums: &Row<f64>) {
        (self.stage, self.previous) = (Stage::Divided, *sums);
    }

    /// Notes a division that was watched.
    pub(super) fn watched(&mut self, sums: &Row<f64>, watched: &Watched) {
        self.stage = if watched.returns { Stage::Dormant } else { Stage::Watched };
        (self.previous, self.sums) = (*sums, watched.sums);
    }

    /// Notes a division of a dormant slice.
    pub(super) fn turn(&mut self) {
        self.stage = if self.stage == Stage::Dormant { Stage::Turned } else { Stage::Dormant };
    }
}

impl<I: Index> Sell16<I> {
    /// What divides the stored weights of a column into those of now.
    pub(super) fn divisor(&self, post: usize) -> f64 {
        let calm = self.calm.get(post / LANES).filter(|calm| calm.stage == Stage::Turned);
        calm.map(|calm| calm.sums.0[post % LANES]).filter(|&sum| sum > 0.0).unwrap_or(1.0)
    }

    /// Whether a slice is dormant and the rules leave it so; otherwise it is awake from here on. Its masks are filled.
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

    /// Wakes a slice, of which weights are to change.
    #[inline(always)]
    pub(super) fn rouse<S: Simd>(&mut self, index: usize) {
        let Some(calm) = self.calm.get_mut(index) else { return };
        if calm.is_dormant() {
            let extent = &mut self.slices[index];
            let weights = &mut self.arena.weights[extent.rows()];
            if calm.stage == Stage::Turned {
                slice::divide_by::<S>(weights, &calm.sums);
            }
            // Nobody has looked meanwhile.
            extent.tiny |= slice::any_tiny(weights);
        }
        calm.stage = Stage::Touched;
    }

    pub(super) fn rouse_all(&mut self) {
        (0..self.calm.len()).for_each(|index| self.rouse::<Scalar>(index));
    }

    /// Of a slice that no rule has touched since the last division: the sums of its weights, if they are known, and those of
    /// the weights before that division.
    #[inline(always)]
    pub(super) fn last_division(&self, index: usize) -> (Option<Row<f64>>, Option<Row<f64>>) {
        match self.calm.get(index) {
            Some(Calm { stage: Stage::Divided, previous, .. }) => (None, Some(*previous)),
            Some(Calm { stage: Stage::Watched, previous, sums }) => (Some(*sums), Some(*previous)),
            _ => (None, None),
        }
    }

    /// The drive of a dormant slice. Meanwhile it requests what that of a later one reads.
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
