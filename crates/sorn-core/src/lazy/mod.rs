//! A plastic connection matrix in 32 bits, of which a step touches only the rows of active neurons.
//!
//! Synapses are stored by presynaptic neuron, weights in the units of their columns, see `units`.
//!
//! A column's numbers depend on that column alone, whatever the number of blocks.

use crate::Synapses;
use crate::huge_pages;
use crate::kernel::isa::Isa;
use crate::kernel::lookup::{Index, Pattern};
use crate::kernel::{LANES, Real, Row};
use crate::places::Places;
use crate::plastic::{Block, Learning, Op};
use crate::units::{ADD_UP_EVERY, Units};
use std::ops::Range;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod pass;
#[cfg(test)]
mod tests;

/// Most columns of which everything is at hand.
const AT_HAND: usize = 20_000;

/// Steps between two looks for places of pruned synapses to win back.
const COMPACT_EVERY: u64 = 64;

/// Where a unit is outside of this, all are brought back.
const NEAR: Range<f32> = 1.0 / 1_048_576.0..1_048_576.0;

/// Some columns of a plastic connection matrix of shape `(pre, post)`.
#[derive(Clone, Debug)]
pub(crate) struct Lazy<I: Index> {
    keep_zeros: bool,
    rows: Vec<Extent>,
    weights: Vec<Row<f32>>,
    posts: Vec<[I; LANES]>,
    columns: Units,
    /// What active neurons give each column, in its unit.
    drive: Vec<f32>,
    /// Activity of the columns' neurons, two bits for each, sixteen neurons to a word.
    codes: Vec<u32>,
    /// Rows that a rule visits, and what it does there.
    active: Vec<(u32, u32)>,
    /// Whether what is known of the columns is at hand, and need not be asked for before it is needed.
    at_hand: bool,
    count: usize,
    /// The synapses by column, once a rule from outside has asked for them.
    by_column: Option<Places>,
    isa: Isa,
}

/// A row: `length` places, of which `holes` are those of pruned synapses, in `capacity` groups of sixteen.
#[derive(Clone, Copy, Debug)]
struct Extent {
    start: u32,
    length: u32,
    capacity: u32,
    holes: u32,
}

impl Extent {
    /// The groups that hold synapses.
    #[inline(always)]
    fn groups(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + (self.length as usize).div_ceil(LANES)
    }

    /// Group and lane of a place.
    #[inline(always)]
    fn place(self, k: usize) -> (usize, usize) {
        (self.start as usize + k / LANES, k % LANES)
    }
}

impl<I: Index> Lazy<I> {
    /// Whether places of so many synapses fit, with room to grow.
    pub(crate) fn fit(synapses: &Synapses) -> bool {
        synapses.len() / LANES * 2 + 2 * synapses.n_pre < u32::MAX as usize / LANES
    }

    /// As [`Block::new`], for an instruction set.
    pub(crate) fn with_isa(
        synapses: &Synapses,
        posts: Range<usize>,
        keep_zeros: bool,
        units: &[[f64; 2]],
        isa: Isa,
    ) -> Self {
        let n_post = posts.len();
        let present = |post| synapses.column(post).filter(|&(_, weight)| keep_zeros || weight as f32 != 0.0);
        let mut lengths = vec![0_usize; synapses.n_pre];
        for (pre, _) in posts.clone().flat_map(present) {
            lengths[pre as usize] += 1;
        }
        let mut lazy = Lazy {
            keep_zeros,
            rows: Vec::with_capacity(synapses.n_pre),
            weights: Vec::new(),
            posts: Vec::new(),
            columns: Units::new(n_post),
            drive: vec![0.0; n_post],
            codes: vec![0; n_post.div_ceil(LANES)],
            active: Vec::with_capacity(synapses.n_pre),
            at_hand: n_post <= AT_HAND,
            count: lengths.iter().sum(),
            by_column: None,
            isa,
        };
        let groups: usize = lengths.iter().map(|length| length / LANES + 1).sum();
        // With room for rows that outgrow theirs.
        let room = groups + groups / 8 + LANES;
        lazy.weights.reserve_exact(room);
        lazy.posts.reserve_exact(room);
        huge_pages::ask(&lazy.weights);
        huge_pages::ask(&lazy.posts);
        huge_pages::ask(&lazy.drive);
        for &length in &lengths {
            let capacity = length / LANES + 1;
            let start = lazy.push_groups(capacity);
            lazy.rows.push(Extent { start, length: 0, capacity: capacity as u32, holes: 0 });
        }
        for (post, column) in posts.enumerate() {
            let mut stored = std::mem::replace(&mut lazy.columns, Units::new(0));
            stored.read(post, units.get(column), present(column), |pre, weight| {
                lazy.push(pre as usize, I::from_u32(post as u32), weight);
            });
            lazy.columns = stored;
        }
        lazy
    }

