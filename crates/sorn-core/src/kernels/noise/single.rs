//! The same noise in 32 bits, for [`Precision::Fast`](crate::Precision::Fast), with twice as many lanes and series half as
//! long. Numbers are multiples of about 1e-7 and stay below 5.8 standard deviations; one normal number in 10^8 would exceed that.

use super::{LANES, NoiseGenerator};
use crate::simd::{Simd, kernel};

const WIDE: usize = 2 * LANES;

kernel! {
    /// Fills `out` with normal numbers of mean 0 and standard deviation `sd` (Box & Muller 1958).
    pub(crate) fn fill_normal_single<S: Simd>(generator: &mut NoiseGenerator, sd: f64, out: &mut [f64]) {
        let sd = sd as f32;
        let mut chunks = out.chunks_exact_mut(2 * WIDE);
        for chunk in &mut chunks {
            generator.draw::<S>(sd, chunk);
        }
        let rest = chunks.into_remainder();
        if !rest.is_empty() {
            let mut last = [0.0; 2 * WIDE];
            generator.draw::<S>(sd, &mut last);
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }
}

impl NoiseGenerator {
    #[inline(always)]
    fn draw<S: Simd>(&mut self, sd: f32, out: &mut [f64]) {
        let (first, second) =
            (halves(S::next_words(&mut self.state)), halves(S::next_words(&mut self.state)));
        let mut radius = [0.0; WIDE];
        for l in 0..WIDE {
            radius[l] = (-2.0 * ln(open_unit(first[l]))).sqrt() * sd;
        }
        let (sines, cosines) = out.split_at_mut(WIDE);
        let mut both = [[0.0; WIDE]; 2];
        for l in 0..WIDE {
            let (sine, cosine) = sin_cos(second[l]);
            (both[0][l], both[1][l]) = (radius[l] * sine, radius[l] * cosine);
        }
        for l in 0..WIDE {
            sines[l] = f64::from(both[0][l]);
        }
        for l in 0..WIDE {
            cosines[l] = f64::from(both[1][l]);
        }
    }
}

#[inline(always)]
fn halves(words: [u64; LANES]) -> [u32; WIDE] {
    let mut halves = [0; WIDE];
    for l in 0..LANES {
        (halves[l], halves[LANES + l]) = (words[l] as u32, (words[l] >> 32) as u32);
    }
    halves
}

/// A number in `(0, 1)`, an odd multiple of 2^-24.
#[inline(always)]
fn open_unit(bits: u32) -> f32 {
    f32::from_bits(bits >> 9 | 0x3f80_0000) - (1.0 - 1.0 / 16_777_216.0)
}

/// Natural logarithm of a positive normal number, within 1e-7 or 2 units in the last place.
#[inline(always)]
fn ln(x: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    // Exponent such that the mantissa is in [sqrt(1/2), sqrt(2)).
    let bits = x.to_bits();
    let offset = bits.wrapping_sub(SQRT_HALF_BITS);
    let exponent = (offset as i32 >> 23) as f32;
    let mantissa = f32::from_bits(bits.wrapping_sub(offset & 0xff80_0000));
    // ln(m) = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.172.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let mut series = 1.0 / 9.0;
    for odd in [7.0, 5.0, 3.0] {
        series = series * z + 1.0 / odd;
    }
    exponent * std::f32::consts::LN_2 + (2.0 * s + 2.0 * s * (z * series))
}

/// Like `super::sin_cos`: the low three bits choose the octant, the high 23 bits the angle within it.
#[inline(always)]
fn sin_cos(bits: u32) -> (f32, f32) {
    let angle = (open_unit(bits) - 0.5) * std::f32::consts::FRAC_PI_2;
    let z = angle * angle;
    // Taylor series on [-pi/4, pi/4], truncated below 1e-8.
    let mut sine = 1.0 / 362_880.0;
    for factorial in [-5_040.0, 120.0, -6.0] {
        sine = sine * z + 1.0 / factorial;
    }
    let sine = angle + angle * (z * sine);
    let mut cosine = 1.0 / 40_320.0;
    for factorial in [-720.0, 24.0] {
        cosine = cosine * z + 1.0 / factorial;
    }
    let cosine = 1.0 - 0.5 * z + z * (z * cosine);
    let (a, b) = if bits & 1 == 0 { (sine, cosine) } else { (cosine, sine) };
    let sign = |bit: u32| bit << 31;
    (f32::from_bits(a.to_bits() ^ sign(bits >> 1 & 1)), f32::from_bits(b.to_bits() ^ sign(bits >> 2 & 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;
    use crate::simd::{Level, Scalar};

    #[test]
    fn series_are_accurate() {
        let mut generator = NoiseGenerator::new(stream(1, "test"));
        for _ in 0..2000 {
            for bits in halves(Scalar::next_words(&mut generator.state)) {
                let x = open_unit(bits);
                assert!(0.0 < x && x < 1.0);
                let exact = f64::from(x).ln();
                assert!((f64::from(ln(x)) - exact).abs() <= 2.5e-7 * exact.abs().max(0.5), "{x}");
                let (a, b) = sin_cos(bits);
                assert!((a * a + b * b - 1.0).abs() < 4e-7);
                let angle = (open_unit(bits) - 0.5) * std::f32::consts::FRAC_PI_2;
                let inner = if bits & 1 == 0 { a } else { b };
                assert!((inner.abs() - angle.sin().abs()).abs() < 2e-7);
            }
        }
    }

    #[test]
    fn moments_are_those_of_a_normal_law() {
        let mut generator = NoiseGenerator::new(stream(7, "noise"));
        let mut noise = vec![0.0; 400_007];
        fill_normal_single(Level::best(), &mut generator, 0.5, &mut noise);
        let n = noise.len() as f64;
        let moment = |power: i32| noise.iter().map(|z| (2.0 * z).powi(power)).sum::<f64>() / n;
        assert!(moment(1).abs() < 0.008, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.012);
        assert!(moment(3).abs() < 0.03);
        assert!((moment(4) - 3.0).abs() < 0.08);
        let tail = noise.iter().filter(|z| z.abs() > 0.5 * 1.959_964).count() as f64 / n;
        assert!((tail - 0.05).abs() < 0.002, "{tail}");
        for lag in [1, WIDE] {
            let serial = noise.iter().zip(&noise[lag..]).map(|(a, b)| 4.0 * a * b).sum::<f64>() / n;
            assert!(serial.abs() < 0.008, "{lag}: {serial}");
        }
    }

    #[test]
    fn every_level_draws_the_same() {
        for n in [1, 31, 32, 33, 200] {
            let drawn = |level| {
                let (mut generator, mut noise) = (NoiseGenerator::new(stream(3, "a")), vec![0.0; n]);
                fill_normal_single(level, &mut generator, 0.05, &mut noise);
                (generator, noise)
            };
            for level in Level::available() {
                assert_eq!(drawn(level), drawn(Level::Scalar));
            }
        }
    }
}
