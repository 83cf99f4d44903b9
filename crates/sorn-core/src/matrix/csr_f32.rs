//! Plastic weights in 32 bits, of which a step touches only the rows of active neurons.
//!
//! Synapses are stored by presynaptic neuron, weights in the units of their columns, see `column_scale`.
//!
//! A column's numbers depend on that column alone, so the number of storages that share a matrix changes no bit.

use super::arena::{Arena, Line};
use super::column_scale::{ADD_UP_EVERY, ColumnScale};
use super::pre_index::PreIndex;
use super::storage::{Learning, Options, Storage};
use crate::Synapses;
use crate::huge_pages;
use crate::kernels::lookup::Index;
use crate::kernels::spikes::SpikeMask;
use crate::simd::{LANES, Level, Real, Row, Simd};
use std::ops::Range;

mod pass;

/// Most columns whose data stay in the cache.
const AT_HAND: usize = 20_000;

/// Steps between two reclamations of the places of pruned synapses.
const COMPACT_EVERY: u64 = 64;

/// All units are rescaled when one leaves this range.
const NEAR: Range<f32> = 1.0 / 1_048_576.0..1_048_576.0;

/// Some columns of a plastic connection matrix of shape `(pre, post)`.
#[derive(Clone, Debug)]
pub(crate) struct CsrF32<I: Index> {
    keep_zeros: bool,
    rows: Vec<Extent>,
    arena: Arena<f32, I>,
    columns: ColumnScale,
    /// The drive of each column from the active neurons, in the column's unit.
    drive: Vec<f32>,
    /// Activity of the columns' neurons, two bits for each, sixteen neurons to a word.
    codes: Vec<u32>,
    /// The rows that a rule visits, and the changes that it makes there.
    active: Vec<(u32, u32)>,
    /// Whether the data of the columns stay in the cache, so that nothing is prefetched.
    at_hand: bool,
    count: usize,
    /// The synapses by column; built when a custom rule first needs them.
    by_column: Option<PreIndex>,
    level: Level,
}

/// A row: `length` places, of which `holes` belong to pruned synapses, in `capacity` groups of sixteen.
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

    fn line(self) -> Line {
        Line { start: self.start as usize * LANES, stride: 1, length: self.length as usize }
    }

    fn is_full(self) -> bool {
        self.length == self.capacity * LANES as u32
    }
}

impl<I: Index> CsrF32<I> {
    /// Whether the places of this many synapses fit, with spare capacity.
    pub(crate) fn fit(synapses: &Synapses) -> bool {
        synapses.len() / LANES * 2 + 2 * synapses.n_pre < u32::MAX as usize / LANES
    }

    /// The same matrix, treated as if it had more columns than the cache holds.
    #[cfg(test)]
    pub(crate) fn far(self) -> Self {
        CsrF32 { at_hand: false, ..self }
    }

    /// The place of the synapse from `pre` on `post`, even if the synapse was pruned.
    fn find(&self, pre: usize, post: usize) -> Option<usize> {
        self.rows[pre].line().places().find(|&place| self.arena.index(place) as usize == post)
    }

    /// Closes the holes of a row.
    fn compact_row(&mut self, pre: usize) {
        let row = &mut self.rows[pre];
        (row.length, row.holes) = (self.arena.compact(row.line()) as u32, 0);
        self.by_column = None;
    }

    /// Moves a full row to the end, with spare capacity.
    fn move_row(&mut self, pre: usize) {
        let row = &mut self.rows[pre];
        let capacity = 2 * row.capacity;
        row.start = self.arena.relocate(row.groups(), capacity as usize) as u32;
        row.capacity = capacity;
        self.by_column = None;
    }

    /// Every place by column; presynaptic indices ascend.
    fn index(&self) -> PreIndex {
        let mut index = PreIndex::default();
        index.rebuild(self.drive.len(), self.rows.len(), |pre| {
            self.rows[pre].line().places().map(|place| (place as u32, self.arena.index(place)))
        });
        index
    }

    /// Calls `visit` with the weights of each row and their columns, including those of absent synapses.
    fn for_each(&mut self, mut visit: impl FnMut(&mut ColumnScale, &mut f32, usize)) {
        for row in &self.rows {
            let weights = Row::flatten_mut(&mut self.arena.weights[row.groups()]);
            let posts = self.arena.indices[row.groups()].as_flattened();
            for (weight, post) in weights.iter_mut().zip(posts) {
                visit(&mut self.columns, weight, post.to_u32() as usize);
            }
        }
    }

    /// Multiplies every unit by a power of two so that it is in `[1, 2)`.
    #[cold]
    fn fold(&mut self) {
        self.for_each(|columns, weight, post| *weight *= columns.power(post));
        (0..self.drive.len()).for_each(|post| self.columns.fold(post));
    }

