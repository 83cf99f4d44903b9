//! [`Network`]: made from parameters and a seed, or from a state.

use crate::kernels::neurons::Neurons;
use crate::kernels::noise;
use crate::kernels::spikes::SpikeMask;
use crate::matrix::{Fixed, Population, WeightMatrix, choose};
use crate::params::switches::{InitialActivity, ThresholdInit};
use crate::rng::{Xoshiro256PlusPlus, below, stream, uniform};
use crate::simd::{LANES, Level};
use crate::thread_pool::ThreadPool;
use crate::{
    Error, InputError, InputMap, NoiseGenerator, Params, Rule, Rules, State, StateError, Synapses, topology,
};
use bidirectional::BidirectionalScaling;
use custom::PlasticityRule;
use health::{Health, Watch};
use std::sync::Arc;

mod bidirectional;
mod change;
pub(crate) mod custom;
pub(crate) mod growth;
pub(crate) mod health;
pub(crate) mod initial;
pub(crate) mod input;
pub(crate) mod reward;
mod rewire;
pub(crate) mod state;
pub(crate) mod step;

/// A self-organizing recurrent neural network.
///
/// ```
/// use sorn_core::{Network, Params, Rules};
///
/// # fn main() -> Result<(), sorn_core::Error> {
/// let mut network = Network::new(&Params { ne: 50, nu: 4, ..Params::default() }, 7)?;
/// for _ in 0..1000 {
///     network.step(&[0.0; 4])?;
/// }
/// network.set_frozen(Rules::all()); // from here on a static reservoir
/// let activity = network.step(&[1.0, 0.0, 0.0, 0.0])?;
/// println!("{} of 50 neurons are active", activity.spikes_e.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) params: Params,
    pub(crate) frozen: Rules,
    pub(crate) schedule: Vec<Stage>,
    pub(crate) custom: Vec<Box<dyn PlasticityRule>>,
    pub(crate) reward: f64,
    pub(crate) watch: Watch,
    pub(crate) wee: Box<dyn WeightMatrix>,
    pub(crate) wei: Box<dyn WeightMatrix>,
    pub(crate) wie: Fixed,
    /// Kept for `state`: `wie` never changes.
    pub(crate) wie_synapses: Synapses,
    pub(crate) te: Neurons,
    pub(crate) ti: Neurons,
    pub(crate) h_ip: Neurons,
    pub(crate) pools: Vec<Vec<u32>>,
    /// Active neurons at `t - 1` and at `t`.
    pub(crate) x: [Vec<u32>; 2],
    pub(crate) y: [Vec<u32>; 2],
    /// The same activity, for lookups.
    pub(crate) spikes_e: SpikeMask,
    pub(crate) spikes_i: SpikeMask,
    /// The drives of the E neurons in the next step from `x(t)` and `y(t)`.
    pub(crate) drive_ee: Neurons,
    pub(crate) drive_ei: Neurons,
    pub(crate) drive_ie: Neurons,
    pub(crate) recurrent: Neurons,
    pub(crate) input: Neurons,
    pub(crate) noise_e: Neurons,
    pub(crate) noise_i: Neurons,
    pub(crate) grown: Vec<(u32, u32)>,
    pub(crate) collected: Vec<(u32, u32)>,
    pub(crate) steps: u64,
    pub(crate) births: u64,
    pub(crate) deaths: u64,
    pub(crate) noise: NoiseGenerator,
    pub(crate) structural: Xoshiro256PlusPlus,
    pub(crate) level: Level,
}

/// An entry in the order of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    BuiltIn(Rule),
    /// A rule of `Network::custom`. It can be frozen by name if a name is given here.
    Custom(usize, Option<Rule>),
}

/// The activity of a network after its last step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activity<'a> {
    /// Indices of active excitatory neurons, ascending: `x(t+1)`.
    pub spikes_e: &'a [u32],
    /// Indices of active inhibitory neurons, ascending: `y(t+1)`.
    pub spikes_i: &'a [u32],
    /// Recurrent drive `r(t+1)`, one value per excitatory neuron: its drive less its threshold, without the input.
    /// Upstream's "RecurrentActivation" is whether it is above 0.
    pub recurrent: &'a [f64],
}

