//! What the learner and the reservoir did in an episode, for records.

use serde::{Deserialize, Serialize};
use sorn_agents::{Agent, Diagnosis, Norms};

/// Means over the steps of an episode, and norms at its end; a number is absent for a learner that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnostics {
    /// Entropy of the policy, in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entropy: Option<f64>,
    /// Value of the observations that were acted on, in the reward that is learnt from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Size of the temporal-difference error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub td_error: Option<f64>,
    /// Step size that was used for the policy, or the action values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// Euclidean norm of the weights at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<f64>,
    /// Euclidean norm of the eligibility traces at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traces: Option<f64>,
    /// Share of the excitatory units that are active in a step; 0 of an echo state network, whose units are active by degrees.
    pub activity: f64,
    /// Share of them that were active in no step of the episode.
    pub silent: f64,
}

impl Diagnostics {
    /// Names of the numbers, in this order.
    pub const NAMES: [&str; 8] =
        ["entropy", "value", "td_error", "step", "weights", "traces", "activity", "silent"];

    /// The numbers, in the order of their names.
    pub fn numbers(&self) -> [Option<f64>; 8] {
        let Diagnostics { entropy, value, td_error, step, weights, traces, activity, silent } = *self;
        [entropy, value, td_error, step, weights, traces, Some(activity), Some(silent)]
    }
}

/// Adds up the steps of an episode; one for each environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tally {
    steps: u64,
    /// Of entropy, value, size of the TD error and step size.
    sums: [f64; 4],
    active: u64,
    /// Which units were active, 64 in a word.
    seen: Vec<u64>,
}

impl Tally {
    /// Takes a step.
    pub(crate) fn step(&mut self, agent: &Agent) {
        let Diagnosis { entropy, value, td_error, step } = agent.diagnosis();
        let numbers = [entropy, value, td_error.map(f64::abs), step];
        self.sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number.unwrap_or(0.0));
        let spikes = agent.spikes();
        self.steps += 1;
        self.active += spikes.len() as u64;
        for &unit in spikes {
            let word = unit as usize / 64;
            if self.seen.len() <= word {
                self.seen.resize(word + 1, 0);
            }
            self.seen[word] |= 1 << (unit % 64);
        }
    }

    /// The episode's numbers; the next one begins.
    pub(crate) fn end(&mut self, agent: &Agent) -> Diagnostics {
        let steps = self.steps.max(1) as f64;
        let Diagnosis { entropy, value, td_error, step } = agent.diagnosis();
        let mean = |index: usize, known: Option<f64>| known.map(|_| self.sums[index] / steps);
        let Norms { weights, traces } = agent.norms();
        let units = agent.config().reservoir.params.ne.max(1) as f64;
        let seen = self.seen.iter().map(|word| word.count_ones()).sum::<u32>();
        let diagnostics = Diagnostics {
            entropy: mean(0, entropy),
            value: mean(1, value),
            td_error: mean(2, td_error),
            step: mean(3, step),
            weights,
            traces,
            activity: self.active as f64 / steps / units,
            silent: 1.0 - f64::from(seen) / units,
        };
        self.seen.fill(0);
        *self = Tally { seen: std::mem::take(&mut self.seen), ..Tally::default() };
        diagnostics
    }
}
