//! The readouts of `sorn-readout` and the encoders of series, for `Reservoir`, which checks arguments and keeps what is learnt in arrays.

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use sorn_lab::series_encoder;
use sorn_lab::sorn_agents::{EncoderConfig, Encoding};
use sorn_lab::sorn_readout::{
    LeastSquares, Logistic, Readout, ReadoutError, RecursiveLeastSquares, Ridge, Rows,
};

use crate::datasets::argument;
use crate::error::value_error;

type Numbers<'py> = PyReadonlyArray2<'py, f64>;
type Matrix<'py> = Bound<'py, PyArray2<f64>>;

/// The rows of an array that lies in order.
fn rows<'a>(array: &'a Numbers<'_>) -> PyResult<impl Iterator<Item = &'a [f64]>> {
    let (columns, all) = (array.as_array().ncols(), array.as_slice()?);
    Ok(all.chunks_exact(columns.max(1)))
}

/// The entries of a row that are not 0.
fn entries(row: &[f64]) -> impl Iterator<Item = (u32, f64)> + Clone + '_ {
    (0..).zip(row.iter().copied()).filter(|(_, value)| *value != 0.0)
}

fn matrix<'py>(py: Python<'py>, all: &[f64], columns: usize) -> PyResult<Matrix<'py>> {
    PyArray1::from_slice(py, all).reshape([all.len() / columns.max(1), columns])
}

/// Weights as Python keeps them, (features, targets).
fn weights<'py>(py: Python<'py>, readout: &Readout) -> PyResult<Matrix<'py>> {
    matrix(py, readout.weights(), readout.features())?
        .transpose()?
        .call_method0("copy")?
        .extract()
        .map_err(PyErr::from)
}

/// The readout of weights that are (features, targets).
fn readout(weights: &Numbers<'_>) -> PyResult<Readout> {
    let weights = weights.as_array();
    Readout::new(weights.t().iter().copied().collect(), weights.nrows()).map_err(value_error)
}

/// The sums of ridge regression and least squares with these examples, after those before if there are any.
#[pyfunction]
pub(crate) fn readout_sums<'py>(
    py: Python<'py>,
    features: Numbers<'py>,
    targets: Numbers<'py>,
    before: Option<(Numbers<'py>, Numbers<'py>)>,
) -> PyResult<(Matrix<'py>, Matrix<'py>)> {
    let sizes = (features.as_array().ncols(), targets.as_array().ncols());
    let mut sums = match before {
        Some((gram, moments)) => {
            Ridge::from_sums(sizes, gram.as_slice()?.to_vec(), moments.as_slice()?.to_vec())
        }
        None => Ridge::new(sizes.0, sizes.1),
    }
    .map_err(value_error)?;
    for (row, target) in rows(&features)?.zip(rows(&targets)?) {
        sums.learn(row, target).map_err(value_error)?;
    }
    let (gram, moments) = sums.sums();
    Ok((matrix(py, gram, sizes.0)?, matrix(py, moments, sizes.0)?))
}

/// The weights of ridge regression with a penalty for each feature, or of least squares without any.
#[pyfunction]
pub(crate) fn readout_solve<'py>(
    py: Python<'py>,
    gram: Numbers<'py>,
    moments: Numbers<'py>,
    penalties: Option<PyReadonlyArray1<'py, f64>>,
) -> PyResult<Matrix<'py>> {
    let sizes = (moments.as_array().ncols(), moments.as_array().nrows());
    let (gram, moments) = (gram.as_slice()?.to_vec(), moments.as_slice()?.to_vec());
    let penalties = penalties.map(|penalties| penalties.as_slice().map(<[f64]>::to_vec)).transpose()?;
    let solved = py.detach(|| {
        let sums = Ridge::from_sums(sizes, gram, moments)?;
        match penalties {
            Some(penalties) => sums.solve_each(&penalties),
            None => Ok::<_, ReadoutError>(LeastSquares::from(sums).solve()),
        }
    });
    weights(py, &solved.map_err(value_error)?)
}

