//! Sine and cosine of small angles with the bits of the C library, several times faster than by calling it.
//!
//! The C library's results are nearly always the correctly rounded ones, and which those are shows a sum of a few terms: where
//! it lies far enough from the middle between two neighbouring numbers, everyone rounds it alike. Where it lies too near, at
//! one angle of CartPole in 17, the library is asked.
//!
//! Written out for 1e-100 < |x| < 1/4, u = 2^-53, `ulp` the distance of two numbers at the result:
//! - **The library.** Below 0.126 glibc's sine is `x + t` with `|t| < |x|^3 / 6`; the five roundings of t come to at most
//!   0.85 u |x|^3. Above, sine and cosine are `a + b` with a from a table and `|b|` below 2^-8 and 2^-9.9; the roundings of b come
//!   to at most 0.024 and 0.002 ulp. (glibc itself states 0.548 and 0.51 ulp for all angles below 0.855, the last rounding
//!   included.)
//! - **Sine here** is `x + s`, `s = x z p(z)`, `z = x^2`: roundings of z (1 u), of x z (1 u), of the product (1 u), of p with its
//!   first coefficient (2.3 u), all relative to `|s| < |x| z / 6`, and of `s +- margin` (1 u): less than 1.1 u z |x|. The first term
//!   left out is below 2^-60 of s.
//! - **Cosine here** is `high + low`, `high = 1 - z / 2` rounded and `low` the rest of that, the rest of z, and `z^2 q(z)`. `|low|`
//!   is below 2^-12.5, its relative error below 7 u: less than 0.002 ulp.

use crate::fused::Fused;

const U: f64 = f64::EPSILON / 2.0;
/// Below the square of 0.126, where glibc's sine changes its method.
const TABLE: f64 = 0.0158;
/// More than both shares of the cosine's error, 0.002 and 0.002 ulp of numbers below 1.
const COS_MARGIN: f64 = U / 200.0;

/// `(x.sin(), x.cos())`.
#[inline(always)]
pub(crate) fn sin_cos(fused: Fused, x: f64) -> (f64, f64) {
    match rounded_alike(fused, x) {
        // The bound is glibc's.
        Some(both) if cfg!(all(target_os = "linux", target_env = "gnu")) => both,
        _ => ask(x),
    }
}

#[cold]
#[inline(never)]
fn ask(x: f64) -> (f64, f64) {
    (x.sin(), x.cos())
}

/// Sine and cosine, where every library as good as the module's bounds rounds them to the same numbers.
#[inline(always)]
fn rounded_alike(fused: Fused, x: f64) -> Option<(f64, f64)> {
    let sum = |z, [a, b]: [f64; 2]| fused.mul_add(z, b, a);
    let z = x * x;
    let z_rest = fused.mul_add(x, x, -z);
    let z2 = z * z;
    let [p0, p1, p2] = [
        [-1.0 / 6.0, 1.0 / 120.0],
        [-1.0 / 5040.0, 1.0 / 362_880.0],
        [-1.0 / 39_916_800.0, 1.0 / 6_227_020_800.0],
    ]
    .map(|pair| sum(z, pair));
    let [q0, q1] =
        [[1.0 / 24.0, -1.0 / 720.0], [1.0 / 40_320.0, -1.0 / 3_628_800.0]].map(|pair| sum(z, pair));
    let xz = x * z;
    let s = xz * fused.mul_add(z2, fused.mul_add(z2, p2, p1), p0);
    let q = fused.mul_add(z2, fused.mul_add(z2, 1.0 / 479_001_600.0, q1), q0);
    let half = 0.5 * z;
    let high = 1.0 - half;
    let low = fused.mul_add(z2, q, fused.mul_add(-0.5, z_rest, (1.0 - high) - half));
    // u |x| is at most the distance between two numbers at x, which is not below that at the sine.
    let ulp = 2.0 * U * f64::from_bits(x.to_bits() & 0x7ff0_0000_0000_0000);
    // Both shares of the sine's error.
    let sin_margin = ulp * if z < TABLE { 1.9 * z } else { 0.027 + 1.05 * z };
    let (sin, sin_below) = (x + (s + sin_margin), x + (s - sin_margin));
    let (cos, cos_below) = (high + (low + COS_MARGIN), high + (low - COS_MARGIN));
    // From 1e-100, far from underflow, to 1/4.
    (z > 1e-200 && z < 1.0 / 16.0 && sin == sin_below && cos == cos_below).then_some((sin, cos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sorn_env::seeding::Generator;

    fn expect_the_librarys_bits(fused: Fused, x: f64) {
        let (sin, cos) = sin_cos(fused, x);
        assert_eq!([sin.to_bits(), cos.to_bits()], [x.sin().to_bits(), x.cos().to_bits()], "x = {x:e}");
    }

    #[test]
    fn bits_are_the_librarys_and_it_is_seldom_asked() {
        let Some(fused) = Fused::detect() else { return };
        let mut rng = Generator::new(1);
        let mut asked = 0;
        for _ in 0..1_000_000 {
            let x = rng.uniform(-0.21, 0.21);
            expect_the_librarys_bits(fused, x);
            asked += u32::from(rounded_alike(fused, x).is_none());
        }
        assert!((10_000..150_000).contains(&asked), "asked {asked} times");
        for edge in [0.25, 0.126, TABLE.sqrt(), 0.125, 1.0 / 16.0, f64::MIN_POSITIVE, 5e-324, 0.0] {
            let around = [edge.next_down(), edge, edge.next_up()];
            around.iter().flat_map(|&x| [x, -x]).for_each(|x| expect_the_librarys_bits(fused, x));
        }
        assert!([0.3, 1e9, f64::INFINITY, f64::NAN].iter().all(|&x| rounded_alike(fused, x).is_none()));
    }

    proptest! {
        #[test]
        fn bits_are_the_librarys_at_every_scale(significand in -1.0f64..1.0, exponent in -60i32..0) {
            if let Some(fused) = Fused::detect() {
                expect_the_librarys_bits(fused, significand * f64::exp2(exponent.into()));
            }
        }
    }
}
