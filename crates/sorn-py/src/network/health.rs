//! The health of a network: a property, and a warning once of each kind of problem.

use std::ffi::CString;
use std::mem::{Discriminant, discriminant};

use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;
use serde_json::json;
use sorn_lab::sorn_core::{self, Problem};

use super::Network;
use crate::convert::read_only;
use crate::error::value_error;

/// Kinds of problems that were warned of.
pub(super) type Warned = Vec<Discriminant<Problem>>;

pub(super) fn property<'py>(py: Python<'py>, network: &sorn_core::Network) -> PyResult<Bound<'py, PyAny>> {
    let health = network.health();
    let problems: Vec<String> = health.problems().map(|problem| problem.to_string()).collect();
    let found = json!({
        "silent_steps": health.silent_steps,
        "saturated_steps": health.saturated_steps,
        "without_excitation": health.without_excitation,
        "without_inhibition": health.without_inhibition,
        "problems": problems,
    });
    read_only(py, &found)
}

impl Network {
    /// Warns of each kind of problem the first time it is seen.
    pub(super) fn warn(&mut self, py: Python<'_>) -> PyResult<()> {
        for problem in self.inner.health().problems() {
            let kind = discriminant(&problem);
            if !self.warned.contains(&kind) {
                self.warned.push(kind);
                let text = CString::new(problem.to_string()).map_err(value_error)?;
                PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 1)?;
            }
        }
        Ok(())
    }
}
