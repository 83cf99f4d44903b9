//! The passes over rows and columns, compiled for the registers that the machine has.

// Loops over lanes with an index become vector instructions.
#![allow(clippy::needless_range_loop)]

use super::{Full, MOST, Masks, NEAR, is_large};
use crate::kernel::isa::{Isa, dispatch};
use crate::kernel::lookup::Pattern;
use crate::kernel::{LANES, Mask, Real, Row};
use crate::plastic::{Learning, Pairs};

#[cfg(target_arch = "x86_64")]
use super::avx512::Avx512;

/// Most slices of a row.
const SLICES: usize = MOST / LANES;

/// What a rule does to synapses.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) plus: f32,
    pub(super) minus: f32,
    /// Weight of a synapse that falls to 0 or below.
    pub(super) floor: f32,
}

/// The loops that need masks, which compilers do not see; what they compute is the same in each form.
pub(super) trait Form {
    /// Appends the neurons of a mask to a list that has room for sixteen more.
    fn append(word: usize, mask: Mask, to: &mut Vec<u32>);
    /// Appends the visits of a row, which begins at the place `first`: its slices with a synapse that exists and that is
    /// touched. At least as many masks exist after the row as `touched` has, and `visits` has room for sixteen more.
    fn list(exists: &[Mask], first: usize, touched: &[Masks], visits: &mut Vec<u32>);
    /// Raises and lowers some of sixteen synapses, whose columns have these units; adds what that changes to `change`;
    /// returns which fell to the floor.
    fn change(
        weights: &mut Row<f32>,
        unit: &Row<f32>,
        signs: [Mask; 2],
        step: Step,
        change: &mut Row<f32>,
    ) -> Mask;
    /// Sums of the rows of some neurons, as many slices each as there are sums.
    fn sum(weights: &[Row<f32>], neurons: &[u32], sums: &mut [Row<f32>]);
}

/// A place among all slices of all rows, and in the lowest bits which of its row that is.
#[inline(always)]
pub(super) const fn visit(place: usize, slice: usize) -> u32 {
    (place * SLICES + slice) as u32
}

struct Plain;

impl Form for Plain {
    #[inline(always)]
    fn append(word: usize, mut mask: Mask, to: &mut Vec<u32>) {
        while mask != 0 {
            to.push(word as u32 * LANES as u32 + mask.trailing_zeros());
            mask &= mask - 1;
        }
    }

    #[inline(always)]
    fn list(exists: &[Mask], first: usize, touched: &[Masks], visits: &mut Vec<u32>) {
        let masks = exists[first..].iter().zip(touched.as_flattened());
        let touched = masks.enumerate().filter(|(_, (exist, touched))| **exist & **touched != 0);
        visits.extend(touched.map(|(slice, _)| visit(first + slice, slice)));
    }

    #[inline(always)]
    fn change(
        weights: &mut Row<f32>,
        unit: &Row<f32>,
        signs: [Mask; 2],
        step: Step,
        change: &mut Row<f32>,
    ) -> Mask {
        let [up, down] = signs.map(|signs| -> [bool; LANES] { std::array::from_fn(|l| signs >> l & 1 != 0) });
        let mut fell = 0;
        for l in 0..LANES {
            let (old, unit) = (weights.0[l], unit.0[l]);
            let raised = old + if up[l] { unit * step.plus } else { -0.0 };
            let raised = if raised > unit { unit } else { raised };
            let lowered = raised + unit * step.minus;
            let low = down[l] & (lowered <= 0.0);
            let new = if down[l] { lowered } else { raised };
            let new = if low { unit * step.floor } else { new };
            change.0[l] += new - old;
            weights.0[l] = new;
            fell |= Mask::from(low) << l;
        }
        fell
    }

    #[inline(always)]
    fn sum(weights: &[Row<f32>], neurons: &[u32], sums: &mut [Row<f32>]) {
        let width = sums.len();
        sums.fill(Row::default());
        for &neuron in neurons {
            for (sum, weights) in sums.iter_mut().zip(&weights[neuron as usize * width..][..width]) {
                for l in 0..LANES {
                    sum.0[l] += weights.0[l];
                }
            }
        }
    }
}

