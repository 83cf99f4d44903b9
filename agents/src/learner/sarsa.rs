//! Sarsa(lambda) on linear action values.
//!
//! Rummery & Niranjan 1994, *On-line Q-learning using connectionist systems*; Sutton & Barto, *Reinforcement Learning*, 2nd
//! edition, section 12.7. With `q_a(phi) = w_a . phi`, action `a` and the next action `a'` drawn by the policy:
//!
//! ```text
//! delta = r + gamma q_a'(phi') - q_a(phi)     (q' = 0 where the episode terminated)
//! z     = gamma lambda z;  z_a += phi         (or replaced by phi, see Traces)
//! w    += step / |phi|^2 * delta * z
//! ```
//!
//! Where an episode is truncated, `a'` is drawn but not done.

use sorn_env::{Space, Value};

use super::action_values::{ActionValues, ValueConfig};
use super::linear::add;
use super::{Learn, Transition, same};
use crate::{AgentError, AgentState, Diagnosis, Norms, PolicyConfig};

#[derive(Clone, Debug)]
pub(crate) struct Sarsa {
    pub(super) q: ActionValues,
}

impl Sarsa {
    pub(crate) fn new(
        config: &ValueConfig,
        policy: Option<&PolicyConfig>,
        features: usize,
        actions: &Space,
        seed: u64,
    ) -> Result<Sarsa, AgentError> {
        let q = ActionValues::new(config, policy, features, actions, seed, "learner.kind = \"sarsa\"")?;
        Ok(Sarsa { q })
    }
}

impl Learn for Sarsa {
    fn begin(&mut self) {
        self.q.begin();
    }

    fn act(&mut self, phi: &[f64]) -> Value {
        self.q.act(phi)
    }

    fn act_greedily(&mut self, phi: &[f64]) -> Value {
        self.q.act_greedily(phi)
    }

    fn value(&self, phi: &[f64]) -> Option<f64> {
        self.q.largest(phi)
    }

    fn diagnosis(&self) -> Diagnosis {
        self.q.diagnosis()
    }

    fn norms(&self) -> Norms {
        self.q.norms()
    }

    fn learn(&mut self, transition: &Transition<'_>) -> Result<(), AgentError> {
        let q = &mut self.q;
        let (gamma, lambda) = (q.config.gamma, q.config.lambda);
        let step = q.step(transition);
        let next = step.next.map_or(0.0, |action| q.values[action]);
        let value = q.value();
        let delta = q.finite(step.reward + gamma * next - value, value)?;
        q.credit(gamma * lambda);
        add(&mut q.w, step.step * delta, &q.z);
        Ok(())
    }

    fn save(&self, state: &mut AgentState) {
        self.q.save(state);
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        self.q.load(state)
    }

    fn forget(&mut self) {
        self.q.z.fill(0.0);
    }

    fn copy(&self) -> Box<dyn Learn> {
        Box::new(self.clone())
    }

    fn exchange(&mut self, other: &mut dyn Learn) -> bool {
        let Some(other) = same::<Self>(other) else { return false };
        self.q.exchange(&mut other.q);
        true
    }
}
