//! Plastic connection matrices, stored as slices of sixteen columns (sliced ELLPACK).

use crate::Synapses;
use crate::kernel::lookup::{Index, Lookup, Masks, Pairing, Pattern};
use crate::kernel::{Kernels, LANES, Real, Row, Slice};
use crate::plastic::{Learning, Op, Plastic};

/// Rows that a slice may grow before it has to move.
const SLACK: usize = 8;
/// Rows of a slice start at multiples of this, and lookups run over so many at a time.
const ROW_BLOCK: usize = 4;

/// A plastic connection matrix of shape `(pre, post)`.
///
/// Sixteen columns form a slice, their synapses lie side by side: row `k` of a slice holds the `k`-th synapse of each of
/// its columns. Within a column presynaptic indices ascend. Pruned synapses stay as zeros until the slice is compacted.
#[derive(Clone, Debug)]
pub(crate) struct Columns<T: Real, I: Index> {
    n_pre: usize,
    n_post: usize,
    keep_zeros: bool,
    slices: Vec<Extent>,
    /// Occupied rows of each column.
    lengths: Vec<u32>,
    weights: Vec<Row<T>>,
    pre: Vec<[I; LANES]>,
    count: usize,
    masks: Masks,
    kernels: Kernels<T>,
    lookup: Lookup<I>,
}

#[derive(Clone, Copy, Debug)]
struct Extent {
    start: usize,
    depth: usize,
    capacity: usize,
    /// Whether it has zeros to compact.
    holes: bool,
    /// Whether a weight may be tiny, see `kernel::TINY`.
    tiny: bool,
}

impl<T: Real, I: Index> Columns<T, I> {
    /// The matrix in working form. A synapse of weight 0 is kept where `keep_zeros`.
    pub(crate) fn new(synapses: &Synapses, keep_zeros: bool) -> Self {
        let n_post = synapses.n_post();
        let mut columns = Columns {
            n_pre: synapses.n_pre,
            n_post,
            keep_zeros,
            slices: Vec::new(),
            lengths: vec![0; n_post.next_multiple_of(LANES)],
            weights: Vec::new(),
            pre: Vec::new(),
            count: 0,
            masks: Masks::default(),
            kernels: T::kernels(),
            lookup: I::lookup(synapses.n_pre),
        };
        let present = |post| synapses.column(post).filter(|&(_, weight)| keep_zeros || weight != 0.0);
        for first in (0..n_post).step_by(LANES) {
            let posts = first..(first + LANES).min(n_post);
            let depth = posts.clone().map(|post| present(post).count()).max().unwrap_or(0);
            let mut slice = columns.push_slice(depth, depth + SLACK);
            for post in posts {
                let mut length = 0;
                for (pre, weight) in present(post) {
                    let row = slice.start + length;
                    columns.pre[row][post % LANES] = I::from_u32(pre);
                    // A zero that exists is negative, see `kernel`.
                    columns.weights[row].0[post % LANES] =
                        T::from_f64(if weight == 0.0 { -0.0 } else { weight });
                    slice.tiny |= T::from_f64(weight) < T::TINY;
                    length += 1;
                }
                columns.lengths[post] = length as u32;
                columns.count += length;
            }
            columns.slices.push(slice);
        }
        columns
    }

    fn push_slice(&mut self, depth: usize, capacity: usize) -> Extent {
        let (start, capacity) = (self.weights.len(), capacity.next_multiple_of(ROW_BLOCK));
        self.weights.resize(start + capacity, Row::default());
        self.pre.resize(start + capacity, [I::default(); LANES]);
        self.masks.resize(capacity);
        Extent { start, depth, capacity, holes: false, tiny: false }
    }

