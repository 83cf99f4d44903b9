//! Huge pages for large arrays.
//!
//! A step of a large network reads a few numbers here and there in arrays of many megabytes. With pages of 4 KiB each such
//! access also waits for the place of its page; Linux gives larger ones where they are asked for, as NumPy does.

/// Bytes of a huge page on most machines.
#[cfg(target_os = "linux")]
const HUGE: usize = 2 << 20;

/// `MADV_COLLAPSE` of Linux 6.1 and newer, by its number: the bindings of some C libraries (musl on aarch64) lack its name. Older
/// kernels refuse it.
#[cfg(target_os = "linux")]
const COLLAPSE: libc::c_int = 25;

/// Asks the system to keep an array of several megabytes, with its spare room, in huge pages. It may decline; nothing but time
/// depends on it.
#[cfg(target_os = "linux")]
pub(crate) fn ask<T>(values: &Vec<T>) {
    let first = values.as_ptr() as usize;
    let start = first.next_multiple_of(HUGE);
    let end = (first + values.capacity() * size_of::<T>()) / HUGE * HUGE;
    if start >= end {
        return;
    }
    // SAFETY: whole pages inside of what the vector owns; what they hold does not change.
    unsafe {
        let pages = start as *mut libc::c_void;
        // The first is for pages to come, the second for those that were written already.
        if libc::madvise(pages, end - start, libc::MADV_HUGEPAGE) == 0 {
            libc::madvise(pages, end - start, COLLAPSE);
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn ask<T>(_: &Vec<T>) {}
