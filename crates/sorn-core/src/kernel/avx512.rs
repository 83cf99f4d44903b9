//! The loops for AVX-512.

use super::append::Appender;
use super::lookup::{Lookup, Masks, Pairing, Pattern};
use super::{Change, Changed, LANES, Loops, Mask, Real, Row, Slice, TINY, prefetch_row};

use std::arch::x86_64::*;
use std::sync::LazyLock;

/// Chosen only where [`available`] holds.
pub(crate) struct Avx512;

impl Loops for Avx512 {
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
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("popcnt")
    });
    *AVAILABLE
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(row: &Row<f64>) -> [__m512d; 2] {
    // SAFETY: a row is sixteen f64, aligned to 64 bytes.
    unsafe { [_mm512_load_pd(row.0.as_ptr()), _mm512_load_pd(row.0.as_ptr().add(8))] }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(row: &mut Row<f64>, values: [__m512d; 2]) {
    // SAFETY: a row is sixteen f64, aligned to 64 bytes.
    unsafe {
        _mm512_store_pd(row.0.as_mut_ptr(), values[0]);
        _mm512_store_pd(row.0.as_mut_ptr().add(8), values[1]);
    }
}

impl Appender<'_> {
    /// Appends `first + STEP k` for every bit `k` of a mask.
    ///
    /// # Safety
    /// The machine has AVX-512; no more numbers than [`new`](Self::new) was told.
    #[inline]
    #[target_feature(enable = "avx512f,popcnt")]
    pub(crate) unsafe fn push<const STEP: i32>(&mut self, mask: Mask, first: u32) {
        let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let steps = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(STEP));
        let numbers = _mm512_add_epi32(_mm512_set1_epi32(first as i32), steps);
        debug_assert!(self.list.capacity() >= self.len + LANES);
        let numbers = _mm512_maskz_compress_epi32(mask, numbers);
        // SAFETY: there is room for sixteen, of which as many are kept as the mask has bits.
        unsafe { _mm512_storeu_si512(self.list.as_mut_ptr().add(self.len).cast(), numbers) };
        self.len += mask.count_ones() as usize;
    }
}

/// Lists the bits of masks, sixteen to a mask.
#[target_feature(enable = "avx512f,popcnt")]
pub(super) fn list(masks: &[Mask], to: &mut Vec<u32>) {
    let mut to = Appender::new(to, masks.len() * LANES);
    for (word, &mask) in masks.iter().enumerate() {
        // SAFETY: masks have sixteen bits each.
        unsafe { to.push::<1>(mask, (word * LANES) as u32) };
    }
    to.finish();
}

/// The halves of a mask.
#[inline(always)]
fn halves(mask: Mask) -> [u8; 2] {
    mask.to_le_bytes()
}

/// Rows of which a word tells which a rule changes.
const BLOCK: usize = 64;
/// Changed rows of a block above which all are gone through.
const MANY: u32 = 24;

/// Which of at most [`BLOCK`] rows a rule changes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn changed_rows(plus: &[Mask], minus: &[Mask]) -> u64 {
    const HALF: usize = BLOCK / 2;
    let mut rows = 0;
    for (n, (plus, minus)) in plus.chunks(HALF).zip(minus.chunks(HALF)).enumerate() {
        let used = u32::MAX >> (HALF - plus.len());
        // SAFETY: only masks that are used are read.
        let [plus, minus] =
            [plus, minus].map(|masks| unsafe { _mm512_maskz_loadu_epi16(used, masks.as_ptr().cast()) });
        let any = _mm512_or_si512(plus, minus);
        rows |= u64::from(_mm512_test_epi16_mask(any, any)) << (HALF * n);
    }
    rows
}

/// A change of rows, and what comes of it.
struct Changes {
    raise: __m512d,
    lower: __m512d,
    floor: __m512d,
    /// Synapses that fell to 0 or below.
    fallen: u32,
    /// Halves of rows with a weight that is positive but below `TINY`.
    small: u8,
}

impl Changes {
    /// Changes a row; returns its weights.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
    fn apply(&mut self, row: &mut Row<f64>, plus: Mask, minus: Mask) -> [__m512d; 2] {
        let (one, tiny) = (_mm512_set1_pd(1.0), _mm512_set1_pd(TINY));
        let mut weights = load(row);
        let mut low = [0; 2];
        let (touched, minus) = (halves(plus | minus), halves(minus));
        for half in 0..2 {
            let old = weights[half];
            let bits = _mm512_castpd_si512(old);
            let exists = _mm512_mask_test_epi64_mask(touched[half], bits, bits);
            let added = _mm512_mask_blend_pd(minus[half], self.raise, self.lower);
            let sum = _mm512_mask_add_pd(old, exists, old, added);
            low[half] = _mm512_mask_cmp_pd_mask::<_CMP_LT_OQ>(minus[half] & exists, sum, tiny);
            weights[half] = _mm512_min_pd(sum, one);
        }
        // As `portable::settle_low`; a call would push the sums out of their registers.
        if low != [0; 2] {
            for half in 0..2 {
                let weight = weights[half];
                let fell = _mm512_mask_cmp_pd_mask::<_CMP_LE_OQ>(low[half], weight, _mm512_setzero_pd());
                weights[half] = _mm512_mask_mov_pd(weight, fell, self.floor);
                self.fallen += fell.count_ones();
                self.small |= low[half] & !fell;
            }
        }
        store(row, weights);
        weights
    }
}

