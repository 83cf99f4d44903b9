//! The built-in policy with a gradient: a softmax for choices beside a normal distribution for numbers.

use rand_xoshiro::Xoshiro256PlusPlus;
use sorn_env::Value;

use super::Stochastic;
use super::gaussian::{Gaussian, Spread};
use super::softmax::Softmax;
use crate::action::Actions;
use crate::{AgentError, AgentState, Schedule};

/// What both are, before a configuration says otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) temperature: Schedule,
    pub(super) sd: Schedule,
    pub(super) correlation: f64,
    pub(super) spread: Spread,
    pub(super) narrow: f64,
}

impl Default for Shape {
    fn default() -> Self {
        Shape {
            temperature: 1.0.into(),
            sd: 0.5.into(),
            correlation: 0.0,
            spread: Spread::default(),
            narrow: 0.0,
        }
    }
}

impl Shape {
    /// Numbers from all of their range, draws that last for some steps, in episodes that are not narrow.
    pub(super) fn wide() -> Shape {
        Shape { sd: 1.0.into(), correlation: 0.7, narrow: 0.25, ..Shape::default() }
    }
}

/// Draws choices by a softmax and numbers from a normal distribution, each if the action space has any.
#[derive(Clone, Debug)]
pub(super) struct Joint {
    actions: Actions,
    softmax: Option<Softmax>,
    gaussian: Option<Gaussian>,
}

impl Joint {
    pub(super) fn new(actions: Actions, shape: &Shape) -> Joint {
        let Shape { temperature, sd, correlation, spread, narrow } = *shape;
        let gaussian = || Gaussian::new(actions.ranges().clone(), sd, correlation, spread, narrow);
        Joint {
            softmax: (actions.choices() > 0).then(|| Softmax::new(actions.factors().to_vec(), temperature)),
            gaussian: (actions.ranges().len() > 0).then(gaussian),
            actions,
        }
    }

    fn choices(&self) -> usize {
        self.softmax.as_ref().map_or(0, Softmax::scores)
    }
}

impl Stochastic for Joint {
    /// Those of choices, then those of numbers.
    fn scores(&self) -> usize {
        self.choices() + self.gaussian.as_ref().map_or(0, Gaussian::scores)
    }

    fn sees(&self, score: usize) -> bool {
        let number = score.checked_sub(self.choices());
        self.gaussian.as_ref().zip(number).is_none_or(|(policy, number)| policy.sees(number))
    }

    fn begin(&mut self, episode: u64) {
        if let Some(policy) = &mut self.softmax {
            policy.begin(episode);
        }
        if let Some(policy) = &mut self.gaussian {
            policy.begin(episode);
        }
    }

    fn end(&mut self, ret: f64, terminated: bool) {
        if let Some(policy) = &mut self.gaussian {
            policy.end(ret, terminated);
        }
    }

    fn act(&mut self, scores: &[f64], rng: &mut Xoshiro256PlusPlus) -> Value {
        let (choices, numbers) = scores.split_at(self.choices());
        let choices = self.softmax.as_mut().map_or(&[][..], |policy| policy.act(choices, rng));
        let numbers = self.gaussian.as_mut().map_or(&[][..], |policy| policy.act(numbers, rng));
        self.actions.element(choices.iter().copied(), numbers.iter().copied())
    }

    fn best(&mut self, scores: &[f64]) -> Value {
        // Behind those of means there are those of spreads.
        self.actions.best(&scores[..self.actions.scores()])
    }

    fn entropy(&self) -> f64 {
        self.softmax.as_ref().map_or(0.0, Softmax::entropy)
            + self.gaussian.as_ref().map_or(0.0, Gaussian::entropy)
    }

    fn log_gradient(&self, out: &mut [f64]) {
        let (choices, numbers) = out.split_at_mut(self.choices());
        if let Some(policy) = &self.softmax {
            policy.log_gradient(choices);
        }
        if let Some(policy) = &self.gaussian {
            policy.log_gradient(numbers);
        }
    }

    fn save(&self, state: &mut AgentState) {
        if let Some(policy) = &self.softmax {
            policy.save(state);
        }
        if let Some(policy) = &self.gaussian {
            policy.save(state);
        }
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        if let Some(policy) = &mut self.softmax {
            policy.load(state)?;
        }
        match &mut self.gaussian {
            Some(policy) => policy.load(state),
            None => Ok(()),
        }
    }

    fn copy(&self) -> Box<dyn Stochastic> {
        Box::new(self.clone())
    }
}
