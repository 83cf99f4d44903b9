//! [`AgentConfig`]: which encoder, reservoir, features, learner and policy make the agent.

use serde::{Deserialize, Serialize};

use crate::{
    EncoderConfig, FeaturesConfig, LearnerConfig, NormalizationConfig, PlasticityConfig, PolicyConfig,
    ReservoirConfig,
};

/// The parts of an agent, the tables below `[agent]` in an experiment file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AgentConfig {
    /// Normalisation of observations and rewards, none by default.
    pub normalization: NormalizationConfig,
    /// Observation to reservoir input.
    pub encoder: EncoderConfig,
    /// The reservoir: self-organising, static or none.
    pub reservoir: ReservoirConfig,
    /// When the reservoir is plastic.
    pub plasticity: PlasticityConfig,
    /// What the readout sees.
    pub features: FeaturesConfig,
    /// How the readout learns.
    pub learner: LearnerConfig,
    /// How scores become actions; the learner's usual policy where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyConfig>,
}
