//! Reward-modulated STDP with eligibility traces.

use super::custom::{PlasticityRule, RuleContext};
use crate::{ParamError, Params};
use std::collections::VecDeque;

/// Reward-modulated STDP, the rule of RM-SORN (Aswolinskiy & Pipa 2015, 10.3389/fncom.2015.00036), with eligibility traces
/// (Izhikevich 2007, 10.1093/cercor/bhl152).
///
/// The equations are SORN's STDP (Lazar, Pipa & Triesch 2009, 10.3389/neuro.10.023.2009) times a factor of reward, as in the public
/// reimplementation `rmsorn` (github.com/Saran-nns/rmsorn); they were not compared with the paper's own.
///
/// STDP changes an eligibility trace instead of the weight, `e <- trace_decay e + x_i(t+1) x_j(t) - x_i(t) x_j(t+1)`. The reward
/// turns traces into weight changes, `w <- w + eta m e`, where `m` is the reward minus its mean over the last `window` steps.
/// With `trace_decay` 0 only the last step counts, as in RM-SORN. The rule's name in [`Params::rules`] is `rmstdp`; rewards come
/// from [`Network::set_reward`](crate::Network::set_reward).
#[derive(Clone, Debug, PartialEq)]
pub struct RewardStdp {
    eta: f64,
    trace_decay: f64,
    window: usize,
    rewards: VecDeque<f64>,
    /// For each postsynaptic neuron, the presynaptic neurons with a trace, ascending.
    traces: Vec<Vec<(u32, f64)>>,
    /// A buffer for the traces of one neuron while they are merged.
    merged: Vec<(u32, f64)>,
    active: [Vec<bool>; 2],
}

/// Traces below this are removed.
const NEGLIGIBLE: f64 = 1e-6;

impl RewardStdp {
    /// The rule for networks of `ne` neurons.
    ///
    /// # Errors
    /// `eta` not in `[0, 1]`, `trace_decay` not in `[0, 1)`, `window` 0.
    pub fn new(ne: usize, eta: f64, trace_decay: f64, window: usize) -> Result<Self, ParamError> {
        check(eta, trace_decay, window)?;
        Ok(RewardStdp {
            eta,
            trace_decay,
            window,
            rewards: VecDeque::with_capacity(window),
            traces: vec![Vec::new(); ne],
            merged: Vec::new(),
            active: [vec![false; ne], vec![false; ne]],
        })
    }

    /// Reward less its mean over the window, the reward itself included.
    fn modulation(&mut self, reward: f64) -> f64 {
        if self.rewards.len() == self.window {
            self.rewards.pop_front();
        }
        self.rewards.push_back(reward);
        reward - self.rewards.iter().sum::<f64>() / self.rewards.len() as f64
    }
}

/// Checks the rule's parameters; also called by [`Params::validate`].
pub(crate) fn check(eta: f64, trace_decay: f64, window: usize) -> Result<(), ParamError> {
    if !(0.0..=1.0).contains(&eta) {
        return Err(ParamError::new("eta_rmstdp", eta, "0 to 1"));
    }
    if !(0.0..1.0).contains(&trace_decay) {
        return Err(ParamError::new("trace_decay", trace_decay, "0 to below 1"));
    }
    if window == 0 {
        return Err(ParamError::new("reward_window", window, "1 or more"));
    }
    Ok(())
}

/// Makes the rule from valid parameters.
pub(crate) fn from_params(params: &Params) -> Result<RewardStdp, ParamError> {
    RewardStdp::new(params.ne, params.eta_rmstdp, params.trace_decay, params.reward_window)
}

impl PlasticityRule for RewardStdp {
    fn name(&self) -> &str {
        "rmstdp"
    }

    fn apply(&mut self, context: &mut RuleContext<'_>) {
        let modulation = self.modulation(context.reward());
        for (flags, active) in self.active.iter_mut().zip([context.x().0, context.x().1]) {
            flags.fill(false);
            active.iter().for_each(|&neuron| flags[neuron as usize] = true);
        }
        let [before, now] = &self.active;
        for post in 0..context.ne() {
            let (post_before, post_now) = (before[post], now[post]);
            if self.traces[post].is_empty() && !post_before && !post_now {
                continue;
            }
            let old = &self.traces[post];
            let merged = &mut self.merged;
            merged.clear();
            let mut next = 0;
            context.for_each_ee(post, &mut |pre, weight| {
                // Both lists ascend; traces of pruned synapses are skipped.
                while next < old.len() && old[next].0 < pre {
                    next += 1;
                }
                let kept =
                    if next < old.len() && old[next].0 == pre { self.trace_decay * old[next].1 } else { 0.0 };
                let potentiated = f64::from(u8::from(post_now && before[pre as usize]));
                let depressed = f64::from(u8::from(post_before && now[pre as usize]));
                let trace = kept + potentiated - depressed;
                if trace.abs() > NEGLIGIBLE {
                    merged.push((pre, trace));
                    *weight += self.eta * modulation * trace;
                }
            });
            std::mem::swap(&mut self.traces[post], &mut self.merged);
        }
    }

    fn clone_box(&self) -> Box<dyn PlasticityRule> {
        Box::new(self.clone())
    }

    /// The number of rewards, the rewards, then per neuron the number of its traces, their indices and values.
    fn state(&self) -> Vec<f64> {
        let mut state = vec![self.rewards.len() as f64];
        state.extend(&self.rewards);
        for traces in &self.traces {
            state.push(traces.len() as f64);
            state.extend(traces.iter().flat_map(|&(pre, trace)| [f64::from(pre), trace]));
        }
        state
    }

    fn set_state(&mut self, state: &[f64]) -> Result<(), String> {
        let ne = self.traces.len();
        let mut rest = state.iter().copied();
        let count = |rest: &mut dyn Iterator<Item = f64>, most: usize| {
            let n = rest.next().filter(|n| n.fract() == 0.0 && (0.0..=most as f64).contains(n));
            n.map(|n| n as usize)
                .ok_or_else(|| format!("rewards (at most {most}) and traces of {ne} neurons"))
        };
        let n = count(&mut rest, self.window)?;
        self.rewards = rest.by_ref().take(n).collect();
        for traces in &mut self.traces {
            let n = count(&mut rest, ne)?;
            traces.clear();
            for _ in 0..n {
                let pair = rest
                    .next()
                    .zip(rest.next())
                    .filter(|(pre, trace)| (0.0..ne as f64).contains(pre) && trace.is_finite());
                let (pre, trace) = pair.ok_or("pairs of a presynaptic neuron and a finite trace")?;
                traces.push((pre as u32, trace));
            }
        }
        if rest.next().is_some() { Err("no numbers after the last trace".into()) } else { Ok(()) }
    }
}
