//! The primitives for AVX-512 F, BW, DQ, VL and VBMI, BMI1, FMA and POPCNT.

use super::primitives::primitives;
use super::{LANES, Mask, Row, Set, Simd, Vector, VectorF64};
use std::arch::x86_64::*;

/// AVX-512 F, BW, DQ, VL and VBMI, BMI1, FMA and POPCNT.
pub(crate) struct Avx512;

impl Vector<f64> for __m512d {
    type Mask = __mmask8;
    const PARTS: usize = 2;
    const GROUP: usize = 4;

    primitives! {
        fn splat(value: f64) -> Self = _mm512_set1_pd(value);
        fn load(from: &Row<f64>, part: usize) -> Self = _mm512_load_pd(from.0.as_ptr().add(8 * part));
        fn store(self: Self, to: &mut Row<f64>, part: usize) -> () =
            _mm512_store_pd(to.0.as_mut_ptr().add(8 * part), self);
        fn add(self: Self, other: Self) -> Self = _mm512_add_pd(self, other);
        fn sub(self: Self, other: Self) -> Self = _mm512_sub_pd(self, other);
        fn mul(self: Self, other: Self) -> Self = _mm512_mul_pd(self, other);
        fn min(self: Self, other: Self) -> Self = _mm512_min_pd(self, other);
        fn max(self: Self, other: Self) -> Self = _mm512_max_pd(self, other);
        fn lt(self: Self, other: Self) -> __mmask8 = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self, other);
        fn le(self: Self, other: Self) -> __mmask8 = _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self, other);
        fn nonzero(self: Self) -> __mmask8 = _mm512_cmp_pd_mask::<_CMP_NEQ_OQ>(self, _mm512_setzero_pd());
        fn exists(self: Self, mask: __mmask8) -> __mmask8 = {
            let bits = _mm512_castpd_si512(self);
            _mm512_mask_test_epi64_mask(mask, bits, bits)
        };
        fn select(mask: __mmask8, set: Self, unset: Self) -> Self = _mm512_mask_blend_pd(mask, unset, set);
        fn add_where(self: Self, mask: __mmask8, other: Self) -> Self =
            _mm512_mask_add_pd(self, mask, self, other);
        fn mask(bits: Mask, part: usize) -> __mmask8 = (bits >> (8 * part)) as __mmask8;
        fn bits(mask: __mmask8) -> Mask = Mask::from(mask);
        fn none() -> __mmask8 = 0;
        fn and(a: __mmask8, b: __mmask8) -> __mmask8 = a & b;
        fn without(a: __mmask8, b: __mmask8) -> __mmask8 = a & !b;
        fn or(a: __mmask8, b: __mmask8) -> __mmask8 = a | b;
        fn any(mask: __mmask8) -> bool = mask != 0;
    }
}

impl VectorF64 for __m512d {
    primitives! {
        fn div(self: Self, other: Self) -> Self = _mm512_div_pd(self, other);
        fn quotient(self: Self, sum: Self, reciprocal: Self) -> Self = {
            let quotient = _mm512_mul_pd(self, reciprocal);
            let remainder = _mm512_fnmadd_pd(quotient, sum, self);
            _mm512_fmadd_pd(remainder, reciprocal, quotient)
        };
    }
}

impl Vector<f32> for __m512 {
    type Mask = __mmask16;
    const PARTS: usize = 1;
    const GROUP: usize = 16;

    primitives! {
        fn splat(value: f32) -> Self = _mm512_set1_ps(value);
        fn load(from: &Row<f32>, _part: usize) -> Self = _mm512_load_ps(from.0.as_ptr());
        fn store(self: Self, to: &mut Row<f32>, _part: usize) -> () = _mm512_store_ps(to.0.as_mut_ptr(), self);
        fn add(self: Self, other: Self) -> Self = _mm512_add_ps(self, other);
        fn sub(self: Self, other: Self) -> Self = _mm512_sub_ps(self, other);
        fn mul(self: Self, other: Self) -> Self = _mm512_mul_ps(self, other);
        fn min(self: Self, other: Self) -> Self = _mm512_min_ps(self, other);
        fn max(self: Self, other: Self) -> Self = _mm512_max_ps(self, other);
        fn lt(self: Self, other: Self) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self, other);
        fn le(self: Self, other: Self) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(self, other);
        fn nonzero(self: Self) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_NEQ_OQ>(self, _mm512_setzero_ps());
        fn exists(self: Self, mask: __mmask16) -> __mmask16 = {
            let bits = _mm512_castps_si512(self);
            _mm512_mask_test_epi32_mask(mask, bits, bits)
        };
        fn select(mask: __mmask16, set: Self, unset: Self) -> Self = _mm512_mask_blend_ps(mask, unset, set);
        // A masked addition would compile to a masked store, which is slow on some machines.
        fn add_where(self: Self, mask: __mmask16, other: Self) -> Self =
            _mm512_add_ps(self, _mm512_mask_blend_ps(mask, _mm512_set1_ps(-0.0), other));
        fn mask(bits: Mask, _part: usize) -> __mmask16 = bits;
        fn bits(mask: __mmask16) -> Mask = mask;
        fn none() -> __mmask16 = 0;
        fn and(a: __mmask16, b: __mmask16) -> __mmask16 = a & b;
        fn without(a: __mmask16, b: __mmask16) -> __mmask16 = a & !b;
        fn or(a: __mmask16, b: __mmask16) -> __mmask16 = a | b;
        fn any(mask: __mmask16) -> bool = mask != 0;
    }
}

