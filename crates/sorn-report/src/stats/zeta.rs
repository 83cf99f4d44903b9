//! Sums of powers over whole numbers: the Hurwitz zeta function, its derivatives and their finite parts.
//!
//! Everything is relative to the lower bound, so that nothing under- or overflows however far out it lies. The
//! first terms are added one by one, the rest by the Euler-Maclaurin formula.

/// So few terms are added one by one: the difference of two ends would keep less of them.
const DIRECT: u64 = 16;

/// `sum ln(k / min)^d (k / min)^-s` over whole k from `min` to `max` for d = 0, 1 and 2. Without `max` the sum has no
/// end and s must be above 1; times `min^-s` its first part is the Hurwitz zeta function of (s, min).
pub(super) fn log_moments(s: f64, min: u64, max: Option<u64>) -> [f64; 3] {
    let scale = min as f64;
    let mut moments = [0.0; 3];
    let last = max.unwrap_or(u64::MAX);
    let start = first_smooth(s).max(min);
    let start = if last.saturating_sub(start) < DIRECT { last.saturating_add(1) } else { start };
    for k in min..start {
        let (log, term) = ((k as f64 / scale).ln(), (k as f64 / scale).powf(-s));
        moments[0] += term;
        moments[1] += log * term;
        moments[2] += log * log * term;
    }
    if start > last {
        return moments;
    }
    let from = start as f64;
    add(&mut moments, 1.0, ends(s, from, scale));
    match max {
        None => add(&mut moments, scale, integrals_to_infinity(s, from / scale)),
        Some(max) => {
            let to = max as f64 + 1.0;
            add(&mut moments, scale, integrals(s, from / scale, to / scale));
            add(&mut moments, -1.0, ends(s, to, scale));
        }
    }
    moments
}

/// `sum (k / scale)^-s` over whole k from `from` to `to`, the latter excluded.
pub(super) fn power_sum(s: f64, scale: f64, from: u64, to: u64) -> f64 {
    let start = first_smooth(s).max(from).min(to);
    let start = if to - start <= DIRECT { to } else { start };
    let direct: f64 = (from..start).map(|k| (k as f64 / scale).powf(-s)).sum();
    if start == to {
        return direct;
    }
    let (a, b) = (start as f64, to as f64);
    let whole = scale * integrals(s, a / scale, b / scale)[0];
    direct + whole + ends(s, a, scale)[0] - ends(s, b, scale)[0]
}

/// From here on the formula's remainder after eight corrections is below rounding.
fn first_smooth(s: f64) -> u64 {
    24 + s.max(0.0) as u64
}

fn add(to: &mut [f64; 3], factor: f64, what: [f64; 3]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += factor * what;
    }
}

/// What the sum from m on has more than the integral from m on: half the first term and the corrections.
fn ends(s: f64, m: f64, scale: f64) -> [f64; 3] {
    // Bernoulli numbers B_2j over (2j)!.
    const COEFFICIENTS: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30_240.0,
        -1.0 / 1_209_600.0,
        1.0 / 47_900_160.0,
        -691.0 / 1_307_674_368_000.0,
        1.0 / 74_724_249_600.0,
        -3617.0 / 10_670_622_842_880_000.0,
    ];
    let (log, decay) = ((m / scale).ln(), (m / scale).powf(-s));
    let mut sums = [0.5 * decay, 0.5 * decay * log, 0.5 * decay * log * log];
    // Minus the (2j-1)th derivative of x^-s at m is rising * m^(-s-2j+1), rising = s (s+1) ... (s+2j-2);
    // those of ln(x)^d x^-s follow by differentiating by s.
    let mut rising = [s, 1.0, 0.0];
    let mut power = decay / m;
    for (j, coefficient) in COEFFICIENTS.iter().enumerate() {
        if j > 0 {
            for factor in [s + 2.0 * j as f64 - 1.0, s + 2.0 * j as f64] {
                rising = [
                    rising[0] * factor,
                    rising[1] * factor + rising[0],
                    rising[2] * factor + 2.0 * rising[1],
                ];
            }
            power /= m * m;
        }
        let term = coefficient * power;
        sums[0] += term * rising[0];
        sums[1] += term * (rising[0] * log - rising[1]);
        sums[2] += term * (rising[0] * log * log - 2.0 * rising[1] * log + rising[2]);
    }
    sums
}

/// The integrals of `ln(x)^d x^-s` from `from` to infinity, by parts.
fn integrals_to_infinity(s: f64, from: f64) -> [f64; 3] {
    let (log, t) = (from.ln(), 1.0 / (s - 1.0));
    let whole = from.powf(1.0 - s) * t;
    [whole, whole * (log + t), whole * (log * log + 2.0 * t * (log + t))]
}

