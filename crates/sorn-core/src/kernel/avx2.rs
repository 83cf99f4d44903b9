//! The loops for AVX2, by hand: compilers take masks apart bit by bit.
//!
//! A mask becomes lanes by shifts that move a bit of its own to the sign of each.

use super::append::Appender;
use super::lookup::{Lookup, Masks, Pairing, Pattern};
use super::{Change, Changed, LANES, Loops, Mask, Real, Row, Slice, TINY, prefetch_row};
use std::arch::x86_64::*;
use std::sync::LazyLock;

/// Chosen only where [`available`] holds.
pub(crate) struct Avx2;

/// Registers of four numbers to a row.
const QUARTERS: usize = 4;

impl Loops for Avx2 {
    const FUSED: bool = true;

    #[inline(always)]
    fn update(slice: &mut Slice<'_>, change: &Change) -> Changed {
        // SAFETY: the machine has it.
        unsafe { update(slice, change) }
    }

    #[inline(always)]
    fn sum(weights: &[Row<f64>]) -> Row<f64> {
        // SAFETY: the machine has it.
        unsafe { sum(weights) }
    }

    #[inline(always)]
    fn divide(slice: &mut Slice<'_>, sums: &Row<f64>) -> Row<f64> {
        // SAFETY: the machine has it.
        unsafe { divide::<false>(slice, sums).0 }
    }

    #[inline(always)]
    fn divide_carefully(slice: &mut Slice<'_>, sums: &Row<f64>) -> (Row<f64>, u32) {
        // SAFETY: the machine has it.
        unsafe { divide::<true>(slice, sums) }
    }

    #[inline(always)]
    fn drive(weights: &[Row<f64>], now: &[Mask]) -> Row<f64> {
        // SAFETY: the machine has it.
        unsafe { drive(weights, now) }
    }
}

