//! The native half of the Python package `sorn_rs`; the other half is under `python/`.

mod agent;
mod argument;
mod cli;
mod convert;
mod criticality;
mod datasets;
mod env;
mod error;
mod extras;
mod globals;
mod legacy;
mod mt19937;
mod ndtri;
mod network;
mod numpy_generator;
mod parts;
mod readout;
mod recorder;
mod rule;
mod statistics;
mod sweep;
mod tune;
mod vec_env;

/// What `sorn_rs` is made of. Not for direct use: argument checks are on the Python side.
#[pyo3::pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::legacy::{lambd_connections, simulate, train};

    #[pymodule_export]
    use crate::network::Network;

    #[pymodule_export]
    use crate::agent::Agent;

    #[pymodule_export]
    use crate::rule::StepContext;

    #[pymodule_export]
    use crate::cli::run_cli;

    #[pymodule_export]
    use crate::env::{NativeEnv, env_specs};

    #[pymodule_export]
    use crate::vec_env::NativeVecEnv;

    #[pymodule_export]
    use crate::statistics::functions;

    #[pymodule_export]
    use crate::criticality::criticality_functions;

    #[pymodule_export]
    use crate::datasets::{dataset_series, dataset_symbols};

    #[pymodule_export]
    use crate::readout::{
        SeriesEncoder, readout_logistic, readout_recursive, readout_scores, readout_solve, readout_sums,
    };

    #[pymodule_export]
    use crate::tune::{Trial, Tuning};

    #[pymodule_export]
    use crate::sweep::{Held, SingleRun, Sweep};

    #[pymodule_export]
    use crate::extras::{hear_signals, stop_asked};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::parts::install();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
