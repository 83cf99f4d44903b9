//! A generator of random cases: the same seed gives the same cases on every machine.

/// SplitMix64 (Steele, Lea and Flood 2014).
pub(crate) struct Rng(u64);

impl Rng {
    /// The generator of one case: of the campaign's seed, the kind and the number of the case.
    pub(crate) fn new(seed: u64, kind: &str, case: u64) -> Rng {
        // FNV-1a over the name.
        let name = kind.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut rng = Rng(seed ^ name);
        let first = rng.next();
        Rng(first ^ case.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is at least 1.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// A number from `from` to `to`, both included.
    pub(crate) fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// A number from 0 to 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_cases_and_others_others() {
        let first = |seed, kind, case| Rng::new(seed, kind, case).next();
        assert_eq!(first(1, "kill", 3), first(1, "kill", 3));
        let others = [first(1, "kill", 3), first(2, "kill", 3), first(1, "faults", 3), first(1, "kill", 4)];
        let distinct: std::collections::BTreeSet<u64> = others.into();
        assert_eq!(distinct.len(), 4);
        assert!((0..100).all(|case| (2..=5).contains(&Rng::new(1, "a", case).within(2, 5))));
    }
}