impl Network {
    /// A network with random weights and thresholds.
    ///
    /// The same parameters and seed give the same network, to the bit, on every platform.
    ///
    /// # Errors
    /// [`Error::Param`] if [`Params::validate`] fails, or there is no memory for the network
    /// ([`Params::check_memory`]).
    pub fn new(params: &Params, seed: u64) -> Result<Network, Error> {
        params.validate()?;
        params.check_memory()?;
        let rng = &mut stream(seed, "topology");
        let (ne, ni) = (params.ne, params.ni());
        let (wee, wei, wie) =
            (topology::ee(params, rng), topology::ei(params, rng), topology::ie(params, rng));
        let mut te = thresholds(params.threshold_init, params.te_min, params.te_max, ne, rng);
        if params.threshold_init == ThresholdInit::Ordered {
            for last in (1..ne).rev() {
                te.swap(last, below(rng, last as u64 + 1) as usize);
            }
        }
        let ti = thresholds(params.threshold_init, params.ti_min, params.ti_max, ni, rng);
        let h_ip = target_rates(params, rng);
        let pools = input::draw_pools(params, rng);
        let mut active = |n: usize, p: &dyn Fn(usize) -> f64| -> Vec<u32> {
            (0..n as u32).filter(|&neuron| uniform(rng) < p(neuron as usize)).collect()
        };
        let (x, y) = match params.initial_activity {
            InitialActivity::Zeros => (Vec::new(), Vec::new()),
            InitialActivity::Target => (active(ne, &|neuron| h_ip[neuron]), Vec::new()),
            InitialActivity::Half => (active(ne, &|_| 0.5), active(ni, &|_| 0.5)),
        };
        let state = State {
            wee,
            wei,
            wie,
            wee_units: Vec::new(),
            wei_units: Vec::new(),
            te,
            ti,
            h_ip,
            x: [Vec::new(), x],
            y: [Vec::new(), y],
            recurrent: vec![0.0; ne],
            pools,
            reward: 0.0,
            memories: Vec::new(),
            frozen: params.freeze,
            steps: 0,
            births: 0,
            deaths: 0,
            collected: Vec::new(),
            noise: NoiseGenerator::new(stream(seed, "noise")),
            structural: stream(seed, "structural plasticity"),
        };
        Network::assemble(params, state)
    }

    /// A network with the given state. It continues exactly like the network that the state was taken from.
    ///
    /// # Errors
    /// [`Error::Param`] if the parameters are invalid or there is no memory for the network, [`Error::State`] if the state does not
    /// fit them: shapes, weights outside `[0, 1]`, self-connections, values that are not finite.
    pub fn from_state(params: &Params, state: State) -> Result<Network, Error> {
        params.validate()?;
        params.check_memory()?;
        state.check(params)?;
        Network::assemble(params, state)
    }

    fn assemble(params: &Params, mut state: State) -> Result<Network, Error> {
        let (ne, ni) = (params.ne, params.ni());
        let pool = Arc::new(ThreadPool::new(params.threads.min(ne.div_ceil(LANES))));
        let wee = choose(&state.wee, &state.wee_units, Population::Excitatory, params, &pool);
        let wei = choose(&state.wei, &state.wei_units, Population::Inhibitory, params, &pool);
        let with_capacity = |active: [Vec<u32>; 2], n: usize| {
            active.map(|mut list| {
                // One word more, which loops over whole words may write before they truncate the list.
                list.reserve_exact(n + LANES - list.len());
                list
            })
        };
        let mut custom: Vec<Box<dyn PlasticityRule>> = Vec::new();
        let mut schedule = Vec::new();
        for &rule in &params.rules {
            let outside: Box<dyn PlasticityRule> = match rule {
                Rule::Rmstdp => Box::new(reward::from_params(params)?),
                Rule::Ss if params.scaling_both_ways > 0.0 => {
                    // Inhibitory columns are scaled as usual.
                    schedule.push(Stage::BuiltIn(rule));
                    Box::new(BidirectionalScaling::new(ne, params.scaling_both_ways))
                }
                _ => {
                    schedule.push(Stage::BuiltIn(rule));
                    continue;
                }
            };
            custom.push(outside);
            schedule.push(Stage::Custom(custom.len() - 1, Some(rule)));
        }
        let memories = std::mem::take(&mut state.memories);
        let mut network = Network {
            params: params.clone(),
            frozen: state.frozen,
            schedule,
            custom,
            reward: state.reward,
            watch: Watch::default(),
            wee,
            wei,
            wie: Fixed::new((ne, ni), state.wie.len(), |post| state.wie.column(post)),
            wie_synapses: state.wie,
            te: Neurons::from(&state.te[..]),
            ti: Neurons::from(&state.ti[..]),
            h_ip: Neurons::from(&state.h_ip[..]),
            pools: state.pools,
            spikes_e: SpikeMask::new(ne, &state.x[0], &state.x[1]),
            spikes_i: SpikeMask::new(ni, &state.y[0], &state.y[1]),
            x: with_capacity(state.x, ne),
            y: with_capacity(state.y, ni),
            drive_ee: Neurons::zeros(ne),
            drive_ei: Neurons::zeros(ne),
            drive_ie: Neurons::zeros(ni),
            recurrent: Neurons::from(&state.recurrent[..]),
            input: Neurons::zeros(ne),
            noise_e: Neurons::zeros(ne),
            noise_i: Neurons::zeros(ni),
            grown: Vec::with_capacity(step::expected_births(params) as usize + params.sp_batch),
            collected: with_room(state.collected, params),
            steps: state.steps,
            births: state.births,
            deaths: state.deaths,
            noise: state.noise,
            structural: state.structural,
            level: Level::best(),
        };
        network.refresh_drives();
        network.rest();
        if !memories.is_empty() {
            network.remember(&memories)?;
        }
        Ok(network)
    }

