//! An index of the synapses of each presynaptic neuron, for a matrix that is stored by columns.

use crate::huge_pages;
use std::ops::Range;

/// The places of the synapses of every presynaptic neuron.
#[derive(Clone, Debug, Default)]
pub(crate) struct PreIndex {
    starts: Vec<usize>,
    /// Place of each synapse; postsynaptic neurons ascending.
    places: Vec<u32>,
    posts: Vec<u32>,
}

impl PreIndex {
    /// Rebuilds the index. `column` gives the places and presynaptic neurons of a column's synapses.
    pub(crate) fn rebuild<C: Iterator<Item = (u32, u32)>>(
        &mut self,
        n_pre: usize,
        n_post: usize,
        column: impl Fn(usize) -> C,
    ) {
        self.starts.clear();
        self.starts.resize(n_pre + 1, 0);
        for (_, pre) in (0..n_post).flat_map(&column) {
            self.starts[pre as usize + 1] += 1;
        }
        for neuron in 0..n_pre {
            self.starts[neuron + 1] += self.starts[neuron];
        }
        let total = self.starts[n_pre];
        if self.places.capacity() < total {
            // Spare capacity, so that a later rebuild does not allocate.
            self.places.reserve_exact(total + total / 8 + 64 - self.places.len());
            self.posts.reserve_exact(total + total / 8 + 64 - self.posts.len());
            huge_pages::ask(&self.places);
            huge_pages::ask(&self.posts);
        }
        self.places.resize(total, 0);
        self.posts.resize(total, 0);
        for post in 0..n_post {
            for (place, pre) in column(post) {
                let next = &mut self.starts[pre as usize];
                self.places[*next] = place;
                self.posts[*next] = post as u32;
                *next += 1;
            }
        }
        // Each start has advanced to the start of the next neuron.
        self.starts.copy_within(0..n_pre, 1);
        self.starts[0] = 0;
    }

    #[inline(always)]
    fn range(&self, neuron: u32) -> Range<usize> {
        self.starts[neuron as usize]..self.starts[neuron as usize + 1]
    }

    /// The places of a neuron's synapses.
    #[inline(always)]
    pub(crate) fn places(&self, neuron: u32) -> &[u32] {
        &self.places[self.range(neuron)]
    }

    /// The synapses of a neuron: their places and postsynaptic neurons, ascending.
    #[inline(always)]
    pub(crate) fn of(&self, neuron: u32) -> impl Iterator<Item = (usize, usize)> + Clone + '_ {
        let posts = self.posts[self.range(neuron)].iter();
        self.places(neuron).iter().zip(posts).map(|(&place, &post)| (place as usize, post as usize))
    }
}
