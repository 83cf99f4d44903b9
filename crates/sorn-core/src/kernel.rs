//! The inner loops of the step, over one slice of eight columns.
//!
//! A lane is a column, so the sums of eight columns run side by side and each keeps its order: presynaptic indices
//! ascending, one after the other, as NumPy adds the rows of a C-ordered matrix over axis 0.
//!
//! A presynaptic neuron's code has bit 0 where it was active at `t` and bit 1 where it is active at `t + 1`. An absent
//! synapse has weight `+0.0`; one that stays at zero without being pruned has `-0.0`.

/// Columns side by side.
pub(crate) const LANES: usize = 8;

/// One value per column of a slice.
pub(crate) type Lanes = [f64; LANES];

/// What a rule adds to the synapses of a slice, by the activity of the presynaptic neuron.
#[derive(Clone, Copy)]
pub(crate) struct Update {
    /// Where it was active at `t`.
    pub(crate) before: Lanes,
    /// Where it is active at `t + 1`.
    pub(crate) now: Lanes,
    /// Weight of a synapse that falls to 0 or below.
    pub(crate) floor: f64,
}

impl Update {
    pub(crate) fn is_zero(&self) -> bool {
        self.before == [0.0; LANES] && self.now == [0.0; LANES]
    }
}

/// Changes the weights of existing synapses; returns the column sums and the number of synapses that were pruned.
pub(crate) fn update(
    weights: &mut [Lanes],
    pre: &[[u32; LANES]],
    codes: &[u8],
    update: &Update,
) -> (Lanes, u32) {
    let mut sums = [0.0; LANES];
    let mut pruned = 0;
    for (weights, pre) in weights.iter_mut().zip(pre) {
        for l in 0..LANES {
            let code = codes[pre[l] as usize];
            let before = if code & 1 != 0 { update.before[l] } else { 0.0 };
            let now = if code & 2 != 0 { update.now[l] } else { 0.0 };
            let old = weights[l];
            let sum = old + (before + now);
            let bounded = if sum <= 0.0 {
                update.floor
            } else if sum > 1.0 {
                1.0
            } else {
                sum
            };
            let new = if old.to_bits() != 0 { bounded } else { 0.0 };
            pruned += u32::from(old.to_bits() != 0 && new.to_bits() == 0);
            weights[l] = new;
            sums[l] += new;
        }
    }
    (sums, pruned)
}

/// Column sums.
pub(crate) fn sum(weights: &[Lanes]) -> Lanes {
    let mut sums = [0.0; LANES];
    for weights in weights {
        for l in 0..LANES {
            sums[l] += weights[l];
        }
    }
    sums
}

/// Divides each column by its sum; an unconnected column stays as it is. Returns the drive that neurons active at
/// `t + 1` give.
pub(crate) fn divide(weights: &mut [Lanes], pre: &[[u32; LANES]], codes: &[u8], sums: &Lanes) -> Lanes {
    let divisors = sums.map(|sum| if sum > 0.0 { sum } else { 1.0 });
    let mut drive = [0.0; LANES];
    for (weights, pre) in weights.iter_mut().zip(pre) {
        for l in 0..LANES {
            let weight = weights[l] / divisors[l];
            weights[l] = weight;
            drive[l] += if codes[pre[l] as usize] & 2 != 0 { weight } else { 0.0 };
        }
    }
    drive
}

/// The drive that neurons active at `t + 1` give.
pub(crate) fn drive(weights: &[Lanes], pre: &[[u32; LANES]], codes: &[u8]) -> Lanes {
    let mut drive = [0.0; LANES];
    for (weights, pre) in weights.iter().zip(pre) {
        for l in 0..LANES {
            drive[l] += if codes[pre[l] as usize] & 2 != 0 { weights[l] } else { 0.0 };
        }
    }
    drive
}