    /// Inserts a custom rule before the existing rule at `position`, or at the end.
    ///
    /// Custom rules are not part of [`Params`]. After making a network from a state, add them again in the same order and restore
    /// their state with [`remember`](Self::remember).
    pub fn add_rule(&mut self, position: usize, rule: Box<dyn PlasticityRule>) {
        self.custom.push(rule);
        let position = position.min(self.schedule.len());
        self.schedule.insert(position, Stage::Custom(self.custom.len() - 1, None));
    }

    /// The name of a rule that failed in an earlier step, and the reason. A failure is returned once.
    pub fn rule_failure(&mut self) -> Option<(String, String)> {
        self.custom.iter_mut().find_map(|rule| rule.failure().map(|why| (rule.name().to_string(), why)))
    }

    /// The position for [`add_rule`](Self::add_rule) that inserts a rule before `rule`; `None` if the network does not have `rule`.
    pub fn place_of(&self, rule: Rule) -> Option<usize> {
        self.schedule.iter().position(|stage| match stage {
            Stage::BuiltIn(built_in) => *built_in == rule,
            Stage::Custom(_, name) => *name == Some(rule),
        })
    }

    /// Restores the states of the rules that are not built in, from [`State::memories`].
    ///
    /// # Errors
    /// The number of memories differs from the number of rules, or a rule rejects its memory.
    pub fn remember(&mut self, memories: &[Vec<f64>]) -> Result<(), StateError> {
        let order: Vec<usize> = self.custom_order().collect();
        if memories.len() != order.len() {
            let names: Vec<&str> = order.iter().map(|&index| self.custom[index].name()).collect();
            let allowed = format!("{} ({})", order.len(), names.join(", "));
            return Err(StateError::new("memories", memories.len(), allowed));
        }
        for (index, memory) in order.into_iter().zip(memories) {
            let rule = &mut self.custom[index];
            rule.set_state(memory).map_err(|allowed| {
                StateError::new("memories", format!("{} numbers for {}", memory.len(), rule.name()), allowed)
            })?;
        }
        Ok(())
    }

