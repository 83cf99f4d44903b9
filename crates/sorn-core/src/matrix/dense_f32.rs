//! Plastic weights in 32 bits, with a place for every pair.
//!
//! A row holds the weights of one presynaptic neuron, in the units of their columns, see `column_scale`. A bit per pair says
//! whether the synapse exists, so that a rule reads few weights besides those it changes. An absent synapse has weight 0.
//!
//! A column's numbers depend on that column alone, so the number of storages that share a matrix changes no bit.

use super::column_scale::{ADD_UP_EVERY, ColumnScale};
use super::csr::Csr;
use super::storage::{Learning, Options, Storage};
use crate::Synapses;
use crate::huge_pages;
use crate::kernels::spikes::SpikeMask;
use crate::simd::{LANES, Level, Mask, Row, Simd};
use std::ops::Range;

mod pass;

/// A mask for each of sixteen slices.
type Masks = [Mask; LANES];

/// A unit that leaves this range is rescaled and the sum of its column recomputed, because the rounding error of a sum weighs
/// more once the column has shrunk.
const NEAR: Range<f32> = 0.125..16.0;

/// A change above this share of a column's sum is large, so that the sum is recomputed.
const LARGE: f64 = 0.125;

/// Most columns.
const MOST: usize = 2 * LANES * LANES;

/// Share of connected pairs below which a matrix at rest is read synapse by synapse.
const SPARSE: f64 = 0.06;

/// Some columns of a plastic connection matrix of shape `(pre, post)`.
#[derive(Clone, Debug)]
pub(crate) struct DenseF32 {
    n_pre: usize,
    n_post: usize,
    keep_zeros: bool,
    /// Whether sums are kept up to date.
    scales: bool,
    /// Slices of sixteen columns in a row.
    width: usize,
    /// Rows one after the other.
    weights: Vec<Row<f32>>,
    /// Which synapses exist, as a mask per slice, followed by the empty masks that loops over whole groups may read.
    exists: Vec<Mask>,
    columns: ColumnScale,
    /// Neurons active only before, only now, and both times.
    active: [Vec<u32>; 3],
    /// Neurons active now.
    now: Vec<u32>,
    /// Slices that a rule visits.
    visits: Vec<u32>,
    /// The number that a rule adds to each column, in the column's unit.
    changes: Vec<Row<f32>>,
    /// A buffer of one number per column, among others for its drive in its unit.
    driven: Vec<Row<f32>>,
    /// The same matrix as a list of synapses, if there are few and while no rule changes it.
    at_rest: Option<Csr<f32>>,
    count: usize,
    level: Level,
}

impl DenseF32 {
    fn weight(&self, pre: usize, post: usize) -> f32 {
        self.weights[pre * self.width + post / LANES].0[post % LANES]
    }

    fn set(&mut self, pre: usize, post: usize, weight: f32, exists: bool) {
        self.weights[pre * self.width + post / LANES].0[post % LANES] = weight;
        let mask = &mut self.exists[pre * self.width + post / LANES];
        *mask = *mask & !(1 << (post % LANES)) | Mask::from(exists) << (post % LANES);
    }

    fn exists(&self, pre: usize, post: usize) -> bool {
        self.exists[pre * self.width + post / LANES] >> (post % LANES) & 1 != 0
    }

    /// Existing synapses of a column: presynaptic index, weight.
    fn column(&self, post: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let existing = (0..self.n_pre).filter(move |&pre| self.exists(pre, post));
        existing.map(move |pre| (pre as u32, self.weight(pre, post)))
    }

    /// Brings units that are far from 1 to `[1, 2)`.
    #[cold]
    fn fold(&mut self) {
        for post in 0..self.n_post {
            if !NEAR.contains(&self.columns.units[post]) {
                let power = self.columns.power(post);
                for row in self.weights.chunks_mut(self.width) {
                    row[post / LANES].0[post % LANES] *= power;
                }
                self.columns.fold(post);
                self.add_up_column(post);
            }
        }
    }

    fn add_up_column(&mut self, post: usize) {
        self.columns.sums[post] = self.sum_of_column(post);
    }

    /// Sums a column in four partial sums, so that an addition does not wait for the three before it.
    fn sum_of_column(&self, post: usize) -> f64 {
        const SUMS: usize = 4;
        let (slice, lane) = (post / LANES, post % LANES);
        let weight = |row: &[Row<f32>]| f64::from(row[slice].0[lane]);
        let mut sums = [0.0; SUMS];
        let mut groups = self.weights.chunks_exact(SUMS * self.width);
        for rows in &mut groups {
            for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(self.width)) {
                *sum += weight(row);
            }
        }
        let rest = groups.remainder().chunks_exact(self.width).map(weight);
        sums.into_iter().chain(rest).sum()
    }

    /// Recomputes the sums of columns with a change so large that its rounding error matters.
    #[cold]
    fn add_up_changed(&mut self) {
        for slice in 0..self.width {
            let sums = &self.columns.sums[slice * LANES..][..LANES];
            let pairs = self.changes[slice].0.iter().zip(sums);
            let large = |(&change, &sum): (&f32, &f64)| f64::from(change.abs()) - LARGE * sum > 0.0;
            let mut large =
                pairs.enumerate().fold(0, |mask: Mask, (l, pair)| mask | Mask::from(large(pair)) << l);
            while large != 0 {
                let lane = large.trailing_zeros() as usize;
                large &= large - 1;
                self.add_up_column(slice * LANES + lane);
            }
        }
    }
}

impl Storage for DenseF32 {
    type Pass = ();
    const MOST_COLUMNS: usize = MOST;

