//! The passes over rows and columns, compiled for the registers that the machine has.

// Loops over lanes with an index become vector instructions.
#![allow(clippy::needless_range_loop)]

use super::{Columns, Extent, Lazy, UNITS};
use crate::kernel::isa::Isa;
use crate::kernel::lookup::{Index, Pattern};
use crate::kernel::{LANES, Mask, Real, Row, prefetch};
use crate::plastic::{Learning, Pairs};

/// Rows that are asked for ahead of the one at hand.
const AHEAD: usize = 2;

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
        dispatch!(self.update_loop / update_avx2 / update_avx512(pre, learning))
    }

    /// Runs `Op::Scale`.
    pub(super) fn scale(&mut self) {
        let far = dispatch!(self.scale_loop / scale_avx2 / scale_avx512());
        if far {
            self.fold();
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn update_avx512(&mut self, pre: &Pattern, learning: &Learning<'_>) -> u32 {
        self.update_loop(pre, learning)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn update_avx2(&mut self, pre: &Pattern, learning: &Learning<'_>) -> u32 {
        self.update_loop(pre, learning)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn scale_avx512(&mut self) -> bool {
        self.scale_loop()
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn scale_avx2(&mut self) -> bool {
        self.scale_loop()
    }

    #[inline(always)]
    fn update_loop(&mut self, pre: &Pattern, learning: &Learning<'_>) -> u32 {
        let codes = learning.post.codes(learning.first_slice * LANES, self.drive.len());
        let step = Step {
            codes,
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
            pruned += step.row(row, weights, posts, signs, &mut self.columns);
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

    /// Makes sums units; returns whether one has wandered far from 1.
    #[inline(always)]
    fn scale_loop(&mut self) -> bool {
        let Columns { units, sums, lengths } = &mut self.columns;
        let (mut least, mut most) = (1.0_f32, 1.0_f32);
        for ((unit, sum), &length) in units.iter_mut().zip(sums).zip(&*lengths) {
            // What rounding leaves of the sum of nothing.
            *sum = if length == 0 { 0.0 } else { *sum };
            let new = *sum as f32;
            *unit = if new > 0.0 { new } else { 1.0 };
            least = if *unit < least { *unit } else { least };
            most = if *unit > most { *unit } else { most };
        }
        !UNITS.contains(&least) || !UNITS.contains(&most)
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
    /// Activity of the postsynaptic neurons.
    codes: &'a [u8],
    plus: f32,
    minus: f32,
    floor: f32,
}

impl Step<'_> {
    #[inline(always)]
    fn row<I: Index>(
        &self,
        row: &mut Extent,
        weights: &mut [Row<f32>],
        posts: &[[I; LANES]],
        signs: u32,
        columns: &mut Columns,
    ) -> u32 {
        let mut pruned = 0;
        for (weights, posts) in weights.iter_mut().zip(posts) {
            let mut codes = [0_u32; LANES];
            for l in 0..LANES {
                codes[l] = u32::from(self.codes[posts[l].to_u32() as usize]);
            }
            let (mut up, mut down): (Mask, Mask) = (0, 0);
            for l in 0..LANES {
                let kind = signs >> (2 * codes[l]);
                let exists = weights.0[l].exists();
                up |= Mask::from(exists & (kind & 1 != 0)) << l;
                down |= Mask::from(exists & (kind & 2 != 0)) << l;
            }
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
                    columns.lengths[post] -= 1;
                }
            }
        }
        pruned
    }
}