    fn add_up(&mut self) {
        self.columns.sums.fill(0.0);
        self.for_each(|columns, weight, post| columns.sums[post] += f64::from(*weight));
    }
}

impl<I: Index> Storage for CsrF32<I> {
    type Pass = ();

    fn new(synapses: &Synapses, posts: Range<usize>, options: Options<'_>) -> Self {
        let Options { keep_zeros, units, level, .. } = options;
        let n_post = posts.len();
        let present = |post| synapses.column(post).filter(|&(_, weight)| keep_zeros || weight as f32 != 0.0);
        let mut lengths = vec![0_usize; synapses.n_pre];
        for (pre, _) in posts.clone().flat_map(present) {
            lengths[pre as usize] += 1;
        }
        let groups: usize = lengths.iter().map(|length| length / LANES + 1).sum();
        let mut csr = CsrF32 {
            keep_zeros,
            rows: Vec::with_capacity(synapses.n_pre),
            // Includes capacity for rows that outgrow theirs.
            arena: Arena::with_capacity(groups + groups / 8 + LANES),
            columns: ColumnScale::new(n_post),
            drive: vec![0.0; n_post],
            codes: vec![0; n_post.div_ceil(LANES)],
            active: Vec::with_capacity(synapses.n_pre),
            at_hand: n_post <= AT_HAND,
            count: lengths.iter().sum(),
            by_column: None,
            level,
        };
        huge_pages::ask(&csr.drive);
        for &length in &lengths {
            let capacity = length / LANES + 1;
            let start = csr.arena.push(capacity) as u32;
            csr.rows.push(Extent { start, length: 0, capacity: capacity as u32, holes: 0 });
        }
        let (rows, arena) = (&mut csr.rows, &mut csr.arena);
        for (post, column) in posts.enumerate() {
            csr.columns.read(post, units.get(column), present(column), |pre, weight| {
                let row = &mut rows[pre as usize];
                arena.set(row.line().place(row.length as usize), I::from_u32(post as u32), weight);
                row.length += 1;
            });
        }
        csr
    }

    fn level(&self) -> Level {
        self.level
    }

    fn n_pre(&self) -> usize {
        self.rows.len()
    }

    fn n_post(&self) -> usize {
        self.drive.len()
    }

    fn wake(&mut self, _: &SpikeMask) {}

    #[inline(always)]
    fn begin<S: Simd>(&mut self, _: usize, _: &SpikeMask, _: &Learning<'_>) {}

    #[inline(always)]
    fn update<S: Simd>(&mut self, _: usize, (): &mut (), pre: &SpikeMask, learning: &Learning<'_>) -> u32 {
        self.change::<S>(pre, learning)
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
        self.sum(pre, Row::flatten_mut(drive));
    }

    fn insert(&mut self, pre: u32, post: usize, weight: f64) {
        let pre = pre as usize;
        let weight = self.columns.insert(post, weight);
        self.count += 1;
        if let Some(place) = self.find(pre, post) {
            // Its pruned predecessor still holds the place.
            *self.arena.weight_mut(place) = weight;
            self.rows[pre].holes -= 1;
            return;
        }
        if self.rows[pre].is_full() {
            self.compact_row(pre);
        }
        if self.rows[pre].is_full() {
            self.move_row(pre);
        }
        let line = self.rows[pre].line();
        self.arena.insert(line, line.length, post as u32, weight);
        self.rows[pre].length += 1;
        self.by_column = None;
    }

    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32 {
        let index = self.by_column.take().unwrap_or_else(|| self.index());
        let mut pruned = 0;
        for (place, pre) in index.of(post as u32) {
            let stored = self.arena.weight_mut(place);
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
        self.forget(pruned);
        pruned
    }

    fn count(&self) -> usize {
        self.count
    }

    fn forget(&mut self, pruned: u32) {
        self.count -= pruned as usize;
    }

    fn contains(&self, pre: u32, post: usize) -> bool {
        self.find(pre as usize, post).is_some_and(|place| self.arena.weight(place).exists())
    }

    fn add_out_degrees(&self, degrees: &mut [u32]) {
        for (degree, row) in degrees.iter_mut().zip(&self.rows) {
            *degree += self.arena.synapses(row.line()).count() as u32;
        }
    }

    fn unconnected(&self) -> usize {
        self.columns.lengths[..self.n_post()].iter().filter(|&&length| length == 0).count()
    }

    fn append_to(&self, synapses: &mut Synapses) {
        let index = self.index();
        for post in 0..self.n_post() {
            let column = index.of(post as u32).map(|(place, pre)| (pre as u32, self.arena.weight(place)));
            let existing = column.filter(|(_, weight)| weight.exists());
            synapses.push_column(existing.map(|(pre, weight)| (pre, self.columns.plain(post, weight))));
        }
    }

    fn append_units(&self, units: &mut Vec<[f64; 2]>) {
        self.columns.append_to(self.n_post(), units);
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
