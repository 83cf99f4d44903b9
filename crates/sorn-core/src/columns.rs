//! Plastic connection matrices, stored as slices of eight columns (sliced ELLPACK).

use crate::Synapses;
use crate::kernel::{self, LANES, Lanes, Update};

/// Rows that a slice may grow before it has to move.
const SLACK: usize = 8;

/// A plastic connection matrix of shape `(pre, post)`.
///
/// Eight columns form a slice, their synapses lie side by side: row `k` of a slice holds the `k`-th synapse of each of
/// its columns. Within a column presynaptic indices ascend. Pruned synapses stay as zeros until
/// [`compact`](Self::compact).
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    n_pre: usize,
    n_post: usize,
    slices: Vec<Slice>,
    /// Occupied rows of each column.
    lengths: Vec<u32>,
    weights: Vec<Lanes>,
    pre: Vec<[u32; LANES]>,
    count: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slice {
    start: usize,
    depth: usize,
    capacity: usize,
    /// Whether it has zeros to compact.
    holes: bool,
}

/// One plasticity rule of a connection matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Op {
    /// Add to existing synapses.
    #[default]
    Update,
    /// Grow synapses.
    Grow,
    /// Divide each column by its sum.
    Scale,
}

impl Columns {
    /// The matrix in working form. A synapse of weight 0 is kept where `keep_zeros`.
    pub(crate) fn new(synapses: &Synapses, keep_zeros: bool) -> Self {
        let n_post = synapses.n_post();
        let mut columns = Columns {
            n_pre: synapses.n_pre,
            n_post,
            slices: Vec::new(),
            lengths: vec![0; n_post.next_multiple_of(LANES)],
            weights: Vec::new(),
            pre: Vec::new(),
            count: 0,
        };
        let present = |post| synapses.column(post).filter(|&(_, weight)| keep_zeros || weight != 0.0);
        for first in (0..n_post).step_by(LANES) {
            let posts = first..(first + LANES).min(n_post);
            let depth = posts.clone().map(|post| present(post).count()).max().unwrap_or(0);
            let slice = columns.push_slice(depth, depth + SLACK);
            for post in posts {
                let mut length = 0;
                for (pre, weight) in present(post) {
                    let row = slice.start + length;
                    columns.pre[row][post % LANES] = pre;
                    // A zero that exists is negative, see `kernel`.
                    columns.weights[row][post % LANES] = if weight == 0.0 { -0.0 } else { weight };
                    length += 1;
                }
                columns.lengths[post] = length as u32;
                columns.count += length;
            }
            columns.slices.push(slice);
        }
        columns
    }

    fn push_slice(&mut self, depth: usize, capacity: usize) -> Slice {
        let start = self.weights.len();
        self.weights.resize(start + capacity, [0.0; LANES]);
        self.pre.resize(start + capacity, [0; LANES]);
        Slice { start, depth, capacity, holes: false }
    }

    /// The matrix as plain data.
    pub(crate) fn to_synapses(&self) -> Synapses {
        let mut synapses = Synapses::new(self.n_pre);
        for post in 0..self.n_post {
            // `+ 0.0` turns the negative zero of an existing synapse into a plain one.
            synapses.push_column(self.column(post).map(|(_, pre, weight)| (pre, weight + 0.0)));
        }
        synapses
    }

