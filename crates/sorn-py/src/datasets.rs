//! Series of numbers and sequences of symbols, for the Python module `sorn_rs.datasets`.

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use sorn_lab::Series;
use sorn_lab::sorn_core::room;
use sorn_lab::sorn_sequence::{Source, TaskError};

/// How a configuration's keys are called where they are arguments.
pub(crate) fn argument(error: &TaskError) -> PyErr {
    let text = error.to_string();
    let text = text.strip_prefix("task.source.").or(text.strip_prefix("task.")).unwrap_or(&text);
    PyValueError::new_err(text.to_owned())
}

fn config<T: DeserializeOwned>(json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|e| PyValueError::new_err(e.to_string()))
}

fn fits(steps: usize, columns: usize) -> PyResult<()> {
    let bytes = 8 * steps as u128 * columns as u128;
    match room::fits(bytes) {
        true => Ok(()),
        false => {
            let text = format!(
                "steps: expected what fits in memory, found {steps}, which need {}",
                room::size(bytes)
            );
            Err(PyMemoryError::new_err(text))
        }
    }
}

type Numbers<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>, Vec<String>);

/// Inputs (steps, inputs) and targets (steps, targets) of a series, and the names of the targets.
#[pyfunction]
pub(crate) fn dataset_series<'py>(
    py: Python<'py>,
    json: &str,
    steps: usize,
    seed: u64,
    standardize: bool,
) -> PyResult<Numbers<'py>> {
    let config = config(json)?;
    let mut series = Series::new(&config, seed).map_err(|e| argument(&e))?;
    let moments = match standardize {
        true => Series::moments(&config, seed).map_err(|e| argument(&e))?,
        false => Vec::new(),
    };
    let (inputs, targets) = (series.inputs().len(), series.names().len());
    fits(steps, inputs + targets)?;
    let (mut all_inputs, mut all_targets) = (Vec::new(), Vec::new());
    let taken = py.detach(|| {
        (0..steps).try_for_each(|_| {
            let from = all_inputs.len();
            all_inputs.extend_from_slice(series.inputs());
            for (value, (mean, sd)) in all_inputs[from..].iter_mut().zip(&moments) {
                *value = (*value - mean) / sd;
            }
            all_targets.extend_from_slice(series.targets());
            series.advance()
        })
    });
    taken.map_err(|e| argument(&e))?;
    let array = |all: Vec<f64>, columns: usize| PyArray1::from_vec(py, all).reshape([steps, columns]);
    Ok((array(all_inputs, inputs)?, array(all_targets, targets)?, series.names().to_vec()))
}

/// Symbols as numbers, and their names.
#[pyfunction]
pub(crate) fn dataset_symbols<'py>(
    py: Python<'py>,
    json: &str,
    n: Option<u32>,
    steps: usize,
    seed: u64,
) -> PyResult<(Bound<'py, PyArray1<i64>>, Vec<String>)> {
    let mut source = Source::new(&config(json)?, n, seed).map_err(|e| argument(&e))?;
    fits(steps, 1)?;
    let all = py.detach(|| {
        let next = |_| {
            let symbol = i64::from(source.item().symbol);
            source.advance().map(|()| symbol)
        };
        (0..steps).map(next).collect::<Result<Vec<i64>, TaskError>>()
    });
    let all = all.map_err(|e| argument(&e))?;
    Ok((PyArray1::from_vec(py, all), source.symbols().to_vec()))
}
