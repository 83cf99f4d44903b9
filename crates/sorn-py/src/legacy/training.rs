//! A run in which every rule is frozen: upstream's phase "training", often called for one step at a time.

use ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sorn_core::{DenseActivity, DenseNetwork};

use super::record::Record;
use super::simulation::NOISE_SD;
use super::state::{Arrays, active};
use crate::error::to_py;

/// Steps whose noise is drawn at once.
const CHUNK: usize = 256;

/// Runs `timesteps` steps from `state`; returns `X`, `Y` and what the callbacks recorded of activity.
///
/// `normal(mean, sd, size)` draws the noise; none means no noise. Weights and thresholds stay the caller's.
#[pyfunction]
pub(crate) fn train<'py>(
    py: Python<'py>,
    state: Arrays<'py>,
    inputs: PyReadonlyArray2<'py, f64>,
    timesteps: usize,
    normal: Option<Bound<'py, PyAny>>,
    callbacks: Vec<String>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyDict>)> {
    let (te, ti) = (state.te.as_slice()?, state.ti.as_slice()?);
    let (ne, ni) = (te.len(), ti.len());
    let network =
        DenseNetwork::new(state.wee.as_array(), state.wei.as_array(), state.wie.as_array(), te, ti)
            .map_err(to_py)?;
    let mut activity = DenseActivity::new(
        active("X", state.x.as_array(), 1)?,
        active("Y", state.y.as_array(), 1)?,
    );
    let inputs = inputs.as_array();
    let mut record = Record::new(callbacks, ne, ni, timesteps)?;
    let (mut x, mut y) = (Array2::zeros((ne, 2)), Array2::zeros((ni, 2)));
    let mut input = vec![0.0; inputs.nrows()];
    for first in (0..timesteps).step_by(CHUNK) {
        let steps = CHUNK.min(timesteps - first);
        let noise = match &normal {
            None => None,
            Some(normal) => {
                let drawn = normal.call1((0.0, NOISE_SD, steps * (ne + ni)))?;
                Some(drawn.cast_into::<PyArray1<f64>>().map_err(PyErr::from)?.readonly())
            }
        };
        let noise = noise.as_ref().map(|noise| noise.as_slice()).transpose()?;
        for step in 0..steps {
            let noise = noise.map(|noise| noise[step * (ne + ni)..][..ne + ni].split_at(ne));
            for (unit, (to, from)) in input.iter_mut().zip(inputs.column(first + step)).enumerate() {
                *to = *from;
                if !from.is_finite() {
                    return Err(PyValueError::new_err(format!(
                        "inputs[{unit}, {}]: found {from}, allowed: finite values",
                        first + step
                    )));
                }
            }
            if first + step + 1 == timesteps {
                mark(&activity, 0, &mut x, &mut y);
            }
            network
                .step(&input, noise.map(|noise| noise.0), noise.map(|noise| noise.1), &mut activity)
                .map_err(to_py)?;
            record.activity(
                first + step,
                &sorn_core::Activity {
                    spikes_e: &activity.spikes_e,
                    spikes_i: &activity.spikes_i,
                    recurrent: &activity.recurrent,
                },
            );
        }
        py.check_signals()?;
    }
    mark(&activity, 1, &mut x, &mut y);
    Ok((x.into_pyarray(py).into_any(), y.into_pyarray(py).into_any(), record.into_dict(py)?))
}

/// Writes activity into a column of `X` and `Y`.
fn mark(activity: &DenseActivity, column: usize, x: &mut Array2<f64>, y: &mut Array2<f64>) {
    activity.spikes_e.iter().for_each(|&neuron| x[[neuron as usize, column]] = 1.0);
    activity.spikes_i.iter().for_each(|&neuron| y[[neuron as usize, column]] = 1.0);
}
