//! Errors of the Rust crates as Python's.

use pyo3::PyErr;
use pyo3::exceptions::PyValueError;

/// A `ValueError` that says what the error says.
pub(crate) fn value_error(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The reservoir's errors: each names what was wrong, what was found and what is allowed.
pub(crate) fn to_py(error: impl Into<sorn_lab::sorn_core::Error>) -> PyErr {
    value_error(error.into())
}
