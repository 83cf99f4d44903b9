//! Plastic connection matrices, whatever their layout, and fixed ones.

use crate::Synapses;
use crate::kernels::spikes::SpikeMask;
use crate::simd::Row;
use std::fmt::Debug;

mod arena;
mod choose;
mod column_scale;
mod csr;
mod csr_f32;
mod dense_f32;
mod driver;
mod events;
mod fixed;
mod pre_index;
mod sell16;
mod sharded;
mod storage;
#[cfg(test)]
mod tests;

pub(crate) use choose::{Population, choose};
pub(crate) use fixed::Fixed;
pub(crate) use storage::{Learning, Op, Timing};

/// A plastic connection matrix of shape `(pre, post)`.
pub(crate) trait WeightMatrix: Debug + Send + Sync {
    /// Runs the operations on every column. If the drive is wanted, it then computes the drive from the neurons active at
    /// `t + 1`, one value per column; otherwise the contents of `drive` are unspecified. Returns the number of pruned synapses.
    fn run(&mut self, pre: &SpikeMask, learning: &Learning<'_>, drive: &mut [Row<f64>]) -> u32;
    /// Prepares the matrix for steps without rules. A rule may still change it later.
    fn rest(&mut self);
    /// The matrix as plain data.
    fn to_synapses(&self) -> Synapses;
    /// Unit and sum of each column, if columns have units, see [`State::wee_units`](crate::State::wee_units).
    fn units(&self) -> Vec<[f64; 2]>;
    /// Number of synapses.
    fn count(&self) -> usize;
    /// Adds the number of synapses that each presynaptic neuron has.
    fn add_out_degrees(&self, degrees: &mut [u32]);
    /// Whether `pre` has a synapse on `post`.
    fn contains(&self, pre: u32, post: usize) -> bool;
    /// Applies `change` to the weights of a column's synapses and limits them to `[0, 1]`; returns how many were pruned.
    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32;
    /// Grows an absent synapse.
    fn grow(&mut self, pre: u32, post: usize, weight: f64);
    /// Number of columns without synapses.
    fn unconnected(&self) -> usize;
    /// Removes the zeros of pruned synapses, at regular intervals.
    fn compact(&mut self, steps: u64);
    fn clone_box(&self) -> Box<dyn WeightMatrix>;
}

impl Clone for Box<dyn WeightMatrix> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}
