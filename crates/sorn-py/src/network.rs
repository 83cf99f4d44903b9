//! The class `Network`.

use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple, PyType};
use sorn_lab::sorn_core::{self, Params, Rules, State};
use sorn_lab::sorn_envs::gymnasium::call;
use sorn_lab::{LabError, SavedNetwork, load_network, save_network};

use crate::argument::Argument;
use crate::convert::{self, fixed, names, read_only, rows, vector};
use crate::error::{io_error, to_py, value_error};
use crate::legacy::{Arrays, room_for, to_dict};
use crate::recorder::Recorder;
use crate::rule::{Failure, name};
use health::Warned;

mod health;
pub(crate) mod initial;
mod running;

/// What pickle is given: bytes with a checksum, and the rules in Python.
type Pickled<'py> = (Bound<'py, PyAny>, Bound<'py, PyList>);

/// Steps between two looks for Ctrl-C.
const CHECK_EVERY: usize = 256;

/// A self-organizing recurrent neural network.
///
/// Parameters
/// ----------
/// params : str or dict, optional
///     Name of a preset (see `PRESETS`), or parameters by name, of which `preset` says where to start from.
/// seed : int, optional
///     0 if not given.
///     The same parameters and seed give the same network and the same run, to the bit, on every platform.
/// initial : dict or path-like, optional
///     Arrays that the network begins with in place of what the seed would draw, some of ``Wee``, ``Wei``, ``Wie`` (dense, or sparse
///     ones of SciPy's), ``Te``, ``Ti``, ``H_ip`` and ``Pools`` with the shapes of `state`; or a file of them, NPZ or safetensors, or a
///     saved network. Activity is not taken.
/// **overrides
///     Single parameters, e.g. ``ne=100``.
///
/// Examples
/// --------
/// >>> import numpy as np
/// >>> from sorn_rs import Network
/// >>> network = Network("zheng2013", seed=1, ne=100, nu=4)
/// >>> record = network.run(np.zeros((500, 4)), record=["x", "ee_connections"])
/// >>> record["x"].shape
/// (500, 100)
#[pyclass(module = "sorn_rs", name = "Network")]
pub(crate) struct Network {
    pub(crate) inner: sorn_core::Network,
    /// Rules of Python's and the positions they were given, in the order in which they were added.
    rules: Vec<(Option<usize>, Py<PyAny>)>,
    failure: Failure,
    warned: Warned,
}

