//! Policies: scores become actions. [`StochasticPolicy`] for learners that follow the gradient of its logarithm,
//! [`Exploration`] for learners of action values.

mod exploration;
mod gaussian;
mod softmax;
mod widths;

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use sorn_env::{Space, Value};

use crate::action::Actions;
use crate::error::check;
use crate::random::unit;
use crate::reservoir::json;
use crate::{AgentError, AgentState, Schedule};
pub(crate) use exploration::Exploration;
use gaussian::Gaussian;
pub use gaussian::Spread;
use softmax::Softmax;

/// How an action is chosen while training; evaluation is greedy.
///
/// The actor-critic and REINFORCE take `softmax` (Discrete, MultiDiscrete and MultiBinary actions) or `gaussian` (Box); with actions of a
/// Dict or Tuple that has both, each is for its members, and the one that is not named is the usual one. Learners of action values take `epsilon_greedy`, `softmax` or `greedy`. Other learners have no policy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PolicyConfig {
    /// With probability proportional to `exp(score / temperature)`, in each factor of its own where the space has several.
    Softmax {
        /// Positive; 1 by default.
        #[serde(default = "one")]
        temperature: Schedule,
    },
    /// With probability `epsilon` uniformly, else one of the actions with the largest value.
    EpsilonGreedy {
        /// In `[0, 1]`; 0.1 by default.
        #[serde(default = "tenth")]
        epsilon: Schedule,
    },
    /// One of the actions with the largest value: exploration by optimistic initial values alone.
    Greedy {},
    /// Normal around a linear mean; where a Box has two finite bounds, -1 and 1 stand for them, the mean is squashed between
    /// them by tanh, and what is drawn outside is moved to them.
    Gaussian {
        /// Standard deviation, before it is learnt; positive. By default 1 for an actor-critic with bounded steps, else 0.5.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sd: Option<Schedule>,
        /// Correlation of what is drawn in one step and in the next, in `[0, 1)`: noise that lasts explores further (Eberhard et
        /// al. 2023, *Pink noise is all you need*, openreview.net/forum?id=hQ9V5QN27eS). By default 0.7 for an actor-critic with
        /// bounded steps, else 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        correlation: Option<f64>,
        /// Whether and how the standard deviation is learnt.
        #[serde(default)]
        spread: Spread,
        /// The deviation of narrow episodes, whose draws have no correlation, as a share of that of the others, in `[0, 1)`. They are
        /// played if the last ten of the others were terminated; of the two widths the one with the higher mean return in its last ten
        /// episodes is then played nine times of ten. 0: no episode is narrow. By default 0.25 for an actor-critic with bounded steps, else 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        narrow: Option<f64>,
    },
}

fn one() -> Schedule {
    Schedule::Constant(1.0)
}
fn tenth() -> Schedule {
    Schedule::Constant(0.1)
}

impl PolicyConfig {
    /// Its kind in files, in quotes.
    pub(crate) fn kind(&self) -> String {
        json(self)["kind"].to_string()
    }

