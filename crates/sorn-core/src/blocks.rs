//! A plastic connection matrix in blocks of columns, one per thread.
//!
//! A column is computed by itself, so the number of blocks changes no bit.

use crate::columns::Columns;
use crate::contiguous::Contiguous;
use crate::crew::Crew;
use crate::full::{self, Full};
use crate::kernel::LANES;
use crate::kernel::lookup::Pattern;
use crate::lazy::Lazy;
use crate::plastic::{Block, Learning, Plastic};
use crate::{Params, Precision, Synapses};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How much of a matrix a step changes, which decides how a large one is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The columns of neurons that are or were active, as STDP does.
    FewColumns,
    /// Most of them, as inhibitory STDP does.
    MostColumns,
}

/// The matrix in at most `Params::threads` blocks, which `crew` runs; `units` as in
/// [`State::wee_units`](crate::State::wee_units).
pub(crate) fn plastic(
    synapses: &Synapses,
    units: &[[f64; 2]],
    change: Change,
    params: &Params,
    crew: &Arc<Crew>,
) -> Box<dyn Plastic> {
    let few = change == Change::FewColumns && 2.0 * params.mean_h_ip() < FEW;
    let n_pre = synapses.n_pre;
    match (params.precision, params.ne) {
        // Which form a matrix of 32 bits has decides bits, so it must not depend on the machine.
        (Precision::Fast, ..=full::MOST) => blocks::<Full>(synapses, units, params, crew),
        (Precision::Fast, ..=65_536) if Lazy::<u16>::fit(synapses) => {
            blocks::<Lazy<u16>>(synapses, units, params, crew)
        }
        (Precision::Fast, 65_537..) if Lazy::<u32>::fit(synapses) => {
            blocks::<Lazy<u32>>(synapses, units, params, crew)
        }
        // More synapses than fit.
        (Precision::Fast, _) => slices(synapses, params, crew),
        (Precision::Exact, _) if few && n_pre > 1024 && Contiguous::<u32>::fit(synapses) => match n_pre {
            ..=65_536 => blocks::<Contiguous<u16>>(synapses, units, params, crew),
            _ => blocks::<Contiguous<u32>>(synapses, units, params, crew),
        },
        (Precision::Exact, _) => slices(synapses, params, crew),
    }
}

/// Share of neurons active now or before below which visiting single columns pays.
const FEW: f64 = 0.1;

/// The narrowest indices that fit.
fn slices(synapses: &Synapses, params: &Params, crew: &Arc<Crew>) -> Box<dyn Plastic> {
    match synapses.n_pre {
        0..=256 => blocks::<Columns<u8>>(synapses, &[], params, crew),
        257..=65_536 => blocks::<Columns<u16>>(synapses, &[], params, crew),
        _ => blocks::<Columns<u32>>(synapses, &[], params, crew),
    }
}

fn blocks<B: Block>(
    synapses: &Synapses,
    units: &[[f64; 2]],
    params: &Params,
    crew: &Arc<Crew>,
) -> Box<dyn Plastic> {
    Box::new(Blocks::<B>::new(synapses, units, params, crew))
}

#[derive(Clone, Debug)]
struct Blocks<B> {
    blocks: Vec<B>,
    /// Columns of a block, save the last: whole slices.
    width: usize,
    crew: Arc<Crew>,
}

impl<B: Block> Blocks<B> {
    fn new(synapses: &Synapses, units: &[[f64; 2]], params: &Params, crew: &Arc<Crew>) -> Self {
        let n_post = synapses.n_post();
        let width = n_post.div_ceil(params.threads).next_multiple_of(LANES);
        let blocks = (0..n_post).step_by(width).map(|first| {
            let posts = first..n_post.min(first + width);
            B::new(synapses, posts, !params.prune, units)
        });
        Blocks { blocks: blocks.collect(), width, crew: Arc::clone(crew) }
    }
}

impl<B: Block> Plastic for Blocks<B> {
    fn run(&mut self, pre: &Pattern, learning: &Learning<'_>, drive: &mut [f64]) -> u32 {
        if let [block] = &mut self.blocks[..] {
            return block.run(pre, learning, drive);
        }
        let slices = self.width / LANES;
        let pruned = AtomicU32::new(0);
        self.crew.share(&mut self.blocks, drive, self.width, |n, block, drive| {
            let learning = Learning { first_slice: n * slices, ..*learning };
            pruned.fetch_add(block.run(pre, &learning, drive), Ordering::Relaxed);
        });
        pruned.into_inner()
    }

    fn rest(&mut self) {
        self.blocks.iter_mut().for_each(B::rest);
    }

    fn to_synapses(&self) -> Synapses {
        let mut synapses = Synapses::new(self.blocks.first().map_or(0, B::n_pre));
        self.blocks.iter().for_each(|block| block.append_to(&mut synapses));
        synapses
    }

    fn units(&self) -> Vec<[f64; 2]> {
        let mut units = Vec::new();
        self.blocks.iter().for_each(|block| block.append_units(&mut units));
        units
    }

    fn count(&self) -> usize {
        self.blocks.iter().map(B::count).sum()
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
        self.blocks.iter().map(B::unconnected).sum()
    }

    fn compact(&mut self, steps: u64) {
        self.blocks.iter_mut().for_each(|block| block.compact(steps));
    }

    fn clone_box(&self) -> Box<dyn Plastic> {
        Box::new(self.clone())
    }
}
