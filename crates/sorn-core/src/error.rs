//! What can be wrong with parameters, inputs and states.

/// An error in a parameter, an input or a state.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is out of range or contradicts another.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// An input cannot be fed to the network.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A state does not belong to the parameters it came with.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A parameter that is out of range, or contradicts another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter `{key}`: expected {allowed}, found {found}")]
pub struct ParamError {
    /// Name of the parameter, as in [`Params`](crate::Params).
    pub key: String,
    /// What was found.
    pub found: String,
    /// What is allowed.
    pub allowed: String,
}

impl ParamError {
    pub(crate) fn new(key: &str, found: impl ToString, allowed: impl ToString) -> Self {
        Self { key: key.into(), found: found.to_string(), allowed: allowed.to_string() }
    }
}

/// An invalid input. The network that returns this error is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The vector has the wrong length.
    #[error("{argument}: expected {expected} values, found {found}")]
    Length {
        /// Which argument.
        argument: &'static str,
        /// The expected length.
        expected: usize,
        /// Length found.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error("{argument}[{index}]: expected a finite number, found {value}")]
    NotFinite {
        /// Which argument.
        argument: &'static str,
        /// Position of the first such value.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A synapse cannot grow there.
    #[error(
        "structural plasticity: expected an absent pair of two neurons below {ne}, found synapse {pre} -> {post}"
    )]
    Synapse {
        /// Presynaptic neuron.
        pre: usize,
        /// Postsynaptic neuron.
        post: usize,
        /// Number of excitatory neurons.
        ne: usize,
    },
}

/// A state whose shapes or values do not fit the parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("state `{array}`: expected {allowed}, found {found}")]
pub struct StateError {
    /// Name of the array, as in [`State`](crate::State).
    pub array: String,
    /// What was found.
    pub found: String,
    /// What is allowed.
    pub allowed: String,
}

impl StateError {
    pub(crate) fn new(array: &str, found: impl ToString, allowed: impl ToString) -> Self {
        Self { array: array.into(), found: found.to_string(), allowed: allowed.to_string() }
    }
}