    /// The same, as if it had more columns than are at hand.
    #[cfg(test)]
    pub(crate) fn far(self) -> Self {
        Lazy { at_hand: false, ..self }
    }

    /// Appends groups; returns the first.
    fn push_groups(&mut self, groups: usize) -> u32 {
        let start = self.posts.len();
        self.posts.resize(start + groups, [I::default(); LANES]);
        self.weights.resize(start + groups, Row::default());
        start as u32
    }

    /// Appends a synapse to a row that has room.
    fn push(&mut self, pre: usize, post: I, weight: f32) {
        let row = &mut self.rows[pre];
        let (group, lane) = row.place(row.length as usize);
        self.posts[group][lane] = post;
        self.weights[group].0[lane] = weight;
        row.length += 1;
    }

    /// Where `pre` has a place for its synapse on `post`, even if it was pruned.
    fn find(&self, pre: usize, post: usize) -> Option<(usize, usize)> {
        let row = self.rows[pre];
        let is = |&(group, lane): &(usize, usize)| self.posts[group][lane].to_u32() as usize == post;
        (0..row.length as usize).map(|k| row.place(k)).find(is)
    }

    /// Closes the holes of a row.
    fn compact_row(&mut self, pre: usize) {
        let row = self.rows[pre];
        (self.rows[pre].length, self.rows[pre].holes) = (0, 0);
        for k in 0..row.length as usize {
            let (group, lane) = row.place(k);
            let (post, weight) = (self.posts[group][lane], self.weights[group].0[lane]);
            self.posts[group][lane] = I::default();
            self.weights[group].0[lane] = 0.0;
            if weight.exists() {
                self.push(pre, post, weight);
            }
        }
        self.by_column = None;
    }

    /// Moves a full row to the end, with room to grow.
    fn move_row(&mut self, pre: usize) {
        let old = self.rows[pre];
        let capacity = 2 * old.capacity;
        let start = self.push_groups(capacity as usize);
        self.posts.copy_within(old.groups(), start as usize);
        self.weights.copy_within(old.groups(), start as usize);
        self.rows[pre] = Extent { start, capacity, ..old };
        self.by_column = None;
    }

    /// Every place by column; presynaptic indices ascend.
    fn index(&self) -> Places {
        let mut index = Places::default();
        index.rebuild(self.drive.len(), self.rows.len(), |pre| {
            let row = self.rows[pre];
            (0..row.length as usize).map(move |k| {
                let (group, lane) = row.place(k);
                ((group * LANES + lane) as u32, self.posts[group][lane].to_u32())
            })
        });
        index
    }

    /// Existing synapses, row by row: place, column, weight.
    fn synapses(&self) -> impl Iterator<Item = (usize, usize, f32)> + '_ {
        let groups = self.rows.iter().enumerate().flat_map(|(pre, row)| row.groups().map(move |g| (pre, g)));
        groups
            .flat_map(|(pre, group)| (0..LANES).map(move |lane| (pre, group, lane)))
            .map(|(pre, group, lane)| {
                (pre, self.posts[group][lane].to_u32() as usize, self.weights[group].0[lane])
            })
            .filter(|(_, _, weight)| weight.exists())
    }

    /// Brings every unit to `[1, 2)`, by a power of two.
    #[cold]
    pub(super) fn fold(&mut self) {
        for row in &self.rows {
            let groups = row.groups();
            for (weights, posts) in self.weights[groups.clone()].iter_mut().zip(&self.posts[groups]) {
                for (weight, post) in weights.0.iter_mut().zip(posts) {
                    *weight *= self.columns.power(post.to_u32() as usize);
                }
            }
        }
        (0..self.drive.len()).for_each(|post| self.columns.fold(post));
    }

    fn add_up(&mut self) {
        let sums = &mut self.columns.sums;
        sums.fill(0.0);
        for row in &self.rows {
            let groups = row.groups();
            for (weights, posts) in self.weights[groups.clone()].iter().zip(&self.posts[groups]) {
                for (weight, post) in weights.0.iter().zip(posts) {
                    sums[post.to_u32() as usize] += f64::from(*weight);
                }
            }
        }
    }
}