#[pymethods]
impl Network {
    /// Names of the presets: `upstream` is the package `sorn` 0.7.4, the others are published networks.
    #[classattr]
    #[pyo3(name = "PRESETS")]
    fn presets() -> Vec<&'static str> {
        Params::PRESETS.to_vec()
    }

    #[new]
    #[pyo3(
        signature = (params=None, seed=None, *, initial=None, **overrides),
        text_signature = "(params=None, seed=0, *, initial=None, **overrides)"
    )]
    fn new(
        params: Option<&Bound<'_, PyAny>>,
        seed: Option<&Bound<'_, PyAny>>,
        initial: Option<&Bound<'_, PyAny>>,
        overrides: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let (params, seed) = (convert::params(params, overrides)?, convert::seed(seed)?);
        let Some(given) = initial else {
            return Ok(sorn_core::Network::new(&params, seed).map_err(to_py)?.into());
        };
        let given = initial::initial(given, (params.ne, params.ni(), Some(params.nu)))?;
        match sorn_core::Network::with_initial(&params, seed, &given) {
            Ok(network) => Ok(network.into()),
            Err(sorn_core::Error::State(error)) => Err(initial::refused(&error)),
            Err(error) => Err(to_py(error)),
        }
    }

    /// The network with the arrays of a state dictionary, as `state` or a run of `Simulator` gives it.
    ///
    /// Generators are those of a new network of `params` and `seed`, and so are target rates and pools of inputs if the state has
    /// none (`H_ip`, `Pools`); to go on exactly, use `save` and `load`, `copy` or pickle. `ne` and `ni` are the state's.
    #[classmethod]
    #[pyo3(signature = (state, params=None, seed=None, **overrides), text_signature = "(state, params=None, seed=0, **overrides)")]
    fn from_state(
        _class: &Bound<'_, PyType>,
        state: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyAny>>,
        seed: Option<&Bound<'_, PyAny>>,
        overrides: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let py = state.py();
        let checked = call(&py.import("sorn_rs._arguments")?.getattr("check_state")?, (state,), None)?;
        let arrays: Arrays<'_> = checked.extract()?;
        let sizes = match overrides {
            Some(overrides) => overrides.copy()?,
            None => PyDict::new(py),
        };
        sizes.set_item("ne", arrays.ne())?;
        sizes.set_item("ni", arrays.ni())?;
        let params = convert::params(params, Some(&sizes))?;
        let mut like = sorn_core::Network::new(&params, convert::seed(seed)?).map_err(to_py)?.state();
        let module = py.import("sorn_rs._arguments")?;
        let rates = call(&module.getattr("check_h_ip")?, (state, arrays.ne()), None)?;
        let rates: Option<PyReadonlyArray2<'_, f64>> = rates.extract()?;
        let h_ip =
            rates.map_or_else(|| like.h_ip.clone(), |rates| rates.as_array().iter().copied().collect());
        let pools = call(&module.getattr("check_pools")?, (state, params.nu, arrays.ne()), None)?;
        if let Some(pools) = pools.extract::<Option<Vec<Vec<u32>>>>()? {
            like.pools = pools;
        }
        let state = arrays.into_state(like, h_ip)?;
        Ok(sorn_core::Network::from_state(&params, state).map_err(to_py)?.into())
    }

    /// Advance by one step.
    ///
    /// Parameters
    /// ----------
    /// input : array_like, shape (nu,)
    /// reward : float, optional
    ///     Seen by the rule `rmstdp` in this step.
    ///
    /// Returns
    /// -------
    /// ndarray of bool, shape (ne,)
    ///     Who fires.
    #[pyo3(signature = (input, reward=None))]
    fn step<'py>(
        &mut self,
        py: Python<'py>,
        input: &Bound<'py, PyAny>,
        reward: Option<Argument<f64>>,
    ) -> PyResult<Bound<'py, PyArray1<bool>>> {
        let len = self.inner.params().input_len();
        let input = vector("input", input, len, &format!("{len} values"))?;
        if let Some(reward) = reward {
            self.inner.set_reward(reward.real("reward")?).map_err(to_py)?;
        }
        let input = input
            .as_slice()
            .ok_or_else(|| PyValueError::new_err("input: expected contiguous numbers, found strides"))?;
        self.inner.step(input).map_err(to_py)?;
        self.raise()?;
        if self.inner.steps().is_multiple_of(CHECK_EVERY as u64) {
            self.warn(py)?;
        }
        Ok(self.x(py))
    }

    /// Advance by as many steps as there are inputs, other Python threads running meanwhile.
    ///
    /// Parameters
    /// ----------
    /// inputs : array_like, shape (steps, nu)
    ///     One row per step. (`Simulator.run` takes columns.)
    /// record : list of str, optional
    ///     What to record after each step, ``["x"]`` if not given: `x`, `y` (bool), `recurrent`, `te`, `wee`, `wei`, `ee_connections`,
    ///     `ei_connections`, `births`, `deaths`.
    /// rewards : array_like, shape (steps,), optional
    ///     Seen by the rule `rmstdp`.
    ///
    /// Returns
    /// -------
    /// dict
    ///     An array for each name, whose first axis is time.
    #[pyo3(
        signature = (inputs, record=None, rewards=None),
        text_signature = "($self, inputs, record=['x'], rewards=None)"
    )]
    fn run<'py>(
        &mut self,
        py: Python<'py>,
        inputs: &Bound<'py, PyAny>,
        record: Option<&Bound<'py, PyAny>>,
        rewards: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let inputs = rows("inputs", inputs, self.inner.params().input_len())?;
        let expected = format!("one value per step ({})", inputs.nrows());
        let rewards =
            rewards.map(|rewards| vector("rewards", rewards, inputs.nrows(), &expected)).transpose()?;
        let record = record.map_or_else(|| Ok(vec!["x".into()]), |record| names("record", record))?;
        let mut recorder = Recorder::new(&record, &self.inner, inputs.nrows())?;
        for first in (0..inputs.nrows()).step_by(CHECK_EVERY) {
            let steps = first..inputs.nrows().min(first + CHECK_EVERY);
            py.detach(|| self.advance(&inputs.view(), rewards.as_ref(), steps, &mut recorder))?;
            py.check_signals()?;
        }
        self.warn(py)?;
        recorder.into_dict(py)
    }

    /// Add a plasticity rule written in Python.
    ///
    /// Every step then copies all synapses for it, so a step takes some ten times as long.
    ///
    /// Parameters
    /// ----------
    /// rule : callable
    ///     Called in every step, unless all rules are frozen, with a `StepContext`: who fired (`x_before`, `x`, `y_before`, `y`),
    ///     `reward`, and arrays to be changed in place: `te`, `ee_weights` of the synapses `ee_pre` to `ee_post`, `ei_weights` of
    ///     `ei_pre` to `ei_post`. ``grow_ee(pre, post, weight)`` adds a synapse. What it raises, `step` or `run` raises after the
    ///     step.
    /// position : int, optional
    ///     Before which of the rules there are it acts, from 0 to their number; after all if not given.
    ///
    /// Examples
    /// --------
    /// >>> import numpy as np
    /// >>> from sorn_rs import Network
    /// >>> def decay(step):
    /// ...     step.ee_weights *= 0.99
    /// >>> network = Network(seed=1)
    /// >>> network.add_rule(decay, position=0)
    /// >>> network.step(np.zeros(10)).shape
    /// (200,)
    #[pyo3(signature = (rule, position=None))]
    fn add_rule(&mut self, rule: &Bound<'_, PyAny>, position: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let most = self.inner.params().rules.len() + self.rules.len();
        let position = position.map(|position| convert::unsigned("position", position)).transpose()?;
        if let Some(found) = position.filter(|&position| position > most as u64) {
            return Err(PyValueError::new_err(format!(
                "position: expected 0 to {most} (the number of rules), found {found}"
            )));
        }
        self.insert(position.map(|position| position as usize), rule)
    }

    /// Rules that were added, in the order in which they were, read-only; `add_rule` adds another.
    #[getter]
    fn rules<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let rules: Vec<&Py<PyAny>> = self.rules.iter().map(|(_, rule)| rule).collect();
        call(&py.import("sorn_rs._readonly")?.getattr("ReadOnlyList")?, (rules,), None)
    }

    /// A copy that goes on by itself. Rules in Python are shared.
    fn copy(&self, py: Python<'_>) -> PyResult<Self> {
        if self.rules.is_empty() {
            return Ok(self.inner.clone().into());
        }
        Network::whole(py, self.inner.params(), self.inner.state(), &self.rules)
    }

    fn __copy__(&self, py: Python<'_>) -> PyResult<Self> {
        self.copy(py)
    }

    fn __deepcopy__(&self, py: Python<'_>, _memo: &Bound<'_, PyAny>) -> PyResult<Self> {
        self.copy(py)
    }

    /// Save the network whole: safetensors, or NPZ with the arrays of `Simulator` if the name ends in `.npz`.
    ///
    /// The name ends in `.safetensors` or `.npz`, or has no extension.
    ///
    /// Rules in Python have no place in such a file; pickle the network instead.
    fn save(&self, py: Python<'_>, path: Argument<PathBuf>) -> PyResult<()> {
        let path = path.path()?;
        known_extension(&path)?;
        if let Some((_, rule)) = self.rules.first() {
            return Err(PyValueError::new_err(format!(
                "rules: expected none, as a file cannot hold rules in Python, found {rule}; pickle the network instead"
            )));
        }
        py.detach(|| save_network(&path, &self.inner)).map_err(file_error)
    }

    /// Load what `save` saved; it goes on exactly.
    #[classmethod]
    fn load(_class: &Bound<'_, PyType>, path: Argument<PathBuf>) -> PyResult<Self> {
        let path = path.path()?;
        match load_network(&path).map_err(file_error)? {
            SavedNetwork::Whole(whole) => {
                let (params, state) = *whole;
                params.validate().map_err(|error| in_file(&path, error))?;
                if let Err(error) = params.check_memory() {
                    return Err(PyMemoryError::new_err(format!("{}: {error}", path.display())));
                }
                let network = sorn_core::Network::from_state(&params, state);
                network.map(Network::from).map_err(|error| in_file(&path, error))
            }
            SavedNetwork::Upstream(_) => Err(PyValueError::new_err(format!(
                "path: expected what `save` saved, found {} with a state alone; use Network.from_state(dict(numpy.load(path)))",
                path.display()
            ))),
        }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Pickled<'py>)> {
        let places: Vec<(Option<usize>, String)> = self
            .rules
            .iter()
            .map(|(position, rule)| Ok((*position, name(rule.bind(py))?)))
            .collect::<PyResult<_>>()?;
        let whole = (self.inner.params(), self.inner.state(), places);
        let whole = serde_json::to_vec(&whole).map_err(value_error)?;
        let sealed = call(&sealing(py, "seal")?, (PyBytes::new(py, &whole),), None)?;
        let rules = PyList::new(py, self.rules.iter().map(|(_, rule)| rule))?;
        Ok((py.get_type::<Network>().getattr("_restore")?, (sealed, rules)))
    }

    #[classmethod]
    #[pyo3(signature = (whole, rules))]
    fn _restore(
        _class: &Bound<'_, PyType>,
        whole: &Bound<'_, PyAny>,
        rules: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let py = whole.py();
        let whole = call(&sealing(py, "unseal")?, ("Network", whole), None)?;
        let whole = whole.cast_into::<PyBytes>().map_err(PyErr::from)?;
        let (params, state, places): (Params, State, Vec<(Option<usize>, String)>) =
            serde_json::from_slice(whole.as_bytes()).map_err(value_error)?;
        let found = rules.cast::<PyList>().map_or(0, |rules| rules.len());
        if found != places.len() {
            return Err(PyValueError::new_err(format!(
                "rules: expected {} rules, as the network had, found {found}",
                places.len()
            )));
        }
        let mut placed = Vec::new();
        for (place, (position, expected)) in places.into_iter().enumerate() {
            let rule = rules.get_item(place)?;
            let found = name(&rule)?;
            if found != expected {
                return Err(PyValueError::new_err(format!("rules: expected {expected:?}, found {found:?}")));
            }
            placed.push((position, rule.unbind()));
        }
        Network::whole(py, &params, state, &placed)
    }

    /// Number of excitatory neurons.
    #[getter]
    fn ne(&self) -> usize {
        self.inner.ne()
    }

    /// Number of inhibitory neurons.
    #[getter]
    fn ni(&self) -> usize {
        self.inner.ni()
    }

    /// Number of values of one input.
    #[getter]
    fn nu(&self) -> usize {
        self.inner.params().input_len()
    }

    /// Steps taken.
    #[getter]
    fn steps(&self) -> u64 {
        self.inner.steps()
    }

    /// All parameters by name, read-only. ``Network(network.params | {"ne": 100})`` makes a network of others. Assign others, or call
    /// `set`, to go on with them; those that say how a network is made cannot change.
    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        read_only(py, &serde_json::to_value(self.inner.params()).map_err(value_error)?)
    }

    #[setter]
    fn set_params(&mut self, py: Python<'_>, params: &Bound<'_, PyAny>) -> PyResult<()> {
        self.go_on_with(py, &convert::params(Some(params), None)?)
    }

    /// Go on with other parameters.
    ///
    /// Weights, thresholds, activity and generators stay; target rates move with `h_ip`. Parameters that say how a network is made,
    /// such as `ne` and `lambda_ee`, cannot change.
    ///
    /// Parameters
    /// ----------
    /// **overrides
    ///     Single parameters, e.g. ``noise_sd=0``.
    ///
    /// Examples
    /// --------
    /// >>> from sorn_rs import Network
    /// >>> network = Network("delpapa2017", seed=1)
    /// >>> network.set(noise_sd=0.0, eta_stdp=0.001)
    /// >>> network.params["noise_sd"]
    /// 0.0
    #[pyo3(signature = (**overrides), text_signature = "($self, **overrides)")]
    fn set(&mut self, py: Python<'_>, overrides: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let own = self.params(py)?;
        self.go_on_with(py, &convert::params(Some(&own), overrides)?)
    }

    /// Whether the network is alive: `silent_steps` and `saturated_steps` in a row up to the last step, excitatory neurons
    /// `without_excitation` and `without_inhibition`, and `problems`, a list of texts that say what to change; empty if nothing is
    /// wrong. `run` and `step` warn once of each kind of problem.
    #[getter]
    fn health<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        health::property(py, &self.inner)
    }

    /// Neurons that receive each input, arrays of indices; empty unless inputs go to pools.
    #[getter]
    fn pools<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let pool = |pool: &Vec<u32>| fixed(PyArray1::from_iter(py, pool.iter().map(|n| i64::from(*n))));
        PyTuple::new(py, self.inner.pools().iter().map(pool))
    }

    /// Target rates of excitatory neurons, shape (ne,), a read-only copy.
    #[getter]
    fn h_ip<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        fixed(PyArray1::from_slice(py, self.inner.h_ip()))
    }

    /// Names of the rules that do not act. Assign a list of names to change them; all five make a static network.
    #[getter]
    fn frozen<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        read_only(py, &self.inner.frozen().iter().map(|rule| rule.name()).collect())
    }

    #[setter]
    fn set_frozen(&mut self, names: &Bound<'_, PyAny>) -> PyResult<()> {
        let names = convert::names("frozen", names)?;
        let rules = Rules::from_names(names.iter().map(String::as_str))
            .map_err(|error| PyValueError::new_err(format!("frozen: {error}")))?;
        // All of its own: then those in Python rest as well.
        let own = &self.inner.params().rules;
        let all = !names.is_empty() && own.iter().all(|rule| rules.contains(*rule));
        self.inner.set_frozen(if all { Rules::all() } else { rules });
        Ok(())
    }

    /// Who fired in the last step, excitatory, shape (ne,). Assign zeros and ones to change it, and it alone.
    #[getter]
    fn x<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<bool>> {
        let mut x = Array1::from_elem(self.inner.ne(), false);
        self.inner.activity().spikes_e.iter().for_each(|&neuron| x[neuron as usize] = true);
        fixed(x.into_pyarray(py))
    }

    #[setter]
    fn set_x(&mut self, py: Python<'_>, x: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut state = self.inner.state();
        state.x[1] = convert::active("x", x, self.inner.ne())?;
        self.go_on_from(py, &self.inner.params().clone(), state)
    }

    /// Who fired in the last step, inhibitory, shape (ni,). Assign zeros and ones to change it, and it alone.
    #[getter]
    fn y<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<bool>> {
        let mut y = Array1::from_elem(self.inner.ni(), false);
        self.inner.activity().spikes_i.iter().for_each(|&neuron| y[neuron as usize] = true);
        fixed(y.into_pyarray(py))
    }

    #[setter]
    fn set_y(&mut self, py: Python<'_>, y: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut state = self.inner.state();
        state.y[1] = convert::active("y", y, self.inner.ni())?;
        self.go_on_from(py, &self.inner.params().clone(), state)
    }

    /// Drive less threshold in the last step, without the input, shape (ne,).
    #[getter]
    fn recurrent<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        fixed(PyArray1::from_slice(py, self.inner.activity().recurrent))
    }

    /// Thresholds of excitatory neurons, shape (ne,), a read-only copy.
    #[getter]
    fn te<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        fixed(PyArray1::from_slice(py, self.inner.te()))
    }

    /// Thresholds of inhibitory neurons, shape (ni,), a read-only copy.
    #[getter]
    fn ti<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        fixed(PyArray1::from_slice(py, self.inner.ti()))
    }

    /// Weights from excitatory to excitatory neurons, shape (ne, ne), ``[pre, post]``, a dense, read-only copy.
    #[getter]
    fn wee<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        room_for("wee", &[self.inner.ne(), self.inner.ne()])?;
        Ok(fixed(self.inner.wee().to_dense().into_pyarray(py)))
    }

    /// Weights from inhibitory to excitatory neurons, shape (ni, ne), a dense, read-only copy.
    #[getter]
    fn wei<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        room_for("wei", &[self.inner.ni(), self.inner.ne()])?;
        Ok(fixed(self.inner.wei().to_dense().into_pyarray(py)))
    }

    /// Weights from excitatory to inhibitory neurons, shape (ne, ni), a dense, read-only copy.
    #[getter]
    fn wie<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        room_for("wie", &[self.inner.ne(), self.inner.ni()])?;
        Ok(fixed(self.inner.wie().to_dense().into_pyarray(py)))
    }

    /// The arrays of the state by the names of `Simulator`, read-only copies: `Wee`, `Wei`, `Wie`, `Te`, `Ti`, `X`, `Y`; also `H_ip`
    /// if neurons have target rates of their own, and `Pools`, shape (nu, ne), if inputs go to pools.
    ///
    /// `from_state` makes a network of others.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let own_rates = self.inner.h_ip().windows(2).any(|pair| pair[0] != pair[1]);
        let state = to_dict(py, &self.inner, own_rates)?;
        let pools = self.inner.pools();
        if !pools.is_empty() {
            room_for("state", &[pools.len(), self.inner.ne()])?;
            let mut dense = Array2::<f64>::zeros((pools.len(), self.inner.ne()));
            for (input, pool) in pools.iter().enumerate() {
                pool.iter().for_each(|&neuron| dense[(input, neuron as usize)] = 1.0);
            }
            state.set_item("Pools", dense.into_pyarray(py))?;
        }
        for array in state.values() {
            fixed(array.cast_into::<PyArray2<f64>>().map_err(PyErr::from)?);
        }
        call(&py.import("sorn_rs._readonly")?.getattr("read_only")?, (state,), None)
    }

    fn __repr__(&self) -> String {
        let (ne, ni) = (self.inner.ne(), self.inner.ni());
        format!(
            "Network(ne={ne}, ni={ni}, nu={}, steps={}, Wee ({ne}, {ne}) with {} synapses, Wei ({ni}, {ne}) with {}, \
             Wie ({ne}, {ni}) with {})",
            self.nu(),
            self.inner.steps(),
            self.inner.ee_connections(),
            self.inner.ei_connections(),
            self.inner.wie().len()
        )
    }
}

/// A function of the module that seals pickles.
pub(crate) fn sealing<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("sorn_rs._sealed")?.getattr(name)
}

/// Refuses the extension of another kind of file.
fn known_extension(path: &Path) -> PyResult<()> {
    let Some(found) = path.extension() else { return Ok(()) };
    if ["safetensors", "npz"].iter().any(|known| found.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    let path = path.display();
    Err(PyValueError::new_err(format!(
        "path: expected a name that ends in .safetensors or .npz, found {path}"
    )))
}

/// A file that cannot be read or written is an `OSError`, a wrong one a `ValueError`, one too large for memory a `MemoryError`.
fn file_error(error: LabError) -> PyErr {
    match &error {
        LabError::Io { path, source, .. } => io_error(path, source, &error),
        LabError::Memory { .. } => PyMemoryError::new_err(error.to_string()),
        _ => value_error(error),
    }
}

fn in_file(path: &Path, error: impl std::fmt::Display) -> PyErr {
    value_error(format!("{}: {error}", path.display()))
}
