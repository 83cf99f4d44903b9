//! What an agent has once per stream of observations, where several environments feed it.

use std::mem::swap;

use super::{Agent, Turn};
use crate::AgentError;
use crate::features::Features;
use crate::learner::Learner;
use crate::reservoir::{Reservoir, ReservoirKind};

/// What passes from step to step, for one of several streams of observations.
#[derive(Debug)]
pub(crate) struct Stream {
    reservoir: Reservoir,
    features: Features,
    learner: Learner,
    /// Of the normalisation of rewards.
    ret: f64,
    flat: Vec<f64>,
    phi: Vec<f64>,
    turn: Turn,
}

impl Agent {
    /// `n` streams, each as the agent is now, between two episodes.
    pub(crate) fn streams(&mut self, n: usize) -> Result<Vec<Stream>, AgentError> {
        let over = self.greedy
            || self.reservoir.kind() != ReservoirKind::Sorn
            || self.config.plasticity.is_over(self.steps) && !self.config.reservoir.params.always_ip;
        if !over {
            return Err(AgentError::Mismatch(format!(
                "several environments at once need a reservoir that is not plastic any more, found plasticity = {:?} after {} \
                 observations: train in one environment first, or take reservoir.kind = \"static\"",
                self.config.plasticity, self.steps
            )));
        }
        let stream = |index| {
            Ok(Stream {
                reservoir: self.reservoir.fork(self.seed, index)?,
                features: self.features.clone(),
                learner: self.learner.clone(),
                ret: 0.0,
                flat: self.flat.clone(),
                phi: self.phi.clone(),
                turn: Turn::Begin,
            })
        };
        let mut streams = (0..n as u64).map(stream).collect::<Result<Vec<_>, AgentError>>()?;
        match streams.iter_mut().all(|stream| stream.learner.exchange(&mut *self.learner.clone())) {
            true => Ok(streams),
            false => Err(AgentError::Mismatch(
                "this learner cannot learn from several environments at once: learner.kind = \"actor_critic\", \
                 \"reinforce\", \"sarsa\", \"q_lambda\", \"true_online_sarsa\" and \"rm_sorn\" can"
                    .into(),
            )),
        }
    }

    /// Puts the present stream aside for another one.
    pub(crate) fn exchange(&mut self, stream: &mut Stream) {
        swap(&mut self.reservoir, &mut stream.reservoir);
        swap(&mut self.features, &mut stream.features);
        self.normalization.exchange(&mut stream.ret);
        swap(&mut self.flat, &mut stream.flat);
        swap(&mut self.phi, &mut stream.phi);
        swap(&mut self.turn, &mut stream.turn);
        self.learner.exchange(&mut *stream.learner);
    }
}
