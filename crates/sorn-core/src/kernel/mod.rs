//! The inner loops of the step, over one slice of sixteen columns.
//!
//! A lane is a column, so the sums of sixteen columns run side by side and each keeps its order: presynaptic indices
//! ascending, one after the other, as NumPy adds the rows of a C-ordered matrix over axis 0. Every instruction set
//! computes the same bits.
//!
//! An absent synapse has weight `+0.0`; one that stays at zero without being pruned has `-0.0`.

use std::ops::Add;

#[cfg(target_arch = "x86_64")]
pub(crate) mod append;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
pub(crate) mod column;
pub(crate) mod isa;
pub(crate) mod lookup;
mod portable;

pub(crate) use portable::{Plain, any_tiny};

/// Columns side by side.
pub(crate) const LANES: usize = 16;

/// One synapse of each column of a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(64))]
pub(crate) struct Row<T>(pub(crate) [T; LANES]);

impl<T> Row<T> {
    const SIXTEEN: () = assert!(size_of::<Row<T>>() == LANES * size_of::<T>());

    /// The numbers of rows one after the other.
    #[inline(always)]
    pub(crate) fn flatten(rows: &[Row<T>]) -> &[T] {
        let () = Self::SIXTEEN;
        // SAFETY: a row is sixteen numbers and nothing else, as asserted.
        unsafe { std::slice::from_raw_parts(rows.as_ptr().cast(), rows.len() * LANES) }
    }

    /// As [`flatten`](Self::flatten).
    #[inline(always)]
    pub(crate) fn flatten_mut(rows: &mut [Row<T>]) -> &mut [T] {
        let () = Self::SIXTEEN;
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(rows.as_mut_ptr().cast(), rows.len() * LANES) }
    }
}

/// One bit per column of a slice.
pub(crate) type Mask = u16;

/// The columns of a slice, and who is active among their synapses; slices of equal length.
pub(crate) struct Slice<'a> {
    pub(crate) weights: &'a mut [Row<f64>],
    /// Synapses that `Change::plus` is added to, if they exist.
    pub(crate) plus: &'a [Mask],
    /// Synapses that `Change::minus` is added to, if they exist; none of `plus`.
    pub(crate) minus: &'a [Mask],
    /// Synapses whose presynaptic neuron is active at `t + 1`.
    pub(crate) now: &'a [Mask],
    /// Where the weights of a slice soon to come begin; they are asked for while this one is divided.
    pub(crate) soon: *const Row<f64>,
}

/// Asks for values before they are needed, where the machine would not guess that they will be.
#[inline(always)]
pub(crate) fn prefetch<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..std::mem::size_of_val(values)).step_by(64) {
        // SAFETY: a prefetch changes nothing, whatever the address; this one is within the slice.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().cast::<i8>().wrapping_add(line));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}

/// As [`prefetch`], for one value; nothing happens where there is none.
#[inline(always)]
pub(crate) fn prefetch_one<T>(values: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch changes nothing, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().wrapping_add(at).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, at);
}

/// As [`prefetch_one`], into the second level of caches: the first one can wait for few values at a time.
#[inline(always)]
pub(crate) fn prefetch_far<T>(values: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch changes nothing, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(values.as_ptr().wrapping_add(at).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, at);
}

/// Asks for a row of those that begin at `first`, as [`prefetch_far`].
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch_row(first: *const Row<f64>, row: usize) {
    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
    for line in (0..size_of::<Row<f64>>()).step_by(64) {
        // SAFETY: a prefetch changes nothing, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(first.wrapping_add(row).cast::<i8>().wrapping_add(line)) };
    }
}

/// What a rule does to synapses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// Added to some, 0 or more.
    pub(crate) plus: f64,
    /// Added to others, 0 or less.
    pub(crate) minus: f64,
    /// Weight of a synapse that falls to 0 or below.
    pub(crate) floor: f64,
}

/// What came of a change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed {
    pub(crate) sums: Row<f64>,
    pub(crate) pruned: u32,
    /// Whether a weight is positive but below `TINY`.
    pub(crate) tiny: bool,
}

/// Weights below this are watched: a quotient by reciprocal and remainder is exact only while the remainder does not
/// underflow, and a weight that underflows to 0 is a synapse that dies. Weights of which either is true lie at least 69
/// powers of 2 below: more than 64 divisions by 1.5, between two looks, and one by 2^14 can take away.
pub(crate) const TINY: f64 = f64::from_bits((1023 - 800) << 52); // 2^-800

/// A number type of weights.
pub(crate) trait Real: Copy + Default + std::fmt::Debug + Add<Output = Self> + Into<f64> {
    /// Whether a synapse of this weight exists: it is not `+0.0`.
    fn exists(self) -> bool;
}

impl Real for f64 {
    #[inline(always)]
    fn exists(self) -> bool {
        self.to_bits() != 0
    }
}

impl Real for f32 {
    #[inline(always)]
    fn exists(self) -> bool {
        self.to_bits() != 0
    }
}

