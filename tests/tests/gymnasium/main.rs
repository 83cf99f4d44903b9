//! The bridge to Python's Gymnasium.

mod batches;
mod choosing;
mod faults;
mod members;
mod threads;
mod traces;
mod values;

use std::path::PathBuf;

/// The interpreter that has the peers installed, the one of this process too.
fn start_python() {
    let python = std::env::var_os(sorn_tests::VARIABLE).expect(sorn_tests::VARIABLE);
    sorn_envs::gymnasium::initialize(Some(&PathBuf::from(python))).unwrap();
}