    /// Existing synapses of a column: presynaptic index, weight.
    fn column(&self, post: usize) -> impl Iterator<Item = (u32, T)> + '_ {
        let (start, lane) = (self.slices[post / LANES].start, post % LANES);
        let rows = start..start + self.lengths[post] as usize;
        rows.map(move |row| (self.pre[row][lane].to_u32(), self.weights[row].0[lane]))
            .filter(|(_, weight)| weight.exists())
    }

    /// Grows an absent synapse.
    fn insert(&mut self, pre: u32, post: usize, weight: f64) {
        let (index, lane) = (post / LANES, post % LANES);
        if self.lengths[post] as usize == self.slices[index].capacity {
            self.compact_slice(index);
        }
        if self.lengths[post] as usize == self.slices[index].capacity {
            self.move_slice(index);
        }
        let weight = T::from_f64(weight);
        self.slices[index].tiny |= weight < T::TINY;
        let start = self.slices[index].start;
        let length = self.lengths[post] as usize;
        let lane_pre = |k: usize| self.pre[start + k][lane].to_u32();
        let at = (0..length).find(|&k| lane_pre(k) >= pre).unwrap_or(length);
        self.count += 1;
        if at < length && lane_pre(at) == pre {
            // Its pruned predecessor still holds the place.
            self.weights[start + at].0[lane] = weight;
            return;
        }
        for row in (start + at..start + length).rev() {
            self.pre[row + 1][lane] = self.pre[row][lane];
            self.weights[row + 1].0[lane] = self.weights[row].0[lane];
        }
        self.pre[start + at][lane] = I::from_u32(pre);
        self.weights[start + at].0[lane] = weight;
        self.lengths[post] += 1;
        let slice = &mut self.slices[index];
        slice.depth = slice.depth.max(length + 1);
    }

    /// Moves a full slice to the end, with room to grow.
    fn move_slice(&mut self, index: usize) {
        let old = self.slices[index];
        let new = self.push_slice(old.depth, 2 * old.capacity);
        self.weights.copy_within(old.start..old.start + old.depth, new.start);
        self.pre.copy_within(old.start..old.start + old.depth, new.start);
        self.slices[index] = Extent { start: new.start, capacity: new.capacity, ..old };
    }

    fn compact_slice(&mut self, index: usize) {
        let start = self.slices[index].start;
        let (mut depth, mut tiny) = (0, false);
        for lane in 0..LANES {
            let post = index * LANES + lane;
            let mut kept = start;
            for row in start..start + self.lengths[post] as usize {
                let (pre, weight) = (self.pre[row][lane], self.weights[row].0[lane]);
                if weight.exists() {
                    self.weights[row].0[lane] = T::default();
                    self.pre[row][lane] = I::default();
                    self.pre[kept][lane] = pre;
                    self.weights[kept].0[lane] = weight;
                    tiny |= weight < T::TINY;
                    kept += 1;
                }
            }
            self.lengths[post] = (kept - start) as u32;
            depth = depth.max(kept - start);
        }
        let slice = &mut self.slices[index];
        (slice.depth, slice.holes, slice.tiny) = (depth, false, tiny);
    }

    /// Runs the operations on one slice and writes the drive of its columns; returns how many synapses were pruned.
    fn run_slice(&mut self, index: usize, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]) -> u32 {
        let pairing = learning.pairing(index);
        let mut found = false;
        let (mut pruned, mut sums, mut driven) = (0, None, None);
        for (n, op) in learning.ops.iter().enumerate() {
            if *op == Op::Update && pairing == Pairing::default() {
                continue;
            }
            if *op == Op::Grow {
                let here = learning.grown.iter().filter(|pair| pair.1 as usize / LANES == index);
                for &(pre, post) in here {
                    self.insert(pre, post as usize, learning.grown_weight);
                    (sums, found) = (None, false);
                }
                continue;
            }
            if !found {
                self.find(index, pre, pairing);
                found = true;
            }
            let Extent { start, depth, tiny, .. } = self.slices[index];
            let slice = slice(&mut self.weights[start..start + depth], &self.masks);
            match op {
                Op::Update => {
                    let changed = (self.kernels.update)(slice, &learning.change);
                    pruned += changed.pruned;
                    sums = Some(changed.sums);
                    self.slices[index].holes |= changed.pruned > 0;
                    self.slices[index].tiny |= changed.tiny;
                }
                Op::Scale => {
                    let sums = sums.take().unwrap_or_else(|| (self.kernels.sum)(slice.weights));
                    let active = (self.kernels.divide)(slice, &sums, tiny || self.keep_zeros);
                    driven = (n + 1 == learning.ops.len()).then_some(active);
                }
                Op::Grow => {}
            }
        }
        let driven = driven.unwrap_or_else(|| {
            if !found {
                self.find(index, pre, pairing);
            }
            let Extent { start, depth, .. } = self.slices[index];
            (self.kernels.drive)(&self.weights[start..start + depth], &self.masks.now[..depth])
        });
        for (drive, value) in drive[index * LANES..][..LANES].iter_mut().zip(driven.0) {
            *drive = value.to_f64();
        }
        pruned
    }

    fn find(&mut self, index: usize, pre: &Pattern, pairing: Pairing) {
        let Extent { start, depth, .. } = self.slices[index];
        let rows = start..start + depth.next_multiple_of(ROW_BLOCK);
        (self.lookup)(&self.pre[rows], pre, pairing, &mut self.masks);
    }
}

