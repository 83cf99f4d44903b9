//! `initial`: arrays that a network begins with, from a dictionary or a file.

use std::path::PathBuf;

use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sorn_lab::load_initial;
use sorn_lab::sorn_core::{Initial, StateError, Synapses};
use sorn_lab::sorn_envs::gymnasium::call;

use super::file_error;

/// Arrays, checked by the Python side.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Arrays<'py> {
    #[pyo3(item("Wee"))]
    wee: Option<Weights<'py>>,
    #[pyo3(item("Wei"))]
    wei: Option<Weights<'py>>,
    #[pyo3(item("Wie"))]
    wie: Option<Weights<'py>>,
    #[pyo3(item("Te"))]
    te: Option<PyReadonlyArray2<'py, f64>>,
    #[pyo3(item("Ti"))]
    ti: Option<PyReadonlyArray2<'py, f64>>,
    #[pyo3(item("H_ip"))]
    h_ip: Option<PyReadonlyArray2<'py, f64>>,
    #[pyo3(item("Pools"))]
    pools: Option<PyReadonlyArray2<'py, f64>>,
}

/// A dense matrix, or rows, column starts, rows of the entries and the entries.
#[derive(FromPyObject)]
enum Weights<'py> {
    Dense(PyReadonlyArray2<'py, f64>),
    Sparse(usize, PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, f64>),
}

impl Weights<'_> {
    fn synapses(self) -> Synapses {
        match self {
            Weights::Dense(dense) => Synapses::from_dense(&dense.as_array().to_owned()),
            Weights::Sparse(n_pre, starts, rows, weights) => Synapses {
                n_pre,
                indptr: starts.as_array().iter().map(|&start| start as usize).collect(),
                indices: rows.as_array().iter().map(|&row| row as u32).collect(),
                weights: weights.as_array().to_vec(),
            },
        }
    }
}

/// What `initial` gives a network of `ne` and `ni` neurons and, if that is known, `nu` inputs.
pub(crate) fn initial(
    object: &Bound<'_, PyAny>,
    (ne, ni, nu): (usize, usize, Option<usize>),
) -> PyResult<Initial> {
    if let Ok(path) = object.extract::<PathBuf>() {
        return load_initial(&path).map_err(file_error);
    }
    let module = object.py().import("sorn_rs._arguments")?;
    let arrays: Arrays<'_> =
        call(&module.getattr("check_initial")?, (object, ne, ni, nu), None)?.extract()?;
    let column = |column: PyReadonlyArray2<'_, f64>| column.as_array().iter().copied().collect();
    let pools = |pools: PyReadonlyArray2<'_, f64>| {
        let members = |row: ndarray::ArrayView1<'_, f64>| {
            row.iter().enumerate().filter(|(_, one)| **one == 1.0).map(|(neuron, _)| neuron as u32).collect()
        };
        pools.as_array().rows().into_iter().map(members).collect()
    };
    Ok(Initial {
        wee: arrays.wee.map(Weights::synapses),
        wei: arrays.wei.map(Weights::synapses),
        wie: arrays.wie.map(Weights::synapses),
        te: arrays.te.map(column),
        ti: arrays.ti.map(column),
        h_ip: arrays.h_ip.map(column),
        pools: arrays.pools.map(pools),
    })
}

/// The refusal of arrays that do not fit.
pub(crate) fn refused(error: &StateError) -> PyErr {
    let StateError { array, found, allowed } = error;
    let mut name = array.clone();
    name[..1].make_ascii_uppercase();
    PyValueError::new_err(format!("initial[{name:?}]: expected {allowed}, found {found}"))
}
