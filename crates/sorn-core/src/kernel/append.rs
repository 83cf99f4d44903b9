//! Lists that vector instructions write, several numbers at a time.

use super::LANES;

/// Appends numbers to a list whose length meanwhile stays in a register.
pub(crate) struct Appender<'a> {
    pub(super) list: &'a mut Vec<u32>,
    pub(super) len: usize,
}

impl<'a> Appender<'a> {
    /// For at most `most` numbers more.
    #[inline(always)]
    pub(crate) fn new(list: &'a mut Vec<u32>, most: usize) -> Self {
        list.reserve(most + LANES);
        Appender { len: list.len(), list }
    }

    #[inline(always)]
    pub(crate) fn finish(self) {
        // SAFETY: `push` has written so many.
        unsafe { self.list.set_len(self.len) };
    }
}