/// Where few rows change they are listed first: where each had to be asked, the machine would guess wrongly.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
fn update(slice: &mut Slice<'_>, change: &Change) -> Changed {
    let [raise, lower, floor] = [change.plus, change.minus, change.floor].map(|c| _mm512_set1_pd(c));
    let mut changes = Changes { raise, lower, floor, fallen: 0, small: 0 };
    let mut sums = [_mm512_setzero_pd(); 2];
    let masks = slice.plus.chunks(BLOCK).zip(slice.minus.chunks(BLOCK));
    for (weights, (plus, minus)) in slice.weights.chunks_mut(BLOCK).zip(masks) {
        let mut rows = changed_rows(plus, minus);
        if rows.count_ones() > MANY {
            for (row, (&plus, &minus)) in weights.iter_mut().zip(plus.iter().zip(minus)) {
                let weights = changes.apply(row, plus, minus);
                sums = [_mm512_add_pd(sums[0], weights[0]), _mm512_add_pd(sums[1], weights[1])];
            }
            continue;
        }
        while rows != 0 {
            let row = rows.trailing_zeros() as usize;
            rows &= rows - 1;
            changes.apply(&mut weights[row], plus[row], minus[row]);
        }
        sums = add_up(sums, weights);
    }
    let pruned = if change.floor.exists() { 0 } else { changes.fallen };
    let mut changed = Changed { sums: Row::default(), pruned, tiny: changes.small != 0 };
    store(&mut changed.sums, sums);
    changed
}

/// Adds rows to sums.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_up(mut sums: [__m512d; 2], weights: &[Row<f64>]) -> [__m512d; 2] {
    for row in weights {
        let weights = load(row);
        sums = [_mm512_add_pd(sums[0], weights[0]), _mm512_add_pd(sums[1], weights[1])];
    }
    sums
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sum(weights: &[Row<f64>]) -> Row<f64> {
    let mut out = Row::default();
    store(&mut out, add_up([_mm512_setzero_pd(); 2], weights));
    out
}

/// Divides as [`fused_quotient`](super::fused_quotient) does; where `CAREFULLY`, each half of a row with a weight that is too
/// small for that by division. Returns the drive, and how many weights became 0.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn divide<const CAREFULLY: bool>(slice: &mut Slice<'_>, sums: &Row<f64>) -> (Row<f64>, u32) {
    let (one, tiny) = (_mm512_set1_pd(1.0), _mm512_set1_pd(TINY));
    let divisors = load(sums).map(|sum| {
        let connected = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(sum, _mm512_setzero_pd());
        _mm512_mask_mov_pd(one, connected, sum)
    });
    let reciprocals = divisors.map(|divisor| _mm512_div_pd(one, divisor));
    let mut drive = [_mm512_setzero_pd(); 2];
    let mut died = 0;
    for (n, (row, &now)) in slice.weights.iter_mut().zip(slice.now).enumerate() {
        prefetch_row(slice.soon, n);
        let mut weights = load(row);
        for half in 0..2 {
            let (w, s, y) = (weights[half], divisors[half], reciprocals[half]);
            let quotient = _mm512_mul_pd(w, y);
            let remainder = _mm512_fnmadd_pd(quotient, s, w);
            let mut new = _mm512_fmadd_pd(remainder, y, quotient);
            if CAREFULLY {
                let bits = _mm512_castpd_si512(w);
                let exists = _mm512_test_epi64_mask(bits, bits);
                let small = _mm512_mask_cmp_pd_mask::<_CMP_LT_OQ>(exists, w, tiny);
                if small != 0 {
                    new = _mm512_div_pd(w, s);
                    let bits = _mm512_castpd_si512(new);
                    died += _mm512_mask_testn_epi64_mask(exists, bits, bits).count_ones();
                }
            }
            weights[half] = new;
            drive[half] = _mm512_mask_add_pd(drive[half], halves(now)[half], drive[half], new);
        }
        store(row, weights);
    }
    let mut out = Row::default();
    store(&mut out, drive);
    (out, died)
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn drive(weights: &[Row<f64>], now: &[Mask]) -> Row<f64> {
    let mut drive = [_mm512_setzero_pd(); 2];
    for (row, &now) in weights.iter().zip(now) {
        let weights = load(row);
        for half in 0..2 {
            drive[half] = _mm512_mask_add_pd(drive[half], halves(now)[half], drive[half], weights[half]);
        }
    }
    let mut out = Row::default();
    store(&mut out, drive);
    out
}

