//! The traits of an instruction set that kernels use.

use super::{LANES, Mask, Real, Row};

/// Most vectors of a row.
pub(crate) const MOST_PARTS: usize = 4;

/// Runs a block for each part of a row; a loop might not be unrolled, and its vectors would not stay in registers.
macro_rules! each_part {
    ($vector:ty, $part:ident => $block:block) => {
        let $part = 0;
        $block
        if <$vector>::PARTS > 1 {
            let $part = 1;
            $block
        }
        if <$vector>::PARTS > 2 {
            let $part = 2;
            $block
            let $part = 3;
            $block
        }
    };
}
pub(crate) use each_part;

/// A bit for each of at most 1,024 neurons.
pub(crate) type Set = [Mask; 64];

/// Words of eight generators, see [`NoiseGenerator`](crate::NoiseGenerator).
pub(crate) type Words = [[u64; 8]; 4];

/// Numbers in one register; a row is [`PARTS`](Self::PARTS) of them. A vector is used only where the machine has it.
pub(crate) trait Vector<T>: Copy {
    /// A bit for each lane.
    type Mask: Copy;
    /// Vectors of a row.
    const PARTS: usize;
    /// Number of rows that are summed at a time, limited by the registers.
    const GROUP: usize;

    fn splat(value: T) -> Self;
    fn load(from: &Row<T>, part: usize) -> Self;
    fn store(self, to: &mut Row<T>, part: usize);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// `self` if it is below `other`, else `other`.
    fn min(self, other: Self) -> Self;
    /// `self` if it is above `other`, else `other`.
    fn max(self, other: Self) -> Self;
    fn lt(self, other: Self) -> Self::Mask;
    fn le(self, other: Self) -> Self::Mask;
    fn nonzero(self) -> Self::Mask;
    /// The lanes of `mask` whose synapse exists, see [`Real::exists`].
    fn exists(self, mask: Self::Mask) -> Self::Mask;
    fn select(mask: Self::Mask, set: Self, unset: Self) -> Self;
    /// Adds `other` to the lanes of `mask`.
    fn add_where(self, mask: Self::Mask, other: Self) -> Self;

    /// The bits of a part of a row.
    fn mask(bits: Mask, part: usize) -> Self::Mask;
    /// The lowest bits are those of the lanes.
    fn bits(mask: Self::Mask) -> Mask;
    fn none() -> Self::Mask;
    fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// `a` without `b`.
    fn without(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn or(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn any(mask: Self::Mask) -> bool;

    /// The bits of a row from those of its parts.
    #[inline(always)]
    fn join(masks: [Self::Mask; MOST_PARTS]) -> Mask {
        let mut bits = 0;
        each_part!(Self, part => {
            bits |= Self::bits(masks[part]) << (part * LANES / Self::PARTS);
        });
        bits
    }

    /// Whether a part of a row has a bit.
    #[inline(always)]
    fn any_of(masks: [Self::Mask; MOST_PARTS]) -> bool {
        let mut all = Self::none();
        each_part!(Self, part => {
            all = Self::or(all, masks[part]);
        });
        Self::any(all)
    }
}

/// A vector of `f64`.
pub(crate) trait VectorF64: Vector<f64> {
    fn div(self, other: Self) -> Self;
    /// The bits of `self / sum`, given `1 / sum`, if neither `self` nor the remainder underflows.
    fn quotient(self, sum: Self, reciprocal: Self) -> Self;
}

/// An instruction set.
pub(crate) trait Simd: 'static {
    type F64: VectorF64;
    type F32: Vector<f32>;
    type Table: Copy;
    /// Number of changed rows, of 64, above which visiting all rows is faster than listing the changed ones.
    const MANY: u32 = 64;
    /// Largest numbers of neurons for which [`find_u8`](Self::find_u8) and [`find_u16`](Self::find_u16) work.
    const MOST_FOUND: [usize; 2] = [0, 0];
    /// Largest number of columns for which [`members`](Self::members) is faster than [`touched`](Self::touched).
    const MOST_MEMBERS: usize = 0;

    /// Which of sixteen pairs of masks have a bit.
    fn any(a: &[Mask; LANES], b: &[Mask; LANES]) -> Mask;
    /// Which of sixteen pairs of masks share a bit.
    fn any_shared(a: &[Mask; LANES], b: &[Mask; LANES]) -> Mask;

    /// Writes `first + STEP k` for every bit `k` of a mask.
    ///
    /// # Safety
    /// There is room for sixteen numbers.
    unsafe fn write_bits<const STEP: u32>(to: *mut u32, mask: Mask, first: u32);

    /// Of sixteen neurons, bit 0: active before; bit 1: active now.
    fn codes(before: Mask, now: Mask, to: &mut [u8; LANES]);

    /// The next word of eight xoshiro256++ generators.
    #[inline(always)]
    fn next_words([s0, s1, s2, s3]: &mut Words) -> [u64; 8] {
        let mut out = [0; 8];
        for l in 0..8 {
            out[l] = s0[l].wrapping_add(s3[l]).rotate_left(23).wrapping_add(s0[l]);
            let t = s1[l] << 17;
            s2[l] ^= s0[l];
            s3[l] ^= s1[l];
            s1[l] ^= s2[l];
            s0[l] ^= s3[l];
            s2[l] ^= t;
            s3[l] = s3[l].rotate_left(45);
        }
        out
    }

    /// A set in registers.
    fn table(set: &Set) -> Self::Table;
    /// For four rows of presynaptic indices, which neurons are in each of two sets. The first sixteen bits belong to the first row.
    fn find_u8(rows: &[[u8; LANES]; 4], sets: [Self::Table; 2]) -> [u64; 2];
    /// Like [`find_u8`](Self::find_u8), for two rows.
    fn find_u16(rows: &[[u16; LANES]; 2], sets: [Self::Table; 2]) -> [u64; 2];

    /// Which of two groups of columns, the first sixteen bits for the first, are in a set.
    #[inline(always)]
    fn members(posts: [&[u16; LANES]; 2], set: &Set) -> u32 {
        let posts = posts.into_iter().flatten().map(|&post| usize::from(post));
        let bits = posts.map(|post| set[post / LANES] >> (post % LANES) & 1);
        bits.enumerate().fold(0, |members, (n, bit)| members | u32::from(bit) << n)
    }

    /// Which of sixteen existing synapses are raised and which are lowered. `signs` decides by the code of the postsynaptic
    /// neuron, which has two bits in `codes`.
    #[inline(always)]
    fn touched<I: Copy + Into<u32>>(
        weights: &Row<f32>,
        posts: &[I; LANES],
        codes: &[u32],
        signs: u32,
    ) -> (Mask, Mask) {
        let mut kinds = [0_u32; LANES];
        for (kind, &post) in kinds.iter_mut().zip(posts) {
            let post: u32 = post.into();
            let code = codes[post as usize / LANES] >> (2 * (post % LANES as u32)) & 3;
            *kind = signs >> (2 * code) & 3;
        }
        let (mut up, mut down): (Mask, Mask) = (0, 0);
        for (l, (kind, weight)) in kinds.iter().zip(weights.0).enumerate() {
            up |= Mask::from(weight.exists() & (kind & 1 != 0)) << l;
            down |= Mask::from(weight.exists() & (kind & 2 != 0)) << l;
        }
        (up, down)
    }
}
