//! [`Initial`]: given weights, thresholds and pools.

use crate::{Error, Network, Params, State, Synapses};

/// Initial values that replace those that a network would draw. Values that are not given are drawn as usual.
///
/// ```
/// use ndarray::Array2;
/// use sorn_core::{Initial, Network, Params, Synapses};
///
/// // A ring: each neuron excites the next one.
/// let params = Params { ne: 50, nu: 4, ..Params::default() };
/// let ring = Array2::from_shape_fn((50, 50), |(pre, post)| f64::from(u8::from((pre + 1) % 50 == post)));
/// let wee = Some(Synapses::from_dense(&ring));
/// let initial = Initial { wee, te: Some(vec![0.5; 50]), ..Initial::default() };
/// let network = Network::with_initial(&params, 7, &initial)?;
/// assert_eq!(network.ee_connections(), 50);
/// # Ok::<(), sorn_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Initial {
    /// E-to-E weights in `[0, 1]`, `(ne, ne)`, `[pre, post]`.
    pub wee: Option<Synapses>,
    /// I-to-E weights, `(ni, ne)`.
    pub wei: Option<Synapses>,
    /// E-to-I weights, `(ne, ni)`.
    pub wie: Option<Synapses>,
    /// Thresholds of E neurons, `ne`.
    pub te: Option<Vec<f64>>,
    /// Thresholds of I neurons, `ni`.
    pub ti: Option<Vec<f64>>,
    /// Target rates of E neurons, `ne`.
    pub h_ip: Option<Vec<f64>>,
    /// Neurons that receive each input, `nu` lists, where inputs go to pools.
    pub pools: Option<Vec<Vec<u32>>>,
}

impl Initial {
    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        *self == Initial::default()
    }

    /// Writes the values into a state; [`Network::from_state`] checks the result.
    pub fn put_into(&self, state: &mut State) {
        for (given, place) in
            [(&self.wee, &mut state.wee), (&self.wei, &mut state.wei), (&self.wie, &mut state.wie)]
        {
            if let Some(given) = given {
                place.clone_from(given);
            }
        }
        // The units belong to the weights that are replaced.
        if self.wee.is_some() {
            state.wee_units.clear();
        }
        if self.wei.is_some() {
            state.wei_units.clear();
        }
        for (given, place) in
            [(&self.te, &mut state.te), (&self.ti, &mut state.ti), (&self.h_ip, &mut state.h_ip)]
        {
            if let Some(given) = given {
                place.clone_from(given);
            }
        }
        if let Some(pools) = &self.pools {
            state.pools.clone_from(pools);
            state.pools.iter_mut().for_each(|pool| pool.sort_unstable());
        }
    }
}

impl Network {
    /// A [`new`](Network::new) network in which `initial` replaces the values that it would draw.
    ///
    /// # Errors
    /// As [`new`](Network::new), and [`Error::State`] naming the array that does not fit: its shape, weights outside `[0, 1]`,
    /// self-connections, values that are not finite.
    pub fn with_initial(params: &Params, seed: u64, initial: &Initial) -> Result<Network, Error> {
        let mut state = Network::new(params, seed)?.state();
        initial.put_into(&mut state);
        Network::from_state(params, state)
    }
}
