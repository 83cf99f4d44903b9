//! The reservoir of an agent: self-organising, static or none, three values of one configuration.

use serde::{Deserialize, Deserializer, Serialize};
use sorn_core::{Initial, InputMap, Network, NoiseGenerator, NoiseLaw, Params, Rules, State, Synapses, rng};

use crate::own::{self, RuleConfig};
use crate::{AgentError, AgentState};

/// Whether there is a reservoir, and whether it organises itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReservoirKind {
    /// A SORN, plastic as the agent's plasticity schedule says.
    #[default]
    Sorn,
    /// The same network with all plasticity frozen from the start.
    Static,
    /// No network: the input code alone, `x_i = (u_i > T_i)`, with the inputs and thresholds that the network has.
    None,
}

/// Which reservoir.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ReservoirConfig {
    /// Self-organising, static or none.
    pub kind: ReservoirKind,
    /// Network steps per observation, each with the same input, 1 or more.
    pub steps_per_observation: u32,
    /// Parameters of the network. `preset` names where to start from; without it they are upstream's with one input per
    /// excitatory neuron (`input = "direct"`), 400 of these, no noise and `h_ip = 0.2`. Every other key overrides one parameter.
    #[serde(deserialize_with = "with_preset")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "sorn_core::schema::with_preset"))]
    pub params: Params,
    /// Rules of one's own beside those of `params.rules`, by the kind under which each was registered, its keys beside: in a program
    /// that registers `decay`, `[{ kind = "decay", rate = 0.001, before = "ss" }]`. `before` names the rule of `params.rules` before
    /// which it runs; without it a rule is the last. They are frozen where all rules are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Vec<std::collections::BTreeMap<String, serde_json::Value>>")
    )]
    pub rules: Vec<RuleConfig>,
}

impl Default for ReservoirConfig {
    fn default() -> Self {
        ReservoirConfig {
            kind: ReservoirKind::Sorn,
            steps_per_observation: 1,
            params: agent_params(),
            rules: Vec::new(),
        }
    }
}

fn agent_params() -> Params {
    Params { ne: 400, input: InputMap::Direct, noise: NoiseLaw::None, h_ip: Some(0.2), ..Params::default() }
}

fn with_preset<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Params, D::Error> {
    use serde::de::Error;
    let mut given = serde_json::Map::deserialize(deserializer)?;
    let base = match given.remove("preset") {
        None => agent_params(),
        Some(serde_json::Value::String(name)) => Params::preset(&name).map_err(D::Error::custom)?,
        Some(other) => return Err(D::Error::custom(format!("preset: a name expected, found {other}"))),
    };
    let mut all = serde_json::to_value(&base).map_err(D::Error::custom)?;
    if let serde_json::Value::Object(all) = &mut all {
        all.extend(given);
    }
    serde_path_to_error::deserialize(all).map_err(|e| match e.path().to_string().as_str() {
        "." => D::Error::custom(format!("params: {}", e.inner())),
        path => D::Error::custom(format!("params.{path}: {}", e.inner())),
    })
}

/// A reservoir at work.
#[derive(Clone, Debug)]
pub(crate) struct Reservoir {
    kind: ReservoirKind,
    steps_per_observation: u32,
    network: Network,
    /// Rules of one's own, and the seed they were made with.
    rules: (Vec<RuleConfig>, u64),
    /// Active units of the code, where there is no network.
    code: Vec<u32>,
    /// Input of each unit, where there is no network.
    drive: Vec<f64>,
    /// Recurrent drive, where there is no network.
    none: Vec<f64>,
}

impl Reservoir {
    pub(crate) fn new(config: &ReservoirConfig, seed: u64) -> Result<Reservoir, AgentError> {
        if config.steps_per_observation == 0 {
            return Err(AgentError::config("reservoir.steps_per_observation", 0, "at least 1"));
        }
        let mut network =
            Network::new(&config.params, seed).map_err(|e| AgentError::Reservoir(e.to_string()))?;
        own::add_rules(&mut network, &config.rules, seed)?;
        if config.kind != ReservoirKind::Sorn {
            network.set_frozen(Rules::all());
        }
        let code = Vec::with_capacity(network.ne());
        let (drive, none) = (vec![0.0; network.ne()], vec![0.0; network.ne()]);
        Ok(Reservoir {
            kind: config.kind,
            steps_per_observation: config.steps_per_observation,
            network,
            rules: (config.rules.clone(), seed),
            code,
            drive,
            none,
        })
    }

