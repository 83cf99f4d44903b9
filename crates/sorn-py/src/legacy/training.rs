//! A run in which every rule is frozen: upstream's phase "training", often called for one step at a time.
//!
//! A step takes a microsecond or two, so what surrounds it counts: arguments are checked here, and only where they are
//! unusual does the Python side have a closer look.

use ndarray::{Array2, ArrayView2};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyInt, PyList, PyString};
use sorn_lab::sorn_core::{Activity, DenseActivity, DenseNetwork};

use super::record::Record;
use super::simulation::NOISE_SD;
use super::state::active;
use crate::error::to_py;

/// Steps whose noise is drawn at once.
const CHUNK: usize = 256;

/// Runs `timesteps` steps from `state`; returns the state after them and what was recorded, as `Trainer.run` does.
///
/// Returns `None`, and has done nothing, unless all arguments are as they usually are: a state of arrays of `float64` in C
/// order whose shapes fit, such inputs, callbacks for activity alone, hyperparameters (`given`) that do not contradict.
#[pyfunction]
pub(crate) fn train<'py>(
    py: Python<'py>,
    state: &Bound<'py, PyAny>,
    inputs: &Bound<'py, PyAny>,
    timesteps: &Bound<'py, PyAny>,
    noise: &Bound<'py, PyAny>,
    callbacks: &Bound<'py, PyAny>,
    given: &Bound<'py, PyDict>,
) -> PyResult<Option<(Bound<'py, PyDict>, Bound<'py, PyDict>)>> {
    let Some(usual) = Usual::new(state, inputs, timesteps, noise, callbacks, given)? else {
        return Ok(None);
    };
    let arrays = &usual.arrays;
    let views = arrays.each_ref().map(|array| array.1.as_array());
    let [wee, wei, wie, te, ti, x, y] = views;
    let (Some(te), Some(ti)) = (te.to_slice(), ti.to_slice()) else { return Ok(None) };
    let Ok(network) = DenseNetwork::new(wee, wei, wie, te, ti) else { return Ok(None) };
    let (ne, ni) = (te.len(), ti.len());
    let inputs = usual.inputs.as_array();
    let fits = |activity: &ArrayView2<'_, f64>, n| activity.dim() == (n, 2) && activity.is_standard_layout();
    if !fits(&x, ne) || !fits(&y, ni) || inputs.nrows() > ne {
        return Ok(None);
    }
    let activity = DenseActivity::new(active("X", x, 1)?, active("Y", y, 1)?);
    finite(inputs, usual.steps)?;
    let record = Record::new(usual.callbacks, ne, ni, usual.steps)?;
    let mut run = Run { network, activity, record, x: Array2::zeros((ne, 2)), y: Array2::zeros((ni, 2)) };
    for first in (0..usual.steps).step_by(CHUNK) {
        let steps = first..usual.steps.min(first + CHUNK);
        let noise = match usual.noise {
            true => Some(standard_normal(py, steps.len() * (ne + ni))?),
            false => None,
        };
        let noise = noise.as_ref().map(|noise| noise.as_slice()).transpose()?;
        for (step, at) in steps.enumerate().map(|(at, step)| (step, at * (ne + ni))) {
            let noise = noise.map(|noise| &noise[at..at + ne + ni]);
            run.step(step, inputs.column(step), noise, step + 1 == usual.steps)?;
        }
        py.check_signals()?;
    }
    run.mark(1);
    let last = PyDict::new(py);
    for (name, array) in arrays.iter().take(5) {
        last.set_item(name, &**array)?;
    }
    last.set_item(intern!(py, "X"), run.x.into_pyarray(py))?;
    last.set_item(intern!(py, "Y"), run.y.into_pyarray(py))?;
    Ok(Some((last, run.record.into_dict(py)?)))
}

/// A run under way.
struct Run<'a> {
    network: DenseNetwork<'a>,
    activity: DenseActivity,
    record: Record,
    x: Array2<f64>,
    y: Array2<f64>,
}

impl Run<'_> {
    fn step(
        &mut self,
        step: usize,
        input: ndarray::ArrayView1<'_, f64>,
        normal: Option<&[f64]>,
        last: bool,
    ) -> PyResult<()> {
        if last {
            self.mark(0);
        }
        let input = input.to_vec();
        // As NumPy scales: 0 + sd * normal.
        let noise = normal.map(|normal| normal.iter().map(|g| 0.0 + NOISE_SD * g).collect::<Vec<f64>>());
        let noise = noise.as_ref().map(|noise| noise.split_at(self.x.nrows()));
        let (noise_e, noise_i) = (noise.map(|noise| noise.0), noise.map(|noise| noise.1));
        self.network.step(&input, noise_e, noise_i, &mut self.activity).map_err(to_py)?;
        let DenseActivity { spikes_e, spikes_i, recurrent, .. } = &self.activity;
        self.record.activity(step, &Activity { spikes_e, spikes_i, recurrent });
        Ok(())
    }

    /// Writes the activity into a column of `X` and `Y`.
    fn mark(&mut self, column: usize) {
        self.activity.spikes_e.iter().for_each(|&neuron| self.x[[neuron as usize, column]] = 1.0);
        self.activity.spikes_i.iter().for_each(|&neuron| self.y[[neuron as usize, column]] = 1.0);
    }
}

