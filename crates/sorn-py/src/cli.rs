//! The `sorn` command, run in the user's own interpreter.

use std::ffi::OsString;

use pyo3::prelude::*;
use sorn_cli::ExitStatus;

/// Runs the command line, the program's name first, and returns its exit code.
#[pyfunction]
pub(crate) fn run_cli(py: Python<'_>, args: Vec<OsString>) -> i32 {
    // Environments of Python's attach by themselves.
    match py.detach(|| sorn_cli::run(args)) {
        ExitStatus::Done => 0,
        ExitStatus::Failed => 1,
        ExitStatus::Usage => 2,
        ExitStatus::Interrupted => 130,
    }
}
