//! The reservoir of an agent: self-organising or one of its controls, values of one configuration.

use serde::{Deserialize, Deserializer, Serialize};
use sorn_core::{Initial, InputMap, Network, NoiseGenerator, NoiseLaw, Params, Rules, State, Synapses, rng};

use crate::esn::{Esn, EsnConfig};
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
    /// A SORN whose excitatory weights are given to presynaptic neurons drawn at random once plasticity is over
    /// (`plasticity.mode = "first_steps"`); thresholds and weights stay. What it remembers it owes to them, not to who is connected
    /// with whom.
    Rewired,
    /// An echo state network of as many units, as `esn` says: fixed random weights, real-valued activity.
    Esn,
}

impl ReservoirKind {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            ReservoirKind::Sorn => "sorn",
            ReservoirKind::Static => "static",
            ReservoirKind::None => "none",
            ReservoirKind::Rewired => "rewired",
            ReservoirKind::Esn => "esn",
        }
    }

    /// Whether plasticity acts on it.
    pub fn organises(self) -> bool {
        matches!(self, ReservoirKind::Sorn | ReservoirKind::Rewired)
    }

    /// Whether it is a spiking network, which has weights, thresholds and probes.
    pub fn has_network(self) -> bool {
        !matches!(self, ReservoirKind::None | ReservoirKind::Esn)
    }
}

/// Which reservoir.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ReservoirConfig {
    /// Self-organising, or one of its controls.
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
    /// The units of `kind = "esn"`, their usual values if absent; without meaning for other kinds, so that one file states its controls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub esn: Option<EsnConfig>,
}

impl ReservoirConfig {
    /// The same with another kind; an echo state network's values are then there, also if they are the usual ones.
    #[must_use]
    pub fn with_kind(mut self, kind: ReservoirKind) -> ReservoirConfig {
        self.kind = kind;
        self.complete()
    }

    fn complete(mut self) -> ReservoirConfig {
        if self.kind == ReservoirKind::Esn {
            self.esn.get_or_insert_default();
        }
        self
    }
}

/// Reads a configuration, complete.
pub(crate) fn completed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ReservoirConfig, D::Error> {
    ReservoirConfig::deserialize(deserializer).map(ReservoirConfig::complete)
}

impl Default for ReservoirConfig {
    fn default() -> Self {
        ReservoirConfig {
            kind: ReservoirKind::Sorn,
            steps_per_observation: 1,
            params: agent_params(),
            rules: Vec::new(),
            esn: None,
        }
    }
}

fn agent_params() -> Params {
    Params { ne: 400, input: InputMap::Direct, noise: NoiseLaw::None, h_ip: Some(0.2), ..Params::default() }
}

fn with_preset<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Params, D::Error> {
    use serde::de::Error;
    let given = serde_json::Map::deserialize(deserializer)?;
    let whole = |params: &Params| match serde_json::to_value(params) {
        Ok(serde_json::Value::Object(all)) => all,
        other => unreachable!("plain data: {other:?}"),
    };
    let all = Params::with_preset(given, &agent_params(), whole).map_err(D::Error::custom)?;
    serde_path_to_error::deserialize(serde_json::Value::Object(all)).map_err(|e| {
        match e.path().to_string().as_str() {
            "." => D::Error::custom(format!("params: {}", e.inner())),
            path => D::Error::custom(format!("params.{path}: {}", e.inner())),
        }
    })
}

/// A reservoir at work.
#[derive(Clone, Debug)]
pub(crate) struct Reservoir {
    kind: ReservoirKind,
    steps_per_observation: u32,
    body: Body,
    /// Rules of one's own, and the seed they were made with.
    rules: (Vec<RuleConfig>, u64),
    /// Whether the weights have got their new partners.
    rewired: bool,
    /// Active units of the code, where there is no network.
    code: Vec<u32>,
    /// Input of each unit, where there is no network.
    drive: Vec<f64>,
    /// Recurrent drive, where there is no network.
    none: Vec<f64>,
}

/// What is stepped.
#[derive(Clone, Debug)]
enum Body {
    /// A spiking network; of the kind `none` its inputs and thresholds alone.
    Spiking(Box<Network>),
    Esn(Esn),
}

