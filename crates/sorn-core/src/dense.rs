//! One step of a static network whose weights are dense arrays of the caller.
//!
//! A [`Network`](crate::Network) brings weights into a form of its own, which pays over many steps. For a single step with
//! every rule frozen, as upstream's phase "training" is called step by step, that form costs far more than the step.

use crate::{InputError, StateError, fire, input};
use ndarray::ArrayView2;

/// Weights and thresholds of a static network, upstream's names and shapes.
#[derive(Clone, Copy, Debug)]
pub struct DenseNetwork<'a> {
    wee: ArrayView2<'a, f64>,
    wei: ArrayView2<'a, f64>,
    wie: ArrayView2<'a, f64>,
    te: &'a [f64],
    ti: &'a [f64],
}

/// What a [`DenseNetwork`] did in a step, and memory for the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DenseActivity {
    /// Active excitatory neurons, ascending.
    pub spikes_e: Vec<u32>,
    /// Active inhibitory neurons, ascending.
    pub spikes_i: Vec<u32>,
    /// Recurrent drive, one value per excitatory neuron.
    pub recurrent: Vec<f64>,
    excitation: Vec<f64>,
    inhibition: Vec<f64>,
    drive_i: Vec<f64>,
}

impl DenseActivity {
    /// Activity to start from: active excitatory and inhibitory neurons, ascending. Indices of no neuron drive nobody.
    pub fn new(spikes_e: Vec<u32>, spikes_i: Vec<u32>) -> Self {
        DenseActivity { spikes_e, spikes_i, ..Self::default() }
    }
}

impl<'a> DenseNetwork<'a> {
    /// A network of `wee` `(ne, ne)`, `wei` `(ni, ne)`, `wie` `(ne, ni)`, each `[pre, post]` in C order, `te` `ne`, `ti` `ni`.
    ///
    /// # Errors
    /// Shapes that do not fit together. Values are not looked at: a weight that is not finite silences whom it reaches.
    pub fn new(
        wee: ArrayView2<'a, f64>,
        wei: ArrayView2<'a, f64>,
        wie: ArrayView2<'a, f64>,
        te: &'a [f64],
        ti: &'a [f64],
    ) -> Result<Self, StateError> {
        let (ne, ni) = (te.len(), ti.len());
        for (name, array, shape) in [("wee", wee, (ne, ne)), ("wei", wei, (ni, ne)), ("wie", wie, (ne, ni))] {
            if array.dim() != shape || !array.is_standard_layout() {
                let found = format!("shape {:?}", array.dim());
                return Err(StateError::new(name, found, format!("{shape:?} in C order")));
            }
        }
        Ok(DenseNetwork { wee, wei, wie, te, ti })
    }

    /// One step from `activity`, with the defaults of [`Params`](crate::Params): strict threshold, slow inhibition, input
    /// `k` to neuron `k`. Equal to [`Network::step_supplied`](crate::Network::step_supplied) with every rule frozen, to
    /// the bit.
    ///
    /// # Errors
    /// An input longer than `ne`, noise of wrong length, values that are not finite.
    pub fn step(
        &self,
        external: &[f64],
        noise_e: Option<&[f64]>,
        noise_i: Option<&[f64]>,
        activity: &mut DenseActivity,
    ) -> Result<(), InputError> {
        let (ne, ni) = (self.te.len(), self.ti.len());
        input::check("input", external, external.len().min(ne))?;
        input::check("noise_e", noise_e.unwrap_or(&[]), noise_e.map_or(0, |_| ne))?;
        input::check("noise_i", noise_i.unwrap_or(&[]), noise_i.map_or(0, |_| ni))?;
        let a = activity;
        sum_rows(self.wee, &a.spikes_e, &mut a.excitation);
        sum_rows(self.wei, &a.spikes_i, &mut a.inhibition);
        sum_rows(self.wie, &a.spikes_e, &mut a.drive_i);
        a.spikes_e.clear();
        a.recurrent.clear();
        for k in 0..ne {
            let noise = noise_e.map_or(0.0, |noise| noise[k]);
            let base = a.excitation[k] - a.inhibition[k] + noise;
            a.recurrent.push(base - self.te[k]);
            let total = base + external.get(k).copied().unwrap_or(0.0) - self.te[k];
            if total > 0.0 {
                a.spikes_e.push(k as u32);
            }
        }
        a.spikes_i.clear();
        for k in 0..ni {
            let noise = noise_i.map_or(0.0, |noise| noise[k]);
            if a.drive_i[k] + noise - self.ti[k] > 0.0 {
                a.spikes_i.push(k as u32);
            }
        }
        Ok(())
    }
}

