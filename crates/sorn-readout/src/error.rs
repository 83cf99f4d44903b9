//! What a readout cannot take.

/// An argument that a readout cannot take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("readout: {argument}: expected {expected}, found {found}")]
#[non_exhaustive]
pub struct ReadoutError {
    /// The argument.
    pub argument: &'static str,
    /// What is allowed.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl ReadoutError {
    pub(crate) fn new(argument: &'static str, found: impl ToString, expected: impl Into<String>) -> Self {
        ReadoutError { argument, expected: expected.into(), found: found.to_string() }
    }
}

/// Checks that a readout has features and targets.
pub(crate) fn sizes(features: usize, targets: usize) -> Result<(), ReadoutError> {
    for (name, size) in [("features", features), ("targets", targets)] {
        if size == 0 {
            return Err(ReadoutError::new(name, 0, "at least 1"));
        }
    }
    Ok(())
}

/// Checks that memory can hold these counts of numbers: a failed allocation would end the process.
pub(crate) fn room(name: &'static str, found: usize, counts: &[usize]) -> Result<(), ReadoutError> {
    let fits = |(width, height): (usize, usize)| {
        let count = width.checked_mul(height);
        count.is_some_and(|count| Vec::<f64>::new().try_reserve_exact(count).is_ok())
    };
    match counts.iter().all(|&count| fits((found, count))) {
        true => Ok(()),
        false => Err(ReadoutError::new(name, found, "as many as there is memory for")),
    }
}

/// Checks a number of values.
pub(crate) fn length(name: &'static str, expected: usize, found: usize) -> Result<(), ReadoutError> {
    let numbers = |count: usize| format!("{count} number{}", if count == 1 { "" } else { "s" });
    match expected == found {
        true => Ok(()),
        false => Err(ReadoutError::new(name, numbers(found), numbers(expected))),
    }
}

/// Checks that a penalty is positive.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<(), ReadoutError> {
    match value > 0.0 && value.is_finite() {
        true => Ok(()),
        false => Err(ReadoutError::new(name, value, "a positive number")),
    }
}

/// Checks one example: lengths, and that every number is finite.
pub(crate) fn example(features: &[f64], targets: &[f64], sizes: (usize, usize)) -> Result<(), ReadoutError> {
    for (name, values, expected) in [("features", features, sizes.0), ("targets", targets, sizes.1)] {
        length(name, expected, values.len())?;
        finite(name, values)?;
    }
    Ok(())
}

/// Checks that every number is finite.
pub(crate) fn finite(name: &'static str, values: &[f64]) -> Result<(), ReadoutError> {
    match values.iter().find(|v| !v.is_finite()) {
        Some(found) => Err(ReadoutError::new(name, found, "finite numbers")),
        None => Ok(()),
    }
}
