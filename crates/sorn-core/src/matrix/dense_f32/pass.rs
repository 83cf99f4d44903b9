//! The passes over rows and columns.

use super::{DenseF32, LARGE, MOST};
use crate::kernels::rows::{self, Step};
use crate::kernels::spikes::{SpikeMask, list_now};
use crate::matrix::storage::{Learning, Timing};
use crate::simd::{Appender, LANES, Mask, Real, Row, Simd, kernel, list_bits, prefetch_one};

/// Number of rows of weights that fit in a cache, so that they need no prefetching.
const IN_CACHE: usize = 1 << 15;

/// Visits that are prefetched ahead of the current one.
const AHEAD: usize = 16;

/// Most slices of a row.
const SLICES: usize = MOST / LANES;

/// A place among all slices of all rows; the lowest bits hold the index of the slice within its row.
#[inline(always)]
const fn visit(place: usize, slice: usize) -> u32 {
    (place * SLICES + slice) as u32
}

kernel! {
    /// Rescales every unit to `[1, 2)` and recomputes the sum of every column.
    pub(super) fn add_up<S: Simd>(dense: &mut DenseF32) {
        let powers = &mut dense.driven;
        for (post, power) in powers.iter_mut().flat_map(|row| &mut row.0).enumerate() {
            *power = dense.columns.power(post);
        }
        (0..dense.n_post).for_each(|post| dense.columns.fold(post));
        let sums = &mut dense.columns.sums[..];
        sums.fill(0.0);
        for row in dense.weights.chunks_mut(dense.width) {
            let weights = Row::flatten_mut(row).iter_mut().zip(Row::flatten(powers));
            for (sum, (weight, power)) in sums.iter_mut().zip(weights) {
                *weight *= power;
                *sum += f64::from(*weight);
            }
        }
    }
}

impl DenseF32 {
    /// Runs `Op::Update`; returns how many synapses were pruned.
    #[inline(always)]
    pub(super) fn change<S: Simd>(&mut self, learning: &Learning<'_>) -> u32 {
        let change = &learning.change;
        let step = Step { plus: change.plus as f32, minus: change.minus as f32, floor: change.floor as f32 };
        self.changes.fill(Row::default());
        let pruned = match learning.timing {
            Timing::Stdp if self.weights.len() > IN_CACHE => self.stdp::<S, true>(learning, step),
            Timing::Stdp => self.stdp::<S, false>(learning, step),
            Timing::Istdp if step.floor.exists() => self.istdp::<S, false>(learning, step),
            Timing::Istdp => self.istdp::<S, true>(learning, step),
        };
        if !self.scales {
            return pruned;
        }
        // The largest excess of a change over the limit.
        let mut excess = [f64::NEG_INFINITY; LANES];
        for (sums, changes) in self.columns.sums.as_chunks_mut().0.iter_mut().zip(&self.changes) {
            add(sums, changes, &mut excess);
        }
        if excess.into_iter().any(|excess| excess > 0.0) {
            self.add_up_changed();
        }
        // A rounding error may remain in the sum of an empty column.
        if pruned > 0 {
            self.columns.clear_empty();
        }
        pruned
    }

    /// Changes the synapses of pairs in which one neuron was active before and the other is active now. A row has few of them.
    #[inline(always)]
    fn stdp<S: Simd, const FAR: bool>(&mut self, learning: &Learning<'_>, step: Step) -> u32 {
        let [before, now] = learning.post.words::<SLICES>(learning.first_slice);
        // The columns in which the synapses of a list are raised and lowered; if both apply, they cancel.
        let (mut rise, mut fall) = ([0; SLICES], [0; SLICES]);
        for slice in 0..self.width {
            (rise[slice], fall[slice]) = (now[slice] & !before[slice], before[slice] & !now[slice]);
        }
        let none = &[0; SLICES];
        self.visit::<S, FAR, true, false>(0, [now, none], step)
            + self.visit::<S, FAR, false, true>(1, [none, before], step)
            + self.visit::<S, FAR, true, true>(2, [&rise, &fall], step)
    }

    /// Changes the synapses of the neurons of a list of active ones with some columns.
    #[inline(always)]
    fn visit<S: Simd, const FAR: bool, const UP: bool, const DOWN: bool>(
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
        list_visits::<S>(&self.exists, self.width, &self.active[list], touched, &mut self.visits);
        // Local copies, because pointers behind `self` would be reloaded at every visit.
        let DenseF32 { visits, exists, weights, changes, columns, .. } = self;
        let (exists, weights, changes) = (&mut exists[..], &mut weights[..], &mut changes[..]);
        let units = columns.units.as_chunks::<LANES>().0;
        let lengths = columns.lengths.as_chunks_mut::<LANES>().0;
        let mut pruned = 0;
        for (n, &visit) in visits.iter().enumerate() {
            if FAR && let Some(&soon) = visits.get(n + AHEAD) {
                prefetch_one(weights, soon as usize / SLICES);
            }
            let (place, slice) = (visit as usize / SLICES, visit as usize % SLICES);
            let mask = &mut exists[place];
            let signs = [*mask & up[slice], *mask & down[slice]];
            let (unit, change) = (Row(units[slice]), &mut changes[slice]);
            let fell = rows::change::<S, UP, DOWN>(&mut weights[place], &unit, signs, step, change);
            if DOWN && fell != 0 && !step.floor.exists() {
                pruned += prune(mask, fell, &mut lengths[slice]);
            }
        }
        pruned
    }

