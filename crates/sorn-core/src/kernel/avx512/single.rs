//! The loops for AVX-512 and `f32`: a row is one register.

use crate::kernel::{Change, Changed, Kernels, Mask, Real, Row, Slice, portable};
use std::arch::x86_64::*;

/// Kernels for machines where [`available`](super::available) holds.
pub(crate) const F32: Kernels<f32> = Kernels {
    // SAFETY: `Isa::Avx512` is chosen only where `available` holds.
    update: |slice, change| unsafe { update(slice, change) },
    // SAFETY: as above.
    sum: |weights| unsafe { sum(weights) },
    // SAFETY: as above.
    divide: |slice, sums| unsafe { divide(slice, sums) },
    // SAFETY: as above.
    drive: |weights, now| unsafe { drive(weights, now) },
};

#[target_feature(enable = "avx512f")]
fn load(row: &Row<f32>) -> __m512 {
    // SAFETY: a row is sixteen f32, aligned to 64 bytes.
    unsafe { _mm512_load_ps(row.0.as_ptr()) }
}

#[target_feature(enable = "avx512f")]
fn store(row: &mut Row<f32>, values: __m512) {
    // SAFETY: a row is sixteen f32, aligned to 64 bytes.
    unsafe { _mm512_store_ps(row.0.as_mut_ptr(), values) }
}

#[target_feature(enable = "avx512f")]
fn row(values: __m512) -> Row<f32> {
    let mut row = Row::default();
    store(&mut row, values);
    row
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn update(slice: Slice<'_, f32>, change: &Change) -> Changed<f32> {
    let mut changed = Changed { sums: Row::default(), pruned: 0, tiny: false };
    let (up, down) = (_mm512_set1_ps(change.plus as f32), _mm512_set1_ps(change.minus as f32));
    let (one, tiny) = (_mm512_set1_ps(1.0), _mm512_set1_ps(f32::TINY));
    let mut sums = _mm512_setzero_ps();
    let masks = slice.plus.iter().zip(slice.minus);
    for (row, (&plus, &minus)) in slice.weights.iter_mut().zip(masks) {
        let old = load(row);
        let bits = _mm512_castps_si512(old);
        let plus = _mm512_mask_test_epi32_mask(plus, bits, bits);
        let minus = _mm512_mask_test_epi32_mask(minus, bits, bits);
        let sum = _mm512_mask_add_ps(old, plus, old, up);
        let sum = _mm512_mask_add_ps(sum, minus, sum, down);
        let low = _mm512_mask_cmp_ps_mask::<_CMP_LT_OQ>(minus, sum, tiny);
        let mut weights = _mm512_min_ps(sum, one);
        store(row, weights);
        if low != 0 {
            portable::settle_low(row, low, change.floor, &mut changed);
            weights = load(row);
        }
        sums = _mm512_add_ps(sums, weights);
    }
    changed.sums = row(sums);
    changed
}

#[target_feature(enable = "avx512f")]
fn sum(weights: &[Row<f32>]) -> Row<f32> {
    row(weights.iter().fold(_mm512_setzero_ps(), |sums, row| _mm512_add_ps(sums, load(row))))
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn divide(slice: Slice<'_, f32>, sums: &Row<f32>) -> Row<f32> {
    let one = _mm512_set1_ps(1.0);
    let sums = load(sums);
    let connected = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(sums, _mm512_setzero_ps());
    let reciprocal = _mm512_div_ps(one, _mm512_mask_mov_ps(one, connected, sums));
    let mut drive = _mm512_setzero_ps();
    for (row, &now) in slice.weights.iter_mut().zip(slice.now) {
        let weights = _mm512_mul_ps(load(row), reciprocal);
        drive = _mm512_mask_add_ps(drive, now, drive, weights);
        store(row, weights);
    }
    row(drive)
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn drive(weights: &[Row<f32>], now: &[Mask]) -> Row<f32> {
    let masked = weights.iter().zip(now);
    row(masked
        .fold(_mm512_setzero_ps(), |drive, (row, &now)| _mm512_mask_add_ps(drive, now, drive, load(row))))
}
