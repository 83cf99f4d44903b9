//! The primitives in plain Rust, the reference for all others.

use super::{LANES, Mask, Real, Row, Set, Simd, Vector, VectorF64};

/// Plain Rust.
pub(crate) struct Scalar;

/// Numbers of an [`Array`].
const WIDTH: usize = 4;

/// Four numbers, which compilers keep in registers if possible.
#[derive(Clone, Copy)]
pub(crate) struct Array<T>([T; WIDTH]);

/// Applies an operation lane by lane.
#[inline(always)]
fn zip<T: Copy, U: Copy + Default>(a: [T; WIDTH], b: [T; WIDTH], op: impl Fn(T, T) -> U) -> [U; WIDTH] {
    let mut out = [U::default(); WIDTH];
    for l in 0..WIDTH {
        out[l] = op(a[l], b[l]);
    }
    out
}

macro_rules! vector {
    ($number:ty) => {
        impl Vector<$number> for Array<$number> {
            type Mask = [bool; WIDTH];
            const PARTS: usize = LANES / WIDTH;
            const GROUP: usize = 2;

            #[inline(always)]
            fn splat(value: $number) -> Self {
                Array([value; WIDTH])
            }

            #[inline(always)]
            fn load(from: &Row<$number>, part: usize) -> Self {
                let mut out = [0.0; WIDTH];
                out.copy_from_slice(&from.0[part * WIDTH..][..WIDTH]);
                Array(out)
            }

            #[inline(always)]
            fn store(self, to: &mut Row<$number>, part: usize) {
                to.0[part * WIDTH..][..WIDTH].copy_from_slice(&self.0);
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Array(zip(self.0, other.0, |a, b| a + b))
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Array(zip(self.0, other.0, |a, b| a - b))
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Array(zip(self.0, other.0, |a, b| a * b))
            }

            #[inline(always)]
            fn min(self, other: Self) -> Self {
                Array(zip(self.0, other.0, |a, b| if a < b { a } else { b }))
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                Array(zip(self.0, other.0, |a, b| if a > b { a } else { b }))
            }

            #[inline(always)]
            fn lt(self, other: Self) -> Self::Mask {
                zip(self.0, other.0, |a, b| a < b)
            }

            #[inline(always)]
            fn le(self, other: Self) -> Self::Mask {
                zip(self.0, other.0, |a, b| a <= b)
            }

            #[inline(always)]
            fn nonzero(self) -> Self::Mask {
                self.0.map(|value| value != 0.0)
            }

            #[inline(always)]
            fn exists(self, mask: Self::Mask) -> Self::Mask {
                zip(mask, self.0.map(Real::exists), |a, b| a & b)
            }

            #[inline(always)]
            fn select(mask: Self::Mask, set: Self, unset: Self) -> Self {
                let mut out = unset.0;
                for l in 0..WIDTH {
                    out[l] = if mask[l] { set.0[l] } else { unset.0[l] };
                }
                Array(out)
            }

            #[inline(always)]
            fn add_where(self, mask: Self::Mask, other: Self) -> Self {
                // Adding -0.0 changes no bit of a number.
                self.add(Self::select(mask, other, Self::splat(-0.0)))
            }

            #[inline(always)]
            fn mask(bits: Mask, part: usize) -> Self::Mask {
                let mut mask = [false; WIDTH];
                for l in 0..WIDTH {
                    mask[l] = bits >> (part * WIDTH + l) & 1 != 0;
                }
                mask
            }

            #[inline(always)]
            fn bits(mask: Self::Mask) -> Mask {
                let mut bits = 0;
                for l in 0..WIDTH {
                    bits |= Mask::from(mask[l]) << l;
                }
                bits
            }

            #[inline(always)]
            fn none() -> Self::Mask {
                [false; WIDTH]
            }

            #[inline(always)]
            fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask {
                zip(a, b, |a, b| a & b)
            }

            #[inline(always)]
            fn without(a: Self::Mask, b: Self::Mask) -> Self::Mask {
                zip(a, b, |a, b| a & !b)
            }

            #[inline(always)]
            fn or(a: Self::Mask, b: Self::Mask) -> Self::Mask {
                zip(a, b, |a, b| a | b)
            }

            #[inline(always)]
            fn any(mask: Self::Mask) -> bool {
                mask != [false; WIDTH]
            }
        }
    };
}

vector!(f64);
vector!(f32);

impl VectorF64 for Array<f64> {
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Array(zip(self.0, other.0, |a, b| a / b))
    }

    #[inline(always)]
    fn quotient(self, sum: Self, _: Self) -> Self {
        self.div(sum)
    }
}

impl Simd for Scalar {
    type F64 = Array<f64>;
    type F32 = Array<f32>;
    type Table = Set;

    #[inline(always)]
    fn any(a: &[Mask; LANES], b: &[Mask; LANES]) -> Mask {
        let mut any = 0;
        for l in 0..LANES {
            any |= Mask::from(a[l] | b[l] != 0) << l;
        }
        any
    }

    #[inline(always)]
    fn any_shared(a: &[Mask; LANES], b: &[Mask; LANES]) -> Mask {
        let mut any = 0;
        for l in 0..LANES {
            any |= Mask::from(a[l] & b[l] != 0) << l;
        }
        any
    }

    #[inline(always)]
    unsafe fn write_bits<const STEP: u32>(to: *mut u32, mut mask: Mask, first: u32) {
        for n in 0..mask.count_ones() as usize {
            // SAFETY: a mask has at most sixteen bits.
            unsafe { *to.add(n) = first + STEP * mask.trailing_zeros() };
            mask &= mask - 1;
        }
    }

    #[inline(always)]
    fn codes(before: Mask, now: Mask, to: &mut [u8; LANES]) {
        for (l, code) in to.iter_mut().enumerate() {
            *code = ((before >> l & 1) | (now >> l & 1) << 1) as u8;
        }
    }

    #[inline(always)]
    fn table(set: &Set) -> Set {
        *set
    }

    #[inline(always)]
    fn find_u8(rows: &[[u8; LANES]; 4], sets: [Set; 2]) -> [u64; 2] {
        find(rows.as_flattened(), sets)
    }

    #[inline(always)]
    fn find_u16(rows: &[[u16; LANES]; 2], sets: [Set; 2]) -> [u64; 2] {
        find(rows.as_flattened(), sets)
    }
}

/// A level without a fast way does not run this; it is the reference for tests.
fn find<I: Copy + Into<usize>>(neurons: &[I], sets: [Set; 2]) -> [u64; 2] {
    sets.map(|set| {
        let bits = neurons.iter().map(|&neuron| {
            let neuron: usize = neuron.into();
            u64::from(set[neuron / LANES] >> (neuron % LANES) & 1)
        });
        bits.enumerate().fold(0, |found, (n, bit)| found | bit << n)
    })
}
