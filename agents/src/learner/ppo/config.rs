//! [`PpoConfig`]: the parameters, under the names of stable-baselines3.

use serde::{Deserialize, Serialize};

use super::StepSchedule;
use crate::AgentError;
use crate::error::check;
use crate::learner::Needs;
use crate::room::NUMBER;

/// How the mean of a Gaussian policy follows from its score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PpoMean {
    /// The mean is the score, as in stable-baselines3; only actions are moved into the bounds.
    #[default]
    Linear,
    /// The mean is the hyperbolic tangent of the score if the number has two finite bounds.
    Tanh,
}

/// Parameters of proximal policy optimisation.
///
/// Names, meanings and defaults are those of stable-baselines3, unless said otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PpoConfig {
    /// Steps of each environment between two updates, 1 or more. An update learns from `n_steps` times the number of
    /// environments.
    pub n_steps: usize,
    /// Steps in a minibatch, 1 or more. The last minibatch of an epoch may be smaller.
    pub batch_size: usize,
    /// Passes over the steps per update, 1 or more.
    pub n_epochs: usize,
    /// Step size of Adam, 0 or more.
    pub learning_rate: StepSchedule,
    /// Discount, in `[0, 1]`.
    pub gamma: f64,
    /// Decay of the generalised advantage estimate, in `[0, 1]`.
    pub gae_lambda: f64,
    /// The ratio of probabilities stops counting beyond `1 - clip_range` and `1 + clip_range`; positive.
    pub clip_range: StepSchedule,
    /// Largest change of a value in one update, positive; unlimited if absent. It depends on the scale of the rewards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_range_vf: Option<f64>,
    /// Whether advantages are standardised within each minibatch.
    pub normalize_advantage: bool,
    /// Weight of the entropy bonus, 0 or more.
    pub ent_coef: f64,
    /// Weight of the squared error of the value, 0 or more.
    pub vf_coef: f64,
    /// Largest Euclidean norm of a gradient, positive.
    pub max_grad_norm: f64,
    /// An update ends if the approximate Kullback-Leibler divergence exceeds 1.5 times this positive number; never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_kl: Option<f64>,
    /// First logarithm of the standard deviation of a Gaussian policy. A number with two finite bounds has them at -1 and 1.
    pub log_std_init: f64,
    /// How the mean of a Gaussian policy follows from its score.
    pub mean: PpoMean,
}

impl PpoConfig {
    /// What it needs memory for, with weights of so many bytes.
    pub(crate) fn needs(&self, _weights: u128) -> Needs {
        let key = Some(("learner.n_steps", self.n_steps, 6 * NUMBER * self.n_steps as u128));
        Needs { arrays: 10, key }
    }
}

impl Default for PpoConfig {
    fn default() -> Self {
        PpoConfig {
            n_steps: 2048,
            batch_size: 64,
            n_epochs: 10,
            learning_rate: StepSchedule::Constant(3e-4),
            gamma: 0.99,
            gae_lambda: 0.95,
            clip_range: StepSchedule::Constant(0.2),
            clip_range_vf: None,
            normalize_advantage: true,
            ent_coef: 0.0,
            vf_coef: 0.5,
            max_grad_norm: 0.5,
            target_kl: None,
            log_std_init: 0.0,
            mean: PpoMean::Linear,
        }
    }
}

impl PpoConfig {
    pub(super) fn validate(&self) -> Result<(), AgentError> {
        let counts =
            [("n_steps", self.n_steps), ("batch_size", self.batch_size), ("n_epochs", self.n_epochs)];
        for (key, count) in counts {
            if count == 0 {
                return Err(AgentError::config(&format!("learner.{key}"), 0, "at least 1"));
            }
        }
        self.learning_rate.validate("learner.learning_rate", |rate| rate >= 0.0, "a number of 0 or more")?;
        self.clip_range.validate("learner.clip_range", |clip| clip > 0.0, "a positive number")?;
        for (key, v) in [("learner.gamma", self.gamma), ("learner.gae_lambda", self.gae_lambda)] {
            check(key, v, (0.0..=1.0).contains(&v), "a number in [0, 1]")?;
        }
        for (key, v) in [("learner.ent_coef", self.ent_coef), ("learner.vf_coef", self.vf_coef)] {
            check(key, v, v >= 0.0, "a number of 0 or more")?;
        }
        let positive = [
            ("learner.clip_range_vf", self.clip_range_vf),
            ("learner.max_grad_norm", Some(self.max_grad_norm)),
            ("learner.target_kl", self.target_kl),
        ];
        for (key, v) in positive.into_iter().filter_map(|(key, v)| v.map(|v| (key, v))) {
            check(key, v, v > 0.0, "a positive number")?;
        }
        check(
            "learner.log_std_init",
            self.log_std_init,
            self.log_std_init.abs() <= 20.0,
            "a number in [-20, 20]",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_parameters_are_named() {
        let refused =
            |text: &str| toml::from_str::<PpoConfig>(text).unwrap().validate().unwrap_err().to_string();
        assert_eq!(refused("n_epochs = 0"), "learner.n_epochs: expected at least 1, found 0");
        assert_eq!(refused("gae_lambda = 1.5"), "learner.gae_lambda: expected a number in [0, 1], found 1.5");
        assert_eq!(refused("target_kl = 0"), "learner.target_kl: expected a positive number, found 0");
        assert_eq!(
            refused("learning_rate = -1"),
            "learner.learning_rate: expected a number of 0 or more, found -1"
        );
        assert_eq!(refused("clip_range = 0.0"), "learner.clip_range: expected a positive number, found 0");
        let unknown = toml::from_str::<PpoConfig>("nsteps = 3").unwrap_err().to_string();
        assert!(unknown.contains("unknown field `nsteps`"), "{unknown}");
        assert!(PpoConfig::default().validate().is_ok());
    }

    #[test]
    fn written_and_read_again_it_is_the_same() {
        let config = PpoConfig {
            learning_rate: StepSchedule::Linear { from: 1e-3, to: 0.0, steps: 100 },
            clip_range_vf: Some(0.3),
            mean: PpoMean::Tanh,
            ..PpoConfig::default()
        };
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<PpoConfig>(&text).unwrap(), config, "{text}");
    }
}
