//! [`Standardization`] of features: what is seldom active counts as much as what is often.

use crate::normalization::Running;
use crate::reservoir::{entry, json};
use crate::{AgentError, AgentState};

/// Largest size of a standardised feature.
const CLIP: f64 = 10.0;
const NAME: &str = "features";

/// Each feature minus its mean, over its standard deviation, both of the first observations; from there on they stand still, since a readout
/// forgets if its features go on changing.
#[derive(Clone, Debug)]
pub(crate) struct Standardization {
    observations: u64,
    running: Running,
}

impl Standardization {
    /// Of so many observations, none if 0, and features.
    pub(crate) fn new(observations: u64, features: usize) -> Standardization {
        Standardization { observations, running: Running::new(if observations > 0 { features } else { 0 }) }
    }

    /// Standardises features in place; those that have never varied, such as a constant, stay.
    pub(crate) fn apply(&mut self, features: &mut [f64], learns: bool) {
        if self.observations == 0 {
            return;
        }
        if learns && self.running.count < self.observations as f64 {
            self.running.take(features);
        }
        for (index, x) in features.iter_mut().enumerate() {
            if self.running.scale(index) > 0.0 {
                *x = self.running.normalized(index, *x, CLIP);
            }
        }
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        if self.observations > 0 {
            self.running.save(state, NAME);
            state.meta["standardization"] = json(&self.running.count);
        }
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        if self.observations > 0 {
            self.running.load(state, NAME)?;
            self.running.count = entry(state, "standardization")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seldom_counts_as_much_as_what_is_often() {
        let mut standardization = Standardization::new(100, 3);
        let row = |k: usize| {
            [1.0, f64::from(u8::from(k.is_multiple_of(2))), f64::from(u8::from(k.is_multiple_of(25)))]
        };
        let mut sums = [0.0; 3];
        for k in 0..200 {
            let mut features = row(k);
            standardization.apply(&mut features, true);
            if k >= 100 {
                sums.iter_mut().zip(features).for_each(|(sum, x)| *sum += x * x);
            }
        }
        assert!(sums.iter().all(|sum| (sum - 100.0).abs() < 1e-9), "{sums:?}");
        // A constant stays, and statistics stand still.
        let mut features = [1.0, 50.0, 0.0];
        standardization.apply(&mut features, true);
        assert_eq!((features[0], features[1]), (1.0, CLIP));
        assert_eq!(standardization.running.count, 100.0);
    }

    #[test]
    fn without_observations_nothing_changes() {
        let mut standardization = Standardization::new(0, 2);
        let mut features = [3.0, 4.0];
        standardization.apply(&mut features, true);
        assert_eq!(features, [3.0, 4.0]);
        let mut state = AgentState::default();
        standardization.save(&mut state);
        assert!(state.arrays.is_empty() && standardization.load(&state).is_ok());
    }
}
