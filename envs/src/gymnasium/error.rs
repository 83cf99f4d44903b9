//! Errors of the Python side.

use std::fmt;

use pyo3::exceptions::{PyKeyboardInterrupt, PyModuleNotFoundError};
use pyo3::prelude::*;
use sorn_env::SpaceError;

use super::InterpreterError;

/// The error of a Python environment.
#[derive(Debug, thiserror::Error)]
pub enum GymnasiumError {
    /// There is no interpreter to run the environment in.
    #[error(transparent)]
    Interpreter(#[from] InterpreterError),
    /// Its code raised an exception.
    #[error("{env}: {during} raised {exception}")]
    Python {
        /// The environment's id.
        env: String,
        /// What was called.
        during: &'static str,
        /// The exception, with its traceback.
        exception: Box<PythonException>,
    },
    /// A wrapper does not exist, does not take its arguments, or raised an exception when it was put around the environment.
    #[error("{env}: {fault}")]
    Wrapper {
        /// The environment's id.
        env: String,
        /// Which wrapper, and why.
        fault: Box<WrapperFault>,
    },
    /// A space, an observation, an action or another value is invalid.
    #[error("{env}: {during}: {source}")]
    Value {
        /// The environment's id.
        env: String,
        /// What was called, and which value it is.
        during: &'static str,
        /// What is allowed, and what was found.
        source: SpaceError,
    },
}

/// The error for a Python wrapper that cannot wrap an environment.
#[derive(Debug)]
pub struct WrapperFault {
    /// Its place, the innermost being 0.
    pub index: usize,
    /// Module and class.
    pub kind: String,
    /// What was found, and what is allowed.
    pub reason: String,
    /// The exception, to be raised again where a Python program is the caller.
    pub error: PyErr,
}

impl fmt::Display for WrapperFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrappers[{}], {}: {}", self.index, self.kind, self.reason)
    }
}

/// An exception and, as Python prints it, its traceback.
#[derive(Debug)]
pub struct PythonException {
    /// Type and message, e.g. `ValueError: no such level`.
    pub summary: String,
    /// The traceback, with those of its causes; empty where it would tell only of Gymnasium's own search for an id.
    pub traceback: String,
    /// The exception itself, to be raised again where a Python program is the caller.
    pub error: PyErr,
}

impl fmt::Display for PythonException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)?;
        if !self.traceback.is_empty() {
            write!(f, "\n{}", self.traceback.trim_end())?;
        }
        Ok(())
    }
}

impl PythonException {
    pub(super) fn new(py: Python<'_>, error: PyErr) -> Self {
        let summary = error.to_string();
        let traceback = match needs_no_traceback(py, &error) {
            true => String::new(),
            false => traceback(py, &error).unwrap_or_default(),
        };
        PythonException { summary, traceback, error }
    }
}

/// Gymnasium's own errors, e.g. for an unknown id, say what is wrong in their message.
fn needs_no_traceback(py: Python<'_>, error: &PyErr) -> bool {
    let gymnasiums = || py.import("gymnasium.error")?.getattr("Error");
    error.is_instance_of::<PyModuleNotFoundError>(py)
        || gymnasiums().is_ok_and(|class: Bound<'_, PyAny>| error.is_instance(py, &class))
}

fn traceback(py: Python<'_>, error: &PyErr) -> PyResult<String> {
    // Before Python 3.12 an exception that no handler has seen does not know its own traceback: it is beside it.
    let parts = (error.get_type(py), error.value(py), error.traceback(py));
    let lines: Vec<String> = py.import("traceback")?.call_method1("format_exception", parts)?.extract()?;
    Ok(lines.concat())
}

impl GymnasiumError {
    /// Whether it is Python's `KeyboardInterrupt`, after which a caller should end rather than report a failure.
    pub fn is_interrupt(&self) -> bool {
        match self {
            GymnasiumError::Python { exception, .. } => {
                Python::attach(|py| exception.error.is_instance_of::<PyKeyboardInterrupt>(py))
            }
            GymnasiumError::Wrapper { fault, .. } => {
                Python::attach(|py| fault.error.is_instance_of::<PyKeyboardInterrupt>(py))
            }
            _ => false,
        }
    }
}

/// An exception or an invalid value, without the place where it occurred.
pub(super) enum Fault {
    Python(PyErr),
    Value(SpaceError),
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Self {
        Fault::Python(error)
    }
}

impl From<SpaceError> for Fault {
    fn from(error: SpaceError) -> Self {
        Fault::Value(error)
    }
}

impl Fault {
    /// The same fault in a member of a Dict or Tuple.
    pub(super) fn within(self, member: impl fmt::Display) -> Self {
        match self {
            Fault::Value(e) => e.at(format_args!("member {member}")).into(),
            python => python,
        }
    }

    pub(super) fn at(self, py: Python<'_>, env: &str, during: &'static str) -> GymnasiumError {
        let env = env.to_string();
        match self {
            Fault::Python(error) => {
                GymnasiumError::Python { env, during, exception: Box::new(PythonException::new(py, error)) }
            }
            Fault::Value(source) => GymnasiumError::Value { env, during, source },
        }
    }
}
