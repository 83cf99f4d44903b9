//! Watkins's Q(lambda) on linear action values.
//!
//! Watkins 1989, *Learning from delayed rewards*; Sutton & Barto, *Reinforcement Learning*, 2nd edition, section 12.10. As
//! Sarsa(lambda), but it learns about the greedy policy while another explores:
//!
//! ```text
//! delta = r + gamma max_b q_b(phi') - q_a(phi)    (max = 0 where the episode terminated)
//! z     = gamma lambda z;  z_a += phi             (or replaced by phi, see Traces)
//! w    += step / |phi|^2 * delta * z
//! z     = 0 where the next action is not greedy: what follows says nothing about the greedy policy
//! ```

use sorn_env::{Space, Value};

use super::action_values::{ActionValues, ValueConfig};
use super::linear::add;
use super::{Learn, Transition, same};
use crate::{AgentError, AgentState, Diagnosis, Norms, PolicyConfig};

#[derive(Clone, Debug)]
pub(crate) struct QLambda {
    pub(super) q: ActionValues,
}

impl QLambda {
    pub(crate) fn new(
        config: &ValueConfig,
        policy: Option<&PolicyConfig>,
        features: usize,
        actions: &Space,
        seed: u64,
    ) -> Result<QLambda, AgentError> {
        let q = ActionValues::new(config, policy, features, actions, seed, "learner.kind = \"q_lambda\"")?;
        Ok(QLambda { q })
    }
}

impl Learn for QLambda {
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
        let largest = || q.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (next, greedy) = step.next.map_or((0.0, true), |a| (largest(), q.values[a] == largest()));
        let value = q.value();
        let delta = q.finite(step.reward + gamma * next - value, value)?;
        q.credit(gamma * lambda);
        add(&mut q.w, step.step * delta, &q.z);
        if !greedy {
            q.z.fill(0.0);
        }
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
