//! Counters that LLVM puts into code built with `-C passes=sancov-module` and `-sanitizer-coverage-inline-8bit-counters`, which the
//! stable compiler passes on. In other builds there are none, and nothing is ever new.

use std::sync::Mutex;

/// Where the counters are: start and length of each library's.
static COUNTERS: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

/// Called by instrumented code when it is loaded.
///
/// # Safety
/// `start` to `stop` must be counters that live as long as the process.
#[unsafe(no_mangle)]
unsafe extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, stop: *mut u8) {
    if let Ok(mut counters) = COUNTERS.lock()
        && !counters.iter().any(|(known, _)| *known == start as usize)
    {
        counters.push((start as usize, stop as usize - start as usize));
    }
}

/// What was reached so far.
pub(crate) struct Coverage {
    /// For each counter the ranges of counts that were seen, a bit each.
    seen: Vec<u8>,
}

impl Coverage {
    pub(crate) fn new() -> Coverage {
        let length = COUNTERS.lock().map_or(0, |counters| counters.iter().map(|(_, length)| length).sum());
        Coverage { seen: vec![0; length] }
    }

    /// Whether the code that ran since the last question reached something new.
    pub(crate) fn is_new(&mut self) -> bool {
        let mut new = false;
        let Ok(counters) = COUNTERS.lock() else { return false };
        let mut seen = self.seen.iter_mut();
        for &(start, length) in counters.iter() {
            // SAFETY: the counters live as long as the process; other threads at worst make a count inexact.
            let counts = unsafe { std::slice::from_raw_parts_mut(start as *mut u8, length) };
            for (count, seen) in counts.iter_mut().zip(&mut seen) {
                if *count > 0 {
                    // 1, 2, 3, 4 to 7, 8 to 15 and so on: as libFuzzer tells them apart.
                    let bit = 1_u8 << (u32::from(*count).ilog2() + u32::from(*count == 3)).min(7);
                    new |= *seen & bit == 0;
                    *seen |= bit;
                    *count = 0;
                }
            }
        }
        new
    }

    /// Number of counters that were ever reached.
    pub(crate) fn found(&self) -> usize {
        self.seen.iter().filter(|seen| **seen > 0).count()
    }
}
