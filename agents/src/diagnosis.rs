//! What a learner did in its last step, for records.

use serde::{Deserialize, Serialize};

/// Numbers of a learner's last step; each is `None` for a learner that has none. Nothing in them changes a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Entropy of the policy from which the last action was drawn, in nats; of a normal distribution, before its draw is moved into
    /// the bounds.
    pub entropy: Option<f64>,
    /// Value of the last observation that was acted on (of the action as well, for learners of action values), in the reward that
    /// is learnt from.
    pub value: Option<f64>,
    /// Temporal-difference error of the last transition.
    pub td_error: Option<f64>,
    /// Step size that was used for the policy, or the action values: what the error times the trace was multiplied with.
    pub step: Option<f64>,
}

/// Sizes of what a learner keeps: Euclidean norms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Norms {
    /// Of all weights.
    pub weights: Option<f64>,
    /// Of all eligibility traces.
    pub traces: Option<f64>,
}

/// The Euclidean norm of several arrays together.
pub(crate) fn norm(parts: &[&[f64]]) -> Option<f64> {
    Some(parts.iter().map(|part| crate::lanes::dot(part, part)).sum::<f64>().sqrt())
}

/// The entropy of independent choices with these probabilities.
pub(crate) fn entropy(probabilities: &[f64]) -> f64 {
    let surprise = |p: f64| if p > 0.0 { -p * libm::log(p) } else { 0.0 };
    probabilities.iter().map(|&p| surprise(p)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropies_and_norms_are_the_known_ones() {
        assert!((entropy(&[0.5, 0.5, 1.0, 0.0]) - std::f64::consts::LN_2).abs() < 1e-15);
        assert_eq!(norm(&[&[3.0, 0.0], &[4.0]]), Some(5.0));
    }
}
