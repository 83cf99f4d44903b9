//! The loops over neurons for AVX2, by hand: compilers take masks apart bit by bit.

use super::{Drives, Intrinsic};
use crate::kernel::LANES;
use crate::kernel::append::Appender;
use crate::kernel::lookup::Pattern;
use std::arch::x86_64::*;

/// Numbers in a register.
const WIDTH: usize = 4;

/// Which lanes of a register are of numbers: all, or the first few.
#[derive(Clone, Copy)]
enum Lanes {
    All,
    First(__m256i),
}

/// The first `n` lanes, all of them where `n` is more.
#[inline]
#[target_feature(enable = "avx2")]
fn first_lanes(n: usize) -> Lanes {
    if n >= WIDTH {
        return Lanes::All;
    }
    Lanes::First(_mm256_cmpgt_epi64(_mm256_set1_epi64x(n as i64), _mm256_setr_epi64x(0, 1, 2, 3)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(values: &[f64], start: usize, lanes: Lanes) -> __m256d {
    let from = values.as_ptr().wrapping_add(start);
    match lanes {
        Lanes::All => {
            debug_assert!(start + WIDTH <= values.len());
            // SAFETY: `first_lanes` was told how many numbers there are.
            unsafe { _mm256_loadu_pd(from) }
        }
        // SAFETY: as above; lanes past the end are not read.
        Lanes::First(mask) => unsafe { _mm256_maskload_pd(from, mask) },
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(values: &mut [f64], start: usize, lanes: Lanes, numbers: __m256d) {
    let to = values.as_mut_ptr().wrapping_add(start);
    match lanes {
        Lanes::All => {
            debug_assert!(start + WIDTH <= values.len());
            // SAFETY: `first_lanes` was told how many numbers there are.
            unsafe { _mm256_storeu_pd(to, numbers) }
        }
        // SAFETY: as above; lanes past the end are not written.
        Lanes::First(mask) => unsafe { _mm256_maskstore_pd(to, mask, numbers) },
    }
}

/// Which of the lanes fire.
#[inline]
#[target_feature(enable = "avx2")]
fn firing(total: __m256d, lanes: Lanes, inclusive: bool) -> u16 {
    let zero = _mm256_setzero_pd();
    let fires = match inclusive {
        true => _mm256_cmp_pd::<_CMP_GE_OQ>(total, zero),
        false => _mm256_cmp_pd::<_CMP_GT_OQ>(total, zero),
    };
    let fires = match lanes {
        Lanes::All => fires,
        Lanes::First(mask) => _mm256_and_pd(fires, _mm256_castsi256_pd(mask)),
    };
    _mm256_movemask_pd(fires) as u16
}

/// What `quarter` says, one bit a neuron, of up to sixteen neurons from `first` on; those of a whole word need no count.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn word_of(first: usize, n: usize, mut quarter: impl FnMut(usize, Lanes) -> u16) -> u16 {
    if n - first >= LANES {
        let mut at = |k: usize| quarter(first + k, Lanes::All) << k;
        return at(0) | at(WIDTH) | at(2 * WIDTH) | at(3 * WIDTH);
    }
    let mut word = 0;
    for at in (first..n).step_by(WIDTH) {
        word |= quarter(at, first_lanes(n - at)) << (at - first);
    }
    word
}

/// Tells who of sixteen neurons fires, and appends them.
///
/// # Safety
/// As [`Appender::push_avx2`].
#[inline]
#[target_feature(enable = "avx2,popcnt")]
unsafe fn tell(pattern: &mut Pattern, word: usize, mask: u16, active: &mut Appender<'_>) {
    let (codes, before, now) = pattern.word_mut(word);
    *now = mask;
    let bits = _mm_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
    let halves = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
    let spread = |mask: u16, code| {
        let bytes = _mm_and_si128(_mm_shuffle_epi8(_mm_cvtsi32_si128(i32::from(mask)), halves), bits);
        _mm_and_si128(_mm_cmpeq_epi8(bytes, bits), _mm_set1_epi8(code))
    };
    // SAFETY: `codes` is sixteen bytes.
    unsafe { _mm_storeu_si128(codes.as_mut_ptr().cast(), _mm_or_si128(spread(before, 1), spread(mask, 2))) };
    // SAFETY: as the caller promises.
    unsafe { active.push_avx2::<1>(mask, (word * LANES) as u32) };
}

#[target_feature(enable = "avx2,popcnt")]
pub(super) fn excitatory_lanes(d: Drives<'_>, r: &mut [f64], pattern: &mut Pattern, active: &mut Vec<u32>) {
    let n = r.len();
    let (e, i, noise, u, t) =
        (&d.excitation[..n], &d.inhibition[..n], &d.noise[..n], &d.input[..n], &d.thresholds[..n]);
    let mut active = Appender::new(active, n);
    for (word, first) in (0..n).step_by(LANES).enumerate() {
        let fires = word_of(first, n, |at, lanes| {
            let difference = _mm256_sub_pd(load(e, at, lanes), load(i, at, lanes));
            let base = _mm256_add_pd(difference, load(noise, at, lanes));
            let threshold = load(t, at, lanes);
            store(r, at, lanes, _mm256_sub_pd(base, threshold));
            let total = _mm256_sub_pd(_mm256_add_pd(base, load(u, at, lanes)), threshold);
            firing(total, lanes, d.inclusive)
        });
        // SAFETY: a neuron is told once.
        unsafe { tell(pattern, word, fires, &mut active) };
    }
    active.finish();
}

#[target_feature(enable = "avx2,popcnt")]
pub(super) fn inhibitory_lanes(d: Drives<'_>, pattern: &mut Pattern, active: &mut Vec<u32>) {
    let n = d.thresholds.len();
    let (e, noise, t) = (&d.excitation[..n], &d.noise[..n], d.thresholds);
    let mut active = Appender::new(active, n);
    for (word, first) in (0..n).step_by(LANES).enumerate() {
        let fires = word_of(first, n, |at, lanes| {
            let driven = _mm256_add_pd(load(e, at, lanes), load(noise, at, lanes));
            let total = _mm256_sub_pd(driven, load(t, at, lanes));
            firing(total, lanes, d.inclusive)
        });
        // SAFETY: a neuron is told once.
        unsafe { tell(pattern, word, fires, &mut active) };
    }
    active.finish();
}

#[target_feature(enable = "avx2")]
pub(super) fn intrinsic_lanes(rule: Intrinsic<'_>, pattern: &Pattern, thresholds: &mut [f64]) {
    let n = thresholds.len();
    let h_ip = &rule.h_ip[..n];
    let (eta, one) = (_mm256_set1_pd(rule.eta), _mm256_set1_pd(1.0));
    let (min, max) = (_mm256_set1_pd(rule.min), _mm256_set1_pd(rule.max));
    // A neuron's bit becomes the sign of its lane.
    let shifts = [0, 4, 8, 12].map(|first| {
        let first = _mm256_set1_epi64x(first);
        _mm256_sub_epi64(_mm256_setr_epi64x(63, 62, 61, 60), first)
    });
    for (word, first) in (0..n).step_by(LANES).enumerate() {
        let active = _mm256_set1_epi64x(i64::from(pattern.word(word).1));
        let mut quarter = |at: usize, lanes, shift| {
            let active = _mm256_castsi256_pd(_mm256_sllv_epi64(active, shift));
            let x = _mm256_blendv_pd(_mm256_setzero_pd(), one, active);
            let change = _mm256_mul_pd(eta, _mm256_sub_pd(x, load(h_ip, at, lanes)));
            let moved = _mm256_add_pd(load(thresholds, at, lanes), change);
            // Of equal operands, zeros of two signs, both give the second.
            let limited = _mm256_min_pd(max, _mm256_max_pd(moved, min));
            store(thresholds, at, lanes, limited);
        };
        if n - first >= LANES {
            quarter(first, Lanes::All, shifts[0]);
            quarter(first + WIDTH, Lanes::All, shifts[1]);
            quarter(first + 2 * WIDTH, Lanes::All, shifts[2]);
            quarter(first + 3 * WIDTH, Lanes::All, shifts[3]);
        } else {
            for (at, shift) in (first..n).step_by(WIDTH).zip(shifts) {
                quarter(at, first_lanes(n - at), shift);
            }
        }
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn sum_rows_lanes(weights: &[f64], active: &[u32], drive: &mut [f64]) {
    let n_post = drive.len();
    for first in (0..n_post).step_by(10 * WIDTH) {
        match (n_post - first).div_ceil(WIDTH) {
            1 => sum_columns::<1>(weights, active, drive, first),
            2 => sum_columns::<2>(weights, active, drive, first),
            3 => sum_columns::<3>(weights, active, drive, first),
            4 => sum_columns::<4>(weights, active, drive, first),
            5 => sum_columns::<5>(weights, active, drive, first),
            6 => sum_columns::<6>(weights, active, drive, first),
            7 => sum_columns::<7>(weights, active, drive, first),
            8 => sum_columns::<8>(weights, active, drive, first),
            9 => sum_columns::<9>(weights, active, drive, first),
            _ => sum_columns::<10>(weights, active, drive, first),
        }
    }
}

/// Sums of up to `4 N` columns, which stay in registers from row to row.
#[target_feature(enable = "avx2")]
fn sum_columns<const N: usize>(weights: &[f64], active: &[u32], drive: &mut [f64], first: usize) {
    let n_post = drive.len();
    let last = first_lanes(n_post - first - (N - 1) * WIDTH);
    let mut sums = [_mm256_setzero_pd(); N];
    for &pre in active {
        let row = &weights[pre as usize * n_post..][..n_post];
        for (k, sum) in sums.iter_mut().enumerate() {
            let lanes = if k + 1 < N { Lanes::All } else { last };
            *sum = _mm256_add_pd(*sum, load(row, first + k * WIDTH, lanes));
        }
    }
    for (k, sum) in sums.into_iter().enumerate() {
        let lanes = if k + 1 < N { Lanes::All } else { last };
        store(drive, first + k * WIDTH, lanes, sum);
    }
}
