//! What the step asks of a plastic connection matrix, whatever its number types.

use crate::Synapses;
use crate::kernel::Change;
use crate::kernel::lookup::{Pairing, Pattern};
use std::fmt::Debug;
use std::ops::Range;

/// A plastic connection matrix of shape `(pre, post)`.
pub(crate) trait Plastic: Debug + Send + Sync {
    /// Runs the operations on every column, then computes the drive that neurons active at `t + 1` give, one value per
    /// column, padded to whole slices; where it is not wanted, what is in `drive` afterwards means nothing. Returns the number of pruned synapses.
    fn run(&mut self, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]) -> u32;
    /// No rule changes the matrix from here on; should one, all goes on as before.
    fn rest(&mut self);
    /// The matrix as plain data.
    fn to_synapses(&self) -> Synapses;
    /// Unit and sum of each column, where columns have units, see [`State::wee_units`](crate::State::wee_units).
    fn units(&self) -> Vec<[f64; 2]>;
    /// Number of synapses.
    fn count(&self) -> usize;
    /// Adds how many synapses each presynaptic neuron has.
    fn add_out_degrees(&self, degrees: &mut [u32]);
    /// Whether `pre` has a synapse on `post`.
    fn contains(&self, pre: u32, post: usize) -> bool;
    /// Lets `change` change the weights of a column's synapses, limits them to `[0, 1]`; returns how many were pruned.
    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32;
    /// Grows an absent synapse.
    fn grow(&mut self, pre: u32, post: usize, weight: f64);
    /// Number of columns without synapses.
    fn unconnected(&self) -> usize;
    /// Removes the zeros that pruned synapses left, where it is time to.
    fn compact(&mut self, steps: u64);
    fn clone_box(&self) -> Box<dyn Plastic>;
}

impl Clone for Box<dyn Plastic> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

/// Some columns of a plastic connection matrix, for one thread.
pub(crate) trait Block: Clone + Debug + Send + Sync + Sized + 'static {
    /// Some columns of a matrix in working form. A synapse of weight 0 is kept where `keep_zeros`.
    /// `units` are those of every column that [`append_units`](Self::append_units) gave, or empty.
    fn new(synapses: &Synapses, posts: Range<usize>, keep_zeros: bool, units: &[[f64; 2]]) -> Self;
    /// As [`Plastic::run`]; `learning` says where the columns begin.
    fn run(&mut self, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]) -> u32;
    fn n_pre(&self) -> usize;
    /// Appends the columns as plain data.
    fn append_to(&self, synapses: &mut Synapses);
    /// Appends the unit and the sum of each column, where columns have units.
    fn append_units(&self, _units: &mut Vec<[f64; 2]>) {}
    /// As [`Plastic::rest`]; a block to which that is nothing new does nothing.
    fn rest(&mut self) {}
    fn count(&self) -> usize;
    fn add_out_degrees(&self, degrees: &mut [u32]);
    fn contains(&self, pre: u32, post: usize) -> bool;
    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32;
    /// Grows an absent synapse.
    fn insert(&mut self, pre: u32, post: usize, weight: f64);
    fn unconnected(&self) -> usize;
    fn compact(&mut self, steps: u64);
}

/// One operation on a connection matrix.
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

/// What a matrix does in one step.
#[derive(Clone, Copy)]
pub(crate) struct Learning<'a> {
    pub(crate) ops: &'a [Op],
    /// How `Op::Update` pairs activity.
    pub(crate) pairs: Pairs,
    /// What it adds.
    pub(crate) change: Change,
    /// Activity of the postsynaptic neurons.
    pub(crate) post: &'a Pattern,
    /// Absent pairs `(pre, post)` that `Op::Grow` connects.
    pub(crate) grown: &'a [(u32, u32)],
    pub(crate) grown_weight: f64,
    /// Whether the drive is wanted.
    pub(crate) drives: bool,
    /// Where the columns at hand begin among the postsynaptic neurons.
    pub(crate) first_slice: usize,
}

/// How a rule pairs presynaptic and postsynaptic activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairs {
    /// STDP: before and after.
    Stdp,
    /// Inhibitory STDP: the presynaptic neuron was active; the postsynaptic one is, or is not.
    Istdp,
}

impl Learning<'_> {
    /// Which columns of a slice `Op::Update` changes.
    #[inline(always)]
    pub(crate) fn pairing(&self, slice: usize) -> Pairing {
        let (before, now) = self.post.word(self.first_slice + slice);
        match self.pairs {
            Pairs::Stdp => Pairing { plus_before: now, minus_before: 0, minus_now: before },
            Pairs::Istdp => Pairing { plus_before: now, minus_before: !now, minus_now: 0 },
        }
    }
}
