//! Firing of neurons, and intrinsic plasticity of their thresholds.

use super::neurons::Neurons;
use super::spikes::SpikeMask;
use crate::simd::{Appender, LANES, MOST_PARTS, Mask, Simd, Vector, each_part, kernel};

/// The drives of a population in one step.
#[derive(Clone, Copy)]
pub(crate) struct Drives<'a> {
    pub(crate) excitation: &'a Neurons,
    pub(crate) noise: &'a Neurons,
    pub(crate) thresholds: &'a Neurons,
    /// Whether a drive equal to the threshold fires.
    pub(crate) inclusive: bool,
}

/// Intrinsic plasticity of one step.
#[derive(Clone, Copy)]
pub(crate) struct Intrinsic<'a> {
    pub(crate) eta: f64,
    pub(crate) h_ip: &'a Neurons,
    /// Limits of thresholds.
    pub(crate) min: f64,
    pub(crate) max: f64,
}

kernel! {
    /// Writes the recurrent drive `r = (((e - i) + noise) - T)` and which neurons fire, by `((e - i) + noise) + u - T`. The order
    /// of operations is upstream's.
    pub(crate) fn excitatory<S: Simd>(
        drives: Drives<'_>,
        inhibition: &Neurons,
        input: &Neurons,
        recurrent: &mut Neurons,
        spikes: &mut SpikeMask,
        active: &mut Vec<u32>,
    ) {
        let n = recurrent.len();
        let mut active = Appender::new(active, n);
        let (e, i, noise) = (drives.excitation.rows(), inhibition.rows(), drives.noise.rows());
        let (u, t) = (input.rows(), drives.thresholds.rows());
        let rows = recurrent.rows_mut().iter_mut().zip(e.iter().zip(i)).zip(noise.iter().zip(u.iter().zip(t)));
        for (word, ((r, (e, i)), (noise, (u, t)))) in rows.enumerate() {
            let mut fires = [S::F64::none(); MOST_PARTS];
            each_part!(S::F64, k => {
                let base = S::F64::load(e, k).sub(S::F64::load(i, k)).add(S::F64::load(noise, k));
                let threshold = S::F64::load(t, k);
                base.sub(threshold).store(r, k);
                let total = base.add(S::F64::load(u, k)).sub(threshold);
                fires[k] = fire::<S>(total, drives.inclusive);
            });
            tell::<S>(spikes, word, S::F64::join(fires) & used(word, n), &mut active);
        }
        active.finish();
    }

    /// Writes which neurons fire, by `e + noise - T`.
    pub(crate) fn inhibitory<S: Simd>(drives: Drives<'_>, spikes: &mut SpikeMask, active: &mut Vec<u32>) {
        let n = drives.thresholds.len();
        let mut active = Appender::new(active, n);
        let rows = drives.excitation.rows().iter().zip(drives.noise.rows()).zip(drives.thresholds.rows());
        for (word, ((e, noise), t)) in rows.enumerate() {
            let mut fires = [S::F64::none(); MOST_PARTS];
            each_part!(S::F64, k => {
                let driven = S::F64::load(e, k).add(S::F64::load(noise, k));
                fires[k] = fire::<S>(driven.sub(S::F64::load(t, k)), drives.inclusive);
            });
            tell::<S>(spikes, word, S::F64::join(fires) & used(word, n), &mut active);
        }
        active.finish();
    }

    /// Raises the threshold of each active neuron and lowers that of each silent one.
    pub(crate) fn intrinsic<S: Simd>(rule: Intrinsic<'_>, spikes: &SpikeMask, thresholds: &mut Neurons) {
        let (eta, zero, one) = (S::F64::splat(rule.eta), S::F64::splat(0.0), S::F64::splat(1.0));
        let (min, max) = (S::F64::splat(rule.min), S::F64::splat(rule.max));
        for (word, (t, h_ip)) in thresholds.rows_mut().iter_mut().zip(rule.h_ip.rows()).enumerate() {
            let active = spikes.word(word).1;
            each_part!(S::F64, k => {
                let x = S::F64::select(S::F64::mask(active, k), one, zero);
                let moved = S::F64::load(t, k).add(eta.mul(x.sub(S::F64::load(h_ip, k))));
                // If the numbers are equal (zeros of opposite sign), both instructions return the second.
                max.min(moved.max(min)).store(t, k);
            });
        }
    }
}

#[inline(always)]
fn fire<S: Simd>(total: S::F64, inclusive: bool) -> <S::F64 as Vector<f64>>::Mask {
    let zero = S::F64::splat(0.0);
    if inclusive { zero.le(total) } else { zero.lt(total) }
}

/// The bits of a word that belong to neurons.
#[inline(always)]
fn used(word: usize, n: usize) -> Mask {
    Mask::MAX >> LANES.saturating_sub(n - word * LANES)
}

/// Records which of sixteen neurons fire, and appends their indices.
#[inline(always)]
fn tell<S: Simd>(spikes: &mut SpikeMask, word: usize, fires: Mask, active: &mut Appender<'_>) {
    spikes.set_word::<S>(word, fires);
    // SAFETY: each neuron is appended at most once, and `fires` has no bits beyond the neurons.
    unsafe { active.push::<S, 1>(fires, (word * LANES) as u32) };
}

#[cfg(test)]
mod tests;