    /// Existing synapses of a column: row in the slice, presynaptic index, weight.
    fn column(&self, post: usize) -> impl Iterator<Item = (usize, u32, f64)> + '_ {
        let (slice, lane) = (self.slices[post / LANES], post % LANES);
        let rows = 0..self.lengths[post] as usize;
        rows.map(move |k| (k, self.pre[slice.start + k][lane], self.weights[slice.start + k][lane]))
            .filter(|(_, _, weight)| weight.to_bits() != 0)
    }

    /// Number of synapses.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether `pre` has a synapse on `post`.
    pub(crate) fn contains(&self, pre: u32, post: usize) -> bool {
        self.column(post).any(|(_, other, _)| other == pre)
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
        let Slice { start, .. } = self.slices[index];
        let length = self.lengths[post] as usize;
        let lane_pre = |k: usize| self.pre[start + k][lane];
        let at = (0..length).find(|&k| lane_pre(k) >= pre).unwrap_or(length);
        self.count += 1;
        if at < length && lane_pre(at) == pre {
            // Its pruned predecessor still holds the place.
            self.weights[start + at][lane] = weight;
            return;
        }
        for k in (at..length).rev() {
            self.pre[start + k + 1][lane] = self.pre[start + k][lane];
            self.weights[start + k + 1][lane] = self.weights[start + k][lane];
        }
        self.pre[start + at][lane] = pre;
        self.weights[start + at][lane] = weight;
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
        self.slices[index] = new;
    }

    /// Removes the zeros that pruned synapses left.
    pub(crate) fn compact(&mut self) {
        for index in 0..self.slices.len() {
            if self.slices[index].holes {
                self.compact_slice(index);
            }
        }
    }

    fn compact_slice(&mut self, index: usize) {
        let Slice { start, .. } = self.slices[index];
        let mut depth = 0;
        for lane in 0..LANES {
            let post = index * LANES + lane;
            let mut kept = 0;
            for k in 0..self.lengths[post] as usize {
                let (pre, weight) = (self.pre[start + k][lane], self.weights[start + k][lane]);
                if weight.to_bits() != 0 {
                    self.weights[start + k][lane] = 0.0;
                    self.pre[start + k][lane] = 0;
                    self.pre[start + kept][lane] = pre;
                    self.weights[start + kept][lane] = weight;
                    kept += 1;
                }
            }
            self.lengths[post] = kept as u32;
            depth = depth.max(kept);
        }
        self.slices[index].depth = depth;
        self.slices[index].holes = false;
    }

    /// Runs the operations on every slice, then computes the drive that neurons active at `t + 1` give.
    ///
    /// `codes` are those of presynaptic neurons; `update_of` gives what `Op::Update` adds in a slice; `grown` are the
    /// absent pairs `(pre, post)` that `Op::Grow` connects with `weight`. Returns the number of pruned synapses.
    pub(crate) fn run(
        &mut self,
        ops: &[Op],
        codes: &[u8],
        update_of: impl Fn(usize) -> Update,
        grown: &[(u32, u32)],
        weight: f64,
        drive: &mut [f64],
    ) -> u32 {
        let mut pruned = 0;
        for index in 0..self.slices.len() {
            let mut sums = None;
            let mut slice_drive = None;
            for (n, op) in ops.iter().enumerate() {
                let Slice { start, depth, .. } = self.slices[index];
                let weights = &mut self.weights[start..start + depth];
                let pre = &self.pre[start..start + depth];
                match op {
                    Op::Update => {
                        let update = update_of(index);
                        if !update.is_zero() {
                            let (new_sums, n) = kernel::update(weights, pre, codes, &update);
                            sums = Some(new_sums);
                            pruned += n;
                            self.slices[index].holes |= n > 0;
                        }
                    }
                    Op::Grow => {
                        for &(pre, post) in grown.iter().filter(|pair| pair.1 as usize / LANES == index) {
                            self.insert(pre, post as usize, weight);
                            sums = None;
                        }
                    }
                    Op::Scale => {
                        let sums = sums.take().unwrap_or_else(|| kernel::sum(weights));
                        let driven = kernel::divide(weights, pre, codes, &sums);
                        slice_drive = (n + 1 == ops.len()).then_some(driven);
                    }
                }
            }
            let driven = slice_drive.unwrap_or_else(|| {
                let Slice { start, depth, .. } = self.slices[index];
                kernel::drive(&self.weights[start..start + depth], &self.pre[start..start + depth], codes)
            });
            drive[index * LANES..][..LANES].copy_from_slice(&driven);
        }
        self.count -= pruned as usize;
        pruned
    }
}
