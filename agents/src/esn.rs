//! An echo state network (Jaeger 2001): leaky tanh units with fixed random weights, the control that every reader asks for.

use serde::{Deserialize, Serialize};
use sorn_core::rng::{self, Xoshiro256PlusPlus, below};
use sorn_core::{InputMap, Params, room};

use crate::error::check;
use crate::random::uniform;
use crate::reservoir::{entry, json};
use crate::{AgentError, AgentState};

/// The units of `kind = "esn"`: `x <- (1 - leak) x + leak tanh(W x + W_in u + b)`.
///
/// There are `reservoir.params.ne` of them, so that networks of one size are compared; of the other parameters of the network `input`,
/// `nu` and `input_gain` alone count. If `input = "direct"`, each unit has its own input, else each unit has a weight from -1 to 1 on
/// every input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct EsnConfig {
    /// Largest size of an eigenvalue of `W`, 0 or more. It is set to within a thousandth.
    pub spectral_radius: f64,
    /// Share of the new activity in each step, above 0 and at most 1.
    pub leak: f64,
    /// Factor of all weights of the input.
    pub input_scaling: f64,
    /// Biases `b` are uniform between this and its negative, 0 or more.
    pub bias: f64,
    /// Recurrent connections onto each unit, 1 or more; at most as many as there are units.
    pub connections: usize,
}

impl Default for EsnConfig {
    fn default() -> Self {
        EsnConfig { spectral_radius: 0.9, leak: 1.0, input_scaling: 1.0, bias: 0.1, connections: 10 }
    }
}

/// An echo state network at work.
#[derive(Clone, Debug)]
pub(crate) struct Esn {
    leak: f64,
    /// Presynaptic units and weights, `connections` for each unit.
    pre: Vec<u32>,
    weights: Vec<f64>,
    connections: usize,
    /// Shape `(units, inputs)`; empty if each unit has its own input, whose weight is `own`.
    input: Vec<f64>,
    own: f64,
    bias: Vec<f64>,
    /// Activity, and the recurrent drive of the last step.
    x: Vec<f64>,
    recurrent: Vec<f64>,
}

impl Esn {
    pub(crate) fn new(config: &EsnConfig, params: &Params, seed: u64) -> Result<Esn, AgentError> {
        let EsnConfig { spectral_radius, leak, input_scaling, bias, connections } = *config;
        let from_zero = "a number of 0 or more";
        check("reservoir.esn.spectral_radius", spectral_radius, spectral_radius >= 0.0, from_zero)?;
        check("reservoir.esn.leak", leak, leak > 0.0 && leak <= 1.0, "a number above 0 and at most 1")?;
        check("reservoir.esn.input_scaling", input_scaling, true, "a finite number")?;
        check("reservoir.esn.bias", bias, bias >= 0.0, from_zero)?;
        if connections == 0 {
            return Err(AgentError::config("reservoir.esn.connections", connections, "at least 1"));
        }
        let (units, inputs) = (params.ne, params.input_len());
        let connections = connections.min(units);
        let onto = connections as u128 + if params.input == InputMap::Direct { 0 } else { inputs as u128 };
        let bytes = 16 * units as u128 * (onto + 4);
        if !room::fits(bytes) {
            let found = format!("{units}, which with {onto} weights each need {}", room::size(bytes));
            return Err(AgentError::config("reservoir.params.ne", found, "what fits in memory"));
        }
        let mut rng = rng::stream(seed, "esn");
        let pre = (0..units).flat_map(|_| distinct(&mut rng, units, connections)).collect();
        let weights = (0..units * connections).map(|_| uniform(&mut rng, -1.0, 1.0)).collect();
        let own = input_scaling * params.input_gain;
        let input = match params.input {
            InputMap::Direct => Vec::new(),
            _ => (0..units * inputs).map(|_| own * uniform(&mut rng, -1.0, 1.0)).collect(),
        };
        let bias = (0..units).map(|_| uniform(&mut rng, -bias, bias)).collect();
        let mut esn = Esn {
            leak,
            pre,
            weights,
            connections,
            input,
            own,
            bias,
            x: vec![0.0; units],
            recurrent: vec![0.0; units],
        };
        esn.scale_to(spectral_radius);
        Ok(esn)
    }

