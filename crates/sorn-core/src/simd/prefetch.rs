//! Prefetches of values that the processor does not prefetch by itself.

use super::Row;

/// Prefetches every value.
#[inline(always)]
pub(crate) fn prefetch<T>(values: &[T]) {
    for line in (0..std::mem::size_of_val(values)).step_by(64) {
        near(values.as_ptr().cast::<u8>().wrapping_add(line));
    }
}

/// Prefetches one value; does nothing if there is none at `at`.
#[inline(always)]
pub(crate) fn prefetch_one<T>(values: &[T], at: usize) {
    near(values.as_ptr().wrapping_add(at));
}

/// Like [`prefetch_one`], into the second-level cache: the first level can wait for few values at a time.
#[inline(always)]
pub(crate) fn prefetch_far<T>(values: &[T], at: usize) {
    far(values.as_ptr().wrapping_add(at));
}

/// Prefetches one of the rows that start at `first`, like [`prefetch_far`].
#[inline(always)]
pub(crate) fn prefetch_row(first: *const Row<f64>, row: usize) {
    for line in (0..size_of::<Row<f64>>()).step_by(64) {
        far(first.wrapping_add(row).cast::<u8>().wrapping_add(line));
    }
}

#[inline(always)]
fn near<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch changes nothing, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

#[inline(always)]
fn far<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch changes nothing, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
