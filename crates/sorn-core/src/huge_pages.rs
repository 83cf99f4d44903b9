//! Huge pages for large arrays.
//!
//! A step of a large network reads a few numbers here and there in arrays of many megabytes. With pages of 4 KiB each such
//! access also waits for an address translation. Linux provides larger pages on request; NumPy requests them too.

/// Bytes of a huge page on most machines.
#[cfg(target_os = "linux")]
const HUGE: usize = 2 << 20;

/// `MADV_COLLAPSE` of Linux 6.1 and newer. The number is written out because the bindings of some C libraries (musl on aarch64)
/// lack the name. Older kernels return an error, which is ignored.
#[cfg(target_os = "linux")]
const COLLAPSE: libc::c_int = 25;

/// Asks the system to keep an array of several megabytes, with its spare capacity, in huge pages. The system may decline; only
/// speed depends on the answer.
#[cfg(target_os = "linux")]
pub(crate) fn ask<T>(values: &Vec<T>) {
    let first = values.as_ptr() as usize;
    let start = first.next_multiple_of(HUGE);
    let end = (first + values.capacity() * size_of::<T>()) / HUGE * HUGE;
    if start >= end {
        return;
    }
    // SAFETY: the range covers whole pages inside the vector's allocation, and the call does not change their contents.
    unsafe {
        let pages = start as *mut libc::c_void;
        // The first call is for pages that are not written yet, the second for pages that are.
        if libc::madvise(pages, end - start, libc::MADV_HUGEPAGE) == 0 {
            libc::madvise(pages, end - start, COLLAPSE);
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn ask<T>(_: &Vec<T>) {}