/// Arguments as they usually are.
struct Usual<'py> {
    /// Names and arrays of the state, in upstream's order: Wee, Wei, Wie, Te, Ti, X, Y.
    arrays: [(Bound<'py, PyString>, PyReadonlyArray2<'py, f64>); 7],
    inputs: PyReadonlyArray2<'py, f64>,
    steps: usize,
    noise: bool,
    callbacks: Vec<String>,
}

impl<'py> Usual<'py> {
    fn new(
        state: &Bound<'py, PyAny>,
        inputs: &Bound<'py, PyAny>,
        timesteps: &Bound<'py, PyAny>,
        noise: &Bound<'py, PyAny>,
        callbacks: &Bound<'py, PyAny>,
        given: &Bound<'py, PyDict>,
    ) -> PyResult<Option<Self>> {
        let py = state.py();
        let (Ok(state), Ok(inputs)) = (state.cast::<PyDict>(), inputs.cast::<PyArray2<f64>>()) else {
            return Ok(None);
        };
        if state.contains(intern!(py, "H_ip"))? {
            return Ok(None);
        }
        let names = [
            intern!(py, "Wee"),
            intern!(py, "Wei"),
            intern!(py, "Wie"),
            intern!(py, "Te"),
            intern!(py, "Ti"),
            intern!(py, "X"),
            intern!(py, "Y"),
        ];
        let mut arrays = Vec::with_capacity(names.len());
        for name in names {
            let Some(array) = state.get_item(name)? else { return Ok(None) };
            let Ok(array) = array.cast_into::<PyArray2<f64>>() else { return Ok(None) };
            let Ok(array) = array.try_readonly() else { return Ok(None) };
            arrays.push((name.clone(), array));
        }
        let Ok(arrays) = <[_; 7]>::try_from(arrays) else { return Ok(None) };
        let Ok(inputs) = inputs.try_readonly() else { return Ok(None) };
        let steps = match timesteps.is_exact_instance_of::<PyInt>() {
            true => timesteps.extract::<usize>().unwrap_or(0),
            false => 0,
        };
        if !(1..=inputs.as_array().ncols()).contains(&steps) {
            return Ok(None);
        }
        let Ok(noise) = noise.cast::<PyBool>().map(|noise| noise.is_true()) else { return Ok(None) };
        let Ok(callbacks) = callbacks.cast::<PyList>() else { return Ok(None) };
        let mut names = Vec::with_capacity(callbacks.len());
        for name in callbacks {
            let Ok(name) = name.extract::<String>() else { return Ok(None) };
            if !Record::ACTIVITY.contains(&name.as_str()) || names.contains(&name) {
                return Ok(None);
            }
            names.push(name);
        }
        let ne = arrays[3].1.as_array().nrows();
        if !consistent(given, ne, inputs.as_array().nrows())? {
            return Ok(None);
        }
        Ok(Some(Usual { arrays, inputs, steps, noise, callbacks: names }))
    }
}

/// Whether hyperparameters are known, of the right type, and the sizes those of the arrays.
fn consistent(given: &Bound<'_, PyDict>, ne: usize, nu: usize) -> PyResult<bool> {
    for (name, value) in given {
        let Ok(name) = name.cast::<PyString>() else { return Ok(false) };
        let plain =
            value.is_exact_instance_of::<PyInt>() || value.is_exact_instance_of::<pyo3::types::PyFloat>();
        let sound = match name.to_cow()?.as_ref() {
            "ne" => value.is_exact_instance_of::<PyInt>() && value.eq(ne)?,
            "nu" => value.is_exact_instance_of::<PyInt>() && value.eq(nu)?,
            "lambda_ee" | "lambda_ei" | "lambda_ie" | "eta_stdp" | "eta_inhib" | "eta_ip" | "te_max"
            | "ti_max" | "ti_min" | "te_min" | "mu_ip" => {
                plain && value.extract::<f64>().is_ok_and(f64::is_finite)
            }
            _ => false,
        };
        if !sound {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `np.random.standard_normal(size)`.
fn standard_normal(py: Python<'_>, size: usize) -> PyResult<numpy::PyReadonlyArray1<'_, f64>> {
    static FUNCTION: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let drawn = FUNCTION.import(py, "numpy.random", "standard_normal")?.call1((size,))?;
    Ok(drawn.cast_into::<PyArray1<f64>>().map_err(PyErr::from)?.readonly())
}

/// Refuses inputs that are NaN or infinite.
pub(crate) fn finite(inputs: ArrayView2<'_, f64>, steps: usize) -> PyResult<()> {
    for ((unit, step), value) in inputs.slice(ndarray::s![.., ..steps]).indexed_iter() {
        if !value.is_finite() {
            return Err(PyValueError::new_err(format!(
                "inputs[{unit}, {step}]: found {}, allowed: finite values",
                value.to_string().to_lowercase()
            )));
        }
    }
    Ok(())
}