    /// Changes every synapse of the neurons that were active before, all of a column alike. It visits whole rows, because few
    /// slices of a row have no synapse, and a loop of constant length is predicted well.
    #[inline(always)]
    fn istdp<S: Simd, const PRUNES: bool>(&mut self, learning: &Learning<'_>, step: Step) -> u32 {
        let [_, now] = learning.post.words::<SLICES>(learning.first_slice);
        let units = self.columns.units.as_chunks::<LANES>().0;
        let lengths = self.columns.lengths.as_chunks_mut::<LANES>().0;
        let added = &mut self.driven;
        for ((added, unit), &now) in added.iter_mut().zip(units).zip(now) {
            rows::choose::<S>(now, [step.plus, step.minus], &Row(*unit), added);
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
                        let fell = rows::add_or_prune::<S>(weights, columns, change);
                        if fell != 0 {
                            pruned += prune(mask, fell, lengths);
                        }
                    } else {
                        rows::add::<S>(weights, columns, [*mask, *mask & !now], step.floor, change);
                    }
                }
            }
        }
        pruned
    }

    /// Lists the active neurons, for [`change`](Self::change).
    #[inline(always)]
    pub(super) fn list_active<S: Simd>(&mut self, pre: &SpikeMask) {
        self.active.iter_mut().for_each(Vec::clear);
        for (list, to) in self.active.iter_mut().enumerate() {
            let words = (0..self.n_pre.div_ceil(LANES)).map(|word| {
                let (before, now) = pre.word(word);
                [before & !now, now & !before, before & now][list]
            });
            list_bits::<S>(words, to);
        }
    }

    /// Writes the drive from the neurons active at `t + 1`.
    #[inline(always)]
    pub(super) fn sum<S: Simd>(&mut self, pre: &SpikeMask, drive: &mut [Row<f64>]) {
        list_now(self.level, pre, &mut self.now);
        match &mut self.at_rest {
            Some(csr) => {
                csr.drive(&self.now, usize::MAX, Row::flatten_mut(&mut self.driven));
            }
            None if self.weights.len() > IN_CACHE => {
                rows::sum::<f32, S::F32, true>(&self.weights, &self.now, &mut self.driven);
            }
            None => rows::sum::<f32, S::F32, false>(&self.weights, &self.now, &mut self.driven),
        }
        let driven = Row::flatten(&self.driven).iter().zip(&self.columns.units);
        let drive = Row::flatten_mut(drive).iter_mut();
        drive.zip(driven).for_each(|(drive, (sum, unit))| *drive = f64::from(sum / unit));
    }
}

/// Appends the visits of some neurons' rows: the slices with an existing synapse that is touched. `exists` has at least as many
/// masks after the last row as `touched` has in all.
#[inline(always)]
fn list_visits<S: Simd>(
    exists: &[Mask],
    width: usize,
    neurons: &[u32],
    touched: &[super::Masks],
    visits: &mut Vec<u32>,
) {
    // From one slice to the next.
    const STEP: u32 = visit(1, 1);
    let mut visits = Appender::new(visits, neurons.len() * touched.len() * LANES);
    // At most 256 columns form one group. A loop over a single group would cost as much as its body.
    if let [touched] = touched {
        for &neuron in neurons {
            let first = neuron as usize * width;
            let hit =
                S::any_shared(exists[first..].first_chunk().expect("masks after the last row"), touched);
            // SAFETY: masks have sixteen bits each.
            unsafe { visits.push::<S, STEP>(hit, visit(first, 0)) };
        }
    } else {
        for &neuron in neurons {
            let first = neuron as usize * width;
            let groups = exists[first..].as_chunks().0.iter();
            for (exists, (group, touched)) in groups.zip(touched.iter().enumerate()) {
                let slice = group * LANES;
                // SAFETY: as above.
                unsafe {
                    visits.push::<S, STEP>(S::any_shared(exists, touched), visit(first + slice, slice))
                };
            }
        }
    }
    visits.finish();
}

/// Adds changes to sums, and records the largest excess of a change over the limit.
#[inline(always)]
fn add(sums: &mut [f64; LANES], changes: &Row<f32>, excess: &mut [f64; LANES]) {
    for l in 0..LANES {
        sums[l] += f64::from(changes.0[l]);
        let beyond = f64::from(changes.0[l].abs()) - LARGE * sums[l];
        excess[l] = if beyond > excess[l] { beyond } else { excess[l] };
    }
}

/// Removes synapses that fell to 0; returns how many.
#[inline(always)]
fn prune(exist: &mut Mask, fell: Mask, lengths: &mut [u32; LANES]) -> u32 {
    *exist &= !fell;
    for (lane, length) in lengths.iter_mut().enumerate() {
        *length -= u32::from(fell >> lane & 1);
    }
    fell.count_ones()
}
