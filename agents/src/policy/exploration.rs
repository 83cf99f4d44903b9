//! How a learner of action values explores.

use rand_xoshiro::Xoshiro256PlusPlus;
use sorn_env::Space;

use super::{EpsilonGreedyConfig, Kind, PolicyConfig, draw};
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
        let usual = || PolicyConfig::EpsilonGreedy(EpsilonGreedyConfig::default());
        let config = config.cloned().unwrap_or_else(usual);
        config.validate()?;
        if config.keys().and_then(Kind::explore).is_none() {
            let kinds = PolicyConfig::kinds(|keys| keys.explore().is_some());
            return Err(config.refused(who, space, &format!("{kinds} do")));
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
        if let Some(explore) = self.config.keys().and_then(Kind::explore) {
            explore.probabilities(values, self.episode, &mut self.probabilities);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{GreedyConfig, SoftmaxConfig};
    use crate::{GaussianConfig, Schedule};

    #[test]
    fn probabilities_are_those_of_the_policy() {
        let space = Space::discrete(4).unwrap();
        let of = |config: PolicyConfig, episode| {
            let mut exploration = Exploration::new(Some(&config), &space, 4, "x").unwrap();
            exploration.begin(episode);
            exploration.probabilities(&[1.0, 3.0, 3.0, 0.0]);
            exploration.probabilities
        };
        assert_eq!(of(PolicyConfig::Greedy(GreedyConfig {}), 0), [0.0, 0.5, 0.5, 0.0]);
        let epsilon = Schedule::Linear { from: 0.8, to: 0.4, episodes: 10 };
        let epsilon_greedy = PolicyConfig::EpsilonGreedy(EpsilonGreedyConfig { epsilon });
        assert_eq!(of(epsilon_greedy, 10), [0.1, 0.4, 0.4, 0.1]);
        let soft = of(PolicyConfig::Softmax(SoftmaxConfig { temperature: 2.0.into() }), 0);
        assert!(
            (soft[1] / soft[0] - 1.0_f64.exp()).abs() < 1e-12
                && (soft.iter().sum::<f64>() - 1.0).abs() < 1e-12
        );
    }

    #[test]
    fn a_policy_of_numbers_is_refused() {
        let config = PolicyConfig::Gaussian(GaussianConfig::default());
        let space = Space::discrete(4).unwrap();
        let error = Exploration::new(Some(&config), &space, 4, "x").unwrap_err().to_string();
        assert!(error.ends_with(": \"softmax\", \"epsilon_greedy\" and \"greedy\" do"), "{error}");
    }
}
