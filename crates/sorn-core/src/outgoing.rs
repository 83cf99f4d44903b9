//! The synapses of a matrix that does not change, by presynaptic neuron.

use crate::kernel::Real;

/// Synapses summed without a look at how many are left, which a processor would guess wrongly row by row.
const GROUP: usize = 4;
/// Groups of a neuron that are listed at once, whether it has as many or not.
const AT_ONCE: usize = 4;

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
    /// Room for the groups of active neurons, and `AT_ONCE` more.
    visits: Vec<u32>,
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
        let visits = vec![0; groups.len() + AT_ONCE];
        Outgoing { starts, groups, sums: vec![T::default(); n_post + GROUP], visits }
    }

    /// Sets `drive` to what `active` neurons, ascending, give to each column; false where they have more than `most`
    /// synapses.
    pub(crate) fn drive(&mut self, active: &[u32], most: usize, drive: &mut [f64]) -> bool {
        let Outgoing { starts, groups, sums, visits } = self;
        // Listed first: the machine would guess wrongly where most neurons' groups end.
        let mut listed = 0;
        for &neuron in active {
            let (start, end) = (starts[neuron as usize], starts[neuron as usize + 1]);
            let number = (end - start) as usize;
            if GROUP * (listed + number) > most {
                return false;
            }
            let list = &mut visits[listed..][..number.max(AT_ONCE)];
            let (first, rest) = list.split_at_mut(AT_ONCE);
            first.copy_from_slice(&std::array::from_fn::<u32, AT_ONCE, _>(|k| start + k as u32));
            rest.iter_mut().zip(start + AT_ONCE as u32..).for_each(|(visit, group)| *visit = group);
            listed += number;
        }
        sums.fill(T::default());
        for &group in &visits[..listed] {
            for (post, weight) in groups[group as usize] {
                let sum = &mut sums[post as usize];
                *sum = *sum + weight;
            }
        }
        drive.iter_mut().zip(sums).for_each(|(drive, sum)| *drive = (*sum).into());
        true
    }
}
