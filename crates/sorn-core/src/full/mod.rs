//! A plastic connection matrix in 32 bits in which a place is kept for every pair: one of few columns.
//!
//! A row holds the weights of one presynaptic neuron, in the units of their columns, see `units`. Bits tell which synapses
//! exist, so that a rule reads the weights that it changes and few others; an absent synapse has weight 0.
//!
//! A column's numbers depend on that column alone, whatever the number of blocks.

use crate::Synapses;
use crate::kernel::isa::Isa;
use crate::kernel::lookup::Pattern;
use crate::kernel::{LANES, Mask, Row};
use crate::outgoing::Outgoing;
use crate::plastic::{Block, Learning, Op};
use crate::units::{ADD_UP_EVERY, Units};
use std::ops::Range;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod pass;

/// A mask for each of sixteen slices.
type Masks = [Mask; LANES];

/// Where a unit is outside of this, it is brought back and its column added up anew: what rounding adds to a sum counts for
/// more when the column has shrunk.
const NEAR: Range<f32> = 0.125..16.0;

/// Share of a column's sum above which a change is not small beside it.
const LARGE: f64 = 0.125;

/// Most columns.
pub(crate) const MOST: usize = 2 * LANES * LANES;

/// Share of pairs that are connected below which a matrix at rest is read synapse by synapse.
const SPARSE: f64 = 0.06;

/// Some columns of a plastic connection matrix of shape `(pre, post)`.
#[derive(Clone, Debug)]
pub(crate) struct Full {
    n_pre: usize,
    n_post: usize,
    keep_zeros: bool,
    /// Slices of sixteen columns in a row.
    width: usize,
    /// Rows one after the other.
    weights: Vec<Row<f32>>,
    /// Which synapses exist, a mask per slice, and as many empty ones as loops over whole groups may read.
    exists: Vec<Mask>,
    columns: Units,
    /// Neurons active before alone, now alone, and both times.
    active: [Vec<u32>; 3],
    /// Neurons active now.
    now: Vec<u32>,
    /// Slices that a rule visits.
    visits: Vec<u32>,
    /// What a rule adds to each column, in its unit.
    changes: Vec<Row<f32>>,
    /// Room for a number per column: what active neurons give it, in its unit, and others.
    driven: Vec<Row<f32>>,
    /// The same by synapses, while no rule changes it, if there are few.
    at_rest: Option<Outgoing<f32>>,
    count: usize,
    isa: Isa,
}

impl Full {
    /// As [`Block::new`], for an instruction set; at most [`MOST`] columns.
    pub(crate) fn with_isa(
        synapses: &Synapses,
        posts: Range<usize>,
        keep_zeros: bool,
        units: &[[f64; 2]],
        isa: Isa,
    ) -> Self {
        let (n_pre, n_post) = (synapses.n_pre, posts.len());
        let width = n_post.div_ceil(LANES);
        // Whole words, and one more, which loops may write before they cut it off.
        let list = |most: usize| Vec::with_capacity(most.next_multiple_of(LANES) + LANES);
        let mut full = Full {
            n_pre,
            n_post,
            keep_zeros,
            width,
            weights: vec![Row::default(); n_pre * width],
            exists: vec![0; n_pre * width + MOST / LANES],
            columns: Units::new(n_post),
            active: [list(n_pre), list(n_pre), list(n_pre)],
            now: list(n_pre),
            at_rest: None,
            visits: list(n_pre * width.next_multiple_of(LANES)),
            changes: vec![Row::default(); width],
            driven: vec![Row::default(); width],
            count: 0,
            isa,
        };
        let mut columns = full.columns.clone();
        for (post, column) in posts.enumerate() {
            let present = synapses.column(column).filter(|&(_, weight)| keep_zeros || weight as f32 != 0.0);
            columns.read(post, units.get(column), present, |pre, weight| {
                full.set(pre as usize, post, weight, true);
                full.count += 1;
            });
        }
        full.columns = columns;
        full
    }

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

    /// Adds a column up anew, in four sums, of which each addition waits for its own alone.
    fn add_up_column(&mut self, post: usize) {
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
        self.columns.sums[post] = sums.into_iter().chain(rest).sum();
    }

    /// Adds those columns up anew of which a change was so large that rounding it counts.
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

impl Block for Full {
    fn new(synapses: &Synapses, posts: Range<usize>, keep_zeros: bool, units: &[[f64; 2]]) -> Self {
        Self::with_isa(synapses, posts, keep_zeros, units, Isa::best())
    }

    fn run(&mut self, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]) -> u32 {
        if !learning.ops.is_empty() {
            self.at_rest = None;
            self.list_active(pre);
        }
        let mut pruned = 0;
        for op in learning.ops {
            match op {
                Op::Update => pruned += self.update(learning),
                Op::Scale => {
                    if self.scale() {
                        self.fold();
                    }
                }
                Op::Grow => {
                    let first = learning.first_slice * LANES;
                    for &(pre, post) in learning.grown {
                        if (first..first + self.n_post).contains(&(post as usize)) {
                            self.insert(pre, post as usize - first, learning.grown_weight);
                        }
                    }
                }
            }
        }
        self.count -= pruned as usize;
        if learning.drives {
            self.drive(pre, drive);
        }
        pruned
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
        self.columns.append_to(self.n_post, units);
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
            self.count -= pruned as usize;
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
            let column = |post| self.column(post);
            self.at_rest = Some(Outgoing::new(self.n_pre, self.n_post, column));
        }
    }

    fn unconnected(&self) -> usize {
        self.columns.lengths[..self.n_post].iter().filter(|&&length| length == 0).count()
    }

    fn compact(&mut self, steps: u64) {
        // At rest nothing changes that could have to be added up, and `at_rest` is in the units of now.
        if self.at_rest.is_none() && steps.is_multiple_of(ADD_UP_EVERY) {
            self.add_up();
        }
    }
}
