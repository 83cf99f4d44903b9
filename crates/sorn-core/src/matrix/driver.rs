//! The one loop over the rules of a step.

use super::storage::{Learning, Op, Storage};
use crate::kernels::spikes::SpikeMask;
use crate::simd::{LANES, Row, kernel};

kernel! {
    /// Runs the operations on every part of a storage, then writes the part's drive if it is wanted. Returns how many synapses
    /// were pruned. If the drive is not wanted, the contents of `drive` are unspecified.
    pub(crate) fn run<S: Simd, M: Storage>(
        storage: &mut M,
        pre: &SpikeMask,
        learning: &Learning<'_>,
        drive: &mut [Row<f64>],
    ) -> u32 {
        if learning.ops.is_empty() {
            if !learning.drives || storage.drive_at_rest(pre, drive) {
                return 0;
            }
        } else {
            storage.wake(pre);
        }
        let mut pruned = 0;
        for part in 0..storage.parts() {
            let mut pass = storage.begin::<S>(part, pre, learning);
            for op in learning.ops {
                match op {
                    Op::Update => pruned += storage.update::<S>(part, &mut pass, pre, learning),
                    Op::Scale => pruned += storage.scale::<S>(part, &mut pass, learning),
                    Op::Grow => {
                        if grow(storage, part, learning) {
                            pass = storage.begin::<S>(part, pre, learning);
                        }
                    }
                }
            }
            if learning.drives {
                storage.drive::<S>(part, pass, pre, drive);
            }
        }
        storage.forget(pruned);
        pruned
    }
}

/// Grows the synapses of a part; returns whether there was one.
#[inline(always)]
fn grow<M: Storage>(storage: &mut M, part: usize, learning: &Learning<'_>) -> bool {
    let first = learning.first_slice * LANES;
    let mut any = false;
    for &(pre, post) in learning.grown {
        let post = (post as usize).wrapping_sub(first);
        if post < storage.n_post() && storage.part_of(post) == part {
            storage.insert(pre, post, learning.grown_weight);
            any = true;
        }
    }
    any
}
