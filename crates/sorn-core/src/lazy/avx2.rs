//! The loops for AVX2.

use super::pass::{Form, Set};
use crate::kernel::lookup::Index;
use crate::kernel::{LANES, Mask, Row, avx2};
use std::arch::x86_64::*;

/// Chosen only where the machine has it.
pub(super) struct Avx2;

impl Form for Avx2 {
    const FEW: usize = size_of::<Set>() * 8;

    #[inline(always)]
    fn members(posts: [&[u16; LANES]; 2], set: &Set) -> u32 {
        // SAFETY: the machine has it.
        unsafe { members(posts, set) }
    }

    #[inline(always)]
    fn existing(weights: &[Row<f32>]) -> u32 {
        // SAFETY: the machine has it.
        unsafe { existing(weights) }
    }

    #[inline(always)]
    fn masks<I: Index>(weights: &Row<f32>, posts: &[I; LANES], codes: &[u32], signs: u32) -> (Mask, Mask) {
        // SAFETY: the machine has it.
        unsafe { masks(weights, posts, codes, signs) }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn existing(weights: &[Row<f32>]) -> u32 {
    let group = |row: &Row<f32>| {
        // SAFETY: eight weights are 32 bytes.
        let absent = [0, 8].map(|first| unsafe {
            let weights = _mm256_load_si256(row.0.as_ptr().add(first).cast());
            _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(weights, _mm256_setzero_si256())))
        });
        !(absent[0] | absent[1] << 8) as u32 & u32::from(Mask::MAX)
    };
    match weights {
        [first, second] => group(first) | group(second) << LANES,
        _ => weights.first().map_or(0, group),
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn masks<I: Index>(weights: &Row<f32>, posts: &[I; LANES], codes: &[u32], signs: u32) -> (Mask, Mask) {
    let low = half_masks::<I, 0>(weights, posts, codes, signs);
    let high = half_masks::<I, 1>(weights, posts, codes, signs);
    (low.0 | high.0 << (LANES / 2), low.1 | high.1 << (LANES / 2))
}

/// Looks 32 columns up in tables of sixteen bytes: a byte of the set, and a bit of that byte.
#[inline]
#[target_feature(enable = "avx2")]
fn members(posts: [&[u16; LANES]; 2], set: &Set) -> u32 {
    // SAFETY: sixteen posts are 32 bytes.
    let [a, b] = posts.map(|posts| unsafe { _mm256_loadu_si256(posts.as_ptr().cast()) });
    // The bytes of two groups, one after the other.
    let pack = |a, b| _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi16(a, b));
    let byte = pack(_mm256_srli_epi16::<3>(a), _mm256_srli_epi16::<3>(b));
    let seven = _mm256_set1_epi16(7);
    let bit = avx2::power(pack(_mm256_and_si256(a, seven), _mm256_and_si256(b, seven)));
    let mut tables = avx2::tables::<8>(set).map(|table| _mm256_shuffle_epi8(table, byte));
    // The highest bits of a byte's number choose among the tables.
    for (half, choice) in [
        (4, _mm256_slli_epi16::<1>(byte)),
        (2, _mm256_slli_epi16::<2>(byte)),
        (1, _mm256_slli_epi16::<3>(byte)),
    ] {
        for k in 0..half {
            tables[k] = _mm256_blendv_epi8(tables[k], tables[k + half], choice);
        }
    }
    avx2::have(tables[0], bit)
}

/// Of eight synapses.
#[inline]
#[target_feature(enable = "avx2")]
fn half_masks<I: Index, const HALF: usize>(
    weights: &Row<f32>,
    posts: &[I; LANES],
    codes: &[u32],
    signs: u32,
) -> (Mask, Mask) {
    let first = HALF * LANES / 2;
    // SAFETY: eight weights are 32 bytes; so are eight posts of 32 bits, those of 16 bits 16 bytes.
    let (weights, posts) = unsafe {
        let posts = posts.as_ptr().add(first);
        let posts = match size_of::<I>() {
            2 => _mm256_cvtepu16_epi32(_mm_loadu_si128(posts.cast())),
            4 => _mm256_loadu_si256(posts.cast()),
            _ => unreachable!("indices have 16 or 32 bits"),
        };
        (_mm256_load_si256(weights.0.as_ptr().add(first).cast()), posts)
    };
    let words = _mm256_srli_epi32::<4>(posts);
    // SAFETY: posts are those of columns, of which sixteen are a word.
    let words = unsafe { _mm256_i32gather_epi32::<4>(codes.as_ptr().cast(), words) };
    let twice = |lanes| _mm256_add_epi32(lanes, lanes);
    let place = twice(_mm256_and_si256(posts, _mm256_set1_epi32(15)));
    let code = _mm256_and_si256(_mm256_srlv_epi32(words, place), _mm256_set1_epi32(3));
    let kinds = _mm256_srlv_epi32(_mm256_set1_epi32(signs as i32), twice(code));
    let absent = _mm256_cmpeq_epi32(weights, _mm256_setzero_si256());
    let kinds = _mm256_andnot_si256(absent, kinds);
    let mask = |lanes| _mm256_movemask_ps(_mm256_castsi256_ps(lanes)) as Mask;
    (mask(_mm256_slli_epi32::<31>(kinds)), mask(_mm256_slli_epi32::<30>(kinds)))
}
