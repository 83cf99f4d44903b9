//! The passes over rows and columns, compiled for every instruction set.

use super::{CsrF32, Extent};
use crate::kernels::lookup::Index;
use crate::kernels::spikes::SpikeMask;
use crate::matrix::column_scale::ScaleMut;
use crate::matrix::storage::{Learning, Timing};
use crate::simd::{LANES, Mask, Real, Row, Set, Simd, Vector, each_part, prefetch, prefetch_far};

/// Rows that are prefetched ahead of the current one.
const AHEAD: usize = 2;
/// Rows whose extents are prefetched ahead of the current one.
const FAR_AHEAD: usize = 10;
/// Number of columns above which their drive does not fit in the second-level cache either.
const FAR: usize = 1 << 16;
/// Changes that are queued while the data of their columns are prefetched.
const WAITING: usize = 256;

/// Spreads sixteen bits to the even ones of thirty-two.
#[inline(always)]
fn spread(mask: Mask) -> u32 {
    let mut bits = u32::from(mask);
    for (shift, kept) in [(8, 0x00ff_00ff), (4, 0x0f0f_0f0f), (2, 0x3333_3333), (1, 0x5555_5555)] {
        bits = (bits | bits << shift) & kept;
    }
    bits
}

/// What a rule does to the synapses of one row, by the code of the postsynaptic neuron's activity, see `SpikeMask`: two bits
/// for each code, 1 to raise, 2 to lower.
fn signs(timing: Timing, before: bool, now: bool) -> u32 {
    let mut signs = 0;
    for code in 0..4_u32 {
        let (post_before, post_now) = (code & 1 != 0, code & 2 != 0);
        let (plus, minus) = match timing {
            Timing::Stdp => (before && post_now, now && post_before),
            Timing::Istdp => (before && post_now, before && !post_now),
        };
        // A raise and a lowering of STDP cancel.
        signs |= (u32::from(plus && !minus) | u32::from(minus && !plus) << 1) << (2 * code);
    }
    signs
}

impl<I: Index> CsrF32<I> {
    /// Runs `Op::Update`; returns how many synapses were pruned.
    #[inline(always)]
    pub(super) fn change<S: Simd>(&mut self, pre: &SpikeMask, learning: &Learning<'_>) -> u32 {
        for (slice, codes) in self.codes.iter_mut().enumerate() {
            let (before, now) = learning.post.word(learning.first_slice + slice);
            *codes = spread(before) | spread(now) << 1;
        }
        let step = Step {
            codes: &self.codes,
            moves: [learning.change.minus, learning.change.plus].map(|change| change as f32),
            floor: learning.change.floor as f32,
        };
        // Neurons that were active before, that are active now, and that are both.
        let kinds = [(true, false), (false, true), (true, true)]
            .map(|(before, now)| signs(learning.timing, before, now));
        self.active.clear();
        for word in 0..self.rows.len().div_ceil(LANES) {
            let (before, now) = pre.word(word);
            let mut active = before | now;
            while active != 0 {
                let lane = active.trailing_zeros() as usize;
                active &= active - 1;
                let signs = kinds[usize::from((before >> lane & 1) + 2 * (now >> lane & 1)) - 1];
                if signs != 0 {
                    self.active.push(((word * LANES + lane) as u32, signs));
                }
            }
        }
        let CsrF32 { rows, arena, columns, active, at_hand, .. } = self;
        let (weights, posts) = (&mut arena.weights, &arena.indices);
        let (rows, weights, columns) = (&mut rows[..], &mut weights[..], &mut columns.all_mut());
        let mut pruned = 0;
        if *at_hand {
            let few = I::as_u16(posts).filter(|_| step.codes.len() * LANES <= S::MOST_MEMBERS);
            let few =
                few.map(|posts| (posts, kinds.map(|signs| Target::new(signs, learning, step.codes.len()))));
            for (at, &(neuron, signs)) in active.iter().enumerate() {
                prefetch_row(&active[at..], rows, weights, posts);
                let row = &mut rows[neuron as usize];
                let groups = row.groups();
                let weights = &mut weights[groups.clone()];
                let fell = match &few {
                    Some((posts, targets)) => {
                        let target = &targets[kinds.iter().position(|&kind| kind == signs).unwrap_or(0)];
                        step.few::<S>(weights, &posts[groups], target, columns)
                    }
                    None => step.row::<S, I>(weights, &posts[groups], signs, columns),
                };
                row.holes += fell;
                pruned += fell;
            }
            return pruned;
        }
        let (mut waiting, mut waits) = ([Touch::default(); WAITING + LANES], 0);
        for (at, &(pre, signs)) in active.iter().enumerate() {
            prefetch_far_row(&active[at..], rows);
            prefetch_row(&active[at..], rows, weights, posts);
            for group in rows[pre as usize].groups() {
                let (up, down) = S::touched(&weights[group], &posts[group], step.codes, signs);
                let mut touched = up | down;
                let posts = &posts[group];
                while touched != 0 {
                    let lane = touched.trailing_zeros() as usize;
                    touched &= touched - 1;
                    let post = posts[lane].to_u32();
                    prefetch_far(columns.units, post as usize);
                    prefetch_far(columns.sums, post as usize);
                    let place = (group * LANES + lane) as u32;
                    waiting[waits] = Touch { place, pre, post, up: up >> lane & 1 != 0 };
                    waits += 1;
                }
                if waits > WAITING {
                    pruned += step.settle(&waiting[..waits], weights, rows, columns);
                    waits = 0;
                }
            }
        }
        pruned + step.settle(&waiting[..waits], weights, rows, columns)
    }