/// Whether this machine has what the kernels use.
pub(super) fn available() -> bool {
    static AVAILABLE: LazyLock<bool> = LazyLock::new(|| {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("popcnt")
    });
    *AVAILABLE
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(row: &Row<f64>) -> [__m256d; QUARTERS] {
    // SAFETY: a row is sixteen f64, aligned to 64 bytes.
    std::array::from_fn(|k| unsafe { _mm256_load_pd(row.0.as_ptr().add(4 * k)) })
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(row: &mut Row<f64>, values: [__m256d; QUARTERS]) {
    for (k, values) in values.into_iter().enumerate() {
        // SAFETY: a row is sixteen f64, aligned to 64 bytes.
        unsafe { _mm256_store_pd(row.0.as_mut_ptr().add(4 * k), values) };
    }
}

/// Lanes of quarters, of which a bit of a mask each is the sign; the other bits are any.
#[inline]
#[target_feature(enable = "avx2")]
fn signs(mask: Mask) -> [__m256d; QUARTERS] {
    let mask = _mm256_set1_epi64x(i64::from(mask));
    let first = _mm256_setr_epi64x(63, 62, 61, 60);
    std::array::from_fn(|k| {
        let shifts = _mm256_sub_epi64(first, _mm256_set1_epi64x(4 * k as i64));
        _mm256_castsi256_pd(_mm256_sllv_epi64(mask, shifts))
    })
}

/// Which of sixteen masks, or fewer, have a bit.
#[inline]
#[target_feature(enable = "avx2")]
fn any(masks: __m256i) -> Mask {
    let none = _mm256_cmpeq_epi16(masks, _mm256_setzero_si256());
    let bytes = _mm_packs_epi16(_mm256_castsi256_si128(none), _mm256_extracti128_si256::<1>(none));
    !_mm_movemask_epi8(bytes) as Mask
}

/// Which of sixteen pairs of masks share a bit.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn any_shared(a: &[Mask; LANES], b: &[Mask; LANES]) -> Mask {
    // SAFETY: sixteen masks are 32 bytes.
    let [a, b] = [a, b].map(|masks| unsafe { _mm256_loadu_si256(masks.as_ptr().cast()) });
    any(_mm256_and_si256(a, b))
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

impl Appender<'_> {
    /// Appends `first + STEP k` for every bit `k` of a mask.
    ///
    /// # Safety
    /// The machine has AVX2; no more numbers than [`new`](Self::new) was told.
    #[inline]
    #[target_feature(enable = "avx2,popcnt")]
    pub(crate) unsafe fn push_avx2<const STEP: i32>(&mut self, mask: Mask, first: u32) {
        for (half, byte) in mask.to_le_bytes().into_iter().enumerate() {
            // SAFETY: eight bytes.
            let bits = unsafe { _mm_loadl_epi64(BITS[usize::from(byte)].as_ptr().cast()) };
            let steps = _mm256_mullo_epi32(_mm256_cvtepu8_epi32(bits), _mm256_set1_epi32(STEP));
            let first = first as i32 + STEP * 8 * half as i32;
            let numbers = _mm256_add_epi32(_mm256_set1_epi32(first), steps);
            debug_assert!(self.list.capacity() >= self.len + LANES / 2);
            // SAFETY: there is room for eight, of which as many are kept as the byte has bits.
            unsafe { _mm256_storeu_si256(self.list.as_mut_ptr().add(self.len).cast(), numbers) };
            self.len += byte.count_ones() as usize;
        }
    }
}

/// Lists the bits of masks, sixteen to a mask.
#[target_feature(enable = "avx2,popcnt")]
pub(super) fn list(masks: &[Mask], to: &mut Vec<u32>) {
    let mut to = Appender::new(to, masks.len() * LANES);
    for (word, &mask) in masks.iter().enumerate() {
        // SAFETY: masks have sixteen bits each.
        unsafe { to.push_avx2::<1>(mask, (word * LANES) as u32) };
    }
    to.finish();
}

/// Rows of which a word tells which a rule changes.
const BLOCK: usize = 64;

/// Which of at most [`BLOCK`] rows a rule changes.
#[inline]
#[target_feature(enable = "avx2")]
fn changed_rows(plus: &[Mask], minus: &[Mask]) -> u64 {
    let (plus, plus_rest) = plus.as_chunks::<LANES>();
    let (minus, minus_rest) = minus.as_chunks::<LANES>();
    let first_rest = LANES * plus.len();
    let mut rows = 0;
    for (n, (plus, minus)) in plus.iter().zip(minus).enumerate() {
        // SAFETY: sixteen masks are 32 bytes.
        let [plus, minus] = [plus, minus].map(|masks| unsafe { _mm256_loadu_si256(masks.as_ptr().cast()) });
        rows |= u64::from(any(_mm256_or_si256(plus, minus))) << (LANES * n);
    }
    for (n, (plus, minus)) in plus_rest.iter().zip(minus_rest).enumerate() {
        rows |= u64::from(plus | minus != 0) << (first_rest + n);
    }
    rows
}

/// Few rows change, so they are listed first: where each had to be asked, the machine would guess wrongly.
#[inline]
#[target_feature(enable = "avx2,fma,popcnt")]
fn update(slice: &mut Slice<'_>, change: &Change) -> Changed {
    let (up, down) = (_mm256_set1_pd(change.plus), _mm256_set1_pd(change.minus));
    let (one, tiny) = (_mm256_set1_pd(1.0), _mm256_set1_pd(TINY));
    let (floor, nothing) = (_mm256_set1_pd(change.floor), _mm256_set1_pd(-0.0));
    let (mut fallen, mut small) = (0, 0);
    let masks = slice.plus.chunks(BLOCK).zip(slice.minus.chunks(BLOCK));
    for (weights, (plus, minus)) in slice.weights.chunks_mut(BLOCK).zip(masks) {
        let mut rows = changed_rows(plus, minus);
        while rows != 0 {
            let row = rows.trailing_zeros() as usize;
            rows &= rows - 1;
            let mut lanes = load(&weights[row]);
            let (plus, minus) = (signs(plus[row]), signs(minus[row]));
            let mut low = [_mm256_setzero_pd(); QUARTERS];
            for k in 0..QUARTERS {
                let old = lanes[k];
                let absent =
                    _mm256_castsi256_pd(_mm256_cmpeq_epi64(_mm256_castpd_si256(old), _mm256_setzero_si256()));
                // -0.0 changes no bit of what it is added to.
                let added = _mm256_blendv_pd(_mm256_blendv_pd(nothing, up, plus[k]), down, minus[k]);
                let sum = _mm256_andnot_pd(absent, _mm256_add_pd(old, added));
                let under = _mm256_and_pd(_mm256_cmp_pd::<_CMP_LT_OQ>(sum, tiny), minus[k]);
                low[k] = _mm256_andnot_pd(absent, under);
                lanes[k] = _mm256_min_pd(sum, one);
            }
            // As `portable::settle_low`.
            let any = _mm256_or_pd(_mm256_or_pd(low[0], low[1]), _mm256_or_pd(low[2], low[3]));
            if _mm256_movemask_pd(any) != 0 {
                for k in 0..QUARTERS {
                    let fell = _mm256_cmp_pd::<_CMP_LE_OQ>(lanes[k], _mm256_setzero_pd());
                    let fell = _mm256_and_pd(fell, low[k]);
                    lanes[k] = _mm256_blendv_pd(lanes[k], floor, fell);
                    fallen += _mm256_movemask_pd(fell).count_ones();
                    small |= _mm256_movemask_pd(_mm256_andnot_pd(fell, low[k]));
                }
            }
            store(&mut weights[row], lanes);
        }
    }
    let pruned = if change.floor.exists() { 0 } else { fallen };
    Changed { sums: sum(slice.weights), pruned, tiny: small != 0 }
}

#[inline]
#[target_feature(enable = "avx2")]
fn sum(weights: &[Row<f64>]) -> Row<f64> {
    let mut sums = [_mm256_setzero_pd(); QUARTERS];
    for row in weights {
        let weights = load(row);
        sums = std::array::from_fn(|k| _mm256_add_pd(sums[k], weights[k]));
    }
    let mut out = Row::default();
    store(&mut out, sums);
    out
}

/// Divides as [`fused_quotient`](super::fused_quotient) does; where `CAREFULLY`, each quarter of a row with a weight that is
/// too small for that by division. Returns the drive, and how many weights became 0.
#[inline]
#[target_feature(enable = "avx2,fma,popcnt")]
fn divide<const CAREFULLY: bool>(slice: &mut Slice<'_>, sums: &Row<f64>) -> (Row<f64>, u32) {
    let (zero, one, tiny) = (_mm256_setzero_pd(), _mm256_set1_pd(1.0), _mm256_set1_pd(TINY));
    let nothing = _mm256_set1_pd(-0.0);
    let divisors = load(sums).map(|sum| {
        let connected = _mm256_cmp_pd::<_CMP_GT_OQ>(sum, zero);
        _mm256_blendv_pd(one, sum, connected)
    });
    let reciprocals = divisors.map(|divisor| _mm256_div_pd(one, divisor));
    let mut drive = [zero; QUARTERS];
    let mut died = 0;
    for (n, (row, &now)) in slice.weights.iter_mut().zip(slice.now).enumerate() {
        prefetch_row(slice.soon, n);
        let mut weights = load(row);
        let now = signs(now);
        for k in 0..QUARTERS {
            let (w, s, y) = (weights[k], divisors[k], reciprocals[k]);
            let quotient = _mm256_mul_pd(w, y);
            let remainder = _mm256_fnmadd_pd(quotient, s, w);
            let mut new = _mm256_fmadd_pd(remainder, y, quotient);
            if CAREFULLY {
                let absent = |lanes| {
                    let bits = _mm256_cmpeq_epi64(_mm256_castpd_si256(lanes), _mm256_setzero_si256());
                    _mm256_castsi256_pd(bits)
                };
                let small = _mm256_andnot_pd(absent(w), _mm256_cmp_pd::<_CMP_LT_OQ>(w, tiny));
                if _mm256_movemask_pd(small) != 0 {
                    new = _mm256_div_pd(w, s);
                    let dead = _mm256_andnot_pd(absent(w), absent(new));
                    died += _mm256_movemask_pd(dead).count_ones();
                }
            }
            weights[k] = new;
            drive[k] = _mm256_add_pd(drive[k], _mm256_blendv_pd(nothing, new, now[k]));
        }
        store(row, weights);
    }
    let mut out = Row::default();
    store(&mut out, drive);
    (out, died)
}

#[inline]
#[target_feature(enable = "avx2")]
fn drive(weights: &[Row<f64>], now: &[Mask]) -> Row<f64> {
    let nothing = _mm256_set1_pd(-0.0);
    let mut drive = [_mm256_setzero_pd(); QUARTERS];
    for (row, &now) in weights.iter().zip(now) {
        let (weights, now) = (load(row), signs(now));
        drive =
            std::array::from_fn(|k| _mm256_add_pd(drive[k], _mm256_blendv_pd(nothing, weights[k], now[k])));
    }
    let mut out = Row::default();
    store(&mut out, drive);
    out
}

/// Lookup among at most 256 neurons.
pub(super) const LOOKUP_U8: Lookup<u8> =
    // SAFETY: `Isa::Avx2` is chosen only where `available` holds.
    |pre, pattern, pairing, masks| unsafe { lookup_u8(pre, pattern, pairing, masks) };

/// Lookup among at most [`MOST_U16`] neurons.
pub(super) const LOOKUP_U16: Lookup<u16> =
    // SAFETY: `Isa::Avx2` is chosen only where `available` holds.
    |pre, pattern, pairing, masks| unsafe { lookup_u16(pre, pattern, pairing, masks) };

/// Neurons whose bits fill four tables.
pub(super) const MOST_U16: usize = 512;

/// Tables of sixteen bytes each, a bit for a neuron, in both halves of a register.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn tables<const N: usize>(words: &[Mask]) -> [__m256i; N] {
    let (tables, _) = words.as_chunks::<8>();
    let tables: &[[Mask; 8]; N] = tables.first_chunk().expect("a pattern has 64 words or more");
    // SAFETY: eight words are sixteen bytes.
    std::array::from_fn(|k| unsafe {
        _mm256_broadcastsi128_si256(_mm_loadu_si128(tables[k].as_ptr().cast()))
    })
}

