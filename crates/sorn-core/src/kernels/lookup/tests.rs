//! Every level against single lookups.

use super::*;
use crate::rng::{below, stream};
use crate::simd::kernel;
use crate::topology::choose;

kernel! {
    fn find<S: Simd, I: Index>(pre: &[[I; LANES]], spikes: &SpikeMask, pairing: Pairing, masks: &mut Masks) {
        I::find::<S>(pre, spikes, pairing, masks);
    }
}

fn compare<I: Index>(n: usize) {
    let rng = &mut stream(n as u64, "test");
    for rows in [0, 4, 20, 64] {
        let count = below(rng, n as u64 + 1) as usize;
        let (before, now) = (choose(count, n, rng), choose(count / 2, n, rng));
        let spikes = SpikeMask::new(n, &before, &now);
        let pre: Vec<[I; LANES]> =
            (0..rows).map(|_| std::array::from_fn(|_| I::from_u32(below(rng, n as u64) as u32))).collect();
        let mut mask = || below(rng, 1 << 16) as Mask;
        let pairing = Pairing { plus_before: mask(), minus_before: mask(), minus_now: mask() };
        let (mut fast, mut plain) = (Masks::default(), Masks::default());
        fast.reserve(rows);
        plain.reserve(rows);
        find_one_by_one(&pre, &spikes, pairing, &mut plain);
        for level in Level::available() {
            if n <= I::most_found(level) {
                find(level, &pre, &spikes, pairing, &mut fast);
                assert_eq!((&fast.plus, &fast.minus, &fast.now), (&plain.plus, &plain.minus, &plain.now));
            }
        }
        for (row, pre) in pre.iter().enumerate() {
            for (l, pre) in pre.iter().enumerate() {
                let active = now.binary_search(&pre.to_u32()).is_ok();
                assert_eq!(plain.now[row] >> l & 1 == 1, active);
            }
        }
    }
}

#[test]
fn every_lookup_finds_who_is_active() {
    for n in [3, 100, 256] {
        compare::<u8>(n);
    }
    for n in [300, 512, 1024, 1025, 5000] {
        compare::<u16>(n);
    }
    compare::<u32>(70_000);
}
