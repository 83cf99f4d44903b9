//! The passes over rows and columns, compiled for the registers that the machine has.

// Loops over lanes with an index become vector instructions.
#![allow(clippy::needless_range_loop)]

use super::{Full, LARGE, MOST, Masks, NEAR};
use crate::kernel::isa::{Isa, forms};
use crate::kernel::lookup::Pattern;
use crate::kernel::{LANES, Mask, Real, Row};
use crate::plastic::{Learning, Pairs};

#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};

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
    /// Appends the neurons of masks, sixteen to a mask, to a list.
    fn active(words: impl ExactSizeIterator<Item = Mask>, to: &mut Vec<u32>);
    /// Appends the visits of some neurons' rows: the slices with a synapse that exists and that is touched. At least as many
    /// masks exist after the last row as `touched` has.
    fn list(exists: &[Mask], width: usize, neurons: &[u32], touched: &[Masks], visits: &mut Vec<u32>);
    /// Raises and lowers some of sixteen synapses, whose columns have these units; adds what that changes to `change`;
    /// returns which fell to the floor. Where not `UP` none is raised, where not `DOWN` none lowered.
    fn change<const UP: bool, const DOWN: bool>(
        weights: &mut Row<f32>,
        unit: &Row<f32>,
        signs: [Mask; 2],
        step: Step,
        change: &mut Row<f32>,
    ) -> Mask;
    /// Sixteen units times the one number where a bit is set, times the other where not.
    fn choose(mask: Mask, numbers: [f32; 2], unit: &Row<f32>, out: &mut Row<f32>);
    /// Adds numbers to sixteen synapses, `columns` being what is added and the units, which they stay below; `masks` tell
    /// which exist, and which of these get the floor if they fall to nothing. Adds what that changes to `change`.
    fn add(
        weights: &mut Row<f32>,
        columns: [&Row<f32>; 2],
        masks: [Mask; 2],
        floor: f32,
        change: &mut Row<f32>,
    );
    /// As [`add`](Self::add) of synapses that exist where they are not 0, and that are pruned where they fall to nothing.
    fn add_or_prune(weights: &mut Row<f32>, columns: [&Row<f32>; 2], change: &mut Row<f32>) -> Mask;
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
    fn active(words: impl ExactSizeIterator<Item = Mask>, to: &mut Vec<u32>) {
        for (word, mut mask) in words.enumerate() {
            while mask != 0 {
                to.push(word as u32 * LANES as u32 + mask.trailing_zeros());
                mask &= mask - 1;
            }
        }
    }

    #[inline(always)]
    fn list(exists: &[Mask], width: usize, neurons: &[u32], touched: &[Masks], visits: &mut Vec<u32>) {
        for &neuron in neurons {
            let first = neuron as usize * width;
            let masks = exists[first..].iter().zip(touched.as_flattened());
            let touched = masks.enumerate().filter(|(_, (exist, touched))| **exist & **touched != 0);
            visits.extend(touched.map(|(slice, _)| visit(first + slice, slice)));
        }
    }

    #[inline(always)]
    fn change<const UP: bool, const DOWN: bool>(
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
            let mut new = old;
            if UP {
                let raised = old + if up[l] { unit * step.plus } else { -0.0 };
                new = if raised > unit { unit } else { raised };
            }
            let mut low = false;
            if DOWN {
                let lowered = new + unit * step.minus;
                low = down[l] & (lowered <= 0.0);
                new = if down[l] { lowered } else { new };
                new = if low { unit * step.floor } else { new };
            }
            change.0[l] += new - old;
            weights.0[l] = new;
            fell |= Mask::from(low) << l;
        }
        fell
    }

    #[inline(always)]
    fn choose(mask: Mask, [set, unset]: [f32; 2], unit: &Row<f32>, out: &mut Row<f32>) {
        for l in 0..LANES {
            out.0[l] = unit.0[l] * if mask >> l & 1 != 0 { set } else { unset };
        }
    }

    #[inline(always)]
    fn add(
        weights: &mut Row<f32>,
        [added, unit]: [&Row<f32>; 2],
        [exist, may_fall]: [Mask; 2],
        floor: f32,
        change: &mut Row<f32>,
    ) {
        for l in 0..LANES {
            let (old, unit) = (weights.0[l], unit.0[l]);
            let moved = old + if exist >> l & 1 != 0 { added.0[l] } else { -0.0 };
            let moved = if moved > unit { unit } else { moved };
            let low = may_fall >> l & 1 != 0 && moved <= 0.0;
            let new = if low { unit * floor } else { moved };
            change.0[l] += new - old;
            weights.0[l] = new;
        }
    }

    #[inline(always)]
    fn add_or_prune(weights: &mut Row<f32>, [added, unit]: [&Row<f32>; 2], change: &mut Row<f32>) -> Mask {
        let mut fell = 0;
        for l in 0..LANES {
            let (old, unit) = (weights.0[l], unit.0[l]);
            let moved = old + if old != 0.0 { added.0[l] } else { 0.0 };
            let moved = if moved > unit { unit } else { moved };
            let new = if moved > 0.0 { moved } else { 0.0 };
            change.0[l] += new - old;
            weights.0[l] = new;
            fell |= Mask::from((old != 0.0) & (moved <= 0.0)) << l;
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
    forms! {
        /// Lists the active neurons, for [`update`](Self::update).
        pub(super) fn list_active / list_avx2 / list_avx512(&mut self, pre: &Pattern) {
            self.list_loop::<F>(pre);
        }

        /// Runs `Op::Update`; returns how many synapses were pruned.
        pub(super) fn update / update_avx2 / update_avx512(&mut self, learning: &Learning<'_>) -> u32 {
            self.update_loop::<F>(learning)
        }

        /// Runs `Op::Scale`; returns whether a unit has wandered far from 1.
        pub(super) fn scale / scale_avx2 / scale_avx512(&mut self) -> bool {
            self.columns.scale(&NEAR)
        }

        /// Computes the drive that neurons active at `t + 1` give.
        pub(super) fn drive / drive_avx2 / drive_avx512(&mut self, pre: &Pattern, drive: &mut [f64]) {
            self.drive_loop::<F>(pre, drive);
        }

        /// Brings every unit to `[1, 2)` and adds every column up anew.
        pub(super) fn add_up / add_up_avx2 / add_up_avx512(&mut self) {
            self.add_up_loop();
        }
    }

    #[inline(always)]
    fn add_up_loop(&mut self) {
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
    fn update_loop<F: Form>(&mut self, learning: &Learning<'_>) -> u32 {
        let change = &learning.change;
        let step = Step { plus: change.plus as f32, minus: change.minus as f32, floor: change.floor as f32 };
        self.changes.fill(Row::default());
        let pruned = match learning.pairs {
            Pairs::Stdp => self.stdp::<F>(learning, step),
            Pairs::Istdp if step.floor.exists() => self.istdp::<F, false>(learning, step),
            Pairs::Istdp => self.istdp::<F, true>(learning, step),
        };
        // By how much a change is too large, at most.
        let mut excess = [f64::NEG_INFINITY; LANES];
        for (sums, changes) in self.columns.sums.as_chunks_mut().0.iter_mut().zip(&self.changes) {
            add(sums, changes, &mut excess);
        }
        if excess.into_iter().any(|excess| excess > 0.0) {
            self.add_up_changed();
        }
        // What rounding leaves of the sum of nothing is not nothing.
        if pruned > 0 {
            self.columns.clear_empty();
        }
        pruned
    }

    /// Changes the synapses of pairs of which one neuron was active before and the other is now: few of a row.
    #[inline(always)]
    fn stdp<F: Form>(&mut self, learning: &Learning<'_>, step: Step) -> u32 {
        let [before, now] = learning.post.words::<SLICES>(learning.first_slice);
        // The columns that a list's synapses are raised and lowered of; where both, a raise and a lowering cancel.
        let (mut rise, mut fall) = ([0; SLICES], [0; SLICES]);
        for slice in 0..self.width {
            (rise[slice], fall[slice]) = (now[slice] & !before[slice], before[slice] & !now[slice]);
        }
        let none = &[0; SLICES];
        self.visit::<F, true, false>(0, [now, none], step)
            + self.visit::<F, false, true>(1, [none, before], step)
            + self.visit::<F, true, true>(2, [&rise, &fall], step)
    }

    /// Changes the synapses of the neurons of a list of active ones with some columns.
    #[inline(always)]
    fn visit<F: Form, const UP: bool, const DOWN: bool>(
        &mut self,
        list: usize,
        [up, down]: [&[Mask; SLICES]; 2],
        step: Step,
    ) -> u32 {
        let mut touched = [0; SLICES];
        for slice in 0..self.width {
            touched[slice] = up[slice] | down[slice];
        }
        let touched = &touched.as_chunks().0[..self.width.div_ceil(LANES)];
        self.visits.clear();
        F::list(&self.exists, self.width, &self.active[list], touched, &mut self.visits);
        // What is behind the references of `self` would be looked up anew in every visit.
        let Full { visits, exists, weights, changes, columns, .. } = self;
        let (exists, weights, changes) = (&mut exists[..], &mut weights[..], &mut changes[..]);
        let units = columns.units.as_chunks::<LANES>().0;
        let lengths = columns.lengths.as_chunks_mut::<LANES>().0;
        let mut pruned = 0;
        for &visit in &visits[..] {
            let (place, slice) = (visit as usize / SLICES, visit as usize % SLICES);
            let mask = &mut exists[place];
            let signs = [*mask & up[slice], *mask & down[slice]];
            let (unit, change) = (Row(units[slice]), &mut changes[slice]);
            let fell = F::change::<UP, DOWN>(&mut weights[place], &unit, signs, step, change);
            if DOWN && fell != 0 && !step.floor.exists() {
                pruned += prune(mask, fell, &mut lengths[slice]);
            }
        }
        pruned
    }

    /// Changes every synapse of the neurons that were active before, all of a column alike: whole rows, since few slices of
    /// a row have none, and loops that are always as long are foreseen.
    #[inline(always)]
    fn istdp<F: Form, const PRUNES: bool>(&mut self, learning: &Learning<'_>, step: Step) -> u32 {
        let [_, now] = learning.post.words::<SLICES>(learning.first_slice);
        let units = self.columns.units.as_chunks::<LANES>().0;
        let lengths = self.columns.lengths.as_chunks_mut::<LANES>().0;
        let added = &mut self.driven;
        for ((added, unit), &now) in added.iter_mut().zip(units).zip(now) {
            F::choose(now, [step.plus, step.minus], &Row(*unit), added);
        }
        let mut pruned = 0;
        for list in [&self.active[0], &self.active[2]] {
            for &neuron in list {
                let places = neuron as usize * self.width..(neuron as usize + 1) * self.width;
                let synapses = self.weights[places.clone()].iter_mut().zip(&mut self.exists[places]);
                let columns = added.iter().zip(units).zip(&mut self.changes).zip(now).zip(&mut *lengths);
                for ((weights, mask), ((((added, unit), change), now), lengths)) in synapses.zip(columns) {
                    let columns = [added, &Row(*unit)];
                    if PRUNES {
                        let fell = F::add_or_prune(weights, columns, change);
                        if fell != 0 {
                            pruned += prune(mask, fell, lengths);
                        }
                    } else {
                        F::add(weights, columns, [*mask, *mask & !now], step.floor, change);
                    }
                }
            }
        }
        pruned
    }

    #[inline(always)]
    fn list_loop<F: Form>(&mut self, pre: &Pattern) {
        self.active.iter_mut().for_each(Vec::clear);
        let words = |list: usize| {
            (0..self.n_pre.div_ceil(LANES)).map(move |word| {
                let (before, now) = pre.word(word);
                [before & !now, now & !before, before & now][list]
            })
        };
        for (list, to) in self.active.iter_mut().enumerate() {
            F::active(words(list), to);
        }
    }

    #[inline(always)]
    fn drive_loop<F: Form>(&mut self, pre: &Pattern, drive: &mut [f64]) {
        pre.list_now(&mut self.now);
        match &mut self.at_rest {
            Some(outgoing) => {
                outgoing.drive(&self.now, usize::MAX, Row::flatten_mut(&mut self.driven));
            }
            None => F::sum(&self.weights, &self.now, &mut self.driven),
        }
        let driven = Row::flatten(&self.driven).iter().zip(&self.columns.units);
        drive.iter_mut().zip(driven).for_each(|(drive, (sum, unit))| *drive = f64::from(sum / unit));
    }
}

/// Adds changes to sums; notes by how much one is too large, at most.
#[inline(always)]
fn add(sums: &mut [f64; LANES], changes: &Row<f32>, excess: &mut [f64; LANES]) {
    for l in 0..LANES {
        sums[l] += f64::from(changes.0[l]);
        let beyond = f64::from(changes.0[l].abs()) - LARGE * sums[l];
        excess[l] = if beyond > excess[l] { beyond } else { excess[l] };
    }
}

/// Forgets synapses that fell to nothing; returns how many.
#[inline(always)]
fn prune(exist: &mut Mask, fell: Mask, lengths: &mut [u32; LANES]) -> u32 {
    *exist &= !fell;
    for (lane, length) in lengths.iter_mut().enumerate() {
        *length -= u32::from(fell >> lane & 1);
    }
    fell.count_ones()
}
