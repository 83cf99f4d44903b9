//! The loops for AVX-512.

use super::Masks;
use super::pass::{Form, Step, visit};
use crate::kernel::append::Appender;
use crate::kernel::{LANES, Mask, Row};
use std::arch::x86_64::*;

/// Chosen only where the machine has it.
pub(super) struct Avx512;

/// Slices that are added up at a time: enough to hide that each addition waits for the one before.
const GROUP: usize = 16;

impl Form for Avx512 {
    #[inline(always)]
    fn active(words: impl ExactSizeIterator<Item = Mask>, to: &mut Vec<u32>) {
        let mut to = Appender::new(to, words.len() * LANES);
        for (word, mask) in words.enumerate() {
            // SAFETY: the machine has it; masks have sixteen bits each.
            unsafe { to.push::<1>(mask, (word * LANES) as u32) };
        }
        to.finish();
    }

    #[inline(always)]
    fn list(exists: &[Mask], width: usize, neurons: &[u32], touched: &[Masks], visits: &mut Vec<u32>) {
        // SAFETY: the machine has it.
        unsafe { list(exists, width, neurons, touched, visits) }
    }

    #[inline(always)]
    fn change<const UP: bool, const DOWN: bool>(
        weights: &mut Row<f32>,
        unit: &Row<f32>,
        signs: [Mask; 2],
        step: Step,
        changes: &mut Row<f32>,
    ) -> Mask {
        // SAFETY: the machine has it.
        unsafe { change::<UP, DOWN>(weights, unit, signs, step, changes) }
    }

    #[inline(always)]
    fn choose(mask: Mask, numbers: [f32; 2], unit: &Row<f32>, out: &mut Row<f32>) {
        // SAFETY: the machine has it.
        unsafe { choose(mask, numbers, unit, out) }
    }

    #[inline(always)]
    fn add(
        weights: &mut Row<f32>,
        columns: [&Row<f32>; 2],
        masks: [Mask; 2],
        floor: f32,
        changes: &mut Row<f32>,
    ) {
        // SAFETY: the machine has it.
        unsafe { add(weights, columns, masks, floor, changes) }
    }

    #[inline(always)]
    fn add_or_prune(weights: &mut Row<f32>, columns: [&Row<f32>; 2], change: &mut Row<f32>) -> Mask {
        // SAFETY: the machine has it.
        unsafe { add_or_prune(weights, columns, change) }
    }

