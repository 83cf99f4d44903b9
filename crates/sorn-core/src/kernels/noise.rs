//! Noise for every neuron at every step, in eight lanes.
//!
//! The code uses only additions, multiplications, divisions and square roots. IEEE 754 defines how these are rounded, so the
//! same seed gives the same bits on every platform and for every vector width.

use crate::rng::uniform;
use crate::simd::{Scalar, Simd, Words, kernel};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

mod single;

pub(crate) use single::fill_normal_single;

const LANES: usize = 8;
type Lanes = [f64; LANES];

/// Eight xoshiro256++ generators side by side; the state of the noise stream.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct NoiseGenerator {
    state: Words,
}

impl NoiseGenerator {
    /// Eight generators seeded from `rng`, e.g. a [`stream`](crate::rng::stream).
    pub fn new(mut rng: Xoshiro256PlusPlus) -> Self {
        let mut state = [[0; LANES]; 4];
        for lane in 0..LANES {
            let mut lane_rng = Xoshiro256PlusPlus::from_rng(&mut rng);
            for word in &mut state {
                word[lane] = lane_rng.next_u64();
            }
        }
        NoiseGenerator { state }
    }

    #[inline(always)]
    fn draw_normal<S: Simd>(&mut self, sd: f64) -> [f64; 2 * LANES] {
        // Plain loops over lanes, which the compiler turns into vector instructions.
        let (first, second) = (S::next_words(&mut self.state), S::next_words(&mut self.state));
        let mut radius = [0.0; LANES];
        for l in 0..LANES {
            radius[l] = (-2.0 * ln(open_unit(first[l]))).sqrt() * sd;
        }
        let mut both = [0.0; 2 * LANES];
        for l in 0..LANES {
            let (sine, cosine) = sin_cos(second[l]);
            both[l] = radius[l] * sine;
            both[LANES + l] = radius[l] * cosine;
        }
        both
    }

    /// Fills `out` with numbers uniform in `[0, width)`.
    pub(crate) fn fill_uniform(&mut self, width: f64, out: &mut [f64]) {
        for chunk in out.chunks_mut(LANES) {
            let lanes: Lanes = Scalar::next_words(&mut self.state)
                .map(|bits| (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64) * width);
            chunk.copy_from_slice(&lanes[..chunk.len()]);
        }
    }
}

kernel! {
    /// Fills `out` with normal numbers of mean 0 and standard deviation `sd` (Box & Muller 1958).
    pub(crate) fn fill_normal<S: Simd>(generator: &mut NoiseGenerator, sd: f64, out: &mut [f64]) {
        let (chunks, rest) = out.as_chunks_mut();
        for chunk in chunks {
            *chunk = generator.draw_normal::<S>(sd);
        }
        if !rest.is_empty() {
            rest.copy_from_slice(&generator.draw_normal::<S>(sd)[..rest.len()]);
        }
    }
}

/// One normal number of mean 0 and standard deviation 1, for code in which speed does not matter.
pub(crate) fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    let radius = (-2.0 * ln(1.0 - uniform(rng))).sqrt();
    radius * sin_cos(rng.next_u64()).0
}

/// A number in `(0, 1)`, an odd multiple of 2^-53.
#[inline(always)]
fn open_unit(bits: u64) -> f64 {
    // The bits become the mantissa of a number in [1, 2): no conversion from an integer is needed.
    f64::from_bits(bits >> 12 | 0x3ff0_0000_0000_0000) - (1.0 - 1.0 / (1_u64 << 53) as f64)
}

/// Natural logarithm of a positive normal number, within 2 units in the last place or 1e-16.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
    // Exponent such that the mantissa is in [sqrt(1/2), sqrt(2)).
    let bits = x.to_bits();
    let offset = bits.wrapping_sub(SQRT_HALF_BITS);
    // The exponent, plus 1023, in the low mantissa bits of 2^52: as above, without a conversion.
    let biased = offset.wrapping_add(1023 << 52) >> 52;
    let exponent = f64::from_bits(0x4330_0000_0000_0000 | biased) - (4_503_599_627_370_496.0 + 1023.0);
    let mantissa = f64::from_bits(bits.wrapping_sub(offset & 0xfff0_0000_0000_0000));
    // ln(m) = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.172.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let mut series = 1.0 / 21.0;
    for odd in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        series = series * z + 1.0 / odd;
    }
    exponent * std::f64::consts::LN_2 + (2.0 * s + 2.0 * s * (z * series))
}

