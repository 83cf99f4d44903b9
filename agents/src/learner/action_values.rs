//! Linear action values and how actions are chosen by them: what Sarsa(lambda), Q(lambda) and true online Sarsa share.

use std::mem::swap;

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use sorn_core::rng;
use sorn_env::{Space, Value};

use super::linear::{dot, scores};
use super::{Needs, RewardSignal, Transition};
use crate::diagnosis::norm;
use crate::error::check;
use crate::policy::{Exploration, PolicyConfig, greedy};
use crate::reservoir::{counts, entry, json};
use crate::{AgentError, AgentState, Diagnosis, Norms, Schedule};

/// How often visited features are credited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Traces {
    /// `z <- gamma lambda z + phi`.
    #[default]
    Accumulating,
    /// As `accumulating`, but where `phi_i` is not 0 the trace of the chosen action becomes `phi_i` (Singh & Sutton 1996).
    Replacing,
}

/// Parameters of a learner of action values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ValueConfig {
    /// Step size, divided by `|phi|^2`, 0 or more.
    pub step: Schedule,
    /// Decay of the traces, in `[0, 1]`.
    pub lambda: f64,
    /// Discount, in `[0, 1]`.
    pub gamma: f64,
    /// Which reward is learnt from.
    pub reward: RewardSignal,
    /// Factor on that reward.
    pub reward_scale: f64,
    /// How often visited features are credited; not for true online Sarsa, whose traces are its own.
    pub traces: Traces,
}

impl ValueConfig {
    /// What it needs memory for, with weights of so many bytes.
    pub(crate) fn needs(&self, _weights: u128) -> Needs {
        Needs { arrays: 5, key: None }
    }
}

impl Default for ValueConfig {
    fn default() -> Self {
        ValueConfig {
            step: Schedule::Constant(0.1),
            lambda: 0.9,
            gamma: 0.99,
            reward: RewardSignal::Environment,
            reward_scale: 1.0,
            traces: Traces::Accumulating,
        }
    }
}

impl ValueConfig {
    fn validate(&self) -> Result<(), AgentError> {
        let unit = |key: &str, v: f64| check(key, v, (0.0..=1.0).contains(&v), "a number in [0, 1]");
        self.step.validate("learner.step", |s| s >= 0.0, "a number of 0 or more")?;
        unit("learner.lambda", self.lambda)?;
        unit("learner.gamma", self.gamma)?;
        check("learner.reward_scale", self.reward_scale, true, "a finite number")
    }
}

/// Values `q_a = w_a . phi`, the last state and action, and the next action where it is chosen already.
#[derive(Clone, Debug)]
pub(crate) struct ActionValues {
    pub(crate) config: ValueConfig,
    /// Number of the first action.
    start: i64,
    rng: Xoshiro256PlusPlus,
    exploration: Exploration,
    /// Weights and traces, `(actions, features)`, row after row.
    pub(crate) w: Vec<f64>,
    pub(crate) z: Vec<f64>,
    /// Features at the last action, and the action.
    pub(crate) phi: Vec<f64>,
    pub(crate) choice: usize,
    /// The next action, chosen while learning for the features that follow.
    chosen: Option<usize>,
    /// Values of the features that follow; scratch.
    pub(crate) values: Vec<f64>,
    /// The last step, for records: value, TD error and step size.
    done: [f64; 3],
    episodes: u64,
    steps: u64,
}

/// One step's numbers.
pub(crate) struct Step {
    /// The reward learnt from.
    pub(crate) reward: f64,
    /// Step size over `|phi|^2`; 0 where no feature is active.
    pub(crate) step: f64,
    /// The next action, also where the episode was truncated; `None` where it terminated.
    pub(crate) next: Option<usize>,
}

impl ActionValues {
    pub(crate) fn new(
        config: &ValueConfig,
        policy: Option<&PolicyConfig>,
        features: usize,
        actions: &Space,
        seed: u64,
        who: &str,
    ) -> Result<ActionValues, AgentError> {
        config.validate()?;
        let Space::Discrete { n, start } = *actions else {
            let found = format!("{who} needs a Discrete action space, found {actions}");
            return Err(AgentError::Mismatch(found));
        };
        let n = usize::try_from(n).unwrap_or(0);
        Ok(ActionValues {
            config: config.clone(),
            start,
            rng: rng::stream(seed, "policy"),
            exploration: Exploration::new(policy, actions, n, who)?,
            w: vec![0.0; n * features],
            z: vec![0.0; n * features],
            phi: vec![0.0; features],
            choice: 0,
            chosen: None,
            values: vec![0.0; n],
            done: [0.0; 3],
            episodes: 0,
            steps: 0,
        })
    }

    pub(crate) fn begin(&mut self) {
        self.z.fill(0.0);
        self.chosen = None;
        self.exploration.begin(self.episodes);
    }

