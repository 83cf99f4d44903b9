//! A run in which every rule is frozen: upstream's phase "training", often called for one step at a time.
//!
//! A step takes a microsecond or two, so what surrounds it counts: arguments are checked here, and only where they are
//! unusual does the Python side have a closer look.

use ndarray::{ArrayView1, ArrayView2};
use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyList, PyString};
use sorn_lab::sorn_core::Activity;

use super::record::Record;
use super::simulation::NOISE_SD;
use super::state::active;
use super::static_network::{StaticActivity, StaticNetwork};
use crate::error::value_error;
use crate::numpy_generator;

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
    let Some(network) = StaticNetwork::new([wee, wei, wie], te, ti) else { return Ok(None) };
    let (ne, ni) = (te.len(), ti.len());
    let inputs = usual.inputs.as_array();
    let fits = |activity: &ArrayView2<'_, f64>, n| activity.dim() == (n, 2) && activity.is_standard_layout();
    if !fits(&x, ne) || !fits(&y, ni) || inputs.nrows() > ne {
        return Ok(None);
    }
    let activity = StaticActivity::new(active("X", x, 1)?, active("Y", y, 1)?);
    finite(inputs, usual.steps)?;
    let record = Record::new(usual.callbacks, ne, ni, usual.steps)?;
    let x = PyArray2::zeros(py, (ne, 2), false);
    let y = PyArray2::zeros(py, (ni, 2), false);
    let mut run = Run { network, activity, record, external: Vec::with_capacity(inputs.nrows()) };
    let mut normal = vec![0.0; if usual.noise { usual.steps.min(CHUNK) * (ne + ni) } else { 0 }];
    for first in (0..usual.steps).step_by(CHUNK) {
        let steps = first..usual.steps.min(first + CHUNK);
        let drawn = if usual.noise { &mut normal[..steps.len() * (ne + ni)] } else { &mut [] };
        numpy_generator::normal(py, NOISE_SD, drawn)?;
        for (at, step) in steps.enumerate() {
            if step + 1 == usual.steps {
                run.mark(&x, &y, 0)?;
            }
            let noise = drawn.get(at * (ne + ni)..(at + 1) * (ne + ni)).map(|noise| noise.split_at(ne));
            run.step(step, inputs.column(step), noise)?;
        }
        py.check_signals()?;
    }
    run.mark(&x, &y, 1)?;
    let last = PyDict::new(py);
    for (name, array) in arrays.iter().take(5) {
        last.set_item(name, &**array)?;
    }
    last.set_item(intern!(py, "X"), x)?;
    last.set_item(intern!(py, "Y"), y)?;
    Ok(Some((last, run.record.into_dict(py)?)))
}

/// A run under way.
struct Run<'a> {
    network: StaticNetwork<'a>,
    activity: StaticActivity,
    record: Record,
    external: Vec<f64>,
}

impl Run<'_> {
    fn step(
        &mut self,
        step: usize,
        input: ArrayView1<'_, f64>,
        noise: Option<(&[f64], &[f64])>,
    ) -> PyResult<()> {
        self.external.clear();
        self.external.extend(&input);
        self.network.step(&self.external, noise, &mut self.activity);
        let StaticActivity { spikes_e, spikes_i, recurrent, .. } = &self.activity;
        self.record.activity(step, &Activity { spikes_e, spikes_i, recurrent });
        Ok(())
    }

    /// Writes the activity into a column of `X` and `Y`.
    fn mark(
        &self,
        x: &Bound<'_, PyArray2<f64>>,
        y: &Bound<'_, PyArray2<f64>>,
        column: usize,
    ) -> PyResult<()> {
        for (array, spikes) in [(x, &self.activity.spikes_e), (y, &self.activity.spikes_i)] {
            let mut array = array.try_readwrite().map_err(value_error)?;
            let mut array = array.as_array_mut();
            spikes.iter().for_each(|&neuron| array[[neuron as usize, column]] = 1.0);
        }
        Ok(())
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

/// Refuses inputs that are NaN or infinite.
pub(crate) fn finite(inputs: ArrayView2<'_, f64>, steps: usize) -> PyResult<()> {
    for ((unit, step), value) in inputs.slice(ndarray::s![.., ..steps]).indexed_iter() {
        if !value.is_finite() {
            return Err(PyValueError::new_err(format!(
                "inputs[{unit}, {step}]: expected a finite number, found {}",
                value.to_string().to_lowercase()
            )));
        }
    }
    Ok(())
}