impl Full {
    /// Lists the active neurons, for [`update`](Self::update).
    pub(super) fn list_active(&mut self, pre: &Pattern) {
        dispatch!(self.list_loop / list_avx2 / list_avx512(pre));
    }

    /// Runs `Op::Update`; returns how many synapses were pruned.
    pub(super) fn update(&mut self, learning: &Learning<'_>) -> u32 {
        dispatch!(self.update_loop / update_avx2 / update_avx512(learning))
    }

    /// Runs `Op::Scale`; returns whether a unit has wandered far from 1.
    pub(super) fn scale(&mut self) -> bool {
        dispatch!(self.scale_loop / scale_avx2 / scale_avx512())
    }

    /// Computes the drive that neurons active at `t + 1` give.
    pub(super) fn drive(&mut self, pre: &Pattern, drive: &mut [f64]) {
        dispatch!(self.drive_loop / drive_avx2 / drive_avx512(pre, drive));
    }

    /// Brings every unit to `[1, 2)` and adds every column up anew.
    pub(super) fn add_up(&mut self) {
        dispatch!(self.add_up_loop / add_up_avx2 / add_up_avx512());
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
    fn add_up_avx512(&mut self) {
        self.add_up_loop::<Avx512>();
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn add_up_avx2(&mut self) {
        self.add_up_loop::<Plain>();
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
    fn list_avx512(&mut self, pre: &Pattern) {
        self.list_loop::<Avx512>(pre);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn list_avx2(&mut self, pre: &Pattern) {
        self.list_loop::<Plain>(pre);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
    fn update_avx512(&mut self, learning: &Learning<'_>) -> u32 {
        self.update_loop::<Avx512>(learning)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn update_avx2(&mut self, learning: &Learning<'_>) -> u32 {
        self.update_loop::<Plain>(learning)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
    fn scale_avx512(&mut self) -> bool {
        self.scale_loop::<Avx512>()
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn scale_avx2(&mut self) -> bool {
        self.scale_loop::<Plain>()
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
    fn drive_avx512(&mut self, pre: &Pattern, drive: &mut [f64]) {
        self.drive_loop::<Avx512>(pre, drive);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn drive_avx2(&mut self, pre: &Pattern, drive: &mut [f64]) {
        self.drive_loop::<Plain>(pre, drive);
    }

    #[inline(always)]
    fn add_up_loop<F: Form>(&mut self) {
        let powers = &mut self.driven;
        for (post, power) in powers.iter_mut().flat_map(|row| &mut row.0).enumerate() {
            *power = self.columns.power(post);
        }
        (0..self.n_post).for_each(|post| self.columns.fold(post));
        let sums = &mut self.columns.sums[..];
        sums.fill(0.0);
        for row in self.weights.chunks_mut(self.width) {
            let weights = Row::flatten_mut(row).iter_mut().zip(Row::flatten(powers));
            for (sum, (weight, power)) in sums.iter_mut().zip(weights) {
                *weight *= power;
                *sum += f64::from(*weight);
            }
        }
    }

    #[inline(always)]
    fn scale_loop<F: Form>(&mut self) -> bool {
        self.columns.scale(&NEAR)
    }

    #[inline(always)]
    fn update_loop<F: Form>(&mut self, learning: &Learning<'_>) -> u32 {
        let change = &learning.change;
        let step = Step { plus: change.plus as f32, minus: change.minus as f32, floor: change.floor as f32 };
        self.changes.fill(Row::default());
        let mut pruned = 0;
        for list in 0..self.active.len() {
            let [up, down] = signs(learning, list);
            let mut touched = up;
            for slice in 0..SLICES {
                touched[slice] |= down[slice];
            }
            // Slices past the last are those of others.
            touched[self.width..].fill(0);
            let touched = &touched.as_chunks().0[..self.width.div_ceil(LANES)];
            self.visits.clear();
            for &neuron in &self.active[list] {
                F::list(&self.exists, neuron as usize * self.width, touched, &mut self.visits);
            }
            let units = self.columns.units.as_chunks::<LANES>().0;
            let lengths = self.columns.lengths.as_chunks_mut::<LANES>().0;
            for &visit in &self.visits {
                let (place, slice) = (visit as usize / SLICES, visit as usize % SLICES);
                let mask = &mut self.exists[place];
                let signs = [*mask & up[slice], *mask & down[slice]];
                let unit = Row(units[slice]);
                let fell = F::change(&mut self.weights[place], &unit, signs, step, &mut self.changes[slice]);
                if fell != 0 && !step.floor.exists() {
                    pruned += prune(mask, fell, &mut lengths[slice]);
                }
            }
        }
        let mut large = 0;
        for (sum, &change) in self.columns.sums.iter_mut().zip(Row::flatten(&self.changes)) {
            *sum += f64::from(change);
            large |= u32::from(is_large(change, *sum));
        }
        if large != 0 {
            self.add_up_changed();
        }
        // What rounding leaves of the sum of nothing is not nothing.
        if pruned > 0 {
            self.columns.clear_empty();
        }
        pruned
    }

    #[inline(always)]
    fn list_loop<F: Form>(&mut self, pre: &Pattern) {
        self.active.iter_mut().for_each(Vec::clear);
        for word in 0..self.n_pre.div_ceil(LANES) {
            let (before, now) = pre.word(word);
            let [earlier, later, both] = &mut self.active;
            F::append(word, before & !now, earlier);
            F::append(word, now & !before, later);
            F::append(word, before & now, both);
        }
    }

    #[inline(always)]
    fn drive_loop<F: Form>(&mut self, pre: &Pattern, drive: &mut [f64]) {
        pre.list_now(&mut self.now);
        let units = &self.columns.units;
        if let Some(outgoing) = &mut self.at_rest {
            outgoing.drive(&self.now, usize::MAX, drive);
            // In the units of columns, numbers of 32 bits.
            drive.iter_mut().zip(units).for_each(|(drive, unit)| *drive = f64::from(*drive as f32 / unit));
        } else {
            F::sum(&self.weights, &self.now, &mut self.driven);
            let driven = Row::flatten(&self.driven).iter().zip(units);
            drive.iter_mut().zip(driven).for_each(|(drive, (sum, unit))| *drive = f64::from(sum / unit));
        }
    }
}

/// Forgets synapses that fell to nothing; returns how many.
#[cold]
fn prune(exist: &mut Mask, fell: Mask, lengths: &mut [u32; LANES]) -> u32 {
    *exist &= !fell;
    for (lane, length) in lengths.iter_mut().enumerate() {
        *length -= u32::from(fell >> lane & 1);
    }
    fell.count_ones()
}

/// Per slice, the columns of which a rule raises the synapses of the neurons that a list of `Full::active` holds, and those of
/// which it lowers them; none is both.
#[inline(always)]
fn signs(learning: &Learning<'_>, list: usize) -> [[Mask; SLICES]; 2] {
    let [before, now] = learning.post.words::<SLICES>(learning.first_slice);
    let (mut up, mut down) = ([0; SLICES], [0; SLICES]);
    match (learning.pairs, list) {
        (Pairs::Stdp, 0) => up = *now,
        (Pairs::Stdp, 1) => down = *before,
        (Pairs::Stdp, _) => {
            // A raise and a lowering cancel.
            for slice in 0..SLICES {
                (up[slice], down[slice]) = (now[slice] & !before[slice], before[slice] & !now[slice]);
            }
        }
        (Pairs::Istdp, 1) => {}
        (Pairs::Istdp, _) => {
            for slice in 0..SLICES {
                (up[slice], down[slice]) = (now[slice], !now[slice]);
            }
        }
    }
    [up, down]
}
