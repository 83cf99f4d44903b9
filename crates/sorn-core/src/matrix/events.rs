//! Finds the synapses of active presynaptic neurons from a list of those neurons, instead of a lookup for every synapse.

use super::pre_index::PreIndex;
use crate::huge_pages;
use crate::kernels::lookup::{Masks, Pairing, pair};
use crate::kernels::spikes::{SpikeMask, list_now};
use crate::simd::{LANES, Level, Mask, prefetch};
use std::ops::Range;

/// Neurons whose synapses are prefetched ahead of the current ones.
const AHEAD: usize = 2;
/// How many synapses of a neuron are prefetched: after a few, the processor recognises the sequential access.
const ASKED: usize = 256;

/// For each row of a sliced matrix, which synapses have an active presynaptic neuron.
///
/// A slice whose synapses have moved since [`rebuild`](Self::rebuild) is irregular and needs lookups.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    outgoing: PreIndex,
    before: Vec<Mask>,
    now: Vec<Mask>,
    irregular: Vec<bool>,
    any_irregular: bool,
    /// Neurons whose synapses are being marked.
    active: Vec<u32>,
    /// The generation of the spikes that are marked.
    generation: Option<u64>,
}

impl Events {
    /// Whether a matrix of this many rows can have events, i.e. a place fits in 32 bits.
    pub(crate) fn fit(rows: usize) -> bool {
        rows < u32::MAX as usize / LANES
    }

    /// Rebuilds the index of all synapses, after which every slice is regular. `column` gives the place, `row * LANES + lane`,
    /// and the presynaptic neuron of each synapse of a column.
    pub(crate) fn rebuild<C: Iterator<Item = (u32, u32)>>(
        &mut self,
        n_pre: usize,
        slices: usize,
        rows: usize,
        column: impl Fn(usize) -> C,
    ) {
        self.outgoing.rebuild(n_pre, slices * LANES, column);
        self.active.clear();
        self.active.reserve(n_pre.next_multiple_of(LANES) + LANES);
        self.before.resize(rows, 0);
        self.now.resize(rows, 0);
        huge_pages::ask(&self.before);
        huge_pages::ask(&self.now);
        self.irregular.clear();
        self.irregular.resize(slices, false);
        self.any_irregular = false;
        self.generation = None;
    }

    /// Records that synapses of a slice have moved.
    pub(crate) fn disturb(&mut self, slice: usize) {
        self.irregular[slice] = true;
        self.any_irregular = true;
    }

    pub(crate) fn is_regular(&self, slice: usize) -> bool {
        !self.irregular[slice]
    }

    pub(crate) fn any_irregular(&self) -> bool {
        self.any_irregular
    }

    /// Marks the synapses whose presynaptic neuron is active.
    pub(crate) fn mark(&mut self, level: Level, spikes: &SpikeMask) {
        if self.generation == Some(spikes.generation()) {
            return;
        }
        if self.generation == spikes.generation().checked_sub(1) && self.generation.is_some() {
            std::mem::swap(&mut self.before, &mut self.now);
        } else {
            self.before.fill(0);
            self.active.clear();
            self.active.extend(spikes.before());
            mark_all(&mut self.before, &self.active, &self.outgoing);
        }
        self.now.fill(0);
        list_now(level, spikes, &mut self.active);
        mark_all(&mut self.now, &self.active, &self.outgoing);
        self.generation = Some(spikes.generation());
    }

    /// Fills the masks of a regular slice's rows. The masks of changes are filled only if a rule changes something.
    #[inline(always)]
    pub(crate) fn masks(&self, rows: Range<usize>, pairing: Pairing, masks: &mut Masks) {
        let (depth, before, now) = (rows.len(), &self.before[rows.clone()], &self.now[rows]);
        masks.now[..depth].copy_from_slice(now);
        if pairing.is_none() {
            return;
        }
        let out = masks.plus[..depth].iter_mut().zip(&mut masks.minus[..depth]);
        for ((plus, minus), (&before, &now)) in out.zip(before.iter().zip(now)) {
            (*plus, *minus) = pair(before, now, pairing);
        }
    }

    /// The masks of synapses with an active presynaptic neuron in some rows.
    pub(crate) fn active(&self, rows: Range<usize>) -> &[Mask] {
        self.now.get(rows).unwrap_or_default()
    }

    /// The synapses of a neuron: their places and postsynaptic neurons, ascending.
    pub(crate) fn outgoing(&self, neuron: u32) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.outgoing.of(neuron)
    }
}

fn mark_all(masks: &mut [Mask], active: &[u32], outgoing: &PreIndex) {
    for (at, &neuron) in active.iter().enumerate() {
        if let Some(&soon) = active.get(at + AHEAD) {
            let places = outgoing.places(soon);
            prefetch(&places[..places.len().min(ASKED)]);
        }
        for &place in outgoing.places(neuron) {
            masks[place as usize / LANES] |= 1 << (place as usize % LANES);
        }
    }
}