    /// Number of units a readout sees.
    pub(crate) fn units(&self) -> usize {
        self.network.ne()
    }

    /// Freezes the rules named, for good where the reservoir is static.
    pub(crate) fn set_frozen(&mut self, rules: Rules) {
        if self.kind == ReservoirKind::Sorn && self.network.frozen() != rules {
            self.network.set_frozen(rules);
        }
    }

    /// The reward that reward-modulated rules see in the next step.
    pub(crate) fn set_reward(&mut self, reward: f64) -> Result<(), AgentError> {
        self.network.set_reward(reward).map_err(|e| AgentError::Reservoir(e.to_string()))
    }

    /// Takes one observation's input.
    pub(crate) fn step(&mut self, input: &[f64]) -> Result<(), AgentError> {
        if self.kind == ReservoirKind::None {
            self.encode(input);
            return Ok(());
        }
        for _ in 0..self.steps_per_observation {
            self.network.step(input).map_err(|e| AgentError::Reservoir(e.to_string()))?;
        }
        if !self.rules.0.is_empty()
            && let Some((rule, why)) = self.network.rule_failure()
        {
            return Err(AgentError::Own { key: "reservoir.rules".into(), reason: format!("{rule}: {why}") });
        }
        Ok(())
    }

    /// The network, where there is one.
    pub(crate) fn network(&self) -> Option<&Network> {
        (self.kind != ReservoirKind::None).then_some(&self.network)
    }

    /// The input code alone, `x_i = (u_i > T_i)`, spread over the units as the network would.
    fn encode(&mut self, input: &[f64]) {
        let gain = self.network.params().input_gain;
        self.drive.fill(0.0);
        if let InputMap::Pools { .. } = self.network.params().input {
            for (pool, value) in self.network.pools().iter().zip(input) {
                pool.iter().for_each(|&unit| self.drive[unit as usize] += gain * value);
            }
        } else {
            self.drive.iter_mut().zip(input).for_each(|(drive, value)| *drive = gain * value);
        }
        let units = self.drive.iter().zip(self.network.te()).enumerate();
        self.code.clear();
        self.code.extend(units.filter(|(_, (u, t))| u > t).map(|(unit, _)| unit as u32));
    }

    pub(crate) fn kind(&self) -> ReservoirKind {
        self.kind
    }

    /// The same reservoir for another stream of observations, number `index`, with noise of its own.
    pub(crate) fn fork(&self, seed: u64, index: u64) -> Result<Reservoir, AgentError> {
        let mut copy = self.clone();
        if self.kind != ReservoirKind::None && self.network.params().noise != NoiseLaw::None {
            let noise = NoiseGenerator::new(rng::stream(seed, &format!("noise of stream {index}")));
            copy.network = self.with_state(State { noise, ..self.network.state() })?;
        }
        Ok(copy)
    }

    /// Begins with `initial` in place of what was drawn.
    pub(crate) fn begin_with(&mut self, initial: &Initial) -> Result<(), AgentError> {
        let mut state = self.network.state();
        initial.put_into(&mut state);
        let memories = state.memories.clone();
        let network = Network::from_state(self.network.params(), State { memories: vec![], ..state.clone() });
        // What does not fit is the caller's to know.
        network.map_err(|e| AgentError::Reservoir(e.to_string()))?;
        self.network = self.with_state(State { memories, ..state })?;
        Ok(())
    }

