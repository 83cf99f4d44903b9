//! A plastic connection matrix in shards of columns, which threads share.
//!
//! Columns are computed independently, so the number of shards changes no bit.

use super::WeightMatrix;
use super::driver;
use super::storage::{Learning, Options, Storage};
use crate::Synapses;
use crate::kernels::spikes::SpikeMask;
use crate::simd::{LANES, Row};
use crate::thread_pool::ThreadPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Clone, Debug)]
pub(crate) struct Sharded<M> {
    shards: Vec<M>,
    /// Slices of sixteen columns of a shard, except the last.
    width: usize,
    pool: Arc<ThreadPool>,
}

impl<M: Storage> Sharded<M> {
    pub(crate) fn new(
        synapses: &Synapses,
        options: Options<'_>,
        threads: usize,
        pool: &Arc<ThreadPool>,
    ) -> Self {
        let n_post = synapses.n_post();
        let columns = n_post.div_ceil(threads).min(M::MOST_COLUMNS).next_multiple_of(LANES);
        let shards = (0..n_post)
            .step_by(columns)
            .map(|first| M::new(synapses, first..n_post.min(first + columns), options));
        Sharded { shards: shards.collect(), width: columns / LANES, pool: Arc::clone(pool) }
    }

    /// The shard of a column, and which column of the shard it is.
    fn place(&self, post: usize) -> (usize, usize) {
        let columns = self.width * LANES;
        (post / columns, post % columns)
    }
}

impl<M: Storage> WeightMatrix for Sharded<M> {
    fn run(&mut self, pre: &SpikeMask, learning: &Learning<'_>, drive: &mut [Row<f64>]) -> u32 {
        if let [shard] = &mut self.shards[..] {
            return driver::run(shard.level(), shard, pre, learning, drive);
        }
        let (width, pruned) = (self.width, AtomicU32::new(0));
        self.pool.share(&mut self.shards, drive, width, |n, shard, drive| {
            let learning = Learning { first_slice: n * width, ..*learning };
            pruned.fetch_add(driver::run(shard.level(), shard, pre, &learning, drive), Ordering::Relaxed);
        });
        pruned.into_inner()
    }

    fn rest(&mut self) {
        self.shards.iter_mut().for_each(M::rest);
    }

    fn to_synapses(&self) -> Synapses {
        let mut synapses = Synapses::new(self.shards.first().map_or(0, M::n_pre));
        self.shards.iter().for_each(|shard| shard.append_to(&mut synapses));
        synapses
    }

    fn units(&self) -> Vec<[f64; 2]> {
        let mut units = Vec::new();
        self.shards.iter().for_each(|shard| shard.append_units(&mut units));
        units
    }

    fn count(&self) -> usize {
        self.shards.iter().map(M::count).sum()
    }

    fn add_out_degrees(&self, degrees: &mut [u32]) {
        self.shards.iter().for_each(|shard| shard.add_out_degrees(degrees));
    }

    fn contains(&self, pre: u32, post: usize) -> bool {
        let (shard, post) = self.place(post);
        self.shards[shard].contains(pre, post)
    }

    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32 {
        let (shard, post) = self.place(post);
        self.shards[shard].edit(post, change)
    }

    fn grow(&mut self, pre: u32, post: usize, weight: f64) {
        let (shard, post) = self.place(post);
        self.shards[shard].insert(pre, post, weight);
    }

    fn unconnected(&self) -> usize {
        self.shards.iter().map(M::unconnected).sum()
    }

    fn compact(&mut self, steps: u64) {
        self.shards.iter_mut().for_each(|shard| shard.compact(steps));
    }

    fn clone_box(&self) -> Box<dyn WeightMatrix> {
        Box::new(self.clone())
    }
}
