//! Q-learning of one step, on linear action values.

use serde::{Deserialize, Serialize};
use sorn_agents::{AgentError, AgentState, Learner, LearnerEntry, Transition};
use sorn_env::seeding::Generator;
use sorn_env::{Space, Value};

#[derive(Deserialize)]
struct Keys {
    step: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct OneStep {
    step: f64,
    rng: Generator,
    weights: Vec<Vec<f64>>,
    last: (usize, Vec<f64>),
}

impl OneStep {
    fn values(&self, phi: &[f64]) -> Vec<f64> {
        self.weights.iter().map(|w| w.iter().zip(phi).map(|(w, x)| w * x).sum()).collect()
    }
}

impl Learner for OneStep {
    fn act(&mut self, phi: &[f64], greedy: bool) -> Result<Value, String> {
        let q = self.values(phi);
        let mut action = (0..q.len()).max_by(|&a, &b| q[a].total_cmp(&q[b])).unwrap_or(0);
        if !greedy {
            if self.rng.random() < 0.05 {
                action = (self.rng.random() * q.len() as f64) as usize;
            }
            self.last = (action, phi.to_vec());
        }
        Ok(Value::Int(action as i64))
    }
    fn learn(&mut self, now: &Transition<'_>) -> Result<(), String> {
        let best = self.values(now.next).into_iter().fold(f64::MIN, f64::max);
        let target = now.reward + if now.terminated { 0.0 } else { 0.9 * best };
        let (action, phi) = &self.last;
        let error = target - self.values(phi)[*action];
        let size = phi.iter().map(|x| x * x).sum::<f64>().max(1.0);
        self.weights[*action].iter_mut().zip(phi).for_each(|(w, x)| *w += self.step * error * x / size);
        Ok(())
    }
    fn save(&self, state: &mut AgentState) {
        state.note("all", self);
    }
    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        *self = state.entry("all")?;
        Ok(())
    }
    fn clone_box(&self) -> Box<dyn Learner> {
        Box::new(self.clone())
    }
}

pub fn entry() -> LearnerEntry {
    LearnerEntry::new("one_step", "Q-learning of one step.", |Keys { step }: Keys, setup| {
        let Space::Discrete { n, start: 0 } = *setup.actions else {
            return Err(format!("expected actions of a Discrete from 0, found {}", setup.actions));
        };
        let weights = vec![vec![0.0; setup.features]; n as usize];
        Ok(Box::new(OneStep { step, rng: setup.generator(), weights, last: (0, vec![]) }))
    })
}
