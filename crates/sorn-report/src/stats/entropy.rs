//! How evenly the spikes of a population are spread over its neurons.

use super::StatsError;
use super::error::at_least;
use crate::SpikeTrains;

/// The spike-source entropy: the entropy of the answer to "which neuron did this spike come from?" over its
/// largest value, the logarithm of the number of neurons. 1 where all neurons spike equally often, 0 where a
/// single one does all the spiking. Silent neurons contribute nothing (p log p tends to 0).
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than two neurons, [`StatsError::Undefined`] where none spikes.
pub fn spike_source_entropy(spikes: &SpikeTrains) -> Result<f64, StatsError> {
    at_least("neurons", spikes.neurons(), 2)?;
    let total = spikes.spike_count();
    if total == 0 {
        return Err(StatsError::Undefined("the entropy of spike sources is not defined without a spike"));
    }
    let entropy: f64 = spikes
        .iter()
        .filter(|train| !train.is_empty())
        .map(|train| train.len() as f64 / total as f64)
        .map(|p| -p * p.ln())
        .sum();
    // A single source gives -0.
    Ok((entropy / (spikes.neurons() as f64).ln()).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(trains: Vec<Vec<u64>>) -> Result<f64, StatsError> {
        spike_source_entropy(&SpikeTrains::new(trains, 10).unwrap())
    }

    #[test]
    fn even_lone_and_mixed_sources() {
        assert!((of(vec![vec![1, 2], vec![3, 4]]).unwrap() - 1.0).abs() < 1e-15);
        assert_eq!(of(vec![vec![1, 2], vec![], vec![]]), Ok(0.0));
        assert!((of(vec![vec![1], vec![2], vec![], vec![]]).unwrap() - 0.5).abs() < 1e-15);
    }

    #[test]
    fn what_has_no_answer_is_named() {
        assert!(matches!(of(vec![vec![], vec![]]), Err(StatsError::Undefined(_))));
        assert!(matches!(of(vec![vec![1]]), Err(StatsError::TooFew { argument: "neurons", .. })));
    }
}
