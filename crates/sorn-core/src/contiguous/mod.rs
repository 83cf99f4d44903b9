//! A large plastic connection matrix, of which a step touches only what changes.
//!
//! The synapses of a column lie one after the other, presynaptic indices ascending. A column that no rule changed is not
//! visited: dividing it by its sum again and again ends, after a step or two, in weights that stay or that come back every
//! second time (or, rarely, in a longer cycle). So there are two copies of the weights, those of even and of odd
//! normalisations, and a column for which both are right rests until a rule touches it.
//!
//! The drive is that of the active neurons' rows alone.

use crate::Synapses;
use crate::huge_pages;
use crate::kernel::column::{self, Signs};
use crate::kernel::isa::Isa;
use crate::kernel::lookup::{Index, Pattern};
use crate::kernel::{LANES, Real, Row, TINY, prefetch};
use crate::places::Places;
use crate::plastic::{Block, Learning, Op};
use std::ops::Range;

mod scale;

/// Synapses that are asked for ahead of the one at hand.
const AHEAD: usize = 24;
/// Steps between two looks for places to win back.
const COMPACT_EVERY: u64 = 64;

/// A plastic connection matrix of shape `(pre, post)`.
#[derive(Clone, Debug)]
pub(crate) struct Contiguous<I: Index> {
    n_pre: usize,
    keep_zeros: bool,
    columns: Vec<Column>,
    /// The weights now, at `current`, and those after or before; the second is empty where columns do not cycle.
    weights: [Vec<Row<f64>>; 2],
    current: usize,
    pre: Vec<[I; LANES]>,
    /// Columns that a rule visits, and what it does there.
    visits: Vec<(u32, Signs)>,
    /// Columns that do not rest.
    restless: Vec<u32>,
    count: usize,
    /// Places of pruned synapses.
    holes: usize,
    outgoing: Places,
    /// Columns whose synapses have moved since `outgoing` was made.
    moved: Vec<u32>,
    /// Drive of each column.
    sums: Vec<f64>,
    isa: Isa,
}

/// A column: `length` synapses in the first of `capacity` rows.
#[derive(Clone, Copy, Debug)]
struct Column {
    start: u32,
    length: u32,
    capacity: u32,
    rest: Rest,
    /// Divisions since the last look for tiny weights, see `TINY`.
    divisions: u8,
    /// Whether a weight may be tiny.
    tiny: bool,
    /// Whether it is one of `moved`.
    moved: bool,
}

/// What normalisation still has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// A rule changed the column since it was last divided.
    Touched,
    /// The other copy holds what the column was before it was divided.
    Divided,
    /// Nothing: both copies are right.
    Resting,
}

impl Column {
    /// The rows that hold synapses.
    #[inline(always)]
    fn rows(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + (self.length as usize).div_ceil(LANES)
    }

    /// Row and lane of a synapse.
    #[inline(always)]
    fn place(self, k: usize) -> (usize, usize) {
        (self.start as usize + k / LANES, k % LANES)
    }
}

impl<I: Index> Contiguous<I> {
    /// Whether places of so many synapses fit.
    pub(crate) fn fit(synapses: &Synapses) -> bool {
        // Twice as many rows as are full, and one that is not, and one to grow, per column.
        synapses.len() / LANES * 2 + 2 * synapses.n_post() < u32::MAX as usize / LANES
    }

    pub(crate) fn with_isa(synapses: &Synapses, posts: Range<usize>, keep_zeros: bool, isa: Isa) -> Self {
        let mut block = Contiguous {
            n_pre: synapses.n_pre,
            keep_zeros,
            columns: Vec::with_capacity(posts.len()),
            weights: [Vec::new(), Vec::new()],
            current: 0,
            pre: Vec::new(),
            visits: Vec::with_capacity(posts.len()),
            restless: Vec::with_capacity(posts.len()),
            count: 0,
            holes: 0,
            outgoing: Places::default(),
            moved: Vec::with_capacity(posts.len()),
            sums: vec![0.0; posts.len()],
            isa,
        };
        for (post, column) in posts.enumerate() {
            let present = || synapses.column(column).filter(|&(_, weight)| keep_zeros || weight != 0.0);
            let length: usize = present().count();
            let start = block.push_rows(length / LANES + 1);
            let mut tiny = false;
            for (k, (pre, weight)) in present().enumerate() {
                let (row, lane) = (start as usize + k / LANES, k % LANES);
                block.pre[row][lane] = I::from_u32(pre);
                // A zero that exists is negative, see `kernel`.
                block.weights[0][row].0[lane] = if weight == 0.0 { -0.0 } else { weight };
                tiny |= weight < TINY;
            }
            let (length, capacity) = (length as u32, (length / LANES) as u32 + 1);
            let rest = Rest::Touched;
            block.columns.push(Column { start, length, capacity, rest, divisions: 0, tiny, moved: false });
            block.restless.push(post as u32);
            block.count += length as usize;
        }
        block.weights.iter().for_each(huge_pages::ask);
        huge_pages::ask(&block.pre);
        huge_pages::ask(&block.sums);
        block.rebuild();
        block
    }

