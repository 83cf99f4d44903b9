//! Plastic weights in 64 bits, in slices of sixteen columns (sliced ELLPACK).

use super::arena::{Arena, Line};
use super::events::Events;
use super::fixed::Fixed;
use super::storage::{Learning, Options, Storage};
use crate::Synapses;
use crate::huge_pages;
use crate::kernels::TINY;
use crate::kernels::lookup::{Index, Masks, Pairing, find_one_by_one};
use crate::kernels::slice::{self, Slice};
use crate::kernels::spikes::{SpikeMask, list_now};
use crate::simd::{LANES, Level, Real, Row, Scalar, Simd};
use dormant::Calm;
use std::ops::Range;

mod dormant;

/// Rows by which a slice can grow before it must move.
const SLACK: usize = 8;
/// The first row of a slice is a multiple of this, and lookups process this many rows at a time.
const ROW_BLOCK: usize = 4;
/// Slices that are prefetched ahead of the current one.
const AHEAD: usize = 2;

/// Steps between two searches for tiny weights, see `TINY`, and between two compactions of pruned synapses.
const COMPACT_EVERY: u64 = 64;
/// The same for a matrix with events, which a compaction has to rebuild.
const COMPACT_EVENTS_EVERY: u64 = 512;

/// The cost of the slices' drive per slice and per row, in synapses of active neurons.
const SLICE_COST: usize = 12;
const ROW_COST: usize = 3;

/// Some columns of a plastic connection matrix of shape `(pre, post)`.
///
/// Sixteen columns form a slice, their synapses lie side by side: row `k` of a slice holds the `k`-th synapse of each of
/// its columns. Within a column presynaptic indices ascend. Pruned synapses stay as zeros until the slice is compacted.
#[derive(Clone, Debug)]
pub(crate) struct Sell16<I: Index> {
    n_pre: usize,
    n_post: usize,
    keep_zeros: bool,
    slices: Vec<Extent>,
    /// Occupied rows of each column.
    lengths: Vec<u32>,
    arena: Arena<f64, I>,
    count: usize,
    masks: Masks,
    level: Level,
    /// Whether the activity of presynaptic neurons fits in registers.
    in_registers: bool,
    /// If they are not.
    events: Option<Events>,
    /// The state of each slice between rules, if slices are watched.
    calm: Vec<Calm>,
    /// The same matrix by presynaptic neuron, while no rule changes it.
    at_rest: Option<AtRest>,
}

/// A matrix that no rule changes.
#[derive(Clone, Debug)]
struct AtRest {
    rows: Fixed,
    /// Number of active neurons' synapses above which slices are faster.
    most: usize,
    active: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Extent {
    start: usize,
    depth: usize,
    capacity: usize,
    /// Whether it has zeros to compact.
    holes: bool,
    /// Whether a weight may be tiny, see `TINY`.
    tiny: bool,
}

impl Extent {
    /// The rows that hold synapses.
    #[inline(always)]
    fn rows(self) -> Range<usize> {
        self.start..self.start + self.depth
    }
}

/// Data that the operations on a slice pass to one another.
pub(crate) struct Pass {
    pairing: Pairing,
    /// Whether the slice stays as it is, see `dormant`.
    dormant: bool,
    /// The drive, if known.
    driven: Option<Row<f64>>,
}

impl<I: Index> Sell16<I> {
    fn rebuild_events(&mut self) {
        let Some(mut events) = self.events.take() else { return };
        let rows = self.arena.weights.len();
        events.rebuild(self.n_pre, self.slices.len(), rows, |post| {
            self.line(post).places().map(|place| (place as u32, self.arena.index(place)))
        });
        self.events = Some(events);
    }

    fn push_slice(&mut self, depth: usize) {
        let capacity = (depth + SLACK).next_multiple_of(ROW_BLOCK);
        let start = self.arena.push(capacity);
        self.masks.reserve(capacity);
        self.slices.push(Extent { start, depth, capacity, holes: false, tiny: false });
    }

    /// The places of a column.
    #[inline(always)]
    fn line(&self, post: usize) -> Line {
        let start = self.slices[post / LANES].start * LANES + post % LANES;
        Line { start, stride: LANES, length: self.lengths[post] as usize }
    }

