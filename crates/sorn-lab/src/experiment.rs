//! [`Experiment`]: everything that decides the outcome of a run.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sorn_agents::AgentConfig;
use sorn_core::room;
use sorn_env::{AnyEnv, Env as _};
use sorn_envs::{EnvSpec, MakeError};

use crate::files::read_text;
use crate::{LabError, RecordConfig, Wrapper, budget, initial, read, wrapper};

/// An experiment file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Name of the experiment and of its run directory: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// What the experiment asks.
    #[serde(default)]
    pub question: String,
    /// The environment.
    pub env: EnvConfig,
    /// The agent; the default one where absent.
    #[serde(default)]
    pub agent: AgentConfig,
    /// How long and how to train.
    #[serde(default, deserialize_with = "budget::resolved")]
    pub run: RunConfig,
    /// How to evaluate what was learnt.
    #[serde(default)]
    pub eval: EvalConfig,
    /// What to record beside the metrics.
    #[serde(default, skip_serializing_if = "RecordConfig::is_default")]
    pub record: RecordConfig,
}

/// Which environment, and how it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EnvConfig {
    /// Id in the registry, e.g. `CartPole-v1`; `sorn envs` lists them. With a colon, e.g. `gymnasium:Acrobot-v1`, an adapter's.
    pub id: String,
    /// Keyword arguments of the environment.
    #[serde(default, skip_serializing_if = "sorn_envs::Kwargs::is_empty", with = "sorn_envs::kwargs")]
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, serde_json::Value>"))]
    pub kwargs: sorn_envs::Kwargs,
    /// Names of the members that are kept of observations of a Dict space; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observe: Vec<String>,
    /// Wrappers around it, the innermost first: those of Python's around an environment of Python's, then ours, e.g.
    /// `{ kind = "frame_skip", steps = 2 }`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrappers: Vec<Wrapper>,
}

/// Each environment has a copy of the reservoir.
const MOST_ENVS: u64 = 1000;

/// How long and how to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default = "RunConfig::without_budget")]
pub struct RunConfig {
    /// The one number from which all randomness of a run comes.
    pub seed: u64,
    /// File of weights, thresholds, target rates and pools that the network begins with, in place of what the seed would draw: a network
    /// saved whole, or NPZ or safetensors with some of the arrays `Wee`, `Wei`, `Wie`, `Te`, `Ti`, `H_ip`, `Pools`. The run keeps a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial: Option<PathBuf>,
    /// Episodes at most. If neither this nor `steps` is given, 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episodes: Option<u64>,
    /// Environment steps at most, counted in all environments. The run ends with exactly this step, within an episode if need
    /// be; of `episodes` and `steps` whichever is reached first ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Environments in which the one agent learns at once, from 1 to 1,000 and to the budget. With more than one the learner
    /// cannot be `ars`, the reservoir must cease to be plastic (until then the first environment runs alone), and the
    /// environment must keep no statistics of its own ([`BatchRun`](sorn_agents::BatchRun)).
    pub num_envs: u64,
    /// Consecutive episodes whose mean return decides whether the task is solved.
    pub window: u64,
    /// Mean return from which the task counts as solved; the environment's own where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Whether to stop in the episode that solves the task.
    pub stop_when_solved: bool,
    /// Episodes from one checkpoint to the next.
    pub checkpoint_every: u64,
}

impl Default for RunConfig {
    fn default() -> Self {
        RunConfig {
            seed: 0,
            initial: None,
            episodes: Some(budget::USUAL_EPISODES),
            steps: None,
            num_envs: 1,
            window: 100,
            threshold: None,
            stop_when_solved: true,
            checkpoint_every: 25,
        }
    }
}

/// How to evaluate what was learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct EvalConfig {
    /// Episodes after training with the greedy policy, nothing learning; 0 skips the evaluation.
    pub episodes: u64,
    /// Episodes of training from one evaluation while training to the next; none where absent. A frozen copy of the agent is
    /// evaluated with seeds of its own, which changes nothing in the training, and the best agent so far is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// The same in environment steps; not beside `every`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_steps: Option<u64>,
    /// Episodes of each evaluation while training.
    #[serde(skip_serializing_if = "is_usual_each")]
    pub each: u64,
}

