//! Generalised advantage estimation.
//!
//! Schulman, Moritz, Levine, Jordan & Abbeel 2016, *High-dimensional continuous control using generalized advantage
//! estimation* (arXiv 1506.02438), equation 16, computed from the last step to the first:
//!
//! ```text
//! delta_t = r_t + gamma V_t+1 - V_t            (V_t+1 = 0 after the end of an episode)
//! A_t     = delta_t + gamma lambda A_t+1       (A_t+1 = 0 after the end of an episode)
//! ```

/// Appends the advantages of consecutive steps to `out`.
///
/// `ends` says which steps ended an episode; `after` is the value of what follows the last step, unless that ended one.
pub(super) fn advantages(
    rewards: &[f64],
    values: &[f64],
    ends: &[bool],
    after: f64,
    (gamma, lambda): (f64, f64),
    out: &mut Vec<f64>,
) {
    let first = out.len();
    out.resize(first + rewards.len(), 0.0);
    let (mut next, mut advantage) = (after, 0.0);
    for t in (0..rewards.len()).rev() {
        if ends[t] {
            (next, advantage) = (0.0, 0.0);
        }
        let delta = rewards[t] + gamma * next - values[t];
        advantage = delta + gamma * lambda * advantage;
        next = values[t];
        out[first + t] = advantage;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn advantages_are_the_discounted_sums_of_td_errors(
            steps in prop::collection::vec((-2.0..2.0_f64, -2.0..2.0_f64, prop::bool::weighted(0.2)), 1..40),
            after in -2.0..2.0_f64,
            gamma in 0.0..1.0_f64,
            lambda in 0.0..1.0_f64,
        ) {
            let rewards: Vec<f64> = steps.iter().map(|s| s.0).collect();
            let values: Vec<f64> = steps.iter().map(|s| s.1).collect();
            let ends: Vec<bool> = steps.iter().map(|s| s.2).collect();
            let mut found = vec![7.0];
            advantages(&rewards, &values, &ends, after, (gamma, lambda), &mut found);
            prop_assert_eq!((found.len(), found[0]), (steps.len() + 1, 7.0));
            for t in 0..steps.len() {
                let (mut expected, mut factor) = (0.0, 1.0);
                for k in t..steps.len() {
                    let next = match ends[k] {
                        true => 0.0,
                        false => values.get(k + 1).copied().unwrap_or(after),
                    };
                    expected += factor * (rewards[k] + gamma * next - values[k]);
                    factor *= gamma * lambda;
                    if ends[k] {
                        break;
                    }
                }
                prop_assert!((found[t + 1] - expected).abs() < 1e-10, "{} {expected}", found[t + 1]);
            }
        }
    }
}