    /// Existing synapses of a column: presynaptic index, weight.
    fn column(&self, post: usize) -> impl Iterator<Item = (u32, f64)> + '_ {
        let divisor = self.divisor(post);
        self.arena.synapses(self.line(post)).map(move |(pre, weight)| (pre, weight / divisor))
    }

    fn is_full(&self, post: usize) -> bool {
        self.lengths[post] as usize == self.slices[post / LANES].capacity
    }

    /// Moves a full slice to the end, with spare capacity.
    fn move_slice(&mut self, index: usize) {
        let old = self.slices[index];
        let capacity = (2 * old.capacity).next_multiple_of(ROW_BLOCK);
        let start = self.arena.relocate(old.rows(), capacity);
        self.masks.reserve(capacity);
        self.slices[index] = Extent { start, capacity, ..old };
    }

    fn compact_slice(&mut self, index: usize) {
        let posts = index * LANES..(index + 1) * LANES;
        for post in posts.clone() {
            self.lengths[post] = self.arena.compact(self.line(post)) as u32;
        }
        let slice = &mut self.slices[index];
        slice.depth = self.lengths[posts].iter().max().map_or(0, |&depth| depth as usize);
        slice.holes = false;
        self.disturb(index);
    }

    /// Records that synapses of a slice have moved.
    fn disturb(&mut self, index: usize) {
        if let Some(events) = &mut self.events {
            events.disturb(index);
        }
    }

    /// Fills the masks of a slice.
    #[inline(always)]
    fn find<S: Simd>(&mut self, index: usize, pre: &SpikeMask, pairing: Pairing) {
        let Extent { start, depth, .. } = self.slices[index];
        match &self.events {
            Some(events) if events.is_regular(index) => {
                events.masks(start..start + depth, pairing, &mut self.masks)
            }
            _ => {
                let rows = &self.arena.indices[start..start + depth.next_multiple_of(ROW_BLOCK)];
                if self.in_registers {
                    I::find::<S>(rows, pre, pairing, &mut self.masks);
                } else {
                    find_one_by_one(rows, pre, pairing, &mut self.masks);
                }
            }
        }
    }

    #[inline(always)]
    fn slice(&mut self, index: usize) -> (Slice<'_>, &mut Extent) {
        let soon = self.slices.get(index + AHEAD).unwrap_or(&self.slices[index]).start;
        let soon = self.arena.weights.as_ptr().wrapping_add(soon);
        let extent = &mut self.slices[index];
        let Masks { plus, minus, now } = &self.masks;
        let padded = extent.depth.next_multiple_of(LANES);
        let slice = Slice {
            soon,
            weights: &mut self.arena.weights[extent.rows()],
            plus: &plus[..padded],
            minus: &minus[..padded],
            now: &now[..padded],
        };
        (slice, extent)
    }

    /// Computes the drive from the active neurons alone. Sums keep their order, because the active neurons ascend.
    fn drive_by_events(&mut self, events: &Events, pre: &SpikeMask, drive: &mut [Row<f64>]) {
        drive.fill(Row::default());
        let sums = Row::flatten_mut(drive);
        for neuron in pre.now() {
            for (place, post) in events.outgoing(neuron) {
                sums[post] += self.arena.weight(place);
            }
        }
        for (index, (drive, slice)) in drive.iter_mut().zip(&self.slices).enumerate() {
            if !events.is_regular(index) {
                let rows = slice.rows();
                let padded = rows.start..rows.start + rows.len().next_multiple_of(ROW_BLOCK);
                find_one_by_one(&self.arena.indices[padded], pre, Pairing::default(), &mut self.masks);
                let now = &self.masks.now[..rows.len().next_multiple_of(LANES)];
                *drive = slice::drive::<Scalar>(&self.arena.weights[rows], now);
            }
        }
    }
}

impl<I: Index> Storage for Sell16<I> {
    type Pass = Pass;

