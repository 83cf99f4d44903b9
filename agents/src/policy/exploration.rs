//! How a learner of action values explores.

use rand_xoshiro::Xoshiro256PlusPlus;
use sorn_env::Space;

use super::{PolicyConfig, draw, softmax, tenth};
use crate::AgentError;

#[derive(Clone, Debug)]
pub(crate) struct Exploration {
    config: PolicyConfig,
    episode: u64,
    probabilities: Vec<f64>,
}

impl Exploration {
    /// The policy that `config` names, or epsilon-greedy, over `actions` actions of `space`; `who` names the learner in errors.
    pub(crate) fn new(
        config: Option<&PolicyConfig>,
        space: &Space,
        actions: usize,
        who: &str,
    ) -> Result<Exploration, AgentError> {
        let config = config.copied().unwrap_or(PolicyConfig::EpsilonGreedy { epsilon: tenth() });
        config.validate()?;
        if let PolicyConfig::Gaussian { .. } = config {
            return Err(config.refused(who, space, "\"epsilon_greedy\", \"softmax\" and \"greedy\" do"));
        }
        Ok(Exploration { config, episode: 0, probabilities: vec![0.0; actions] })
    }

    /// Episode `episode` of training begins.
    pub(crate) fn begin(&mut self, episode: u64) {
        self.episode = episode;
    }

    /// An action for these values.
    pub(crate) fn choose(&mut self, values: &[f64], rng: &mut Xoshiro256PlusPlus) -> usize {
        self.probabilities(values);
        draw(&self.probabilities, rng)
    }

    fn probabilities(&mut self, values: &[f64]) {
        let epsilon = match &self.config {
            PolicyConfig::Softmax { temperature } => {
                self.probabilities.copy_from_slice(values);
                return softmax(&mut self.probabilities, temperature.at(self.episode));
            }
            PolicyConfig::EpsilonGreedy { epsilon } => epsilon.at(self.episode),
            _ => 0.0,
        };
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let ties = values.iter().filter(|&&v| v == largest).count() as f64;
        let all = values.len() as f64;
        for (p, &value) in self.probabilities.iter_mut().zip(values) {
            *p = epsilon / all + if value == largest { (1.0 - epsilon) / ties } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schedule;

    #[test]
    fn probabilities_are_those_of_the_policy() {
        let space = Space::discrete(4).unwrap();
        let of = |config: PolicyConfig, episode| {
            let mut exploration = Exploration::new(Some(&config), &space, 4, "x").unwrap();
            exploration.begin(episode);
            exploration.probabilities(&[1.0, 3.0, 3.0, 0.0]);
            exploration.probabilities
        };
        assert_eq!(of(PolicyConfig::Greedy {}, 0), [0.0, 0.5, 0.5, 0.0]);
        let epsilon = Schedule::Linear { from: 0.8, to: 0.4, episodes: 10 };
        assert_eq!(of(PolicyConfig::EpsilonGreedy { epsilon }, 10), [0.1, 0.4, 0.4, 0.1]);
        let soft = of(PolicyConfig::Softmax { temperature: 2.0.into() }, 0);
        assert!(
            (soft[1] / soft[0] - 1.0_f64.exp()).abs() < 1e-12
                && (soft.iter().sum::<f64>() - 1.0).abs() < 1e-12
        );
    }
}