fn slice<'a, T>(weights: &'a mut [Row<T>], masks: &'a Masks) -> Slice<'a, T> {
    let depth = weights.len();
    Slice { weights, plus: &masks.plus[..depth], minus: &masks.minus[..depth], now: &masks.now[..depth] }
}

impl<T: Real, I: Index> Plastic for Columns<T, I> {
    fn run(&mut self, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]) -> u32 {
        let pruned = (0..self.slices.len()).map(|index| self.run_slice(index, pre, learning, drive)).sum();
        self.count -= pruned as usize;
        pruned
    }

    fn to_synapses(&self) -> Synapses {
        let mut synapses = Synapses::new(self.n_pre);
        for post in 0..self.n_post {
            // `+ 0.0` turns the negative zero of an existing synapse into a plain one.
            synapses.push_column(self.column(post).map(|(pre, weight)| (pre, weight.to_f64() + 0.0)));
        }
        synapses
    }

    fn count(&self) -> usize {
        self.count
    }

    fn contains(&self, pre: u32, post: usize) -> bool {
        self.column(post).any(|(other, _)| other == pre)
    }

    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32 {
        let (index, lane) = (post / LANES, post % LANES);
        let start = self.slices[index].start;
        let mut pruned = 0;
        for row in start..start + self.lengths[post] as usize {
            let old = self.weights[row].0[lane];
            if !old.exists() {
                continue;
            }
            let mut weight = old.to_f64();
            change(self.pre[row][lane].to_u32(), &mut weight);
            if weight.is_nan() {
                continue;
            }
            let floor = if self.keep_zeros { -0.0 } else { 0.0 };
            let new = T::from_f64(if weight <= 0.0 { floor } else { weight.min(1.0) });
            self.weights[row].0[lane] = new;
            pruned += u32::from(!new.exists());
            self.slices[index].tiny |= new < T::TINY;
        }
        self.slices[index].holes |= pruned > 0;
        self.count -= pruned as usize;
        pruned
    }

    fn grow(&mut self, pre: u32, post: usize, weight: f64) {
        self.insert(pre, post, weight);
    }

    fn unconnected(&self) -> usize {
        (0..self.n_post).filter(|&post| self.column(post).next().is_none()).count()
    }

    fn compact(&mut self) {
        for index in 0..self.slices.len() {
            if self.slices[index].holes {
                self.compact_slice(index);
            }
        }
    }

    fn clone_box(&self) -> Box<dyn Plastic> {
        Box::new(self.clone())
    }
}
