//! The inner loops of the step, each written once for every instruction set.
//!
//! In `slice` a lane is a column, so the sums of sixteen columns run side by side and each keeps its order: presynaptic
//! indices ascending, one after the other, as NumPy adds the rows of a C-ordered matrix over axis 0.
//!
//! An absent synapse has weight `+0.0`; one that stays at zero without being pruned has `-0.0`.

pub(crate) mod fire;
pub(crate) mod lookup;
pub(crate) mod neurons;
pub(crate) mod noise;
pub(crate) mod rows;
pub(crate) mod slice;
pub(crate) mod spikes;

/// What a rule does to synapses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// Added to some, 0 or more.
    pub(crate) plus: f64,
    /// Added to others, 0 or less.
    pub(crate) minus: f64,
    /// Weight of a synapse that falls to 0 or below.
    pub(crate) floor: f64,
}

/// Weights below this are watched: a quotient by reciprocal and remainder is exact only while the remainder does not
/// underflow, and a weight that underflows to 0 is a synapse that dies. Weights of which either is true lie at least 69
/// powers of 2 below: more than 64 divisions by 1.5, between two looks, and one by 2^14 can take away.
pub(crate) const TINY: f64 = f64::from_bits((1023 - 800) << 52); // 2^-800
