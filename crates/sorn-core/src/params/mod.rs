//! Every parameter and switch of the SORN family, as one plain configuration.

use crate::{Rule, Rules};
use serde::{Deserialize, Serialize};
use switches::{
    Degree, Firing, Inhibition, InitialActivity, InputMap, NetworkType, NoiseLaw, NoiseTargets, Precision,
    ThresholdInit,
};

mod presets;
pub(crate) mod rules;
pub(crate) mod switches;
mod validate;

/// Parameters of a [`Network`](crate::Network).
///
/// The default is the preset `upstream` (Python package `sorn` 0.7.4). Published variants differ by switches and share one
/// implementation; [`Params::preset`] gives them by name. One step of the network is 10 to 20 ms in the papers; weights,
/// thresholds and drives have no unit.
///
/// ```
/// use sorn_core::Params;
/// let params = Params { ne: 100, eta_stdp: 0.001, ..Params::preset("zheng2013").unwrap() };
/// params.validate().unwrap();
/// ```
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Number of excitatory neurons, 2 or more.
    pub ne: usize,
    /// Number of inhibitory neurons; none means `int(0.2 * ne)`.
    pub ni: Option<usize>,
    /// Number of inputs.
    pub nu: usize,

    /// Connectivity of `Wee`, excitatory to excitatory; never a neuron to itself.
    pub network_type_ee: NetworkType,
    /// Mean number of incoming E synapses of an E neuron, or their share of the other E neurons.
    pub lambda_ee: Degree,
    /// Connectivity of `Wei`, inhibitory to excitatory.
    pub network_type_ei: NetworkType,
    /// Mean number of outgoing synapses of an I neuron, or their share of the E neurons.
    pub lambda_ei: Degree,
    /// Connectivity of `Wie`, excitatory to inhibitory.
    pub network_type_ie: NetworkType,
    /// Mean number of incoming synapses of an I neuron, or their share of the E neurons.
    pub lambda_ie: Degree,

    /// Smallest initial threshold of an E neuron, and the lower limit of intrinsic plasticity.
    pub te_min: f64,
    /// Largest initial threshold of an E neuron, and the upper limit of intrinsic plasticity.
    pub te_max: f64,
    /// Smallest threshold of an I neuron.
    pub ti_min: f64,
    /// Largest threshold of an I neuron.
    pub ti_max: f64,
    /// How thresholds are drawn.
    pub threshold_init: ThresholdInit,
    /// Activity before the first step.
    pub initial_activity: InitialActivity,

    /// Step size of STDP.
    pub eta_stdp: f64,
    /// Step size of intrinsic plasticity.
    pub eta_ip: f64,
    /// Step size of inhibitory STDP.
    pub eta_inhib: f64,
    /// Target rate in inhibitory STDP, in `(0, 1]`.
    pub mu_ip: f64,
    /// Mean target rate of intrinsic plasticity, in `[0, 1]`; none means `2 nu / ne`, upstream's choice.
    pub h_ip: Option<f64>,
    /// Standard deviation of the neurons' target rates (normal, limited to `[0, 1]`).
    pub sigma_ip: f64,
    /// Half-width of the neurons' target rates (uniform around the mean, limited to `[0, 1]`).
    pub h_ip_spread: f64,
    /// Whether intrinsic plasticity keeps thresholds in `[te_min, te_max]`.
    pub clip_te: bool,
    /// Whether intrinsic plasticity goes on in a network of which some, but not all, rules are frozen, itself among them
    /// (Hartmann et al. 2015). A network of which every rule is frozen is static.
    pub always_ip: bool,

    /// Step size of reward-modulated STDP, see [`RewardStdp`](crate::RewardStdp).
    pub eta_rmstdp: f64,
    /// Factor on its eligibility traces per step, in `[0, 1)`.
    pub trace_decay: f64,
    /// Steps over which its mean reward is taken.
    pub reward_window: usize,

    /// Probability that structural plasticity grows a synapse in a step.
    pub sp_probability: f64,
    /// Weight of a synapse that structural plasticity grows, in `(0, 1]`.
    pub sp_weight: f64,
    /// Whether the expected number of grown synapses is `sp_probability * ne (ne - 1) / (200 * 199)`, as Del Papa et
    /// al. 2017 scale it with the size of the network.
    pub sp_scales_with_ne: bool,
    /// How many drawn pairs structural plasticity collects before it grows their synapses, all in one step. 1 grows each when
    /// it is drawn; the code of Zheng et al. 2013 and Del Papa et al. 2017 collects 11.
    pub sp_batch: usize,

    /// Whether a synapse whose weight falls to 0 is gone; otherwise it stays, and may grow again.
    pub prune: bool,
    /// Weight that an inhibitory synapse gets when iSTDP takes it to 0 or below: 0 (then `prune` decides), or a small
    /// weight that keeps it alive, 0.001 in the code of Hartmann et al. 2015.
    pub istdp_floor: f64,
    /// Whether synaptic scaling also normalises `Wei`.
    pub scale_wei: bool,
    /// How far, 0 to 1, synaptic scaling moves each weight of `Wee` towards itself over the mean of the sums of the
    /// postsynaptic neuron's incoming and the presynaptic neuron's outgoing weights (Hartmann et al. 2015, `eta_ds` in their
    /// code). 0 means that scaling divides by the sum of the incoming weights.
    pub scaling_both_ways: f64,

    /// Law of the noise added to every drive, redrawn at every step.
    pub noise: NoiseLaw,
    /// Standard deviation of Gaussian noise, width of uniform noise `[0, noise_sd)`, probability of noise that is spikes, or share of
    /// neurons that are always active.
    pub noise_sd: f64,
    /// Which neurons receive noise.
    pub noise_targets: NoiseTargets,

    /// Whether a neuron whose drive equals its threshold fires.
    pub firing: Firing,
    /// Whether inhibitory neurons see the excitatory activity of this step or of the step before.
    pub inhibition: Inhibition,

    /// The plasticity rules, in the order in which they run; a rule may occur twice.
    pub rules: Vec<Rule>,
    /// Rules frozen from the start; all of them make a static reservoir.
    pub freeze: Rules,

    /// Which neurons receive which input.
    pub input: InputMap,
    /// Factor on every input.
    pub input_gain: f64,

    /// Precision of the plastic weights.
    pub precision: Precision,
    /// Threads that share a step, 1 to 1,024: they change no bit, and help from about 10,000 neurons on. A network keeps them
    /// waiting from step to step; its copies share them.
    pub threads: usize,
}

