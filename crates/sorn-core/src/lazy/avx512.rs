//! The loop for AVX-512.

use super::pass::{Form, Set};
use crate::kernel::lookup::Index;
use crate::kernel::{LANES, Mask, Row};
use std::arch::x86_64::*;

/// Chosen only where the machine has it.
pub(super) struct Avx512;

impl Form for Avx512 {
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
#[target_feature(enable = "avx512f")]
fn existing(weights: &[Row<f32>]) -> u32 {
    let group = |row: &Row<f32>| {
        // SAFETY: a row is 64 bytes.
        let weights = unsafe { _mm512_load_si512(row.0.as_ptr().cast()) };
        u32::from(_mm512_test_epi32_mask(weights, weights))
    };
    match weights {
        [first, second] => group(first) | group(second) << LANES,
        _ => weights.first().map_or(0, group),
    }
}

/// Looks 32 columns up in a table of 64 words that fills two registers.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn members([a, b]: [&[u16; LANES]; 2], set: &Set) -> u32 {
    // SAFETY: sixteen posts are 32 bytes; half of a set is 64.
    let (posts, table) = unsafe {
        let [a, b] = [a, b].map(|posts| _mm256_loadu_si256(posts.as_ptr().cast()));
        let table = [0, 32].map(|first| _mm512_loadu_si512(set.as_ptr().add(first).cast()));
        (_mm512_inserti64x4::<1>(_mm512_castsi256_si512(a), b), table)
    };
    let words = _mm512_permutex2var_epi16(table[0], _mm512_srli_epi16::<4>(posts), table[1]);
    let place = _mm512_and_si512(posts, _mm512_set1_epi16(15));
    _mm512_test_epi16_mask(words, _mm512_sllv_epi16(_mm512_set1_epi16(1), place))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn masks<I: Index>(weights: &Row<f32>, posts: &[I; LANES], codes: &[u32], signs: u32) -> (Mask, Mask) {
    // SAFETY: a row is 64 bytes; so are posts of 32 bits, those of 16 bits 32 bytes.
    let (weights, posts) = unsafe {
        let posts = match size_of::<I>() {
            2 => _mm512_cvtepu16_epi32(_mm256_loadu_si256(posts.as_ptr().cast())),
            4 => _mm512_loadu_si512(posts.as_ptr().cast()),
            _ => unreachable!("indices have 16 or 32 bits"),
        };
        (_mm512_load_si512(weights.0.as_ptr().cast()), posts)
    };
    let words = _mm512_srli_epi32::<4>(posts);
    debug_assert!(_mm512_cmplt_epu32_mask(words, _mm512_set1_epi32(codes.len() as i32)) == !0);
    // SAFETY: posts are those of columns, of which sixteen are a word.
    let words = unsafe { _mm512_i32gather_epi32::<4>(words, codes.as_ptr().cast()) };
    let twice = |lanes| _mm512_add_epi32(lanes, lanes);
    let place = twice(_mm512_and_si512(posts, _mm512_set1_epi32(15)));
    let code = _mm512_and_si512(_mm512_srlv_epi32(words, place), _mm512_set1_epi32(3));
    let kinds = _mm512_srlv_epi32(_mm512_set1_epi32(signs as i32), twice(code));
    let exist = _mm512_test_epi32_mask(weights, weights);
    (
        _mm512_mask_test_epi32_mask(exist, kinds, _mm512_set1_epi32(1)),
        _mm512_mask_test_epi32_mask(exist, kinds, _mm512_set1_epi32(2)),
    )
}
