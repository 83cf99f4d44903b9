//! Plastic connection matrices, stored as slices of sixteen columns (sliced ELLPACK).

use crate::Synapses;
use crate::events::Events;
use crate::huge_pages;
use crate::kernel::isa::Isa;
use crate::kernel::lookup::{self, Index, Lookup, Masks, Pattern};
use crate::kernel::{self, LANES, Real, Row, TINY};
use crate::plastic::{Block, Learning};
use crate::rows::Rows;
use std::ops::Range;

mod pass;

/// Rows that a slice may grow before it has to move.
const SLACK: usize = 8;
/// Rows of a slice start at multiples of this, and lookups run over so many at a time.
const ROW_BLOCK: usize = 4;

/// Steps between two looks for tiny weights, see `TINY`, and between two compactions of pruned synapses.
const COMPACT_EVERY: u64 = 64;
/// The same where there are events.
const COMPACT_EVENTS_EVERY: u64 = 512;

/// What the slices' drive costs, in synapses of active neurons: per slice, and per row.
const SLICE_COST: usize = 12;
const ROW_COST: usize = 3;

/// A plastic connection matrix of shape `(pre, post)`.
///
/// Sixteen columns form a slice, their synapses lie side by side: row `k` of a slice holds the `k`-th synapse of each of
/// its columns. Within a column presynaptic indices ascend. Pruned synapses stay as zeros until the slice is compacted.
#[derive(Clone, Debug)]
pub(crate) struct Columns<I: Index> {
    n_pre: usize,
    n_post: usize,
    keep_zeros: bool,
    slices: Vec<Extent>,
    /// Occupied rows of each column.
    lengths: Vec<u32>,
    weights: Vec<Row<f64>>,
    pre: Vec<[I; LANES]>,
    count: usize,
    masks: Masks,
    /// Room for the drive of every column, where there are events.
    sums: Vec<Row<f64>>,
    isa: Isa,
    lookup: Lookup<I>,
    /// Where there is no fast lookup.
    events: Option<Events>,
    /// The same by presynaptic neuron, while no rule changes it.
    at_rest: Option<AtRest>,
}

/// A matrix that no rule changes.
#[derive(Clone, Debug)]
struct AtRest {
    rows: Rows,
    /// Synapses of active neurons above which slices are cheaper.
    most: usize,
    active: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) start: usize,
    depth: usize,
    capacity: usize,
    /// Whether it has zeros to compact.
    holes: bool,
    /// Whether a weight may be tiny, see `TINY`.
    tiny: bool,
}