impl Simd for Avx512 {
    type F64 = __m512d;
    type F32 = __m512;
    type Table = [__m512i; 2];
    const MANY: u32 = 24;
    const MOST_FOUND: [usize; 2] = [256, 1024];
    const MOST_MEMBERS: usize = size_of::<Set>() * 8;

    primitives! {
        fn any(a: &[Mask; LANES], b: &[Mask; LANES]) -> Mask = {
            let any = _mm256_or_si256(words(a), words(b));
            _mm256_test_epi16_mask(any, any)
        };
        fn any_shared(a: &[Mask; LANES], b: &[Mask; LANES]) -> Mask = _mm256_test_epi16_mask(words(a), words(b));
        fn codes(before: Mask, now: Mask, to: &mut [u8; LANES]) -> () = {
            let before = _mm_maskz_mov_epi8(before, _mm_set1_epi8(1));
            let now = _mm_maskz_mov_epi8(now, _mm_set1_epi8(2));
            _mm_storeu_si128(to.as_mut_ptr().cast(), _mm_or_si128(before, now))
        };
        fn table(set: &Set) -> [__m512i; 2] =
            [_mm512_loadu_si512(set[..32].as_ptr().cast()), _mm512_loadu_si512(set[32..].as_ptr().cast())];
        fn find_u8(rows: &[[u8; LANES]; 4], sets: [[__m512i; 2]; 2]) -> [u64; 2] = {
            let index = _mm512_loadu_si512(rows.as_ptr().cast());
            // A byte of the set, and a bit of that byte.
            let byte = _mm512_and_si512(_mm512_srli_epi16::<3>(index), _mm512_set1_epi8(31));
            let powers = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
            let bit = _mm512_and_si512(index, _mm512_set1_epi8(7));
            let bit = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(powers), bit);
            let (before, now) =
                (_mm512_permutexvar_epi8(byte, sets[0][0]), _mm512_permutexvar_epi8(byte, sets[1][0]));
            [_mm512_test_epi8_mask(before, bit), _mm512_test_epi8_mask(now, bit)]
        };
        fn find_u16(rows: &[[u16; LANES]; 2], sets: [[__m512i; 2]; 2]) -> [u64; 2] = {
            let index = _mm512_loadu_si512(rows.as_ptr().cast());
            [u64::from(in_set(index, sets[0])), u64::from(in_set(index, sets[1]))]
        };
        fn members(posts: [&[u16; LANES]; 2], set: &Set) -> u32 = {
            let (a, b) = (words(posts[0]), words(posts[1]));
            in_set(_mm512_inserti64x4::<1>(_mm512_castsi256_si512(a), b), Self::table(set))
        };
    }

    #[inline(always)]
    unsafe fn write_bits<const STEP: u32>(to: *mut u32, mask: Mask, first: u32) {
        // SAFETY: the machine has the level, and there is room for sixteen numbers.
        unsafe {
            let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let steps = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(STEP as i32));
            let numbers = _mm512_add_epi32(_mm512_set1_epi32(first as i32), steps);
            _mm512_storeu_si512(to.cast(), _mm512_maskz_compress_epi32(mask, numbers));
        }
    }

    #[inline(always)]
    fn touched<I: Copy + Into<u32>>(
        weights: &Row<f32>,
        posts: &[I; LANES],
        codes: &[u32],
        signs: u32,
    ) -> (Mask, Mask) {
        // SAFETY: the machine has the level; posts are those of columns, of which sixteen are a word.
        unsafe {
            let posts = match size_of::<I>() {
                2 => _mm512_cvtepu16_epi32(_mm256_loadu_si256(posts.as_ptr().cast())),
                _ => _mm512_loadu_si512(posts.as_ptr().cast()),
            };
            let weights = _mm512_load_si512(weights.0.as_ptr().cast());
            let words = _mm512_srli_epi32::<4>(posts);
            debug_assert!(_mm512_cmplt_epu32_mask(words, _mm512_set1_epi32(codes.len() as i32)) == !0);
            let words = _mm512_i32gather_epi32::<4>(words, codes.as_ptr().cast());
            let place = _mm512_and_si512(posts, _mm512_set1_epi32(15));
            let place = _mm512_add_epi32(place, place);
            let code = _mm512_and_si512(_mm512_srlv_epi32(words, place), _mm512_set1_epi32(3));
            let kinds = _mm512_srlv_epi32(_mm512_set1_epi32(signs as i32), _mm512_add_epi32(code, code));
            let exist = _mm512_test_epi32_mask(weights, weights);
            (
                _mm512_mask_test_epi32_mask(exist, kinds, _mm512_set1_epi32(1)),
                _mm512_mask_test_epi32_mask(exist, kinds, _mm512_set1_epi32(2)),
            )
        }
    }
}

primitives! {
    fn words(masks: &[Mask; LANES]) -> __m256i = _mm256_loadu_si256(masks.as_ptr().cast());
    /// Which of 32 neurons are in a set.
    fn in_set(neurons: __m512i, set: [__m512i; 2]) -> u32 = {
        let words = _mm512_permutex2var_epi16(set[0], _mm512_srli_epi16::<4>(neurons), set[1]);
        let place = _mm512_and_si512(neurons, _mm512_set1_epi16(15));
        _mm512_test_epi16_mask(words, _mm512_sllv_epi16(_mm512_set1_epi16(1), place))
    };
}