    fn new(synapses: &Synapses, posts: Range<usize>, options: Options<'_>) -> Self {
        let Options { keep_zeros, level, .. } = options;
        let present =
            |post| synapses.column(posts.start + post).filter(|&(_, weight)| keep_zeros || weight != 0.0);
        let mut sell = Sell16 {
            n_pre: synapses.n_pre,
            n_post: posts.len(),
            keep_zeros,
            slices: Vec::new(),
            lengths: vec![0; posts.len().next_multiple_of(LANES)],
            arena: Arena::with_capacity(0),
            count: 0,
            masks: Masks::default(),
            level,
            in_registers: synapses.n_pre <= I::most_found(level),
            events: None,
            calm: Vec::new(),
            at_rest: None,
        };
        for post in 0..posts.len() {
            sell.lengths[post] = present(post).count() as u32;
            sell.count += sell.lengths[post] as usize;
        }
        for index in 0..sell.lengths.len() / LANES {
            let columns = index * LANES..(index + 1) * LANES;
            sell.push_slice(sell.lengths[columns.clone()].iter().max().map_or(0, |&depth| depth as usize));
            for post in columns.start..columns.end.min(posts.len()) {
                sell.slices[index].tiny |= present(post).any(|(_, weight)| weight < TINY);
                // An existing synapse of weight zero has `-0.0`, see `kernels`.
                let stored = present(post).map(|(pre, w)| (pre, if w == 0.0 { -0.0 } else { w }));
                sell.arena.fill(sell.line(post), stored);
            }
        }
        huge_pages::ask(&sell.arena.weights);
        huge_pages::ask(&sell.arena.indices);
        if !sell.in_registers && Events::fit(sell.arena.weights.len()) {
            sell.events = Some(Events::default());
            if options.silent {
                sell.calm = vec![Calm::default(); sell.slices.len()];
            }
            sell.rebuild_events();
        }
        sell
    }

    fn level(&self) -> Level {
        self.level
    }

    fn n_pre(&self) -> usize {
        self.n_pre
    }

    fn n_post(&self) -> usize {
        self.n_post
    }

    fn parts(&self) -> usize {
        self.slices.len()
    }

    #[inline(always)]
    fn part_of(&self, post: usize) -> usize {
        post / LANES
    }

    fn wake(&mut self, pre: &SpikeMask) {
        self.at_rest = None;
        if let Some(events) = &mut self.events {
            events.mark(self.level, pre);
        }
    }

    #[inline(always)]
    fn begin<S: Simd>(&mut self, index: usize, pre: &SpikeMask, learning: &Learning<'_>) -> Pass {
        let pairing = learning.pairing(index);
        self.find::<S>(index, pre, pairing);
        let dormant = self.stays_dormant::<S>(index, learning);
        Pass { pairing, dormant, driven: None }
    }

    #[inline(always)]
    fn update<S: Simd>(
        &mut self,
        index: usize,
        pass: &mut Pass,
        _: &SpikeMask,
        learning: &Learning<'_>,
    ) -> u32 {
        if pass.dormant || pass.pairing.is_none() {
            return 0;
        }
        let (mut slice, extent) = self.slice(index);
        let changed = slice::update::<S>(&mut slice, &learning.change);
        extent.holes |= changed.pruned > 0;
        extent.tiny |= changed.tiny;
        pass.driven = None;
        changed.pruned
    }

    #[inline(always)]
    fn scale<S: Simd>(&mut self, index: usize, pass: &mut Pass, learning: &Learning<'_>) -> u32 {
        if pass.dormant {
            self.calm[index].turn();
            return 0;
        }
        let keep_zeros = self.keep_zeros;
        let (known, previous) = self.last_division(index);
        let (mut slice, extent) = self.slice(index);
        let sums = match known {
            Some(sums) => sums,
            None => slice::sum::<S>(slice.weights),
        };
        // A column whose sum may grow by more than half would shrink faster than `TINY` allows for.
        let steep = extent.depth as f64 * learning.change.plus > 0.5;
        let (driven, died) = match previous {
            Some(previous) if !extent.tiny && !keep_zeros => {
                let watched = slice::divide_and_watch::<S>(&mut slice, &sums, &previous);
                self.calm[index].watched(&sums, &watched);
                (watched.drive, 0)
            }
            _ => {
                let (driven, died) = if extent.tiny || keep_zeros || steep {
                    slice::divide::<S, true>(&mut slice, &sums)
                } else {
                    slice::divide::<S, false>(&mut slice, &sums)
                };
                extent.holes |= died > 0;
                if let Some(calm) = self.calm.get_mut(index) {
                    calm.divided(&sums);
                }
                (driven, died)
            }
        };
        pass.driven = Some(driven);
        died
    }