/// Lookup among at most 256 neurons.
pub(super) const LOOKUP_U8: Lookup<u8> =
    // SAFETY: `Isa::Avx512` is chosen only where `available` holds.
    |pre, pattern, pairing, masks| unsafe { lookup_u8(pre, pattern, pairing, masks) };

/// Lookup among at most 1,024 neurons.
pub(super) const LOOKUP_U16: Lookup<u16> =
    // SAFETY: `Isa::Avx512` is chosen only where `available` holds.
    |pre, pattern, pairing, masks| unsafe { lookup_u16(pre, pattern, pairing, masks) };

/// Looks 64 synapses up at a time in a table of 256 codes that fills four registers.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn lookup_u8(pre: &[[u8; LANES]], pattern: &Pattern, pairing: Pairing, masks: &mut Masks) {
    let codes: &[u8; 256] = pattern.codes.first_chunk().expect("a pattern has 256 codes or more");
    // SAFETY: four times 64 bytes of 256.
    let table: [__m512i; 4] =
        std::array::from_fn(|k| unsafe { _mm512_loadu_si512(codes[64 * k..].as_ptr().cast()) });
    let spread = |mask: Mask| u64::from(mask) * 0x0001_0001_0001_0001;
    let (plus_before, minus_before, minus_now) =
        (spread(pairing.plus_before), spread(pairing.minus_before), spread(pairing.minus_now));
    let (rows, _) = pre.as_chunks::<4>();
    let (plus, _) = masks.plus.as_chunks_mut::<4>();
    let (minus, _) = masks.minus.as_chunks_mut::<4>();
    let (now, _) = masks.now.as_chunks_mut::<4>();
    for (((rows, plus_out), minus_out), now_out) in rows.iter().zip(plus).zip(minus).zip(now) {
        // SAFETY: four rows are 64 bytes.
        let index = unsafe { _mm512_loadu_si512(rows.as_ptr().cast()) };
        let low = _mm512_permutex2var_epi8(table[0], index, table[1]);
        let high = _mm512_permutex2var_epi8(table[2], index, table[3]);
        let code = _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
        let before = _mm512_test_epi8_mask(code, _mm512_set1_epi8(1));
        let now = _mm512_test_epi8_mask(code, _mm512_set1_epi8(2));
        let plus = before & plus_before;
        let minus = (before & minus_before) | (now & minus_now);
        *plus_out = words(plus & !minus);
        *minus_out = words(minus & !plus);
        *now_out = words(now);
    }
}

#[inline(always)]
fn words(mask: u64) -> [Mask; 4] {
    [mask as u16, (mask >> 16) as u16, (mask >> 32) as u16, (mask >> 48) as u16]
}

/// Looks 32 synapses up at a time in tables of 1,024 bits that fill two registers.
#[target_feature(enable = "avx512f,avx512bw")]
fn lookup_u16(pre: &[[u16; LANES]], pattern: &Pattern, pairing: Pairing, masks: &mut Masks) {
    let load_table = |words: &[Mask]| -> [__m512i; 2] {
        let words: &[Mask; 64] = words.first_chunk().expect("a pattern has 64 words or more");
        // SAFETY: twice 32 words of 64.
        std::array::from_fn(|k| unsafe { _mm512_loadu_si512(words[32 * k..].as_ptr().cast()) })
    };
    let (before_table, now_table) = (load_table(&pattern.words_before), load_table(&pattern.words_now));
    let spread = |mask: Mask| u32::from(mask) * 0x0001_0001;
    let (plus_before, minus_before, minus_now) =
        (spread(pairing.plus_before), spread(pairing.minus_before), spread(pairing.minus_now));
    let (rows, _) = pre.as_chunks::<2>();
    let (plus, _) = masks.plus.as_chunks_mut::<2>();
    let (minus, _) = masks.minus.as_chunks_mut::<2>();
    let (now, _) = masks.now.as_chunks_mut::<2>();
    let one = _mm512_set1_epi16(1);
    for (((rows, plus_out), minus_out), now_out) in rows.iter().zip(plus).zip(minus).zip(now) {
        // SAFETY: two rows are 64 bytes.
        let index = unsafe { _mm512_loadu_si512(rows.as_ptr().cast()) };
        let word = _mm512_srli_epi16::<4>(index);
        let bit = _mm512_sllv_epi16(one, _mm512_and_si512(index, _mm512_set1_epi16(15)));
        let find = |table: [__m512i; 2]| {
            _mm512_test_epi16_mask(_mm512_permutex2var_epi16(table[0], word, table[1]), bit)
        };
        let (before, now) = (find(before_table), find(now_table));
        let plus = before & plus_before;
        let minus = (before & minus_before) | (now & minus_now);
        let halves = |mask: u32| [mask as Mask, (mask >> 16) as Mask];
        *plus_out = halves(plus & !minus);
        *minus_out = halves(minus & !plus);
        *now_out = halves(now);
    }
}
