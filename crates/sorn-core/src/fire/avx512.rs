//! The loops over neurons for AVX-512, by hand: compilers shuffle where masks would do.

use super::{Drives, Intrinsic};
use crate::kernel::LANES;
use crate::kernel::append::Appender;
use crate::kernel::lookup::Pattern;
use std::arch::x86_64::*;

/// Numbers in a register.
const WIDTH: usize = 8;

/// The first `n` lanes, all of them where `n` is more.
#[inline(always)]
fn first_lanes(n: usize) -> __mmask8 {
    if n < WIDTH { (1 << n) - 1 } else { !0 }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(values: &[f64], start: usize, mask: __mmask8) -> __m512d {
    debug_assert!(mask == 0 || start + mask.count_ones() as usize <= values.len());
    // SAFETY: the callers' masks leave out lanes past the end, which are not read.
    unsafe { _mm512_maskz_loadu_pd(mask, values.as_ptr().wrapping_add(start)) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(values: &mut [f64], start: usize, mask: __mmask8, lanes: __m512d) {
    debug_assert!(mask == 0 || start + mask.count_ones() as usize <= values.len());
    let to = values.as_mut_ptr().wrapping_add(start);
    // Some machines are slow at masked stores.
    if mask == !0 {
        // SAFETY: the callers' masks leave out lanes past the end; there is none.
        unsafe { _mm512_storeu_pd(to, lanes) }
    } else {
        // SAFETY: the callers' masks leave out lanes past the end, which are not written.
        unsafe { _mm512_mask_storeu_pd(to, mask, lanes) }
    }
}

/// Which of the lanes of `mask` fire.
#[inline]
#[target_feature(enable = "avx512f")]
fn firing(total: __m512d, mask: __mmask8, inclusive: bool) -> u16 {
    let zero = _mm512_setzero_pd();
    u16::from(match inclusive {
        true => _mm512_mask_cmp_pd_mask::<_CMP_GE_OQ>(mask, total, zero),
        false => _mm512_mask_cmp_pd_mask::<_CMP_GT_OQ>(mask, total, zero),
    })
}

/// Tells who of sixteen neurons fires, and appends them.
///
/// # Safety
/// As [`Appender::push`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,popcnt")]
unsafe fn tell(pattern: &mut Pattern, word: usize, mask: u16, active: &mut Appender<'_>) {
    let (codes, before, now) = pattern.word_mut(word);
    *now = mask;
    let code = _mm_or_si128(
        _mm_maskz_mov_epi8(before, _mm_set1_epi8(1)),
        _mm_maskz_mov_epi8(mask, _mm_set1_epi8(2)),
    );
    // SAFETY: `codes` is sixteen bytes.
    unsafe { _mm_storeu_si128(codes.as_mut_ptr().cast(), code) };
    // SAFETY: as the caller promises.
    unsafe { active.push::<1>(mask, (word * LANES) as u32) };
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
pub(super) fn excitatory_lanes(d: Drives<'_>, r: &mut [f64], pattern: &mut Pattern, active: &mut Vec<u32>) {
    let n = r.len();
    let (e, i, noise, u, t) =
        (&d.excitation[..n], &d.inhibition[..n], &d.noise[..n], &d.input[..n], &d.thresholds[..n]);
    let mut active = Appender::new(active, n);
    for (word, first) in (0..n).step_by(LANES).enumerate() {
        let mut fires = 0;
        for half in 0..2 {
            let at = first + half * WIDTH;
            let mask = first_lanes(n.saturating_sub(at));
            let difference = _mm512_sub_pd(load(e, at, mask), load(i, at, mask));
            let base = _mm512_add_pd(difference, load(noise, at, mask));
            let threshold = load(t, at, mask);
            store(r, at, mask, _mm512_sub_pd(base, threshold));
            let total = _mm512_sub_pd(_mm512_add_pd(base, load(u, at, mask)), threshold);
            fires |= firing(total, mask, d.inclusive) << (half * WIDTH);
        }
        // SAFETY: a neuron is told once.
        unsafe { tell(pattern, word, fires, &mut active) };
    }
    active.finish();
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
pub(super) fn inhibitory_lanes(d: Drives<'_>, pattern: &mut Pattern, active: &mut Vec<u32>) {
    let n = d.thresholds.len();
    let (e, noise, t) = (&d.excitation[..n], &d.noise[..n], d.thresholds);
    let mut active = Appender::new(active, n);
    for (word, first) in (0..n).step_by(LANES).enumerate() {
        let mut fires = 0;
        for half in 0..2 {
            let at = first + half * WIDTH;
            let mask = first_lanes(n.saturating_sub(at));
            let driven = _mm512_add_pd(load(e, at, mask), load(noise, at, mask));
            fires |= firing(_mm512_sub_pd(driven, load(t, at, mask)), mask, d.inclusive) << (half * WIDTH);
        }
        // SAFETY: a neuron is told once.
        unsafe { tell(pattern, word, fires, &mut active) };
    }
    active.finish();
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
pub(super) fn intrinsic_lanes(rule: Intrinsic<'_>, pattern: &Pattern, thresholds: &mut [f64]) {
    let n = thresholds.len();
    let h_ip = &rule.h_ip[..n];
    let (eta, one) = (_mm512_set1_pd(rule.eta), _mm512_set1_pd(1.0));
    let (min, max) = (_mm512_set1_pd(rule.min), _mm512_set1_pd(rule.max));
    for (word, first) in (0..n).step_by(LANES).enumerate() {
        for (half, active) in pattern.word(word).1.to_le_bytes().into_iter().enumerate() {
            let at = first + half * WIDTH;
            let mask = first_lanes(n.saturating_sub(at));
            let x = _mm512_maskz_mov_pd(active, one);
            let change = _mm512_mul_pd(eta, _mm512_sub_pd(x, load(h_ip, at, mask)));
            let moved = _mm512_add_pd(load(thresholds, at, mask), change);
            // Of equal operands, zeros of two signs, both give the second.
            let limited = _mm512_min_pd(max, _mm512_max_pd(moved, min));
            store(thresholds, at, mask, limited);
        }
    }
}

#[target_feature(enable = "avx512f")]
pub(super) fn sum_rows_lanes(weights: &[f64], active: &[u32], drive: &mut [f64]) {
    let n_post = drive.len();
    for first in (0..n_post).step_by(8 * WIDTH) {
        match (n_post - first).div_ceil(WIDTH) {
            1 => sum_columns::<1>(weights, active, drive, first),
            2 => sum_columns::<2>(weights, active, drive, first),
            3 => sum_columns::<3>(weights, active, drive, first),
            4 => sum_columns::<4>(weights, active, drive, first),
            5 => sum_columns::<5>(weights, active, drive, first),
            6 => sum_columns::<6>(weights, active, drive, first),
            7 => sum_columns::<7>(weights, active, drive, first),
            _ => sum_columns::<8>(weights, active, drive, first),
        }
    }
}

/// Sums of up to `8 N` columns, which stay in registers from row to row.
#[target_feature(enable = "avx512f")]
fn sum_columns<const N: usize>(weights: &[f64], active: &[u32], drive: &mut [f64], first: usize) {
    let n_post = drive.len();
    let last = first_lanes(n_post - first - (N - 1) * WIDTH);
    let mut sums = [_mm512_setzero_pd(); N];
    for &pre in active {
        let row = &weights[pre as usize * n_post..][..n_post];
        for (k, sum) in sums.iter_mut().enumerate() {
            let mask = if k + 1 < N { !0 } else { last };
            *sum = _mm512_add_pd(*sum, load(row, first + k * WIDTH, mask));
        }
    }
    for (k, sum) in sums.into_iter().enumerate() {
        let mask = if k + 1 < N { !0 } else { last };
        store(drive, first + k * WIDTH, mask, sum);
    }
}
