//! The primitives for AVX2, FMA and POPCNT.
//!
//! A mask is a vector: the sign of a lane is its bit, and the other bits are arbitrary.

use super::primitives::primitives;
use super::{LANES, Mask, Row, Set, Simd, Vector, VectorF64, Words};
use std::arch::x86_64::*;

/// AVX2, FMA and POPCNT.
pub(crate) struct Avx2;

impl Vector<f64> for __m256d {
    type Mask = __m256d;
    const PARTS: usize = 4;
    const GROUP: usize = 3;

    primitives! {
        fn splat(value: f64) -> Self = _mm256_set1_pd(value);
        fn load(from: &Row<f64>, part: usize) -> Self = _mm256_load_pd(from.0.as_ptr().add(4 * part));
        fn store(self: Self, to: &mut Row<f64>, part: usize) -> () =
            _mm256_store_pd(to.0.as_mut_ptr().add(4 * part), self);
        fn add(self: Self, other: Self) -> Self = _mm256_add_pd(self, other);
        fn sub(self: Self, other: Self) -> Self = _mm256_sub_pd(self, other);
        fn mul(self: Self, other: Self) -> Self = _mm256_mul_pd(self, other);
        fn min(self: Self, other: Self) -> Self = _mm256_min_pd(self, other);
        fn max(self: Self, other: Self) -> Self = _mm256_max_pd(self, other);
        fn lt(self: Self, other: Self) -> Self = _mm256_cmp_pd::<_CMP_LT_OQ>(self, other);
        fn le(self: Self, other: Self) -> Self = _mm256_cmp_pd::<_CMP_LE_OQ>(self, other);
        fn nonzero(self: Self) -> Self = _mm256_cmp_pd::<_CMP_NEQ_OQ>(self, _mm256_setzero_pd());
        fn exists(self: Self, mask: Self) -> Self = {
            let absent = _mm256_cmpeq_epi64(_mm256_castpd_si256(self), _mm256_setzero_si256());
            _mm256_andnot_pd(_mm256_castsi256_pd(absent), mask)
        };
        fn select(mask: Self, set: Self, unset: Self) -> Self = _mm256_blendv_pd(unset, set, mask);
        // Adding -0.0 changes no bit of a number.
        fn add_where(self: Self, mask: Self, other: Self) -> Self =
            _mm256_add_pd(self, _mm256_blendv_pd(_mm256_set1_pd(-0.0), other, mask));
        fn mask(bits: Mask, part: usize) -> Self = {
            let first = _mm256_set1_epi64x(4 * part as i64);
            let shifts = _mm256_sub_epi64(_mm256_setr_epi64x(63, 62, 61, 60), first);
            _mm256_castsi256_pd(_mm256_sllv_epi64(_mm256_set1_epi64x(i64::from(bits)), shifts))
        };
        fn bits(mask: Self) -> Mask = _mm256_movemask_pd(mask) as Mask;
        fn none() -> Self = _mm256_setzero_pd();
        fn and(a: Self, b: Self) -> Self = _mm256_and_pd(a, b);
        fn without(a: Self, b: Self) -> Self = _mm256_andnot_pd(b, a);
        fn or(a: Self, b: Self) -> Self = _mm256_or_pd(a, b);
        fn any(mask: Self) -> bool = _mm256_movemask_pd(mask) != 0;
    }
}

impl VectorF64 for __m256d {
    primitives! {
        fn div(self: Self, other: Self) -> Self = _mm256_div_pd(self, other);
        fn quotient(self: Self, sum: Self, reciprocal: Self) -> Self = {
            let quotient = _mm256_mul_pd(self, reciprocal);
            let remainder = _mm256_fnmadd_pd(quotient, sum, self);
            _mm256_fmadd_pd(remainder, reciprocal, quotient)
        };
    }
}

impl Vector<f32> for __m256 {
    type Mask = __m256;
    const PARTS: usize = 2;
    const GROUP: usize = 7;

