//! Upstream's state dictionary.

use ndarray::{Array2, ArrayView2};
use numpy::{IntoPyArray, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sorn_lab::sorn_core::{Network, Params, State, Synapses};

use super::record::room_for;
use crate::error::{to_py, value_error};

/// The arrays of a state dictionary, their types and dimensions checked by the Python side; `[pre, post]`, C order.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Arrays<'py> {
    #[pyo3(item("Wee"))]
    pub(crate) wee: PyReadonlyArray2<'py, f64>,
    #[pyo3(item("Wei"))]
    pub(crate) wei: PyReadonlyArray2<'py, f64>,
    #[pyo3(item("Wie"))]
    pub(crate) wie: PyReadonlyArray2<'py, f64>,
    #[pyo3(item("Te"))]
    pub(crate) te: PyReadonlyArray2<'py, f64>,
    #[pyo3(item("Ti"))]
    pub(crate) ti: PyReadonlyArray2<'py, f64>,
    #[pyo3(item("X"))]
    pub(crate) x: PyReadonlyArray2<'py, f64>,
    #[pyo3(item("Y"))]
    pub(crate) y: PyReadonlyArray2<'py, f64>,
}

impl Arrays<'_> {
    pub(crate) fn ne(&self) -> usize {
        self.te.as_array().nrows()
    }

    pub(crate) fn ni(&self) -> usize {
        self.ti.as_array().nrows()
    }

    /// Weights, thresholds and activity; target rates and generators are those of `like`.
    pub(crate) fn into_state(self, like: State, h_ip: Vec<f64>) -> PyResult<State> {
        Ok(State {
            wee: Synapses::from_dense(&self.wee.as_array().to_owned()),
            wei: Synapses::from_dense(&self.wei.as_array().to_owned()),
            wie: Synapses::from_dense(&self.wie.as_array().to_owned()),
            te: self.te.as_array().iter().copied().collect(),
            ti: self.ti.as_array().iter().copied().collect(),
            recurrent: vec![0.0; h_ip.len()],
            h_ip,
            x: [active("X", self.x.as_array(), 0)?, active("X", self.x.as_array(), 1)?],
            y: [active("Y", self.y.as_array(), 0)?, active("Y", self.y.as_array(), 1)?],
            ..like
        })
    }
}

/// Active neurons in a column of activity.
pub(crate) fn active(name: &str, activity: ArrayView2<'_, f64>, column: usize) -> PyResult<Vec<u32>> {
    let mut active = Vec::new();
    let Some(values) = activity.to_slice() else {
        return Err(PyValueError::new_err(format!("state[{name:?}]: expected C order, found another")));
    };
    for (neuron, row) in values.chunks_exact(activity.ncols().max(1)).enumerate() {
        let value = row[column];
        if value == 1.0 {
            active.push(neuron as u32);
        } else if value != 0.0 {
            return Err(PyValueError::new_err(format!(
                "state[{name:?}]: expected 0 or 1, found {value} at ({neuron}, {column})"
            )));
        }
    }
    Ok(active)
}

/// A state with the generators of `seed`, to put arrays into.
pub(crate) fn blank(seed: u64) -> PyResult<State> {
    let smallest = Params { ne: 8, nu: 1, lambda_ee: 1.0.into(), lambda_ei: 1.0.into(), ..Params::default() };
    Ok(Network::new(&smallest, seed).map_err(to_py)?.state())
}

/// The network as upstream's dictionary. `wie` and `ti` never change; the Python side adds them where they were given.
pub(crate) fn to_dict<'py>(py: Python<'py>, network: &Network, h_ip: bool) -> PyResult<Bound<'py, PyDict>> {
    let (ne, ni) = (network.ne(), network.ni());
    room_for("state", &[ne, ne + 2 * ni])?;
    let state = network.state();
    let column = |values: Vec<f64>| -> PyResult<Bound<'py, PyAny>> {
        let array = Array2::from_shape_vec((values.len(), 1), values).map_err(value_error)?;
        Ok(array.into_pyarray(py).into_any())
    };
    let dict = PyDict::new(py);
    dict.set_item("Wee", state.wee.to_dense().into_pyarray(py))?;
    dict.set_item("Wei", state.wei.to_dense().into_pyarray(py))?;
    dict.set_item("Wie", state.wie.to_dense().into_pyarray(py))?;
    let (x, y) = (state.x_dense(), state.y_dense());
    dict.set_item("Te", column(state.te)?)?;
    dict.set_item("Ti", column(state.ti)?)?;
    dict.set_item("X", x.into_pyarray(py))?;
    dict.set_item("Y", y.into_pyarray(py))?;
    if h_ip {
        dict.set_item("H_ip", column(state.h_ip)?)?;
    }
    Ok(dict)
}
