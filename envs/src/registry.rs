//! Environments by id, as Gymnasium's `make`.

pub(crate) mod entry;
mod members;
mod own;

use sorn_env::{AnyEnv, AutoresetMode, BoxError, near};

use crate::batch::AnyBatch;
use crate::kwargs::{Kwargs, first_not_finite};
use crate::native::NativeEnv;
use crate::{
    PythonWrapper, acrobot, cartpole, masked, memory, mountain_car, mountain_car_continuous, pendulum,
};
use entry::Entry;
use members::Members;
pub use own::{EnvEntry, NoKwargs, RegisterError};

/// The description of an environment, available before it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvSpec {
    /// Name and version, e.g. `CartPole-v1`.
    pub id: String,
    /// Episodes are truncated at this many steps.
    pub max_episode_steps: Option<u64>,
    /// Mean return of 100 consecutive episodes from which the task counts as solved.
    pub reward_threshold: Option<f64>,
    /// Frames per second for display in real time.
    pub render_fps: Option<f64>,
    /// One sentence.
    pub description: String,
    /// Names of its keyword arguments beside `max_episode_steps`.
    pub kwargs: Vec<String>,
    /// Whether [`make_batch`] makes batches of it.
    pub batched: bool,
}

/// The error of making an environment.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// No environment has this id.
    #[error("unknown environment {id:?}; {}known: {}", near_text(.near), .known.join(", "))]
    UnknownId {
        /// The id asked for.
        id: String,
        /// Ids that resemble it.
        near: Vec<String>,
        /// All ids.
        known: Vec<String>,
    },
    /// An id with nothing before or after its colon.
    #[error("environment {id:?}: expected a name, or module:Name, found nothing {place} the colon")]
    Incomplete {
        /// The id asked for.
        id: String,
        /// `before` or `behind`.
        place: &'static str,
    },
    /// A keyword argument of another name, type or range.
    #[error("environment {id:?}, kwargs: {reason}")]
    Kwargs {
        /// The environment.
        id: String,
        /// Which argument, what was found, what is allowed.
        reason: String,
    },
    /// An environment whose feature was not enabled in this build.
    #[error(
        "environment {id:?} needs the feature {feature:?}: build with it, \
         e.g. cargo run --release --features {feature} -- run FILE"
    )]
    Feature {
        /// The environment.
        id: String,
        /// What to build with.
        feature: &'static str,
    },
    /// A batch of environments whose observations are not vectors in single precision.
    #[error(
        "environment {0:?} has no batches: expected an environment whose observations are a Box of float32; make single ones"
    )]
    NoBatch(String),
    /// Members of observations that have none.
    #[error(
        "environment {id:?}: observe = {observe:?} names members of a Dict, and its observations are no Dict"
    )]
    Observe {
        /// The environment.
        id: String,
        /// The members asked for.
        observe: Vec<String>,
    },
    /// Names that are no members of a Dict's observations.
    #[error("environment {id:?}: observe: {reason}")]
    Members {
        /// The environment.
        id: String,
        /// What was found, what is allowed.
        reason: String,
    },
    /// A Python wrapper around an environment that is not a Python environment.
    #[error("environment {id:?}: the wrapper {kind:?} is Python's and fits gymnasium:... environments only")]
    Wrapper {
        /// The environment.
        id: String,
        /// The wrapper.
        kind: String,
    },
    /// A Python wrapper that does not exist, rejects its arguments, or fails with this environment.
    #[error("environment {id:?}, wrappers[{index}], {kind:?}: {reason}")]
    PythonWrapper {
        /// The environment.
        id: String,
        /// Its place among Python's wrappers, the innermost being 0.
        index: usize,
        /// The wrapper.
        kind: String,
        /// What was found, what is allowed.
        reason: String,
    },
    /// An adapter's environment could not be made.
    #[error("environment {0}")]
    Adapter(BoxError),
}

fn near_text(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) }
}

