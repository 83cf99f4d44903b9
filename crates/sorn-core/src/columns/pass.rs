//! The pass over slices, compiled for the registers that the machine has.

use super::{Columns, Extent, ROW_BLOCK};
use crate::kernel::isa::{Isa, forms};
use crate::kernel::lookup::{Index, Masks, Pairing, Pattern};
use crate::kernel::{LANES, Loops, Plain, Slice};
use crate::plastic::{Block, Learning, Op};

#[cfg(target_arch = "x86_64")]
use crate::kernel::{avx2::Avx2, avx512::Avx512};

/// Slices that are asked for ahead of the one at hand.
const AHEAD: usize = 2;

impl<I: Index> Columns<I> {
    forms! {
        /// Runs the operations on every slice and writes the drive; returns how many synapses were pruned.
        pub(super) fn run_slices / slices_avx2 / slices_avx512(
            &mut self, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]
        ) -> u32 {
            self.slices_loop::<F>(pre, learning, drive)
        }
    }

    /// Writes the drive of one slice.
    pub(super) fn drive_slice(&mut self, index: usize, pre: &Pattern, drive: &mut [f64]) {
        self.find(index, pre, Pairing::default());
        let Extent { start, depth, .. } = self.slices[index];
        let driven = Plain::drive(&self.weights[start..start + depth], &self.masks.now[..depth]);
        drive[index * LANES..][..LANES].copy_from_slice(&driven.0);
    }

    #[inline(always)]
    fn slices_loop<F: Loops>(&mut self, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]) -> u32 {
        let mut pruned = 0;
        for index in 0..self.slices.len() {
            pruned += self.run_slice::<F>(index, pre, learning, drive);
        }
        pruned
    }

    #[inline(always)]
    fn run_slice<F: Loops>(
        &mut self,
        index: usize,
        pre: &Pattern,
        learning: &Learning<'_>,
        drive: &mut [f64],
    ) -> u32 {
        let pairing = learning.pairing(index);
        let mut found = false;
        let (mut pruned, mut sums, mut driven) = (0, None, None);
        for (n, op) in learning.ops.iter().enumerate() {
            if *op == Op::Update && pairing == Pairing::default() {
                continue;
            }
            if *op == Op::Grow {
                let here = |post: usize| post / LANES == learning.first_slice + index;
                for &(pre, post) in learning.grown.iter().filter(|pair| here(pair.1 as usize)) {
                    let local = post as usize - learning.first_slice * LANES;
                    self.insert(pre, local, learning.grown_weight);
                    (sums, found) = (None, false);
                }
                continue;
            }
            if !found {
                self.find(index, pre, pairing);
                found = true;
            }
            let soon = self.slices.get(index + AHEAD).unwrap_or(&self.slices[index]).start;
            let extent = &mut self.slices[index];
            let (start, depth) = (extent.start, extent.depth);
            let Masks { plus, minus, now } = &self.masks;
            let mut slice = Slice {
                soon: self.weights.as_ptr().wrapping_add(soon),
                weights: &mut self.weights[start..start + depth],
                plus: &plus[..depth],
                minus: &minus[..depth],
                now: &now[..depth],
            };
            match op {
                Op::Update => {
                    let changed = F::update(&mut slice, &learning.change);
                    pruned += changed.pruned;
                    sums = Some(changed.sums);
                    extent.holes |= changed.pruned > 0;
                    extent.tiny |= changed.tiny;
                }
                Op::Scale => {
                    let sums = sums.take().unwrap_or_else(|| F::sum(slice.weights));
                    // A column whose sum may grow by more than half would shrink faster than `TINY` allows for.
                    let steep = depth as f64 * learning.change.plus > 0.5;
                    let active = if extent.tiny || self.keep_zeros || steep {
                        let (active, died) = F::divide_carefully(&mut slice, &sums);
                        pruned += died;
                        extent.holes |= died > 0;
                        active
                    } else {
                        F::divide(&mut slice, &sums)
                    };
                    driven = (n + 1 == learning.ops.len()).then_some(active);
                }
                Op::Grow => {}
            }
        }
        if !learning.drives {
            return pruned;
        }
        let driven = driven.unwrap_or_else(|| {
            if !found {
                self.find(index, pre, pairing);
            }
            let Extent { start, depth, .. } = self.slices[index];
            F::drive(&self.weights[start..start + depth], &self.masks.now[..depth])
        });
        drive[index * LANES..][..LANES].copy_from_slice(&driven.0);
        pruned
    }

    #[inline(always)]
    fn find(&mut self, index: usize, pre: &Pattern, pairing: Pairing) {
        let Extent { start, depth, .. } = self.slices[index];
        if let Some(events) = self.events.as_ref().filter(|events| events.is_regular(index)) {
            return events.masks(start, depth, pairing, &mut self.masks);
        }
        let rows = start..start + depth.next_multiple_of(ROW_BLOCK);
        (self.lookup)(&self.pre[rows], pre, pairing, &mut self.masks);
    }
}
