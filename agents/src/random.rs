//! Draws from a seeded generator that give the same bits on every platform.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng;

/// Uniform in `[0, 1)`, 53 random bits.
pub(crate) fn unit(rng: &mut Xoshiro256PlusPlus) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Uniform in `[low, high)`.
pub(crate) fn uniform(rng: &mut Xoshiro256PlusPlus, low: f64, high: f64) -> f64 {
    low + (high - low) * unit(rng)
}

/// Standard normal (Marsaglia's polar method, one of the pair).
pub(crate) fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    loop {
        let (a, b) = (uniform(rng, -1.0, 1.0), uniform(rng, -1.0, 1.0));
        let s = a * a + b * b;
        if s > 0.0 && s < 1.0 {
            return a * (-2.0 * libm::log(s) / s).sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::rand_core::SeedableRng;

    #[test]
    fn moments() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let n = 40_000;
        let draws: Vec<f64> = (0..n).map(|_| normal(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }
}