    pub(crate) fn act(&mut self, phi: &[f64]) -> Value {
        self.choice = match self.chosen.take() {
            Some(chosen) => chosen,
            None => self.choose(phi),
        };
        self.phi.copy_from_slice(phi);
        Value::Int(self.start + self.choice as i64)
    }

    pub(crate) fn act_greedily(&mut self, phi: &[f64]) -> Value {
        scores(&self.w, phi, &mut self.values);
        Value::Int(self.start + greedy(&self.values) as i64)
    }

    fn choose(&mut self, phi: &[f64]) -> usize {
        scores(&self.w, phi, &mut self.values);
        self.exploration.choose(&self.values, &mut self.rng)
    }

    /// Weights of one action.
    pub(crate) fn row(&self, action: usize) -> &[f64] {
        &self.w[action * self.phi.len()..][..self.phi.len()]
    }

    /// Value of the last state and action.
    pub(crate) fn value(&self) -> f64 {
        dot(self.row(self.choice), &self.phi)
    }

    /// The largest action value of the features `phi`.
    pub(crate) fn largest(&self, phi: &[f64]) -> Option<f64> {
        self.w.chunks_exact(phi.len()).map(|row| dot(row, phi)).reduce(f64::max)
    }

    /// Reward and step size of a transition; chooses the next action, which [`act`](ActionValues::act) then takes.
    pub(crate) fn step(&mut self, transition: &Transition<'_>) -> Step {
        let reward =
            self.config.reward_scale * self.config.reward.of(transition.reward, transition.terminated);
        let norm = dot(&self.phi, &self.phi);
        let step = if norm > 0.0 { self.config.step.at(self.episodes) / norm } else { 0.0 };
        let next = (!transition.terminated).then(|| self.choose(transition.next));
        self.chosen = next.filter(|_| !transition.truncated);
        self.done[2] = step;
        self.steps += 1;
        self.episodes += u64::from(transition.terminated || transition.truncated);
        Step { reward, step, next }
    }

    /// What [`Learn::diagnosis`](super::Learn::diagnosis) tells.
    pub(crate) fn diagnosis(&self) -> Diagnosis {
        let [value, td_error, step] = self.done.map(Some);
        Diagnosis { entropy: None, value, td_error, step }
    }

    pub(crate) fn norms(&self) -> Norms {
        Norms { weights: norm(&[&self.w]), traces: norm(&[&self.z]) }
    }

    /// The TD error of a state and action of this value, refused if it is no number.
    pub(crate) fn finite(&mut self, delta: f64, value: f64) -> Result<f64, AgentError> {
        (self.done[0], self.done[1]) = (value, delta);
        match delta.is_finite() {
            true => Ok(delta),
            false => Err(AgentError::Diverged { steps: self.steps, what: format!("TD error {delta}") }),
        }
    }

    /// Decays all traces and credits the last state and action, as [`Traces`] says.
    pub(crate) fn credit(&mut self, decay: f64) {
        self.z.iter_mut().for_each(|z| *z *= decay);
        let features = self.phi.len();
        let row = &mut self.z[self.choice * features..][..features];
        for (z, &phi) in row.iter_mut().zip(&self.phi) {
            match self.config.traces {
                Traces::Accumulating => *z += phi,
                Traces::Replacing if phi != 0.0 => *z = phi,
                Traces::Replacing => {}
            }
        }
    }

    /// What passes from step to step in an episode.
    pub(crate) fn exchange(&mut self, other: &mut ActionValues) {
        swap(&mut self.z, &mut other.z);
        swap(&mut self.phi, &mut other.phi);
        swap(&mut self.choice, &mut other.choice);
        swap(&mut self.chosen, &mut other.chosen);
        swap(&mut self.exploration, &mut other.exploration);
    }

    pub(crate) fn save(&self, state: &mut AgentState) {
        let shape = [self.values.len(), self.phi.len()];
        state.put("learner/w", &shape, &self.w);
        state.put("learner/z", &shape, &self.z);
        state.put("learner/phi", &[shape[1]], &self.phi);
        state.meta["policy"] = json(&self.rng);
        state.meta["learner"] = json(&(self.choice, self.chosen, self.episodes, self.steps));
    }

    pub(crate) fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("learner/w", &mut self.w)?;
        state.read("learner/z", &mut self.z)?;
        state.read("learner/phi", &mut self.phi)?;
        self.rng = entry(state, "policy")?;
        (self.choice, self.chosen, self.episodes, self.steps) = entry(state, "learner")?;
        counts("learner", &[self.episodes, self.steps])?;
        let largest = self.choice.max(self.chosen.unwrap_or(0));
        if largest >= self.values.len() {
            return Err(AgentError::State {
                name: "learner".into(),
                expected: format!("actions below {}", self.values.len()),
                found: largest.to_string(),
            });
        }
        // An episode that is under way keeps the exploration it began with: episodes that ended are those before it.
        self.exploration.begin(self.episodes);
        Ok(())
    }
}
