//! The readout of RM-SORN: winner takes all, reward-modulated STDP, intrinsic plasticity.
//!
//! The model is that of Aswolinskiy & Pipa 2015 (Front. Comput. Neurosci. 9:36, 10.3389/fncom.2015.00036): intrinsic plasticity
//! explores, STDP modulated by reward reinforces. The equations are those of SORN (Lazar, Pipa & Triesch 2009,
//! 10.3389/neuro.10.023.2009) with a factor of reward, as in the public reimplementation `rmsorn`
//! (github.com/Saran-nns/rmsorn); they were not compared with the paper's own. That one takes the largest of several mean
//! rewards, has no intrinsic plasticity of outputs, and lets pairs of reservoir neurons change the weights to the outputs.
//! Output neuron `i` stands for action `i`; weights are not negative, those
//! into one neuron sum to 1. With the features `x(t)`, which should be activity alone:
//!
//! ```text
//! o(t+1) = winner of (W x(t) - T)                                the action taken on x(t)
//! m      = r(t+1) - mean of the last `window` rewards            r(t+1) included
//! W_ij  += eta_stdp m (o_i(t+1) x_j(t) - depression o_i(t) x_j(t+1))   then limited to [0, 1], then scaled
//! T_i   += eta_ip (o_i(t+1) - target_rates_i)
//! ```
//!
//! Intrinsic plasticity is what explores: a neuron that wins too rarely sinks its threshold until it does. It also holds every
//! action to its target rate in the end, so the rates of good behaviour should be known.
//! Nothing is drawn but the first weights. For the other half of the model, reward-modulated STDP in the reservoir itself, name
//! the rule `rmstdp` among `reservoir.params.rules`, with `trace_decay = 0.0`; it sees the same rewards.

use std::collections::VecDeque;
use std::mem::swap;

use serde::{Deserialize, Serialize};
use sorn_core::rng;
use sorn_env::{Space, Value};

use super::linear::scores;
use super::{Learn, Needs, Transition, same};
use crate::error::{check, numbers};
use crate::policy::greedy;
use crate::random::unit;
use crate::reservoir::{entry, json};
use crate::room::NUMBER;
use crate::{AgentError, AgentState, PolicyConfig};

/// Parameters of the RM-SORN readout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RmSornConfig {
    /// Step size of STDP, 0 or more.
    pub eta_stdp: f64,
    /// Factor of the depressing half of STDP, 0 or more. With 1, what one answer gains is lost again if the next one is the same and right too:
    /// counting to 4 comes to .58 of .917.
    pub depression: f64,
    /// Step size of intrinsic plasticity, 0 or more.
    pub eta_ip: f64,
    /// Steps over which the mean reward is taken, 2 or more.
    pub window: usize,
    /// How often each action should be taken, one number in `[0, 1]` per action, 1 in sum; empty means equally often.
    pub target_rates: Vec<f64>,
}

impl RmSornConfig {
    /// What it needs memory for, with weights of so many bytes.
    pub(crate) fn needs(&self, _weights: u128) -> Needs {
        let key = Some(("learner.window", self.window, NUMBER * self.window as u128));
        Needs { arrays: 3, key }
    }
}