    /// The network with its rules as it was in `state`.
    fn with_state(&self, mut state: State) -> Result<Network, AgentError> {
        let wrong = |found: String| AgentError::State {
            name: "reservoir".into(),
            expected: "the state of a network with these parameters".into(),
            found,
        };
        // Not before all rules are there.
        let memories = std::mem::take(&mut state.memories);
        let mut network =
            Network::from_state(self.network.params(), state).map_err(|e| wrong(e.to_string()))?;
        own::add_rules(&mut network, &self.rules.0, self.rules.1)?;
        network.remember(&memories).map_err(|e| wrong(e.to_string()))?;
        Ok(network)
    }

    /// Active units, ascending.
    pub(crate) fn active(&self) -> &[u32] {
        match self.kind {
            ReservoirKind::None => &self.code,
            _ => self.network.activity().spikes_e,
        }
    }

    /// Recurrent drive of each unit; 0 where there is no network.
    pub(crate) fn recurrent(&self) -> &[f64] {
        match self.kind {
            ReservoirKind::None => &self.none,
            _ => self.network.activity().recurrent,
        }
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        let mut whole = self.network.state();
        for (name, synapses) in [("wee", &mut whole.wee), ("wei", &mut whole.wei), ("wie", &mut whole.wie)] {
            let weights = std::mem::take(&mut synapses.weights);
            state.put(&format!("reservoir/{name}"), &[weights.len()], &weights);
            let indices: Vec<f64> =
                std::mem::take(&mut synapses.indices).into_iter().map(f64::from).collect();
            state.put(&format!("reservoir/{name}_pre"), &[indices.len()], &indices);
        }
        state.meta["reservoir"] = json(&whole);
        state.meta["code"] = json(&self.code);
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        let mut whole: State = entry(state, "reservoir")?;
        let fill = |name: &str, synapses: &mut Synapses| -> Result<(), AgentError> {
            synapses.weights = state.all(&format!("reservoir/{name}"))?;
            synapses.indices =
                state.all(&format!("reservoir/{name}_pre"))?.into_iter().map(|i| i as u32).collect();
            Ok(())
        };
        fill("wee", &mut whole.wee)?;
        fill("wei", &mut whole.wei)?;
        fill("wie", &mut whole.wie)?;
        self.network = self.with_state(whole)?;
        self.code = entry(state, "code")?;
        Ok(())
    }
}

/// Plain data as JSON.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_else(|e| unreachable!("plain data: {e}"))
}

/// Refuses counters that no run reaches, since they could not count on.
pub(crate) fn counts(name: &str, counters: &[u64]) -> Result<(), AgentError> {
    match counters.iter().find(|counter| **counter > u64::MAX / 2) {
        None => Ok(()),
        Some(found) => Err(AgentError::State {
            name: name.into(),
            expected: "a counter below 2^63".into(),
            found: found.to_string(),
        }),
    }
}

/// An entry of the saved JSON.
pub(crate) fn entry<T: serde::de::DeserializeOwned>(state: &AgentState, name: &str) -> Result<T, AgentError> {
    serde_json::from_value(state.meta[name].clone()).map_err(|e| AgentError::State {
        name: name.into(),
        expected: "what this version saves".into(),
        found: e.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_network_the_code_is_spread_as_the_network_would() {
        for (input, gain) in [
            (InputMap::Pools { size: 5, overlap: true }, 1.5),
            (InputMap::First, 0.7),
            (InputMap::Direct, 1.0),
        ] {
            let params = Params { ne: 40, nu: 6, input, input_gain: gain, te_min: 0.1, ..agent_params() };
            let config =
                |kind| ReservoirConfig { kind, params: params.clone(), ..ReservoirConfig::default() };
            let values: Vec<f64> = (0..params.input_len()).map(|k| (k % 4) as f64 * 0.4).collect();
            let mut code = Reservoir::new(&config(ReservoirKind::None), 3).unwrap();
            // From silence the first step of a network sees nothing but its input.
            let mut network = Reservoir::new(&config(ReservoirKind::Static), 3).unwrap();
            code.step(&values).unwrap();
            network.step(&values).unwrap();
            assert!(!code.active().is_empty());
            assert_eq!(code.active(), network.active(), "{input:?}");
        }
    }
}
