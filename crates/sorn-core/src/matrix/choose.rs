//! Chooses the layout of a plastic matrix.

use super::WeightMatrix;
use super::csr_f32::CsrF32;
use super::dense_f32::DenseF32;
use super::sell16::Sell16;
use super::sharded::Sharded;
use super::storage::{Options, Storage};
use crate::simd::Level;
use crate::thread_pool::ThreadPool;
use crate::{NetworkType, Params, Precision, Rule, Synapses};
use std::sync::Arc;

/// The presynaptic population of a plastic matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Population {
    Excitatory,
    Inhibitory,
}

/// Largest number of neurons for which a place for every pair is faster than a list at any density.
const FEW_NEURONS: usize = 512;

/// Share of connected pairs above which a place for every pair is faster than a list at any size.
const DENSE: f64 = 0.3;

/// Share of neurons active now or before below which watching slices pays off.
const SILENT: f64 = 0.1;

/// Largest number of presynaptic neurons for which a place in a dense matrix fits in 32 bits.
const MOST_DENSE: usize = 1 << 21;

/// Makes the matrix in the layout that suits it, in shards that `pool` runs. `units` is as in
/// [`State::wee_units`](crate::State::wee_units).
///
/// | precision | neurons | share of pairs | layout |
/// |---|---|---|---|
/// | exact | any | any | [`Sell16`]: slices of sixteen columns, 64 bits |
/// | fast | up to 512 | any | [`DenseF32`]: a place for every pair |
/// | fast | more | 0.3 or more | [`DenseF32`] |
/// | fast | more | less | [`CsrF32`]: the synapses of each row |
///
/// The 32-bit layouts give results that differ in the last bits. The choice therefore depends on the parameters alone, not on
/// the machine or on the current number of synapses.
pub(crate) fn choose(
    synapses: &Synapses,
    units: &[[f64; 2]],
    pre: Population,
    params: &Params,
    pool: &Arc<ThreadPool>,
) -> Box<dyn WeightMatrix> {
    let silent = pre == Population::Excitatory && 2.0 * params.mean_h_ip() < SILENT;
    let scales = params.rules.contains(&Rule::Ss) && (pre == Population::Excitatory || params.scale_wei);
    let options = Options { keep_zeros: !params.prune, units, scales, silent, level: Level::best() };
    let small = params.ne <= FEW_NEURONS;
    let dense = share_of_pairs(pre, params) >= DENSE && synapses.n_pre <= MOST_DENSE;
    match params.precision {
        Precision::Fast if small || dense => make::<DenseF32>(synapses, options, params, pool),
        Precision::Fast if params.ne <= 65_536 && CsrF32::<u16>::fit(synapses) => {
            make::<CsrF32<u16>>(synapses, options, params, pool)
        }
        Precision::Fast if params.ne > 65_536 && CsrF32::<u32>::fit(synapses) => {
            make::<CsrF32<u32>>(synapses, options, params, pool)
        }
        // Exact, or more synapses than fit.
        _ => match synapses.n_pre {
            0..=256 => make::<Sell16<u8>>(synapses, options, params, pool),
            257..=65_536 => make::<Sell16<u16>>(synapses, options, params, pool),
            _ => make::<Sell16<u32>>(synapses, options, params, pool),
        },
    }
}

/// The share of pairs that are connected at first.
fn share_of_pairs(pre: Population, params: &Params) -> f64 {
    let (kind, degree, partners) = match pre {
        Population::Excitatory => (params.network_type_ee, params.in_degree_ee(), params.ne - 1),
        Population::Inhibitory => (params.network_type_ei, params.out_degree_ei(), params.ne),
    };
    if kind == NetworkType::Dense { 1.0 } else { degree / partners as f64 }
}

fn make<M: Storage>(
    synapses: &Synapses,
    options: Options<'_>,
    params: &Params,
    pool: &Arc<ThreadPool>,
) -> Box<dyn WeightMatrix> {
    Box::new(Sharded::<M>::new(synapses, options, params.threads, pool))
}
