//! Whether returns tell better from worse at all, in episodes that lasted as long as they may.

use serde::{Deserialize, Serialize};

/// How much of the past consists of episodes that were truncated with a return as bad as any: the share of them, in a mean that forgets.
///
/// Where nothing happened until the time was up and all returns so far are the same, as long as a rare goal was never reached, nothing in them says what to do, and
/// exploration is worth more than what was learnt. An episode that was terminated came somewhere: there single actions tell enough.
/// No scale of returns enters, only whether one is above the lowest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Stagnation {
    worst: Option<f64>,
    share: f64,
}

/// Weight of the last episode in the mean.
const RATE: f64 = 0.1;

/// Returns that differ by less than this, relative to their size, are the same.
const SAME: f64 = 1e-9;

impl Stagnation {
    /// Takes the return of an episode that ended, and whether it was truncated.
    pub(crate) fn take(&mut self, ret: f64, truncated: bool) {
        let Some(worst) = self.worst else {
            self.worst = Some(ret);
            return;
        };
        let as_bad = truncated && ret <= worst + SAME * worst.abs();
        self.share += RATE * (f64::from(u8::from(as_bad)) - self.share);
        self.worst = Some(worst.min(ret));
    }

    /// From 0, no episode ended as badly as the worst, to 1, all did.
    pub(crate) fn share(&self) -> f64 {
        // What decays to nothing is to cost nothing.
        if self.share < 0.01 { 0.0 } else { self.share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(returns: &[f64]) -> f64 {
        let mut stagnation = Stagnation::default();
        returns.iter().for_each(|&ret| stagnation.take(ret, true));
        stagnation.share()
    }

    #[test]
    fn equal_returns_are_stagnation_at_any_scale() {
        for ret in [-200.0, 0.0, 1e9, -3e-7] {
            assert_eq!(share(&[ret]), 0.0);
            assert!(share(&[ret; 40]) > 0.95);
        }
    }

    #[test]
    fn terminated_episodes_are_no_stagnation() {
        let mut stagnation = Stagnation::default();
        (0..40).for_each(|_| stagnation.take(0.0, false));
        assert_eq!(stagnation.share(), 0.0);
    }

    #[test]
    fn the_best_returns_are_none_however_equal() {
        assert_eq!(share(&[9.0, 500.0, 500.0, 500.0]), 0.0);
        let mut returns = vec![-200.0; 40];
        returns.extend([-150.0; 40]);
        assert!(share(&returns) < 0.02);
    }
}
