//! The `sorn` command, run in the user's own interpreter.

use std::ffi::OsString;

use pyo3::prelude::*;
use sorn_cli::ExitStatus;
use sorn_lab::sorn_envs::gymnasium::watch;

use crate::extras::Package;

/// Runs the command line, the program's name first, and returns its exit code.
#[pyfunction]
pub(crate) fn run_cli(py: Python<'_>, args: Vec<OsString>) -> PyResult<i32> {
    watch(py)?;
    // Environments of Python's attach by themselves.
    Ok(match py.detach(|| sorn_cli::run_extended(args, Some(&Package))) {
        ExitStatus::Done => 0,
        ExitStatus::Failed => 1,
        ExitStatus::Usage => 2,
        ExitStatus::Interrupted => 130,
    })
}
