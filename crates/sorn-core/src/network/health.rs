//! Detects silent, saturated and disconnected networks, and says what to change.

use std::fmt;

/// Steps in a row without, or nearly only with, excitatory spikes before the network counts as silent or saturated.
const PATIENCE: u64 = 100;
/// Share of excitatory neurons above which a step counts as saturated.
const SATURATED: f64 = 0.9;

/// Signs of a silent, saturated or disconnected network; returned by [`Network::health`](crate::Network::health).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Steps in a row, up to the last, in which no excitatory neuron fired.
    pub silent_steps: u64,
    /// Steps in a row, up to the last, in which more than 90 % of the excitatory neurons fired.
    pub saturated_steps: u64,
    /// Excitatory neurons without an incoming excitatory synapse.
    pub without_excitation: usize,
    /// Excitatory neurons without an incoming inhibitory synapse.
    pub without_inhibition: usize,
}

/// A problem of a network. Its text says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// No excitatory neuron has fired for this many steps.
    Silent(u64),
    /// More than 90 % of the excitatory neurons have fired for this many steps.
    Saturated(u64),
    /// This many excitatory neurons have no incoming excitatory synapse.
    WithoutExcitation(usize),
    /// This many excitatory neurons have no incoming inhibitory synapse.
    WithoutInhibition(usize),
}

impl Health {
    /// The problems: silence or saturation that has lasted 100 steps, and neurons without synapses.
    pub fn problems(&self) -> impl Iterator<Item = Problem> {
        [
            (self.silent_steps >= PATIENCE).then_some(Problem::Silent(self.silent_steps)),
            (self.saturated_steps >= PATIENCE).then_some(Problem::Saturated(self.saturated_steps)),
            (self.without_excitation > 0).then_some(Problem::WithoutExcitation(self.without_excitation)),
            (self.without_inhibition > 0).then_some(Problem::WithoutInhibition(self.without_inhibition)),
        ]
        .into_iter()
        .flatten()
    }

    /// Whether there is no problem.
    pub fn is_alive(&self) -> bool {
        self.problems().next().is_none()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Silent(steps) => write!(
                f,
                "no excitatory neuron has fired for {steps} steps: raise input_gain or noise_sd, lower te_max, or set \
                 firing = \"inclusive\""
            ),
            Problem::Saturated(steps) => write!(
                f,
                "more than 90 % of the excitatory neurons have fired for {steps} steps: lower input_gain or noise_sd, \
                 raise te_max or eta_ip, or strengthen inhibition (lambda_ei, ti_max)"
            ),
            Problem::WithoutExcitation(neurons) => write!(
                f,
                "{neurons} excitatory neurons have lost all incoming excitatory synapses: lower eta_stdp, raise \
                 sp_probability, or set prune = false"
            ),
            Problem::WithoutInhibition(neurons) => write!(
                f,
                "{neurons} excitatory neurons have lost all incoming inhibitory synapses: lower eta_inhib, set \
                 istdp_floor, or set prune = false"
            ),
        }
    }
}

/// Counts steps of silence and saturation, and warns once of each kind of problem.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    silent_steps: u64,
    saturated_steps: u64,
    warned: [bool; 4],
    /// Number of pruned synapses at the last search for neurons without synapses.
    deaths: u64,
}

impl Watch {
    /// Records how many of `ne` excitatory neurons fired.
    pub(crate) fn step(&mut self, spikes: usize, ne: usize) {
        self.silent_steps = if spikes == 0 { self.silent_steps + 1 } else { 0 };
        let saturated = spikes as f64 > SATURATED * ne as f64;
        self.saturated_steps = if saturated { self.saturated_steps + 1 } else { 0 };
        if self.silent_steps == PATIENCE || self.saturated_steps == PATIENCE {
            self.warn(self.health(0, 0));
        }
    }

    pub(crate) fn health(&self, without_excitation: usize, without_inhibition: usize) -> Health {
        Health {
            silent_steps: self.silent_steps,
            saturated_steps: self.saturated_steps,
            without_excitation,
            without_inhibition,
        }
    }

    /// Whether synapses were pruned since the last call.
    pub(crate) fn synapses_died(&mut self, deaths: u64) -> bool {
        std::mem::replace(&mut self.deaths, deaths) != deaths
    }

    /// Logs a warning the first time that each kind of problem occurs.
    #[cold]
    pub(crate) fn warn(&mut self, health: Health) {
        for problem in health.problems() {
            let kind = match problem {
                Problem::Silent(_) => 0,
                Problem::Saturated(_) => 1,
                Problem::WithoutExcitation(_) => 2,
                Problem::WithoutInhibition(_) => 3,
            };
            if !std::mem::replace(&mut self.warned[kind], true) {
                tracing::warn!("{problem}");
            }
        }
    }
}
