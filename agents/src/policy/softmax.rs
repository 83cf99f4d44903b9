//! Softmax over each factor of an action space: the one of a Discrete space, or those of others.

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::{Explore, Kind, Of, Shape, draw, softmax};
use crate::diagnosis::entropy;
use crate::reservoir::{entry, json};
use crate::{AgentError, AgentState, Schedule};

/// Configuration of [`PolicyConfig::Softmax`](super::PolicyConfig::Softmax).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SoftmaxConfig {
    /// Positive; 1 by default.
    pub temperature: Schedule,
}

impl Default for SoftmaxConfig {
    fn default() -> Self {
        SoftmaxConfig { temperature: 1.0.into() }
    }
}

impl Kind for SoftmaxConfig {
    fn validate(&self) -> Result<(), AgentError> {
        self.temperature.validate("policy.temperature", |t| t > 0.0, "a positive number")
    }

    fn shape(&self, shape: &mut Shape) -> Option<Of> {
        shape.temperature = self.temperature;
        Some(Of::Choices)
    }

    fn explore(&self) -> Option<&dyn Explore> {
        Some(self)
    }
}

impl Explore for SoftmaxConfig {
    fn probabilities(&self, values: &[f64], episode: u64, out: &mut [f64]) {
        out.copy_from_slice(values);
        softmax(out, self.temperature.at(episode));
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Softmax {
    /// Elements of each factor.
    factors: Vec<usize>,
    schedule: Schedule,
    temperature: f64,
    /// At the last action.
    probabilities: Vec<f64>,
    choices: Vec<usize>,
}

impl Softmax {
    pub(crate) fn new(factors: Vec<usize>, schedule: Schedule) -> Softmax {
        Softmax {
            temperature: schedule.at(0),
            schedule,
            probabilities: vec![0.0; factors.iter().sum()],
            choices: vec![0; factors.len()],
            factors,
        }
    }

    pub(crate) fn scores(&self) -> usize {
        self.probabilities.len()
    }

    pub(crate) fn begin(&mut self, episode: u64) {
        self.temperature = self.schedule.at(episode);
    }

    /// Draws a choice in each factor.
    pub(crate) fn act(&mut self, scores: &[f64], rng: &mut Xoshiro256PlusPlus) -> &[usize] {
        self.probabilities.copy_from_slice(scores);
        let mut rest = &mut self.probabilities[..];
        for (&size, choice) in self.factors.iter().zip(&mut self.choices) {
            let (factor, after) = rest.split_at_mut(size);
            rest = after;
            softmax(factor, self.temperature);
            *choice = draw(factor, rng);
        }
        &self.choices
    }

    pub(crate) fn entropy(&self) -> f64 {
        entropy(&self.probabilities)
    }

    /// `(1[a = choice] - p_a) / temperature` in each factor.
    pub(crate) fn log_gradient(&self, out: &mut [f64]) {
        let mut start = 0;
        for (&size, &choice) in self.factors.iter().zip(&self.choices) {
            for action in 0..size {
                let chosen = f64::from(u8::from(action == choice));
                out[start + action] = (chosen - self.probabilities[start + action]) / self.temperature;
            }
            start += size;
        }
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        state.put("policy/probabilities", &[self.probabilities.len()], &self.probabilities);
        state.meta["choices"] = json(&(self.temperature, &self.choices));
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("policy/probabilities", &mut self.probabilities)?;
        let (temperature, choices): (f64, Vec<usize>) = entry(state, "choices")?;
        let sizes = &self.factors;
        if choices.len() != sizes.len() || choices.iter().zip(sizes).any(|(choice, size)| choice >= size) {
            return Err(AgentError::State {
                name: "choices".into(),
                expected: format!("actions below {sizes:?}"),
                found: format!("{choices:?}"),
            });
        }
        (self.temperature, self.choices) = (temperature, choices);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_xoshiro::rand_core::SeedableRng;

    /// `log pi` of the choices made, from its definition.
    fn log_p(policy: &Softmax, scores: &[f64]) -> f64 {
        let (mut start, mut sum) = (0, 0.0);
        for (&size, &choice) in policy.factors.iter().zip(&policy.choices) {
            let exps = scores[start..start + size].iter().map(|s| (s / policy.temperature).exp());
            sum += scores[start + choice] / policy.temperature - exps.sum::<f64>().ln();
            start += size;
        }
        sum
    }

    proptest! {
        #[test]
        fn the_gradient_is_that_of_log_p(
            scores in prop::collection::vec(-5.0..5.0_f64, 6), temperature in 0.3..3.0_f64, seed: u64, factors in 0..3_usize,
        ) {
            let factors = [vec![6], vec![3, 1, 2], vec![2, 2, 2]][factors].clone();
            let mut policy = Softmax::new(factors.clone(), temperature.into());
            let choices = policy.act(&scores, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
            prop_assert!(choices.iter().zip(&factors).all(|(choice, size)| choice < size));
            let mut gradient = vec![0.0; 6];
            policy.log_gradient(&mut gradient);
            for a in 0..6 {
                let (mut up, mut down) = (scores.clone(), scores.clone());
                up[a] += 1e-5;
                down[a] -= 1e-5;
                let difference = (log_p(&policy, &up) - log_p(&policy, &down)) / 2e-5;
                prop_assert!((gradient[a] - difference).abs() < 1e-6, "{} {difference}", gradient[a]);
            }
        }
    }
}
