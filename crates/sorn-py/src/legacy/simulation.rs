//! A run in which plasticity is at work.

use numpy::{IntoPyArray, PyReadonlyArray2};
use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sorn_lab::sorn_core::{Network, Rule, Rules, State, Supplied, Synapses};

use super::record::{Record, fits, room_for};
use super::settings::Settings;
use super::state::{Arrays, blank, to_dict};
use super::topology::Initial;
use super::training::finite;
use crate::error::to_py;
use crate::globals::Globals;

/// Upstream's standard deviation of the noise.
pub(crate) const NOISE_SD: f64 = 0.04;
/// Structural plasticity acts once in this number of steps.
const SP_EVERY: u32 = 10;
/// Steps between two looks for Ctrl-C.
const CHECK_EVERY: usize = 512;

/// Runs `timesteps` steps; returns the last state and what the callbacks recorded.
#[pyfunction]
#[pyo3(signature = (settings, state, h_ip, inputs, timesteps, noise, freeze, callbacks, seed))]
#[expect(clippy::too_many_arguments, reason = "called from one place, with every one of them")]
pub(crate) fn simulate<'py>(
    py: Python<'py>,
    settings: Settings,
    state: Option<Arrays<'py>>,
    h_ip: Option<PyReadonlyArray2<'py, f64>>,
    inputs: PyReadonlyArray2<'py, f64>,
    timesteps: usize,
    noise: bool,
    freeze: Vec<String>,
    callbacks: Vec<String>,
    seed: Option<u64>,
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
    let freeze = Rules::from_names(freeze.iter().map(String::as_str))
        .map_err(|error| PyValueError::new_err(format!("freeze: {error}")))?;
    fits(&[settings.ne, settings.ne + 2 * settings.ni()]).map_err(|()| {
        PyMemoryError::new_err(format!(
            "ne: expected a size whose dense matrices of ne x ne fit in memory, found {}",
            settings.ne
        ))
    })?;
    let h_ip = h_ip.map(|h_ip| h_ip.as_array().iter().copied().collect::<Vec<f64>>());
    finite(inputs.as_array(), timesteps)?;
    // Inputs step by step.
    let inputs = inputs.as_array().slice_move(ndarray::s![.., ..timesteps]).reversed_axes();
    let inputs = inputs.as_standard_layout();
    let spread = settings.sigma_ip > 0.0 || h_ip.is_some();
    let run = |network: &mut Network, source: &mut Source<'_, 'py>| -> PyResult<_> {
        let mut record = Record::new(callbacks, network.ne(), network.ni(), timesteps)?;
        source.run(py, network, noise, &inputs.view(), &mut record)?;
        Ok((to_dict(py, network, spread)?, record.into_dict(py)?))
    };
    let Some(seed) = seed else {
        let mut globals = Globals::take(py)?;
        let result = start(&settings, state, h_ip, freeze, &mut globals)
            .and_then(|mut network| run(&mut network, &mut Source::Globals(&mut globals)));
        // Also after Ctrl-C or an error: what was drawn was drawn.
        globals.give_back()?;
        return result;
    };
    let mut network = match state {
        None => Network::new(&settings.params(settings.ni(), noise, freeze), seed).map_err(to_py)?,
        Some(arrays) => {
            let params = settings.params_of_given_weights(arrays.ni(), noise, freeze);
            let h_ip = match h_ip {
                Some(h_ip) => h_ip,
                None if settings.sigma_ip > 0.0 => {
                    Network::new(&params, seed).map_err(to_py)?.h_ip().to_vec()
                }
                None => vec![settings.h_ip(); settings.ne],
            };
            let state = State { frozen: freeze, ..arrays.into_state(blank(seed)?, h_ip)? };
            Network::from_state(&params, state).map_err(to_py)?
        }
    };
    run(&mut network, &mut Source::Own)
}

/// The network to start from: that of the state, or one drawn from the global generators.
fn start(
    settings: &Settings,
    state: Option<Arrays<'_>>,
    h_ip: Option<Vec<f64>>,
    freeze: Rules,
    globals: &mut Globals<'_>,
) -> PyResult<Network> {
    let ni = state.as_ref().map_or(settings.ni(), Arrays::ni);
    let params = settings.params_of_given_weights(ni, false, freeze);
    // Before anything is drawn.
    params.validate().map_err(to_py)?;
    let initial = state.is_none().then(|| Initial::draw(settings, globals));
    let h_ip = h_ip.unwrap_or_else(|| {
        let mean = settings.h_ip();
        let sd = settings.sigma_ip;
        let rate = |globals: &mut Globals<'_>| match sd > 0.0 {
            true => globals.numpy.normal(mean, sd).clamp(0.0, 1.0),
            false => mean,
        };
        (0..settings.ne).map(|_| rate(globals)).collect()
    });
    let state = match (state, initial) {
        (Some(arrays), _) => arrays.into_state(blank(0)?, h_ip)?,
        (None, Some(initial)) => State {
            wee: Synapses::from_dense(&initial.wee),
            wei: Synapses::from_dense(&initial.wei),
            wie: Synapses::from_dense(&initial.wie),
            te: initial.te,
            ti: initial.ti,
            recurrent: vec![0.0; settings.ne],
            h_ip,
            ..blank(0)?
        },
        (None, None) => blank(0)?,
    };
    Network::from_state(&params, State { frozen: freeze, ..state }).map_err(to_py)
}

