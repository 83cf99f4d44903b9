//! The synapses of a matrix that does not change, by presynaptic neuron.

use crate::huge_pages;
use crate::simd::{Real, prefetch_one};

/// Synapses that are summed as one group without a branch, which would be mispredicted at the end of each row.
const GROUP: usize = 4;
/// Groups of a neuron that are listed at once, even if the neuron has fewer.
const AT_ONCE: usize = 4;
/// Total size of the groups in bytes above which they do not fit in the cache and are prefetched.
const AT_HAND: usize = 1 << 18;
/// Groups that are prefetched ahead of the current one.
const AHEAD: usize = 12;

/// A matrix that no rule changes. The drive is the sum of the active neurons' rows; its cost grows with the number of their
/// synapses. Neurons are visited in ascending order, so every sum keeps its order.
#[derive(Clone, Debug)]
pub(crate) struct Csr<T> {
    /// The groups of neuron `j` are `starts[j]..starts[j + 1]`.
    starts: Vec<u32>,
    /// Synapses `(post, weight)`. The padding of a group has weight 0, which changes no sum, and columns far apart, because
    /// an addition waits for the previous addition to the same sum.
    groups: Vec<[(u32, T); GROUP]>,
    /// A buffer for the groups of active neurons, with some spare elements that loops may read and write.
    visits: Vec<u32>,
}

impl<T: Real> Csr<T> {
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
        let mut fillers = (0..n_post as u32).cycle().map(|post| (post, T::default()));
        let mut filler = || fillers.next().unwrap_or_default();
        let mut groups: Vec<_> = (0..starts[n_pre]).map(|_| std::array::from_fn(|_| filler())).collect();
        let mut taken = vec![0; n_pre];
        for post in 0..n_post {
            for (pre, weight) in column(post) {
                let pre = pre as usize;
                groups[starts[pre] as usize + taken[pre] / GROUP][taken[pre] % GROUP] = (post as u32, weight);
                taken[pre] += 1;
            }
        }
        huge_pages::ask(&groups);
        let visits = vec![0; groups.len() + AT_ONCE + AHEAD];
        Csr { starts, groups, visits }
    }

    /// Sets `drive` to the input of each column from the `active` neurons, which ascend; returns false if they have more than
    /// `most` synapses.
    pub(crate) fn drive(&mut self, active: &[u32], most: usize, drive: &mut [T]) -> bool {
        let Csr { starts, groups, visits } = self;
        // The groups are listed first, because a branch at the end of each neuron's groups would be mispredicted.
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
        drive.fill(T::default());
        let far = size_of_val(&groups[..]) > AT_HAND;
        for (n, &group) in visits[..listed].iter().enumerate() {
            if far {
                prefetch_one(groups, visits[n + AHEAD] as usize);
            }
            for (post, weight) in groups[group as usize] {
                let sum = &mut drive[post as usize];
                *sum = *sum + weight;
            }
        }
        true
    }
}
