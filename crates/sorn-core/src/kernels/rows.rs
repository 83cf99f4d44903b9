//! Loops over rows of sixteen columns, for matrices that are stored by presynaptic neuron.

use crate::simd::{MOST_PARTS, Mask, Row, Simd, Vector, each_part, prefetch};

/// The changes that a rule makes to synapses, in 32 bits.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) plus: f32,
    pub(crate) minus: f32,
    /// Weight of a synapse that falls to 0 or below.
    pub(crate) floor: f32,
}

/// Raises and lowers some of sixteen synapses whose columns have these units, adds the differences to `change`, and returns
/// which synapses fell to the floor. Without `UP` none is raised, without `DOWN` none is lowered.
#[inline(always)]
pub(crate) fn change<S: Simd, const UP: bool, const DOWN: bool>(
    weights: &mut Row<f32>,
    unit: &Row<f32>,
    [up, down]: [Mask; 2],
    step: Step,
    change: &mut Row<f32>,
) -> Mask {
    let mut low = [S::F32::none(); MOST_PARTS];
    each_part!(S::F32, k => {
        let (old, unit) = (S::F32::load(weights, k), S::F32::load(unit, k));
        let mut new = old;
        if UP {
            let raise = unit.mul(S::F32::splat(step.plus));
            new = old.add_where(S::F32::mask(up, k), raise).min(unit);
        }
        if DOWN {
            let down = S::F32::mask(down, k);
            new = new.add_where(down, unit.mul(S::F32::splat(step.minus)));
            low[k] = S::F32::and(new.le(S::F32::splat(0.0)), down);
            new = S::F32::select(low[k], unit.mul(S::F32::splat(step.floor)), new);
        }
        replace::<S>(weights, change, k, old, new);
    });
    if DOWN { join_rare::<S>(low) } else { 0 }
}

/// Writes a part of the new weights and adds the differences.
#[inline(always)]
fn replace<S: Simd>(weights: &mut Row<f32>, change: &mut Row<f32>, k: usize, old: S::F32, new: S::F32) {
    S::F32::load(change, k).add(new.sub(old)).store(change, k);
    new.store(weights, k);
}

/// The bits of a row. Most rows have none.
#[inline(always)]
fn join_rare<S: Simd>(masks: [<S::F32 as Vector<f32>>::Mask; MOST_PARTS]) -> Mask {
    if S::F32::any_of(masks) { S::F32::join(masks) } else { 0 }
}

/// Sixteen units times `set` where a bit is set, times `unset` elsewhere.
#[inline(always)]
pub(crate) fn choose<S: Simd>(mask: Mask, [set, unset]: [f32; 2], unit: &Row<f32>, out: &mut Row<f32>) {
    each_part!(S::F32, k => {
        let number = S::F32::select(S::F32::mask(mask, k), S::F32::splat(set), S::F32::splat(unset));
        S::F32::load(unit, k).mul(number).store(out, k);
    });
}

/// Adds numbers to sixteen synapses. `columns` are what is added and the units, which they stay below; `masks` tell which
/// exist, and which of these get the floor if they fall to nothing. Adds the differences to `change`.
#[inline(always)]
pub(crate) fn add<S: Simd>(
    weights: &mut Row<f32>,
    [added, unit]: [&Row<f32>; 2],
    [exist, may_fall]: [Mask; 2],
    floor: f32,
    change: &mut Row<f32>,
) {
    each_part!(S::F32, k => {
        let (old, unit) = (S::F32::load(weights, k), S::F32::load(unit, k));
        let moved = old.add_where(S::F32::mask(exist, k), S::F32::load(added, k)).min(unit);
        let low = S::F32::and(moved.le(S::F32::splat(0.0)), S::F32::mask(may_fall, k));
        let new = S::F32::select(low, unit.mul(S::F32::splat(floor)), moved);
        replace::<S>(weights, change, k, old, new);
    });
}

/// Like [`add`], for synapses that exist if they are not 0 and that are pruned if they fall to 0.
#[inline(always)]
pub(crate) fn add_or_prune<S: Simd>(
    weights: &mut Row<f32>,
    [added, unit]: [&Row<f32>; 2],
    change: &mut Row<f32>,
) -> Mask {
    let zero = S::F32::splat(0.0);
    let mut low = [S::F32::none(); MOST_PARTS];
    each_part!(S::F32, k => {
        let old = S::F32::load(weights, k);
        let exist = old.nonzero();
        let added = S::F32::select(exist, S::F32::load(added, k), zero);
        let moved = old.add(added).min(S::F32::load(unit, k));
        low[k] = S::F32::and(moved.le(zero), exist);
        replace::<S>(weights, change, k, old, moved.max(zero));
    });
    join_rare::<S>(low)
}

/// Neurons whose rows are prefetched ahead of the current one.
const AHEAD: usize = 2;

/// Sums the rows of some neurons, each with as many slices as there are sums. `FAR` rows are prefetched.
#[inline(always)]
pub(crate) fn sum<T: Copy + Default, V: Vector<T>, const FAR: bool>(
    weights: &[Row<T>],
    neurons: &[u32],
    sums: &mut [Row<T>],
) {
    let width = sums.len();
    let mut first = 0;
    // There is one loop over the neurons for each number of slices, because the end of a loop over slices would be mispredicted.
    macro_rules! exactly {
        ($($n:literal)*) => {
            while first < width {
                match (width - first).min(V::GROUP) {
                    $($n if $n <= V::GROUP => sum_slices::<T, V, $n, FAR>(weights, neurons, sums, first),)*
                    _ => {}
                }
                first += V::GROUP;
            }
        };
    }
    exactly!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
}

/// The sums of `N` slices, which stay in registers from row to row.
#[inline(always)]
fn sum_slices<T: Copy + Default, V: Vector<T>, const N: usize, const FAR: bool>(
    weights: &[Row<T>],
    neurons: &[u32],
    sums: &mut [Row<T>],
    first: usize,
) {
    let width = sums.len();
    let mut added = [[V::splat(T::default()); MOST_PARTS]; N];
    for (n, &neuron) in neurons.iter().enumerate() {
        if FAR && let Some(&soon) = neurons.get(n + AHEAD) {
            prefetch(&weights[soon as usize * width + first..][..N]);
        }
        let row = &weights[neuron as usize * width + first..][..N];
        for (sum, weights) in added.iter_mut().zip(row) {
            each_part!(V, k => {
                sum[k] = sum[k].add(V::load(weights, k));
            });
        }
    }
    for (sum, added) in sums[first..].iter_mut().zip(added) {
        each_part!(V, k => {
            added[k].store(sum, k);
        });
    }
}