    fn new(synapses: &Synapses, posts: Range<usize>, options: Options<'_>) -> Self {
        let (n_pre, n_post) = (synapses.n_pre, posts.len());
        let width = n_post.div_ceil(LANES);
        // Whole words and one more, which loops may write before they truncate the list.
        let list = |most: usize| Vec::with_capacity(most.next_multiple_of(LANES) + LANES);
        // The system assigns a page when it is first written, so huge pages are requested before that.
        let mut weights = Vec::with_capacity(n_pre * width);
        huge_pages::ask(&weights);
        weights.resize(n_pre * width, Row::default());
        let mut dense = DenseF32 {
            n_pre,
            n_post,
            keep_zeros: options.keep_zeros,
            scales: options.scales,
            width,
            weights,
            exists: vec![0; n_pre * width + MOST / LANES],
            columns: ColumnScale::new(n_post),
            active: [list(n_pre), list(n_pre), list(n_pre)],
            now: list(n_pre),
            at_rest: None,
            visits: list(n_pre * width.next_multiple_of(LANES)),
            changes: vec![Row::default(); width],
            driven: vec![Row::default(); width],
            count: 0,
            level: options.level,
        };
        // One slice at a time, because rows are far apart in memory.
        let mut slice = vec![(Row::default(), 0); n_pre];
        for first in (0..n_post).step_by(LANES) {
            slice.fill((Row::default(), 0));
            for post in first..n_post.min(first + LANES) {
                let column = posts.start + post;
                let present = synapses.column(column).filter(|&(_, w)| options.keep_zeros || w as f32 != 0.0);
                dense.columns.read(post, options.units.get(column), present, |pre, weight| {
                    let (weights, exist) = &mut slice[pre as usize];
                    weights.0[post - first] = weight;
                    *exist |= 1 << (post - first);
                });
                dense.count += dense.columns.lengths[post] as usize;
            }
            for (pre, &(weights, exist)) in slice.iter().enumerate() {
                dense.weights[pre * width + first / LANES] = weights;
                dense.exists[pre * width + first / LANES] = exist;
            }
        }
        dense
    }

    fn level(&self) -> Level {
        self.level
    }

    fn n_post(&self) -> usize {
        self.n_post
    }

    fn wake(&mut self, _: &SpikeMask) {
        self.at_rest = None;
    }

    #[inline(always)]
    fn begin<S: Simd>(&mut self, _: usize, pre: &SpikeMask, learning: &Learning<'_>) {
        if !learning.ops.is_empty() {
            self.list_active::<S>(pre);
        }
    }

    #[inline(always)]
    fn update<S: Simd>(&mut self, _: usize, (): &mut (), _: &SpikeMask, learning: &Learning<'_>) -> u32 {
        self.change::<S>(learning)
    }

    #[inline(always)]
    fn scale<S: Simd>(&mut self, _: usize, (): &mut (), _: &Learning<'_>) -> u32 {
        if self.columns.scale(&NEAR) {
            self.fold();
        }
        0
    }

    #[inline(always)]
    fn drive<S: Simd>(&mut self, _: usize, (): (), pre: &SpikeMask, drive: &mut [Row<f64>]) {
        self.sum::<S>(pre, drive);
    }

    fn forget(&mut self, pruned: u32) {
        self.count -= pruned as usize;
    }

    fn n_pre(&self) -> usize {
        self.n_pre
    }

    fn append_to(&self, synapses: &mut Synapses) {
        for post in 0..self.n_post {
            let column = self.column(post);
            synapses.push_column(column.map(|(pre, weight)| (pre, self.columns.plain(post, weight))));
        }
    }

    fn append_units(&self, units: &mut Vec<[f64; 2]>) {
        let first = units.len();
        self.columns.append_to(self.n_post, units);
        if !self.scales {
            units[first..].iter_mut().enumerate().for_each(|(post, unit)| unit[1] = self.sum_of_column(post));
        }
    }

    fn count(&self) -> usize {
        self.count
    }

    fn add_out_degrees(&self, degrees: &mut [u32]) {
        for (degree, masks) in degrees.iter_mut().zip(self.exists.chunks(self.width)) {
            *degree += masks.iter().map(|mask| mask.count_ones()).sum::<u32>();
        }
    }

    fn contains(&self, pre: u32, post: usize) -> bool {
        self.exists(pre as usize, post)
    }

    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32 {
        self.at_rest = None;
        let mut pruned = 0;
        for pre in 0..self.n_pre {
            if self.exists(pre, post) {
                let old = self.weight(pre, post);
                let new = self.columns.edit(post, old, self.keep_zeros, |weight| change(pre as u32, weight));
                let exists = self.keep_zeros || new != 0.0;
                self.set(pre, post, new, exists);
                pruned += u32::from(!exists);
            }
        }
        if pruned > 0 {
            self.columns.lose(post, pruned);
            self.forget(pruned);
        }
        pruned
    }

    fn insert(&mut self, pre: u32, post: usize, weight: f64) {
        self.at_rest = None;
        let weight = self.columns.insert(post, weight);
        self.set(pre as usize, post, weight, true);
        self.count += 1;
    }

    fn rest(&mut self) {
        if self.at_rest.is_none() && self.count as f64 <= SPARSE * (self.n_pre * self.n_post) as f64 {
            self.at_rest = Some(Csr::new(self.n_pre, self.n_post, |post| self.column(post)));
        }
    }

    fn unconnected(&self) -> usize {
        self.columns.lengths[..self.n_post].iter().filter(|&&length| length == 0).count()
    }

    fn compact(&mut self, steps: u64) {
        // At rest no sum changes, and `at_rest` is in the current units.
        if self.scales && self.at_rest.is_none() && steps.is_multiple_of(ADD_UP_EVERY) {
            pass::add_up(self.level, self);
        }
    }
}