/// What recursive least squares keeps: weights, inverse, and the feature whose penalty is renewed next.
type Recursive<'py> = (Matrix<'py>, Matrix<'py>, usize);

/// Recursive least squares on these examples, after those before if there are any.
#[pyfunction]
pub(crate) fn readout_recursive<'py>(
    py: Python<'py>,
    features: Numbers<'py>,
    targets: Numbers<'py>,
    penalties: (f64, f64),
    before: Option<(Numbers<'py>, Numbers<'py>, usize)>,
) -> PyResult<Recursive<'py>> {
    let sizes = (features.as_array().ncols(), targets.as_array().ncols());
    let mut learner = match before {
        Some((weights, inverse, next)) => {
            let inverse = inverse.as_slice()?.to_vec();
            RecursiveLeastSquares::from_state(readout(&weights)?, penalties, inverse, next)
        }
        None => RecursiveLeastSquares::new(sizes.0, sizes.1, penalties.0, penalties.1),
    }
    .map_err(value_error)?;
    for (row, target) in rows(&features)?.zip(rows(&targets)?) {
        learner.learn(row, target).map_err(value_error)?;
        py.check_signals()?;
    }
    let (inverse, next) = learner.state();
    Ok((weights(py, learner.readout())?, matrix(py, inverse, sizes.0)?, next))
}

/// The weights of multinomial logistic regression; the last row is the intercept's.
#[pyfunction]
pub(crate) fn readout_logistic<'py>(
    py: Python<'py>,
    features: Numbers<'py>,
    labels: PyReadonlyArray1<'py, u32>,
    classes: usize,
    c: f64,
) -> PyResult<Matrix<'py>> {
    let mut all = Rows::new(features.as_array().ncols());
    for row in rows(&features)? {
        all.push(row).map_err(value_error)?;
    }
    let labels = labels.as_slice()?;
    let fitted = py.detach(|| Logistic { c, ..Logistic::default() }.fit(&all, labels, classes));
    weights(py, &fitted.map_err(value_error)?.readout)
}

/// One score per row and target.
#[pyfunction]
pub(crate) fn readout_scores<'py>(
    py: Python<'py>,
    features: Numbers<'py>,
    weights: Numbers<'py>,
) -> PyResult<Matrix<'py>> {
    let readout = readout(&weights)?;
    let targets = readout.targets();
    let mut scores = vec![0.0; features.as_array().nrows() * targets];
    for (row, out) in rows(&features)?.zip(scores.chunks_exact_mut(targets)) {
        readout.predict_sparse(entries(row), out).map_err(value_error)?;
    }
    matrix(py, &scores, targets)
}

fn table(json: &str) -> PyResult<EncoderConfig> {
    serde_json::from_str(json).map_err(|e| value_error(format!("encoder: {e}")))
}

/// An encoder of series.
#[pyclass(module = "sorn_rs._native")]
pub(crate) struct SeriesEncoder {
    inner: Encoding,
    inputs: usize,
}

#[pymethods]
impl SeriesEncoder {
    #[new]
    fn new(json: &str, numbers: usize, inputs: usize, seed: u64) -> PyResult<SeriesEncoder> {
        let inner = series_encoder(&table(json)?, numbers, inputs, seed).map_err(|e| argument(&e))?;
        Ok(SeriesEncoder { inner, inputs })
    }

    /// Refuses a table that no encoder has.
    #[staticmethod]
    fn check(json: &str) -> PyResult<()> {
        table(json).map(|_| ())
    }

    /// The inputs (steps, nu) of numbers (steps, numbers).
    fn encode<'py>(&mut self, py: Python<'py>, numbers: Numbers<'py>) -> PyResult<Matrix<'py>> {
        let mut all = vec![0.0; numbers.as_array().nrows() * self.inputs];
        for (row, out) in rows(&numbers)?.zip(all.chunks_exact_mut(self.inputs)) {
            self.inner.encode(row, out).map_err(value_error)?;
        }
        matrix(py, &all, self.inputs)
    }
}