/// Where the random numbers of a run come from.
enum Source<'a, 'py> {
    /// The interpreter's global generators.
    Globals(&'a mut Globals<'py>),
    /// The network's own generators.
    Own,
}

impl<'py> Source<'_, 'py> {
    fn run(
        &mut self,
        py: Python<'py>,
        network: &mut Network,
        noise: bool,
        inputs: &ndarray::ArrayView2<'_, f64>,
        record: &mut Record,
    ) -> PyResult<()> {
        let mut buffers = (vec![0.0; network.ne()], vec![0.0; network.ni()]);
        let structural = !network.frozen().contains(Rule::Sp);
        for first in (0..inputs.nrows()).step_by(CHECK_EVERY) {
            let steps = first..inputs.nrows().min(first + CHECK_EVERY);
            let mut each = |step: usize, advance: &mut dyn FnMut(&mut Network, &[f64]) -> PyResult<()>| {
                record.before(step, network);
                let row = inputs.row(step);
                advance(network, row.as_slice().unwrap_or_default())?;
                record.activity(step, &network.activity());
                record.after(step, network);
                Ok::<(), PyErr>(())
            };
            match self {
                Source::Globals(globals) => {
                    for step in steps {
                        each(step, &mut |network, input| {
                            upstream_step(globals, network, input, noise, structural, &mut buffers)
                        })?;
                    }
                }
                Source::Own => py.detach(|| {
                    for step in steps {
                        each(step, &mut |network, input| network.step(input).map(drop).map_err(to_py))?;
                    }
                    Ok::<(), PyErr>(())
                })?,
            }
            py.check_signals()?;
        }
        Ok(())
    }
}

/// A step whose random numbers are drawn in upstream's order.
fn upstream_step(
    globals: &mut Globals<'_>,
    network: &mut Network,
    input: &[f64],
    noise: bool,
    structural: bool,
    (noise_e, noise_i): &mut (Vec<f64>, Vec<f64>),
) -> PyResult<()> {
    let (noise_e, noise_i) = match noise {
        true => {
            globals.numpy.fill_normal(NOISE_SD, noise_e);
            globals.numpy.fill_normal(NOISE_SD, noise_i);
            (Some(&noise_e[..]), Some(&noise_i[..]))
        }
        false => (None, None),
    };
    if structural && globals.numpy.randint(SP_EVERY) == 0 {
        let python = &mut globals.python;
        let mut choose = |absent: sorn_lab::sorn_core::AbsentPairs<'_>| match absent.len() {
            0 => None,
            n => absent.nth(python.below(u32::try_from(n).unwrap_or(u32::MAX)) as usize),
        };
        network.step_choosing(input, noise_e, noise_i, &mut choose).map_err(to_py)?;
    } else {
        network.step_supplied(input, Supplied { noise_e, noise_i, grown: None }).map_err(to_py)?;
    }
    Ok(())
}

/// Upstream's matrix of synapses for `Initializer.generate_lambd_connections`.
#[pyfunction]
pub(crate) fn lambd_connections<'py>(
    py: Python<'py>,
    kind: &str,
    ne: usize,
    ni: usize,
    lambd: f64,
    sd: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let kind = match kind {
        "EE" => super::Kind::Ee,
        "EI" => super::Kind::Ei,
        "IE" => super::Kind::Ie,
        _ => {
            return Err(PyValueError::new_err(format!(
                "synaptic_connection: expected \"EE\", \"EI\" or \"IE\", found {kind:?}"
            )));
        }
    };
    room_for("lambd_connections", &[ne, ne.max(ni)])?;
    let mut globals = Globals::take(py)?;
    let Globals { numpy, python, .. } = &mut globals;
    let weights = super::sparse(kind, ne, ni, lambd, sd, numpy, python);
    globals.give_back()?;
    Ok(weights.into_pyarray(py).into_any())
}