    /// Computes the drive from the neurons active at `t + 1`.
    pub(super) fn sum(&mut self, pre: &SpikeMask, drive: &mut [f64]) {
        let CsrF32 { rows, arena, columns, drive: sums, active, at_hand, .. } = self;
        let (weights, posts) = (&arena.weights, &arena.indices);
        let (rows, weights, posts, sums) = (&rows[..], &weights[..], &posts[..], &mut sums[..]);
        sums.fill(0.0);
        active.clear();
        active.extend(pre.now().map(|neuron| (neuron, 0)));
        let far = !*at_hand;
        for (at, &(neuron, _)) in active.iter().enumerate() {
            if far {
                prefetch_far_row(&active[at..], rows);
            }
            prefetch_row(&active[at..], rows, weights, posts);
            if sums.len() > FAR
                && let Some(&(soon, _)) = active.get(at + 1)
            {
                let posts = posts[rows[soon as usize].groups()].as_flattened();
                posts.iter().for_each(|post| prefetch_far(sums, post.to_u32() as usize));
            }
            let groups = rows[neuron as usize].groups();
            for (weights, posts) in weights[groups.clone()].iter().zip(&posts[groups]) {
                for (weight, post) in weights.0.iter().zip(posts) {
                    sums[post.to_u32() as usize] += weight;
                }
            }
        }
        for ((drive, sum), unit) in drive.iter_mut().zip(sums).zip(&columns.units) {
            *drive = f64::from(*sum / unit);
        }
    }
}

/// Which synapses of one or two groups exist, the first sixteen bits for the first.
#[inline(always)]
fn existing<S: Simd>(weights: &[Row<f32>]) -> u32 {
    let mut existing = 0;
    for (n, row) in weights.iter().take(2).enumerate() {
        each_part!(S::F32, k => {
            let exist = S::F32::load(row, k).exists(S::F32::mask(Mask::MAX, k));
            existing |= u32::from(S::F32::bits(exist)) << (n * LANES + k * LANES / S::F32::PARTS);
        });
    }
    existing
}

/// Prefetches the synapses of a row to come: rows are too short for the processor to detect the sequential access.
#[inline(always)]
fn prefetch_row<I: Index>(
    active: &[(u32, u32)],
    rows: &[Extent],
    weights: &[Row<f32>],
    posts: &[[I; LANES]],
) {
    if let Some(&(soon, _)) = active.get(AHEAD) {
        let groups = rows[soon as usize].groups();
        prefetch(&weights[groups.clone()]);
        prefetch(&posts[groups]);
    }
}

/// Prefetches the extent of a later row.
#[inline(always)]
fn prefetch_far_row(active: &[(u32, u32)], rows: &[Extent]) {
    if let Some(&(later, _)) = active.get(FAR_AHEAD) {
        prefetch(&rows[later as usize..][..1]);
    }
}

/// The data that all rows of a step share.
struct Step<'a> {
    /// Activity of the postsynaptic neurons, see [`Simd::touched`].
    codes: &'a [u32],
    /// The number added to a synapse that is lowered, and the one added to a synapse that is raised.
    moves: [f32; 2],
    floor: f32,
}

/// The columns to raise and those to lower, in the rows of neurons with one kind of activity.
#[derive(Clone, Copy)]
struct Target {
    sets: [Set; 2],
    /// Whether the set is non-empty.
    any: [bool; 2],
}