    #[inline(always)]
    fn drive<S: Simd>(&mut self, index: usize, pass: Pass, _: &SpikeMask, drive: &mut [Row<f64>]) {
        drive[index] = match pass.driven {
            Some(driven) => driven,
            None if pass.dormant => self.dormant_drive::<S>(index),
            None => {
                let (slice, _) = self.slice(index);
                slice::drive::<S>(slice.weights, slice.now)
            }
        };
    }

    /// If that is cheaper than what slices do.
    fn drive_at_rest(&mut self, pre: &SpikeMask, drive: &mut [Row<f64>]) -> bool {
        if let Some(AtRest { rows, most, active }) = &mut self.at_rest {
            list_now(self.level, pre, active);
            if rows.drive(self.level, active, *most, drive) {
                return true;
            }
        }
        let Some(events) = self.events.take() else { return false };
        self.rouse_all();
        self.drive_by_events(&events, pre, drive);
        self.events = Some(events);
        true
    }

    fn insert(&mut self, pre: u32, post: usize, weight: f64) {
        self.at_rest = None;
        let index = post / LANES;
        if self.is_full(post) {
            self.compact_slice(index);
        }
        if self.is_full(post) {
            self.move_slice(index);
        }
        self.rouse::<Scalar>(index);
        self.slices[index].tiny |= weight < TINY;
        self.count += 1;
        self.disturb(index);
        let line = self.line(post);
        let at = line.places().position(|place| self.arena.index(place) >= pre).unwrap_or(line.length);
        if at < line.length && self.arena.index(line.place(at)) == pre {
            // Its pruned predecessor still holds the place.
            *self.arena.weight_mut(line.place(at)) = weight;
            return;
        }
        self.arena.insert(line, at, pre, weight);
        self.lengths[post] += 1;
        let slice = &mut self.slices[index];
        slice.depth = slice.depth.max(line.length + 1);
    }

    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32 {
        self.at_rest = None;
        self.rouse::<Scalar>(post / LANES);
        let mut pruned = 0;
        for place in self.line(post).places() {
            let old = self.arena.weight(place);
            if !old.exists() {
                continue;
            }
            let mut weight = old;
            change(self.arena.index(place), &mut weight);
            if weight.is_nan() {
                continue;
            }
            let floor = if self.keep_zeros { -0.0 } else { 0.0 };
            let new = if weight <= 0.0 { floor } else { weight.min(1.0) };
            *self.arena.weight_mut(place) = new;
            pruned += u32::from(!new.exists());
        }
        // A custom rule may make any change.
        let slice = &mut self.slices[post / LANES];
        slice.tiny = true;
        slice.holes |= pruned > 0;
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
        self.column(post).any(|(other, _)| other == pre)
    }

    fn add_out_degrees(&self, degrees: &mut [u32]) {
        let synapses = (0..self.n_post).flat_map(|post| self.column(post));
        synapses.for_each(|(pre, _)| degrees[pre as usize] += 1);
    }

    fn unconnected(&self) -> usize {
        (0..self.n_post).filter(|&post| self.column(post).next().is_none()).count()
    }

    fn append_to(&self, synapses: &mut Synapses) {
        for post in 0..self.n_post {
            // `+ 0.0` turns the negative zero of an existing synapse into a positive zero.
            synapses.push_column(self.column(post).map(|(pre, weight)| (pre, weight + 0.0)));
        }
    }

    fn rest(&mut self) {
        if self.at_rest.is_none() {
            self.rouse_all();
            let rows: usize = self.slices.iter().map(|slice| slice.depth).sum();
            let most = match &self.events {
                // They are found in no order, one by one.
                Some(_) => usize::MAX,
                None => SLICE_COST * self.slices.len() + ROW_COST * rows,
            };
            let rows = Fixed::new((self.n_pre, self.n_post), self.count, |post| self.column(post));
            let active = Vec::with_capacity(self.n_pre.next_multiple_of(LANES) + LANES);
            self.at_rest = Some(AtRest { rows, most, active });
        }
    }

    fn compact(&mut self, steps: u64) {
        if steps.is_multiple_of(COMPACT_EVERY) {
            for (index, slice) in self.slices.iter_mut().enumerate() {
                if !self.calm.get(index).is_some_and(Calm::is_dormant) {
                    slice.tiny = slice::any_tiny(&self.arena.weights[slice.rows()]);
                }
            }
        }
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
