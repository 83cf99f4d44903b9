//! Finds the active neurons among the presynaptic neurons of a slice.

use super::spikes::SpikeMask;
use crate::simd::{LANES, Level, Mask, Simd};
use std::fmt::Debug;

/// Masks of the columns of a slice that a rule changes, by when the presynaptic neuron is active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairing {
    /// Raised if the presynaptic neuron was active before.
    pub(crate) plus_before: Mask,
    /// Lowered if it was active before.
    pub(crate) minus_before: Mask,
    /// Lowered if it is active now.
    pub(crate) minus_now: Mask,
}

impl Pairing {
    /// Whether the rule changes no column.
    #[inline(always)]
    pub(crate) fn is_none(self) -> bool {
        self == Pairing::default()
    }
}

/// Per row of a slice, which synapses a rule changes and which see an active neuron.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masks {
    pub(crate) plus: Vec<Mask>,
    pub(crate) minus: Vec<Mask>,
    pub(crate) now: Vec<Mask>,
}

impl Masks {
    /// Makes room for the masks of a slice.
    pub(crate) fn reserve(&mut self, rows: usize) {
        for masks in [&mut self.plus, &mut self.minus, &mut self.now] {
            if masks.len() < rows {
                masks.resize(rows.next_multiple_of(LANES), 0);
            }
        }
    }
}

/// A type of presynaptic indices.
pub(crate) trait Index: Copy + Default + Debug + Send + Sync + Into<u32> + 'static {
    fn from_u32(index: u32) -> Self;

    #[inline(always)]
    fn to_u32(self) -> u32 {
        self.into()
    }

    /// The same indices, if they have sixteen bits.
    fn as_u16(_indices: &[[Self; LANES]]) -> Option<&[[u16; LANES]]> {
        None
    }

    /// Largest number of neurons for which a level keeps the activity in registers.
    fn most_found(_level: Level) -> usize {
        0
    }

    /// Fills the masks of rows of presynaptic indices, a multiple of four, if there are at most
    /// [`most_found`](Self::most_found) neurons.
    #[inline(always)]
    fn find<S: Simd>(_: &[[Self; LANES]], _: &SpikeMask, _: Pairing, _: &mut Masks) {}
}

impl Index for u8 {
    #[inline(always)]
    fn from_u32(index: u32) -> Self {
        index as u8
    }

    fn most_found(level: Level) -> usize {
        level.most_found()[0]
    }

    #[inline(always)]
    fn find<S: Simd>(pre: &[[u8; LANES]], spikes: &SpikeMask, pairing: Pairing, masks: &mut Masks) {
        let [before, now] = spikes.sets();
        let sets = [S::table(before), S::table(now)];
        let pairing = Spread::new(pairing);
        let (plus, minus) = (masks.plus.as_chunks_mut::<4>().0, masks.minus.as_chunks_mut::<4>().0);
        let out = plus.iter_mut().zip(minus).zip(masks.now.as_chunks_mut::<4>().0);
        for (rows, ((plus, minus), now)) in pre.as_chunks::<4>().0.iter().zip(out) {
            pairing.write(S::find_u8(rows, sets), plus, minus, now);
        }
    }
}

impl Index for u16 {
    #[inline(always)]
    fn from_u32(index: u32) -> Self {
        index as u16
    }

    fn as_u16(indices: &[[u16; LANES]]) -> Option<&[[u16; LANES]]> {
        Some(indices)
    }

    fn most_found(level: Level) -> usize {
        level.most_found()[1]
    }

    #[inline(always)]
    fn find<S: Simd>(pre: &[[u16; LANES]], spikes: &SpikeMask, pairing: Pairing, masks: &mut Masks) {
        let [before, now] = spikes.sets();
        let sets = [S::table(before), S::table(now)];
        let pairing = Spread::new(pairing);
        let (plus, minus) = (masks.plus.as_chunks_mut::<2>().0, masks.minus.as_chunks_mut::<2>().0);
        let out = plus.iter_mut().zip(minus).zip(masks.now.as_chunks_mut::<2>().0);
        for (rows, ((plus, minus), now)) in pre.as_chunks::<2>().0.iter().zip(out) {
            pairing.write(S::find_u16(rows, sets), plus, minus, now);
        }
    }
}

impl Index for u32 {
    #[inline(always)]
    fn from_u32(index: u32) -> Self {
        index
    }
}

/// A pairing, once for each of four rows.
#[derive(Clone, Copy)]
struct Spread {
    plus_before: u64,
    minus_before: u64,
    minus_now: u64,
}

impl Spread {
    #[inline(always)]
    fn new(pairing: Pairing) -> Self {
        let spread = |mask: Mask| u64::from(mask) * 0x0001_0001_0001_0001;
        Spread {
            plus_before: spread(pairing.plus_before),
            minus_before: spread(pairing.minus_before),
            minus_now: spread(pairing.minus_now),
        }
    }

    /// Writes the masks of rows, given which of their presynaptic neurons were active before and are active now.
    #[inline(always)]
    fn write<const ROWS: usize>(
        self,
        [before, now]: [u64; 2],
        plus_out: &mut [Mask; ROWS],
        minus_out: &mut [Mask; ROWS],
        now_out: &mut [Mask; ROWS],
    ) {
        let plus = before & self.plus_before;
        let minus = (before & self.minus_before) | (now & self.minus_now);
        for row in 0..ROWS {
            let at = |masks: u64| (masks >> (LANES * row)) as Mask;
            plus_out[row] = at(plus & !minus);
            minus_out[row] = at(minus & !plus);
            now_out[row] = at(now);
        }
    }
}

/// Like [`Index::find`], but for any number of neurons.
pub(crate) fn find_one_by_one<I: Index>(
    pre: &[[I; LANES]],
    spikes: &SpikeMask,
    pairing: Pairing,
    masks: &mut Masks,
) {
    let out = masks.plus.iter_mut().zip(&mut masks.minus).zip(&mut masks.now);
    for (pre, ((plus, minus), now)) in pre.iter().zip(out) {
        let (mut before, mut active) = (0, 0);
        for (l, pre) in pre.iter().enumerate() {
            let code = Mask::from(spikes.code(pre.to_u32()));
            before |= (code & 1) << l;
            active |= (code >> 1) << l;
        }
        (*plus, *minus) = pair(before, active, pairing);
        *now = active;
    }
}

/// Synapses to raise and to lower. A synapse that would be in both sets is in neither, because the two changes of STDP cancel.
#[inline(always)]
pub(crate) fn pair(before: Mask, now: Mask, pairing: Pairing) -> (Mask, Mask) {
    let plus = before & pairing.plus_before;
    let minus = (before & pairing.minus_before) | (now & pairing.minus_now);
    (plus & !minus, minus & !plus)
}

#[cfg(test)]
mod tests;