impl Default for RmSornConfig {
    fn default() -> Self {
        RmSornConfig {
            eta_stdp: 0.0005,
            depression: 0.0,
            eta_ip: 0.002,
            window: 100,
            target_rates: Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct RmSorn {
    config: RmSornConfig,
    /// Number of the first action.
    start: i64,
    /// `(actions, features)`, row after row.
    weights: Vec<f64>,
    thresholds: Vec<f64>,
    target_rates: Vec<f64>,
    rewards: VecDeque<f64>,
    /// Features at the last action; this action and the one before it in the episode.
    phi: Vec<f64>,
    choice: usize,
    previous: Option<usize>,
    /// Scratch: drive per action.
    drive: Vec<f64>,
}

impl RmSorn {
    pub(crate) fn new(
        config: &RmSornConfig,
        policy: Option<&PolicyConfig>,
        features: usize,
        actions: &Space,
        seed: u64,
    ) -> Result<RmSorn, AgentError> {
        let who = "learner.kind = \"rm_sorn\"";
        PolicyConfig::refuse(policy, who)?;
        check("learner.eta_stdp", config.eta_stdp, config.eta_stdp >= 0.0, "a number of 0 or more")?;
        check("learner.eta_ip", config.eta_ip, config.eta_ip >= 0.0, "a number of 0 or more")?;
        check("learner.depression", config.depression, config.depression >= 0.0, "a number of 0 or more")?;
        if config.window < 2 {
            return Err(AgentError::config("learner.window", config.window, "at least 2"));
        }
        let Space::Discrete { n, start } = *actions else {
            return Err(AgentError::Mismatch(format!(
                "{who} needs a Discrete action space, found {actions}"
            )));
        };
        let n = usize::try_from(n).unwrap_or(0);
        let target_rates = target_rates(&config.target_rates, n)?;
        let mut rng = rng::stream(seed, "readout");
        let mut readout = RmSorn {
            config: config.clone(),
            start,
            weights: (0..n * features).map(|_| unit(&mut rng)).collect(),
            thresholds: vec![0.0; n],
            target_rates,
            rewards: VecDeque::with_capacity(config.window),
            phi: vec![0.0; features],
            choice: 0,
            previous: None,
            drive: vec![0.0; n],
        };
        (0..n).for_each(|action| scale(readout.row(action)));
        Ok(readout)
    }

    fn row(&mut self, action: usize) -> &mut [f64] {
        let features = self.phi.len();
        &mut self.weights[action * features..][..features]
    }

    fn winner(&mut self, phi: &[f64]) -> usize {
        scores(&self.weights, phi, &mut self.drive);
        self.drive.iter_mut().zip(&self.thresholds).for_each(|(drive, threshold)| *drive -= threshold);
        greedy(&self.drive)
    }
}

fn target_rates(given: &[f64], n: usize) -> Result<Vec<f64>, AgentError> {
    if given.is_empty() {
        return Ok(vec![1.0 / n as f64; n]);
    }
    let allowed = format!("{} (one per action) in [0, 1], 1 in sum, or none", numbers(n));
    let sum: f64 = given.iter().sum();
    match given.len() == n && given.iter().all(|r| (0.0..=1.0).contains(r)) && (sum - 1.0).abs() < 1e-6 {
        true => Ok(given.to_vec()),
        false => Err(AgentError::config("learner.target_rates", format!("{given:?}"), &allowed)),
    }
}

/// Adds `step x` to the weights of one output neuron.
fn change(row: &mut [f64], step: f64, x: &[f64]) {
    row.iter_mut().zip(x).for_each(|(w, x)| *w = (*w + step * x).clamp(0.0, 1.0));
}

/// Divides by the sum; weights that are all 0 become equal.
fn scale(row: &mut [f64]) {
    let sum: f64 = row.iter().sum();
    let equal = 1.0 / row.len() as f64;
    row.iter_mut().for_each(|w| *w = if sum > 0.0 { *w / sum } else { equal });
}

impl Learn for RmSorn {
    fn begin(&mut self) {
        self.previous = None;
    }

    fn act(&mut self, phi: &[f64]) -> Value {
        self.choice = self.winner(phi);
        self.phi.copy_from_slice(phi);
        Value::Int(self.start + self.choice as i64)
    }

    fn act_greedily(&mut self, phi: &[f64]) -> Value {
        Value::Int(self.start + self.winner(phi) as i64)
    }

    fn learn(&mut self, transition: &Transition<'_>) -> Result<(), AgentError> {
        if self.rewards.len() == self.config.window {
            self.rewards.pop_front();
        }
        self.rewards.push_back(transition.reward);
        let mean = self.rewards.iter().sum::<f64>() / self.rewards.len() as f64;
        let step = self.config.eta_stdp * (transition.reward - mean);
        let choice = self.choice;
        let features = self.phi.len();
        change(&mut self.weights[choice * features..][..features], step, &self.phi);
        if let Some(previous) = self.previous.filter(|_| self.config.depression > 0.0) {
            let depression = step * self.config.depression;
            change(self.row(previous), -depression, transition.next);
            scale(self.row(previous));
        }
        scale(self.row(choice));
        let thresholds = self.thresholds.iter_mut().zip(&self.target_rates).enumerate();
        for (action, (threshold, rate)) in thresholds {
            *threshold += self.config.eta_ip * (f64::from(u8::from(action == choice)) - rate);
        }
        self.previous = Some(choice);
        Ok(())
    }

    fn save(&self, state: &mut AgentState) {
        let (actions, features) = (self.thresholds.len(), self.phi.len());
        state.put("learner/weights", &[actions, features], &self.weights);
        state.put("learner/thresholds", &[actions], &self.thresholds);
        state.put("learner/phi", &[features], &self.phi);
        state.meta["learner"] = json(&(&self.rewards, self.choice, self.previous));
    }

    fn load(&mut self, state: &AgentState) -> Result<(), AgentError> {
        state.read("learner/weights", &mut self.weights)?;
        state.read("learner/thresholds", &mut self.thresholds)?;
        state.read("learner/phi", &mut self.phi)?;
        (self.rewards, self.choice, self.previous) = entry(state, "learner")?;
        let actions = self.thresholds.len();
        if self.choice.max(self.previous.unwrap_or(0)) >= actions || self.rewards.len() > self.config.window {
            return Err(AgentError::State {
                name: "learner".into(),
                expected: format!("actions below {actions} and at most {} rewards", self.config.window),
                found: format!("{:?}, {} and {} rewards", self.previous, self.choice, self.rewards.len()),
            });
        }
        Ok(())
    }

    fn copy(&self) -> Box<dyn Learn> {
        Box::new(self.clone())
    }

    fn exchange(&mut self, other: &mut dyn Learn) -> bool {
        let Some(other) = same::<Self>(other) else { return false };
        swap(&mut self.phi, &mut other.phi);
        swap(&mut self.choice, &mut other.choice);
        swap(&mut self.previous, &mut other.previous);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readout(config: RmSornConfig, features: usize, actions: i64) -> RmSorn {
        RmSorn::new(&config, None, features, &Space::Discrete { n: actions, start: 0 }, 5).unwrap()
    }

    fn transition(reward: f64, next: &[f64]) -> Transition<'_> {
        Transition { reward, terminated: false, truncated: false, next }
    }

    /// Two steps of the equations, worked out.
    #[test]
    fn two_steps_by_hand() {
        let config = RmSornConfig {
            eta_stdp: 0.1,
            depression: 1.0,
            eta_ip: 0.2,
            window: 10,
            target_rates: Vec::new(),
        };
        let mut readout = readout(config, 2, 2);
        readout.weights = vec![0.5, 0.5, 0.3, 0.7];
        readout.begin();
        // On x = (1, 0) the first neuron wins with 0.5 against 0.3.
        assert_eq!(readout.act(&[1.0, 0.0]), Value::Int(0));
        readout.learn(&transition(1.0, &[0.0, 1.0])).unwrap();
        // One reward is its own mean: no weight moves, thresholds do.
        assert_eq!(readout.weights, [0.5, 0.5, 0.3, 0.7]);
        assert_eq!(readout.thresholds, [0.1, -0.1]);
        // On x = (0, 1): 0.5 - 0.1 against 0.7 + 0.1.
        assert_eq!(readout.act(&[0.0, 1.0]), Value::Int(1));
        readout.learn(&transition(0.0, &[1.0, 1.0])).unwrap();
        // m = 0 - 0.5: the winner loses what led to it, the winner before it gains what followed it.
        let (lost, gained) = (0.7 - 0.05, 0.5 + 0.05);
        let expected =
            [gained / (2.0 * gained), gained / (2.0 * gained), 0.3 / (0.3 + lost), lost / (0.3 + lost)];
        for (w, e) in readout.weights.iter().zip(expected) {
            assert!((w - e).abs() < 1e-15, "{:?}", readout.weights);
        }
        assert!(readout.thresholds.iter().all(|t| t.abs() < 1e-15), "{:?}", readout.thresholds);
    }

    /// Which of three actions is right depends on which of three features is active.
    #[test]
    fn an_association_is_learnt() {
        let mut readout = readout(RmSornConfig { eta_stdp: 0.05, ..RmSornConfig::default() }, 6, 3);
        let one_hot = |k: i64| [0, 1, 2, 0, 1, 2].map(|j| f64::from(u8::from(j == k)));
        let mut order = sorn_env::seeding::Generator::new(3);
        let (mut now, mut right) = (0, 0);
        readout.begin();
        for t in 0..3_000 {
            let next = order.integers(0, 3);
            let action = readout.act(&one_hot(now));
            let reward = f64::from(u8::from(action == Value::Int((now + 1) % 3)));
            right += u32::from(t >= 2_000 && reward > 0.0);
            readout.learn(&transition(reward, &one_hot(next))).unwrap();
            now = next;
        }
        assert!(right > 900, "{right} of 1000");
    }

    #[test]
    fn wrong_parameters_are_named() {
        let error = |config: RmSornConfig, space: &Space| {
            RmSorn::new(&config, None, 2, space, 0).unwrap_err().to_string()
        };
        let two = Space::Discrete { n: 2, start: 0 };
        let config = RmSornConfig { window: 1, ..RmSornConfig::default() };
        assert_eq!(error(config, &two), "learner.window: expected at least 2, found 1");
        let config = RmSornConfig { eta_ip: -1.0, ..RmSornConfig::default() };
        assert!(error(config, &two).starts_with("learner.eta_ip: expected a number of 0 or more"));
        let config = RmSornConfig { target_rates: vec![0.5, 0.6], ..RmSornConfig::default() };
        assert_eq!(
            error(config, &two),
            "learner.target_rates: expected 2 numbers (one per action) in [0, 1], 1 in sum, or none, found [0.5, 0.6]"
        );
        let number = Space::box_f32(&[0.0], &[1.0]).unwrap();
        assert!(error(RmSornConfig::default(), &number).contains("needs a Discrete action space"));
    }
}
