//! How far two courses of the same network lie apart.

use super::StatsError;
use crate::SpikeTrains;

/// For each step the number of neurons that spike in one recording and not in the other: the Hamming distance
/// of the network's states. Of a network and a copy of it with one neuron flipped it shows whether a
/// perturbation grows or dies.
///
/// # Errors
/// [`StatsError::OutOfRange`] where the recordings differ in neurons or steps.
pub fn hamming_distance(a: &SpikeTrains, b: &SpikeTrains) -> Result<Vec<u64>, StatsError> {
    let (same_neurons, same_steps) = ("the neurons of `a`", "the steps of `a`");
    if a.neurons() != b.neurons() {
        let value = b.neurons() as f64;
        return Err(StatsError::OutOfRange { argument: "neurons of `b`", value, allowed: same_neurons });
    }
    if a.steps() != b.steps() {
        let value = b.steps() as f64;
        return Err(StatsError::OutOfRange { argument: "steps of `b`", value, allowed: same_steps });
    }
    let mut distance = vec![0; a.steps() as usize];
    for (a, b) in a.iter().zip(b.iter()) {
        // Spikes of one that are not among the other's, both being sorted.
        for (one, other) in [(a, b), (b, a)] {
            let mut others = other.iter().peekable();
            for step in one {
                while others.next_if(|other| *other < step).is_some() {}
                if others.peek() != Some(&step) {
                    distance[*step as usize] += 1;
                }
            }
        }
    }
    Ok(distance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spikes(trains: &[&[u64]], steps: u64) -> SpikeTrains {
        SpikeTrains::new(trains.iter().map(|t| t.to_vec()).collect(), steps).unwrap()
    }

    #[test]
    fn differing_neurons_are_counted() {
        let a = spikes(&[&[0, 2], &[1, 2], &[]], 4);
        let b = spikes(&[&[0, 3], &[1], &[3]], 4);
        assert_eq!(hamming_distance(&a, &b).unwrap(), [0, 0, 2, 2]);
        assert_eq!(hamming_distance(&a, &a).unwrap(), [0; 4]);
    }

    #[test]
    fn recordings_of_different_size_are_refused() {
        let a = spikes(&[&[]], 4);
        assert!(
            hamming_distance(&a, &spikes(&[&[], &[]], 4)).unwrap_err().to_string().contains("neurons of `b`")
        );
        assert!(hamming_distance(&a, &spikes(&[&[]], 5)).unwrap_err().to_string().ends_with(", found 5"));
    }

    proptest! {
        #[test]
        fn agrees_with_comparing_every_state(
            a in prop::collection::btree_set(0..50u64, 0..50),
            b in prop::collection::btree_set(0..50u64, 0..50),
        ) {
            let of = |set: &std::collections::BTreeSet<u64>| spikes(&[&set.iter().copied().collect::<Vec<_>>()], 50);
            let wanted: Vec<u64> = (0..50).map(|s| u64::from(a.contains(&s) != b.contains(&s))).collect();
            prop_assert_eq!(hamming_distance(&of(&a), &of(&b)).unwrap(), wanted);
        }
    }
}
