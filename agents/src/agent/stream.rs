//! What an agent has once per stream of observations, where several environments feed it.

use std::mem::swap;

use super::{Agent, Turn};
use crate::AgentError;
use crate::features::Features;
use crate::learner::AnyLearner;
use crate::normalization::Passing;
use crate::reservoir::Reservoir;

/// What passes from step to step, for one of several streams of observations.
#[derive(Debug)]
pub(crate) struct Stream {
    reservoir: Reservoir,
    features: Features,
    learner: AnyLearner,
    normalization: Passing,
    /// Of the inputs beside the observation.
    previous: Vec<f64>,
    flat: Vec<f64>,
    phi: Vec<f64>,
    turn: Turn,
}

impl Agent {
    /// Whether the agent can learn from several environments at once ([`run_batch`](crate::run_batch)).
    ///
    /// # Errors
    /// [`AgentError::Mismatch`] where its learner cannot (`ars`), or its reservoir never ceases to be plastic.
    pub fn check_batch(&self) -> Result<(), AgentError> {
        if !self.learner.clone().exchange(&mut *self.learner.clone()) {
            return Err(AgentError::Mismatch(
                "this learner cannot learn from several environments at once: learner.kind = \"actor_critic\", \
                 \"reinforce\", \"sarsa\", \"q_lambda\", \"true_online_sarsa\", \"rm_sorn\" and \"ppo\" can"
                    .into(),
            ));
        }
        let organises = !self.greedy && self.learner.sees() && self.reservoir.kind().organises();
        if organises && !self.config.plasticity.is_over(u64::MAX) {
            return Err(AgentError::Mismatch(format!(
                "several environments at once cannot organise one reservoir: expected plasticity.mode = \"first_steps\" \
                 (the first environment then begins alone) or reservoir.kind = \"static\", found {:?}",
                self.config.plasticity
            )));
        }
        Ok(())
    }

    /// Whether the reservoir is plastic at the next observation.
    pub(crate) fn is_plastic(&self) -> bool {
        !self.greedy
            && self.learner.sees()
            && self.reservoir.kind().organises()
            && !self.config.plasticity.is_over(self.steps)
    }

    /// `n` streams, each as the agent is now, between two episodes.
    pub(crate) fn streams(&mut self, n: usize) -> Result<Vec<Stream>, AgentError> {
        if self.learner.sees() && !self.greedy && !self.is_plastic() {
            // Once for all streams, not in each.
            self.reservoir.end_plasticity()?;
        }
        let learners = self.learner.for_streams(n);
        let stream = |(index, learner)| {
            Ok(Stream {
                reservoir: self.reservoir.fork(self.seed, index)?,
                features: self.features.clone(),
                learner,
                normalization: Passing::default(),
                previous: self.inputs.previous().to_vec(),
                flat: self.flat.clone(),
                phi: self.phi.clone(),
                turn: Turn::Begin,
            })
        };
        (0..).zip(learners).map(stream).collect()
    }

    /// The stream that the agent is in.
    pub(crate) fn into_stream(mut self) -> Stream {
        let mut passing = Passing::default();
        self.normalization.exchange(&mut passing);
        let mut previous = Vec::new();
        self.inputs.exchange(&mut previous);
        let Agent { reservoir, features, learner, flat, phi, turn, .. } = self;
        Stream { reservoir, features, learner, normalization: passing, previous, flat, phi, turn }
    }

    /// Puts the present stream aside for another one.
    pub(crate) fn exchange(&mut self, stream: &mut Stream) {
        swap(&mut self.reservoir, &mut stream.reservoir);
        swap(&mut self.features, &mut stream.features);
        self.normalization.exchange(&mut stream.normalization);
        self.inputs.exchange(&mut stream.previous);
        swap(&mut self.flat, &mut stream.flat);
        swap(&mut self.phi, &mut stream.phi);
        swap(&mut self.turn, &mut stream.turn);
        self.learner.exchange(&mut *stream.learner);
    }
}
