//! Every level's primitives against plain Rust.

use super::*;
use crate::rng::{Xoshiro256PlusPlus, below, stream};

kernel! {
    fn check<S: Simd>() {
        primitives_agree::<S>(&mut stream(5, "test"));
    }
}

#[test]
fn levels_agree() {
    Level::available().into_iter().for_each(check);
}

#[inline(always)]
fn primitives_agree<S: Simd>(rng: &mut Xoshiro256PlusPlus) {
    for _ in 0..2000 {
        let masks: [Mask; 256] =
            std::array::from_fn(|_| [0, Mask::MAX, below(rng, 1 << 16) as Mask][below(rng, 3) as usize]);
        let mut masks = masks.into_iter();
        let mut mask = || masks.next().unwrap_or_default();
        let (a, b) = (std::array::from_fn(|_| mask()), std::array::from_fn(|_| mask()));
        assert_eq!(S::any(&a, &b), Scalar::any(&a, &b));
        assert_eq!(S::any_shared(&a, &b), Scalar::any_shared(&a, &b));
        let (before, now) = (mask(), mask());
        let (mut ours, mut theirs) = ([7; LANES], [8; LANES]);
        S::codes(before, now, &mut ours);
        Scalar::codes(before, now, &mut theirs);
        assert_eq!(ours, theirs);
        let mut lists = [vec![3], vec![3]];
        let [ours, theirs] = &mut lists;
        for (list, level) in [(ours, 0), (theirs, 1)] {
            let mut list = Appender::new(list, 2 * LANES);
            for mask in [before, now] {
                // SAFETY: two masks of sixteen bits.
                unsafe {
                    match level {
                        0 => list.push::<S, 33>(mask, 5),
                        _ => list.push::<Scalar, 33>(mask, 5),
                    }
                }
            }
            list.finish();
        }
        assert_eq!(lists[0], lists[1]);
        let sets: [Set; 2] = std::array::from_fn(|_| std::array::from_fn(|_| mask()));
        let mut posts = || std::array::from_fn(|_| below(rng, 1024) as u16);
        let pair: [[u16; LANES]; 2] = [posts(), posts()];
        assert_eq!(
            S::members([&pair[0], &pair[1]], &sets[0]),
            Scalar::members([&pair[0], &pair[1]], &sets[0])
        );
        let [first, second] = S::MOST_FOUND;
        let four =
            pair.as_flattened().iter().chain(&posts()).chain(&posts()).map(|&n| n as u8).collect::<Vec<u8>>();
        let four: &[[u8; LANES]; 4] = four.as_chunks().0.first_chunk().expect("64 bytes");
        let (tables, scalar) = (sets.map(|set| S::table(&set)), sets.map(|set| Scalar::table(&set)));
        if first > 0 {
            assert_eq!(S::find_u8(four, tables), Scalar::find_u8(four, scalar));
        }
        if second > 0 {
            let pair = pair.map(|row| row.map(|neuron| neuron % second as u16));
            assert_eq!(S::find_u16(&pair, tables), Scalar::find_u16(&pair, scalar));
        }
        let weights = Row(std::array::from_fn(|_| [0.0, -0.0, 0.5][below(rng, 3) as usize]));
        let codes: Vec<u32> = (0..64).map(|_| below(rng, 1 << 32) as u32).collect();
        let signs = below(rng, 1 << 8) as u32 & 0b1010_1001;
        assert_eq!(
            S::touched(&weights, &pair[0], &codes, signs),
            Scalar::touched(&weights, &pair[0], &codes, signs)
        );
        let wide = pair[1].map(u32::from);
        assert_eq!(
            S::touched(&weights, &wide, &codes, signs),
            Scalar::touched(&weights, &wide, &codes, signs)
        );
    }
}

/// Numbers that tell primitives apart: zeros of both signs, equal ones, subnormal ones.
const NUMBERS: [f64; 8] = [0.0, -0.0, 1.0, -1.5, 0.3, 1e-310, -1e-40, 2.5];

kernel! {
    fn check_vectors<S: Simd>() {
        let rng = &mut stream(6, "test");
        for _ in 0..300 {
            let [a, b] = std::array::from_fn(|_| Row(std::array::from_fn(|_| NUMBERS[below(rng, 8) as usize])));
            let (mask, other) = (below(rng, 1 << 16) as Mask, below(rng, 1 << 16) as Mask);
            let [ours, theirs] =
                [vectors::<f64, S::F64>(&a, &b, mask, other), vectors::<f64, <Scalar as Simd>::F64>(&a, &b, mask, other)];
            assert_eq!(ours.0.map(|row| row.0.map(f64::to_bits)), theirs.0.map(|row| row.0.map(f64::to_bits)));
            assert_eq!(ours.1, theirs.1);
            let [a, b] = [a, b].map(|numbers| Row(numbers.0.map(|number| number as f32)));
            let [ours, theirs] =
                [vectors::<f32, S::F32>(&a, &b, mask, other), vectors::<f32, <Scalar as Simd>::F32>(&a, &b, mask, other)];
            assert_eq!(ours.0.map(|row| row.0.map(f32::to_bits)), theirs.0.map(|row| row.0.map(f32::to_bits)));
            assert_eq!(ours.1, theirs.1);
        }
    }
}

#[test]
fn vectors_agree() {
    Level::available().into_iter().for_each(check_vectors);
}

/// The outcome of every operation.
#[inline(always)]
fn vectors<T: Copy + Default, V: Vector<T>>(
    a: &Row<T>,
    b: &Row<T>,
    mask: Mask,
    other: Mask,
) -> ([Row<T>; 8], [Mask; 8]) {
    let mut numbers = [Row::default(); 8];
    let mut masks = [[V::none(); MOST_PARTS]; 8];
    for k in 0..V::PARTS {
        let (x, y) = (V::load(a, k), V::load(b, k));
        let (m, n) = (V::mask(mask, k), V::mask(other, k));
        x.add(y).store(&mut numbers[0], k);
        x.sub(y).store(&mut numbers[1], k);
        x.mul(y).store(&mut numbers[2], k);
        x.min(y).store(&mut numbers[3], k);
        x.max(y).store(&mut numbers[4], k);
        V::select(m, x, y).store(&mut numbers[5], k);
        x.add_where(m, y).store(&mut numbers[6], k);
        V::splat(b.0[3]).store(&mut numbers[7], k);
        for (outcome, mask) in masks.iter_mut().zip([
            x.lt(y),
            x.le(y),
            x.nonzero(),
            x.exists(m),
            m,
            V::and(m, n),
            V::without(m, n),
            V::or(m, n),
        ]) {
            outcome[k] = mask;
        }
    }
    assert_eq!(V::any_of(masks[4]), mask != 0);
    let mut bits = [0; 8];
    for (bits, mask) in bits.iter_mut().zip(masks) {
        *bits = V::join(mask);
    }
    (numbers, bits)
}
