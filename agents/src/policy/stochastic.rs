//! [`StochasticPolicy`]: a policy with a gradient, built in or one's own.

use std::fmt::Debug;

use rand_xoshiro::Xoshiro256PlusPlus;
use sorn_env::{Space, Value};

use super::{Joint, Of, PolicyConfig, Shape};
use crate::action::Actions;
use crate::own::{OwnPolicy, PolicySetup};
use crate::{AgentError, AgentState};

/// A policy with a gradient: the probability (density) of each action is a differentiable function of the scores.
pub(crate) trait Stochastic: Debug + Send + Sync {
    /// Number of scores.
    fn scores(&self) -> usize;

    /// Whether a score depends on the features; otherwise it is a parameter by itself.
    fn sees(&self, score: usize) -> bool;

    /// Episode `episode` of training begins.
    fn begin(&mut self, episode: u64);

    /// The episode ended with this return, and was terminated, or truncated.
    fn end(&mut self, ret: f64, terminated: bool);

    /// Draws an action, and remembers it for [`log_gradient`](Stochastic::log_gradient).
    fn act(&mut self, scores: &[f64], rng: &mut Xoshiro256PlusPlus) -> Value;

    /// The most probable action.
    fn best(&mut self, scores: &[f64]) -> Value;

    /// Why the last action was none, if a policy of one's own failed.
    fn failure(&mut self) -> Option<AgentError> {
        None
    }

    /// The entropy of the distribution from which the last action was drawn.
    fn entropy(&self) -> f64;

    /// The gradient of `log pi(last action)` with respect to the scores it was drawn with.
    fn log_gradient(&self, out: &mut [f64]);

    fn save(&self, state: &mut AgentState);

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError>;

    fn copy(&self) -> Box<dyn Stochastic>;
}

/// Any policy with a gradient.
#[derive(Debug)]
pub(crate) struct StochasticPolicy(Box<dyn Stochastic>);

impl Clone for StochasticPolicy {
    fn clone(&self) -> Self {
        StochasticPolicy(self.0.copy())
    }
}

impl std::ops::Deref for StochasticPolicy {
    type Target = dyn Stochastic;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl std::ops::DerefMut for StochasticPolicy {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.0
    }
}

impl StochasticPolicy {
    /// The policy that `config` names, or the usual one for the space. `who` names the learner in errors.
    pub(crate) fn new(
        config: Option<&PolicyConfig>,
        space: &Space,
        who: &str,
    ) -> Result<StochasticPolicy, AgentError> {
        StochasticPolicy::with(config, space, who, Shape::default())
    }

    /// The same where the numbers of a Box are drawn from all of its range, and draws last for some steps, in episodes that are not
    /// narrow.
    pub(crate) fn wide(
        config: Option<&PolicyConfig>,
        space: &Space,
        who: &str,
    ) -> Result<StochasticPolicy, AgentError> {
        StochasticPolicy::with(config, space, who, Shape::wide())
    }

    fn with(
        config: Option<&PolicyConfig>,
        space: &Space,
        who: &str,
        mut shape: Shape,
    ) -> Result<StochasticPolicy, AgentError> {
        let actions = Actions::new(space, who)?;
        if let Some(PolicyConfig::Own(own)) = config {
            let own = OwnPolicy::new(own, PolicySetup { actions: space })?;
            return Ok(StochasticPolicy(Box::new(own)));
        }
        config.map_or(Ok(()), PolicyConfig::validate)?;
        let (choices, numbers) = (actions.choices() > 0, actions.ranges().len() > 0);
        if let Some(config) = config {
            let of = config.keys().and_then(|keys| keys.shape(&mut shape));
            let fits = of.is_some_and(|of| if of == Of::Choices { choices } else { numbers });
            if !fits {
                let kinds = |of| PolicyConfig::kinds(|keys| keys.shape(&mut Shape::default()) == Some(of));
                let allowed = match (choices, numbers) {
                    (true, false) => format!("{} does", kinds(Of::Choices)),
                    (false, _) => format!("{} does", kinds(Of::Numbers)),
                    (true, true) => {
                        format!(
                            "{} for its choices and {} for its numbers do",
                            kinds(Of::Choices),
                            kinds(Of::Numbers)
                        )
                    }
                };
                return Err(config.refused(who, space, &allowed));
            }
        }
        Ok(StochasticPolicy(Box::new(Joint::new(actions, &shape))))
    }
}
