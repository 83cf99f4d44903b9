//! The whole state of a network as plain data.

use crate::error::StateError;
use crate::rng::Xoshiro256PlusPlus;
use crate::{InputMap, NoiseGenerator, Params, Rules, Synapses};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// The whole state of a [`Network`](crate::Network) besides its parameters. A run of `2 n` steps equals, to the bit, a run of
/// `n` steps followed by `n` steps of a network made from the state.
///
/// Names and shapes are upstream's. Connection matrices are compressed; [`Synapses::to_dense`] expands them.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// E-to-E weights, `(ne, ne)`, `[pre, post]`.
    pub wee: Synapses,
    /// I-to-E weights, `(ni, ne)`.
    pub wei: Synapses,
    /// E-to-I weights, `(ne, ni)`.
    pub wie: Synapses,
    /// Unit and sum of the columns of `wee`, as a network with [`Precision::Fast`](crate::Precision::Fast) keeps
    /// them: `ne` pairs, or none. A column whose weights do not add up to the sum over the unit gets a new sum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wee_units: Vec<[f64; 2]>,
    /// Unit and sum of the columns of `wei`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wei_units: Vec<[f64; 2]>,
    /// Thresholds of E neurons, `ne`.
    pub te: Vec<f64>,
    /// Thresholds of I neurons, `ni`.
    pub ti: Vec<f64>,
    /// Target rates of E neurons, `ne`.
    pub h_ip: Vec<f64>,
    /// Active E neurons at `t - 1` and at `t`, ascending.
    pub x: [Vec<u32>; 2],
    /// Active I neurons at `t - 1` and at `t`, ascending.
    pub y: [Vec<u32>; 2],
    /// Recurrent drive of the last step, `ne`.
    pub recurrent: Vec<f64>,
    /// Neurons that receive each input; empty unless inputs go to pools.
    pub pools: Vec<Vec<u32>>,
    /// Reward for the next step.
    pub reward: f64,
    /// The state of each rule that is not built in, in the order in which the rules run.
    pub memories: Vec<Vec<f64>>,
    /// Frozen rules.
    pub frozen: Rules,
    /// Steps taken.
    pub steps: u64,
    /// Synapses that structural plasticity has grown.
    pub births: u64,
    /// E-to-E synapses that were pruned.
    pub deaths: u64,
    /// Pairs `(pre, post)` that structural plasticity has drawn and not grown yet, see
    /// [`Params::sp_batch`](crate::Params::sp_batch).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collected: Vec<(u32, u32)>,
    /// Generator of the noise.
    pub noise: NoiseGenerator,
    /// Generator of structural plasticity.
    pub structural: Xoshiro256PlusPlus,
}

impl State {
    /// Activity as upstream keeps it: `(ne, 2)`, columns `x(t - 1)` and `x(t)`.
    pub fn x_dense(&self) -> Array2<f64> {
        two_columns(&self.x, self.te.len())
    }

    /// Activity as upstream keeps it: `(ni, 2)`, columns `y(t - 1)` and `y(t)`.
    pub fn y_dense(&self) -> Array2<f64> {
        two_columns(&self.y, self.ti.len())
    }

    /// Whether a network with these parameters can be in this state.
    ///
    /// # Errors
    /// The first array that has a wrong shape, a number that is not finite or an index out of range.
    pub fn check(&self, params: &Params) -> Result<(), StateError> {
        let (ne, ni) = (params.ne, params.ni());
        self.wee.check("wee", ne, ne, true)?;
        self.wei.check("wei", ni, ne, false)?;
        self.wie.check("wie", ne, ni, false)?;
        for (name, units) in [("wee_units", &self.wee_units), ("wei_units", &self.wei_units)] {
            if !units.is_empty() && units.len() != ne {
                return Err(StateError::new(
                    name,
                    format!("{} pairs", units.len()),
                    format!("{ne} pairs, or none"),
                ));
            }
            let sound = |pair: &[f64; 2]| {
                f64::from(f32::MIN_POSITIVE) < pair[0] && pair[0] < f64::from(f32::MAX) && pair[1].is_finite()
            };
            if let Some(at) = units.iter().position(|pair| !sound(pair)) {
                let found = format!("[{at}] = {:?}", units[at]);
                return Err(StateError::new(name, found, "a positive unit of 32 bits and a finite sum"));
            }
        }
        for (name, values, n) in [
            ("te", &self.te, ne),
            ("ti", &self.ti, ni),
            ("h_ip", &self.h_ip, ne),
            ("recurrent", &self.recurrent, ne),
        ] {
            if values.len() != n {
                return Err(StateError::new(name, values.len(), format!("{n} values")));
            }
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                return Err(StateError::new(name, format!("[{at}] = {}", values[at]), "finite numbers"));
            }
        }
        if !self.reward.is_finite() {
            return Err(StateError::new("reward", self.reward, "finite numbers"));
        }
        // The network continues counting from here.
        const MOST: u64 = u64::MAX / 2;
        for (name, count) in [("steps", self.steps), ("births", self.births), ("deaths", self.deaths)] {
            if count > MOST {
                return Err(StateError::new(name, count, format!("at most {MOST}")));
            }
        }
        if let Some((pre, post)) =
            self.collected.iter().find(|(pre, post)| pre == post || *pre.max(post) as usize >= ne)
        {
            let allowed = format!("two distinct neurons below {ne}");
            return Err(StateError::new("collected", format!("({pre}, {post})"), allowed));
        }
        let pools = if matches!(params.input, InputMap::Pools { .. }) { params.nu } else { 0 };
        if self.pools.len() != pools {
            return Err(StateError::new("pools", self.pools.len(), format!("{pools} pools")));
        }
        let lists =
            self.x.iter().map(|list| ("x", list, ne)).chain(self.y.iter().map(|list| ("y", list, ni)));
        for (name, list, n) in lists.chain(self.pools.iter().map(|list| ("pools", list, ne))) {
            let ascending = list.windows(2).all(|pair| pair[0] < pair[1]);
            if !ascending || list.last().is_some_and(|&last| last as usize >= n) {
                return Err(StateError::new(name, "other indices", format!("ascending indices below {n}")));
            }
        }
        Ok(())
    }
}

fn two_columns(active: &[Vec<u32>; 2], n: usize) -> Array2<f64> {
    let mut dense = Array2::zeros((n, 2));
    for (column, active) in active.iter().enumerate() {
        for &neuron in active {
            dense[[neuron as usize, column]] = 1.0;
        }
    }
    dense
}
