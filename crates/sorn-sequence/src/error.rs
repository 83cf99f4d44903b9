//! What a sequence task cannot be.

/// A sequence task that cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// A configured value that is not allowed.
    #[error("{key}: expected {expected}, found {found}")]
    Config {
        /// Dotted key, e.g. `task.n`.
        key: String,
        /// What is allowed.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A part of one's own that cannot be made, or that failed.
    #[error(transparent)]
    Part(#[from] sorn_agents::PartError),
    /// The network's parameters or state are refused.
    #[error("network: {0}")]
    Network(#[from] sorn_core::Error),
    /// The readout cannot be fitted.
    #[error(transparent)]
    Readout(#[from] sorn_readout::ReadoutError),
    /// A score that cannot be taken for a reason other than its data.
    #[error("{0}")]
    Score(String),
}

impl TaskError {
    /// A value that is not allowed: its dotted key, what is allowed, what was found.
    pub fn config(key: impl Into<String>, expected: impl Into<String>, found: impl ToString) -> TaskError {
        TaskError::Config { key: key.into(), expected: expected.into(), found: found.to_string() }
    }
}
