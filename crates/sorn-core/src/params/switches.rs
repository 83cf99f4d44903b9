//! The named switches by which published SORNs differ.

use serde::{Deserialize, Serialize};

/// How the synapses of one connection matrix are drawn.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum NetworkType {
    /// A number of synapses per neuron, normal with mean `lambda` and standard deviation 1, rounded.
    Sparse,
    /// Every pair with the same probability, such that the mean number is `lambda`.
    Bernoulli,
    /// Every pair.
    Dense,
}

/// A mean number of synapses per neuron. In TOML `lambda_ee = 20`, or `lambda_ee = { fraction = 0.1 }` of the neurons that
/// there are, which keeps the density when the network grows.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a number of synapses, or { fraction = ... } of the neurons")]
pub enum Degree {
    /// That many synapses.
    Count(f64),
    /// A share of the possible partners.
    Fraction(Fraction),
}

/// A share of the possible partners, 0 to 1.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Fraction {
    /// The share.
    pub fraction: f64,
}

impl Degree {
    /// A share of the possible partners, 0 to 1.
    pub const fn fraction(fraction: f64) -> Degree {
        Degree::Fraction(Fraction { fraction })
    }

    /// The number of synapses where there are `partners` possible ones.
    pub fn of(self, partners: usize) -> f64 {
        match self {
            Degree::Count(count) => count,
            Degree::Fraction(Fraction { fraction }) => fraction * partners as f64,
        }
    }
}

impl From<f64> for Degree {
    fn from(count: f64) -> Degree {
        Degree::Count(count)
    }
}

/// How initial thresholds are drawn from their range.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ThresholdInit {
    /// Uniform.
    Uniform,
    /// Evenly spaced, those of E neurons in random order (Hartmann et al. 2015).
    Ordered,
}

/// Activity before the first step.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum InitialActivity {
    /// Every neuron silent.
    Zeros,
    /// An E neuron active with its target rate, I neurons silent (Hartmann et al. 2015).
    Target,
    /// Every neuron active with probability 1/2 (SORN_V2, the code of the counting task).
    Half,
}

/// Law of the noise.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum NoiseLaw {
    /// No noise.
    None,
    /// Normal with mean 0.
    Gaussian,
    /// Uniform, from 0 to the width.
    Uniform,
    /// Spikes: an excitatory neuron fires with the probability `noise_sd`, whatever its drive; inhibitory neurons have no noise
    /// (Del Papa et al. 2017, figure 5).
    Spikes,
    /// The share `noise_sd` of the excitatory neurons, the first ones, fires in every step, whatever their drive; inhibitory neurons
    /// have no noise (Del Papa et al. 2017, figure S3).
    Always,
}

/// Which neurons receive noise.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum NoiseTargets {
    /// Excitatory and inhibitory neurons.
    Both,
    /// Excitatory neurons.
    Excitatory,
}

/// When a neuron fires.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Firing {
    /// Drive above the threshold (`>`).
    Strict,
    /// Drive at or above the threshold (`>=`), as in the code of Zheng et al. 2013 and Hartmann et al. 2015.
    Inclusive,
}

/// Which excitatory activity drives the inhibitory neurons.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Inhibition {
    /// That of the step before: `y(t+1)` from `x(t)`.
    Slow,
    /// That of this step: `y(t+1)` from `x(t+1)`.
    Fast,
}

/// Which excitatory neurons receive which input. In TOML `input = "first"`, `input = "direct"` or
/// `input = { pools = { size = 10 } }`.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum InputMap {
    /// Input `k` goes to neuron `k`; neurons from `nu` on get none (upstream).
    First,
    /// One value per excitatory neuron; the input has length `ne`.
    Direct,
    /// Input `k` goes to every neuron of pool `k`, drawn at random when the network is made.
    Pools {
        /// Neurons per pool.
        size: usize,
        /// Whether a neuron may be in several pools; it then receives the sum.
        #[serde(default)]
        overlap: bool,
    },
}

/// Precision of the plastic weights, `Wee` and `Wei`.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 64 bits, every operation rounded as upstream rounds it: results equal upstream's to the bit.
    Exact,
    /// 32 bits, weights in units of their columns, noise of 32 bits: half the memory and less time. Deterministic too, but
    /// individual trajectories part from the exact ones after some steps.
    Fast,
}
