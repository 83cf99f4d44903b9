//! Who fires, and how thresholds follow: the loops over neurons, compiled for the registers that the machine has.
//!
//! The arithmetic, and so every bit, is the same for all of them.

use crate::kernel::isa::Isa;
use crate::kernel::lookup::Pattern;
use crate::kernel::{LANES, Mask};

/// Calls a loop in the form for an instruction set.
macro_rules! dispatch {
    ($isa:expr, $loop:ident($($argument:expr),*)) => {
        match $isa {
            // SAFETY: the machine has it.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => unsafe { avx512::$loop($($argument),*) },
            // SAFETY: the machine has it.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => unsafe { avx2::$loop($($argument),*) },
            Isa::Plain => $loop($($argument),*),
        }
    };
}

/// What drives a population in one step; one value per neuron.
#[derive(Clone, Copy)]
pub(crate) struct Drives<'a> {
    pub(crate) excitation: &'a [f64],
    pub(crate) inhibition: &'a [f64],
    pub(crate) noise: &'a [f64],
    pub(crate) input: &'a [f64],
    pub(crate) thresholds: &'a [f64],
    /// Whether a drive equal to the threshold fires.
    pub(crate) inclusive: bool,
}

/// Intrinsic plasticity of one step.
#[derive(Clone, Copy)]
pub(crate) struct Intrinsic<'a> {
    pub(crate) eta: f64,
    pub(crate) h_ip: &'a [f64],
    /// Limits of thresholds.
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// Writes `r = (((e - i) + noise) - T)`, and tells who fires: `((e - i) + noise) + u - T`, in upstream's order.
pub(crate) fn excitatory(
    drives: Drives<'_>,
    recurrent: &mut [f64],
    pattern: &mut Pattern,
    active: &mut Vec<u32>,
) {
    dispatch!(Isa::best(), excitatory_lanes(drives, recurrent, pattern, active));
}

/// Tells who fires: `e + noise - T`.
pub(crate) fn inhibitory(drives: Drives<'_>, pattern: &mut Pattern, active: &mut Vec<u32>) {
    dispatch!(Isa::best(), inhibitory_lanes(drives, pattern, active));
}

/// An active neuron's threshold rises, a silent one's falls.
pub(crate) fn intrinsic(rule: Intrinsic<'_>, pattern: &Pattern, thresholds: &mut [f64]) {
    dispatch!(Isa::best(), intrinsic_lanes(rule, pattern, thresholds));
}

/// Sets `drive` to the sum of those rows of a dense matrix of `drive.len()` columns that `active` names, added in that order.
pub(crate) fn sum_rows(weights: &[f64], active: &[u32], drive: &mut [f64]) {
    dispatch!(Isa::best(), sum_rows_lanes(weights, active, drive));
}

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

#[inline(always)]
fn excitatory_lanes(d: Drives<'_>, recurrent: &mut [f64], pattern: &mut Pattern, active: &mut Vec<u32>) {
    let mut chunks = recurrent.chunks_exact_mut(LANES);
    let mut word = 0;
    for recurrent in &mut chunks {
        let at =
            |values: &[f64]| -> [f64; LANES] { std::array::from_fn(|l| values[word * LANES..][..LANES][l]) };
        let (e, i, noise, u, t) =
            (at(d.excitation), at(d.inhibition), at(d.noise), at(d.input), at(d.thresholds));
        let mut total = [0.0; LANES];
        for l in 0..LANES {
            let base = e[l] - i[l] + noise[l];
            recurrent[l] = base - t[l];
            total[l] = base + u[l] - t[l];
        }
        pattern.set_word(word, firing(&total, d.inclusive), active);
        word += 1;
    }
    let rest = chunks.into_remainder();
    if !rest.is_empty() {
        let mut total = [f64::NAN; LANES];
        for (l, recurrent) in rest.iter_mut().enumerate() {
            let k = word * LANES + l;
            let base = d.excitation[k] - d.inhibition[k] + d.noise[k];
            *recurrent = base - d.thresholds[k];
            total[l] = base + d.input[k] - d.thresholds[k];
        }
        pattern.set_word(word, firing(&total, d.inclusive), active);
    }
}

#[inline(always)]
fn inhibitory_lanes(d: Drives<'_>, pattern: &mut Pattern, active: &mut Vec<u32>) {
    let n = d.thresholds.len();
    let (e, noise) = (&d.excitation[..n], &d.noise[..n]);
    for start in (0..n).step_by(LANES) {
        let end = n.min(start + LANES);
        let mut total = [f64::NAN; LANES];
        for k in start..end {
            total[k - start] = e[k] + noise[k] - d.thresholds[k];
        }
        pattern.set_word(start / LANES, firing(&total, d.inclusive), active);
    }
}

/// Lanes above 0; lanes past the last neuron are NaN and never fire.
#[inline(always)]
fn firing(total: &[f64; LANES], inclusive: bool) -> Mask {
    let bits = |fires: fn(f64) -> bool| {
        total.iter().enumerate().fold(0, |mask, (l, &total)| mask | Mask::from(fires(total)) << l)
    };
    if inclusive { bits(|total| total >= 0.0) } else { bits(|total| total > 0.0) }
}