/// All environments, family by family.
const FAMILIES: &[&[Entry]] = &[
    cartpole::ENTRIES,
    mountain_car::ENTRIES,
    mountain_car_continuous::ENTRIES,
    acrobot::ENTRIES,
    pendulum::ENTRIES,
    masked::ENTRIES,
];

fn entries() -> impl Iterator<Item = &'static Entry> {
    FAMILIES.iter().chain(memory::FAMILIES).copied().flatten()
}

/// All environments, in order of their ids' families; those of one's own ([`EnvEntry::register`]) are the last.
pub fn specs() -> impl Iterator<Item = EnvSpec> {
    entries().map(Entry::spec).chain(own::all().into_iter().map(|entry| entry.spec))
}

fn entry(id: &str) -> Result<&'static Entry, MakeError> {
    entries().find(|entry| entry.id == id).ok_or_else(|| {
        let known: Vec<String> = specs().map(|spec| spec.id).collect();
        let near = near(id, &known, 0.85).into_iter().cloned().collect();
        MakeError::UnknownId { id: id.into(), near, known }
    })
}

/// What is known of the environment `id`, a native one or one's own.
///
/// # Errors
/// [`MakeError::UnknownId`].
pub fn spec(id: &str) -> Result<EnvSpec, MakeError> {
    own::find(id).map_or_else(|| entry(id).map(Entry::spec), |own| Ok(own.spec))
}

/// Makes the environment `id` with its time limit applied.
///
/// `kwargs` are those of the environment, and `max_episode_steps`: another time limit, or -1 for none.
///
/// An id with a colon is an adapter's, each behind a feature: `gymnasium:Acrobot-v1` and `module:Name-v0` are Python's
/// (feature `gymnasium`), `gym-rs:CartPole-v1` and `gym-rs:MountainCar-v0` those of the crate gym-rs (feature `gym-rs`).
///
/// # Errors
/// [`MakeError`] if the id is unknown, or a keyword argument is unknown or out of range.
pub fn make(id: &str, kwargs: &Kwargs) -> Result<(AnyEnv, EnvSpec), MakeError> {
    make_wrapped(id, kwargs, &[])
}

/// Like [`make`], inside Python wrappers, which are given innermost first.
///
/// # Errors
/// Those of [`make`], [`MakeError::Wrapper`] where the environment is not Python's, and [`MakeError::PythonWrapper`].
pub fn make_wrapped(
    id: &str,
    kwargs: &Kwargs,
    wrappers: &[PythonWrapper],
) -> Result<(AnyEnv, EnvSpec), MakeError> {
    make_observing(id, kwargs, wrappers, &[])
}

/// [`make_wrapped`], of whose observations, elements of a Dict space, the members `observe` are kept; all if `observe` is empty.
///
/// # Errors
/// Those of [`make_wrapped`], and [`MakeError::Observe`] or [`MakeError::Adapter`] if the observations have no such members.
pub fn make_observing(
    id: &str,
    kwargs: &Kwargs,
    wrappers: &[PythonWrapper],
    observe: &[String],
) -> Result<(AnyEnv, EnvSpec), MakeError> {
    let module = id.split_once(':');
    if let Some((module, name)) = module
        && (module.is_empty() || name.is_empty())
    {
        let place = if module.is_empty() { "before" } else { "behind" };
        return Err(MakeError::Incomplete { id: id.into(), place });
    }
    if let Some((module, _)) = module
        && module != "gym-rs"
    {
        return pythons(id, kwargs, wrappers, observe);
    }
    let own = own::find(id);
    if !observe.is_empty() && own.is_none() {
        return Err(MakeError::Observe { id: id.into(), observe: observe.to_vec() });
    }
    if let Some(wrapper) = wrappers.first() {
        return Err(MakeError::Wrapper { id: id.into(), kind: wrapper.kind.clone() });
    }
    match module {
        Some((_, name)) => gym_rs(id, name, kwargs),
        None => match own {
            Some(own) => ones_own(own, kwargs, observe),
            None => made(id, kwargs, |entry, kwargs, limit| (entry.one)(kwargs, limit)),
        },
    }
}