    fn custom_order(&self) -> impl Iterator<Item = usize> + '_ {
        self.schedule.iter().filter_map(|stage| match stage {
            Stage::Custom(index, _) => Some(*index),
            Stage::BuiltIn(_) => None,
        })
    }

    /// Sets the reward for the next step, which [`RewardStdp`](crate::RewardStdp) and custom rules read. After that step the reward
    /// is 0 again.
    ///
    /// # Errors
    /// NaN or infinity.
    pub fn set_reward(&mut self, reward: f64) -> Result<(), InputError> {
        input::check("reward", &[reward], 1)?;
        self.reward = reward;
        Ok(())
    }

    /// Reports silence, saturation and neurons without synapses. Each kind of problem is also logged once, as a warning that says
    /// what to change.
    pub fn health(&self) -> Health {
        self.watch.health(self.wee.unconnected(), self.wei.unconnected())
    }

    /// The whole state as plain data; [`Network::from_state`] is the inverse.
    pub fn state(&self) -> State {
        State {
            wee: self.wee.to_synapses(),
            wei: self.wei.to_synapses(),
            wie: self.wie_synapses.clone(),
            wee_units: self.wee.units(),
            wei_units: self.wei.units(),
            te: self.te.to_vec(),
            ti: self.ti.to_vec(),
            h_ip: self.h_ip.to_vec(),
            x: self.x.clone(),
            y: self.y.clone(),
            recurrent: self.recurrent.to_vec(),
            pools: self.pools.clone(),
            reward: self.reward,
            memories: self.custom_order().map(|index| self.custom[index].state()).collect(),
            frozen: self.frozen,
            steps: self.steps,
            births: self.births,
            deaths: self.deaths,
            collected: self.collected.clone(),
            noise: self.noise.clone(),
            structural: self.structural.clone(),
        }
    }

    /// Freezes these rules and unfreezes all others. [`Rules::all`] makes a static reservoir (upstream's phase "training"),
    /// [`Rules::none`] a fully plastic one. With `always_ip`, intrinsic plasticity keeps running if some, but not all, rules are
    /// frozen.
    pub fn set_frozen(&mut self, rules: Rules) {
        self.frozen = rules;
        self.rest();
    }

    /// Prepares matrices that no rule changes any more for steps without rules.
    fn rest(&mut self) {
        let acts = |rule| !self.frozen.contains(rule) && self.params.rules.contains(&rule);
        if ![Rule::Stdp, Rule::Sp, Rule::Ss].into_iter().any(acts) {
            self.wee.rest();
        }
        let scaled = self.params.scale_wei && acts(Rule::Ss);
        if !acts(Rule::Istdp) && !scaled {
            self.wei.rest();
        }
    }

    /// The frozen rules.
    pub fn frozen(&self) -> Rules {
        self.frozen
    }

    /// The parameters the network was made with.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Number of excitatory neurons.
    pub fn ne(&self) -> usize {
        self.params.ne
    }

    /// Number of inhibitory neurons.
    pub fn ni(&self) -> usize {
        self.ti.len()
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The activity after the last step, or the initial activity before the first step.
    pub fn activity(&self) -> Activity<'_> {
        Activity { spikes_e: &self.x[1], spikes_i: &self.y[1], recurrent: &self.recurrent }
    }

    /// Thresholds of excitatory neurons.
    pub fn te(&self) -> &[f64] {
        &self.te
    }

    /// Thresholds of inhibitory neurons.
    pub fn ti(&self) -> &[f64] {
        &self.ti
    }

    /// Target rates of excitatory neurons.
    pub fn h_ip(&self) -> &[f64] {
        &self.h_ip
    }

    /// E-to-E weights, a copy.
    pub fn wee(&self) -> Synapses {
        self.wee.to_synapses()
    }

    /// I-to-E weights, a copy.
    pub fn wei(&self) -> Synapses {
        self.wei.to_synapses()
    }

    /// E-to-I weights; they never change.
    pub fn wie(&self) -> &Synapses {
        &self.wie_synapses
    }

    /// Number of E-to-E synapses (upstream's "EEConnectionCounts").
    pub fn ee_connections(&self) -> usize {
        self.wee.count()
    }

    /// Number of I-to-E synapses (upstream's "EIConnectionCounts").
    pub fn ei_connections(&self) -> usize {
        self.wei.count()
    }

    /// Synapses that structural plasticity has grown so far.
    pub fn births(&self) -> u64 {
        self.births
    }

    /// E-to-E synapses that were pruned so far.
    pub fn deaths(&self) -> u64 {
        self.deaths
    }

    /// Neurons that receive each input; empty unless the input map is [`InputMap::Pools`].
    pub fn pools(&self) -> &[Vec<u32>] {
        debug_assert!(self.pools.is_empty() || matches!(self.params.input, InputMap::Pools { .. }));
        &self.pools
    }
}

/// A buffer for a batch, allocated here so that no step allocates.
fn with_room(mut collected: Vec<(u32, u32)>, params: &Params) -> Vec<(u32, u32)> {
    collected.reserve(step::expected_births(params) as usize + params.sp_batch);
    collected
}

fn thresholds(init: ThresholdInit, min: f64, max: f64, n: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f64> {
    let unit = |k: usize, rng: &mut Xoshiro256PlusPlus| match init {
        ThresholdInit::Uniform => uniform(rng),
        ThresholdInit::Ordered => (k as f64 + 0.5) / n as f64,
    };
    (0..n).map(|k| min + unit(k, rng) * (max - min)).collect()
}

fn target_rates(params: &Params, rng: &mut Xoshiro256PlusPlus) -> Vec<f64> {
    let mean = params.mean_h_ip();
    let rate = |rng: &mut Xoshiro256PlusPlus| {
        if params.sigma_ip > 0.0 {
            (mean + params.sigma_ip * noise::normal(rng)).clamp(0.0, 1.0)
        } else if params.h_ip_spread > 0.0 {
            (mean + params.h_ip_spread * (2.0 * uniform(rng) - 1.0)).clamp(0.0, 1.0)
        } else {
            mean
        }
    };
    (0..params.ne).map(|_| rate(rng)).collect()
}