/// Of bytes, the bit that their lowest three bits number.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn power(bits: __m256i) -> __m256i {
    let powers = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
    let bits = _mm256_and_si256(bits, _mm256_set1_epi8(7));
    _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(powers), bits)
}

/// Which bytes have a bit.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn have(bytes: __m256i, bit: __m256i) -> u32 {
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit)) as u32
}

/// Writes the masks of two rows at a time, from who of theirs was active before and is now.
#[inline]
#[target_feature(enable = "avx2")]
fn write_pairs<I>(
    pre: &[[I; LANES]],
    pairing: Pairing,
    masks: &mut Masks,
    find: impl Fn(&[[I; LANES]; 2]) -> [u32; 2],
) {
    let spread = |mask: Mask| u32::from(mask) * 0x0001_0001;
    let (plus_before, minus_before, minus_now) =
        (spread(pairing.plus_before), spread(pairing.minus_before), spread(pairing.minus_now));
    let halves = |mask: u32| [mask as Mask, (mask >> 16) as Mask];
    let plus_out = masks.plus.as_chunks_mut::<2>().0.iter_mut();
    let out = plus_out.zip(masks.minus.as_chunks_mut::<2>().0).zip(masks.now.as_chunks_mut::<2>().0);
    for (rows, ((plus_out, minus_out), now_out)) in pre.as_chunks::<2>().0.iter().zip(out) {
        let [before, now] = find(rows);
        let plus = before & plus_before;
        let minus = (before & minus_before) | (now & minus_now);
        *plus_out = halves(plus & !minus);
        *minus_out = halves(minus & !plus);
        *now_out = halves(now);
    }
}

