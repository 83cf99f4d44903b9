//! Why a statistic has no answer.

/// Why a statistic has no answer. Each variant names the argument at fault.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// The data has fewer values than the statistic needs.
    #[error("{argument}: expected at least {needed} values, found {found}")]
    TooFew {
        /// The argument at fault.
        argument: &'static str,
        /// How many values it has.
        found: usize,
        /// How many it needs.
        needed: usize,
    },
    /// A value is not a number, or infinite where only finite values have a meaning.
    #[error("{argument}[{index}] is {value}, which is not allowed here")]
    NotAllowed {
        /// The argument at fault.
        argument: &'static str,
        /// Where in it.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// A parameter lies outside its range.
    #[error("{argument}: expected {allowed}, found {value}")]
    OutOfRange {
        /// The argument at fault.
        argument: &'static str,
        /// The value found.
        value: f64,
        /// The allowed range in words.
        allowed: &'static str,
    },
    /// The statistic is not defined for this data, such as the variation of a constant.
    #[error("{0}")]
    Undefined(&'static str),
    /// It was stopped; see [`interruptible`](super::interruptible).
    #[error("interrupted")]
    Interrupted,
    /// The network whose statistic this is refuses what it was given.
    #[error(transparent)]
    Network(#[from] sorn_core::Error),
}

/// Refuses NaN; infinite values pass.
pub(crate) fn no_nan(argument: &'static str, values: &[f64]) -> Result<(), StatsError> {
    refuse(argument, values, |v| v.is_nan())
}

/// Refuses NaN and infinities.
pub(crate) fn finite(argument: &'static str, values: &[f64]) -> Result<(), StatsError> {
    refuse(argument, values, |v| !v.is_finite())
}

fn refuse(argument: &'static str, values: &[f64], bad: impl Fn(f64) -> bool) -> Result<(), StatsError> {
    match values.iter().position(|v| bad(*v)) {
        Some(index) => Err(StatsError::NotAllowed { argument, index, value: values[index] }),
        None => Ok(()),
    }
}

pub(crate) fn at_least(argument: &'static str, found: usize, needed: usize) -> Result<(), StatsError> {
    if found < needed { Err(StatsError::TooFew { argument, found, needed }) } else { Ok(()) }
}
