//! The inner loops of the step, each written once for every instruction set.
//!
//! In `slice` a lane is a column. The sums of sixteen columns are computed side by side, and each adds its synapses one by one
//! in ascending order of presynaptic index, as NumPy sums a C-ordered matrix over axis 0.
//!
//! An absent synapse has weight `+0.0`. An existing synapse of weight zero, which is kept if pruning is off, has `-0.0`.

pub(crate) mod fire;
pub(crate) mod lookup;
pub(crate) mod neurons;
pub(crate) mod noise;
pub(crate) mod rows;
pub(crate) mod slice;
pub(crate) mod spikes;

/// The changes that a rule makes to synapses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// Added to some, 0 or more.
    pub(crate) plus: f64,
    /// Added to others, 0 or less.
    pub(crate) minus: f64,
    /// Weight of a synapse that falls to 0 or below.
    pub(crate) floor: f64,
}

/// Weights below this are handled with care, for two reasons: a quotient from reciprocal and remainder is exact only if the
/// remainder does not underflow, and a weight that underflows to 0 prunes its synapse. Both happen only at least 69 powers of 2
/// below this limit. Between two checks a weight cannot fall that far by 64 divisions by 1.5 and one by 2^14.
pub(crate) const TINY: f64 = f64::from_bits((1023 - 800) << 52); // 2^-800
