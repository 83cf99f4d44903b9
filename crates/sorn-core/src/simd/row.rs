//! Sixteen numbers side by side, and a bit for each.

use std::fmt::Debug;
use std::ops::Add;

/// Numbers of a [`Row`].
pub(crate) const LANES: usize = 16;

/// One bit per lane of a [`Row`].
pub(crate) type Mask = u16;

/// Sixteen numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(64))]
pub(crate) struct Row<T>(pub(crate) [T; LANES]);

impl<T> Row<T> {
    const NOTHING_ELSE: () = assert!(size_of::<Row<T>>() == LANES * size_of::<T>());

    /// The numbers of consecutive rows.
    #[inline(always)]
    pub(crate) fn flatten(rows: &[Row<T>]) -> &[T] {
        let () = Self::NOTHING_ELSE;
        // SAFETY: a row is sixteen numbers and nothing else, as asserted.
        unsafe { std::slice::from_raw_parts(rows.as_ptr().cast(), rows.len() * LANES) }
    }

    /// Like [`flatten`](Self::flatten), for mutable rows.
    #[inline(always)]
    pub(crate) fn flatten_mut(rows: &mut [Row<T>]) -> &mut [T] {
        let () = Self::NOTHING_ELSE;
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(rows.as_mut_ptr().cast(), rows.len() * LANES) }
    }
}

/// A number type of weights.
pub(crate) trait Real: Copy + Default + Debug + Add<Output = Self> + Into<f64> {
    /// Whether a synapse of this weight exists, i.e. the weight is not `+0.0`.
    fn exists(self) -> bool;
}

impl Real for f64 {
    #[inline(always)]
    fn exists(self) -> bool {
        self.to_bits() != 0
    }
}

impl Real for f32 {
    #[inline(always)]
    fn exists(self) -> bool {
        self.to_bits() != 0
    }
}

/// The indices of the bits that are set, ascending.
#[inline(always)]
pub(crate) fn set_bits(words: &[Mask]) -> impl Iterator<Item = u32> + '_ {
    words.iter().enumerate().flat_map(|(word, &mask)| {
        let mut rest = mask;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some((word * LANES) as u32 + bit)
        })
    })
}