impl<I: Index> Columns<I> {
    fn with_isa(synapses: &Synapses, posts: Range<usize>, keep_zeros: bool, isa: Isa) -> Self {
        let n_post = posts.len();
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
            sums: Vec::new(),
            isa,
            events: None,
            at_rest: None,
            lookup: I::fast_lookup(synapses.n_pre, isa).unwrap_or(lookup::portable),
        };
        let present =
            |post| synapses.column(posts.start + post).filter(|&(_, weight)| keep_zeros || weight != 0.0);
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
                    columns.weights[row].0[post % LANES] = if weight == 0.0 { -0.0 } else { weight };
                    slice.tiny |= weight < TINY;
                    length += 1;
                }
                columns.lengths[post] = length as u32;
                columns.count += length;
            }
            columns.slices.push(slice);
        }
        huge_pages::ask(&columns.weights);
        huge_pages::ask(&columns.pre);
        if I::fast_lookup(columns.n_pre, isa).is_none() && Events::fit(columns.weights.len()) {
            columns.events = Some(Events::default());
            columns.sums = vec![Row::default(); columns.slices.len()];
            columns.rebuild_events();
        }
        columns
    }

    fn rebuild_events(&mut self) {
        let Some(events) = &mut self.events else { return };
        let (slices, lengths, pre) = (&self.slices, &self.lengths, &self.pre);
        events.rebuild(self.n_pre, slices.len(), pre.len(), |post| {
            let (start, lane) = (slices[post / LANES].start, post % LANES);
            let rows = start..start + lengths[post] as usize;
            rows.map(move |row| ((row * LANES + lane) as u32, pre[row][lane].to_u32()))
        });
    }

    fn push_slice(&mut self, depth: usize, capacity: usize) -> Extent {
        let (start, capacity) = (self.weights.len(), capacity.next_multiple_of(ROW_BLOCK));
        self.weights.resize(start + capacity, Row::default());
        self.pre.resize(start + capacity, [I::default(); LANES]);
        self.masks.resize(capacity);
        Extent { start, depth, capacity, holes: false, tiny: false }
    }

    /// Existing synapses of a column: presynaptic index, weight.
    fn column(&self, post: usize) -> impl Iterator<Item = (u32, f64)> + '_ {
        let (start, lane) = (self.slices[post / LANES].start, post % LANES);
        let rows = start..start + self.lengths[post] as usize;
        rows.map(move |row| (self.pre[row][lane].to_u32(), self.weights[row].0[lane]))
            .filter(|(_, weight)| weight.exists())
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
        let mut depth = 0;
        for lane in 0..LANES {
            let post = index * LANES + lane;
            let mut kept = start;
            for row in start..start + self.lengths[post] as usize {
                let (pre, weight) = (self.pre[row][lane], self.weights[row].0[lane]);
                if weight.exists() {
                    self.weights[row].0[lane] = 0.0;
                    self.pre[row][lane] = I::default();
                    self.pre[kept][lane] = pre;
                    self.weights[kept].0[lane] = weight;
                    kept += 1;
                }
            }
            self.lengths[post] = (kept - start) as u32;
            depth = depth.max(kept - start);
        }
        let slice = &mut self.slices[index];
        (slice.depth, slice.holes) = (depth, false);
        if let Some(events) = &mut self.events {
            events.disturb(index);
        }
    }

    /// Computes the drive of a matrix at rest, if that is cheaper than what slices do.
    fn drive_at_rest(&mut self, pre: &Pattern, drive: &mut [f64]) -> bool {
        let Some(AtRest { rows, most, active }) = &mut self.at_rest else { return false };
        pre.list_now(active);
        rows.drive(active, *most, drive)
    }

    /// Computes the drive from the active neurons alone; sums keep their order, since those ascend.
    fn drive_by_events(&mut self, pre: &Pattern, drive: &mut [f64]) {
        let Some(events) = self.events.take() else { return };
        self.sums.fill(Row::default());
        for neuron in pre.now() {
            for (place, post) in events.outgoing(neuron) {
                let sum = &mut self.sums[post / LANES].0[post % LANES];
                *sum += self.weights[place / LANES].0[place % LANES];
            }
        }
        for (drive, sums) in drive.chunks_mut(LANES).zip(&self.sums) {
            drive.iter_mut().zip(sums.0).for_each(|(drive, sum)| *drive = sum);
        }
        self.events = Some(events);
        if self.events.as_ref().is_some_and(Events::any_irregular) {
            for index in 0..self.slices.len() {
                if self.events.as_ref().is_some_and(|events| !events.is_regular(index)) {
                    self.drive_slice(index, pre, drive);
                }
            }
        }
    }
}

impl<I: Index> Block for Columns<I> {
    fn new(synapses: &Synapses, posts: Range<usize>, keep_zeros: bool, _: &[[f64; 2]]) -> Self {
        Self::with_isa(synapses, posts, keep_zeros, Isa::best())
    }

