//! Seeded, portable randomness: one seed, split into named streams.
//!
//! The generators give the same bits on every platform. A stream does not depend on the numbers drawn from other streams, so
//! adding a probe, a policy or a thread changes no result.

use rand_xoshiro::rand_core::{Rng, SeedableRng};

pub use rand_xoshiro::Xoshiro256PlusPlus;

/// The stream called `name` of `seed`.
///
/// Names in use: `"topology"`, `"noise"`, `"structural plasticity"`, `"policy"`, `"env"`, `"encoder"`. Two names give
/// unrelated streams (FNV-1a of the name, exclusive-or the seed, expanded by SplitMix64).
pub fn stream(seed: u64, name: &str) -> Xoshiro256PlusPlus {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    Xoshiro256PlusPlus::seed_from_u64(seed ^ hash)
}

/// A number uniform in `[0, 1)`, a multiple of 2^-53.
pub fn uniform(rng: &mut Xoshiro256PlusPlus) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// An integer uniform in `0..n` (Lemire 2019, exact by rejection). `n` must be positive.
pub fn below(rng: &mut Xoshiro256PlusPlus, n: u64) -> u64 {
    debug_assert!(n > 0);
    let threshold = n.wrapping_neg() % n;
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(n);
        if product as u64 >= threshold {
            return (product >> 64) as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_repeatable_and_distinct() {
        let draw = |seed, name| stream(seed, name).next_u64();
        assert_eq!(draw(1, "noise"), draw(1, "noise"));
        assert_ne!(draw(1, "noise"), draw(2, "noise"));
        assert_ne!(draw(1, "noise"), draw(1, "topology"));
    }

    #[test]
    fn stream_is_value_stable() {
        // Computed independently from the published algorithms; a change here changes every result.
        let mut rng = stream(42, "topology");
        let first: Vec<u64> = (0..3).map(|_| below(&mut rng, 1000)).collect();
        assert_eq!(first, STABLE);
    }

    const STABLE: [u64; 3] = [608, 943, 724];

    #[test]
    fn below_covers_its_range() {
        let mut rng = stream(3, "test");
        let mut seen = [0_u32; 7];
        for _ in 0..7000 {
            seen[below(&mut rng, 7) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (850..1150).contains(&n)), "{seen:?}");
    }

    #[test]
    fn uniform_is_in_range() {
        let mut rng = stream(3, "test");
        let draws: Vec<f64> = (0..10_000).map(|_| uniform(&mut rng)).collect();
        assert!(draws.iter().all(|u| (0.0..1.0).contains(u)));
        let mean = draws.iter().sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}
