//! The class `Agent`.

use std::path::PathBuf;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;
use serde_json::Value as Json;
use sorn_lab::sorn_agents::{self, AgentConfig, AgentError, EncoderConfig, RawConfig, run};
use sorn_lab::sorn_env::Value;
use sorn_lab::sorn_envs::gymnasium::{GymnasiumEnv, PythonSpace, Section, call, call_method};

use crate::argument::Argument;
use crate::convert::{flag, from_value, names, read_only, room, seed as seed_or_0, to_json, unsigned};
use crate::error::value_error;
use crate::legacy::room_for;
use crate::network::initial;

mod given;
mod saved;
mod watcher;

use given::{Given, Spaces};
use watcher::{Watcher, bar, env_error, run_error};

/// An agent: encoder, reservoir, readout and policy, which learns while it acts.
///
/// Parameters
/// ----------
/// env : gymnasium.Env, optional
///     The environment to learn on. A robot that has none gives spaces instead.
/// config : dict, optional
///     The keys below `[agent]` of an experiment file: `inputs`, `encoder`, `reservoir`, `plasticity`, `features`, `learner`,
///     `policy`.
/// seed : int, optional
///     0 if not given. Seed of everything random in the agent, and of the environment's resets.
/// observation_space, action_space : gymnasium.spaces.Space, optional
///     Instead of `env`.
/// encoder : callable, optional
///     An encoder written in Python, in place of the configuration's: an observation becomes the reservoir's input, as many
///     numbers as it takes (200 by default). A call of Python per step; it is not saved.
/// observe : list of str, optional
///     Names of the members that the agent sees of observations of a Dict space; all if not given. The others may be of any
///     space, such as the text of MiniGrid's mission.
/// initial : dict or path-like, optional
///     Arrays that the reservoir begins with in place of what the seed would draw, as `Network` takes them.
///
/// Examples
/// --------
/// >>> import gymnasium
/// >>> from sorn_rs import Agent
/// >>> agent = Agent(gymnasium.make("CartPole-v1"), seed=1).learn(2000)
/// >>> len(agent.episode_returns) > 0
/// True
#[pyclass(module = "sorn_rs", name = "Agent")]
pub(crate) struct Agent {
    inner: sorn_agents::Agent,
    config: AgentConfig,
    seed: u64,
    spaces: Spaces,
    env: Option<Py<PyAny>>,
    /// In Python, from an observation to an element of `observations`.
    encoder: Option<Py<PyAny>>,
    /// Members of observations that it sees; all if empty.
    observe: Vec<String>,
    episodes: u64,
    timesteps: u64,
    returns: Vec<f64>,
    lengths: Vec<u64>,
    /// Copies that learn nothing, for `predict`: one per observation of a batch.
    frozen: Vec<sorn_agents::Agent>,
}

/// What pickle is given: sealed bytes, the environment, the spaces if there is none, the encoder.
type Pickled<'py> = (
    Bound<'py, PyAny>,
    Option<Bound<'py, PyAny>>,
    Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    Option<Bound<'py, PyAny>>,
);

#[pymethods]
impl Agent {
    #[new]
    #[pyo3(signature = (env=None, config=None, seed=None, *, observation_space=None, action_space=None, encoder=None, observe=None, initial=None))]
    #[expect(clippy::too_many_arguments, reason = "Python's are keywords")]
    fn new(
        env: Option<Bound<'_, PyAny>>,
        config: Option<&Bound<'_, PyAny>>,
        seed: Option<&Bound<'_, PyAny>>,
        observation_space: Option<Bound<'_, PyAny>>,
        action_space: Option<Bound<'_, PyAny>>,
        encoder: Option<Bound<'_, PyAny>>,
        observe: Option<&Bound<'_, PyAny>>,
        initial: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let seed = seed_or_0(seed)?;
        let observe = observe.map_or(Ok(Vec::new()), |observe| names("observe", observe))?;
        let mut config: AgentConfig = match config {
            None => AgentConfig::default(),
            Some(config) => match to_json("config", &crate::parts::named(config)?)? {
                object @ Json::Object(_) => from_value("config", object)?,
                _ => {
                    return Err(PyTypeError::new_err(format!(
                        "config: expected a dictionary, found {config}"
                    )));
                }
            },
        };
        if encoder.is_some() {
            config.encoder = EncoderConfig::Raw(RawConfig { gain: 1.0 });
        }
        let inputs = config.reservoir.params.input_len();
        let given = Given { env, observation_space, action_space, encoder, observe };
        let spaces = given.spaces(inputs)?;
        let Spaces { observations, actions, .. } = &spaces;
        room(&config.reservoir.params)?;
        let (ne, wide) = (config.reservoir.params.ne, |space: &PythonSpace| space.space().flat_dim());
        room_for("observation_space", &[4, inputs, wide(observations)])?;
        room_for("action_space", &[4, ne.saturating_add(inputs), wide(actions)])?;
        let mut inner = sorn_agents::Agent::new(&config, observations.space(), actions.space(), seed)
            .map_err(value_error)?;
        if let Some(given) = initial {
            let params = &config.reservoir.params;
            let given = initial::initial(given, (params.ne, params.ni(), None))?;
            inner.begin_with(&given).map_err(|error| match error {
                AgentError::Initial(error) => initial::refused(&error),
                error => value_error(format!("initial: {error}")),
            })?;
        }
        Ok(Agent {
            inner,
            config,
            seed,
            spaces,
            env: given.env.map(Bound::unbind),
            encoder: given.encoder.map(Bound::unbind),
            observe: given.observe,
            episodes: 0,
            timesteps: 0,
            returns: Vec::new(),
            lengths: Vec::new(),
            frozen: Vec::new(),
        })
    }

