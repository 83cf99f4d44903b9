//! [`Clock`]: the source of time for a loop.

use std::time::{Duration, Instant};

/// A clock that never goes back.
pub trait Clock {
    /// Time since a fixed moment.
    fn now(&mut self) -> Duration;

    /// Waits until [`now`](Clock::now) is `time` or later.
    fn sleep_until(&mut self, time: Duration);
}

/// The system's monotonic clock. A sleep of the system ends some ten to a hundred microseconds late.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&mut self) -> Duration {
        self.0.elapsed()
    }

    fn sleep_until(&mut self, time: Duration) {
        // A signal may end a sleep early.
        while let Some(rest) = time.checked_sub(self.now()).filter(|rest| !rest.is_zero()) {
            std::thread::sleep(rest);
        }
    }
}
