//! What can go wrong in an agent.

use sorn_env::SpaceError;

use crate::own::PartError;

/// An agent that cannot be built, or an input it cannot take.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// A configured value that is not allowed.
    #[error("{key}: expected {allowed}, found {found}")]
    Config {
        /// Dotted key below `agent`, e.g. `learner.lambda`.
        key: String,
        /// What was found.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// A part of one's own that cannot be made, or that failed.
    #[error("{key}: {reason}")]
    Own {
        /// Dotted key below `agent`, e.g. `learner.step`.
        key: String,
        /// What was expected, what was found.
        reason: String,
    },
    /// Parts of a configuration that do not go together, or not with the environment's spaces.
    #[error("{0}")]
    Mismatch(String),
    /// An observation or action outside its space.
    #[error("observation: {0}")]
    Observation(#[from] SpaceError),
    /// An observation with a number that is not finite.
    #[error("observation[{index}]: expected a finite number, found {found}")]
    NotFinite {
        /// Position in the flattened observation.
        index: usize,
        /// What was found.
        found: f64,
    },
    /// A reward that is not finite.
    #[error("reward: expected a finite number, found {0}")]
    Reward(f64),
    /// `begin`, `act` and `observe` called out of turn.
    #[error("expected a call of {expected}, found {called}")]
    OutOfTurn {
        /// The method called.
        called: &'static str,
        /// The method due.
        expected: &'static str,
    },
    /// The learner's weights or errors grew beyond all bounds.
    #[error("the learner diverged after {steps} steps ({what}): lower its step sizes (agent.learner)")]
    Diverged {
        /// Observations so far.
        steps: u64,
        /// What was found.
        what: String,
    },
    /// An argument that a supervised readout cannot take.
    #[error(transparent)]
    Readout(#[from] sorn_readout::ReadoutError),
    /// The reservoir's parameters are refused.
    #[error("reservoir.params: {0}")]
    Reservoir(String),
    /// Weights, thresholds or pools to begin with that do not fit the reservoir's parameters.
    #[error(transparent)]
    Initial(#[from] sorn_core::StateError),
    /// A saved state that does not fit the configuration.
    #[error("saved agent: {name}: expected {expected}, found {found}")]
    State {
        /// Array or entry.
        name: String,
        /// What fits.
        expected: String,
        /// What was found.
        found: String,
    },
}

impl From<PartError> for AgentError {
    fn from(PartError { key, reason }: PartError) -> AgentError {
        AgentError::Own { key, reason }
    }
}

impl AgentError {
    pub(crate) fn config(key: &str, found: impl ToString, allowed: &str) -> Self {
        AgentError::Config { key: key.into(), found: found.to_string(), allowed: allowed.into() }
    }
}

/// `1 number`, `2 numbers`.
pub(crate) fn numbers(count: usize) -> String {
    format!("{count} number{}", if count == 1 { "" } else { "s" })
}

/// Names in quotes, with `last` before the last one: `"a", "b" or "c"`.
pub(crate) fn listed(names: &[&str], last: &str) -> String {
    match names {
        [] => String::new(),
        [only] => format!("{only:?}"),
        [first @ .., end] => {
            let first: Vec<String> = first.iter().map(|name| format!("{name:?}")).collect();
            format!("{} {last} {end:?}", first.join(", "))
        }
    }
}

/// Checks a configured number against a range described by `allowed`.
pub(crate) fn check(key: &str, value: f64, ok: bool, allowed: &str) -> Result<(), AgentError> {
    if ok && value.is_finite() { Ok(()) } else { Err(AgentError::config(key, value, allowed)) }
}
