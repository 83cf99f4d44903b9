//! The passes over rows and columns, compiled for the registers that the machine has.

// Loops over lanes with an index become vector instructions.
#![allow(clippy::needless_range_loop)]

use super::{Extent, Lazy, NEAR};
#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};
use crate::kernel::isa::Isa;
use crate::kernel::lookup::{Index, Pattern};
use crate::kernel::{LANES, Mask, Real, Row, prefetch};
use crate::plastic::{Learning, Pairs};
use crate::units::Units;

/// Rows that are asked for ahead of the one at hand.
const AHEAD: usize = 2;

/// The loop that needs masks, which compilers do not see; what it computes is the same in each form.
pub(super) trait Form {
    /// Which of sixteen synapses are raised, and which lowered: of those that exist, by `signs` and the code of their
    /// postsynaptic neuron, two bits of `codes` for each.
    fn masks<I: Index>(weights: &Row<f32>, posts: &[I; LANES], codes: &[u32], signs: u32) -> (Mask, Mask);
}

struct Plain;

impl Form for Plain {
    #[inline(always)]
    fn masks<I: Index>(weights: &Row<f32>, posts: &[I; LANES], codes: &[u32], signs: u32) -> (Mask, Mask) {
        let mut kinds = [0_u32; LANES];
        for l in 0..LANES {
            let post = posts[l].to_u32();
            let code = codes[post as usize / LANES] >> (2 * (post % LANES as u32)) & 3;
            kinds[l] = signs >> (2 * code) & 3;
        }
        let (mut up, mut down): (Mask, Mask) = (0, 0);
        for l in 0..LANES {
            let exists = weights.0[l].exists();
            up |= Mask::from(exists & (kinds[l] & 1 != 0)) << l;
            down |= Mask::from(exists & (kinds[l] & 2 != 0)) << l;
        }
        (up, down)
    }
}

/// Spreads sixteen bits to the even ones of thirty-two.
#[inline(always)]
fn spread(mask: Mask) -> u32 {
    let mut bits = u32::from(mask);
    for (shift, kept) in [(8, 0x00ff_00ff), (4, 0x0f0f_0f0f), (2, 0x3333_3333), (1, 0x5555_5555)] {
        bits = (bits | bits << shift) & kept;
    }
    bits
}

/// Calls a pass in the form for the instruction set.
macro_rules! dispatch {
    ($self:ident.$plain:ident / $avx2:ident / $avx512:ident ($($argument:expr),*)) => {
        match $self.isa {
            // SAFETY: the machine has it.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => unsafe { $self.$avx512($($argument),*) },
            // SAFETY: the machine has it.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => unsafe { $self.$avx2($($argument),*) },
            Isa::Plain => $self.$plain($($argument),*),
        }
    };
}

/// What a rule does to the synapses of one row, by the code of the postsynaptic neuron's activity, see `Pattern`: two bits
/// for each code, 1 to raise, 2 to lower.
fn signs(pairs: Pairs, before: bool, now: bool) -> u32 {
    let mut signs = 0;
    for code in 0..4_u32 {
        let (post_before, post_now) = (code & 1 != 0, code & 2 != 0);
        let (plus, minus) = match pairs {
            Pairs::Stdp => (before && post_now, now && post_before),
            Pairs::Istdp => (before && post_now, before && !post_now),
        };
        // A raise and a lowering of STDP cancel.
        signs |= (u32::from(plus && !minus) | u32::from(minus && !plus) << 1) << (2 * code);
    }
    signs
}

impl<I: Index> Lazy<I> {
    /// Runs `Op::Update`; returns how many synapses were pruned.
    pub(super) fn update(&mut self, pre: &Pattern, learning: &Learning<'_>) -> u32 {
        dispatch!(self.update_plain / update_avx2 / update_avx512(pre, learning))
    }

