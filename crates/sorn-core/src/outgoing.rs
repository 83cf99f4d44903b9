//! The synapses of a matrix at rest, by presynaptic neuron.

use crate::kernel::Real;
use crate::kernel::lookup::Pattern;

/// A copy of a matrix that no rule changes: the drive is the sum of the active neurons' rows, and costs as much as they
/// have synapses. Neurons ascend, so every sum keeps its order.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing<T> {
    /// The synapses of neuron `j` are `starts[j]..starts[j + 1]`.
    starts: Vec<u32>,
    synapses: Vec<(u32, T)>,
    sums: Vec<T>,
    /// Synapses above which another way to the drive is cheaper.
    most: usize,
}

impl<T: Real> Outgoing<T> {
    /// From the columns `(pre, weight)` of a matrix of `n_pre` rows, at most `u32::MAX` synapses.
    pub(crate) fn new<C: Iterator<Item = (u32, T)>>(
        n_pre: usize,
        n_post: usize,
        most: usize,
        column: impl Fn(usize) -> C,
    ) -> Self {
        let mut starts = vec![0; n_pre + 1];
        for (pre, _) in (0..n_post).flat_map(&column) {
            starts[pre as usize + 1] += 1;
        }
        for pre in 0..n_pre {
            starts[pre + 1] += starts[pre];
        }
        let mut next = starts.clone();
        let mut synapses = vec![(0, T::default()); starts[n_pre] as usize];
        for post in 0..n_post {
            for (pre, weight) in column(post) {
                let at = &mut next[pre as usize];
                synapses[*at as usize] = (post as u32, weight);
                *at += 1;
            }
        }
        Outgoing { starts, synapses, sums: vec![T::default(); n_post], most }
    }

    /// Sets `drive` to what the neurons that are active now give to each column, unless they have too many synapses.
    pub(crate) fn drive(&mut self, pre: &Pattern, drive: &mut [f64]) -> bool {
        let Outgoing { starts, synapses, sums, most } = self;
        sums.fill(T::default());
        let mut touched = 0;
        for neuron in pre.now() {
            let row = &synapses[starts[neuron as usize] as usize..starts[neuron as usize + 1] as usize];
            touched += row.len();
            if touched > *most {
                return false;
            }
            for &(post, weight) in row {
                let sum = &mut sums[post as usize];
                *sum = *sum + weight;
            }
        }
        drive.iter_mut().zip(sums).for_each(|(drive, sum)| *drive = sum.to_f64());
        true
    }
}