    /// Appends rows; returns the first.
    fn push_rows(&mut self, rows: usize) -> u32 {
        let start = self.pre.len();
        self.pre.resize(start + rows, [I::default(); LANES]);
        self.weights[0].resize(start + rows, Row::default());
        self.weights[1].resize(start + rows, Row::default());
        start as u32
    }

    /// Finds every synapse anew.
    fn rebuild(&mut self) {
        let (columns, pre) = (&self.columns, &self.pre);
        self.outgoing.rebuild(self.n_pre, columns.len(), |post| {
            (0..columns[post].length as usize).map(move |k| {
                let (row, lane) = columns[post].place(k);
                ((row * LANES + lane) as u32, pre[row][lane].to_u32())
            })
        });
        for post in self.moved.drain(..) {
            self.columns[post as usize].moved = false;
        }
    }

    /// Existing synapses of a column: presynaptic index, weight.
    fn column(&self, post: usize) -> impl Iterator<Item = (u32, f64)> + '_ {
        let column = self.columns[post];
        (0..column.length as usize)
            .map(move |k| self.synapse(column, k))
            .filter(|(_, weight)| weight.exists())
    }

    #[inline(always)]
    fn synapse(&self, column: Column, k: usize) -> (u32, f64) {
        let (row, lane) = column.place(k);
        (self.pre[row][lane].to_u32(), self.weights[self.current][row].0[lane])
    }

    fn set(&mut self, column: Column, k: usize, pre: I, weight: f64) {
        let (row, lane) = column.place(k);
        self.pre[row][lane] = pre;
        self.weights[self.current][row].0[lane] = weight;
    }

    /// Where a column has, or would have, a synapse of `pre`.
    fn find(&self, column: Column, pre: u32) -> usize {
        let (mut low, mut high) = (0, column.length as usize);
        while low < high {
            let middle = (low + high) / 2;
            if self.synapse(column, middle).0 < pre { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// A column that a rule changed has to be divided again.
    #[inline(always)]
    fn touch(columns: &mut [Column], restless: &mut Vec<u32>, post: usize) {
        let rest = &mut columns[post].rest;
        if std::mem::replace(rest, Rest::Touched) == Rest::Resting {
            restless.push(post as u32);
        }
    }

    /// Notes that synapses of a column have moved.
    fn disturb(&mut self, post: usize) {
        if !std::mem::replace(&mut self.columns[post].moved, true) {
            self.moved.push(post as u32);
        }
    }

    /// Closes the holes of a column, in both copies.
    fn compact_column(&mut self, post: usize) {
        let column = self.columns[post];
        let mut kept = 0;
        for k in 0..column.length as usize {
            let (row, lane) = column.place(k);
            if !self.weights[self.current][row].0[lane].exists() {
                continue;
            }
            let (new_row, new_lane) = column.place(kept);
            self.pre[new_row][new_lane] = self.pre[row][lane];
            for weights in &mut self.weights {
                weights[new_row].0[new_lane] = weights[row].0[lane];
            }
            kept += 1;
        }
        if kept == column.length as usize {
            return;
        }
        for k in kept..column.length as usize {
            let (row, lane) = column.place(k);
            self.pre[row][lane] = I::default();
            for weights in &mut self.weights {
                weights[row].0[lane] = 0.0;
            }
        }
        self.holes -= column.length as usize - kept;
        self.columns[post].length = kept as u32;
        self.disturb(post);
    }

    /// Moves a full column to the end, with room to grow.
    fn move_column(&mut self, post: usize) {
        let old = self.columns[post];
        let capacity = 2 * old.capacity;
        let start = self.push_rows(capacity as usize);
        self.pre.copy_within(old.rows(), start as usize);
        for weights in &mut self.weights {
            weights.copy_within(old.rows(), start as usize);
        }
        self.columns[post] = Column { start, capacity, ..old };
        self.disturb(post);
    }

    fn drive(&mut self, pattern: &Pattern, drive: &mut [f64]) {
        let weights = &self.weights[self.current];
        self.sums.fill(0.0);
        for neuron in pattern.now() {
            let synapses = self.outgoing.of(neuron);
            for (soon, _) in synapses.clone().take(AHEAD) {
                prefetch(&weights[soon / LANES].0[soon % LANES..][..1]);
            }
            let mut ahead = synapses.clone().skip(AHEAD);
            for (place, post) in synapses {
                if let Some((soon, _)) = ahead.next() {
                    prefetch(&weights[soon / LANES].0[soon % LANES..][..1]);
                }
                self.sums[post] += weights[place / LANES].0[place % LANES];
            }
        }
        for &post in &self.moved {
            let rows = self.columns[post as usize].rows();
            self.sums[post as usize] = column::drive(&weights[rows.clone()], &self.pre[rows], pattern);
        }
        drive.iter_mut().zip(&self.sums).for_each(|(drive, sum)| *drive = *sum);
    }
}

impl<I: Index> Block for Contiguous<I> {
    fn new(synapses: &Synapses, posts: Range<usize>, keep_zeros: bool, _: &[[f64; 2]]) -> Self {
        Self::with_isa(synapses, posts, keep_zeros, Isa::best())
    }

    fn run(&mut self, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]) -> u32 {
        let mut pruned = 0;
        for op in learning.ops {
            match op {
                Op::Update => pruned += self.update(pre, learning),
                Op::Scale => pruned += self.scale(learning.change.plus),
                Op::Grow => {
                    let first = learning.first_slice * LANES;
                    let posts = first..first + self.columns.len();
                    for &(pre, post) in
                        learning.grown.iter().filter(|pair| posts.contains(&(pair.1 as usize)))
                    {
                        self.insert(pre, post as usize - first, learning.grown_weight);
                    }
                }
            }
        }
        self.drive(pre, drive);
        self.count -= pruned as usize;
        self.holes += pruned as usize;
        pruned
    }

    fn n_pre(&self) -> usize {
        self.n_pre
    }

    fn append_to(&self, synapses: &mut Synapses) {
        for post in 0..self.columns.len() {
            // `+ 0.0` turns the negative zero of an existing synapse into a plain one.
            synapses.push_column(self.column(post).map(|(pre, weight)| (pre, weight + 0.0)));
        }
    }

    fn count(&self) -> usize {
        self.count
    }

    fn add_out_degrees(&self, degrees: &mut [u32]) {
        let synapses = (0..self.columns.len()).flat_map(|post| self.column(post));
        synapses.for_each(|(pre, _)| degrees[pre as usize] += 1);
    }

    fn contains(&self, pre: u32, post: usize) -> bool {
        let column = self.columns[post];
        let k = self.find(column, pre);
        k < column.length as usize && {
            let (other, weight) = self.synapse(column, k);
            other == pre && weight.exists()
        }
    }

    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32 {
        let mut pruned = 0;
        for k in 0..self.columns[post].length as usize {
            let (pre, old) = self.synapse(self.columns[post], k);
            if !old.exists() {
                continue;
            }
            let mut weight = old;
            change(pre, &mut weight);
            if weight.is_nan() {
                continue;
            }
            let floor = if self.keep_zeros { -0.0 } else { 0.0 };
            let new = if weight <= 0.0 { floor } else { weight.min(1.0) };
            self.set(self.columns[post], k, I::from_u32(pre), new);
            pruned += u32::from(!new.exists());
        }
        // A rule from outside may do anything.
        self.columns[post].tiny = true;
        Self::touch(&mut self.columns, &mut self.restless, post);
        self.count -= pruned as usize;
        self.holes += pruned as usize;
        pruned
    }

    fn insert(&mut self, pre: u32, post: usize, weight: f64) {
        if self.columns[post].length == self.columns[post].capacity * LANES as u32 {
            self.compact_column(post);
        }
        if self.columns[post].length == self.columns[post].capacity * LANES as u32 {
            self.move_column(post);
        }
        let column = self.columns[post];
        let (at, length) = (self.find(column, pre), column.length as usize);
        self.count += 1;
        if at < length && self.synapse(column, at).0 == pre {
            // Its pruned predecessor still holds the place.
            self.holes -= 1;
        } else {
            for k in (at..length).rev() {
                let (pre, weight) = self.synapse(column, k);
                self.set(column, k + 1, I::from_u32(pre), weight);
            }
            self.columns[post].length += 1;
            self.disturb(post);
        }
        self.set(column, at, I::from_u32(pre), weight);
        self.columns[post].tiny |= weight < TINY;
        Self::touch(&mut self.columns, &mut self.restless, post);
    }

    fn unconnected(&self) -> usize {
        (0..self.columns.len()).filter(|&post| self.column(post).next().is_none()).count()
    }

    fn compact(&mut self, steps: u64) {
        let worth_it = self.holes * 8 > self.count || self.moved.len() * 32 > self.columns.len();
        if !steps.is_multiple_of(COMPACT_EVERY) || !worth_it {
            return;
        }
        if self.holes > 0 {
            (0..self.columns.len()).for_each(|post| self.compact_column(post));
        }
        self.rebuild();
    }
}
