//! The errors and reset options that the environments share.

use serde::Deserialize;
use sorn_env::{Options, SpaceError, Value};

/// The error of a native environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// `step` before the first `reset`.
    #[error("step() before the first reset(): call reset() to begin an episode")]
    NotReset,
    /// `step` after the end of an episode, in an environment that has no further step.
    #[error("step() after the end of the episode: call reset() to begin another")]
    Over,
    /// An invalid argument.
    #[error("{name}: expected {expected}, found {found}")]
    Argument {
        /// Name of the argument.
        name: &'static str,
        /// What is allowed.
        expected: String,
        /// What came.
        found: String,
    },
    /// An action outside the action space.
    #[error("action: {0}")]
    Action(SpaceError),
    /// A slice whose length differs from the batch's.
    #[error("{what}: expected {expected}, one per environment, found {found}")]
    Length {
        /// Which slice.
        what: &'static str,
        /// Size of the batch.
        expected: usize,
        /// Length of the slice.
        found: usize,
    },
    /// An invalid reset option.
    #[error("reset option {name:?}: expected {expected}, found {found}")]
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

/// Returns an error for a `number` below `least`.
pub(crate) fn at_least(name: &'static str, least: u64, number: u64) -> Result<(), ControlError> {
    if number >= least {
        return Ok(());
    }
    Err(ControlError::Argument { name, expected: format!("at least {least}"), found: number.to_string() })
}

/// Returns an error for a `number` beyond `most`.
pub(crate) fn at_most(name: &'static str, most: u64, number: u64) -> Result<(), ControlError> {
    if number <= most {
        return Ok(());
    }
    Err(ControlError::Argument { name, expected: format!("at most {most}"), found: number.to_string() })
}

/// Returns an error for any reset option.
pub(crate) fn no_options(options: Option<&Options>) -> Result<(), ControlError> {
    match options.and_then(|options| options.keys().next()) {
        None => Ok(()),
        Some(name) => Err(option_error(name, "no options", "an unknown name")),
    }
}

pub(crate) fn option_error(
    name: &str,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> ControlError {
    ControlError::ResetOption { name: name.into(), expected: expected.into(), found: found.into() }
}

/// The numbers of the options `names`, each with its default; any other option is an error.
#[inline]
pub(crate) fn number_options<const N: usize>(
    options: Option<&Options>,
    names: [&str; N],
    mut defaults: [f64; N],
) -> Result<[f64; N], ControlError> {
    let Some(options) = options else { return Ok(defaults) };
    for (name, value) in options {
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
#[inline]
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

/// As [`number_options`], each at least 0.
pub(crate) fn non_negative_options<const N: usize>(
    options: Option<&Options>,
    names: [&str; N],
    defaults: [f64; N],
) -> Result<[f64; N], ControlError> {
    let numbers = number_options(options, names, defaults)?;
    match numbers.iter().position(|&x| x < 0.0) {
        Some(i) => Err(option_error(names[i], "at least 0", Value::Float(numbers[i]).describe())),
        None => Ok(numbers),
    }
}

/// The number of a one-element Box action. Numbers beyond the bounds pass, as in Gymnasium; NaN does not.
pub(crate) fn single_number(action: &[f32; 1], bound: f32) -> Result<f32, ControlError> {
    if action[0].is_nan() {
        let expected = format!("Box({}, {bound}, (1,), float32)", -bound);
        return Err(ControlError::Action(SpaceError::new(expected, "NaN")));
    }
    Ok(action[0])
}

/// Reads a finite number.
pub(crate) fn finite<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if number.is_finite() {
        Ok(number)
    } else {
        Err(serde::de::Error::custom(format!("expected a finite number, found {number}")))
    }
}
