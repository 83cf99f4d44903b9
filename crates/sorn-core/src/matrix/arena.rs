//! Synapses in rows of sixteen, in which each line has spare capacity.

use crate::huge_pages;
use crate::kernels::lookup::Index;
use crate::simd::{LANES, Real, Row};
use std::ops::Range;

/// Weights, and the neuron at the other end of each synapse. A place holds one synapse; a pruned synapse leaves a weight of 0
/// until its line is compacted.
#[derive(Clone, Debug)]
pub(crate) struct Arena<T, I> {
    pub(crate) weights: Vec<Row<T>>,
    pub(crate) indices: Vec<[I; LANES]>,
}

/// The places of some synapses, in their order: `length` of them from `start` on, `stride` apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) start: usize,
    pub(crate) stride: usize,
    pub(crate) length: usize,
}

impl Line {
    #[inline(always)]
    pub(crate) fn place(self, k: usize) -> usize {
        self.start + k * self.stride
    }

    pub(crate) fn places(self) -> impl Iterator<Item = usize> {
        (0..self.length).map(move |k| self.place(k))
    }
}

impl<T: Real, I: Index> Arena<T, I> {
    /// An empty arena with capacity for this many rows.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        let mut arena = Arena { weights: Vec::new(), indices: Vec::new() };
        arena.weights.reserve_exact(rows);
        arena.indices.reserve_exact(rows);
        huge_pages::ask(&arena.weights);
        huge_pages::ask(&arena.indices);
        arena
    }

    /// Appends rows; returns the first.
    pub(crate) fn push(&mut self, rows: usize) -> usize {
        let start = self.weights.len();
        self.weights.resize(start + rows, Row::default());
        self.indices.resize(start + rows, [I::default(); LANES]);
        start
    }

    /// Copies rows to the end, into a given number of rows; returns the first.
    pub(crate) fn relocate(&mut self, used: Range<usize>, rows: usize) -> usize {
        let start = self.push(rows);
        self.weights.copy_within(used.clone(), start);
        self.indices.copy_within(used, start);
        start
    }

    #[inline(always)]
    pub(crate) fn index(&self, place: usize) -> u32 {
        self.indices[place / LANES][place % LANES].to_u32()
    }

    #[inline(always)]
    pub(crate) fn weight(&self, place: usize) -> T {
        self.weights[place / LANES].0[place % LANES]
    }

    #[inline(always)]
    pub(crate) fn weight_mut(&mut self, place: usize) -> &mut T {
        &mut self.weights[place / LANES].0[place % LANES]
    }

    pub(crate) fn set(&mut self, place: usize, index: I, weight: T) {
        self.indices[place / LANES][place % LANES] = index;
        *self.weight_mut(place) = weight;
    }

    /// Index and weight of each existing synapse of a line.
    pub(crate) fn synapses(&self, line: Line) -> impl Iterator<Item = (u32, T)> + '_ {
        line.places().map(|place| (self.index(place), self.weight(place))).filter(|(_, w)| w.exists())
    }

    /// Writes synapses to the places of a line that is long enough.
    pub(crate) fn fill(&mut self, line: Line, synapses: impl Iterator<Item = (u32, T)>) {
        for (place, (index, weight)) in line.places().zip(synapses) {
            self.set(place, I::from_u32(index), weight);
        }
    }

    /// Closes the gaps of a line; returns how many synapses it has.
    pub(crate) fn compact(&mut self, line: Line) -> usize {
        let mut kept = 0;
        for place in line.places() {
            let (index, weight) = (self.indices[place / LANES][place % LANES], self.weight(place));
            self.set(place, I::default(), T::default());
            if weight.exists() {
                self.set(line.place(kept), index, weight);
                kept += 1;
            }
        }
        kept
    }

    /// Moves the synapses of a line from the `at`-th on by one place, the last to the place after the line, and writes one
    /// in between.
    pub(crate) fn insert(&mut self, line: Line, at: usize, index: u32, weight: T) {
        for k in (at..line.length).rev() {
            let (from, to) = (line.place(k), line.place(k + 1));
            let (index, weight) = (self.indices[from / LANES][from % LANES], self.weight(from));
            self.set(to, index, weight);
        }
        self.set(line.place(at), I::from_u32(index), weight);
    }
}