fn ones_own(own: EnvEntry, kwargs: &Kwargs, observe: &[String]) -> Result<(AnyEnv, EnvSpec), MakeError> {
    let (env, spec) = checked(own.spec, own.keys, kwargs, |kwargs, limit| (own.make)(kwargs, limit))?;
    if observe.is_empty() {
        return Ok((env, spec));
    }
    match Members::new(env, observe) {
        Ok(env) => Ok((AnyEnv::new(env), spec)),
        Err(None) => Err(MakeError::Observe { id: spec.id, observe: observe.to_vec() }),
        Err(Some(reason)) => Err(MakeError::Members { id: spec.id, reason }),
    }
}

#[cfg(feature = "gymnasium")]
fn pythons(
    id: &str,
    kwargs: &Kwargs,
    wrappers: &[PythonWrapper],
    observe: &[String],
) -> Result<(AnyEnv, EnvSpec), MakeError> {
    use crate::gymnasium::{GymnasiumEnv, GymnasiumError};
    let env = GymnasiumEnv::make_observing(id, kwargs, wrappers, observe).map_err(|error| match error {
        GymnasiumError::Wrapper { env: id, fault } => {
            MakeError::PythonWrapper { id, index: fault.index, kind: fault.kind, reason: fault.reason }
        }
        other => MakeError::Adapter(Box::new(other)),
    })?;
    let spec = env.spec().clone();
    Ok((AnyEnv::new(env), spec))
}

#[cfg(not(feature = "gymnasium"))]
fn pythons(id: &str, _: &Kwargs, _: &[PythonWrapper], _: &[String]) -> Result<(AnyEnv, EnvSpec), MakeError> {
    Err(MakeError::Feature { id: id.into(), feature: "gymnasium" })
}

#[cfg(not(feature = "gym-rs"))]
fn gym_rs(id: &str, _: &str, _: &Kwargs) -> Result<(AnyEnv, EnvSpec), MakeError> {
    Err(MakeError::Feature { id: id.into(), feature: "gym-rs" })
}

/// Both environments may hold a window, which keeps them on the thread that made them.
#[cfg(feature = "gym-rs")]
fn gym_rs(id: &str, name: &str, kwargs: &Kwargs) -> Result<(AnyEnv, EnvSpec), MakeError> {
    use crate::gym_rs::GymRs;
    use crate::own_thread::OwnThread;
    use ::gym_rs::envs::classical_control::{cartpole::CartPoleEnv, mountain_car::MountainCarEnv};
    use ::gym_rs::utils::renderer::RenderMode;
    use sorn_env::wrappers::TimeLimit;

    let known = ["CartPole-v1", "MountainCar-v0"];
    if !known.contains(&name) {
        let known = known.map(|name| format!("gym-rs:{name}")).to_vec();
        return Err(MakeError::UnknownId { id: id.into(), near: vec![], known });
    }
    let twin = entry(name)?;
    let mut spec = EnvSpec { id: id.into(), kwargs: vec![], ..twin.spec() };
    spec.description = format!("gym-rs's own: {}", spec.description);
    let (kwargs, limit) = time_limit(id, kwargs, spec.max_episode_steps)?;
    spec.max_episode_steps = limit;
    only(id, &kwargs, &[])?;
    let env = match name {
        "CartPole-v1" => OwnThread::spawn(|| Ok(GymRs::new(CartPoleEnv::new(RenderMode::None))?)),
        _ => OwnThread::spawn(|| Ok(GymRs::new(MountainCarEnv::new(RenderMode::None))?)),
    };
    let env = env.map_err(MakeError::Adapter)?;
    let env = match limit {
        Some(steps) => AnyEnv::new(TimeLimit::new(env, steps)),
        None => AnyEnv::new(env),
    };
    Ok((env, spec))
}