    #[inline(always)]
    fn sum(weights: &[Row<f32>], neurons: &[u32], sums: &mut [Row<f32>]) {
        // SAFETY: the machine has it.
        unsafe { sum(weights, neurons, sums) }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(row: &Row<f32>) -> __m512 {
    // SAFETY: a row is sixteen f32, aligned to 64 bytes.
    unsafe { _mm512_load_ps(row.0.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(row: &mut Row<f32>, values: __m512) {
    // SAFETY: a row is sixteen f32, aligned to 64 bytes.
    unsafe { _mm512_store_ps(row.0.as_mut_ptr(), values) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,popcnt")]
fn list(exists: &[Mask], width: usize, neurons: &[u32], touched: &[Masks], visits: &mut Vec<u32>) {
    // From one slice to the next.
    const STEP: i32 = visit(1, 1) as i32;
    let mut visits = Appender::new(visits, neurons.len() * touched.len() * LANES);
    for &neuron in neurons {
        let first = neuron as usize * width;
        let groups = exists[first..].as_chunks::<LANES>().0.iter();
        for (exists, (group, touched)) in groups.zip(touched.iter().enumerate()) {
            // SAFETY: sixteen masks are 32 bytes.
            let [exists, touched] =
                [exists, touched].map(|masks| unsafe { _mm256_loadu_si256(masks.as_ptr().cast()) });
            let (slice, hit) = (group * LANES, _mm256_test_epi16_mask(exists, touched));
            // SAFETY: masks have sixteen bits each.
            unsafe { visits.push::<STEP>(hit, visit(first + slice, slice)) };
        }
    }
    visits.finish();
}

#[inline]
#[target_feature(enable = "avx512f")]
fn change<const UP: bool, const DOWN: bool>(
    weights: &mut Row<f32>,
    unit: &Row<f32>,
    [up, down]: [Mask; 2],
    step: Step,
    change: &mut Row<f32>,
) -> Mask {
    let (old, unit) = (load(weights), load(unit));
    let (mut new, mut fell) = (old, 0);
    if UP {
        // -0.0 changes no bit of what it is added to. A masked sum would become a masked store, which some machines are
        // slow at.
        let raise = _mm512_mask_mul_ps(_mm512_set1_ps(-0.0), up, unit, _mm512_set1_ps(step.plus));
        new = _mm512_min_ps(_mm512_add_ps(old, raise), unit);
    }
    if DOWN {
        new = _mm512_mask_add_ps(new, down, new, _mm512_mul_ps(unit, _mm512_set1_ps(step.minus)));
        fell = _mm512_mask_cmp_ps_mask::<_CMP_LE_OQ>(down, new, _mm512_setzero_ps());
        new = _mm512_mask_mul_ps(new, fell, unit, _mm512_set1_ps(step.floor));
    }
    store(change, _mm512_add_ps(load(change), _mm512_sub_ps(new, old)));
    store(weights, new);
    fell
}

#[inline]
#[target_feature(enable = "avx512f")]
fn choose(mask: Mask, [set, unset]: [f32; 2], unit: &Row<f32>, out: &mut Row<f32>) {
    let number = _mm512_mask_mov_ps(_mm512_set1_ps(unset), mask, _mm512_set1_ps(set));
    store(out, _mm512_mul_ps(load(unit), number));
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add(
    weights: &mut Row<f32>,
    [added, unit]: [&Row<f32>; 2],
    [exist, may_fall]: [Mask; 2],
    floor: f32,
    change: &mut Row<f32>,
) {
    let (old, unit) = (load(weights), load(unit));
    // -0.0 changes no bit of what it is added to. A masked sum would become a masked store, which some machines are slow at.
    let added = _mm512_mask_mov_ps(_mm512_set1_ps(-0.0), exist, load(added));
    let moved = _mm512_min_ps(_mm512_add_ps(old, added), unit);
    let fell = _mm512_mask_cmp_ps_mask::<_CMP_LE_OQ>(may_fall, moved, _mm512_setzero_ps());
    let new = _mm512_mask_mul_ps(moved, fell, unit, _mm512_set1_ps(floor));
    store(change, _mm512_add_ps(load(change), _mm512_sub_ps(new, old)));
    store(weights, new);
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_or_prune(weights: &mut Row<f32>, [added, unit]: [&Row<f32>; 2], change: &mut Row<f32>) -> Mask {
    let zero = _mm512_setzero_ps();
    let old = load(weights);
    let exist = _mm512_cmp_ps_mask::<_CMP_NEQ_OQ>(old, zero);
    let moved = _mm512_min_ps(_mm512_add_ps(old, _mm512_maskz_mov_ps(exist, load(added))), load(unit));
    let fell = _mm512_mask_cmp_ps_mask::<_CMP_LE_OQ>(exist, moved, zero);
    let new = _mm512_max_ps(moved, zero);
    store(change, _mm512_add_ps(load(change), _mm512_sub_ps(new, old)));
    store(weights, new);
    fell
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sum(weights: &[Row<f32>], neurons: &[u32], sums: &mut [Row<f32>]) {
    let width = sums.len();
    let (groups, rest) = sums.as_chunks_mut::<GROUP>();
    let wide = groups.len() * GROUP;
    for (group, sums) in groups.iter_mut().enumerate() {
        sum_slices(weights, neurons, width, group * GROUP, sums);
    }
    // A loop over the neurons each, of which the machine rarely foresees the end.
    macro_rules! exactly {
        ($($n:literal)*) => {
            match rest.len() {
                $($n => {
                    if let Some(sums) = rest.first_chunk_mut::<$n>() {
                        sum_slices(weights, neurons, width, wide, sums);
                    }
                })*
                _ => {}
            }
        };
    }
    exactly!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
}

/// The sums of `N` slices, which stay in registers from row to row.
#[inline]
#[target_feature(enable = "avx512f")]
fn sum_slices<const N: usize>(
    weights: &[Row<f32>],
    neurons: &[u32],
    width: usize,
    first: usize,
    sums: &mut [Row<f32>; N],
) {
    let mut added = [_mm512_setzero_ps(); N];
    for &neuron in neurons {
        let row = &weights[neuron as usize * width + first..][..N];
        for (sum, weights) in added.iter_mut().zip(row) {
            *sum = _mm512_add_ps(*sum, load(weights));
        }
    }
    for (sum, added) in sums.iter_mut().zip(added) {
        store(sum, added);
    }
}
