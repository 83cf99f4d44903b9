//! What the classic-control environments share: their errors and their reset options.

use sorn_env::{Options, SpaceError, Value};

/// What a classic-control environment can fail with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// `step` before the first `reset`.
    #[error("step() before the first reset(): call reset() to begin an episode")]
    NotReset,
    /// An action outside the action space.
    #[error("action: {0}")]
    Action(SpaceError),
    /// A reset option that cannot be.
    #[error("reset option {name:?}: {expected} expected, found {found}")]
    ResetOption {
        /// Name of the option.
        name: String,
        /// What is allowed.
        expected: String,
        /// What came.
        found: String,
    },
}

impl ControlError {
    #[cold]
    pub(crate) fn discrete(n: i64, found: i64) -> Self {
        ControlError::Action(SpaceError::new(format!("Discrete({n})"), format!("integer {found}")))
    }
}

fn option_error(name: &str, expected: impl Into<String>, found: impl Into<String>) -> ControlError {
    ControlError::ResetOption { name: name.into(), expected: expected.into(), found: found.into() }
}

/// The numbers of the options `names`, each with its default; any other option is an error.
pub(crate) fn number_options<const N: usize>(
    options: Option<&Options>,
    names: [&str; N],
    mut defaults: [f64; N],
) -> Result<[f64; N], ControlError> {
    for (name, value) in options.into_iter().flatten() {
        let Some(i) = names.iter().position(|known| known == name) else {
            return Err(option_error(name, format!("one of the options {names:?}"), "an unknown name"));
        };
        match value.as_f64() {
            Some(number) if number.is_finite() => defaults[i] = number,
            _ => return Err(option_error(name, "a finite number", value.describe())),
        }
    }
    Ok(defaults)
}

/// Bounds of the initial state: options `low` and `high`.
pub(crate) fn reset_bounds(
    options: Option<&Options>,
    low: f64,
    high: f64,
) -> Result<(f64, f64), ControlError> {
    let [low, high] = number_options(options, ["low", "high"], [low, high])?;
    if low > high {
        return Err(option_error("low", format!("at most high = {high}"), Value::Float(low).describe()));
    }
    Ok((low, high))
}
