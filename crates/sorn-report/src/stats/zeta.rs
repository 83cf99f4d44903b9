//! Sums over all whole numbers from a lower bound: the Hurwitz zeta function and its derivatives.

/// `sum ln(k)^d k^-s` over whole k from `min` on for d = 0, 1 and 2, s above 1 and `min` at least 1. The
/// first is the Hurwitz zeta function of (s, min), the second minus its derivative by s.
///
/// The first terms are added one by one, the rest by the Euler-Maclaurin formula.
pub(super) fn log_moments(s: f64, min: u64) -> [f64; 3] {
    // Beyond this k the remainder after eight correction terms is below the rounding of the sum.
    const DIRECT_UP_TO: u64 = 24;
    let mut moments = [0.0; 3];
    let start = min.max(DIRECT_UP_TO);
    for k in min..start {
        add(&mut moments, k as f64, s);
    }
    let m = start as f64;
    let (log, decay) = (m.ln(), m.powf(-s));
    // The integral of ln(x)^d x^-s from m to infinity, by parts.
    let (t, tail) = (1.0 / (s - 1.0), m * decay / (s - 1.0));
    moments[0] += tail + 0.5 * decay;
    moments[1] += tail * (log + t) + 0.5 * decay * log;
    moments[2] += tail * (log * log + 2.0 * t * (log + t)) + 0.5 * decay * log * log;
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
        let scale = coefficient * power;
        moments[0] += scale * rising[0];
        moments[1] += scale * (rising[0] * log - rising[1]);
        moments[2] += scale * (rising[0] * log * log - 2.0 * rising[1] * log + rising[2]);
    }
    moments
}

/// The same sums over whole k from `min` to `max`, for any s.
pub(super) fn bounded_log_moments(s: f64, min: u64, max: u64) -> [f64; 3] {
    let mut moments = [0.0; 3];
    // From the smallest terms up for s above 0, so that little is lost.
    for k in (min..=max).rev() {
        add(&mut moments, k as f64, s);
    }
    moments
}

fn add(moments: &mut [f64; 3], k: f64, s: f64) {
    let (log, term) = (k.ln(), k.powf(-s));
    moments[0] += term;
    moments[1] += log * term;
    moments[2] += log * log * term;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() <= 1e-14 * wanted.abs(), "{found}, not {wanted}");
    }

    #[test]
    fn known_values() {
        near(log_moments(2.0, 1)[0], PI * PI / 6.0);
        near(log_moments(4.0, 1)[0], PI.powi(4) / 90.0);
        near(log_moments(2.0, 3)[0], PI * PI / 6.0 - 1.25);
        near(log_moments(1.01, 1)[0], 100.577_943_338_497_2);
        // Minus the derivative of Riemann's zeta at 2, and its second derivative there.
        near(log_moments(2.0, 1)[1], 0.937_548_254_315_843_8);
        near(log_moments(2.0, 1)[2], 1.989_280_234_298_901);
    }

    #[test]
    fn a_long_bounded_sum_nears_the_whole() {
        let (all, most) = (log_moments(6.0, 2), bounded_log_moments(6.0, 2, 20_000));
        for d in 0..3 {
            near(most[d], all[d]);
        }
    }

    #[test]
    fn it_does_not_matter_where_the_formula_takes_over() {
        for s in [1.2, 2.5, 6.0] {
            let (whole, head, rest) = (log_moments(s, 5), bounded_log_moments(s, 5, 99), log_moments(s, 100));
            for d in 0..3 {
                near(head[d] + rest[d], whole[d]);
            }
        }
    }
}
