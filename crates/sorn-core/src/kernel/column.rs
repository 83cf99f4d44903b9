//! Loops over the synapses of one column, or of several at a time, that lie one after the other.
//!
//! A sum has the order of its synapses, as in a slice. Synapses past the last are absent and change nothing.

// Loops over lanes with an index become vector instructions.
#![allow(clippy::needless_range_loop)]

use super::lookup::{Index, Pairing, Pattern};
use super::{Change, LANES, Loops, Mask, Real, Row, TINY, fused_quotient, portable};

/// Columns that are added up at a time: enough to hide that each addition waits for the one before.
pub(crate) const GROUP: usize = 8;

/// What a rule does to a synapse of one column, by the code of its presynaptic neuron's activity, see `Pattern`: two bits
/// for each code, 1 to raise, 2 to lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signs(u8);

impl Signs {
    /// For one lane of a slice.
    pub(crate) fn of(pairing: Pairing, lane: usize) -> Signs {
        let is = |mask: Mask| mask >> lane & 1 != 0;
        let mut signs = 0;
        for code in 1..4_u8 {
            let (before, now) = (code & 1 != 0, code & 2 != 0);
            let plus = before && is(pairing.plus_before);
            let minus = before && is(pairing.minus_before) || now && is(pairing.minus_now);
            // A raise and a lowering of STDP cancel.
            signs |= (u8::from(plus && !minus) | u8::from(minus && !plus) << 1) << (2 * code);
        }
        Signs(signs)
    }

    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// What came of a change of one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    /// Whether any synapse changed.
    pub(crate) any: bool,
    pub(crate) pruned: u32,
    /// Whether a weight is positive but below `TINY`.
    pub(crate) tiny: bool,
}

/// Changes weights and keeps them in `[0, 1]`.
#[inline(always)]
pub(crate) fn update<I: Index>(
    weights: &mut [Row<f64>],
    pre: &[[I; LANES]],
    pattern: &Pattern,
    signs: Signs,
    change: &Change,
) -> Touched {
    let (raise, lower) = (change.plus, change.minus);
    let mut touched = Touched::default();
    for (row, pre) in weights.iter_mut().zip(pre) {
        let mut kinds = [0; LANES];
        for l in 0..LANES {
            kinds[l] = signs.0 >> (2 * pattern.code(pre[l].to_u32())) & 3;
        }
        if kinds == [0; LANES] {
            continue;
        }
        let (mut low, mut any): (Mask, bool) = (0, false);
        for l in 0..LANES {
            let old = row.0[l];
            let (up, down) = ((kinds[l] == 1) & old.exists(), (kinds[l] == 2) & old.exists());
            let delta = if up { raise } else { lower };
            // Adding 0.0 would turn a negative zero into an absent synapse.
            let sum = if up | down { old + delta } else { old };
            row.0[l] = if sum > 1.0 { 1.0 } else { sum };
            low |= Mask::from(down & (sum < TINY)) << l;
            any |= up | down;
        }
        touched.any |= any;
        if low != 0 {
            let mut changed = super::Changed { sums: Row::default(), pruned: 0, tiny: false };
            portable::settle_low(row, low, change.floor, &mut changed);
            touched.pruned += changed.pruned;
            touched.tiny |= changed.tiny;
        }
    }
    touched
}

/// Adds up columns side by side, each in the order of its synapses.
#[inline(always)]
pub(crate) fn sums(columns: [&[Row<f64>]; GROUP]) -> [f64; GROUP] {
    let shared = columns.iter().map(|column| column.len()).min().unwrap_or(0);
    let mut side_by_side = [0.0; GROUP];
    for row in 0..shared {
        let mut rows = [&columns[0][row].0; GROUP];
        for c in 1..GROUP {
            rows[c] = &columns[c][row].0;
        }
        for k in 0..LANES {
            for c in 0..GROUP {
                side_by_side[c] += rows[c][k];
            }
        }
    }
    let mut sums = side_by_side;
    for (sum, column) in sums.iter_mut().zip(columns) {
        for row in &column[shared..] {
            for &weight in &row.0 {
                *sum += weight;
            }
        }
    }
    sums
}

/// The divisor of a column: its sum, and 1 where it is unconnected.
#[inline(always)]
pub(crate) fn divisor(sum: f64) -> f64 {
    if sum > 0.0 { sum } else { 1.0 }
}

/// Writes `from` divided by its sum to `to`; returns whether that is what `from` holds, and what `to` held. No weight may
/// be below `TINY`, save absent ones.
#[inline(always)]
pub(crate) fn divide<F: Loops>(from: &[Row<f64>], to: &mut [Row<f64>], sum: f64) -> (bool, bool) {
    let divisor = divisor(sum);
    let reciprocal = 1.0 / divisor;
    let (mut moved, mut other) = ([0; LANES], [0; LANES]);
    for (from, to) in from.iter().zip(to) {
        for l in 0..LANES {
            let quotient =
                if F::FUSED { fused_quotient(from.0[l], divisor, reciprocal) } else { from.0[l] / divisor };
            moved[l] |= quotient.to_bits() ^ from.0[l].to_bits();
            other[l] |= quotient.to_bits() ^ to.0[l].to_bits();
            to.0[l] = quotient;
        }
    }
    (moved == [0; LANES], other == [0; LANES])
}

/// Like [`divide`], in place, for weights of any size and negative zeros; returns how many became 0 by underflow.
pub(crate) fn divide_carefully(weights: &mut [Row<f64>], sum: f64) -> u32 {
    let divisor = divisor(sum);
    let mut died = 0;
    for weight in weights.iter_mut().flat_map(|row| &mut row.0) {
        let new = *weight / divisor;
        died += u32::from(weight.exists() && !new.exists());
        *weight = new;
    }
    died
}

/// The drive that neurons active at `t + 1` give, in the order of the synapses.
pub(crate) fn drive<I: Index>(weights: &[Row<f64>], pre: &[[I; LANES]], pattern: &Pattern) -> f64 {
    let synapses = weights.iter().flat_map(|row| row.0).zip(pre.iter().flatten());
    synapses.filter(|(_, pre)| pattern.code(pre.to_u32()) & 2 != 0).fold(0.0, |sum, (weight, _)| sum + weight)
}
