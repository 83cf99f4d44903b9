//! The loops for AVX2.

use super::Masks;
use super::pass::{Form, Step, visit};
use crate::kernel::append::Appender;
use crate::kernel::{LANES, Mask, Row, avx2};
use std::arch::x86_64::*;

/// Chosen only where the machine has it.
pub(super) struct Avx2;

/// Slices that are added up at a time: what fits in registers.
const GROUP: usize = 7;

impl Form for Avx2 {
    #[inline(always)]
    fn active(words: impl ExactSizeIterator<Item = Mask>, to: &mut Vec<u32>) {
        let mut to = Appender::new(to, words.len() * LANES);
        for (word, mask) in words.enumerate() {
            // SAFETY: the machine has it; masks have sixteen bits each.
            unsafe { to.push_avx2::<1>(mask, (word * LANES) as u32) };
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
#[target_feature(enable = "avx2")]
fn load(row: &Row<f32>) -> [__m256; 2] {
    // SAFETY: a row is sixteen f32, aligned to 64 bytes.
    unsafe { [_mm256_load_ps(row.0.as_ptr()), _mm256_load_ps(row.0.as_ptr().add(8))] }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(row: &mut Row<f32>, values: [__m256; 2]) {
    // SAFETY: a row is sixteen f32, aligned to 64 bytes.
    unsafe {
        _mm256_store_ps(row.0.as_mut_ptr(), values[0]);
        _mm256_store_ps(row.0.as_mut_ptr().add(8), values[1]);
    }
}

/// Lanes of halves, of which a bit of a mask each is the sign; the other bits are any.
#[inline]
#[target_feature(enable = "avx2")]
fn signs(mask: Mask) -> [__m256; 2] {
    let mask = _mm256_set1_epi32(i32::from(mask));
    [
        _mm256_castsi256_ps(_mm256_sllv_epi32(mask, _mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24))),
        _mm256_castsi256_ps(_mm256_sllv_epi32(mask, _mm256_setr_epi32(23, 22, 21, 20, 19, 18, 17, 16))),
    ]
}

#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn list(exists: &[Mask], width: usize, neurons: &[u32], touched: &[Masks], visits: &mut Vec<u32>) {
    // From one slice to the next.
    const STEP: i32 = visit(1, 1) as i32;
    let mut visits = Appender::new(visits, neurons.len() * touched.len() * LANES);
    let mut push = |exists: &Masks, touched: &Masks, first: usize, slice: usize| {
        let hit = avx2::any_shared(exists, touched);
        // SAFETY: masks have sixteen bits each.
        unsafe { visits.push_avx2::<STEP>(hit, visit(first + slice, slice)) };
    };
    // At most 256 columns are one group, for which a loop in each row would cost as much as what it does.
    if let [touched] = touched {
        for &neuron in neurons {
            let first = neuron as usize * width;
            push(exists[first..].first_chunk().expect("masks after the last row"), touched, first, 0);
        }
    } else {
        for &neuron in neurons {
            let first = neuron as usize * width;
            let groups = exists[first..].as_chunks().0.iter();
            for (exists, (group, touched)) in groups.zip(touched.iter().enumerate()) {
                push(exists, touched, first, group * LANES);
            }
        }
    }
    visits.finish();
}

#[inline]
#[target_feature(enable = "avx2")]
fn change<const UP: bool, const DOWN: bool>(
    weights: &mut Row<f32>,
    unit: &Row<f32>,
    [up, down]: [Mask; 2],
    step: Step,
    change: &mut Row<f32>,
) -> Mask {
    // -0.0 changes no bit of what it is added to.
    let nothing = _mm256_set1_ps(-0.0);
    let (up, down) = (signs(up), signs(down));
    let (old, unit, before) = (load(weights), load(unit), load(change));
    let (mut new, mut added, mut lows) = (old, before, [_mm256_setzero_ps(); 2]);
    for half in 0..2 {
        let unit = unit[half];
        if UP {
            let raise = _mm256_blendv_ps(nothing, _mm256_mul_ps(unit, _mm256_set1_ps(step.plus)), up[half]);
            new[half] = _mm256_min_ps(_mm256_add_ps(old[half], raise), unit);
        }
        if DOWN {
            let fall = _mm256_blendv_ps(nothing, _mm256_mul_ps(unit, _mm256_set1_ps(step.minus)), down[half]);
            let lowered = _mm256_add_ps(new[half], fall);
            let low = _mm256_and_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(lowered, _mm256_setzero_ps()), down[half]);
            new[half] = _mm256_blendv_ps(lowered, _mm256_mul_ps(unit, _mm256_set1_ps(step.floor)), low);
            lows[half] = low;
        }
        added[half] = _mm256_add_ps(before[half], _mm256_sub_ps(new[half], old[half]));
    }
    store(weights, new);
    store(change, added);
    if DOWN { bits(lows) } else { 0 }
}

#[inline]
#[target_feature(enable = "avx2")]
fn choose(mask: Mask, [set, unset]: [f32; 2], unit: &Row<f32>, out: &mut Row<f32>) {
    let (mask, unit) = (signs(mask), load(unit));
    let number = |mask| _mm256_blendv_ps(_mm256_set1_ps(unset), _mm256_set1_ps(set), mask);
    store(out, [_mm256_mul_ps(unit[0], number(mask[0])), _mm256_mul_ps(unit[1], number(mask[1]))]);
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(
    weights: &mut Row<f32>,
    [added, unit]: [&Row<f32>; 2],
    [exist, may_fall]: [Mask; 2],
    floor: f32,
    change: &mut Row<f32>,
) {
    // -0.0 changes no bit of what it is added to.
    let nothing = _mm256_set1_ps(-0.0);
    let (exist, may_fall) = (signs(exist), signs(may_fall));
    let (old, added, unit, before) = (load(weights), load(added), load(unit), load(change));
    let (mut new, mut sum) = (old, before);
    for half in 0..2 {
        let moved = _mm256_add_ps(old[half], _mm256_blendv_ps(nothing, added[half], exist[half]));
        let moved = _mm256_min_ps(moved, unit[half]);
        let low = _mm256_and_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(moved, _mm256_setzero_ps()), may_fall[half]);
        new[half] = _mm256_blendv_ps(moved, _mm256_mul_ps(unit[half], _mm256_set1_ps(floor)), low);
        sum[half] = _mm256_add_ps(before[half], _mm256_sub_ps(new[half], old[half]));
    }
    store(weights, new);
    store(change, sum);
}

#[inline]
#[target_feature(enable = "avx2")]
fn add_or_prune(weights: &mut Row<f32>, [added, unit]: [&Row<f32>; 2], change: &mut Row<f32>) -> Mask {
    let zero = _mm256_setzero_ps();
    let (old, added, unit, before) = (load(weights), load(added), load(unit), load(change));
    let (mut new, mut sum, mut low) = (old, before, [zero; 2]);
    for half in 0..2 {
        let exist = _mm256_cmp_ps::<_CMP_NEQ_OQ>(old[half], zero);
        let moved = _mm256_add_ps(old[half], _mm256_and_ps(added[half], exist));
        let moved = _mm256_min_ps(moved, unit[half]);
        low[half] = _mm256_and_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(moved, zero), exist);
        new[half] = _mm256_max_ps(moved, zero);
        sum[half] = _mm256_add_ps(before[half], _mm256_sub_ps(new[half], old[half]));
    }
    store(weights, new);
    store(change, sum);
    bits(low)
}