/// Sine and cosine of an angle uniform in a full turn. The low three bits choose the octant, the high 52 bits the angle
/// within it.
#[inline(always)]
fn sin_cos(bits: u64) -> (f64, f64) {
    let fraction = open_unit(bits) - 0.5;
    let angle = fraction * std::f64::consts::FRAC_PI_2;
    let z = angle * angle;
    // Taylor series on [-pi/4, pi/4], truncated below 1e-16.
    let mut sine = -1.0 / 1_307_674_368_000.0;
    for factorial in [6_227_020_800.0, -39_916_800.0, 362_880.0, -5_040.0, 120.0, -6.0] {
        sine = sine * z + 1.0 / factorial;
    }
    let sine = angle + angle * (z * sine);
    let mut cosine = 1.0 / 20_922_789_888_000.0;
    for factorial in [-87_178_291_200.0, 479_001_600.0, -3_628_800.0, 40_320.0, -720.0, 24.0] {
        cosine = cosine * z + 1.0 / factorial;
    }
    let cosine = 1.0 - 0.5 * z + z * (z * cosine);
    let sign = |bit: u64| bit << 63;
    let (a, b) = if bits & 1 == 0 { (sine, cosine) } else { (cosine, sine) };
    (f64::from_bits(a.to_bits() ^ sign(bits >> 1 & 1)), f64::from_bits(b.to_bits() ^ sign(bits >> 2 & 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;
    use crate::simd::Level;

    #[test]
    fn ln_is_accurate() {
        let mut rng = stream(1, "test");
        for _ in 0..20_000 {
            let x = 1.0 - uniform(&mut rng);
            assert!((ln(x) - x.ln()).abs() <= 1e-15 * x.ln().abs().max(0.25), "{x}");
        }
        assert_eq!(ln(1.0), 0.0);
        assert!((ln(2.0_f64.powi(-53)) - 2.0_f64.powi(-53).ln()).abs() < 1e-13);
    }

    #[test]
    fn sin_cos_is_on_the_circle() {
        let mut rng = stream(1, "test");
        for _ in 0..20_000 {
            let bits = rng.next_u64();
            let (a, b) = sin_cos(bits);
            assert!((a * a + b * b - 1.0).abs() < 1e-15);
            let angle = (open_unit(bits) - 0.5) * std::f64::consts::FRAC_PI_2;
            let inner = if bits & 1 == 0 { a } else { b };
            assert!((inner.abs() - angle.sin().abs()).abs() < 2e-16);
        }
    }

    #[test]
    fn normal_noise_has_the_moments_of_a_normal_law() {
        let mut generator = NoiseGenerator::new(stream(7, "noise"));
        let mut noise = vec![0.0; 400_000];
        fill_normal(Level::best(), &mut generator, 1.0, &mut noise);
        let n = noise.len() as f64;
        let moment = |power: i32| noise.iter().map(|z| z.powi(power)).sum::<f64>() / n;
        assert!(moment(1).abs() < 0.008, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.012);
        assert!(moment(3).abs() < 0.03);
        assert!((moment(4) - 3.0).abs() < 0.08);
        let tail = noise.iter().filter(|z| z.abs() > 1.959_964).count() as f64 / n;
        assert!((tail - 0.05).abs() < 0.002, "{tail}");
        let serial: f64 = noise.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / n;
        assert!(serial.abs() < 0.008);
    }

    #[test]
    fn every_level_draws_the_same() {
        for n in [1, 15, 16, 17, 200] {
            let drawn = |level| {
                let (mut generator, mut noise) = (NoiseGenerator::new(stream(3, "a")), vec![0.0; n]);
                fill_normal(level, &mut generator, 0.05, &mut noise);
                (generator, noise)
            };
            for level in Level::available() {
                assert_eq!(drawn(level), drawn(Level::Scalar));
            }
        }
    }

    #[test]
    fn uniform_noise_is_in_range() {
        let mut generator = NoiseGenerator::new(stream(7, "noise"));
        let mut noise = vec![0.0; 10_001];
        generator.fill_uniform(0.05, &mut noise);
        assert!(noise.iter().all(|z| (0.0..0.05).contains(z)));
        assert!((noise.iter().sum::<f64>() / 10_001.0 - 0.025).abs() < 0.001);
    }
}