    /// Scales the recurrent weights to this spectral radius.
    fn scale_to(&mut self, radius: f64) {
        let found = self.spectral_radius();
        // A matrix without eigenvalues other than 0 has no scale.
        let factor = if found > 0.0 { radius / found } else { 0.0 };
        self.weights.iter_mut().for_each(|weight| *weight *= factor);
    }

    /// The growth of a vector under many products with the matrix (Gelfand's formula). Pairs of complex eigenvalues make single products
    /// grow unevenly, which the mean over many levels.
    fn spectral_radius(&self) -> f64 {
        const BEFORE: usize = 300;
        const MEASURED: usize = 2000;
        let units = self.x.len();
        let mut vector: Vec<f64> = (0..units).map(|unit| 1.0 + (unit % 7) as f64 / 7.0).collect();
        let mut product = vec![0.0; units];
        let mut growth = 0.0;
        for step in 0..BEFORE + MEASURED {
            self.multiply(&vector, &mut product);
            let length = product.iter().map(|x| x * x).sum::<f64>().sqrt();
            if length == 0.0 {
                return 0.0;
            }
            if step >= BEFORE {
                growth += libm::log(length);
            }
            vector.iter_mut().zip(&product).for_each(|(x, y)| *x = y / length);
        }
        libm::exp(growth / MEASURED as f64)
    }

    fn multiply(&self, x: &[f64], out: &mut [f64]) {
        let rows = self.pre.chunks_exact(self.connections).zip(self.weights.chunks_exact(self.connections));
        for (out, (pre, weights)) in out.iter_mut().zip(rows) {
            *out = pre.iter().zip(weights).map(|(&pre, weight)| weight * x[pre as usize]).sum();
        }
    }

    pub(crate) fn step(&mut self, input: &[f64]) {
        let mut recurrent = std::mem::take(&mut self.recurrent);
        self.multiply(&self.x, &mut recurrent);
        self.recurrent = recurrent;
        let keep = 1.0 - self.leak;
        for (unit, x) in self.x.iter_mut().enumerate() {
            let driven = match self.input.is_empty() {
                true => self.own * input[unit],
                false => {
                    let row = &self.input[unit * input.len()..(unit + 1) * input.len()];
                    // Codes of symbols are 0 nearly everywhere.
                    let seen = row.iter().zip(input).filter(|(_, u)| **u != 0.0);
                    seen.map(|(weight, u)| weight * u).sum()
                }
            };
            *x = keep * *x + self.leak * libm::tanh(self.recurrent[unit] + driven + self.bias[unit]);
        }
    }

    pub(crate) fn activity(&self) -> &[f64] {
        &self.x
    }

    pub(crate) fn recurrent(&self) -> &[f64] {
        &self.recurrent
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        for (name, values) in self.arrays() {
            state.put(&format!("reservoir/esn/{name}"), &[values.len()], values);
        }
        state.meta["esn"] = json(&self.pre);
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        let pre: Vec<u32> = entry(state, "esn")?;
        let wrong = |found: String| AgentError::State {
            name: "esn".into(),
            expected: format!("{} numbers of units below {}", self.pre.len(), self.x.len()),
            found,
        };
        if pre.len() != self.pre.len() {
            return Err(wrong(format!("{} of them", pre.len())));
        }
        if let Some(unit) = pre.iter().find(|unit| **unit as usize >= self.x.len()) {
            return Err(wrong(unit.to_string()));
        }
        self.pre = pre;
        let Esn { weights, input, bias, x, recurrent, .. } = self;
        for (name, values) in
            [("weights", weights), ("input", input), ("bias", bias), ("x", x), ("recurrent", recurrent)]
        {
            state.read(&format!("reservoir/esn/{name}"), values)?;
        }
        Ok(())
    }

