//! What `Network.run` records.

use ndarray::{Array1, Array2, Array3, Axis};
use numpy::IntoPyArray;
use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sorn_lab::sorn_core::Network;

use crate::legacy::{fits, scatter};

const NAMES: [&str; 10] =
    ["x", "y", "recurrent", "te", "wee", "wei", "ee_connections", "ei_connections", "births", "deaths"];

/// One block of values; the first axis is time.
enum Block {
    Spikes(Array2<bool>),
    Numbers(Array2<f64>),
    Weights(Array3<f64>),
    Counts(Array1<u64>),
}

/// Blocks by name.
pub(crate) struct Recorder(Vec<(&'static str, Block)>);

impl Recorder {
    pub(crate) fn new(names: &[String], network: &Network, steps: usize) -> PyResult<Self> {
        let (ne, ni) = (network.ne(), network.ni());
        let mut blocks: Vec<(&'static str, Block)> = Vec::new();
        for name in names {
            let Some(name) = NAMES.into_iter().find(|known| known == name) else {
                let allowed = format!("one of {}", NAMES.join(", "));
                return Err(PyValueError::new_err(format!("record: expected {allowed}, found {name:?}")));
            };
            let shape: &[usize] = match name {
                "x" | "recurrent" | "te" => &[steps, ne],
                "y" => &[steps, ni],
                "wee" => &[steps, ne, ne],
                "wei" => &[steps, ni, ne],
                _ => &[steps],
            };
            fits(shape).map_err(|()| {
                PyMemoryError::new_err(format!("record: {name:?} of shape {shape:?} does not fit in memory"))
            })?;
            let block = match (name, shape) {
                ("x" | "y", &[steps, n]) => Block::Spikes(Array2::from_elem((steps, n), false)),
                (_, &[steps, n]) => Block::Numbers(Array2::zeros((steps, n))),
                (_, &[steps, pre, post]) => Block::Weights(Array3::zeros((steps, pre, post))),
                _ => Block::Counts(Array1::zeros(steps)),
            };
            if blocks.iter().all(|(other, _)| *other != name) {
                blocks.push((name, block));
            }
        }
        Ok(Recorder(blocks))
    }

    pub(crate) fn record(&mut self, step: usize, network: &Network) {
        let activity = network.activity();
        for (name, block) in &mut self.0 {
            match block {
                Block::Spikes(spikes) => {
                    let active = if *name == "x" { activity.spikes_e } else { activity.spikes_i };
                    active.iter().for_each(|&neuron| spikes[[step, neuron as usize]] = true);
                }
                Block::Numbers(numbers) => {
                    let values = if *name == "te" { network.te() } else { activity.recurrent };
                    numbers.row_mut(step).iter_mut().zip(values).for_each(|(to, &from)| *to = from);
                }
                Block::Weights(weights) => {
                    let synapses = if *name == "wee" { network.wee() } else { network.wei() };
                    scatter(&synapses, weights.index_axis_mut(Axis(0), step));
                }
                Block::Counts(counts) => {
                    counts[step] = match *name {
                        "ee_connections" => network.ee_connections() as u64,
                        "ei_connections" => network.ei_connections() as u64,
                        "births" => network.births(),
                        _ => network.deaths(),
                    };
                }
            }
        }
    }

    pub(crate) fn into_dict(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let dict = PyDict::new(py);
        for (name, block) in self.0 {
            match block {
                Block::Spikes(spikes) => dict.set_item(name, spikes.into_pyarray(py))?,
                Block::Numbers(numbers) => dict.set_item(name, numbers.into_pyarray(py))?,
                Block::Weights(weights) => dict.set_item(name, weights.into_pyarray(py))?,
                Block::Counts(counts) => dict.set_item(name, counts.into_pyarray(py))?,
            }
        }
        Ok(dict)
    }
}
