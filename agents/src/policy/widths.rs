//! How wide a Gaussian policy explores: wide, or narrow where that has brought more.
//!
//! Which deviation is right depends on the task: a goal that is far away is found by wide noise alone, and a pole falls under it
//! at once. So if the last ten wide episodes were terminated, narrow ones are tried, and the width whose mean return of late is
//! the higher is played nine times of ten. No scale of returns enters, only which of two is the higher. Where wide episodes last until
//! they are truncated, they do no harm, and narrow ones would only teach an agent to save what actions cost.

use serde::{Deserialize, Serialize};

use crate::AgentError;
use crate::reservoir::counts;

/// Returns of a width that count.
const MEMORY: usize = 10;

/// Every so many episodes the other width is played.
const OTHER: u64 = 10;

/// The last returns of both widths, and which one the present episode has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Widths {
    wide: Vec<f64>,
    /// Wide episodes in a row that were terminated.
    terminated: u64,
    narrow: Vec<f64>,
    episodes: u64,
    is_narrow: bool,
}

impl Widths {
    /// Chooses the width of an episode that begins.
    pub(crate) fn begin(&mut self) {
        let mean = |returns: &[f64]| returns.iter().sum::<f64>() / returns.len() as f64;
        // No mean of nothing is higher.
        let narrow = mean(&self.narrow) > mean(&self.wide);
        let other = self.episodes % OTHER == OTHER - 1;
        self.is_narrow = self.terminated >= MEMORY as u64 && narrow != other;
    }

    /// Takes the return of the episode that ended, and whether the environment terminated it.
    pub(crate) fn end(&mut self, ret: f64, terminated: bool) {
        if !self.is_narrow {
            self.terminated = if terminated { self.terminated + 1 } else { 0 };
        }
        let returns = if self.is_narrow { &mut self.narrow } else { &mut self.wide };
        if returns.len() == MEMORY {
            returns.remove(0);
        }
        returns.push(ret);
        self.episodes += 1;
    }

    /// Refuses counters that no run reaches, since they could not count on, and more returns than are kept.
    pub(crate) fn check(&self) -> Result<(), AgentError> {
        counts("widths", &[self.episodes, self.terminated])?;
        match self.wide.len().max(self.narrow.len()) {
            kept if kept <= MEMORY => Ok(()),
            kept => Err(AgentError::State {
                name: "widths".into(),
                expected: format!("at most {MEMORY} returns of a width"),
                found: kept.to_string(),
            }),
        }
    }

    pub(crate) fn is_narrow(&self) -> bool {
        self.is_narrow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of the last 100 of 200 episodes are narrow.
    fn narrow(terminated: bool, ret: impl Fn(bool) -> f64) -> usize {
        let mut widths = Widths::default();
        (0..200)
            .filter(|episode| {
                widths.begin();
                let narrow = widths.is_narrow();
                widths.end(ret(narrow), terminated);
                *episode >= 100 && narrow
            })
            .count()
    }

    #[test]
    fn the_better_width_is_played_nine_times_of_ten_at_any_scale() {
        for scale in [1e-6, 1.0, 1e9] {
            assert_eq!(narrow(true, |narrow| if narrow { 12.0 * scale } else { 8.0 * scale }), 90);
            assert_eq!(narrow(true, |narrow| if narrow { -3.0 * scale } else { 60.0 * scale }), 10);
        }
    }

    #[test]
    fn equal_returns_leave_it_wide() {
        assert_eq!(narrow(true, |_| 1.0), 10);
    }

    #[test]
    fn forged_counters_are_refused() {
        let forged = [
            Widths { episodes: u64::MAX, ..Widths::default() },
            Widths { terminated: u64::MAX, ..Widths::default() },
            Widths { narrow: vec![0.0; MEMORY + 1], ..Widths::default() },
        ];
        forged.iter().for_each(|widths| assert!(widths.check().is_err(), "{widths:?}"));
        assert!(Widths::default().check().is_ok());
    }

    #[test]
    fn where_wide_episodes_last_none_is_narrow() {
        assert_eq!(narrow(false, |narrow| if narrow { 1.0 } else { 0.0 }), 0);
    }
}