/// The integrals of `ln(x)^d x^-s` between two bounds, for any s: over v = ln(x / from) they are those of
/// `(ln(from) + v)^d e^((1 - s) v)`.
fn integrals(s: f64, from: f64, to: f64) -> [f64; 3] {
    let (log, width) = (from.ln(), (to / from).ln());
    let front = from.powf(1.0 - s);
    let [v0, v1, v2] = exponential_moments((1.0 - s) * width);
    let (v0, v1, v2) = (width * v0, width * width * v1, width.powi(3) * v2);
    [front * v0, front * (log * v0 + v1), front * (log * log * v0 + 2.0 * log * v1 + v2)]
}

/// The integrals of `v^d e^(z v)` over v from 0 to 1.
fn exponential_moments(z: f64) -> [f64; 3] {
    if z.abs() < 1.0 {
        // sum z^n / n! / (n + d + 1): by parts, near 0 little would be left of large differences.
        let (mut power, mut sums) = (1.0, [0.0; 3]);
        for n in 0..20 {
            let n = f64::from(n);
            add(&mut sums, power, [1.0 / (n + 1.0), 1.0 / (n + 2.0), 1.0 / (n + 3.0)]);
            power *= z / (n + 1.0);
        }
        return sums;
    }
    let zeroth = z.exp_m1() / z;
    let first = (z.exp() - zeroth) / z;
    [zeroth, first, (z.exp() - 2.0 * first) / z]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::PI;

    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() <= 2e-14 * wanted.abs(), "{found}, not {wanted}");
    }

    #[test]
    fn known_values() {
        near(log_moments(2.0, 1, None)[0], PI * PI / 6.0);
        near(log_moments(4.0, 1, None)[0], PI.powi(4) / 90.0);
        near(log_moments(2.0, 3, None)[0] / 9.0, PI * PI / 6.0 - 1.25);
        near(log_moments(1.01, 1, None)[0], 100.577_943_338_497_2);
        // Minus the derivative of Riemann's zeta at 2, and its second derivative there.
        near(log_moments(2.0, 1, None)[1], 0.937_548_254_315_843_8);
        near(log_moments(2.0, 1, None)[2], 1.989_280_234_298_901);
    }

    #[test]
    fn a_steep_sum_far_out_does_not_vanish() {
        // Locally an exponential of rate s / min: the sum is near min / s.
        let [whole, ..] = log_moments(50.0, 1_000_000_000, None);
        assert!((whole / (1e9 / 49.0) - 1.0).abs() < 1e-7, "{whole}");
    }

    /// Sums to near 1e-12; those with logarithms also to a few roundings of the plain sum, as the logarithm of a
    /// ratio near 1 is known no better.
    fn agrees_with_adding(s: f64, min: u64, max: u64) {
        let scale = min as f64;
        let mut wanted = [0.0; 3];
        for k in (min..=max).rev() {
            let (log, term) = ((k as f64 / scale).ln(), (k as f64 / scale).powf(-s));
            super::add(&mut wanted, term, [1.0, log, log * log]);
        }
        let found = log_moments(s, min, Some(max));
        for d in 0..3 {
            let allowed = 1e-12 * wanted[d] + if d == 0 { 0.0 } else { 1e-15 * wanted[0] };
            assert!(
                (found[d] - wanted[d]).abs() <= allowed,
                "{s} {min} {max} {d}: {found:?}, not {wanted:?}"
            );
        }
        let sum = power_sum(s, scale, min, max + 1);
        assert!((sum - wanted[0]).abs() <= 1e-12 * wanted[0], "{s} {min} {max}: {sum}, not {wanted:?}");
    }

    #[test]
    fn short_sums_are_exact() {
        for (s, min) in [(1.0, 1), (2.0, 30), (-5.0, 2999), (49.0, 500), (0.9995, 2345)] {
            assert_eq!(log_moments(s, min, Some(min)), [1.0, 0.0, 0.0]);
            (0..40).for_each(|length| agrees_with_adding(s, min, min + length));
        }
    }

    proptest! {
        #[test]
        fn sums_agree_with_adding_term_by_term(
            s in prop_oneof![-5.0..50.0f64, Just(1.0), Just(2.0), 0.999..1.001],
            min in 1..3000u64,
            length in 0..3000u64,
        ) {
            agrees_with_adding(s, min, min + length);
        }

        #[test]
        fn a_finite_part_and_the_rest_make_the_whole(s in 1.05..20.0f64, min in 1..200u64, length in 0..100_000u64) {
            let (to, scale) = (min + length, min as f64);
            let whole = log_moments(s, min, None)[0];
            let rest = log_moments(s, to, None)[0] * (to as f64 / scale).powf(-s);
            prop_assert!((power_sum(s, scale, min, to) + rest - whole).abs() <= 1e-12 * whole);
        }
    }
}