    /// Runs `Op::Scale`.
    pub(super) fn scale(&mut self) {
        let far = dispatch!(self.scale_plain / scale_avx2 / scale_avx512());
        if far {
            self.fold();
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,bmi1,popcnt")]
    fn update_avx512(&mut self, pre: &Pattern, learning: &Learning<'_>) -> u32 {
        self.update_loop::<Avx512>(pre, learning)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,popcnt")]
    fn update_avx2(&mut self, pre: &Pattern, learning: &Learning<'_>) -> u32 {
        self.update_loop::<Avx2>(pre, learning)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,bmi1,popcnt")]
    fn scale_avx512(&mut self) -> bool {
        self.columns.scale(&NEAR)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,popcnt")]
    fn scale_avx2(&mut self) -> bool {
        self.columns.scale(&NEAR)
    }

    fn update_plain(&mut self, pre: &Pattern, learning: &Learning<'_>) -> u32 {
        self.update_loop::<Plain>(pre, learning)
    }

    fn scale_plain(&mut self) -> bool {
        self.columns.scale(&NEAR)
    }

    #[inline(always)]
    fn update_loop<F: Form>(&mut self, pre: &Pattern, learning: &Learning<'_>) -> u32 {
        for (slice, codes) in self.codes.iter_mut().enumerate() {
            let (before, now) = learning.post.word(learning.first_slice + slice);
            *codes = spread(before) | spread(now) << 1;
        }
        let step = Step {
            codes: &self.codes,
            plus: learning.change.plus as f32,
            minus: learning.change.minus as f32,
            floor: learning.change.floor as f32,
        };
        self.active.clear();
        for word in 0..self.rows.len().div_ceil(LANES) {
            let (before, now) = pre.word(word);
            let mut active = before | now;
            while active != 0 {
                let lane = active.trailing_zeros() as usize;
                active &= active - 1;
                let signs = signs(learning.pairs, before >> lane & 1 != 0, now >> lane & 1 != 0);
                if signs != 0 {
                    self.active.push(((word * LANES + lane) as u32, signs));
                }
            }
        }
        let mut pruned = 0;
        for at in 0..self.active.len() {
            if let Some(&(soon, _)) = self.active.get(at + AHEAD) {
                self.prefetch(soon);
            }
            let (neuron, signs) = self.active[at];
            let row = &mut self.rows[neuron as usize];
            let groups = row.groups();
            let (weights, posts) = (&mut self.weights[groups.clone()], &self.posts[groups]);
            pruned += step.row::<F, I>(row, weights, posts, signs, &mut self.columns);
        }
        pruned
    }

    /// Asks for the synapses of a row: rows are too short for the machine to see that it is reading in order.
    #[inline(always)]
    fn prefetch(&self, neuron: u32) {
        let groups = self.rows[neuron as usize].groups();
        prefetch(&self.weights[groups.clone()]);
        prefetch(&self.posts[groups]);
    }

    /// Computes the drive that neurons active at `t + 1` give.
    pub(super) fn drive(&mut self, pre: &Pattern, drive: &mut [f64]) {
        self.drive.fill(0.0);
        self.active.clear();
        self.active.extend(pre.now().map(|neuron| (neuron, 0)));
        for at in 0..self.active.len() {
            if let Some(&(soon, _)) = self.active.get(at + AHEAD) {
                self.prefetch(soon);
            }
            let groups = self.rows[self.active[at].0 as usize].groups();
            for (weights, posts) in self.weights[groups.clone()].iter().zip(&self.posts[groups]) {
                for (weight, post) in weights.0.iter().zip(posts) {
                    self.drive[post.to_u32() as usize] += weight;
                }
            }
        }
        for ((out, drive), unit) in drive.iter_mut().zip(&self.drive).zip(&self.columns.units) {
            *out = f64::from(drive / unit);
        }
    }
}

/// What is the same for every row of a step.
struct Step<'a> {
    /// Activity of the postsynaptic neurons, see [`Form::masks`].
    codes: &'a [u32],
    plus: f32,
    minus: f32,
    floor: f32,
}

impl Step<'_> {
    #[inline(always)]
    fn row<F: Form, I: Index>(
        &self,
        row: &mut Extent,
        weights: &mut [Row<f32>],
        posts: &[[I; LANES]],
        signs: u32,
        columns: &mut Units,
    ) -> u32 {
        let mut pruned = 0;
        for (weights, posts) in weights.iter_mut().zip(posts) {
            let (up, down) = F::masks(weights, posts, self.codes, signs);
            let mut touched = up | down;
            while touched != 0 {
                let lane = touched.trailing_zeros() as usize;
                touched &= touched - 1;
                let (old, post) = (weights.0[lane], posts[lane].to_u32() as usize);
                let unit = columns.units[post];
                let moved = old + unit * if up >> lane & 1 != 0 { self.plus } else { self.minus };
                let new = if moved > unit { unit } else { moved };
                let new = if moved <= 0.0 { self.floor * unit } else { new };
                columns.sums[post] += f64::from(new) - f64::from(old);
                weights.0[lane] = new;
                if !new.exists() {
                    pruned += 1;
                    row.holes += 1;
                    columns.lose(post, 1);
                }
            }
        }
        pruned
    }
}