impl Target {
    /// For rows with these signs.
    #[inline(always)]
    fn new(signs: u32, learning: &Learning<'_>, slices: usize) -> Self {
        let (mut before, mut now): (Set, Set) = ([0; 64], [0; 64]);
        for slice in 0..slices {
            (before[slice], now[slice]) = learning.post.word(learning.first_slice + slice);
        }
        // Per sign and code, all bits or none.
        let takes = |kind| -> [Mask; 4] {
            std::array::from_fn(|code| if signs >> (2 * code) & 3 == kind { Mask::MAX } else { 0 })
        };
        let takes = [takes(1), takes(2)];
        let mut sets = [[0; 64]; 2];
        for (set, [none, old, new, both]) in sets.iter_mut().zip(takes) {
            for slice in 0..64 {
                let (before, now) = (before[slice], now[slice]);
                set[slice] =
                    none & !before & !now | old & before & !now | new & !before & now | both & before & now;
            }
        }
        Target { sets, any: takes.map(|takes| takes != [0; 4]) }
    }
}

/// A queued change of a synapse, applied once the data of its column have been prefetched.
#[derive(Clone, Copy, Debug, Default)]
struct Touch {
    place: u32,
    pre: u32,
    post: u32,
    up: bool,
}

impl Step<'_> {
    /// Changes the synapses of a row; returns how many were pruned.
    #[inline(always)]
    fn row<S: Simd, I: Index>(
        &self,
        weights: &mut [Row<f32>],
        posts: &[[I; LANES]],
        signs: u32,
        columns: &mut ScaleMut<'_>,
    ) -> u32 {
        let mut pruned = 0;
        for (weights, posts) in weights.iter_mut().zip(posts) {
            let (up, down) = S::touched(weights, posts, self.codes, signs);
            let mut touched = up | down;
            while touched != 0 {
                let lane = touched.trailing_zeros() as usize;
                touched &= touched - 1;
                let (post, up) = (posts[lane].to_u32() as usize, up >> lane & 1 != 0);
                pruned += u32::from(!self.change(&mut weights.0[lane], post, up, columns));
            }
        }
        pruned
    }

    /// Like [`row`](Self::row), for few columns.
    #[inline(always)]
    fn few<S: Simd>(
        &self,
        weights: &mut [Row<f32>],
        posts: &[[u16; LANES]],
        target: &Target,
        columns: &mut ScaleMut<'_>,
    ) -> u32 {
        let mut pruned = 0;
        for (weights, posts) in weights.chunks_mut(2).zip(posts.chunks(2)) {
            let pair = [&posts[0], posts.last().unwrap_or(&posts[0])];
            let members =
                |kind: usize| if target.any[kind] { S::members(pair, &target.sets[kind]) } else { 0 };
            let (up, down) = (members(0), members(1));
            let mut touched = up | down;
            if touched != 0 {
                touched &= existing::<S>(weights);
            }
            let weights = Row::flatten_mut(weights);
            let posts = posts.as_flattened();
            while touched != 0 {
                let lane = touched.trailing_zeros() as usize;
                touched &= touched - 1;
                let (post, up) = (usize::from(posts[lane]), up >> lane & 1 != 0);
                pruned += u32::from(!self.change(&mut weights[lane], post, up, columns));
            }
        }
        pruned
    }

    /// Applies the queued changes; returns how many synapses were pruned.
    #[inline(always)]
    fn settle(
        &self,
        waiting: &[Touch],
        weights: &mut [Row<f32>],
        rows: &mut [Extent],
        columns: &mut ScaleMut<'_>,
    ) -> u32 {
        let mut pruned = 0;
        let weights = Row::flatten_mut(weights);
        for &Touch { place, pre, post, up } in waiting {
            if !self.change(&mut weights[place as usize], post as usize, up, columns) {
                pruned += 1;
                rows[pre as usize].holes += 1;
            }
        }
        pruned
    }

    /// Changes a synapse; returns whether it still exists.
    #[inline(always)]
    fn change(&self, weight: &mut f32, post: usize, up: bool, columns: &mut ScaleMut<'_>) -> bool {
        let (old, unit) = (*weight, columns.units[post]);
        let moved = old + unit * self.moves[usize::from(up)];
        if moved <= 0.0 {
            return self.fall(weight, post, columns);
        }
        *weight = if moved > unit { unit } else { moved };
        columns.sums[post] += f64::from(*weight) - f64::from(old);
        true
    }

    /// Sets a synapse that fell to 0 or below to the floor; returns whether it still exists.
    #[cold]
    #[inline(never)]
    fn fall(&self, weight: &mut f32, post: usize, columns: &mut ScaleMut<'_>) -> bool {
        let old = std::mem::replace(weight, self.floor * columns.units[post]);
        columns.sums[post] += f64::from(*weight) - f64::from(old);
        if !weight.exists() {
            columns.lose(post, 1);
        }
        weight.exists()
    }
}