    primitives! {
        fn splat(value: f32) -> Self = _mm256_set1_ps(value);
        fn load(from: &Row<f32>, part: usize) -> Self = _mm256_load_ps(from.0.as_ptr().add(8 * part));
        fn store(self: Self, to: &mut Row<f32>, part: usize) -> () =
            _mm256_store_ps(to.0.as_mut_ptr().add(8 * part), self);
        fn add(self: Self, other: Self) -> Self = _mm256_add_ps(self, other);
        fn sub(self: Self, other: Self) -> Self = _mm256_sub_ps(self, other);
        fn mul(self: Self, other: Self) -> Self = _mm256_mul_ps(self, other);
        fn min(self: Self, other: Self) -> Self = _mm256_min_ps(self, other);
        fn max(self: Self, other: Self) -> Self = _mm256_max_ps(self, other);
        fn lt(self: Self, other: Self) -> Self = _mm256_cmp_ps::<_CMP_LT_OQ>(self, other);
        fn le(self: Self, other: Self) -> Self = _mm256_cmp_ps::<_CMP_LE_OQ>(self, other);
        fn nonzero(self: Self) -> Self = _mm256_cmp_ps::<_CMP_NEQ_OQ>(self, _mm256_setzero_ps());
        fn exists(self: Self, mask: Self) -> Self = {
            let absent = _mm256_cmpeq_epi32(_mm256_castps_si256(self), _mm256_setzero_si256());
            _mm256_andnot_ps(_mm256_castsi256_ps(absent), mask)
        };
        fn select(mask: Self, set: Self, unset: Self) -> Self = _mm256_blendv_ps(unset, set, mask);
        fn add_where(self: Self, mask: Self, other: Self) -> Self =
            _mm256_add_ps(self, _mm256_blendv_ps(_mm256_set1_ps(-0.0), other, mask));
        fn mask(bits: Mask, part: usize) -> Self = {
            let first = _mm256_set1_epi32(8 * part as i32);
            let shifts = _mm256_sub_epi32(_mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24), first);
            _mm256_castsi256_ps(_mm256_sllv_epi32(_mm256_set1_epi32(i32::from(bits)), shifts))
        };
        fn bits(mask: Self) -> Mask = _mm256_movemask_ps(mask) as Mask;
        fn none() -> Self = _mm256_setzero_ps();
        fn and(a: Self, b: Self) -> Self = _mm256_and_ps(a, b);
        fn without(a: Self, b: Self) -> Self = _mm256_andnot_ps(b, a);
        fn or(a: Self, b: Self) -> Self = _mm256_or_ps(a, b);
        fn any(mask: Self) -> bool = _mm256_testz_ps(mask, mask) == 0;
    }
}

impl Simd for Avx2 {
    type F64 = __m256d;
    type F32 = __m256;
    type Table = [__m256i; 8];
    const MOST_FOUND: [usize; 2] = [256, 512];
    const MOST_MEMBERS: usize = size_of::<Set>() * 8;

