//! [`AgentConfig`]: which encoder, reservoir, features, learner and policy make the agent.

use serde::{Deserialize, Serialize};

use crate::inputs::{is_observation_alone, observation_alone};
use crate::reservoir::completed;
use crate::{
    EncoderConfig, FeaturesConfig, Input, LearnerConfig, NormalizationConfig, PlasticityConfig, PolicyConfig,
    ReservoirConfig,
};

/// The parts of an agent, the tables below `[agent]` in an experiment file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AgentConfig {
    /// What the encoder sees: the observation alone by default, and in that order the previous action and the previous reward
    /// behind it. A task whose observations do not tell what was done, as a bandit's, needs them.
    #[serde(skip_serializing_if = "is_observation_alone")]
    pub inputs: Vec<Input>,
    /// Normalisation of observations and rewards, none by default.
    pub normalization: NormalizationConfig,
    /// Observation to reservoir input.
    pub encoder: EncoderConfig,
    /// The reservoir: self-organising, or one of its controls.
    #[serde(deserialize_with = "completed")]
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

impl Default for AgentConfig {
    fn default() -> Self {
        AgentConfig {
            inputs: observation_alone(),
            normalization: NormalizationConfig::default(),
            encoder: EncoderConfig::default(),
            reservoir: ReservoirConfig::default(),
            plasticity: PlasticityConfig::default(),
            features: FeaturesConfig::default(),
            learner: LearnerConfig::default(),
            policy: None,
        }
    }
}
