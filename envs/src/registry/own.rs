//! Environments of one's own in the registry.

use std::fmt::Display;
use std::sync::{Arc, PoisonError, RwLock};

use serde::de::DeserializeOwned;
use sorn_env::wrappers::TimeLimit;
use sorn_env::{AnyEnv, Element, Env, keys_of};

use super::entry::config;
use super::{EnvSpec, entries};
use crate::kwargs::Kwargs;

type Make = dyn Fn(Kwargs, Option<u64>) -> Result<AnyEnv, String> + Send + Sync;

/// An environment of one's own for the registry: its id, what it is, and how it is made from its keyword arguments.
///
/// ```
/// use serde::Deserialize;
/// # use std::convert::Infallible;
/// # use sorn_env::{Env, Info, Options, Space, Step};
/// # struct Cart { speed: f32, place: f32 }
/// # impl Env for Cart {
/// #     type Obs = [f32; 1];
/// #     type Act = i64;
/// #     type Error = Infallible;
/// #     fn observation_space(&self) -> Space { Space::box_f32(&[-1.0], &[1.0]).expect("-1 is below 1") }
/// #     fn action_space(&self) -> Space { Space::discrete(2).expect("2 is positive") }
/// #     fn reset(&mut self, _: Option<u64>, _: Option<&Options>) -> Result<([f32; 1], Info), Infallible> {
/// #         self.place = 0.0;
/// #         Ok(([0.0], Info::new()))
/// #     }
/// #     fn step(&mut self, action: &i64) -> Result<Step<[f32; 1]>, Infallible> {
/// #         self.place += if *action == 1 { self.speed } else { -self.speed };
/// #         let terminated = self.place.abs() > 1.0;
/// #         Ok(Step { obs: [self.place.clamp(-1.0, 1.0)], reward: 1.0, terminated, truncated: false, info: Info::new() })
/// #     }
/// # }
/// use sorn_envs::EnvEntry;
///
/// /// The keyword arguments, `env.kwargs` of an experiment file.
/// #[derive(Deserialize)]
/// #[serde(default)]
/// struct Config {
///     speed: f32, // metres per step
/// }
///
/// impl Default for Config {
///     fn default() -> Self {
///         Config { speed: 0.1 }
///     }
/// }
///
/// let entry = EnvEntry::new("Cart-v0", "A cart on a rail that is not to run against the ends.", |config: Config| {
///     if config.speed > 0.0 { Ok(Cart { speed: config.speed, place: 0.0 }) } else { Err("speed: expected a positive number") }
/// });
/// entry.max_episode_steps(100).register()?;
///
/// let (env, spec) = sorn_envs::make("Cart-v0", &serde_json::Map::from_iter([("speed".into(), 0.2.into())]))?;
/// assert_eq!(env.observation_space().to_string(), "Box(-1, 1, (1,), float32)");
/// assert_eq!(spec.kwargs, ["speed"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EnvEntry {
    pub(super) spec: EnvSpec,
    /// Any argument is allowed if there is no list.
    pub(super) keys: Option<&'static [&'static str]>,
    pub(super) make: Arc<Make>,
}

impl std::fmt::Debug for EnvEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnvEntry").field("spec", &self.spec).finish_non_exhaustive()
    }
}

/// Keyword arguments of an environment that takes none.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoKwargs {}

impl EnvEntry {
    /// The environment `id`, e.g. `MyRobot-v0`; `description` is one sentence, and `make` makes it from its keyword arguments, read as
    /// a `C`: a struct that derives `Deserialize`, [`NoKwargs`], or [`Kwargs`] for arguments of any name.
    ///
    /// No time limit, no threshold and no pictures per second, unless they are given.
    pub fn new<C, E, F>(
        id: impl Into<String>,
        description: impl Into<String>,
        make: impl Fn(C) -> Result<E, F> + Send + Sync + 'static,
    ) -> EnvEntry
    where
        C: DeserializeOwned,
        E: Env + Send + 'static,
        E::Obs: Element,
        E::Act: Element,
        F: Display,
    {
        let keys = keys_of::<C>();
        let spec = EnvSpec {
            id: id.into(),
            max_episode_steps: None,
            reward_threshold: None,
            render_fps: None,
            description: description.into(),
            kwargs: keys.unwrap_or_default().iter().map(ToString::to_string).collect(),
            batched: false,
        };
        let make = move |kwargs: Kwargs, limit: Option<u64>| {
            let env = make(config(kwargs)?).map_err(|e| e.to_string())?;
            Ok(match limit {
                Some(steps) => AnyEnv::new(TimeLimit::new(env, steps)),
                None => AnyEnv::new(env),
            })
        };
        EnvEntry { spec, keys, make: Arc::new(make) }
    }

    /// Truncates episodes at so many steps, unless `max_episode_steps` among the keyword arguments says otherwise.
    #[must_use]
    pub fn max_episode_steps(mut self, steps: u64) -> EnvEntry {
        self.spec.max_episode_steps = Some(steps);
        self
    }

    /// Counts the task as solved from this mean return on.
    #[must_use]
    pub fn reward_threshold(mut self, threshold: f64) -> EnvEntry {
        self.spec.reward_threshold = Some(threshold);
        self
    }

    /// Pictures per second at which it is seen at its own speed.
    #[must_use]
    pub fn render_fps(mut self, fps: f64) -> EnvEntry {
        self.spec.render_fps = Some(fps);
        self
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.spec.id
    }

    /// Puts it into the registry, for the whole process and as long as it runs, as Gymnasium's `register` does.
    ///
    /// # Errors
    /// [`RegisterError`]: an id that is empty or has a colon, which are adapters', one that is there already, or a time limit, threshold
    /// or rate that cannot be.
    pub fn register(self) -> Result<(), RegisterError> {
        let EnvSpec { id, max_episode_steps, reward_threshold, render_fps, .. } = &self.spec;
        let refuse = |reason: &str| Err(RegisterError { id: id.clone(), reason: reason.into() });
        if id.is_empty() || id.contains(':') || id.contains(char::is_whitespace) {
            return refuse("expected a name without colons and spaces, e.g. MyRobot-v0");
        }
        if *max_episode_steps == Some(0) {
            return refuse("max_episode_steps: expected 1 or more, found 0");
        }
        if reward_threshold.is_some_and(|threshold| !threshold.is_finite()) {
            return refuse("reward_threshold: expected a finite number");
        }
        if render_fps.is_some_and(|fps| !(fps.is_finite() && fps > 0.0)) {
            return refuse("render_fps: expected a positive number");
        }
        let mut own = OWN.write().unwrap_or_else(PoisonError::into_inner);
        if entries().any(|entry| entry.id == id) || own.iter().any(|entry| entry.spec.id == *id) {
            return refuse("expected an id that is not registered yet");
        }
        own.push(self);
        Ok(())
    }
}

/// An environment that cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("environment {id:?} cannot be registered: {reason}")]
pub struct RegisterError {
    /// The id.
    pub id: String,
    /// What is wrong.
    pub reason: String,
}

/// Only ever added to: what an id means does not change while a process runs.
static OWN: RwLock<Vec<EnvEntry>> = RwLock::new(Vec::new());

/// All that were registered, in that order.
pub(super) fn all() -> Vec<EnvEntry> {
    OWN.read().unwrap_or_else(PoisonError::into_inner).clone()
}

pub(super) fn find(id: &str) -> Option<EnvEntry> {
    OWN.read().unwrap_or_else(PoisonError::into_inner).iter().find(|entry| entry.spec.id == id).cloned()
}
