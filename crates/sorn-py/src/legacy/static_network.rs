//! One step of a static network whose weights are dense arrays of the caller.
//!
//! A [`Network`](sorn_lab::sorn_core::Network) brings weights into a form of its own, which pays over many steps. For a single
//! step with every rule frozen, as upstream's phase "training" is called step by step, that form costs far more than the step.

use ndarray::ArrayView2;

/// Weights and thresholds of a static network, upstream's names and shapes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StaticNetwork<'a> {
    wee: Dense<'a>,
    wei: Dense<'a>,
    wie: Dense<'a>,
    te: &'a [f64],
    ti: &'a [f64],
}

/// Rows one after the other.
#[derive(Clone, Copy, Debug)]
struct Dense<'a> {
    weights: &'a [f64],
    n_post: usize,
}

/// What a [`StaticNetwork`] did in a step, and memory for the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct StaticActivity {
    /// Active excitatory neurons, ascending.
    pub(crate) spikes_e: Vec<u32>,
    /// Active inhibitory neurons, ascending.
    pub(crate) spikes_i: Vec<u32>,
    /// Recurrent drive, one value per excitatory neuron.
    pub(crate) recurrent: Vec<f64>,
    excitation: Vec<f64>,
    inhibition: Vec<f64>,
    drive_i: Vec<f64>,
}

impl StaticActivity {
    /// Activity to start from: active excitatory and inhibitory neurons, ascending.
    pub(crate) fn new(spikes_e: Vec<u32>, spikes_i: Vec<u32>) -> Self {
        StaticActivity { spikes_e, spikes_i, ..Self::default() }
    }
}

impl<'a> StaticNetwork<'a> {
    /// A network of `wee` `(ne, ne)`, `wei` `(ni, ne)`, `wie` `(ne, ni)`, each `[pre, post]` in C order, `te` `ne`, `ti` `ni`;
    /// none if shapes do not fit together.
    pub(crate) fn new(
        [wee, wei, wie]: [ArrayView2<'a, f64>; 3],
        te: &'a [f64],
        ti: &'a [f64],
    ) -> Option<Self> {
        let (ne, ni) = (te.len(), ti.len());
        let dense = |array: ArrayView2<'a, f64>, shape| {
            let weights = array.to_slice().filter(|_| array.dim() == shape)?;
            Some(Dense { weights, n_post: shape.1 })
        };
        let (wee, wei, wie) = (dense(wee, (ne, ne))?, dense(wei, (ni, ne))?, dense(wie, (ne, ni))?);
        Some(StaticNetwork { wee, wei, wie, te, ti })
    }

    /// One step, with the defaults of `Params`: strict threshold, slow inhibition, input `k` to neuron `k`. Equal to
    /// `Network::step_supplied` with every rule frozen, to the bit. Noise has one value per neuron.
    pub(crate) fn step(
        &self,
        external: &[f64],
        noise: Option<(&[f64], &[f64])>,
        activity: &mut StaticActivity,
    ) {
        let a = activity;
        self.wee.sum_rows(&a.spikes_e, &mut a.excitation);
        self.wei.sum_rows(&a.spikes_i, &mut a.inhibition);
        self.wie.sum_rows(&a.spikes_e, &mut a.drive_i);
        a.spikes_e.clear();
        a.recurrent.clear();
        for (k, &threshold) in self.te.iter().enumerate() {
            let base = a.excitation[k] - a.inhibition[k] + noise.map_or(0.0, |(noise, _)| noise[k]);
            a.recurrent.push(base - threshold);
            if base + external.get(k).copied().unwrap_or(0.0) - threshold > 0.0 {
                a.spikes_e.push(k as u32);
            }
        }
        a.spikes_i.clear();
        for (k, &threshold) in self.ti.iter().enumerate() {
            if a.drive_i[k] + noise.map_or(0.0, |(_, noise)| noise[k]) - threshold > 0.0 {
                a.spikes_i.push(k as u32);
            }
        }
    }
}

impl Dense<'_> {
    /// Sums of the rows of active neurons, added in their order.
    fn sum_rows(&self, active: &[u32], sums: &mut Vec<f64>) {
        sums.clear();
        sums.resize(self.n_post, 0.0);
        for &pre in active {
            let row = &self.weights[pre as usize * self.n_post..][..self.n_post];
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight);
        }
    }
}