const USUAL_EACH: u64 = 10;

fn is_usual_each(each: &u64) -> bool {
    *each == USUAL_EACH
}

impl Default for EvalConfig {
    fn default() -> Self {
        EvalConfig { episodes: 100, every: None, every_steps: None, each: USUAL_EACH }
    }
}

impl Experiment {
    /// Reads the experiment file `path` and applies `overrides`, each `key=value` with a dotted key.
    ///
    /// # Errors
    /// [`LabError`] naming the file or override, the key, what was found and what is allowed.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Experiment, LabError> {
        let (text, origin) = (read_text(path)?, path.display().to_string());
        read::no_sweep(&text, &origin, overrides)?;
        let experiment = read::experiment(&text, &origin, overrides)?;
        let checked = experiment.validate(&origin).and_then(|()| experiment.validate_initial(&origin));
        checked.map(|()| experiment).map_err(|e| read::placed(e, &text, &origin, overrides))
    }

    /// [`load`](Experiment::load) without a look at what only environment and agent can tell: whether their values are allowed,
    /// and go together.
    ///
    /// # Errors
    /// [`LabError`] naming the file or override, the key, what was found and what is allowed.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Experiment, LabError> {
        read::experiment(&read_text(path)?, &path.display().to_string(), overrides)
    }

    /// Checks every value, down to the environment's and the agent's own, by building both once.
    ///
    /// # Errors
    /// [`LabError`] naming `origin`, the key, what was found and what is allowed.
    pub fn validate(&self, origin: &str) -> Result<(), LabError> {
        let refuse = |reason: String| Err(LabError::Config { origin: origin.to_string(), reason });
        let named = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || self.name.starts_with('.') || !self.name.chars().all(named) {
            let allowed = "letters, digits, '-', '_' and '.', not '.' first";
            return refuse(format!("name: expected {allowed}, found {:?}", self.name));
        }
        for (key, value) in [
            ("run.episodes", self.run.episodes),
            ("run.steps", self.run.steps),
            ("run.window", Some(self.run.window)),
            ("run.checkpoint_every", Some(self.run.checkpoint_every)),
            ("eval.every", self.eval.every),
            ("eval.every_steps", self.eval.every_steps),
            ("eval.each", Some(self.eval.each)),
        ] {
            if value == Some(0) {
                return refuse(format!("{key}: expected at least 1, found 0"));
            }
        }
        if let (Some(every), Some(steps)) = (self.eval.every, self.eval.every_steps) {
            return refuse(format!(
                "eval.every_steps: expected no such key beside eval.every = {every}, found {steps}"
            ));
        }
        let (most, bound) = [(MOST_ENVS, "")]
            .into_iter()
            .chain(self.run.episodes.map(|episodes| (episodes, " (run.episodes)")))
            .chain(self.run.steps.map(|steps| (steps, " (run.steps)")))
            .min_by_key(|(most, _)| *most)
            .unwrap_or((MOST_ENVS, ""));
        if !(1..=most).contains(&self.run.num_envs) {
            let found = self.run.num_envs;
            return refuse(format!("run.num_envs: expected 1 to {most}{bound}, found {found}"));
        }
        // TOML has no larger whole number, so such a seed could not be written to config.toml.
        if i64::try_from(self.run.seed).is_err() {
            return refuse(format!("run.seed: expected at most {}, found {}", i64::MAX, self.run.seed));
        }
        if let Some(threshold) = self.run.threshold
            && !threshold.is_finite()
        {
            return refuse(format!("run.threshold: expected a finite number, found {threshold}"));
        }
        self.record.validate(self.agent.reservoir.kind).or_else(refuse)?;
        let (env, _) = self.make_env(origin)?;
        let agent = self.make_agent(&env, origin)?;
        if self.run.num_envs > 1 {
            let many = |reason: String| refuse(format!("run.num_envs = {}: {reason}", self.run.num_envs));
            if env.memory().is_some() {
                let reason = "an environment that keeps statistics across episodes (env.wrappers) has them for itself, so that \
                              several would not see alike; the agent's are for all: agent.normalization.observation = true";
                return many(reason.into());
            }
            agent.check_batch().or_else(|e| many(format!("agent: {e}")))?;
        }
        let bytes = self.memory();
        if !room::fits(bytes) {
            let (key, found) = match self.run.num_envs {
                1 => ("agent.reservoir.params.ne", self.agent.reservoir.params.ne as u64),
                envs => ("run.num_envs", envs),
            };
            let found = format!(
                "{found}, as the networks, one of them a copy that is evaluated, need {}",
                room::size(bytes)
            );
            return refuse(format!("{key}: expected what fits in memory, found {found}"));
        }
        Ok(())
    }

    /// Checks whether the agent can begin with the file of `run.initial`, of which a run that has begun has a copy.
    fn validate_initial(&self, origin: &str) -> Result<(), LabError> {
        let Some(file) = &self.run.initial else { return Ok(()) };
        let (env, _) = self.make_env(origin)?;
        initial::begin_agent(&mut self.make_agent(&env, origin)?, file, origin)
    }

    /// Bytes of the reservoirs of a run: one for each environment, and a copy that is evaluated.
    pub(crate) fn memory(&self) -> u128 {
        let copies = u128::from(self.run.num_envs) + u128::from(self.eval.episodes > 0);
        self.agent.reservoir.params.memory().saturating_mul(copies)
    }

    /// The experiment as TOML, from which [`load`](Experiment::load) gives the same experiment.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_else(|e| unreachable!("an experiment is plain data: {e}"))
    }

    /// The environment, wrapped; `origin` is named in errors.
    ///
    /// # Errors
    /// [`LabError`] naming the key, what was found and what is allowed.
    pub fn make_env(&self, origin: &str) -> Result<(AnyEnv, EnvSpec), LabError> {
        let refuse = |reason: String| LabError::Config { origin: origin.into(), reason };
        let (pythons, ours) = wrapper::split(&self.env.wrappers).map_err(|index| {
            refuse(format!(
                "env.wrappers[{index}]: wrappers of Python's stand before ours, being inside them"
            ))
        })?;
        let made = sorn_envs::make_observing(&self.env.id, &self.env.kwargs, &pythons, &self.env.observe);
        let (mut env, spec) = made.map_err(|e| match e {
            MakeError::UnknownId { .. } | MakeError::Feature { .. } | MakeError::Incomplete { .. } => {
                refuse(format!("env.id: {e}"))
            }
            MakeError::Observe { .. } => refuse(format!("env.observe: {e}")),
            MakeError::Wrapper { .. } => refuse(format!("env.wrappers: {e}")),
            // Python's are the first.
            MakeError::PythonWrapper { index, kind, reason, .. } => {
                refuse(format!("env.wrappers[{index}]: {kind}: {reason}"))
            }
            _ => refuse(format!("env: {e}")),
        })?;
        for (index, wrapper) in ours.into_iter().enumerate() {
            let at = format!("env.wrappers[{}]", pythons.len() + index);
            env = wrapper.wrap(env).map_err(|e| refuse(format!("{at}: {e}")))?;
        }
        Ok((env, spec))
    }

    /// The agent as it is before the first episode, with what the seed draws; `origin` is named in errors.
    pub(crate) fn make_agent(&self, env: &AnyEnv, origin: &str) -> Result<sorn_agents::Agent, LabError> {
        sorn_agents::Agent::new(&self.agent, &env.observation_space(), &env.action_space(), self.run.seed)
            .map_err(|source| LabError::Agent { origin: origin.into(), source })
    }

    /// The threshold of finished runs: what they noted, or else the experiment's or its environment's.
    ///
    /// # Errors
    /// [`LabError`] where the environment is asked, but cannot be made here: Python's without the bridge, say.
    pub(crate) fn threshold_of_runs(&self, noted: Option<f64>) -> Result<Option<f64>, LabError> {
        match noted.or(self.run.threshold) {
            Some(threshold) => Ok(Some(threshold)),
            None => self.make_env(&self.name).map(|(_, spec)| spec.reward_threshold),
        }
    }

    /// The threshold that counts: the experiment's, else the environment's.
    pub fn threshold(&self, spec: &EnvSpec) -> Option<f64> {
        self.run.threshold.or(spec.reward_threshold)
    }
}
