//! Who is active among presynaptic neurons, found from the active neurons instead of looked up for every synapse.

use crate::columns::Extent;
use crate::kernel::lookup::{Index, Masks, Pairing, Pattern, pair};
use crate::kernel::{LANES, Mask};

/// For every presynaptic neuron, where its synapses are; and per row of the matrix, which synapses see an active one.
///
/// A slice whose synapses have moved since [`rebuild`](Self::rebuild) is irregular, and has to be looked up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    starts: Vec<usize>,
    /// Row and lane, `row * LANES + lane`, of each synapse; postsynaptic neurons ascending.
    slots: Vec<u32>,
    posts: Vec<u32>,
    before: Vec<Mask>,
    now: Vec<Mask>,
    irregular: Vec<bool>,
    any_irregular: bool,
    /// The pattern that is marked.
    generation: Option<u64>,
}

impl Events {
    /// Whether a matrix of so many rows can have events: a place fits in 32 bits.
    pub(crate) fn fit(rows: usize) -> bool {
        rows < u32::MAX as usize / LANES
    }

    /// Finds every synapse anew; then every slice is regular.
    pub(crate) fn rebuild<I: Index>(
        &mut self,
        n_pre: usize,
        slices: &[Extent],
        lengths: &[u32],
        pre: &[[I; LANES]],
    ) {
        let places = |post: usize| {
            let start = slices[post / LANES].start;
            start..start + lengths[post] as usize
        };
        let n_post = slices.len() * LANES;
        self.starts.clear();
        self.starts.resize(n_pre + 1, 0);
        for post in 0..n_post {
            for row in places(post) {
                self.starts[pre[row][post % LANES].to_u32() as usize + 1] += 1;
            }
        }
        for neuron in 0..n_pre {
            self.starts[neuron + 1] += self.starts[neuron];
        }
        let total = self.starts[n_pre];
        if self.slots.capacity() < total {
            // Room for growth, so that a later rebuild allocates nothing.
            self.slots.reserve_exact(total + total / 8 + 64 - self.slots.len());
            self.posts.reserve_exact(total + total / 8 + 64 - self.posts.len());
        }
        self.slots.resize(total, 0);
        self.posts.resize(total, 0);
        for post in 0..n_post {
            for row in places(post) {
                let next = &mut self.starts[pre[row][post % LANES].to_u32() as usize];
                self.slots[*next] = (row * LANES + post % LANES) as u32;
                self.posts[*next] = post as u32;
                *next += 1;
            }
        }
        // Each start has moved on to the next neuron's.
        self.starts.copy_within(0..n_pre, 1);
        self.starts[0] = 0;
        self.before.resize(pre.len(), 0);
        self.now.resize(pre.len(), 0);
        self.irregular.clear();
        self.irregular.resize(slices.len(), false);
        self.any_irregular = false;
        self.generation = None;
    }

    /// Notes that synapses of a slice have moved.
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

    /// Marks the synapses that see an active neuron.
    pub(crate) fn mark(&mut self, pattern: &Pattern) {
        if self.generation == Some(pattern.generation()) {
            return;
        }
        if self.generation == pattern.generation().checked_sub(1) && self.generation.is_some() {
            std::mem::swap(&mut self.before, &mut self.now);
        } else {
            self.before.fill(0);
            mark_all(&mut self.before, pattern.before(), &self.starts, &self.slots);
        }
        self.now.fill(0);
        mark_all(&mut self.now, pattern.now(), &self.starts, &self.slots);
        self.generation = Some(pattern.generation());
    }

    /// Fills the masks of a regular slice's rows.
    pub(crate) fn masks(&self, start: usize, depth: usize, pairing: Pairing, masks: &mut Masks) {
        let (before, now) = (&self.before[start..start + depth], &self.now[start..start + depth]);
        masks.now[..depth].copy_from_slice(now);
        let out = masks.plus[..depth].iter_mut().zip(&mut masks.minus[..depth]);
        for ((plus, minus), (&before, &now)) in out.zip(before.iter().zip(now)) {
            (*plus, *minus) = pair(before, now, pairing);
        }
    }

    /// The synapses of a neuron: their places and postsynaptic neurons, ascending.
    pub(crate) fn outgoing(&self, neuron: u32) -> impl Iterator<Item = (usize, usize)> + '_ {
        let range = self.starts[neuron as usize]..self.starts[neuron as usize + 1];
        let places = self.slots[range.clone()].iter().map(|&slot| slot as usize);
        places.zip(self.posts[range].iter().map(|&post| post as usize))
    }
}

fn mark_all(masks: &mut [Mask], active: impl Iterator<Item = u32>, starts: &[usize], slots: &[u32]) {
    for neuron in active {
        for &slot in &slots[starts[neuron as usize]..starts[neuron as usize + 1]] {
            masks[slot as usize / LANES] |= 1 << (slot as usize % LANES);
        }
    }
}