    /// Learn for a number of environment steps.
    ///
    /// Parameters
    /// ----------
    /// total_timesteps : int
    ///     Steps to take; a further call begins with a new episode.
    /// callback : callable, optional
    ///     Called with a dictionary of `num_timesteps`, `episode` and, after each step, `reward`, after each episode
    ///     `episode_return`. Learning ends where it returns False. Between episodes it may save the agent or let it predict;
    ///     after a step it finds what was learnt up to the episode before.
    /// progress_bar : bool
    ///     Whether to show one, by tqdm.
    ///
    /// Returns
    /// -------
    /// Agent
    ///     Itself.
    #[pyo3(
        signature = (total_timesteps, callback=None, progress_bar=Argument::of(false)),
        text_signature = "($self, total_timesteps, callback=None, progress_bar=False)"
    )]
    fn learn(
        slf: &Bound<'_, Self>,
        total_timesteps: &Bound<'_, PyAny>,
        callback: Option<Bound<'_, PyAny>>,
        progress_bar: Argument<bool>,
    ) -> PyResult<Py<Self>> {
        let py = slf.py();
        let _section = Section::enter(py)?;
        let total_timesteps = unsigned("total_timesteps", total_timesteps)?;
        if total_timesteps == 0 {
            return Err(PyValueError::new_err("total_timesteps: expected 1 or more, found 0"));
        }
        let progress_bar = progress_bar.flag("progress_bar")?;
        if let Some(callback) = callback.as_ref().filter(|callback| !callback.is_callable()) {
            return Err(PyTypeError::new_err(format!(
                "callback: expected a callable or None, found {callback}"
            )));
        }
        let (mut env, mut learner, seed, first) = {
            let agent = slf.try_borrow()?;
            if agent.inner.is_frozen() {
                return Err(PyValueError::new_err(
                    "learn: expected an agent saved whole, found a policy that only acts",
                ));
            }
            let Some(env) = &agent.env else {
                return Err(PyValueError::new_err(
                    "env: expected an environment given to Agent, found None; without one, call begin, act and observe",
                ));
            };
            let env = match &agent.encoder {
                None => env.bind(py).clone(),
                Some(encoder) => {
                    let inputs = agent.config.reservoir.params.input_len();
                    let class = py.import("sorn_rs.wrappers")?.getattr("EncodedObservation")?;
                    call(&class, (env, encoder, inputs), None)?
                }
            };
            let env = GymnasiumEnv::from_python_observing(&env, &agent.observe).map_err(env_error)?;
            (env, agent.inner.clone(), agent.seed, agent.episodes)
        };
        let bar = progress_bar.then(|| bar(py, total_timesteps)).transpose()?;
        let mut watcher = Watcher {
            agent: slf,
            callback: callback.as_ref(),
            bar: bar.as_ref(),
            limit: total_timesteps,
            steps: 0,
            failure: None,
        };
        let result = run(&mut env, &mut learner, first..u64::MAX, |k| episode_seed(seed, k), &mut watcher);
        let failure = watcher.failure.take();
        if let Some(bar) = bar {
            call_method(&bar, intern!(py, "close"), (), None)?;
        }
        {
            let mut agent = slf.try_borrow_mut()?;
            agent.inner = learner;
            agent.frozen.clear();
        }
        match (failure, result) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(run_error(error)),
            (None, Ok(())) => Ok(slf.clone().unbind()),
        }
    }

    /// An action, without learning: the one that the agent prefers, or one drawn from its policy.
    ///
    /// The first call after learning or with `episode_start` begins an episode; the reservoir remembers from call to call.
    /// A new episode begins with the reservoir as learning left it, except while actions are drawn: draws, and with them
    /// the reservoir, then go on from episode to episode. Each observation of a batch has a reservoir of its own, until the
    /// size of the batch changes.
    ///
    /// Parameters
    /// ----------
    /// observation : element of the observation space, or a batch of them
    ///     A batch is an array with one more axis, or for spaces of parts a dictionary or tuple of such arrays.
    /// state : None
    ///     For callers of other packages' agents, which pass back what was returned; memory is the agent's own.
    /// episode_start : bool or array_like of bool, shape (n,)
    /// deterministic : bool
    ///     Whether to take the best action.
    ///
    /// Returns
    /// -------
    /// action : element of the action space, or an array of n of them
    /// state : None
    #[pyo3(
        signature = (observation, state=None, episode_start=None, deterministic=None),
        text_signature = "($self, observation, state=None, episode_start=False, deterministic=True)"
    )]
    fn predict<'py>(
        &mut self,
        py: Python<'py>,
        observation: &Bound<'py, PyAny>,
        state: Option<&Bound<'py, PyAny>>,
        episode_start: Option<&Bound<'py, PyAny>>,
        deterministic: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Option<Py<PyAny>>)> {
        if let Some(state) = state {
            return Err(PyValueError::new_err(format!("state: expected None, found {state}")));
        }
        if self.config.inputs.contains(&sorn_agents::Input::Reward) {
            return Err(PyValueError::new_err(
                "predict: expected \"observation\" and \"action\" in config[\"inputs\"], as predict is given no rewards, \
                 found \"reward\"; begin, observe and act take rewards",
            ));
        }
        let batches = py.import("sorn_rs._batches")?;
        let deterministic = match deterministic {
            None => true,
            Some(given) => flag("deterministic", given)?,
        };
        let (space, actions) = saved::spaces_of(self, py);
        let rows = call(&batches.getattr("rows")?, (space, observation), None)?;
        let one = rows.is_none();
        let rows: Vec<Bound<'py, PyAny>> = if one { vec![observation.clone()] } else { rows.extract()? };
        let starts = call(&batches.getattr("starts")?, (episode_start, rows.len()), None)?;
        let starts: Vec<bool> = starts.extract()?;
        // All of it before any reservoir takes a step.
        let rows = rows.iter().map(|row| self.decode(row)).collect::<PyResult<Vec<_>>>()?;
        if self.frozen.len() != rows.len() {
            self.frozen.clear();
        }
        let mut chosen = Vec::with_capacity(rows.len());
        for (place, (row, start)) in rows.iter().zip(starts).enumerate() {
            let under_way = place < self.frozen.len() && !start;
            if place == self.frozen.len() {
                self.frozen.push(self.inner.frozen());
            } else if start && deterministic {
                self.frozen[place] = self.inner.frozen();
            }
            let frozen = &mut self.frozen[place];
            frozen.set_sampling(!deterministic);
            let action = if under_way {
                frozen.observe(0.0, false, false, row).map_err(value_error)?;
                frozen.act().map_err(value_error)?
            } else {
                frozen.begin(row).map_err(value_error)?
            };
            chosen.push(saved::encoded(self, py, &action)?);
        }
        match chosen.pop() {
            Some(action) if one => Ok((action, None)),
            last => {
                chosen.extend(last);
                Ok((call(&batches.getattr("stacked")?, (actions, chosen), None)?, None))
            }
        }
    }

    /// Begin an episode with its first observation; returns an action.
    fn begin<'py>(
        &mut self,
        py: Python<'py>,
        observation: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let observation = self.decode(observation)?;
        let action = self.inner.begin(&observation).map_err(value_error)?;
        saved::encoded(self, py, &action)
    }

    /// The next action of the episode under way.
    fn act<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let action = self.inner.act().map_err(value_error)?;
        saved::encoded(self, py, &action)
    }

    /// Take what followed the last action, and learn.
    fn observe(
        &mut self,
        reward: Argument<f64>,
        terminated: Argument<bool>,
        truncated: Argument<bool>,
        observation: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let reward = reward.real("reward")?;
        let (terminated, truncated) = (terminated.flag("terminated")?, truncated.flag("truncated")?);
        let observation = self.decode(observation)?;
        self.inner.observe(reward, terminated, truncated, &observation).map_err(value_error)?;
        self.timesteps += 1;
        self.frozen.clear();
        Ok(())
    }

    /// Save the agent whole, as safetensors: the file that the command ``sorn eval`` and Rust's `Agent::load` read as well.
    fn save(&self, path: Argument<PathBuf>) -> PyResult<()> {
        saved::save(self, &path.path()?)
    }

    /// Load what `save` or the command ``sorn export`` saved, a checkpoint of a run, or a run directory, whose latest checkpoint
    /// it is; it goes on exactly.
    ///
    /// The environment or spaces must be those it was made with. Without them the agent has the spaces in the file.
    #[classmethod]
    #[pyo3(signature = (path, env=None, *, observation_space=None, action_space=None, encoder=None))]
    fn load(
        class: &Bound<'_, PyType>,
        path: Argument<PathBuf>,
        env: Option<Bound<'_, PyAny>>,
        observation_space: Option<Bound<'_, PyAny>>,
        action_space: Option<Bound<'_, PyAny>>,
        encoder: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let given = Given { env, observation_space, action_space, encoder, observe: Vec::new() };
        saved::load(class.py(), path.path()?, given)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Pickled<'py>)> {
        let restore = py.get_type::<Agent>().getattr("_restore")?;
        let of = |object: &Option<Py<PyAny>>| object.as_ref().map(|object| object.bind(py).clone());
        let spaces = if self.env.is_some() { None } else { Some(saved::spaces_of(self, py)) };
        Ok((restore, (saved::dump(self, py)?, of(&self.env), spaces, of(&self.encoder))))
    }

    #[classmethod]
    fn _restore<'py>(
        class: &Bound<'py, PyType>,
        sealed: &Bound<'py, PyAny>,
        env: Option<Bound<'py, PyAny>>,
        spaces: Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
        encoder: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let (observation_space, action_space) = spaces.unzip();
        let given = Given { env, observation_space, action_space, encoder, observe: Vec::new() };
        saved::undump(class.py(), sealed, given)
    }

    /// The configuration, every default filled in, read-only.
    #[getter]
    fn config<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        read_only(py, &serde_json::to_value(&self.config).map_err(value_error)?)
    }

    /// Environment steps learnt from.
    #[getter]
    fn num_timesteps(&self) -> u64 {
        self.timesteps
    }

    /// Sum of rewards of every finished episode of `learn`.
    #[getter]
    fn episode_returns(&self) -> Vec<f64> {
        self.returns.clone()
    }

    /// Length of every finished episode of `learn`.
    #[getter]
    fn episode_lengths(&self) -> Vec<u64> {
        self.lengths.clone()
    }

    fn __repr__(&self) -> String {
        format!(
            "Agent({} -> {}, num_timesteps={}, episodes={}, seed={})",
            self.spaces.observations.space(),
            self.spaces.actions.space(),
            self.timesteps,
            self.returns.len(),
            self.seed
        )
    }
}

impl Agent {
    /// An observation, of the space or encoded.
    fn decode(&self, observation: &Bound<'_, PyAny>) -> PyResult<Value> {
        match &self.encoder {
            None => self.spaces.observations.decode(observation).map_err(env_error),
            Some(encoder) => {
                let py = observation.py();
                let inputs = self.config.reservoir.params.input_len();
                let arguments = (encoder, observation, inputs);
                let encode = py.import("sorn_rs.wrappers")?.getattr("encode")?;
                let encoded = call(&encode, arguments, None)?;
                self.spaces.observations.decode(&encoded).map_err(env_error)
            }
        }
    }
}

/// Episode `k` of an agent has a seed of its own, as in runs of the command line.
fn episode_seed(seed: u64, episode: u64) -> u64 {
    let mut rng = sorn_lab::sorn_core::rng::stream(seed ^ episode.wrapping_mul(0x9e37_79b9_7f4a_7c15), "env");
    // Gymnasium's environments take seeds of 32 bits without complaint.
    sorn_lab::sorn_core::rng::below(&mut rng, 1 << 31)
}
