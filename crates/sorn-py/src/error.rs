//! Errors of the Rust crates as Python's.

use std::io;
use std::path::Path;

use pyo3::PyErr;
use pyo3::exceptions::{PyOSError, PyValueError};

/// A `ValueError` that says what the error says.
pub(crate) fn value_error(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The exception that Python's `open` raises for the same reason, e.g. `FileNotFoundError`.
pub(crate) fn io_error(path: &Path, source: &io::Error, whole: &impl std::fmt::Display) -> PyErr {
    match source.raw_os_error() {
        // Python picks the class by the number.
        Some(number) => {
            let text = source.to_string();
            let reason = text.split(" (os error").next().unwrap_or_default().to_string();
            PyOSError::new_err((number, reason, path.as_os_str().to_owned()))
        }
        None => PyOSError::new_err(whole.to_string()),
    }
}

/// The reservoir's errors: each names what was wrong, what was found and what is allowed.
pub(crate) fn to_py(error: impl Into<sorn_lab::sorn_core::Error>) -> PyErr {
    value_error(error.into())
}