impl Params {
    /// Number of inhibitory neurons: `ni`, or `int(0.2 * ne)`.
    pub fn ni(&self) -> usize {
        self.ni.unwrap_or((0.2 * self.ne as f64) as usize)
    }

    /// Number of values that one input has: `nu`, or `ne` where inputs go straight to the neurons.
    pub fn input_len(&self) -> usize {
        match self.input {
            InputMap::Direct => self.ne,
            InputMap::First | InputMap::Pools { .. } => self.nu,
        }
    }

    /// Mean number of incoming E synapses of an E neuron, from [`lambda_ee`](Self::lambda_ee).
    pub fn in_degree_ee(&self) -> f64 {
        self.lambda_ee.of(self.ne - 1)
    }

    /// Mean number of outgoing synapses of an I neuron, from [`lambda_ei`](Self::lambda_ei).
    pub fn out_degree_ei(&self) -> f64 {
        self.lambda_ei.of(self.ne)
    }

    /// Mean number of incoming synapses of an I neuron, from [`lambda_ie`](Self::lambda_ie).
    pub fn in_degree_ie(&self) -> f64 {
        self.lambda_ie.of(self.ne)
    }

    /// Mean target rate: `h_ip`, or `2 nu / ne`. If `nu > ne / 2`, the latter is above 1, and every threshold falls.
    pub fn mean_h_ip(&self) -> f64 {
        self.h_ip.unwrap_or(2.0 * self.nu as f64 / self.ne as f64)
    }
}

impl Default for Params {
    fn default() -> Self {
        Params {
            ne: 200,
            ni: None,
            nu: 10,
            network_type_ee: NetworkType::Sparse,
            lambda_ee: Degree::Count(20.0),
            network_type_ei: NetworkType::Sparse,
            lambda_ei: Degree::Count(40.0),
            network_type_ie: NetworkType::Dense,
            lambda_ie: Degree::Count(100.0),
            te_min: 0.0,
            te_max: 1.0,
            ti_min: 0.0,
            ti_max: 0.5,
            threshold_init: ThresholdInit::Uniform,
            initial_activity: InitialActivity::Zeros,
            eta_stdp: 0.004,
            eta_ip: 0.01,
            eta_inhib: 0.001,
            mu_ip: 0.1,
            h_ip: None,
            sigma_ip: 0.0,
            h_ip_spread: 0.0,
            clip_te: true,
            always_ip: false,
            eta_rmstdp: 0.004,
            trace_decay: 0.9,
            reward_window: 100,
            sp_probability: 0.1,
            sp_weight: 0.001,
            sp_scales_with_ne: false,
            sp_batch: 1,
            prune: true,
            istdp_floor: 0.0,
            scale_wei: true,
            scaling_both_ways: 0.0,
            noise: NoiseLaw::Gaussian,
            noise_sd: 0.04,
            noise_targets: NoiseTargets::Both,
            firing: Firing::Strict,
            inhibition: Inhibition::Slow,
            rules: Rule::UPSTREAM.to_vec(),
            freeze: Rules::none(),
            input: InputMap::First,
            input_gain: 1.0,
            precision: Precision::Exact,
            threads: 1,
        }
    }
}