    fn arrays(&self) -> [(&'static str, &Vec<f64>); 5] {
        let Esn { weights, input, bias, x, recurrent, .. } = self;
        [("weights", weights), ("input", input), ("bias", bias), ("x", x), ("recurrent", recurrent)]
    }
}

/// Distinct units, ascending.
fn distinct(rng: &mut Xoshiro256PlusPlus, units: usize, count: usize) -> Vec<u32> {
    // Floyd's algorithm: as many draws as units are chosen.
    let mut chosen = std::collections::BTreeSet::new();
    for last in units - count..units {
        let drawn = below(rng, last as u64 + 1) as u32;
        if !chosen.insert(drawn) {
            chosen.insert(last as u32);
        }
    }
    chosen.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(ne: usize) -> Params {
        Params { ne, nu: 3, input: InputMap::First, ..Params::default() }
    }

    fn esn(config: &EsnConfig, ne: usize) -> Esn {
        Esn::new(config, &params(ne), 5).unwrap()
    }

    #[test]
    fn the_spectral_radius_is_what_was_asked_for() {
        // Turns by an angle and scales: both eigenvalues are complex, of size 1.5.
        let (cos, sin) = (1.5 * 0.6, 1.5 * 0.8);
        let turn = Esn {
            weights: vec![cos, -sin, sin, cos],
            pre: vec![0, 1, 0, 1],
            ..esn(&EsnConfig::default(), 2)
        };
        let turn = Esn { connections: 2, ..turn };
        assert!((turn.spectral_radius() - 1.5).abs() < 1e-9, "{}", turn.spectral_radius());
        // The same network, by the norm of high powers from another start.
        for ne in [30, 200] {
            let made = esn(&EsnConfig { spectral_radius: 0.8, ..EsnConfig::default() }, ne);
            assert!((made.spectral_radius() - 0.8).abs() < 1e-9);
            let mut dense = ndarray::Array2::<f64>::zeros((ne, ne));
            for (at, (pre, weight)) in made.pre.iter().zip(&made.weights).enumerate() {
                dense[[at / made.connections, *pre as usize]] += weight;
            }
            // rho(W) = lim |W^(2^n)|^(2^-n).
            let (mut power, mut log) = (dense, 0.0);
            for n in 0..14 {
                power = power.dot(&power);
                let norm = power.iter().map(|x| x * x).sum::<f64>().sqrt();
                power /= norm;
                log += norm.ln() / f64::from(1 << (n + 1));
            }
            assert!((log.exp() - 0.8).abs() < 1e-3, "{ne}: {}", log.exp());
        }
    }

    #[test]
    fn units_leak_and_forget() {
        let config = EsnConfig { bias: 0.0, leak: 0.5, ..EsnConfig::default() };
        let mut network = esn(&config, 50);
        network.step(&[0.0, 1.0, 0.0]);
        let expected: Vec<f64> = (0..50).map(|unit| 0.5 * libm::tanh(network.input[3 * unit + 1])).collect();
        assert_eq!(network.activity(), expected);
        let before = network.x.clone();
        network.step(&[0.0; 3]);
        let unit = |unit: usize| 0.5 * before[unit] + 0.5 * libm::tanh(network.recurrent()[unit]);
        assert_eq!(network.activity()[7], unit(7));
        // With a spectral radius below 1 what was seen fades.
        (0..300).for_each(|_| network.step(&[0.0; 3]));
        assert!(network.activity().iter().all(|x| x.abs() < 1e-3));
    }

    #[test]
    fn each_unit_has_its_own_input_if_that_is_direct() {
        let params = Params { ne: 4, input: InputMap::Direct, ..Params::default() };
        let config = EsnConfig { bias: 0.0, input_scaling: 0.5, ..EsnConfig::default() };
        let mut network = Esn::new(&config, &params, 0).unwrap();
        network.step(&[0.0, 1.0, 2.0, -1.0]);
        assert_eq!(network.activity(), [0.0, 0.5, 1.0, -0.5].map(libm::tanh));
    }

    #[test]
    fn wrong_values_are_named() {
        let error = |config: EsnConfig| Esn::new(&config, &params(5), 0).unwrap_err().to_string();
        let config = EsnConfig::default();
        assert_eq!(
            error(EsnConfig { leak: 0.0, ..config.clone() }),
            "reservoir.esn.leak: expected a number above 0 and at most 1, found 0"
        );
        assert!(
            error(EsnConfig { connections: 0, ..config.clone() }).contains("expected at least 1, found 0")
        );
        assert!(error(EsnConfig { bias: -1.0, ..config.clone() }).starts_with("reservoir.esn.bias: "));
        assert!(error(EsnConfig { spectral_radius: f64::NAN, ..config }).contains("found NaN"));
        // Few units have few connections.
        assert_eq!(esn(&EsnConfig::default(), 3).connections, 3);
    }
}
