//! The trait of a storage of plastic weights, and the operations of a step.

use crate::Synapses;
use crate::kernels::Change;
use crate::kernels::lookup::Pairing;
use crate::kernels::spikes::SpikeMask;
use crate::simd::{Level, Row, Simd};
use std::fmt::Debug;
use std::ops::Range;

/// Some columns of a plastic connection matrix of shape `(pre, post)`, for one thread.
///
/// A step visits the parts of a storage one by one; the driver loops over the rules of a part. Columns are counted from the
/// first column of the storage.
pub(crate) trait Storage: Clone + Debug + Send + Sync + Sized + 'static {
    /// Data that the operations on a part pass to one another.
    type Pass;
    /// Most columns of one storage.
    const MOST_COLUMNS: usize = usize::MAX;

    /// The columns `posts` of a matrix.
    fn new(synapses: &Synapses, posts: Range<usize>, options: Options<'_>) -> Self;
    fn level(&self) -> Level;
    fn n_pre(&self) -> usize;
    fn n_post(&self) -> usize;

    /// Number of parts, each of which is changed and then driven before the next one is touched.
    fn parts(&self) -> usize {
        1
    }

    /// The part of a column.
    fn part_of(&self, _post: usize) -> usize {
        0
    }

    /// Prepares for rules.
    fn wake(&mut self, pre: &SpikeMask);
    /// Starts a part; also called after synapses have grown in it.
    fn begin<S: Simd>(&mut self, part: usize, pre: &SpikeMask, learning: &Learning<'_>) -> Self::Pass;
    /// Runs [`Op::Update`]; returns how many synapses were pruned.
    fn update<S: Simd>(
        &mut self,
        part: usize,
        pass: &mut Self::Pass,
        pre: &SpikeMask,
        learning: &Learning<'_>,
    ) -> u32;
    /// Runs [`Op::Scale`]; returns how many synapses were pruned.
    fn scale<S: Simd>(&mut self, part: usize, pass: &mut Self::Pass, learning: &Learning<'_>) -> u32;
    /// Writes the drive from the neurons active at `t + 1`.
    fn drive<S: Simd>(&mut self, part: usize, pass: Self::Pass, pre: &SpikeMask, drive: &mut [Row<f64>]);
    /// Writes the drive of every part in a faster way, if the storage has one for steps without rules.
    fn drive_at_rest(&mut self, _pre: &SpikeMask, _drive: &mut [Row<f64>]) -> bool {
        false
    }

    /// Grows an absent synapse.
    fn insert(&mut self, pre: u32, post: usize, weight: f64);
    /// Applies `change` to the weights of a column's synapses and limits them to `[0, 1]`; returns how many were pruned.
    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32;
    /// Number of synapses.
    fn count(&self) -> usize;
    /// Records that rules pruned synapses.
    fn forget(&mut self, pruned: u32);
    fn contains(&self, pre: u32, post: usize) -> bool;
    /// Adds the number of synapses that each presynaptic neuron has.
    fn add_out_degrees(&self, degrees: &mut [u32]);
    /// Number of columns without synapses.
    fn unconnected(&self) -> usize;
    /// Appends the columns as plain data.
    fn append_to(&self, synapses: &mut Synapses);
    /// Appends unit and sum of each column, if columns have units.
    fn append_units(&self, _units: &mut Vec<[f64; 2]>) {}
    /// Prepares the storage for steps without rules. A rule may still change it later.
    fn rest(&mut self) {}
    /// Removes the zeros of pruned synapses, at regular intervals.
    fn compact(&mut self, steps: u64);
}

/// The options of a new storage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options<'a> {
    /// Whether a synapse of weight 0 is kept.
    pub(crate) keep_zeros: bool,
    /// Unit and sum of every column of the matrix, as [`Storage::append_units`] gave them, or empty.
    pub(crate) units: &'a [[f64; 2]],
    /// Whether a rule divides columns by their sums.
    pub(crate) scales: bool,
    /// Whether rules touch few columns in a step.
    pub(crate) silent: bool,
    pub(crate) level: Level,
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

/// The operations on a matrix in one step, and their inputs.
#[derive(Clone, Copy)]
pub(crate) struct Learning<'a> {
    pub(crate) ops: &'a [Op],
    /// How `Op::Update` pairs activity.
    pub(crate) timing: Timing,
    /// The change that `Op::Update` makes.
    pub(crate) change: Change,
    /// Activity of the postsynaptic neurons.
    pub(crate) post: &'a SpikeMask,
    /// Absent pairs `(pre, post)` that `Op::Grow` connects.
    pub(crate) grown: &'a [(u32, u32)],
    pub(crate) grown_weight: f64,
    /// Whether the drive is wanted.
    pub(crate) drives: bool,
    /// Number of slices of sixteen columns before the first column of the storage.
    pub(crate) first_slice: usize,
}

/// When the neurons of a pair have to be active for a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timing {
    /// STDP: one before, the other now.
    Stdp,
    /// Inhibitory STDP: the presynaptic neuron was active; the postsynaptic one is, or is not.
    Istdp,
}

impl Learning<'_> {
    /// Which columns of a slice `Op::Update` changes.
    #[inline(always)]
    pub(crate) fn pairing(&self, slice: usize) -> Pairing {
        let (before, now) = self.post.word(self.first_slice + slice);
        match self.timing {
            Timing::Stdp => Pairing { plus_before: now, minus_before: 0, minus_now: before },
            Timing::Istdp => Pairing { plus_before: now, minus_before: !now, minus_now: 0 },
        }
    }
}