/// Looks 32 synapses up at a time in tables of 256 bits: a byte of the table, and a bit of that byte.
#[target_feature(enable = "avx2")]
fn lookup_u8(pre: &[[u8; LANES]], pattern: &Pattern, pairing: Pairing, masks: &mut Masks) {
    let (before, now) = (tables::<2>(&pattern.words_before), tables::<2>(&pattern.words_now));
    write_pairs(pre, pairing, masks, |rows| {
        // SAFETY: two rows are 32 bytes.
        let index = unsafe { _mm256_loadu_si256(rows.as_ptr().cast()) };
        let byte = _mm256_and_si256(_mm256_srli_epi16::<3>(index), _mm256_set1_epi8(15));
        let bit = power(index);
        [before, now].map(|[low, high]| {
            let (low, high) = (_mm256_shuffle_epi8(low, byte), _mm256_shuffle_epi8(high, byte));
            // The highest bit of an index chooses between the tables.
            have(_mm256_blendv_epi8(low, high, index), bit)
        })
    });
}

/// Looks 32 synapses up at a time in tables of 512 bits: a byte of the table, and a bit of that byte.
#[target_feature(enable = "avx2")]
fn lookup_u16(pre: &[[u16; LANES]], pattern: &Pattern, pairing: Pairing, masks: &mut Masks) {
    let (before, now) = (tables::<4>(&pattern.words_before), tables::<4>(&pattern.words_now));
    write_pairs(pre, pairing, masks, |rows| {
        // SAFETY: a row is 32 bytes.
        let [a, b] = [&rows[0], &rows[1]].map(|row| unsafe { _mm256_loadu_si256(row.as_ptr().cast()) });
        // The bytes of two rows, one after the other.
        let pack = |a, b| _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi16(a, b));
        let byte = pack(_mm256_srli_epi16::<3>(a), _mm256_srli_epi16::<3>(b));
        let seven = _mm256_set1_epi16(7);
        let bit = power(pack(_mm256_and_si256(a, seven), _mm256_and_si256(b, seven)));
        // The highest bits of a byte's number choose among the tables.
        let (odd, upper) = (_mm256_slli_epi16::<3>(byte), _mm256_slli_epi16::<2>(byte));
        [before, now].map(|tables| {
            let [t0, t1, t2, t3] = tables.map(|table| _mm256_shuffle_epi8(table, byte));
            let (low, high) = (_mm256_blendv_epi8(t0, t1, odd), _mm256_blendv_epi8(t2, t3, odd));
            have(_mm256_blendv_epi8(low, high, upper), bit)
        })
    });
}