    primitives! {
        fn any(a: &[Mask; LANES], b: &[Mask; LANES]) -> Mask = nonzero_words(_mm256_or_si256(words(a), words(b)));
        fn any_shared(a: &[Mask; LANES], b: &[Mask; LANES]) -> Mask =
            nonzero_words(_mm256_and_si256(words(a), words(b)));
        fn codes(before: Mask, now: Mask, to: &mut [u8; LANES]) -> () = {
            let before = _mm_and_si128(spread(before), _mm_set1_epi8(1));
            let now = _mm_and_si128(spread(now), _mm_set1_epi8(2));
            _mm_storeu_si128(to.as_mut_ptr().cast(), _mm_or_si128(before, now))
        };
        fn table(set: &Set) -> [__m256i; 8] = table(set);
        fn find_u8(rows: &[[u8; LANES]; 4], sets: [[__m256i; 8]; 2]) -> [u64; 2] = {
            let mut found = [0; 2];
            for half in 0..2 {
                let index = _mm256_loadu_si256(rows[2 * half..][..2].as_ptr().cast());
                let byte = _mm256_and_si256(_mm256_srli_epi16::<3>(index), _mm256_set1_epi8(15));
                let bit = power(index);
                for set in 0..2 {
                    let low = _mm256_shuffle_epi8(sets[set][0], byte);
                    let high = _mm256_shuffle_epi8(sets[set][1], byte);
                    // The highest bit of an index chooses between the tables.
                    let bytes = _mm256_blendv_epi8(low, high, index);
                    found[set] |= u64::from(have(bytes, bit)) << (32 * half);
                }
            }
            found
        };
        fn find_u16(rows: &[[u16; LANES]; 2], sets: [[__m256i; 8]; 2]) -> [u64; 2] = {
            let (byte, bit) = byte_and_bit([&rows[0], &rows[1]]);
            // The highest bits of a byte's number choose among the tables.
            let (odd, upper) = (_mm256_slli_epi16::<3>(byte), _mm256_slli_epi16::<2>(byte));
            let mut found = [0; 2];
            for set in 0..2 {
                let mut tables = sets[set];
                for table in &mut tables[..4] {
                    *table = _mm256_shuffle_epi8(*table, byte);
                }
                let low = _mm256_blendv_epi8(tables[0], tables[1], odd);
                let high = _mm256_blendv_epi8(tables[2], tables[3], odd);
                found[set] = u64::from(have(_mm256_blendv_epi8(low, high, upper), bit));
            }
            found
        };
        fn members(posts: [&[u16; LANES]; 2], set: &Set) -> u32 = {
            let (byte, bit) = byte_and_bit(posts);
            let mut tables = table(set);
            for table in &mut tables {
                *table = _mm256_shuffle_epi8(*table, byte);
            }
            for (half, choice) in [
                (4, _mm256_slli_epi16::<1>(byte)),
                (2, _mm256_slli_epi16::<2>(byte)),
                (1, _mm256_slli_epi16::<3>(byte)),
            ] {
                for k in 0..half {
                    tables[k] = _mm256_blendv_epi8(tables[k], tables[k + half], choice);
                }
            }
            have(tables[0], bit)
        };
        // Compilers rotate the words one by one if the instruction set has no vector rotation.
        fn next_words(state: &mut Words) -> [u64; 8] = {
            let mut out = [0; 8];
            for half in [0, 4] {
                let (mut s0, mut s1) = (four(&state[0][half..]), four(&state[1][half..]));
                let (mut s2, mut s3) = (four(&state[2][half..]), four(&state[3][half..]));
                let word = _mm256_add_epi64(rotate_left::<23, 41>(_mm256_add_epi64(s0, s3)), s0);
                let t = _mm256_slli_epi64::<17>(s1);
                s2 = _mm256_xor_si256(s2, s0);
                s3 = _mm256_xor_si256(s3, s1);
                s1 = _mm256_xor_si256(s1, s2);
                s0 = _mm256_xor_si256(s0, s3);
                s2 = _mm256_xor_si256(s2, t);
                s3 = rotate_left::<45, 19>(s3);
                for (words, s) in state.iter_mut().zip([s0, s1, s2, s3]) {
                    _mm256_storeu_si256(words[half..][..4].as_mut_ptr().cast(), s);
                }
                _mm256_storeu_si256(out[half..][..4].as_mut_ptr().cast(), word);
            }
            out
        };
    }

    #[inline(always)]
    unsafe fn write_bits<const STEP: u32>(to: *mut u32, mask: Mask, first: u32) {
        let [low, high] = mask.to_le_bytes();
        for (to, byte, first) in
            [(to, low, first), (to.wrapping_add(low.count_ones() as usize), high, first + 8 * STEP)]
        {
            // SAFETY: the machine has the level; eight bytes are read, and there is room for eight numbers.
            unsafe {
                let bits = _mm_loadl_epi64(BITS[usize::from(byte)].as_ptr().cast());
                let steps = _mm256_mullo_epi32(_mm256_cvtepu8_epi32(bits), _mm256_set1_epi32(STEP as i32));
                let numbers = _mm256_add_epi32(_mm256_set1_epi32(first as i32), steps);
                _mm256_storeu_si256(to.cast(), numbers);
            }
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
            let mut masks = (0, 0);
            for first in [0, 8] {
                let posts = posts[first..][..8].as_ptr();
                let posts = match size_of::<I>() {
                    2 => _mm256_cvtepu16_epi32(_mm_loadu_si128(posts.cast())),
                    _ => _mm256_loadu_si256(posts.cast()),
                };
                let weights = _mm256_load_si256(weights.0.as_ptr().add(first).cast());
                let words = _mm256_srli_epi32::<4>(posts);
                let words = _mm256_i32gather_epi32::<4>(codes.as_ptr().cast(), words);
                let place = _mm256_and_si256(posts, _mm256_set1_epi32(15));
                let place = _mm256_add_epi32(place, place);
                let code = _mm256_and_si256(_mm256_srlv_epi32(words, place), _mm256_set1_epi32(3));
                let kinds = _mm256_srlv_epi32(_mm256_set1_epi32(signs as i32), _mm256_add_epi32(code, code));
                let absent = _mm256_cmpeq_epi32(weights, _mm256_setzero_si256());
                let kinds = _mm256_andnot_si256(absent, kinds);
                masks.0 |= lane_signs(_mm256_slli_epi32::<31>(kinds)) << first;
                masks.1 |= lane_signs(_mm256_slli_epi32::<30>(kinds)) << first;
            }
            masks
        }
    }
}

