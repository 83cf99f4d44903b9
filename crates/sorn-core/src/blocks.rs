//! A plastic connection matrix in blocks of columns, one per thread.
//!
//! A column is computed by itself, so the number of blocks changes no bit.

use crate::columns::Columns;
use crate::kernel::lookup::{Index, Pattern};
use crate::kernel::{LANES, Real};
use crate::plastic::{Learning, Plastic};
use crate::{Precision, Synapses};
use rayon::prelude::*;

/// The matrix with the narrowest indices that fit, in at most `blocks` blocks.
pub(crate) fn plastic(
    synapses: &Synapses,
    keep_zeros: bool,
    precision: Precision,
    blocks: usize,
) -> Box<dyn Plastic> {
    match precision {
        Precision::Exact => with_indices::<f64>(synapses, keep_zeros, blocks),
        Precision::Fast => with_indices::<f32>(synapses, keep_zeros, blocks),
    }
}

fn with_indices<T: Real>(synapses: &Synapses, keep_zeros: bool, blocks: usize) -> Box<dyn Plastic> {
    match synapses.n_pre {
        0..=256 => Box::new(Blocks::<T, u8>::new(synapses, keep_zeros, blocks)),
        257..=65_536 => Box::new(Blocks::<T, u16>::new(synapses, keep_zeros, blocks)),
        _ => Box::new(Blocks::<T, u32>::new(synapses, keep_zeros, blocks)),
    }
}

#[derive(Clone, Debug)]
struct Blocks<T: Real, I: Index> {
    blocks: Vec<Columns<T, I>>,
    /// Columns of a block, save the last: whole slices.
    width: usize,
}

impl<T: Real, I: Index> Blocks<T, I> {
    fn new(synapses: &Synapses, keep_zeros: bool, blocks: usize) -> Self {
        let n_post = synapses.n_post();
        let width = n_post.div_ceil(blocks).next_multiple_of(LANES);
        let blocks = (0..n_post).step_by(width).map(|first| {
            let posts = first..n_post.min(first + width);
            Columns::new(synapses, posts, keep_zeros)
        });
        Blocks { blocks: blocks.collect(), width }
    }
}

impl<T: Real, I: Index> Plastic for Blocks<T, I> {
    fn run(&mut self, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]) -> u32 {
        let slices = self.width / LANES;
        let run = |(n, (block, drive)): (usize, (&mut Columns<T, I>, &mut [f64]))| {
            block.run(pre, &Learning { first_slice: n * slices, ..*learning }, drive)
        };
        if let [block] = &mut self.blocks[..] {
            return block.run(pre, learning, drive);
        }
        self.blocks.par_iter_mut().zip(drive.par_chunks_mut(self.width)).enumerate().map(run).sum()
    }

    fn rest(&mut self) {
        self.blocks.iter_mut().for_each(Columns::rest);
    }

    fn to_synapses(&self) -> Synapses {
        let mut synapses = Synapses::new(self.blocks.first().map_or(0, Columns::n_pre));
        self.blocks.iter().for_each(|block| block.append_to(&mut synapses));
        synapses
    }

    fn count(&self) -> usize {
        self.blocks.iter().map(Columns::count).sum()
    }

    fn add_out_degrees(&self, degrees: &mut [u32]) {
        self.blocks.iter().for_each(|block| block.add_out_degrees(degrees));
    }

    fn contains(&self, pre: u32, post: usize) -> bool {
        self.blocks[post / self.width].contains(pre, post % self.width)
    }

    fn edit(&mut self, post: usize, change: &mut dyn FnMut(u32, &mut f64)) -> u32 {
        self.blocks[post / self.width].edit(post % self.width, change)
    }

    fn grow(&mut self, pre: u32, post: usize, weight: f64) {
        self.blocks[post / self.width].insert(pre, post % self.width, weight);
    }

    fn unconnected(&self) -> usize {
        self.blocks.iter().map(Columns::unconnected).sum()
    }

    fn compact(&mut self, steps: u64) {
        self.blocks.iter_mut().for_each(|block| block.compact(steps));
    }

    fn clone_box(&self) -> Box<dyn Plastic> {
        Box::new(self.clone())
    }
}