/// [`make`] of a native environment, whose state can be read, set, saved and restored by name.
///
/// # Errors
/// [`MakeError`] if the id is unknown or belongs to an adapter, or a keyword argument is unknown or out of range.
pub fn make_native(id: &str, kwargs: &Kwargs) -> Result<(NativeEnv, EnvSpec), MakeError> {
    made(id, kwargs, |entry, kwargs, limit| (entry.native)(kwargs, limit))
}

/// Makes a batch of the native environment `id` with its time limit applied; arguments as those of [`make`].
///
/// # Errors
/// [`MakeError`] where the id is unknown or an adapter's, a keyword argument is unknown or out of range, `num_envs` is 0, or
/// observations are not vectors in single precision.
pub fn make_batch(
    id: &str,
    kwargs: &Kwargs,
    num_envs: usize,
    mode: AutoresetMode,
) -> Result<(AnyBatch, EnvSpec), MakeError> {
    if num_envs == 0 {
        let reason = "num_envs: expected at least 1, found 0".into();
        return Err(MakeError::Kwargs { id: id.into(), reason });
    }
    let many = entry(id)?.many.ok_or_else(|| MakeError::NoBatch(id.into()))?;
    made(id, kwargs, |_, kwargs, limit| many(kwargs, limit, (num_envs, mode)))
}

fn made<T>(
    id: &str,
    kwargs: &Kwargs,
    new: impl FnOnce(&Entry, Kwargs, Option<u64>) -> Result<T, String>,
) -> Result<(T, EnvSpec), MakeError> {
    let entry = entry(id)?;
    checked(entry.spec(), Some(entry.kwargs), kwargs, |kwargs, limit| {
        new(entry, entry.arguments(kwargs), limit)
    })
}

/// Makes what `spec` speaks of from `kwargs`, of which only `allowed` ones may be there; any, if there is no list.
fn checked<T>(
    mut spec: EnvSpec,
    allowed: Option<&[&str]>,
    kwargs: &Kwargs,
    new: impl FnOnce(Kwargs, Option<u64>) -> Result<T, String>,
) -> Result<(T, EnvSpec), MakeError> {
    let id = &spec.id;
    let (kwargs, limit) = time_limit(id, kwargs, spec.max_episode_steps)?;
    if let Some(allowed) = allowed {
        only(id, &kwargs, allowed)?;
    }
    let refuse = |reason: String| MakeError::Kwargs { id: id.clone(), reason };
    if let Some((key, found)) = first_not_finite(&kwargs) {
        return Err(refuse(format!("{key}: expected a finite number, found {found}")));
    }
    let made = new(kwargs, limit).map_err(refuse)?;
    spec.max_episode_steps = limit;
    Ok((made, spec))
}

/// The other keyword arguments, and the time limit: `max_episode_steps` if it is there, else `default`.
fn time_limit(id: &str, kwargs: &Kwargs, default: Option<u64>) -> Result<(Kwargs, Option<u64>), MakeError> {
    let mut kwargs = kwargs.clone();
    let limit = match kwargs.remove("max_episode_steps") {
        None => default,
        Some(limit) => match limit.as_i64() {
            Some(-1) => None,
            Some(steps @ 1..) => Some(steps.unsigned_abs()),
            _ => {
                let reason = format!("max_episode_steps: expected at least 1, or -1 for none, found {limit}");
                return Err(MakeError::Kwargs { id: id.into(), reason });
            }
        },
    };
    Ok((kwargs, limit))
}

/// Refuses keyword arguments that are not `allowed`.
fn only(id: &str, kwargs: &Kwargs, allowed: &[&str]) -> Result<(), MakeError> {
    let Some(unknown) = kwargs.keys().find(|key| !allowed.contains(&key.as_str())) else { return Ok(()) };
    let allowed = allowed.iter().chain(&["max_episode_steps"]).copied().collect::<Vec<_>>().join(", ");
    let reason = format!("unknown argument {unknown:?} (expected one of {allowed})");
    Err(MakeError::Kwargs { id: id.into(), reason })
}

#[cfg(test)]
mod tests;