/// The bits of `weight / sum` by fused multiplications and additions, where neither weight nor remainder underflows: by
/// reciprocal `y`, rounded to nearest: `q = w y`, `r = w - q s` exactly, `q + r y` (Markstein 1990; Brisebarre, Muller &
/// Raina 2004).
#[inline(always)]
pub(crate) fn fused_quotient(weight: f64, sum: f64, reciprocal: f64) -> f64 {
    let quotient = weight * reciprocal;
    let remainder = (-quotient).mul_add(sum, weight);
    remainder.mul_add(reciprocal, quotient)
}

/// The loops of one instruction set.
pub(crate) trait Loops {
    /// Whether it has fused multiplications and additions.
    const FUSED: bool;

    /// Changes weights, keeps them in `[0, 1]`, and adds them up.
    fn update(slice: &mut Slice<'_>, change: &Change) -> Changed;
    /// Adds up the weights.
    fn sum(weights: &[Row<f64>]) -> Row<f64>;
    /// Divides each column by its sum, an unconnected one by 1; returns the drive that neurons active at `t + 1` give.
    /// Meanwhile it may ask for the slice soon to come, a row with each of its own. No weight may be below `TINY`, save absent ones.
    fn divide(slice: &mut Slice<'_>, sums: &Row<f64>) -> Row<f64>;
    /// Like [`divide`](Self::divide), for weights of any size and negative zeros; also returns how many became 0 by
    /// underflow.
    fn divide_carefully(slice: &mut Slice<'_>, sums: &Row<f64>) -> (Row<f64>, u32);
    /// The drive that neurons active at `t + 1` give.
    fn drive(weights: &[Row<f64>], now: &[Mask]) -> Row<f64>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Xoshiro256PlusPlus, below, stream, uniform};

    /// Calls a test for every instruction set of this machine.
    macro_rules! in_every_form {
        ($test:ident) => {
            for isa in isa::Isa::available() {
                match isa {
                    #[cfg(target_arch = "x86_64")]
                    isa::Isa::Avx512 => $test::<avx512::Avx512>(),
                    #[cfg(target_arch = "x86_64")]
                    isa::Isa::Avx2 => $test::<avx2::Avx2>(),
                    isa::Isa::Plain => $test::<Plain>(),
                }
            }
        };
    }

    struct Data {
        weights: Vec<Row<f64>>,
        plus: Vec<Mask>,
        minus: Vec<Mask>,
        now: Vec<Mask>,
    }

    impl Data {
        /// In which a rule changes one row of `every`.
        fn random(rows: usize, every: u64, rng: &mut Xoshiro256PlusPlus) -> Self {
            let changed: Vec<bool> = (0..rows).map(|_| below(rng, every) == 0).collect();
            let mut mask = |row: usize| if changed[row] { below(rng, 1 << 16) as Mask } else { 0 };
            let plus: Vec<Mask> = (0..rows).map(&mut mask).collect();
            let minus = (0..rows).map(|row| mask(row) & !plus[row]).collect();
            let now = (0..rows).map(|_| below(rng, 1 << 16) as Mask).collect();
            let mut weight = || match below(rng, 8) {
                0 => 0.0,
                1 => uniform(rng) * 0.004,
                // Falls to exactly 0 where lowered.
                2 => 0.003,
                _ => uniform(rng),
            };
            let weights = (0..rows).map(|_| Row(std::array::from_fn(|_| weight()))).collect();
            Data { weights, plus, minus, now }
        }

        fn slice(&mut self) -> Slice<'_> {
            Slice {
                weights: &mut self.weights,
                plus: &self.plus,
                minus: &self.minus,
                now: &self.now,
                soon: std::ptr::null(),
            }
        }
    }

    fn bits(rows: &[Row<f64>]) -> Vec<u64> {
        rows.iter().flat_map(|row| row.0).map(|value| value.to_bits()).collect()
    }

    #[test]
    fn every_instruction_set_computes_the_same_bits() {
        in_every_form!(compare);
    }

    fn compare<F: Loops>() {
        let rng = &mut stream(1, "test");
        for round in 0..300 {
            let mut ours = Data::random(round % 150, [1, 2, 10][round / 3 % 3], rng);
            let mut theirs = Data { weights: ours.weights.clone(), ..Data::random(0, 1, rng) };
            (theirs.plus, theirs.minus, theirs.now) =
                (ours.plus.clone(), ours.minus.clone(), ours.now.clone());
            let floor = [0.0, -0.0, 0.001][round % 3];
            let change = Change { plus: 0.004, minus: -0.003, floor };
            let existing =
                |rows: &[Row<f64>]| rows.iter().flat_map(|row| row.0).filter(|w| w.exists()).count() as u32;
            let before = existing(&ours.weights);
            let a = F::update(&mut ours.slice(), &change);
            let b = Plain::update(&mut theirs.slice(), &change);
            assert_eq!(bits(&ours.weights), bits(&theirs.weights));
            assert_eq!(bits(&[a.sums]), bits(&[b.sums]));
            assert_eq!((a.pruned, a.tiny), (b.pruned, b.tiny));
            assert_eq!(before - a.pruned, existing(&ours.weights));
            assert_eq!(bits(&[F::sum(&ours.weights)]), bits(&[b.sums]));
            let (a, b) = if floor.is_sign_negative() {
                let (quotients, none) = F::divide_carefully(&mut ours.slice(), &a.sums);
                assert_eq!(none, 0);
                (quotients, Plain::divide_carefully(&mut theirs.slice(), &b.sums).0)
            } else {
                (F::divide(&mut ours.slice(), &a.sums), Plain::divide(&mut theirs.slice(), &b.sums))
            };
            assert_eq!(bits(&ours.weights), bits(&theirs.weights));
            assert_eq!(bits(&[a]), bits(&[b]));
            assert_eq!(bits(&[F::drive(&ours.weights, &ours.now)]), bits(&[a]));
        }
    }

    #[test]
    fn a_weight_that_underflows_is_counted() {
        in_every_form!(underflow);
    }

    fn underflow<F: Loops>() {
        let masks = [0];
        let mut weights = [Row([f64::from_bits(1); LANES])];
        // Absent, negative and large ones among them.
        (weights[0].0[3], weights[0].0[4], weights[0].0[12]) = (0.0, -0.0, 0.3);
        let mut slice =
            Slice { weights: &mut weights, plus: &masks, minus: &masks, now: &masks, soon: std::ptr::null() };
        assert!(any_tiny(slice.weights));
        assert_eq!(F::divide_carefully(&mut slice, &Row([4.0; LANES])).1, 13);
        let mut expected = Row::default();
        (expected.0[4], expected.0[12]) = (-0.0, 0.3 / 4.0);
        assert_eq!(bits(&weights), bits(&[expected]));
        assert!(!any_tiny(&weights));
    }

    /// Weights of every size, as columns hold them that nothing but scaling changes.
    #[test]
    fn careful_divisions_are_divisions() {
        in_every_form!(careful);
    }

    fn careful<F: Loops>() {
        let rng = &mut stream(4, "test");
        for _ in 0..2000 {
            let sums = Row(std::array::from_fn(|_| 0.25 + 1.5 * uniform(rng)));
            let mut weight = || match below(rng, 8) {
                0 => 0.0,
                1 => -0.0,
                2 => f64::from_bits(below(rng, 1 << 54)),
                3 => f64::from_bits(below(rng, (1023 - 700) << 52)),
                _ => uniform(rng),
            };
            let old: Vec<Row<f64>> = (0..3).map(|_| Row(std::array::from_fn(|_| weight()))).collect();
            let (mut new, masks) = (old.clone(), [0x5a5a, 0xffff, 0]);
            let mut slice =
                Slice { weights: &mut new, plus: &masks, minus: &masks, now: &masks, soon: std::ptr::null() };
            let (drive, died) = F::divide_carefully(&mut slice, &sums);
            let quotients: Vec<Row<f64>> =
                old.iter().map(|row| Row(std::array::from_fn(|l| row.0[l] / sums.0[l]))).collect();
            assert_eq!(bits(&new), bits(&quotients));
            let dead = |l: usize, row: usize| old[row].0[l].exists() && !quotients[row].0[l].exists();
            let all = (0..3 * LANES).filter(|k| dead(k % LANES, k / LANES)).count();
            assert_eq!(died, all as u32);
            assert_eq!(bits(&[drive]), bits(&[Plain::drive(&quotients, &masks)]));
        }
    }

    #[test]
    fn quotients_round_like_a_division() {
        // Hard cases: divisors near powers of two and with long runs of ones, dividends across many scales.
        in_every_form!(round_like_a_division);
    }

    fn round_like_a_division<F: Loops>() {
        let rng = &mut stream(2, "test");
        for round in 0..20_000_u64 {
            let mut divisor = || {
                let low = match below(rng, 4) {
                    0 => below(rng, 64),
                    1 => (1 << 52) - 1 - below(rng, 64),
                    2 => !0_u64 << below(rng, 52) & ((1 << 52) - 1),
                    _ => below(rng, 1 << 52),
                };
                f64::from_bits((1020 + below(rng, 7)) << 52 | low)
            };
            let sums = Row(std::array::from_fn(|_| divisor()));
            let mut dividend = || {
                let low = if round % 2 == 0 { below(rng, 1 << 52) } else { (1 << 52) - 1 - below(rng, 256) };
                f64::from_bits((1023 - below(rng, 960)) << 52 | low)
            };
            let weights = Row(std::array::from_fn(|_| dividend()));
            let mut data = [weights];
            let masks = [0];
            let mut slice = Slice {
                weights: &mut data,
                plus: &masks,
                minus: &masks,
                now: &masks,
                soon: std::ptr::null(),
            };
            F::divide(&mut slice, &sums);
            for l in 0..LANES {
                let exact = weights.0[l] / sums.0[l];
                assert_eq!(data[0].0[l].to_bits(), exact.to_bits(), "{} / {}", weights.0[l], sums.0[l]);
            }
        }
    }
}
