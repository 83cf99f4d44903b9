//! Who spiked when: one sorted list of steps per neuron.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};

/// Why spikes make no [`SpikeTrains`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpikeError {
    /// A spike lies outside the recording.
    #[error("neuron {neuron} spikes at step {step}, the recording has the steps 0 to {steps} (excluded)")]
    Step {
        /// The neuron that spikes.
        neuron: usize,
        /// When it spikes.
        step: u64,
        /// The length of the recording.
        steps: u64,
    },
    /// A spike belongs to a neuron that does not exist.
    #[error("a spike at step {step} is of neuron {neuron}, there are {neurons}")]
    Neuron {
        /// The neuron named.
        neuron: usize,
        /// When it spikes.
        step: u64,
        /// How many neurons there are.
        neurons: usize,
    },
    /// A neuron spikes twice in a step or its spikes are not in order.
    #[error("neuron {neuron} spikes at step {step} after step {before}; steps must ascend")]
    Order {
        /// The neuron that spikes.
        neuron: usize,
        /// The later entry.
        step: u64,
        /// The entry before it.
        before: u64,
    },
}

/// The spikes of a population over a number of steps. A neuron spikes at most once in a step.
///
/// Memory grows with the spikes (8 bytes each), not with neurons times steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpikeTrains {
    steps: u64,
    trains: Vec<Vec<u64>>,
}

impl SpikeTrains {
    /// `trains[i]` are the steps at which neuron `i` spiked, ascending, all below `steps`.
    ///
    /// # Errors
    /// [`SpikeError`] where a train is not ascending or a step is outside the recording.
    pub fn new(trains: Vec<Vec<u64>>, steps: u64) -> Result<Self, SpikeError> {
        for (neuron, train) in trains.iter().enumerate() {
            if let Some(pair) = train.windows(2).find(|pair| pair[0] >= pair[1]) {
                return Err(SpikeError::Order { neuron, step: pair[1], before: pair[0] });
            }
            if let Some(&step) = train.last().filter(|last| **last >= steps) {
                return Err(SpikeError::Step { neuron, step, steps });
            }
        }
        Ok(Self { steps, trains })
    }

    /// From spikes (step, neuron) in the order of their steps, as a recorder sees them.
    ///
    /// # Errors
    /// [`SpikeError`] where a neuron or a step does not exist or a neuron's spikes do not ascend.
    pub fn from_events(
        events: impl IntoIterator<Item = (u64, usize)>,
        neurons: usize,
        steps: u64,
    ) -> Result<Self, SpikeError> {
        let mut trains = vec![Vec::new(); neurons];
        for (step, neuron) in events {
            match trains.get_mut(neuron) {
                Some(train) => train.push(step),
                None => return Err(SpikeError::Neuron { neuron, step, neurons }),
            }
        }
        Self::new(trains, steps)
    }

    /// From a matrix (steps, neurons) that is true where a neuron spikes.
    #[must_use]
    pub fn from_dense(active: ArrayView2<'_, bool>) -> Self {
        let mut trains = vec![Vec::new(); active.ncols()];
        // Row after row, as the matrix lies in memory.
        for (step, row) in active.rows().into_iter().enumerate() {
            for (train, _) in trains.iter_mut().zip(row).filter(|(_, spikes)| **spikes) {
                train.push(step as u64);
            }
        }
        Self { steps: active.nrows() as u64, trains }
    }

    /// The matrix (steps, neurons) that is true where a neuron spikes: one byte per neuron and step.
    #[must_use]
    pub fn to_dense(&self) -> Array2<bool> {
        let mut active = Array2::from_elem((self.steps as usize, self.neurons()), false);
        for (neuron, train) in self.iter().enumerate() {
            for step in train {
                active[[*step as usize, neuron]] = true;
            }
        }
        active
    }

    /// The recording of the given steps alone, counted from their first: without a transient, say. Steps after
    /// the end of the recording are left out.
    #[must_use]
    pub fn between(&self, steps: Range<u64>) -> Self {
        let start = steps.start.min(self.steps);
        let end = steps.end.clamp(start, self.steps);
        let cut = |train: &Vec<u64>| -> Vec<u64> {
            let at = |step: u64| train.partition_point(|spike| *spike < step);
            train[at(start)..at(end)].iter().map(|spike| spike - start).collect()
        };
        Self { steps: end - start, trains: self.trains.iter().map(cut).collect() }
    }

    /// How many spikes there are in all.
    #[must_use]
    pub fn spike_count(&self) -> usize {
        self.trains.iter().map(Vec::len).sum()
    }

    /// How many neurons there are, silent ones included.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.trains.len()
    }

    /// The length of the recording in steps.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The steps at which a neuron spiked, ascending.
    ///
    /// # Panics
    /// Where there is no such neuron, as indexing does.
    #[must_use]
    pub fn train(&self, neuron: usize) -> &[u64] {
        &self.trains[neuron]
    }

    /// The trains of all neurons in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u64]> {
        self.trains.iter().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn events_become_trains() {
        let spikes = SpikeTrains::from_events([(0, 1), (0, 2), (3, 1)], 3, 4).unwrap();
        assert_eq!(spikes, SpikeTrains::new(vec![vec![], vec![0, 3], vec![0]], 4).unwrap());
        assert_eq!((spikes.neurons(), spikes.steps(), spikes.train(1)), (3, 4, &[0, 3][..]));
    }

    #[test]
    fn a_part_of_a_recording() {
        let spikes = SpikeTrains::new(vec![vec![], vec![0, 3, 7], vec![4]], 8).unwrap();
        let part = SpikeTrains::new(vec![vec![], vec![0], vec![1]], 4).unwrap();
        assert_eq!(spikes.between(3..7), part);
        assert_eq!((spikes.between(3..100).steps(), spikes.between(9..100).steps()), (5, 0));
        assert_eq!((spikes.between(0..8), spikes.spike_count()), (spikes.clone(), 4));
        // A range that ends before it starts holds nothing.
        let (from, to) = (5, 2);
        assert_eq!(spikes.between(from..to).spike_count(), 0);
    }

    proptest! {
        #[test]
        fn dense_matrices_and_back(active in prop::collection::vec(any::<bool>(), 0..200), neurons in 1..7usize) {
            let steps = active.len() / neurons;
            let dense = Array2::from_shape_vec((steps, neurons), active[..steps * neurons].to_vec()).unwrap();
            let spikes = SpikeTrains::from_dense(dense.view());
            prop_assert_eq!(spikes.spike_count(), dense.iter().filter(|a| **a).count());
            prop_assert_eq!(SpikeTrains::new(spikes.iter().map(<[u64]>::to_vec).collect(), steps as u64).unwrap(), spikes.clone());
            prop_assert_eq!(spikes.to_dense(), dense);
        }
    }

    #[test]
    fn wrong_spikes_are_named() {
        let of =
            |events: &[(u64, usize)]| SpikeTrains::from_events(events.iter().copied(), 2, 10).unwrap_err();
        assert_eq!(of(&[(3, 2)]), SpikeError::Neuron { neuron: 2, step: 3, neurons: 2 });
        assert_eq!(of(&[(10, 0)]), SpikeError::Step { neuron: 0, step: 10, steps: 10 });
        assert_eq!(of(&[(3, 1), (3, 1)]), SpikeError::Order { neuron: 1, step: 3, before: 3 });
    }
}