#[inline(always)]
fn intrinsic_lanes(rule: Intrinsic<'_>, pattern: &Pattern, thresholds: &mut [f64]) {
    for (word, (thresholds, h_ip)) in thresholds.chunks_mut(LANES).zip(rule.h_ip.chunks(LANES)).enumerate() {
        let active = pattern.word(word).1;
        for (l, (threshold, h)) in thresholds.iter_mut().zip(h_ip).enumerate() {
            let x = if active >> l & 1 != 0 { 1.0 } else { 0.0 };
            let moved = *threshold + rule.eta * (x - h);
            let raised = if moved <= rule.min { rule.min } else { moved };
            *threshold = if raised > rule.max { rule.max } else { raised };
        }
    }
}

#[inline(always)]
fn sum_rows_lanes(weights: &[f64], active: &[u32], drive: &mut [f64]) {
    let n_post = drive.len();
    let wide = n_post / 32 * 32;
    let narrow = n_post / 4 * 4;
    for first in (0..wide).step_by(32) {
        drive[first..][..32].copy_from_slice(&sum_columns::<32>(weights, active, n_post, first));
    }
    for first in (wide..narrow).step_by(4) {
        drive[first..][..4].copy_from_slice(&sum_columns::<4>(weights, active, n_post, first));
    }
    for (last, drive) in drive.iter_mut().enumerate().skip(narrow) {
        [*drive] = sum_columns::<1>(weights, active, n_post, last);
    }
}

/// Sums of `N` columns, which stay in registers from row to row.
#[inline(always)]
fn sum_columns<const N: usize>(weights: &[f64], active: &[u32], n_post: usize, first: usize) -> [f64; N] {
    let mut sums = [0.0; N];
    for &pre in active {
        let row = &weights[pre as usize * n_post + first..][..N];
        for l in 0..N {
            sums[l] += row[l];
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Xoshiro256PlusPlus, below, stream, uniform};
    use crate::topology::choose;

    fn numbers(n: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f64> {
        // Quarters, so that some drives meet their thresholds exactly.
        (0..n).map(|_| (4.0 * uniform(rng)).floor() / 4.0).collect()
    }

    /// Every form and the plain one tell the same, whatever the number of neurons.
    #[test]
    fn every_form_tells_the_same() {
        Isa::available().into_iter().for_each(tells_the_same);
    }

    fn tells_the_same(isa: Isa) {
        let rng = &mut stream(5, "test");
        for n in 1..120 {
            let rows: [Vec<f64>; 5] = std::array::from_fn(|_| numbers(n, rng));
            let [excitation, inhibition, noise, input, thresholds] = &rows;
            let drives =
                Drives { excitation, inhibition, noise, input, thresholds, inclusive: below(rng, 2) == 0 };
            let before = choose(n / 3, n, rng);
            let mut patterns = [Pattern::new(n, &[], &before), Pattern::new(n, &[], &before)];
            let (mut recurrent, mut active) = ([vec![0.0; n], vec![0.0; n]], [Vec::new(), Vec::new()]);
            for inhibitory in [false, true] {
                patterns.iter_mut().for_each(Pattern::advance);
                active.iter_mut().for_each(Vec::clear);
                if inhibitory {
                    dispatch!(isa, inhibitory_lanes(drives, &mut patterns[0], &mut active[0]));
                    inhibitory_lanes(drives, &mut patterns[1], &mut active[1]);
                } else {
                    dispatch!(
                        isa,
                        excitatory_lanes(drives, &mut recurrent[0], &mut patterns[0], &mut active[0])
                    );
                    excitatory_lanes(drives, &mut recurrent[1], &mut patterns[1], &mut active[1]);
                }
                assert_eq!(patterns[0], patterns[1]);
                assert_eq!(active[0], active[1]);
                assert_eq!(recurrent[0], recurrent[1]);
            }
            let (min, max) = [(-0.25, 0.5), (0.0, 0.0), (f64::NEG_INFINITY, f64::INFINITY)][n % 3];
            let rule = Intrinsic { eta: 0.25, h_ip: &rows[0], min, max };
            let mut moved = [thresholds.clone(), thresholds.clone()];
            for _ in 0..3 {
                dispatch!(isa, intrinsic_lanes(rule, &patterns[0], &mut moved[0]));
                intrinsic_lanes(rule, &patterns[1], &mut moved[1]);
            }
            let [moved, expected] =
                moved.map(|moved| moved.iter().map(|t| t.to_bits()).collect::<Vec<u64>>());
            assert_eq!(moved, expected);
            let weights: Vec<f64> = (0..30 * n).map(|_| uniform(rng)).collect();
            let rows = choose(below(rng, 30) as usize, 30, rng);
            let mut sums = [vec![f64::NAN; n], vec![f64::NAN; n]];
            dispatch!(isa, sum_rows_lanes(&weights, &rows, &mut sums[0]));
            sum_rows_lanes(&weights, &rows, &mut sums[1]);
            let one_by_one = |post| rows.iter().fold(0.0, |sum, &pre| sum + weights[pre as usize * n + post]);
            assert_eq!(sums[0], (0..n).map(one_by_one).collect::<Vec<f64>>());
            assert_eq!(sums[0], sums[1]);
        }
    }
}
