//! What a run records for upstream's callbacks, a value per step.

use ndarray::{Array, Array1, Array2, Array3, ArrayViewMut2, Axis, RemoveAxis};
use numpy::IntoPyArray;
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use sorn_lab::sorn_core::{Activity, Network, Synapses, room};

/// Blocks of `steps` values; `None` where not asked for.
#[derive(Default)]
pub(crate) struct Record {
    names: Vec<String>,
    x: Option<Array2<f64>>,
    y: Option<Array2<f64>>,
    recurrent: Option<Array2<f64>>,
    wee: Option<Array3<f64>>,
    wei: Option<Array3<f64>>,
    te: Option<Array2<f64>>,
    ee_connections: Option<Array1<i64>>,
    ei_connections: Option<Array1<i64>>,
}

impl Record {
    /// Callbacks for which [`activity`](Self::activity) is enough.
    pub(crate) const ACTIVITY: [&str; 3] =
        ["ExcitatoryActivation", "InhibitoryActivation", "RecurrentActivation"];

    pub(crate) fn new(names: Vec<String>, ne: usize, ni: usize, steps: usize) -> PyResult<Self> {
        let mut record = Record::default();
        for name in &names {
            match name.as_str() {
                "ExcitatoryActivation" => record.x = Some(block(name, [steps, ne])?),
                "InhibitoryActivation" => record.y = Some(block(name, [steps, ni])?),
                "RecurrentActivation" => record.recurrent = Some(block(name, [steps, ne])?),
                "WEE" => record.wee = Some(block(name, [steps, ne, ne])?),
                "WEI" => record.wei = Some(block(name, [steps, ni, ne])?),
                "TE" => record.te = Some(block(name, [steps, ne])?),
                "EEConnectionCounts" => record.ee_connections = Some(Array1::zeros(steps)),
                "EIConnectionCounts" => record.ei_connections = Some(Array1::zeros(steps)),
                // Constant over a run; the Python side gives them.
                _ => {}
            }
        }
        record.names = names;
        Ok(record)
    }

    /// Before the step: upstream counts synapses there.
    pub(crate) fn before(&mut self, step: usize, network: &Network) {
        if let Some(counts) = &mut self.ee_connections {
            counts[step] = network.ee_connections() as i64;
        }
        if let Some(counts) = &mut self.ei_connections {
            counts[step] = network.ei_connections() as i64;
        }
    }

    pub(crate) fn activity(&mut self, step: usize, activity: &Activity<'_>) {
        if let Some(x) = &mut self.x {
            activity.spikes_e.iter().for_each(|&neuron| x[[step, neuron as usize]] = 1.0);
        }
        if let Some(y) = &mut self.y {
            activity.spikes_i.iter().for_each(|&neuron| y[[step, neuron as usize]] = 1.0);
        }
        if let Some(recurrent) = &mut self.recurrent {
            for (out, &drive) in recurrent.row_mut(step).iter_mut().zip(activity.recurrent) {
                *out = if drive > 0.0 { 1.0 } else { 0.0 };
            }
        }
    }

    /// After the step.
    pub(crate) fn after(&mut self, step: usize, network: &Network) {
        if let Some(te) = &mut self.te {
            te.row_mut(step).iter_mut().zip(network.te()).for_each(|(out, &te)| *out = te);
        }
        if let Some(wee) = &mut self.wee {
            scatter(&network.wee(), wee.index_axis_mut(Axis(0), step));
        }
        if let Some(wei) = &mut self.wei {
            scatter(&network.wei(), wei.index_axis_mut(Axis(0), step));
        }
    }

    /// A dictionary from name to a list of one array, or one number, per step.
    pub(crate) fn into_dict<'py>(mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for name in std::mem::take(&mut self.names) {
            let steps = match name.as_str() {
                "ExcitatoryActivation" => list(py, self.x.take())?,
                "InhibitoryActivation" => list(py, self.y.take())?,
                "RecurrentActivation" => list(py, self.recurrent.take().map(columns))?,
                "TE" => list(py, self.te.take().map(columns))?,
                "WEE" => list(py, self.wee.take())?,
                "WEI" => list(py, self.wei.take())?,
                "EEConnectionCounts" => counts(py, self.ee_connections.take())?,
                "EIConnectionCounts" => counts(py, self.ei_connections.take())?,
                _ => None,
            };
            if let Some(steps) = steps {
                dict.set_item(name, steps)?;
            }
        }
        Ok(dict)
    }
}

/// As upstream has it, a column vector per step.
fn columns(block: Array2<f64>) -> Array3<f64> {
    block.insert_axis(Axis(2))
}

/// The arrays along the first axis.
fn list<D: RemoveAxis>(py: Python<'_>, block: Option<Array<f64, D>>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let Some(block) = block else { return Ok(None) };
    if block.len_of(Axis(0)) == 1 {
        let only = block.index_axis_move(Axis(0), 0);
        return Ok(Some(PyList::new(py, [only.into_pyarray(py)])?.into_any()));
    }
    Ok(Some(py.get_type::<PyList>().call1((block.into_pyarray(py),))?))
}

fn counts(py: Python<'_>, block: Option<Array1<i64>>) -> PyResult<Option<Bound<'_, PyAny>>> {
    block.map(|block| py.get_type::<PyList>().call1((block.into_pyarray(py),))).transpose()
}

/// Zeros, or an error where memory does not suffice: a callback of weights over many steps is soon too large.
fn block<const N: usize>(
    name: &str,
    shape: [usize; N],
) -> PyResult<ndarray::Array<f64, ndarray::Dim<[usize; N]>>>
where
    ndarray::Dim<[usize; N]>: ndarray::Dimension,
    [usize; N]: ndarray::IntoDimension<Dim = ndarray::Dim<[usize; N]>>,
{
    fits(&shape).map_err(|()| {
        PyMemoryError::new_err(format!(
            "callbacks: {name} of shape {shape:?} does not fit in memory; record fewer steps per run"
        ))
    })?;
    Ok(ndarray::Array::zeros(shape))
}

/// Whether an array can be had: a plain allocation that fails would end the process.
pub(crate) fn fits(shape: &[usize]) -> Result<(), ()> {
    let bytes = shape.iter().fold(8_u128, |bytes, &n| bytes.saturating_mul(n as u128));
    if room::fits(bytes) { Ok(()) } else { Err(()) }
}

/// [`fits`], as the error that names what does not.
pub(crate) fn room_for(name: &str, shape: &[usize]) -> PyResult<()> {
    fits(shape).map_err(|()| {
        PyMemoryError::new_err(format!("{name}: expected what fits in memory, found shape {shape:?}"))
    })
}

/// Writes synapses into a matrix of zeros.
pub(crate) fn scatter(synapses: &Synapses, mut dense: ArrayViewMut2<'_, f64>) {
    for post in 0..synapses.n_post() {
        for (pre, weight) in synapses.column(post) {
            dense[[pre as usize, post]] = weight;
        }
    }
}
