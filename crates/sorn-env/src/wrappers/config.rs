//! [`WrapperConfig`]: wrappers named in a file.

use serde::{Deserialize, Serialize};

use super::{
    ClipAction, ClipReward, FrameSkip, MaskObservation, NoiseObservation, NormalizeObservation,
    RecordEpisodeStatistics, RescaleAction, RescaleObservation, ScaleObservation, ScaleReward, TimeLimit,
};
use crate::{AnyEnv, SpaceError};

/// One wrapper, as an experiment file names it: `{ kind = "frame_skip", steps = 2 }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum WrapperConfig {
    /// [`TimeLimit`].
    TimeLimit {
        /// Steps after which an episode is truncated, at least 1.
        max_episode_steps: u64,
    },
    /// [`RecordEpisodeStatistics`].
    RecordEpisodeStatistics {
        /// Number of episodes kept.
        #[serde(default = "default_buffer_length")]
        buffer_length: usize,
    },
    /// [`NormalizeObservation`].
    NormalizeObservation {
        /// Added to the variance.
        #[serde(default = "default_epsilon")]
        epsilon: f64,
    },
    /// [`RescaleObservation`].
    RescaleObservation {
        /// New lower bound.
        min: f64,
        /// New upper bound.
        max: f64,
    },
    /// [`ScaleObservation`].
    ScaleObservation {
        /// One factor per number.
        factors: Vec<f64>,
    },
    /// [`MaskObservation`].
    MaskObservation {
        /// Indices of the numbers to keep.
        keep: Vec<usize>,
    },
    /// [`NoiseObservation`].
    NoiseObservation {
        /// Standard deviation.
        sd: f64,
    },
    /// [`RescaleAction`].
    RescaleAction {
        /// New lower bound.
        min: f64,
        /// New upper bound.
        max: f64,
    },
    /// [`ClipAction`].
    ClipAction {},
    /// [`FrameSkip`].
    FrameSkip {
        /// Steps per action, at least 1.
        steps: u64,
    },
    /// [`ScaleReward`].
    ScaleReward {
        /// The factor.
        factor: f64,
    },
    /// [`ClipReward`].
    ClipReward {
        /// Least reward.
        min: f64,
        /// Greatest reward.
        max: f64,
    },
}

fn default_buffer_length() -> usize {
    100
}

fn default_epsilon() -> f64 {
    1e-8
}

impl WrapperConfig {
    /// `env` inside this wrapper.
    ///
    /// # Errors
    /// [`SpaceError`] naming the wrapper where a number is out of range or the environment's spaces do not suit it.
    pub fn wrap(&self, env: AnyEnv) -> Result<AnyEnv, SpaceError> {
        Ok(match self {
            Self::TimeLimit { max_episode_steps: 0 } => {
                return Err(SpaceError::new("max_episode_steps >= 1", "0").at("TimeLimit"));
            }
            Self::TimeLimit { max_episode_steps } => AnyEnv::new(TimeLimit::new(env, *max_episode_steps)),
            Self::RecordEpisodeStatistics { buffer_length } => {
                AnyEnv::new(RecordEpisodeStatistics::new(env, *buffer_length)?)
            }
            Self::NormalizeObservation { epsilon } => AnyEnv::new(NormalizeObservation::new(env, *epsilon)?),
            Self::RescaleObservation { min, max } => {
                AnyEnv::new(RescaleObservation::rescale(env, *min, *max)?)
            }
            Self::ScaleObservation { factors } => AnyEnv::new(ScaleObservation::scale(env, factors.clone())?),
            Self::MaskObservation { keep } => AnyEnv::new(MaskObservation::new(env, keep.clone())?),
            Self::NoiseObservation { sd } => AnyEnv::new(NoiseObservation::new(env, *sd)?),
            Self::RescaleAction { min, max } => AnyEnv::new(RescaleAction::new(env, *min, *max)?),
            Self::ClipAction {} => AnyEnv::new(ClipAction::new(env)?),
            Self::FrameSkip { steps } => AnyEnv::new(FrameSkip::new(env, *steps)?),
            Self::ScaleReward { factor } => AnyEnv::new(ScaleReward::new(env, *factor)?),
            Self::ClipReward { min, max } => AnyEnv::new(ClipReward::new(env, *min, *max)?),
        })
    }
}
