//! Arithmetic in which NumPy and Python differ from the plain operation, as the environments need it.

use std::hint::black_box;

/// `x ** 2` of a NumPy scalar or Python float: the C library's `pow`. It differs from `x * x` by one unit in the last place for
/// one in 1,000 numbers.
pub(crate) fn pow2(x: f64) -> f64 {
    // The compiler must not see the exponent: it would turn the call into `x * x`.
    x.powf(black_box(2.0))
}

/// [`pow2`] of a `numpy.float32`.
pub(crate) fn pow2_f32(x: f32) -> f32 {
    x.powf(black_box(2.0))
}

/// `a % b` of NumPy floats, with the sign of `b`; `b` is positive here.
pub(crate) fn remainder(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest < 0.0 { rest + b } else { rest.abs() }
}

/// NumPy's `sin` and `cos` of a `float32`, which are not the C library's: a Cody-Waite reduction to `[-pi/4, pi/4]` and minimax
/// polynomials, in fused multiply-adds (NumPy's `loops_trigonometric`, at most 1.5 units in the last place).
pub(crate) fn sin_cos_f32(x: f32) -> (f32, f32) {
    // Beyond these NumPy calls the C library.
    const SIN_LIMIT: f32 = 117_435.99;
    const COS_LIMIT: f32 = 71_476.06;
    const TWO_OVER_PI: f32 = f32::from_bits(0x3f22_f983);
    // Minus pi/2 in three parts.
    const PI_OVER_2: [f32; 3] =
        [f32::from_bits(0xbfc9_0fd8), f32::from_bits(0xb4a8_885a), f32::from_bits(0xa7c2_34c4)];
    const COS: [f32; 5] =
        [f32::from_bits(0x37cc_730b), f32::from_bits(0xbab6_036e), f32::from_bits(0x3d2a_aa9e), -0.5, 1.0];
    const SIN: [f32; 5] = [
        f32::from_bits(0x363e_9dde),
        f32::from_bits(0xb950_35dd),
        f32::from_bits(0x3c08_88cd),
        f32::from_bits(0xbe2a_aaab),
        0.0,
    ];
    let quadrant = (x * TWO_OVER_PI).round_ties_even();
    let r = PI_OVER_2.iter().fold(x, |r, &part| quadrant.mul_add(part, r));
    let r2 = r * r;
    let horner = |terms: [f32; 5]| terms.into_iter().reduce(|sum, term| sum.mul_add(r2, term)).unwrap_or(0.0);
    let (sin, cos) = (horner(SIN).mul_add(r, r), horner(COS));
    let quadrant = quadrant as i32;
    let pick = |quadrant: i32| {
        let value = if quadrant & 1 == 0 { sin } else { cos };
        if quadrant & 2 == 0 { value } else { -value }
    };
    (
        if x.abs() <= SIN_LIMIT { pick(quadrant) } else { x.sin() },
        if x.abs() <= COS_LIMIT { pick(quadrant.wrapping_add(1)) } else { x.cos() },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f32_sine_and_cosine_are_close_to_f64s() {
        for i in -40_000..40_000 {
            let x = i as f32 * 1.1e-3;
            let (sin, cos) = sin_cos_f32(x);
            let (exact_sin, exact_cos) = f64::from(x).sin_cos();
            assert!((f64::from(sin) - exact_sin).abs() < 1e-7, "sin {x}");
            assert!((f64::from(cos) - exact_cos).abs() < 1e-7, "cos {x}");
        }
        let (sin, cos) = sin_cos_f32(1e9);
        assert!((f64::from(sin) - 1e9f64.sin()).abs() < 1e-7 && (f64::from(cos) - 1e9f64.cos()).abs() < 1e-7);
    }

    #[test]
    fn remainder_has_the_divisors_sign() {
        assert_eq!((remainder(5.0, 3.0), remainder(-5.0, 3.0), remainder(-6.0, 3.0)), (2.0, 1.0, 0.0));
    }
}