    fn insert(&mut self, pre: u32, post: usize, weight: f64) {
        self.at_rest = None;
        let (index, lane) = (post / LANES, post % LANES);
        if self.lengths[post] as usize == self.slices[index].capacity {
            self.compact_slice(index);
        }
        if self.lengths[post] as usize == self.slices[index].capacity {
            self.move_slice(index);
        }
        self.slices[index].tiny |= weight < TINY;
        let start = self.slices[index].start;
        let length = self.lengths[post] as usize;
        let lane_pre = |k: usize| self.pre[start + k][lane].to_u32();
        let at = (0..length).find(|&k| lane_pre(k) >= pre).unwrap_or(length);
        self.count += 1;
        if let Some(events) = &mut self.events {
            events.disturb(index);
        }
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

    fn run(&mut self, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]) -> u32 {
        if learning.ops.is_empty() {
            if self.drive_at_rest(pre, drive) {
                return 0;
            }
            if self.events.is_some() {
                self.drive_by_events(pre, drive);
                return 0;
            }
        } else {
            self.at_rest = None;
            if let Some(events) = &mut self.events {
                events.mark(pre);
            }
        }
        let pruned = self.run_slices(pre, learning, drive);
        self.count -= pruned as usize;
        pruned
    }

    fn rest(&mut self) {
        if self.at_rest.is_none() {
            let rows: usize = self.slices.iter().map(|slice| slice.depth).sum();
            let most = match &self.events {
                // They are found in no order, one by one.
                Some(_) => usize::MAX,
                None => SLICE_COST * self.slices.len() + ROW_COST * rows,
            };
            let rows = Rows::new((self.n_pre, self.n_post), self.count, |post| self.column(post));
            self.at_rest = Some(AtRest {
                rows,
                most,
                active: Vec::with_capacity(self.n_pre.next_multiple_of(LANES) + LANES),
            });
        }
    }

    fn n_pre(&self) -> usize {
        self.n_pre
    }

    /// Appends the columns as plain data.
    fn append_to(&self, synapses: &mut Synapses) {
        for post in 0..self.n_post {
            // `+ 0.0` turns the negative zero of an existing synapse into a plain one.
            synapses.push_column(self.column(post).map(|(pre, weight)| (pre, weight + 0.0)));
        }
    }

    fn count(&self) -> usize {
        self.count
    }

    fn add_out_degrees(&self, degrees: &mut [u32]) {
        for slice in &self.slices {
            let rows = slice.start..slice.start + slice.depth;
            for (pre, weights) in self.pre[rows.clone()].iter().zip(&self.weights[rows]) {
                for (pre, weight) in pre.iter().zip(&weights.0) {
                    degrees[pre.to_u32() as usize] += u32::from(weight.exists());
                }
            }
        }
    }

    fn contains(&self, pre: u32, post: usize) -> bool {
        self.column(post).any(|(other, _)| other == pre)
    }

    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32 {
        self.at_rest = None;
        let (index, lane) = (post / LANES, post % LANES);
        let start = self.slices[index].start;
        let mut pruned = 0;
        for row in start..start + self.lengths[post] as usize {
            let old = self.weights[row].0[lane];
            if !old.exists() {
                continue;
            }
            let mut weight = old;
            change(self.pre[row][lane].to_u32(), &mut weight);
            if weight.is_nan() {
                continue;
            }
            let floor = if self.keep_zeros { -0.0 } else { 0.0 };
            let new = if weight <= 0.0 { floor } else { weight.min(1.0) };
            self.weights[row].0[lane] = new;
            pruned += u32::from(!new.exists());
        }
        // A rule from outside may do anything.
        self.slices[index].tiny = true;
        self.slices[index].holes |= pruned > 0;
        self.count -= pruned as usize;
        pruned
    }

    fn unconnected(&self) -> usize {
        (0..self.n_post).filter(|&post| self.column(post).next().is_none()).count()
    }

    fn compact(&mut self, steps: u64) {
        if steps.is_multiple_of(COMPACT_EVERY) {
            for slice in &mut self.slices {
                slice.tiny = kernel::any_tiny(&self.weights[slice.start..slice.start + slice.depth]);
            }
        }
        // Where there are events they have to be found anew, which takes longer.
        let every = if self.events.is_some() { COMPACT_EVENTS_EVERY } else { COMPACT_EVERY };
        if !steps.is_multiple_of(every) {
            return;
        }
        for index in 0..self.slices.len() {
            if self.slices[index].holes {
                self.compact_slice(index);
            }
        }
        if self.events.as_ref().is_some_and(Events::any_irregular) {
            self.rebuild_events();
        }
    }
}

#[cfg(test)]
mod tests;
