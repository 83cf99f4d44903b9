//! The generators for AVX2, by hand: compilers rotate words one by one where registers cannot.

use super::{LANES, State, Step};
use std::arch::x86_64::*;

/// Chosen only where the machine has it.
pub(super) struct Avx2;

impl Step for Avx2 {
    #[inline(always)]
    fn next(state: &mut State) -> [u64; LANES] {
        // SAFETY: the machine has it.
        unsafe { next(state) }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotate_left<const BY: i32, const BACK: i32>(words: __m256i) -> __m256i {
    const { assert!(BY + BACK == 64) };
    _mm256_or_si256(_mm256_slli_epi64::<BY>(words), _mm256_srli_epi64::<BACK>(words))
}

#[inline]
#[target_feature(enable = "avx2")]
fn next(state: &mut State) -> [u64; LANES] {
    let mut out = [0; LANES];
    for half in [0, LANES / 2] {
        // SAFETY: four words of each of four arrays of eight.
        let [mut s0, mut s1, mut s2, mut s3] =
            std::array::from_fn(|k| unsafe { _mm256_loadu_si256(state[k].as_ptr().add(half).cast()) });
        let word = _mm256_add_epi64(rotate_left::<23, 41>(_mm256_add_epi64(s0, s3)), s0);
        let t = _mm256_slli_epi64::<17>(s1);
        s2 = _mm256_xor_si256(s2, s0);
        s3 = _mm256_xor_si256(s3, s1);
        s1 = _mm256_xor_si256(s1, s2);
        s0 = _mm256_xor_si256(s0, s3);
        s2 = _mm256_xor_si256(s2, t);
        s3 = rotate_left::<45, 19>(s3);
        // SAFETY: as above.
        unsafe {
            for (words, s) in state.iter_mut().zip([s0, s1, s2, s3]) {
                _mm256_storeu_si256(words.as_mut_ptr().add(half).cast(), s);
            }
            _mm256_storeu_si256(out.as_mut_ptr().add(half).cast(), word);
        }
    }
    out
}
