//! True online Sarsa(lambda) on linear action values.
//!
//! Van Seijen, Mahmood, Pilarski, Machado & Sutton 2016, *True online temporal-difference learning* (JMLR 17), algorithm 2;
//! Sutton & Barto, *Reinforcement Learning*, 2nd edition, section 12.7. Its weights equal those of the online lambda-return
//! algorithm at every step, which those of Sarsa(lambda) do only approximately. With `alpha = step / |phi|^2`:
//!
//! ```text
//! q     = q_a(phi),  q' = q_a'(phi')              (q' = 0 where the episode terminated)
//! delta = r + gamma q' - q
//! z     = gamma lambda z;  z_a += alpha (1 - gamma lambda z_a . phi) phi        (dutch traces, alpha within)
//! w    += (delta + q - q_old) z;  w_a -= alpha (q - q_old) phi
//! q_old = q'
//! ```
//!
//! With a single action it is true online TD(lambda).

use std::mem::swap;

use sorn_env::{Space, Value};

use super::action_values::{ActionValues, Traces, ValueConfig};
use super::linear::{add, dot};
use super::{Learn, Transition, same};
use crate::reservoir::{entry, json};
use crate::{AgentError, AgentState, Diagnosis, Norms, PolicyConfig};

#[derive(Clone, Debug)]
pub(crate) struct TrueOnlineSarsa {
    pub(super) q: ActionValues,
    /// The next state's value when it was last looked at, before that step's update.
    old: f64,
}

impl TrueOnlineSarsa {
    pub(crate) fn new(
        config: &ValueConfig,
        policy: Option<&PolicyConfig>,
        features: usize,
        actions: &Space,
        seed: u64,
    ) -> Result<TrueOnlineSarsa, AgentError> {
        if config.traces != Traces::Accumulating {
            let allowed = "nothing: learner.kind = \"true_online_sarsa\" has traces of its own";
            return Err(AgentError::config("learner.traces", "\"replacing\"", allowed));
        }
        let who = "learner.kind = \"true_online_sarsa\"";
        Ok(TrueOnlineSarsa { q: ActionValues::new(config, policy, features, actions, seed, who)?, old: 0.0 })
    }
}

impl Learn for TrueOnlineSarsa {
    fn begin(&mut self) {
        self.q.begin();
        self.old = 0.0;
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
        let decay = q.config.gamma * q.config.lambda;
        let step = q.step(transition);
        let value = q.value();
        let next = step.next.map_or(0.0, |action| q.values[action]);
        let delta = q.finite(step.reward + q.config.gamma * next - value, value)?;
        let row = q.choice * q.phi.len()..(q.choice + 1) * q.phi.len();
        q.z.iter_mut().for_each(|z| *z *= decay);
        let seen = dot(&q.z[row.clone()], &q.phi);
        add(&mut q.z[row.clone()], step.step * (1.0 - seen), &q.phi);
        add(&mut q.w, delta + value - self.old, &q.z);
        add(&mut q.w[row], -step.step * (value - self.old), &q.phi);
        self.old = next;
        Ok(())
    }

    fn save(&self, state: &mut AgentState) {
        self.q.save(state);
        state.meta["old"] = json(&self.old);
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        self.q.load(state)?;
        self.old = entry(state, "old")?;
        Ok(())
    }

    fn forget(&mut self) {
        self.q.z.fill(0.0);
    }

    fn copy(&self) -> Box<dyn Learn> {
        Box::new(self.clone())
    }

    fn exchange(&mut self, other: &mut dyn Learn) -> bool {
        let Some(other) = same::<Self>(other) else { return false };
        swap(&mut self.old, &mut other.old);
        self.q.exchange(&mut other.q);
        true
    }
}
