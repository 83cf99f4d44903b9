//! The initial network, drawn from the global generators as upstream draws it.

use ndarray::Array2;

use super::settings::Settings;
use crate::globals::{Globals, NumpyRandom, PythonRandom};
use crate::ndtri::ndtri;

/// Upper limit of initial weights, before they are normalised.
const MAX_WEIGHT: f64 = 0.1;
/// Standard deviation of the number of synapses per neuron.
const LAMBDA_SD: f64 = 1.0;

/// What upstream's `Plasticity.initialize_plasticity` returns, activity apart.
pub(crate) struct Initial {
    pub(crate) wee: Array2<f64>,
    pub(crate) wei: Array2<f64>,
    pub(crate) wie: Array2<f64>,
    pub(crate) te: Vec<f64>,
    pub(crate) ti: Vec<f64>,
}

impl Initial {
    pub(crate) fn draw(settings: &Settings, globals: &mut Globals<'_>) -> Self {
        let (ne, ni) = (settings.ne, settings.ni());
        let Globals { numpy, python, .. } = globals;
        let mut draw = |kind, lambda| match lambda {
            Some(lambda) => sparse(kind, ne, ni, lambda, LAMBDA_SD, numpy, python),
            None => dense(kind, ne, ni, numpy),
        };
        let mut wee = draw(Kind::Ee, settings.lambda_ee());
        let mut wei = draw(Kind::Ei, settings.lambda_ei());
        let mut wie = draw(Kind::Ie, settings.lambda_ie());
        connect_lonely(&mut wee, true, numpy);
        connect_lonely(&mut wei, false, numpy);
        connect_lonely(&mut wie, false, numpy);
        normalise(&mut wee);
        normalise(&mut wei);
        normalise(&mut wie);
        let te = (0..ne).map(|_| numpy.uniform(settings.te_min, settings.te_max)).collect();
        let ti = (0..ni).map(|_| numpy.uniform(settings.ti_min, settings.ti_max)).collect();
        Initial { wee, wei, wie, te, ti }
    }
}

/// Which neurons a matrix connects; shapes are `[pre, post]`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `(ne, ne)`, the number of incoming synapses is drawn per post neuron.
    Ee,
    /// `(ni, ne)`, the number of outgoing synapses is drawn per pre neuron.
    Ei,
    /// `(ne, ni)`, the number of incoming synapses is drawn per post neuron.
    Ie,
}

/// A number of synapses per neuron, normal with mean `lambda` and standard deviation `sd`, truncated towards 0.
pub(crate) fn sparse(
    kind: Kind,
    ne: usize,
    ni: usize,
    lambda: f64,
    sd: f64,
    numpy: &mut NumpyRandom,
    python: &mut PythonRandom,
) -> Array2<f64> {
    let (pre, post) = kind.shape(ne, ni);
    let neurons = if kind == Kind::Ei { pre } else { post };
    let population = if kind == Kind::Ee { ne - 1 } else { ne };
    // A number beyond the population is taken for the nearest that it can give.
    let count = |p: f64| (ndtri(p) * sd + lambda).trunc().clamp(0.0, population as f64) as usize;
    let counts: Vec<usize> = (0..neurons).map(|_| count(numpy.random())).collect();
    let total: usize = counts.iter().sum();
    let drawn: Vec<f64> = (0..total).map(|_| numpy.uniform(0.0, MAX_WEIGHT)).collect();
    let mut drawn = drawn.into_iter();
    let mut weights = Array2::zeros((pre, post));
    for (neuron, count) in counts.into_iter().enumerate() {
        for (position, weight) in python.sample(population as u32, count as u32).into_iter().zip(&mut drawn) {
            let other = position as usize;
            match kind {
                // The neuron itself is left out of its population.
                Kind::Ee => weights[[other + usize::from(other >= neuron), neuron]] = weight,
                Kind::Ei => weights[[neuron, other]] = weight,
                Kind::Ie => weights[[other, neuron]] = weight,
            }
        }
    }
    weights
}

fn dense(kind: Kind, ne: usize, ni: usize, numpy: &mut NumpyRandom) -> Array2<f64> {
    let mut weights = Array2::from_shape_simple_fn(kind.shape(ne, ni), || numpy.uniform(0.0, MAX_WEIGHT));
    if kind == Kind::Ee {
        weights.diag_mut().fill(0.0);
    }
    weights
}

impl Kind {
    fn shape(self, ne: usize, ni: usize) -> (usize, usize) {
        match self {
            Kind::Ee => (ne, ne),
            Kind::Ei => (ni, ne),
            Kind::Ie => (ne, ni),
        }
    }
}

/// Gives a neuron without incoming synapses two (or, where the draws coincide, one) of the first fifth of the rows.
fn connect_lonely(weights: &mut Array2<f64>, square: bool, numpy: &mut NumpyRandom) {
    let rows = weights.nrows();
    let choice = ((rows as f64 * 0.2) as u32).max(1);
    let lonely: Vec<usize> = weights
        .columns()
        .into_iter()
        .enumerate()
        .filter(|(_, column)| column.iter().all(|&weight| weight == 0.0))
        .map(|(post, _)| post)
        .collect();
    for post in lonely {
        let pres = [numpy.randint(choice), numpy.randint(choice)];
        for pre in pres {
            let pre = pre as usize;
            // No neuron connects to itself: its neighbour does instead.
            let pre = if square && pre == post { (pre + 1) % rows } else { pre };
            weights[[pre, post]] = numpy.uniform(0.0, MAX_WEIGHT);
        }
    }
}

/// Divides each column by its sum, rows added one after the other.
fn normalise(weights: &mut Array2<f64>) {
    let sums =
        weights.rows().into_iter().fold(ndarray::Array1::zeros(weights.ncols()), |sums, row| sums + row);
    for mut row in weights.rows_mut() {
        row /= &sums;
    }
}