    fn validate(&self) -> Result<(), AgentError> {
        match self {
            PolicyConfig::Softmax { temperature } => {
                temperature.validate("policy.temperature", |t| t > 0.0, "a positive number")
            }
            PolicyConfig::EpsilonGreedy { epsilon } => {
                epsilon.validate("policy.epsilon", |e| (0.0..=1.0).contains(&e), "a number in [0, 1]")
            }
            PolicyConfig::Greedy {} => Ok(()),
            PolicyConfig::Gaussian { sd, correlation, narrow, .. } => {
                let n = narrow.unwrap_or(0.0);
                check("policy.narrow", n, (0.0..1.0).contains(&n), "a number in [0, 1)")?;
                let c = correlation.unwrap_or(0.0);
                check("policy.correlation", c, (0.0..1.0).contains(&c), "a number in [0, 1)")?;
                sd.map_or(Ok(()), |sd| sd.validate("policy.sd", |s| s > 0.0, "a positive number"))
            }
        }
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

/// What a Gaussian policy is where its configuration does not say.
struct Usual {
    sd: f64,
    correlation: f64,
    narrow: f64,
}

/// A policy with a gradient: the probability (density) of each action is a differentiable function of the scores. It draws choices by a
/// softmax and numbers from a normal distribution, each if the action space has any.
#[derive(Clone, Debug)]
pub(crate) struct StochasticPolicy {
    actions: Actions,
    softmax: Option<Softmax>,
    gaussian: Option<Gaussian>,
}

impl StochasticPolicy {
    /// The policy that `config` names, or the usual one for the space. `who` names the learner in errors.
    pub(crate) fn new(
        config: Option<&PolicyConfig>,
        space: &Space,
        who: &str,
    ) -> Result<StochasticPolicy, AgentError> {
        StochasticPolicy::with(config, space, who, Usual { sd: 0.5, correlation: 0.0, narrow: 0.0 })
    }

    /// The same where the numbers of a Box are drawn from all of its range, and draws last for some steps, in episodes that are not
    /// narrow.
    pub(crate) fn wide(
        config: Option<&PolicyConfig>,
        space: &Space,
        who: &str,
    ) -> Result<StochasticPolicy, AgentError> {
        StochasticPolicy::with(config, space, who, Usual { sd: 1.0, correlation: 0.7, narrow: 0.25 })
    }

    fn with(
        config: Option<&PolicyConfig>,
        space: &Space,
        who: &str,
        usual: Usual,
    ) -> Result<StochasticPolicy, AgentError> {
        let actions = Actions::new(space, who)?;
        let (choices, numbers) = (actions.choices() > 0, actions.ranges().len() > 0);
        config.map_or(Ok(()), PolicyConfig::validate)?;
        let (mut temperature, mut spread) = (one(), Spread::default());
        let Usual { sd, mut correlation, mut narrow } = usual;
        let mut sd = Schedule::from(sd);
        match config {
            None => {}
            Some(PolicyConfig::Softmax { temperature: given }) if choices => temperature = *given,
            Some(PolicyConfig::Gaussian { sd: given, correlation: c, spread: s, narrow: n }) if numbers => {
                sd = given.unwrap_or(sd);
                correlation = c.unwrap_or(correlation);
                narrow = n.unwrap_or(narrow);
                spread = *s;
            }
            Some(config) => {
                let allowed = match (choices, numbers) {
                    (true, false) => "\"softmax\" does",
                    (false, _) => "\"gaussian\" does",
                    (true, true) => "\"softmax\" for its choices and \"gaussian\" for its numbers do",
                };
                return Err(config.refused(who, space, allowed));
            }
        }
        let gaussian = || Gaussian::new(actions.ranges().clone(), sd, correlation, spread, narrow);
        Ok(StochasticPolicy {
            softmax: choices.then(|| Softmax::new(actions.factors().to_vec(), temperature)),
            gaussian: numbers.then(gaussian),
            actions,
        })
    }

    /// Number of scores: those of choices, then those of numbers.
    pub(crate) fn scores(&self) -> usize {
        self.choices() + self.gaussian.as_ref().map_or(0, Gaussian::scores)
    }

    fn choices(&self) -> usize {
        self.softmax.as_ref().map_or(0, Softmax::scores)
    }

    /// Whether a score depends on the features; otherwise it is a parameter by itself.
    pub(crate) fn sees(&self, score: usize) -> bool {
        let number = score.checked_sub(self.choices());
        self.gaussian.as_ref().zip(number).is_none_or(|(policy, number)| policy.sees(number))
    }

    /// Episode `episode` of training begins.
    pub(crate) fn begin(&mut self, episode: u64) {
        if let Some(policy) = &mut self.softmax {
            policy.begin(episode);
        }
        if let Some(policy) = &mut self.gaussian {
            policy.begin(episode);
        }
    }

    /// The episode ended with this return, and was terminated, or truncated.
    pub(crate) fn end(&mut self, ret: f64, terminated: bool) {
        if let Some(policy) = &mut self.gaussian {
            policy.end(ret, terminated);
        }
    }

    /// Draws an action, and remembers it for [`log_gradient`](StochasticPolicy::log_gradient).
    pub(crate) fn act(&mut self, scores: &[f64], rng: &mut Xoshiro256PlusPlus) -> Value {
        let (choices, numbers) = scores.split_at(self.choices());
        let choices = self.softmax.as_mut().map_or(&[][..], |policy| policy.act(choices, rng));
        let numbers = self.gaussian.as_mut().map_or(&[][..], |policy| policy.act(numbers, rng));
        self.actions.element(choices.iter().copied(), numbers.iter().copied())
    }

    /// The most probable action.
    pub(crate) fn best(&self, scores: &[f64]) -> Value {
        // Behind those of means there are those of spreads.
        self.actions.best(&scores[..self.actions.scores()])
    }

    /// The entropy of the distribution from which the last action was drawn.
    pub(crate) fn entropy(&self) -> f64 {
        self.softmax.as_ref().map_or(0.0, Softmax::entropy)
            + self.gaussian.as_ref().map_or(0.0, Gaussian::entropy)
    }

    /// The gradient of `log pi(last action)` with respect to the scores it was drawn with.
    pub(crate) fn log_gradient(&self, out: &mut [f64]) {
        let (choices, numbers) = out.split_at_mut(self.choices());
        if let Some(policy) = &self.softmax {
            policy.log_gradient(choices);
        }
        if let Some(policy) = &self.gaussian {
            policy.log_gradient(numbers);
        }
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        if let Some(policy) = &self.softmax {
            policy.save(state);
        }
        if let Some(policy) = &self.gaussian {
            policy.save(state);
        }
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        if let Some(policy) = &mut self.softmax {
            policy.load(state)?;
        }
        match &mut self.gaussian {
            Some(policy) => policy.load(state),
            None => Ok(()),
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
        let error = refused(PolicyConfig::Softmax { temperature: one() }, &numbers);
        assert!(
            error.starts_with("policy.kind = \"softmax\" does not go with learner.kind = \"x\""),
            "{error}"
        );
        assert!(error.ends_with("\"gaussian\" does"), "{error}");
        let error = refused(PolicyConfig::Greedy {}, &discrete);
        assert!(error.ends_with("\"softmax\" does"), "{error}");
        let error = refused(
            PolicyConfig::Gaussian {
                sd: Some((-1.0).into()),
                correlation: None,
                spread: Spread::Fixed,
                narrow: None,
            },
            &numbers,
        );
        assert_eq!(error, "policy.sd: expected a positive number, found -1");
        let error = PolicyConfig::refuse(Some(&PolicyConfig::Greedy {}), "learner.kind = \"ars\"");
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "policy.kind = \"greedy\": learner.kind = \"ars\" has no policy of its own");
    }
}
