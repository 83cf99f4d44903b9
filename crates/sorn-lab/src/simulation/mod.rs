//! A reservoir alone: inputs in, probes and the state out.

mod probe;
mod recording;
mod seal;
mod state_file;

use std::path::Path;

use ndarray::{Array2, Ix2};
use sorn_core::{Network, Params};

use crate::files::read_text;
use crate::{LabError, npy, read};

pub use probe::{Probe, ProbeKind};
pub use recording::{Recording, SpikeFormat};
pub(crate) use recording::{add, npy_scalar};
pub(crate) use state_file::{ENTRY, is_zip};
pub use state_file::{SavedNetwork, UpstreamState, check_room_to_save, load_network, save_network};

/// Reads parameters of a network: those in the TOML file `path` (its key `preset` names where to start from), or else
/// `base`, with `overrides` (`key=value`) put in. `origin` is where `base` comes from, for errors.
///
/// # Errors
/// [`LabError`] naming the file or override, the key, what was found and what is allowed.
pub fn load_params(
    path: Option<&Path>,
    base: &Params,
    origin: &str,
    overrides: &[String],
) -> Result<Params, LabError> {
    match path {
        Some(path) => read::params(&read_text(path)?, &path.display().to_string(), base, overrides),
        None => read::params("", origin, base, overrides),
    }
}

/// Inputs of a simulation.
#[derive(Clone, Debug)]
pub struct Inputs {
    steps: usize,
    /// One column per step; zeros where there is none.
    columns: Option<Array2<f64>>,
}

impl Inputs {
    /// Reads the `.npy` file `path`, of shape `(rows, steps)` as upstream takes it.
    ///
    /// # Errors
    /// [`LabError`] where the file cannot be read or has another shape.
    pub fn load(path: &Path, rows: usize) -> Result<Inputs, LabError> {
        let array = npy::read(path)?;
        let shape = array.shape().to_vec();
        let wrong = || {
            let turned = if shape.len() == 2 && shape[1] == rows { "; transpose it" } else { "" };
            LabError::damaged(
                path,
                format!("expected shape ({rows}, steps) (`nu` inputs per step), found {shape:?}{turned}"),
            )
        };
        let columns = array.into_dimensionality::<Ix2>().map_err(|_| wrong())?;
        if columns.nrows() != rows {
            return Err(wrong());
        }
        Ok(Inputs { steps: columns.ncols(), columns: Some(columns) })
    }

    /// No input, for this number of steps.
    pub fn zeros(steps: usize) -> Inputs {
        Inputs { steps, columns: None }
    }

    /// The first `steps` of them.
    #[must_use]
    pub fn take(self, steps: usize) -> Inputs {
        Inputs { steps: self.steps.min(steps), ..self }
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.steps
    }
}

/// What a simulation did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Simulated {
    /// Steps done.
    pub steps: u64,
    /// Excitatory spikes.
    pub spikes: u64,
}

/// Steps `network` through the inputs and records; `go_on` is asked after every step.
///
/// # Errors
/// [`LabError`] where an input is not finite or the recording cannot be written; the network stands after the last step that
/// was done.
pub fn simulate(
    network: &mut Network,
    inputs: &Inputs,
    mut recording: Option<&mut Recording>,
    mut go_on: impl FnMut(&Simulated) -> bool,
) -> Result<Simulated, LabError> {
    let mut done = Simulated::default();
    let mut input = vec![0.0; network.params().input_len()];
    for step in 0..inputs.steps {
        if let Some(columns) = &inputs.columns {
            input.iter_mut().zip(columns.column(step)).for_each(|(to, from)| *to = *from);
        }
        let activity = network.step(&input).map_err(|e| LabError::Config {
            origin: format!("input column {step}"),
            reason: e.to_string(),
        })?;
        done.steps += 1;
        done.spikes += activity.spikes_e.len() as u64;
        if let Some(recording) = recording.as_deref_mut() {
            recording.record(network)?;
        }
        if !go_on(&done) {
            break;
        }
    }
    Ok(done)
}