impl<I: Index> Block for Lazy<I> {
    fn new(synapses: &Synapses, posts: Range<usize>, keep_zeros: bool, units: &[[f64; 2]]) -> Self {
        Self::with_isa(synapses, posts, keep_zeros, units, Isa::best())
    }

    fn run(&mut self, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]) -> u32 {
        let mut pruned = 0;
        for op in learning.ops {
            match op {
                Op::Update => pruned += self.update(pre, learning),
                Op::Scale => {
                    if self.scale() {
                        self.fold();
                    }
                }
                Op::Grow => {
                    let first = learning.first_slice * LANES;
                    let posts = first..first + self.drive.len();
                    for &(pre, post) in
                        learning.grown.iter().filter(|pair| posts.contains(&(pair.1 as usize)))
                    {
                        self.insert(pre, post as usize - first, learning.grown_weight);
                    }
                }
            }
        }
        self.count -= pruned as usize;
        self.drive(pre, drive);
        pruned
    }

    fn n_pre(&self) -> usize {
        self.rows.len()
    }

    fn append_to(&self, synapses: &mut Synapses) {
        let index = self.index();
        for post in 0..self.drive.len() {
            let places = index.of(post as u32).map(|(place, pre)| {
                let weight = self.weights[place / LANES].0[place % LANES];
                (pre as u32, weight)
            });
            let existing = places.filter(|(_, weight)| weight.exists());
            synapses.push_column(existing.map(|(pre, weight)| (pre, self.columns.plain(post, weight))));
        }
    }

    fn append_units(&self, units: &mut Vec<[f64; 2]>) {
        self.columns.append_to(self.drive.len(), units);
    }

    fn count(&self) -> usize {
        self.count
    }

    fn add_out_degrees(&self, degrees: &mut [u32]) {
        self.synapses().for_each(|(pre, _, _)| degrees[pre] += 1);
    }

    fn contains(&self, pre: u32, post: usize) -> bool {
        let place = self.find(pre as usize, post);
        place.is_some_and(|(group, lane)| self.weights[group].0[lane].exists())
    }

    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32 {
        let index = self.by_column.take().unwrap_or_else(|| self.index());
        let mut pruned = 0;
        for (place, pre) in index.of(post as u32) {
            let stored = &mut self.weights[place / LANES].0[place % LANES];
            if !stored.exists() {
                continue;
            }
            *stored = self.columns.edit(post, *stored, self.keep_zeros, |weight| change(pre as u32, weight));
            if !stored.exists() {
                pruned += 1;
                self.rows[pre].holes += 1;
                self.columns.lose(post, 1);
            }
        }
        self.by_column = Some(index);
        self.count -= pruned as usize;
        pruned
    }

    fn insert(&mut self, pre: u32, post: usize, weight: f64) {
        let pre = pre as usize;
        let weight = self.columns.insert(post, weight);
        self.count += 1;
        if let Some((group, lane)) = self.find(pre, post) {
            // Its pruned predecessor still holds the place.
            self.weights[group].0[lane] = weight;
            self.rows[pre].holes -= 1;
            return;
        }
        let is_full = |row: Extent| row.length == row.capacity * LANES as u32;
        if is_full(self.rows[pre]) {
            self.compact_row(pre);
        }
        if is_full(self.rows[pre]) {
            self.move_row(pre);
        }
        self.push(pre, I::from_u32(post as u32), weight);
        self.by_column = None;
    }

    fn unconnected(&self) -> usize {
        self.columns.lengths[..self.drive.len()].iter().filter(|&&length| length == 0).count()
    }

    fn compact(&mut self, steps: u64) {
        if steps.is_multiple_of(ADD_UP_EVERY) {
            self.add_up();
        }
        if steps.is_multiple_of(COMPACT_EVERY) {
            for pre in 0..self.rows.len() {
                if self.rows[pre].holes * 8 > self.rows[pre].length {
                    self.compact_row(pre);
                }
            }
        }
    }
}
