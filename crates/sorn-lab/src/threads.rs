//! Threads for runs beside one another, if there is memory for as many networks.

use rayon::{ThreadPool, ThreadPoolBuilder};
use sorn_core::room::{fits, size};

/// `threads` threads (0: one per processor) for `runs` runs, each of which needs `bytes`.
///
/// # Errors
/// A text that names `--threads`: there is no memory for that many runs at once, or the system gives no thread.
pub(crate) fn pool(threads: usize, runs: usize, bytes: u128) -> Result<ThreadPool, String> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|e| format!("--threads {threads}: {e}"))?;
    let at_once = pool.current_num_threads().min(runs);
    let all = |runs: usize| bytes.saturating_mul(runs as u128);
    if fits(all(at_once)) {
        return Ok(pool);
    }
    let fewer = (1..at_once).rev().find(|&runs| fits(all(runs)));
    let expected = match fewer {
        Some(fewer) => format!("at most {fewer}"),
        None => "a smaller network".into(),
    };
    Err(format!(
        "--threads: expected {expected}, found {at_once} runs at once, which need {}",
        size(all(at_once))
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_there_is_no_memory_for_are_refused_with_the_number_that_fits() {
        assert_eq!(pool(3, 9, 1000).unwrap().current_num_threads(), 3);
        // Two of half of all addresses do not fit, nor does one.
        let error = pool(4, 2, 1 << 63).unwrap_err();
        assert_eq!(error, "--threads: expected a smaller network, found 2 runs at once, which need 18.4 EB");
        // Fewer runs than threads count as many.
        assert!(pool(64, 1, 1000).is_ok());
    }
}
