//! Lists that vector instructions write, several numbers at a time.

use super::{LANES, Mask, Simd};

/// Appends numbers to a list whose length stays in a register.
pub(crate) struct Appender<'a> {
    list: &'a mut Vec<u32>,
    len: usize,
    most: usize,
}

impl<'a> Appender<'a> {
    /// For at most `most` more numbers.
    #[inline(always)]
    pub(crate) fn new(list: &'a mut Vec<u32>, most: usize) -> Self {
        list.reserve(most + LANES);
        Appender { most: list.len() + most, len: list.len(), list }
    }

    /// Appends `first + STEP k` for every bit `k` of a mask.
    ///
    /// # Safety
    /// All calls together append at most the `most` numbers given to [`new`](Self::new).
    #[inline(always)]
    pub(crate) unsafe fn push<S: Simd, const STEP: u32>(&mut self, mask: Mask, first: u32) {
        debug_assert!(self.len + mask.count_ones() as usize <= self.most);
        // SAFETY: `new` reserved capacity for sixteen numbers more than `most`.
        unsafe { S::write_bits::<STEP>(self.list.as_mut_ptr().add(self.len), mask, first) };
        self.len += mask.count_ones() as usize;
    }

    #[inline(always)]
    pub(crate) fn finish(self) {
        // SAFETY: `push` has written this many.
        unsafe { self.list.set_len(self.len) };
    }
}

/// Lists the bits of masks, sixteen to a mask.
#[inline(always)]
pub(crate) fn list_bits<S: Simd>(masks: impl ExactSizeIterator<Item = Mask>, to: &mut Vec<u32>) {
    let mut to = Appender::new(to, masks.len() * LANES);
    for (word, mask) in masks.enumerate() {
        // SAFETY: a mask has sixteen bits.
        unsafe { to.push::<S, 1>(mask, (word * LANES) as u32) };
    }
    to.finish();
}
