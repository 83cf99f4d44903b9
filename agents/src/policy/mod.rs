//! Policies: scores become actions. [`StochasticPolicy`] for learners that follow the gradient of its logarithm,
//! [`Exploration`] for learners of action values. One policy per file.

mod epsilon_greedy;
mod exploration;
mod gaussian;
mod greedy;
mod joint;
mod softmax;
mod stochastic;
mod widths;

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use sorn_env::Space;

use crate::error::listed;
use crate::own::{OwnConfig, Policy};
use crate::random::unit;
use crate::reservoir::json;
use crate::{AgentError, with_own};
pub use epsilon_greedy::EpsilonGreedyConfig;
pub(crate) use exploration::Exploration;
pub use gaussian::{GaussianConfig, Spread};
pub use greedy::GreedyConfig;
use joint::{Joint, Shape};
pub use softmax::SoftmaxConfig;
pub(crate) use stochastic::{Stochastic, StochasticPolicy};

/// Makes of a line per policy everything that is known of it: its sentence, its kind in files, and its configuration.
macro_rules! policies {
    ($($(#[$about:meta])* $kind:literal $name:ident($config:ty),)*) => {
        /// How an action is chosen while training; evaluation is greedy.
        ///
        /// The actor-critic and REINFORCE take `softmax` (Discrete, MultiDiscrete and MultiBinary actions) or `gaussian` (Box); with actions of a
        /// Dict or Tuple that has both, each is for its members, and the one that is not named is the usual one. Learners of action values take `epsilon_greedy`, `softmax` or `greedy`. Other learners have no policy.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        // The derived functions know the built-in ones alone; they are called by those of `with_own`.
        #[serde(tag = "kind", deny_unknown_fields, remote = "Self")]
        pub enum PolicyConfig {
            $($(#[$about])* #[serde(rename = $kind)] $name($config),)*
            /// One's own, by the kind under which it was registered ([`PolicyEntry`](crate::PolicyEntry)). The actor-critic and REINFORCE
            /// take it.
            #[serde(skip)]
            Own(OwnConfig),
        }

        impl PolicyConfig {
            /// The keys of a built-in kind.
            fn keys(&self) -> Option<&dyn Kind> {
                match self {
                    $(PolicyConfig::$name(config) => Some(config),)*
                    PolicyConfig::Own(_) => None,
                }
            }

            /// The built-in kinds that are as `wanted`, as a sentence has them.
            fn kinds(wanted: impl Fn(&dyn Kind) -> bool) -> String {
                let all = [$(($kind, wanted(&<$config>::default()))),*];
                let named: Vec<&str> = all.iter().filter(|(_, named)| *named).map(|(kind, _)| *kind).collect();
                listed(&named, "and")
            }
        }
    };
}

policies! {
    /// With probability proportional to `exp(score / temperature)`, in each factor of its own where the space has several.
    "softmax" Softmax(SoftmaxConfig),
    /// With probability `epsilon` uniformly, else one of the actions with the largest value.
    "epsilon_greedy" EpsilonGreedy(EpsilonGreedyConfig),
    /// One of the actions with the largest value: exploration by optimistic initial values alone.
    "greedy" Greedy(GreedyConfig),
    /// Normal around a linear mean; where a Box has two finite bounds, -1 and 1 stand for them, the mean is squashed between
    /// them by tanh, and what is drawn outside is moved to them.
    "gaussian" Gaussian(GaussianConfig),
}

with_own!(PolicyConfig, dyn Policy);

/// The keys of a built-in policy.
trait Kind {
    /// Checks every value.
    fn validate(&self) -> Result<(), AgentError>;

    /// Puts its keys into the shape of a policy with a gradient, of choices or of numbers, if it is one.
    fn shape(&self, _shape: &mut Shape) -> Option<Of> {
        None
    }

    /// How a learner of action values explores by it, if one does.
    fn explore(&self) -> Option<&dyn Explore> {
        None
    }
}

/// What a policy with a gradient draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Choices,
    Numbers,
}

/// A policy of actions that have values.
trait Explore {
    /// Writes the probability of each action with these values in an episode.
    fn probabilities(&self, values: &[f64], episode: u64, out: &mut [f64]);
}

impl PolicyConfig {
    /// Its kind in files, in quotes.
    pub(crate) fn kind(&self) -> String {
        json(self)["kind"].to_string()
    }

    fn validate(&self) -> Result<(), AgentError> {
        self.keys().map_or(Ok(()), Kind::validate)
    }

    fn refused(&self, who: &str, actions: &Space, allowed: &str) -> AgentError {
        let kind = self.kind();
        AgentError::Mismatch(format!(
            "policy.kind = {kind} does not go with {who} and actions of {actions}: {allowed}"
        ))
    }

    /// Refuses a policy for a learner, named by `who`, that has none.
    pub(crate) fn refuse(policy: Option<&PolicyConfig>, who: &str) -> Result<(), AgentError> {
        match policy {
            None => Ok(()),
            Some(policy) => {
                let kind = policy.kind();
                Err(AgentError::Mismatch(format!("policy.kind = {kind}: {who} has no policy of its own")))
            }
        }
    }
}

/// Turns scores into the probabilities of a softmax in place.
pub(crate) fn softmax(scores: &mut [f64], temperature: f64) {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = libm::exp((*score - most) / temperature);
        sum += *score;
    }
    scores.iter_mut().for_each(|p| *p /= sum);
}

/// Draws an index with the given probabilities.
pub(crate) fn draw(probabilities: &[f64], rng: &mut Xoshiro256PlusPlus) -> usize {
    let mut left = unit(rng);
    for (index, p) in probabilities.iter().enumerate() {
        left -= p;
        if left < 0.0 {
            return index;
        }
    }
    // Rounding may leave a sliver above the sum.
    probabilities.len() - 1
}

/// The first index with the largest score.
pub(crate) fn greedy(scores: &[f64]) -> usize {
    (1..scores.len()).fold(0, |best, index| if scores[index] > scores[best] { index } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::rand_core::SeedableRng;

    #[test]
    fn draws_follow_the_probabilities() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut counts = [0; 3];
        (0..30_000).for_each(|_| counts[draw(&[0.2, 0.0, 0.8], &mut rng)] += 1);
        assert_eq!(counts[1], 0);
        assert!((5_700..6_300).contains(&counts[0]), "{counts:?}");
        assert_eq!(greedy(&[1.0, 3.0, 3.0]), 1);
    }

    #[test]
    fn a_policy_that_does_not_fit_is_refused() {
        let discrete = Space::discrete(3).unwrap();
        let numbers = Space::box_f32(&[-1.0], &[1.0]).unwrap();
        let refused = |config: PolicyConfig, space: &Space| {
            StochasticPolicy::new(Some(&config), space, "learner.kind = \"x\"").unwrap_err().to_string()
        };
        let error = refused(PolicyConfig::Softmax(SoftmaxConfig::default()), &numbers);
        assert!(
            error.starts_with("policy.kind = \"softmax\" does not go with learner.kind = \"x\""),
            "{error}"
        );
        assert!(error.ends_with("\"gaussian\" does"), "{error}");
        let error = refused(PolicyConfig::Greedy(GreedyConfig {}), &discrete);
        assert!(error.ends_with("\"softmax\" does"), "{error}");
        let error = refused(
            PolicyConfig::Gaussian(GaussianConfig { sd: Some((-1.0).into()), ..GaussianConfig::default() }),
            &numbers,
        );
        assert_eq!(error, "policy.sd: expected a positive number, found -1");
        let error =
            PolicyConfig::refuse(Some(&PolicyConfig::Greedy(GreedyConfig {})), "learner.kind = \"ars\"");
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "policy.kind = \"greedy\": learner.kind = \"ars\" has no policy of its own");
    }
}