fn sum_rows(weights: ArrayView2<'_, f64>, active: &[u32], sum: &mut Vec<f64>) {
    sum.clear();
    sum.resize(weights.ncols(), 0.0);
    let known = active.iter().position(|&pre| pre as usize >= weights.nrows()).unwrap_or(active.len());
    // `new` has seen that the array is in C order.
    if let Some(weights) = weights.to_slice() {
        fire::sum_rows(weights, &active[..known], sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Network, Params, Rules, Supplied, rng};

    #[test]
    fn equals_a_frozen_network() {
        let params =
            Params { ne: 60, nu: 5, lambda_ee: 8.0.into(), freeze: Rules::all(), ..Params::default() };
        let mut network = Network::new(&params, 9).unwrap();
        let (wee, wei, wie) = (network.wee().to_dense(), network.wei().to_dense(), network.wie().to_dense());
        let (te, ti) = (network.te().to_vec(), network.ti().to_vec());
        let dense = DenseNetwork::new(wee.view(), wei.view(), wie.view(), &te, &ti).unwrap();
        let mut activity = DenseActivity::default();
        let mut draws = rng::stream(4, "test");
        let mut draw =
            |n: usize| -> Vec<f64> { (0..n).map(|_| 2.0 * rng::uniform(&mut draws) - 0.5).collect() };
        let mut spikes = 0;
        for step in 0..200 {
            let (input, noise_e, noise_i) = (draw(5), draw(60), draw(12));
            let noisy = step % 3 != 0;
            let (noise_e, noise_i) = (noisy.then_some(&noise_e[..]), noisy.then_some(&noise_i[..]));
            dense.step(&input, noise_e, noise_i, &mut activity).unwrap();
            let expected = network.step_supplied(&input, Supplied { noise_e, noise_i, grown: None }).unwrap();
            assert_eq!(activity.spikes_e, expected.spikes_e);
            assert_eq!(activity.spikes_i, expected.spikes_i);
            assert_eq!(activity.recurrent, expected.recurrent);
            spikes += activity.spikes_e.len().min(1) + activity.spikes_i.len().min(1);
        }
        assert!(spikes > 200, "{spikes}");
    }

    #[test]
    fn refuses_shapes_and_values() {
        let (wee, wei, wie) =
            (ndarray::Array2::zeros((4, 4)), ndarray::Array2::zeros((1, 4)), ndarray::Array2::zeros((4, 1)));
        let (te, ti) = ([0.5; 4], [0.5]);
        let error = DenseNetwork::new(wei.view(), wei.view(), wie.view(), &te, &ti).unwrap_err();
        assert_eq!(error.array, "wee");
        let error = DenseNetwork::new(wee.view(), wee.view(), wie.view(), &te, &ti).unwrap_err();
        assert_eq!(error.array, "wei");
        let dense = DenseNetwork::new(wee.view(), wei.view(), wie.view(), &te, &ti).unwrap();
        let mut activity = DenseActivity::default();
        assert!(dense.step(&[0.0; 5], None, None, &mut activity).is_err());
        assert!(dense.step(&[f64::NAN], None, None, &mut activity).is_err());
        assert!(dense.step(&[0.0], Some(&[0.0; 3]), None, &mut activity).is_err());
        dense.step(&[1.0], None, None, &mut activity).unwrap();
        assert_eq!(activity.spikes_e, [0]);
    }
}