/// Places of the bits of a byte, ascending.
static BITS: [[u8; 8]; 256] = {
    let mut bits = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut n) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 != 0 {
                bits[byte][n] = bit as u8;
                n += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    bits
};

primitives! {
    fn words(masks: &[Mask; LANES]) -> __m256i = _mm256_loadu_si256(masks.as_ptr().cast());
    fn nonzero_words(masks: __m256i) -> Mask = {
        let none = _mm256_cmpeq_epi16(masks, _mm256_setzero_si256());
        let bytes = _mm_packs_epi16(_mm256_castsi256_si128(none), _mm256_extracti128_si256::<1>(none));
        !_mm_movemask_epi8(bytes) as Mask
    };
    /// Sixteen bytes of a set each, in both halves of a register.
    fn table(set: &Set) -> [__m256i; 8] = {
        let mut table = [_mm256_setzero_si256(); 8];
        for k in 0..8 {
            let bytes = _mm_loadu_si128(set[8 * k..][..8].as_ptr().cast());
            table[k] = _mm256_broadcastsi128_si256(bytes);
        }
        table
    };
    fn lane_signs(lanes: __m256i) -> Mask = _mm256_movemask_ps(_mm256_castsi256_ps(lanes)) as Mask;
    fn four(words: &[u64]) -> __m256i = _mm256_loadu_si256(words[..4].as_ptr().cast());
    /// Bytes of ones in the places of the set bits of a mask.
    fn spread(mask: Mask) -> __m128i = {
        let bits = _mm_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
        let halves = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
        let bytes = _mm_shuffle_epi8(_mm_cvtsi32_si128(i32::from(mask)), halves);
        _mm_cmpeq_epi8(_mm_and_si128(bytes, bits), bits)
    };
    /// For each byte, a byte with the single bit that its lowest three bits select.
    fn power(bits: __m256i) -> __m256i = {
        let powers = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
        let bits = _mm256_and_si256(bits, _mm256_set1_epi8(7));
        _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(powers), bits)
    };
    /// Which bytes are not 0.
    fn have(bytes: __m256i, bit: __m256i) -> u32 =
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit)) as u32;
    /// For two groups of neurons, the byte of the set that holds each neuron, and the bit within it.
    fn byte_and_bit(neurons: [&[u16; LANES]; 2]) -> (__m256i, __m256i) = {
        let (a, b) = (words(neurons[0]), words(neurons[1]));
        let seven = _mm256_set1_epi16(7);
        let byte = pack(_mm256_srli_epi16::<3>(a), _mm256_srli_epi16::<3>(b));
        (byte, power(pack(_mm256_and_si256(a, seven), _mm256_and_si256(b, seven))))
    };
    /// The bytes of two groups, one after the other.
    fn pack(a: __m256i, b: __m256i) -> __m256i =
        _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi16(a, b));
}

#[inline(always)]
fn rotate_left<const BY: i32, const BACK: i32>(words: __m256i) -> __m256i {
    const { assert!(BY + BACK == 64) };
    // SAFETY: the machine has the level.
    unsafe { _mm256_or_si256(_mm256_slli_epi64::<BY>(words), _mm256_srli_epi64::<BACK>(words)) }
}
