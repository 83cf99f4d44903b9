//! The loops over touched columns and over restless ones, compiled for the registers that the machine has.

use super::{Column, Contiguous, Rest};
use crate::kernel::column::{self, GROUP, Signs};
use crate::kernel::isa::{Isa, forms};
use crate::kernel::lookup::{Index, Pattern};
use crate::kernel::{self, LANES, Loops, Plain, prefetch};
#[cfg(target_arch = "x86_64")]
use crate::kernel::{avx2::Avx2, avx512::Avx512};
use crate::plastic::Learning;

/// Columns that are asked for ahead of the one at hand.
const AHEAD: usize = 2;
/// Divisions after which a column is looked through for tiny weights, see `TINY`.
const LOOK_EVERY: u8 = 64;

impl<I: Index> Contiguous<I> {
    forms! {
        /// Runs `Op::Update`; returns how many synapses were pruned.
        pub(super) fn update / update_avx2 / update_avx512(&mut self, pre: &Pattern, learning: &Learning<'_>) -> u32 {
            self.update_loop(pre, learning)
        }

        /// Divides restless columns by their sums; returns how many synapses died of it.
        pub(super) fn scale / scale_avx2 / scale_avx512(&mut self, plus: f64) -> u32 {
            self.scale_loop::<F>(plus)
        }
    }

    #[inline(always)]
    fn update_loop(&mut self, pre: &Pattern, learning: &Learning<'_>) -> u32 {
        self.visits.clear();
        for word in 0..self.columns.len().div_ceil(LANES) {
            let pairing = learning.pairing(word);
            let mut lanes = pairing.plus_before | pairing.minus_before | pairing.minus_now;
            while lanes != 0 {
                let lane = lanes.trailing_zeros() as usize;
                lanes &= lanes - 1;
                let (post, signs) = (word * LANES + lane, Signs::of(pairing, lane));
                if post >= self.columns.len() || signs.is_none() {
                    continue;
                }
                self.visits.push((post as u32, signs));
            }
        }
        let mut pruned = 0;
        let weights = &mut self.weights[self.current];
        for (at, &(post, signs)) in self.visits.iter().enumerate() {
            if let Some(&(soon, _)) = self.visits.get(at + AHEAD) {
                let rows = self.columns[soon as usize].rows();
                prefetch(&weights[rows.clone()]);
                prefetch(&self.pre[rows]);
            }
            let post = post as usize;
            let rows = self.columns[post].rows();
            let (weights, presynaptic) = (&mut weights[rows.clone()], &self.pre[rows]);
            let touched = column::update(weights, presynaptic, pre, signs, &learning.change);
            if touched.any {
                pruned += touched.pruned;
                self.columns[post].tiny |= touched.tiny;
                Self::touch(&mut self.columns, &mut self.restless, post);
            }
        }
        pruned
    }

    #[inline(always)]
    fn scale_loop<F: Loops>(&mut self, plus: f64) -> u32 {
        let mut died = 0;
        let [first, second] = &mut self.weights;
        let (from, to) = if self.current == 0 { (first, second) } else { (second, first) };
        let mut kept = 0;
        for start in (0..self.restless.len()).step_by(GROUP) {
            let end = self.restless.len().min(start + GROUP);
            let mut group: [&[kernel::Row<f64>]; GROUP] = [&[]; GROUP];
            for (rows, &post) in group.iter_mut().zip(&self.restless[start..end]) {
                *rows = &from[self.columns[post as usize].rows()];
            }
            for &post in self.restless.iter().skip(end).take(GROUP) {
                let rows = self.columns[post as usize].rows();
                prefetch(&from[rows.clone()]);
                prefetch(&to[rows]);
            }
            let sums = column::sums(group);
            for (n, at) in (start..end).enumerate() {
                let post = self.restless[at];
                let column = &mut self.columns[post as usize];
                let (from, to) = (group[n], &mut to[column.rows()]);
                let (same, back) = if column.is_delicate(self.keep_zeros, plus) {
                    to.copy_from_slice(from);
                    died += column::divide_carefully(to, sums[n]);
                    (to == from, false)
                } else {
                    column::divide::<F>(from, to, sums[n])
                };
                column.look(to);
                column.rest = match same || back && column.rest == Rest::Divided {
                    true => Rest::Resting,
                    false => Rest::Divided,
                };
                if column.rest != Rest::Resting {
                    self.restless[kept] = post;
                    kept += 1;
                }
            }
        }
        self.restless.truncate(kept);
        self.current = 1 - self.current;
        died
    }
}

impl Column {
    /// Whether it has to be divided carefully. A column whose sum may grow by more than half would shrink faster than
    /// `TINY` allows for.
    #[inline(always)]
    fn is_delicate(&self, keep_zeros: bool, plus: f64) -> bool {
        self.tiny || keep_zeros || f64::from(self.length) * plus > 0.5
    }

    #[inline(always)]
    fn look(&mut self, weights: &[kernel::Row<f64>]) {
        self.divisions += 1;
        if self.divisions == LOOK_EVERY {
            self.tiny = kernel::any_tiny(weights);
            self.divisions = 0;
        }
    }
}