/// What a readout sees of a reservoir.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen<'a> {
    /// The units that are 1, ascending; the others are 0.
    Active(&'a [u32]),
    /// A number for each unit.
    Numbers(&'a [f64]),
}

impl Reservoir {
    pub(crate) fn new(config: &ReservoirConfig, seed: u64) -> Result<Reservoir, AgentError> {
        if config.steps_per_observation == 0 {
            return Err(AgentError::config("reservoir.steps_per_observation", 0, "at least 1"));
        }
        let refused = |e: String| AgentError::Reservoir(e);
        let body = match config.kind {
            ReservoirKind::Esn => {
                config.params.validate().map_err(|e| refused(e.to_string()))?;
                let esn = config.esn.clone().unwrap_or_default();
                Body::Esn(Esn::new(&esn, &config.params, seed)?)
            }
            kind => {
                let mut network = Network::new(&config.params, seed).map_err(|e| refused(e.to_string()))?;
                own::add_rules(&mut network, &config.rules, seed)?;
                if !kind.organises() {
                    network.set_frozen(Rules::all());
                }
                Body::Spiking(Box::new(network))
            }
        };
        let units = config.params.ne;
        let coded = if config.kind == ReservoirKind::None { units } else { 0 };
        Ok(Reservoir {
            kind: config.kind,
            steps_per_observation: config.steps_per_observation,
            body,
            rules: (config.rules.clone(), seed),
            rewired: false,
            code: Vec::with_capacity(coded),
            drive: vec![0.0; coded],
            none: vec![0.0; coded],
        })
    }

    /// Number of units a readout sees.
    pub(crate) fn units(&self) -> usize {
        match &self.body {
            Body::Spiking(network) => network.ne(),
            Body::Esn(esn) => esn.activity().len(),
        }
    }

    /// Freezes the rules named, for good where the reservoir is static.
    pub(crate) fn set_frozen(&mut self, rules: Rules) {
        if let Body::Spiking(network) = &mut self.body
            && self.kind.organises()
            && network.frozen() != rules
        {
            network.set_frozen(rules);
        }
    }

    /// Plasticity is over: the weights of the kind `rewired` get their new partners, once.
    pub(crate) fn end_plasticity(&mut self) -> Result<(), AgentError> {
        if self.kind != ReservoirKind::Rewired || self.rewired {
            return Ok(());
        }
        if let Body::Spiking(network) = &self.body {
            let mut state = network.state();
            state.rewire(&mut rng::stream(self.rules.1, "rewiring"));
            self.body = Body::Spiking(Box::new(self.with_state(network, state)?));
        }
        self.rewired = true;
        Ok(())
    }

    /// The reward that reward-modulated rules see in the next step.
    pub(crate) fn set_reward(&mut self, reward: f64) -> Result<(), AgentError> {
        match &mut self.body {
            Body::Spiking(network) => {
                network.set_reward(reward).map_err(|e| AgentError::Reservoir(e.to_string()))
            }
            Body::Esn(_) => Ok(()),
        }
    }

    /// Takes one observation's input.
    pub(crate) fn step(&mut self, input: &[f64]) -> Result<(), AgentError> {
        let network = match &mut self.body {
            Body::Spiking(network) => network,
            Body::Esn(esn) => {
                (0..self.steps_per_observation).for_each(|_| esn.step(input));
                return Ok(());
            }
        };
        if self.kind == ReservoirKind::None {
            encode(network, input, &mut self.drive, &mut self.code);
            return Ok(());
        }
        for _ in 0..self.steps_per_observation {
            network.step(input).map_err(|e| AgentError::Reservoir(e.to_string()))?;
        }
        if !self.rules.0.is_empty()
            && let Some((rule, why)) = network.rule_failure()
        {
            return Err(AgentError::Own { key: "reservoir.rules".into(), reason: format!("{rule}: {why}") });
        }
        Ok(())
    }

    /// The network, where there is one.
    pub(crate) fn network(&self) -> Option<&Network> {
        match &self.body {
            Body::Spiking(network) if self.kind.has_network() => Some(network),
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> ReservoirKind {
        self.kind
    }

    /// The same reservoir for another stream of observations, number `index`, with noise of its own.
    pub(crate) fn fork(&self, seed: u64, index: u64) -> Result<Reservoir, AgentError> {
        let mut copy = self.clone();
        if let Some(network) = self.network()
            && network.params().noise != NoiseLaw::None
        {
            let noise = NoiseGenerator::new(rng::stream(seed, &format!("noise of stream {index}")));
            let state = State { noise, ..network.state() };
            copy.body = Body::Spiking(Box::new(self.with_state(network, state)?));
        }
        Ok(copy)
    }

    /// Begins with `initial` in place of what was drawn.
    pub(crate) fn begin_with(&mut self, initial: &Initial) -> Result<(), AgentError> {
        let Body::Spiking(network) = &self.body else {
            let reason = "reservoir.kind: expected a network that takes weights and thresholds to begin with, found \"esn\"";
            return Err(AgentError::Mismatch(reason.into()));
        };
        let mut state = network.state();
        initial.put_into(&mut state);
        let memories = state.memories.clone();
        let fits = Network::from_state(network.params(), State { memories: vec![], ..state.clone() });
        // What does not fit is the caller's to know.
        fits.map_err(|e| match e {
            sorn_core::Error::State(error) => AgentError::Initial(error),
            other => AgentError::Reservoir(other.to_string()),
        })?;
        self.body = Body::Spiking(Box::new(self.with_state(network, State { memories, ..state })?));
        Ok(())
    }

    /// The network with its rules as it was in `state`.
    fn with_state(&self, network: &Network, mut state: State) -> Result<Network, AgentError> {
        let wrong = |found: String| AgentError::State {
            name: "reservoir".into(),
            expected: "the state of a network with these parameters".into(),
            found,
        };
        // Not before all rules are there.
        let memories = std::mem::take(&mut state.memories);
        let mut network = Network::from_state(network.params(), state).map_err(|e| wrong(e.to_string()))?;
        own::add_rules(&mut network, &self.rules.0, self.rules.1)?;
        network.remember(&memories).map_err(|e| wrong(e.to_string()))?;
        Ok(network)
    }

    /// Active units, ascending; none of an echo state network, whose units are active by degrees.
    pub(crate) fn active(&self) -> &[u32] {
        match self.seen() {
            Seen::Active(active) => active,
            Seen::Numbers(_) => &[],
        }
    }

    /// The activity.
    pub(crate) fn seen(&self) -> Seen<'_> {
        match &self.body {
            Body::Esn(esn) => Seen::Numbers(esn.activity()),
            Body::Spiking(_) if self.kind == ReservoirKind::None => Seen::Active(&self.code),
            Body::Spiking(network) => Seen::Active(network.activity().spikes_e),
        }
    }

    /// Recurrent drive of each unit; 0 where there is no network.
    pub(crate) fn recurrent(&self) -> &[f64] {
        match &self.body {
            Body::Esn(esn) => esn.recurrent(),
            Body::Spiking(_) if self.kind == ReservoirKind::None => &self.none,
            Body::Spiking(network) => network.activity().recurrent,
        }
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        let network = match &self.body {
            Body::Spiking(network) => network,
            Body::Esn(esn) => return esn.save(state),
        };
        let mut whole = network.state();
        for (name, synapses) in [("wee", &mut whole.wee), ("wei", &mut whole.wei), ("wie", &mut whole.wie)] {
            let weights = std::mem::take(&mut synapses.weights);
            state.put(&format!("reservoir/{name}"), &[weights.len()], &weights);
            let indices: Vec<f64> =
                std::mem::take(&mut synapses.indices).into_iter().map(f64::from).collect();
            state.put(&format!("reservoir/{name}_pre"), &[indices.len()], &indices);
        }
        state.meta["reservoir"] = json(&whole);
        state.meta["code"] = json(&self.code);
        if self.kind == ReservoirKind::Rewired {
            state.meta["rewired"] = json(&self.rewired);
        }
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        let network = match &mut self.body {
            Body::Spiking(network) => network.clone(),
            Body::Esn(esn) => return esn.load(state),
        };
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
        self.body = Body::Spiking(Box::new(self.with_state(&network, whole)?));
        self.code = entry(state, "code")?;
        if self.kind == ReservoirKind::Rewired {
            self.rewired = entry(state, "rewired")?;
        }
        Ok(())
    }
}

/// The input code alone, `x_i = (u_i > T_i)`, spread over the units as the network would.
fn encode(network: &Network, input: &[f64], drive: &mut [f64], code: &mut Vec<u32>) {
    let gain = network.params().input_gain;
    drive.fill(0.0);
    if let InputMap::Pools { .. } = network.params().input {
        for (pool, value) in network.pools().iter().zip(input) {
            pool.iter().for_each(|&unit| drive[unit as usize] += gain * value);
        }
    } else {
        drive.iter_mut().zip(input).for_each(|(drive, value)| *drive = gain * value);
    }
    let units = drive.iter().zip(network.te()).enumerate();
    code.clear();
    code.extend(units.filter(|(_, (u, t))| u > t).map(|(unit, _)| unit as u32));
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
