//! Plasticity rules written in Python.

use std::sync::{Arc, Mutex, PoisonError};

use numpy::{IntoPyArray, PyArray1, PyArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use sorn_lab::sorn_core::{PlasticityRule, RuleContext};
use sorn_lab::sorn_envs::gymnasium::call;

use crate::argument::Argument;
use crate::convert::{fixed, vector};

/// Where an exception waits for the end of the step in which it was raised.
pub(crate) type Failure = Arc<Mutex<Option<PyErr>>>;

/// A callable's own name, or that of its class.
pub(crate) fn name(call: &Bound<'_, PyAny>) -> PyResult<String> {
    let name = call.getattr("__name__").or_else(|_| call.get_type().getattr("__name__"))?;
    Ok(name.to_string())
}

/// A callable that is given the network of a step to change.
#[derive(Debug)]
pub(crate) struct PythonRule {
    name: String,
    call: Py<PyAny>,
    ni: usize,
    failure: Failure,
}

impl PythonRule {
    pub(crate) fn new(call: &Bound<'_, PyAny>, ni: usize, failure: &Failure) -> PyResult<Self> {
        if !call.is_callable() {
            return Err(PyTypeError::new_err(format!("rule: expected a callable, found {call}")));
        }
        Ok(PythonRule { name: name(call)?, call: call.clone().unbind(), ni, failure: failure.clone() })
    }

    fn run(&self, py: Python<'_>, context: &mut RuleContext<'_>) -> PyResult<()> {
        let ne = context.ne();
        let mask = |active: &[u32], n: usize| {
            let mut mask = vec![false; n];
            active.iter().for_each(|&neuron| mask[neuron as usize] = true);
            fixed(PyArray1::from_vec(py, mask)).unbind()
        };
        let (x, y) = (context.x(), context.y());
        let [x_before, x_after] = [x.0, x.1].map(|active| mask(active, ne));
        let [y_before, y_after] = [y.0, y.1].map(|active| mask(active, self.ni));
        let ee = Listed::read(ne, |post, change| context.for_each_ee(post, change));
        let ei = Listed::read(ne, |post, change| context.for_each_ei(post, change));
        let view = Bound::new(
            py,
            StepContext {
                x_before,
                x: x_after,
                y_before,
                y: y_after,
                reward: context.reward(),
                te: PyArray1::from_slice(py, context.te()).unbind(),
                ee_pre: fixed(PyArray1::from_slice(py, &ee.pre)).unbind(),
                ee_post: fixed(PyArray1::from_slice(py, &ee.post)).unbind(),
                ee_weights: PyArray1::from_slice(py, &ee.weights).unbind(),
                ei_pre: fixed(PyArray1::from_slice(py, &ei.pre)).unbind(),
                ei_post: fixed(PyArray1::from_slice(py, &ei.post)).unbind(),
                ei_weights: PyArray1::from_slice(py, &ei.weights).unbind(),
                grown: Vec::new(),
            },
        )?;
        call(self.call.bind(py), (&view,), None)?;
        let view = view.borrow();
        // All is looked at before any of it is changed.
        let te = self.changed(py, "te", &view.te, context.te())?;
        let ee_weights = self.changed(py, "ee_weights", &view.ee_weights, &ee.weights)?;
        let ei_weights = self.changed(py, "ei_weights", &view.ei_weights, &ei.weights)?;
        if let Some(te) = te {
            context.te().copy_from_slice(&te);
        }
        if let Some(weights) = ee_weights {
            write(ne, &weights, |post, change| context.for_each_ee(post, change));
        }
        if let Some(weights) = ei_weights {
            write(ne, &weights, |post, change| context.for_each_ei(post, change));
        }
        for &(pre, post, weight) in &view.grown {
            context.grow_ee(pre, post, weight);
        }
        Ok(())
    }

    /// What the rule left in an array, if it is not what was in it before.
    fn changed(
        &self,
        py: Python<'_>,
        name: &str,
        array: &Py<PyArray1<f64>>,
        before: &[f64],
    ) -> PyResult<Option<Vec<f64>>> {
        let wrong = |found: String, expected: String| {
            PyValueError::new_err(format!("rule {}: {name}: expected {expected}, found {found}", self.name))
        };
        let array = array.bind(py).try_readonly().map_err(crate::error::value_error)?;
        let array = array.as_array();
        if array.len() != before.len() {
            return Err(wrong(
                array.len().to_string(),
                format!("as many values as before ({})", before.len()),
            ));
        }
        if let Some(value) = array.iter().find(|value| !value.is_finite()) {
            return Err(wrong(value.to_string().to_lowercase(), "finite numbers".into()));
        }
        Ok((!array.iter().eq(before)).then(|| array.to_vec()))
    }
}

impl PlasticityRule for PythonRule {
    fn name(&self) -> &str {
        &self.name
    }

    fn apply(&mut self, context: &mut RuleContext<'_>) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        // What follows a failure in the same step is left out.
        if failure.is_none() {
            *failure = Python::attach(|py| self.run(py, context)).err();
        }
    }

    fn clone_box(&self) -> Box<dyn PlasticityRule> {
        let call = Python::attach(|py| self.call.clone_ref(py));
        Box::new(PythonRule { name: self.name.clone(), call, ni: self.ni, failure: self.failure.clone() })
    }
}

/// Synapses as three lists.
#[derive(Default)]
struct Listed {
    pre: Vec<u32>,
    post: Vec<u32>,
    weights: Vec<f64>,
}

impl Listed {
    fn read(ne: usize, mut for_each: impl FnMut(usize, &mut dyn FnMut(u32, &mut f64))) -> Self {
        let mut listed = Listed::default();
        for post in 0..ne {
            for_each(post, &mut |pre, weight| {
                listed.pre.push(pre);
                listed.post.push(post as u32);
                listed.weights.push(*weight);
            });
        }
        listed
    }
}

/// Writes weights in the order in which they were read.
fn write(ne: usize, weights: &[f64], mut for_each: impl FnMut(usize, &mut dyn FnMut(u32, &mut f64))) {
    let mut weights = weights.iter();
    for post in 0..ne {
        for_each(post, &mut |_, weight| *weight = weights.next().copied().unwrap_or(*weight));
    }
}

/// Another array, itself where it can be: the rule may go on to change it.
fn put(place: &mut Py<PyArray1<f64>>, name: &str, values: &Bound<'_, PyAny>) -> PyResult<()> {
    *place = match values.cast::<PyArray1<f64>>() {
        Ok(array) => array.clone().unbind(),
        Err(_) => {
            let len = place.bind(values.py()).len()?;
            vector(name, values, len, &format!("as many values as before ({len})"))?
                .into_pyarray(values.py())
                .unbind()
        }
    };
    Ok(())
}

/// What a rule sees of a step, and may change: thresholds, and weights of synapses that there are.
///
/// Change `te`, `ee_weights` and `ei_weights` in place, or put others of the same length there; the other arrays are read-only.
/// Weights are then limited to [0, 1], and 0 prunes a
/// synapse.
#[pyclass(module = "sorn_rs", name = "StepContext")]
pub(crate) struct StepContext {
    /// Who fired before this step, excitatory, shape (ne,).
    #[pyo3(get)]
    x_before: Py<PyArray1<bool>>,
    /// Who fires in this step, excitatory, shape (ne,).
    #[pyo3(get)]
    x: Py<PyArray1<bool>>,
    /// Who fired before this step, inhibitory, shape (ni,).
    #[pyo3(get)]
    y_before: Py<PyArray1<bool>>,
    /// Who fires in this step, inhibitory, shape (ni,).
    #[pyo3(get)]
    y: Py<PyArray1<bool>>,
    /// The reward of this step, else 0.
    #[pyo3(get)]
    reward: f64,
    /// Thresholds of excitatory neurons, shape (ne,).
    #[pyo3(get)]
    te: Py<PyArray1<f64>>,
    /// Presynaptic neuron of each E-to-E synapse, shape (synapses,).
    #[pyo3(get)]
    ee_pre: Py<PyArray1<u32>>,
    /// Postsynaptic neuron of each E-to-E synapse; ascending.
    #[pyo3(get)]
    ee_post: Py<PyArray1<u32>>,
    /// Weight of each E-to-E synapse.
    #[pyo3(get)]
    ee_weights: Py<PyArray1<f64>>,
    /// Presynaptic neuron of each I-to-E synapse.
    #[pyo3(get)]
    ei_pre: Py<PyArray1<u32>>,
    /// Postsynaptic neuron of each I-to-E synapse; ascending.
    #[pyo3(get)]
    ei_post: Py<PyArray1<u32>>,
    /// Weight of each I-to-E synapse.
    #[pyo3(get)]
    ei_weights: Py<PyArray1<f64>>,
    grown: Vec<(u32, usize, f64)>,
}

#[pymethods]
impl StepContext {
    /// Grow an E-to-E synapse, if the pair has none.
    ///
    /// Parameters
    /// ----------
    /// pre, post : int
    ///     Two different excitatory neurons.
    /// weight : float
    ///     Above 0, up to 1.
    fn grow_ee(
        &mut self,
        py: Python<'_>,
        pre: Argument<u32>,
        post: Argument<usize>,
        weight: Argument<f64>,
    ) -> PyResult<()> {
        let neuron = "the number of a neuron";
        let (pre, post, weight) =
            (pre.get("pre", neuron)?, post.get("post", neuron)?, weight.real("weight")?);
        let ne = self.te.bind(py).len()?;
        if pre as usize >= ne || post >= ne || pre as usize == post {
            return Err(PyValueError::new_err(format!(
                "pre, post: expected two different neurons from 0 to {}, found {pre} and {post}",
                ne.saturating_sub(1)
            )));
        }
        if !(weight > 0.0 && weight <= 1.0) {
            return Err(PyValueError::new_err(format!(
                "weight: expected a number above 0 and up to 1, found {weight}"
            )));
        }
        self.grown.push((pre, post, weight));
        Ok(())
    }

    #[setter]
    fn set_te(&mut self, values: &Bound<'_, PyAny>) -> PyResult<()> {
        put(&mut self.te, "te", values)
    }

    #[setter]
    fn set_ee_weights(&mut self, values: &Bound<'_, PyAny>) -> PyResult<()> {
        put(&mut self.ee_weights, "ee_weights", values)
    }

    #[setter]
    fn set_ei_weights(&mut self, values: &Bound<'_, PyAny>) -> PyResult<()> {
        put(&mut self.ei_weights, "ei_weights", values)
    }
}
