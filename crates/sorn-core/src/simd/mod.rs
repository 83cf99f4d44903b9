//! Instruction sets: the levels, their detection, and their primitives.
//!
//! A kernel is written once, generic over [`Simd`], and [`kernel!`] compiles it for every [`Level`]. A level offers
//! primitives and no algorithms. Every level computes the same bits; [`scalar`] is the reference.

mod append;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod level;
mod prefetch;
#[cfg(target_arch = "x86_64")]
mod primitives;
mod row;
mod scalar;
#[cfg(test)]
mod tests;
mod vector;

pub(crate) use append::{Appender, list_bits};
#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use level::{Level, kernel};
pub(crate) use prefetch::{prefetch, prefetch_far, prefetch_one, prefetch_row};
pub(crate) use row::{LANES, Mask, Real, Row, set_bits};
pub(crate) use scalar::Scalar;
pub(crate) use vector::{MOST_PARTS, Set, Simd, Vector, VectorF64, Words, each_part};
