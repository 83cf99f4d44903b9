//! Normalisation of observations and rewards by running statistics, which are saved with the agent.

use serde::{Deserialize, Serialize};
use sorn_env::{BoxSpace, Dtype, Space};

use crate::error::check;
use crate::reservoir::{entry, json};
use crate::{AgentConfig, AgentError, AgentState, LearnerConfig};

/// What is normalised, as Gymnasium's `NormalizeObservation` and `NormalizeReward` do it. Statistics grow while training and
/// stand still in a frozen agent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NormalizationConfig {
    /// Each number of the observation: minus its mean, over its standard deviation. The encoder then sees a Box from
    /// `-clip` to `clip`.
    pub observation: bool,
    /// The reward that is learnt from: over the standard deviation of the discounted return so far.
    pub reward: bool,
    /// Discount of that return, in `[0, 1]`.
    pub gamma: f64,
    /// Largest size of a normalised number, positive.
    pub clip: f64,
}

impl Default for NormalizationConfig {
    fn default() -> Self {
        NormalizationConfig { observation: false, reward: false, gamma: 0.99, clip: 10.0 }
    }
}

/// Keeps the quotient finite where nothing has varied yet.
const EPSILON: f64 = 1e-8;

/// Mean and variance of numbers that come one after the other (Welford 1962, 10.1080/00401706.1962.10490022).
#[derive(Clone, Debug)]
struct Running {
    count: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Running {
    fn new(len: usize) -> Running {
        Running { count: 0.0, mean: vec![0.0; len], squares: vec![0.0; len] }
    }

    fn take(&mut self, numbers: &[f64]) {
        self.count += 1.0;
        for ((mean, squares), x) in self.mean.iter_mut().zip(&mut self.squares).zip(numbers) {
            let before = x - *mean;
            *mean += before / self.count;
            *squares += before * (x - *mean);
        }
    }

    fn sd(&self, index: usize) -> f64 {
        (self.squares[index] / self.count.max(1.0) + EPSILON).sqrt()
    }

    fn save(&self, state: &mut AgentState, name: &str) {
        state.put(&format!("normalization/{name}_mean"), &[self.mean.len()], &self.mean);
        state.put(&format!("normalization/{name}_squares"), &[self.squares.len()], &self.squares);
    }

    fn load(&mut self, state: &AgentState, name: &str) -> Result<(), AgentError> {
        state.read(&format!("normalization/{name}_mean"), &mut self.mean)?;
        state.read(&format!("normalization/{name}_squares"), &mut self.squares)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Normalization {
    config: NormalizationConfig,
    observations: Running,
    returns: Running,
    /// The discounted return of this episode so far.
    ret: f64,
}

impl Normalization {
    /// Normalises observations of `observations` numbers.
    pub(crate) fn new(config: &AgentConfig, observations: usize) -> Result<Normalization, AgentError> {
        let NormalizationConfig { reward, gamma, clip, .. } = config.normalization;
        check("normalization.clip", clip, clip > 0.0, "a positive number")?;
        check("normalization.gamma", gamma, (0.0..=1.0).contains(&gamma), "a number in [0, 1]")?;
        let by_return = match &config.learner {
            LearnerConfig::Ars(_) => {
                Some("learner.kind = \"ars\" divides by the deviation of its returns itself")
            }
            LearnerConfig::ActorCritic(config) if config.anneal.is_some() => {
                Some("learner.anneal.target_return is a return of the environment's own rewards")
            }
            _ => None,
        };
        match by_return {
            Some(why) if reward => Err(AgentError::Mismatch(format!("normalization.reward = true: {why}"))),
            _ => Ok(Normalization {
                config: config.normalization,
                observations: Running::new(observations),
                returns: Running::new(1),
                ret: 0.0,
            }),
        }
    }

    /// The space of what the encoder sees, given the environment's.
    pub(crate) fn space(&self, space: &Space) -> Result<Space, AgentError> {
        if !self.config.observation {
            return Ok(space.clone());
        }
        let clip = self.config.clip;
        Ok(Space::Box(BoxSpace::uniform(-clip, clip, vec![space.flat_dim()], Dtype::F64)?))
    }

    /// Normalises an observation in place, and takes it into the statistics first where the agent learns.
    pub(crate) fn observe(&mut self, numbers: &mut [f64], learns: bool) {
        if !self.config.observation {
            return;
        }
        if learns {
            self.observations.take(numbers);
        }
        let clip = self.config.clip;
        for (index, x) in numbers.iter_mut().enumerate() {
            *x = ((*x - self.observations.mean[index]) / self.observations.sd(index)).clamp(-clip, clip);
        }
    }

    /// Swaps the return of the episode under way with that of another stream of observations.
    pub(crate) fn exchange(&mut self, ret: &mut f64) {
        std::mem::swap(&mut self.ret, ret);
    }

    /// The normalised reward.
    pub(crate) fn reward(&mut self, reward: f64, done: bool) -> f64 {
        if !self.config.reward {
            return reward;
        }
        self.ret = self.config.gamma * self.ret + reward;
        self.returns.take(&[self.ret]);
        if done {
            self.ret = 0.0;
        }
        (reward / self.returns.sd(0)).clamp(-self.config.clip, self.config.clip)
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        self.observations.save(state, "observation");
        self.returns.save(state, "return");
        state.meta["normalization"] = json(&(self.observations.count, self.returns.count, self.ret));
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        self.observations.load(state, "observation")?;
        self.returns.load(state, "return")?;
        (self.observations.count, self.returns.count, self.ret) = entry(state, "normalization")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normalization(config: NormalizationConfig, numbers: usize) -> Normalization {
        let config = AgentConfig { normalization: config, ..AgentConfig::default() };
        Normalization::new(&config, numbers).unwrap()
    }

    proptest! {
        #[test]
        fn statistics_are_those_of_all_numbers(numbers in prop::collection::vec(-1e3..1e3_f64, 2..40)) {
            let mut running = Running::new(1);
            numbers.iter().for_each(|&x| running.take(&[x]));
            let n = numbers.len() as f64;
            let mean = numbers.iter().sum::<f64>() / n;
            let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            prop_assert!((running.mean[0] - mean).abs() < 1e-9);
            prop_assert!((running.sd(0).powi(2) - variance).abs() < 1e-6 * (1.0 + variance));
        }
    }

    #[test]
    fn observations_are_centred_scaled_and_clipped() {
        let config = NormalizationConfig { observation: true, clip: 1.5, ..NormalizationConfig::default() };
        let mut normalization = normalization(config, 2);
        for x in [[1.0, 5.0], [3.0, 5.0]] {
            normalization.observe(&mut x.clone(), true);
        }
        let mut numbers = [3.0, 9.0];
        normalization.observe(&mut numbers, false);
        assert!((numbers[0] - 1.0).abs() < 1e-6 && numbers[1] == 1.5, "{numbers:?}");
        assert_eq!(normalization.observations.count, 2.0);
        let space = normalization.space(&Space::Discrete { n: 3, start: 0 }).unwrap();
        assert_eq!(space, Space::Box(BoxSpace::uniform(-1.5, 1.5, vec![3], Dtype::F64).unwrap()));
    }

    #[test]
    fn rewards_are_over_the_deviation_of_the_discounted_return() {
        let config = NormalizationConfig { reward: true, gamma: 0.5, ..NormalizationConfig::default() };
        let mut normalization = normalization(config, 1);
        // Returns 4, 2 + 2 = 4 and, in a new episode, 1.
        normalization.reward(4.0, false);
        normalization.reward(2.0, true);
        let reward = normalization.reward(1.0, false);
        let sd = (2.0_f64).sqrt();
        assert!((reward - 1.0 / sd).abs() < 1e-6, "{reward}");
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let mut config = AgentConfig::default();
        config.normalization.reward = true;
        config.learner = LearnerConfig::Ars(Default::default());
        let error = Normalization::new(&config, 1).unwrap_err().to_string();
        assert!(error.starts_with("normalization.reward = true: learner.kind = \"ars\""), "{error}");
        config.learner = LearnerConfig::default();
        config.normalization.clip = 0.0;
        let error = Normalization::new(&config, 1).unwrap_err().to_string();
        assert_eq!(error, "normalization.clip: a positive number expected, found 0");
    }
}