/// The signs of halves.
#[inline]
#[target_feature(enable = "avx2")]
fn bits(halves: [__m256; 2]) -> Mask {
    let any = _mm256_or_ps(halves[0], halves[1]);
    // One look for what is rare.
    if _mm256_testz_ps(any, any) != 0 {
        return 0;
    }
    let [low, high] = halves.map(|half| _mm256_movemask_ps(half) as Mask);
    low | high << 8
}

#[inline]
#[target_feature(enable = "avx2")]
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
    exactly!(1 2 3 4 5 6);
}

/// The sums of `N` slices, which stay in registers from row to row.
#[inline]
#[target_feature(enable = "avx2")]
fn sum_slices<const N: usize>(
    weights: &[Row<f32>],
    neurons: &[u32],
    width: usize,
    first: usize,
    sums: &mut [Row<f32>; N],
) {
    let mut added = [[_mm256_setzero_ps(); 2]; N];
    for &neuron in neurons {
        let row = &weights[neuron as usize * width + first..][..N];
        for (sum, weights) in added.iter_mut().zip(row) {
            let weights = load(weights);
            *sum = [_mm256_add_ps(sum[0], weights[0]), _mm256_add_ps(sum[1], weights[1])];
        }
    }
    for (sum, added) in sums.iter_mut().zip(added) {
        store(sum, added);
    }
}
