//! [`Latency`]: a distribution of durations in constant memory.

use std::time::Duration;

/// Buckets per doubling: a quantile is exact to 1/32.
const PER_DOUBLING: usize = 32;
const BUCKETS: usize = 59 * PER_DOUBLING;

/// A distribution of durations, from a nanosecond on, in buckets whose width grows with them.
#[derive(Clone, Debug)]
pub struct Latency {
    counts: Box<[u64]>,
    count: u64,
    max: Duration,
}

impl Default for Latency {
    fn default() -> Self {
        Latency { counts: vec![0; BUCKETS + PER_DOUBLING].into(), count: 0, max: Duration::ZERO }
    }
}

impl Latency {
    /// Adds a duration. Does not allocate.
    pub fn record(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanos)] += 1;
        self.count += 1;
        self.max = self.max.max(duration);
    }

    /// Number of durations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest duration.
    pub fn max(&self) -> Duration {
        self.max
    }

    /// The quantile `q`, 0 to 1, of the durations. The result is at most 1/32 too large; it is zero if there are no durations.
    pub fn quantile(&self, q: f64) -> Duration {
        let rank = (q.clamp(0.0, 1.0) * self.count as f64).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank.max(1) {
                return Duration::from_nanos(upper(index)).min(self.max);
            }
        }
        Duration::ZERO
    }
}

fn bucket(nanos: u64) -> usize {
    let doubling = (64 - nanos.leading_zeros() as usize).saturating_sub(6);
    doubling * PER_DOUBLING + (nanos >> doubling) as usize
}

/// The largest duration of a bucket, in nanoseconds.
fn upper(index: usize) -> u64 {
    // Below 64 every number has a bucket of its own; from there on the leading six bits tell.
    let doubling = (index / PER_DOUBLING).saturating_sub(1);
    let leading = (index - doubling * PER_DOUBLING) as u64;
    ((leading + 1) << doubling).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_quantile_is_at_most_a_32nd_above(mut nanos in prop::collection::vec(0..u64::MAX, 1..200), q in 0.0..=1.0_f64, shift in 0..60_u32) {
            nanos.iter_mut().for_each(|n| *n >>= shift);
            let mut latency = Latency::default();
            nanos.iter().for_each(|&n| latency.record(Duration::from_nanos(n)));
            nanos.sort_unstable();
            let exact = nanos[((q * nanos.len() as f64).ceil() as usize).max(1) - 1];
            let found = latency.quantile(q).as_nanos() as u64;
            prop_assert!(found >= exact && found - exact <= exact / 32, "{found} for {exact}");
            prop_assert_eq!(latency.max().as_nanos() as u64, *nanos.last().unwrap());
            prop_assert_eq!(latency.count(), nanos.len() as u64);
        }
    }

    #[test]
    fn nothing_recorded_is_zero() {
        assert_eq!(Latency::default().quantile(0.5), Duration::ZERO);
    }
}
