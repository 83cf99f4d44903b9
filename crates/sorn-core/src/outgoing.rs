//! The synapses of a matrix that does not change, by presynaptic neuron.

use crate::kernel::Real;

/// Synapses summed without a look at how many are left, which a processor would guess wrongly row by row.
const GROUP: usize = 4;

/// A matrix that no rule changes: the drive is the sum of the active neurons' rows, and costs as much as they
/// have synapses. Neurons ascend, so every sum keeps its order.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing<T> {
    /// The groups of neuron `j` are `starts[j]..starts[j + 1]`.
    starts: Vec<u32>,
    /// Synapses `(post, weight)`; those that fill a group up are of weight 0 and give to sums past the last column.
    groups: Vec<[(u32, T); GROUP]>,
    /// One per column, then `GROUP` that nobody reads.
    sums: Vec<T>,
}

impl<T: Real> Outgoing<T> {
    /// From the columns `(pre, weight)` of a matrix of `n_pre` rows, at most `u32::MAX` synapses.
    pub(crate) fn new<C: Iterator<Item = (u32, T)>>(
        n_pre: usize,
        n_post: usize,
        column: impl Fn(usize) -> C,
    ) -> Self {
        let mut degrees = vec![0; n_pre];
        for (pre, _) in (0..n_post).flat_map(&column) {
            degrees[pre as usize] += 1;
        }
        let mut starts = vec![0; n_pre + 1];
        for (pre, degree) in degrees.iter().enumerate() {
            starts[pre + 1] = starts[pre] + u32::div_ceil(*degree, GROUP as u32);
        }
        let filler = std::array::from_fn(|k| ((n_post + k) as u32, T::default()));
        let mut groups = vec![filler; starts[n_pre] as usize];
        let mut taken = vec![0; n_pre];
        for post in 0..n_post {
            for (pre, weight) in column(post) {
                let pre = pre as usize;
                groups[starts[pre] as usize + taken[pre] / GROUP][taken[pre] % GROUP] = (post as u32, weight);
                taken[pre] += 1;
            }
        }
        Outgoing { starts, groups, sums: vec![T::default(); n_post + GROUP] }
    }

    /// Sets `drive` to what `active` neurons, ascending, give to each column; false where they have more than `most`
    /// synapses.
    pub(crate) fn drive(&mut self, active: &[u32], most: usize, drive: &mut [f64]) -> bool {
        let Outgoing { starts, groups, sums } = self;
        sums.fill(T::default());
        let mut touched = 0;
        for &neuron in active {
            let row = &groups[starts[neuron as usize] as usize..starts[neuron as usize + 1] as usize];
            touched += GROUP * row.len();
            if touched > most {
                return false;
            }
            for &(post, weight) in row.as_flattened() {
                let sum = &mut sums[post as usize];
                *sum = *sum + weight;
            }
        }
        drive.iter_mut().zip(sums).for_each(|(drive, sum)| *drive = (*sum).into());
        true
    }
}
