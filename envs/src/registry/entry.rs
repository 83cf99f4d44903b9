//! What the registry knows of an environment; each environment's file has its own.

use serde::de::DeserializeOwned;
use sorn_env::wrappers::TimeLimit;
use sorn_env::{AnyEnv, AutoresetMode, Element, Env};

use super::EnvSpec;
use crate::ControlError;
use crate::batch::{AnyBatch, BatchAction, Each};
use crate::kwargs::Kwargs;
use crate::native::NativeEnv;
use crate::stateful::Stateful;

/// One environment.
pub(crate) struct Entry {
    pub(crate) id: &'static str,
    /// `None` where the environment ends its episodes itself.
    pub(crate) max_episode_steps: Option<u64>,
    pub(crate) reward_threshold: Option<f64>,
    pub(crate) render_fps: f64,
    /// One sentence.
    pub(crate) description: &'static str,
    /// Names of its arguments.
    pub(crate) kwargs: &'static [&'static str],
    /// Arguments of this id where they are not the environment's defaults.
    pub(crate) defaults: fn() -> serde_json::Value,
    /// Makes one.
    pub(crate) one: fn(Kwargs, Option<u64>) -> Result<AnyEnv, String>,
    /// Makes one whose state can be read, set, saved and restored.
    pub(crate) native: fn(Kwargs, Option<u64>) -> Result<NativeEnv, String>,
    /// Makes a batch; absent where observations are not vectors of a fixed length in single precision.
    pub(crate) many: Option<MakeMany>,
}

/// How many environments, at least one, and when each begins its next episode.
pub(crate) type Many = (usize, AutoresetMode);

type MakeMany = fn(Kwargs, Option<u64>, Many) -> Result<AnyBatch, String>;

impl Entry {
    pub(super) fn spec(&self) -> EnvSpec {
        EnvSpec {
            id: self.id.into(),
            max_episode_steps: self.max_episode_steps,
            reward_threshold: self.reward_threshold,
            render_fps: Some(self.render_fps),
            description: self.description.into(),
            kwargs: self.kwargs.iter().map(ToString::to_string).collect(),
            batched: self.many.is_some(),
        }
    }

    /// `given`, and those of the defaults that are not among them.
    pub(super) fn arguments(&self, given: Kwargs) -> Kwargs {
        let mut all = match (self.defaults)() {
            serde_json::Value::Object(defaults) => defaults,
            _ => Kwargs::new(),
        };
        all.extend(given);
        all
    }
}

/// An environment's arguments; an error names the one that was wrong.
pub(crate) fn config<C: DeserializeOwned>(kwargs: Kwargs) -> Result<C, String> {
    let kwargs = serde_json::Value::Object(kwargs);
    serde_path_to_error::deserialize(kwargs).map_err(|error| match error.path().to_string().as_str() {
        // Of the whole, such as an argument that is missing.
        "." => error.inner().to_string(),
        path => format!("{path}: {}", error.inner()),
    })
}

pub(crate) fn one<C, E>(
    kwargs: Kwargs,
    limit: Option<u64>,
    new: fn(C) -> Result<E, ControlError>,
) -> Result<AnyEnv, String>
where
    C: DeserializeOwned,
    E: Env + Send + 'static,
    E::Obs: Element,
    E::Act: Element,
{
    let env = new(config(kwargs)?).map_err(|e| e.to_string())?;
    Ok(match limit {
        Some(steps) => AnyEnv::new(TimeLimit::new(env, steps)),
        None => AnyEnv::new(env),
    })
}

pub(crate) fn native<C, E>(
    kwargs: Kwargs,
    limit: Option<u64>,
    new: fn(C) -> Result<E, ControlError>,
) -> Result<NativeEnv, String>
where
    C: DeserializeOwned,
    E: Env + Stateful + Send + 'static,
    E::Obs: Element,
    E::Act: Element,
{
    let env = new(config(kwargs)?).map_err(|e| e.to_string())?;
    Ok(match limit {
        Some(steps) => NativeEnv::new(TimeLimit::new(env, steps)),
        None => NativeEnv::new(env),
    })
}

pub(crate) fn each<C, E, const N: usize>(
    kwargs: Kwargs,
    limit: Option<u64>,
    (num_envs, mode): Many,
    new: fn(C) -> Result<E, ControlError>,
) -> Result<AnyBatch, String>
where
    C: DeserializeOwned,
    E: Env<Obs = [f32; N], Error = ControlError> + Stateful + Clone + Send + 'static,
    E::Act: BatchAction,
{
    let env = new(config(kwargs)?).map_err(|e| e.to_string())?;
    let each = Each::new(env, limit, num_envs, mode).expect("clones have the same spaces, and there is one");
    Ok(AnyBatch::new(each))
}
