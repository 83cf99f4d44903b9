//! Environments by id, as Gymnasium's `make`.

use serde::de::DeserializeOwned;
use sorn_env::wrappers::TimeLimit;
use sorn_env::{AnyEnv, AutoresetMode, BoxError, Element, Env};

use crate::batch::{AnyBatch, BatchAction, Each};
use crate::cart_poles::CartPoles;
use crate::kwargs::{Kwargs, first_not_finite};
use crate::native::NativeEnv;
use crate::stateful::Stateful;
use crate::{
    Acrobot, CartPole, ControlError, MaskedCartPole, MountainCar, MountainCarContinuous, Pendulum,
    PythonWrapper,
};

/// What is known of an environment before it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvSpec {
    /// Name and version, e.g. `CartPole-v1`.
    pub id: String,
    /// Episodes are truncated at this many steps.
    pub max_episode_steps: Option<u64>,
    /// Mean return of 100 consecutive episodes from which the task counts as solved.
    pub reward_threshold: Option<f64>,
    /// Pictures per second at which it is seen at its own speed.
    pub render_fps: Option<f64>,
    /// One sentence.
    pub description: String,
    /// Names of its keyword arguments beside `max_episode_steps`.
    pub kwargs: Vec<String>,
}

/// An environment that cannot be made.
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
    /// An environment that this program was built without.
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
    /// A wrapper of Python's around an environment that is not.
    #[error("environment {id:?}: the wrapper {kind:?} is Python's and fits gymnasium:... environments only")]
    Wrapper {
        /// The environment.
        id: String,
        /// The wrapper.
        kind: String,
    },
    /// A wrapper of Python's that does not exist, does not take its arguments, or fails around this environment.
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

struct Entry {
    id: &'static str,
    max_episode_steps: u64,
    reward_threshold: Option<f64>,
    render_fps: f64,
    description: &'static str,
    kwargs: &'static [&'static str],
    one: fn(Kwargs, Option<u64>) -> Result<AnyEnv, String>,
    native: fn(Kwargs, Option<u64>) -> Result<NativeEnv, String>,
    many: fn(Kwargs, Option<u64>, Many) -> Result<AnyBatch, String>,
}

/// How many environments, at least one, and when each begins its next episode.
type Many = (usize, AutoresetMode);

const ENTRIES: &[Entry] = &[
    Entry {
        id: "CartPole-v0",
        max_episode_steps: 200,
        reward_threshold: Some(195.0),
        render_fps: 50.0,
        description: "Keep a pole upright on a cart, for 200 steps.",
        kwargs: &["sutton_barto_reward"],
        one: |kwargs, limit| one(kwargs, limit, CartPole::new),
        native: |kwargs, limit| native(kwargs, limit, CartPole::new),
        many: cart_poles,
    },
    Entry {
        id: "CartPole-v1",
        max_episode_steps: 500,
        reward_threshold: Some(475.0),
        render_fps: 50.0,
        description: "Keep a pole upright on a cart, for 500 steps.",
        kwargs: &["sutton_barto_reward"],
        one: |kwargs, limit| one(kwargs, limit, CartPole::new),
        native: |kwargs, limit| native(kwargs, limit, CartPole::new),
        many: cart_poles,
    },
    Entry {
        id: "MaskedCartPole-v1",
        max_episode_steps: 500,
        reward_threshold: Some(475.0),
        render_fps: 50.0,
        description: "CartPole-v1 without velocities: position and angle alone.",
        kwargs: &["sutton_barto_reward"],
        one: |kwargs, limit| one(kwargs, limit, MaskedCartPole::new),
        native: |kwargs, limit| native(kwargs, limit, MaskedCartPole::new),
        many: |kwargs, limit, many| each(kwargs, limit, many, MaskedCartPole::new),
    },
    Entry {
        id: "MountainCar-v0",
        max_episode_steps: 200,
        reward_threshold: Some(-110.0),
        render_fps: 30.0,
        description: "Swing a weak car up a hill, pushing left, right or not.",
        kwargs: &["goal_velocity"],
        one: |kwargs, limit| one(kwargs, limit, MountainCar::new),
        native: |kwargs, limit| native(kwargs, limit, MountainCar::new),
        many: |kwargs, limit, many| each(kwargs, limit, many, MountainCar::new),
    },
    Entry {
        id: "MountainCarContinuous-v0",
        max_episode_steps: 999,
        reward_threshold: Some(90.0),
        render_fps: 30.0,
        description: "Swing a weak car up a hill with a continuous force.",
        kwargs: &["goal_velocity"],
        one: |kwargs, limit| one(kwargs, limit, MountainCarContinuous::new),
        native: |kwargs, limit| native(kwargs, limit, MountainCarContinuous::new),
        many: |kwargs, limit, many| each(kwargs, limit, many, MountainCarContinuous::new),
    },
    Entry {
        id: "Acrobot-v1",
        max_episode_steps: 500,
        reward_threshold: Some(-100.0),
        render_fps: 15.0,
        description: "Swing two links above a line by a torque between them.",
        kwargs: &[],
        one: |kwargs, limit| one(kwargs, limit, Acrobot::new),
        native: |kwargs, limit| native(kwargs, limit, Acrobot::new),
        many: |kwargs, limit, many| each(kwargs, limit, many, Acrobot::new),
    },
    Entry {
        id: "Pendulum-v1",
        max_episode_steps: 200,
        reward_threshold: None,
        render_fps: 30.0,
        description: "Swing a rod up and hold it upright by a torque.",
        kwargs: &["g"],
        one: |kwargs, limit| one(kwargs, limit, Pendulum::new),
        native: |kwargs, limit| native(kwargs, limit, Pendulum::new),
        many: |kwargs, limit, many| each(kwargs, limit, many, Pendulum::new),
    },
];

/// An environment's arguments; an error names the one that was wrong.
fn config<C: DeserializeOwned>(kwargs: Kwargs) -> Result<C, String> {
    let kwargs = serde_json::Value::Object(kwargs);
    serde_path_to_error::deserialize(kwargs).map_err(|error| format!("{}: {}", error.path(), error.inner()))
}

fn one<C, E>(kwargs: Kwargs, limit: Option<u64>, new: fn(C) -> E) -> Result<AnyEnv, String>
where
    C: DeserializeOwned,
    E: Env + Send + 'static,
    E::Obs: Element,
    E::Act: Element,
{
    let env = new(config(kwargs)?);
    Ok(match limit {
        Some(steps) => AnyEnv::new(TimeLimit::new(env, steps)),
        None => AnyEnv::new(env),
    })
}

fn native<C, E>(kwargs: Kwargs, limit: Option<u64>, new: fn(C) -> E) -> Result<NativeEnv, String>
where
    C: DeserializeOwned,
    E: Env + Stateful + Send + 'static,
    E::Obs: Element,
    E::Act: Element,
{
    let env = new(config(kwargs)?);
    Ok(match limit {
        Some(steps) => NativeEnv::new(TimeLimit::new(env, steps)),
        None => NativeEnv::new(env),
    })
}

fn each<C, E, const N: usize>(
    kwargs: Kwargs,
    limit: Option<u64>,
    (num_envs, mode): Many,
    new: fn(C) -> E,
) -> Result<AnyBatch, String>
where
    C: DeserializeOwned,
    E: Env<Obs = [f32; N], Error = ControlError> + Stateful + Clone + Send + 'static,
    E::Act: BatchAction,
{
    let env = new(config(kwargs)?);
    let each = Each::new(env, limit, num_envs, mode).expect("clones have the same spaces, and there is one");
    Ok(AnyBatch::new(each))
}

fn cart_poles(kwargs: Kwargs, limit: Option<u64>, (num_envs, mode): Many) -> Result<AnyBatch, String> {
    let config = config(kwargs)?;
    Ok(AnyBatch::new(CartPoles::new(config, limit, num_envs, mode)))
}

impl Entry {
    fn spec(&self) -> EnvSpec {
        EnvSpec {
            id: self.id.into(),
            max_episode_steps: Some(self.max_episode_steps),
            reward_threshold: self.reward_threshold,
            render_fps: Some(self.render_fps),
            description: self.description.into(),
            kwargs: self.kwargs.iter().map(ToString::to_string).collect(),
        }
    }
}

/// All environments, in order of their ids' families.
pub fn specs() -> impl Iterator<Item = EnvSpec> {
    ENTRIES.iter().map(Entry::spec)
}

fn entry(id: &str) -> Result<&'static Entry, MakeError> {
    ENTRIES.iter().find(|entry| entry.id == id).ok_or_else(|| {
        let name = |id: &str| id.to_lowercase();
        let near = ENTRIES.iter().filter(|e| strsim::jaro_winkler(&name(e.id), &name(id)) > 0.85);
        MakeError::UnknownId {
            id: id.into(),
            near: near.map(|e| e.id.to_string()).collect(),
            known: ENTRIES.iter().map(|e| e.id.to_string()).collect(),
        }
    })
}

/// What is known of the native environment `id`.
///
/// # Errors
/// [`MakeError::UnknownId`].
pub fn spec(id: &str) -> Result<EnvSpec, MakeError> {
    entry(id).map(Entry::spec)
}

/// Makes the environment `id` with its time limit applied.
///
/// `kwargs` are those of the environment, and `max_episode_steps`: another time limit, or -1 for none.
///
/// An id with a colon is an adapter's, each behind a feature: `gymnasium:Acrobot-v1` and `module:Name-v0` are Python's
/// (feature `gymnasium`), `gym-rs:CartPole-v1` and `gym-rs:MountainCar-v0` those of the crate gym-rs (feature `gym-rs`).
///
/// # Errors
/// [`MakeError`] where the id is unknown or a keyword argument is unknown or out of range.
pub fn make(id: &str, kwargs: &Kwargs) -> Result<(AnyEnv, EnvSpec), MakeError> {
    make_wrapped(id, kwargs, &[])
}

/// [`make`], inside wrappers of Python's, the innermost first.
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
    if !observe.is_empty() {
        return Err(MakeError::Observe { id: id.into(), observe: observe.to_vec() });
    }
    if let Some(wrapper) = wrappers.first() {
        return Err(MakeError::Wrapper { id: id.into(), kind: wrapper.kind.clone() });
    }
    match module {
        Some((_, name)) => gym_rs(id, name, kwargs),
        None => made(id, kwargs, |entry, kwargs, limit| (entry.one)(kwargs, limit)),
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
/// [`MakeError`] where the id is unknown or an adapter's, or a keyword argument is unknown or out of range.
pub fn make_native(id: &str, kwargs: &Kwargs) -> Result<(NativeEnv, EnvSpec), MakeError> {
    made(id, kwargs, |entry, kwargs, limit| (entry.native)(kwargs, limit))
}

/// Makes a batch of the native environment `id` with its time limit applied; arguments as those of [`make`].
///
/// # Errors
/// [`MakeError`] where the id is unknown or an adapter's, a keyword argument is unknown or out of range, `num_envs` is 0.
pub fn make_batch(
    id: &str,
    kwargs: &Kwargs,
    num_envs: usize,
    mode: AutoresetMode,
) -> Result<(AnyBatch, EnvSpec), MakeError> {
    if num_envs == 0 {
        let reason = "num_envs: at least 1 expected, found 0".into();
        return Err(MakeError::Kwargs { id: id.into(), reason });
    }
    made(id, kwargs, |entry, kwargs, limit| (entry.many)(kwargs, limit, (num_envs, mode)))
}

fn made<T>(
    id: &str,
    kwargs: &Kwargs,
    new: impl FnOnce(&Entry, Kwargs, Option<u64>) -> Result<T, String>,
) -> Result<(T, EnvSpec), MakeError> {
    let entry = entry(id)?;
    let mut spec = entry.spec();
    let (kwargs, limit) = time_limit(id, kwargs, spec.max_episode_steps)?;
    spec.max_episode_steps = limit;
    only(id, &kwargs, entry.kwargs)?;
    let refuse = |reason: String| MakeError::Kwargs { id: id.into(), reason };
    if let Some((key, found)) = first_not_finite(&kwargs) {
        return Err(refuse(format!("{key}: a finite number expected, found {found}")));
    }
    let made = new(entry, kwargs, limit).map_err(refuse)?;
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
                let reason =
                    format!("max_episode_steps: at least 1, or -1 for none, expected, found {limit}");
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
    let reason = format!("unknown argument {unknown:?}, allowed: {allowed}");
    Err(MakeError::Kwargs { id: id.into(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Actions;
    use sorn_env::{Space, Value};

    fn kwargs(json: serde_json::Value) -> Kwargs {
        json.as_object().unwrap().clone()
    }

    fn refusal(id: &str, json: serde_json::Value) -> String {
        make(id, &kwargs(json)).err().expect("refused").to_string()
    }

    #[test]
    fn an_id_with_an_empty_part_is_refused() {
        for (id, place) in [(":X", "before"), ("module:", "behind"), (":", "before")] {
            let text = refusal(id, serde_json::json!({}));
            assert!(text.contains(&format!("found nothing {place} the colon")), "{text}");
        }
    }

    #[test]
    fn all_are_made_with_spaces_that_hold_their_observations() {
        for spec in specs() {
            let (mut env, made) = make(&spec.id, &Kwargs::new()).unwrap();
            assert_eq!(made, spec);
            let (obs, _) = env.reset(Some(0), None).unwrap();
            env.observation_space().validate().unwrap();
            assert_eq!(env.observation_space().check(&obs), Ok(()), "{}", spec.id);
        }
    }

    #[test]
    fn all_draw_themselves_after_a_reset() {
        for spec in specs() {
            let (mut env, _) = make(&spec.id, &Kwargs::new()).unwrap();
            assert_eq!(env.render().unwrap(), None, "{}", spec.id);
            env.reset(Some(0), None).unwrap();
            let frame = env.render().unwrap().unwrap();
            assert_eq!(frame.rgb.len(), frame.width * frame.height * 3, "{}", spec.id);
            let drawn = frame.rgb.chunks(3).filter(|pixel| *pixel != [255; 3]).count();
            assert!(drawn > 1000 && drawn < frame.width * frame.height / 2, "{}: {drawn}", spec.id);
        }
    }

    #[test]
    fn all_keep_the_contract() {
        for spec in specs() {
            let (mut env, _) = make(&spec.id, &Kwargs::new()).unwrap();
            let report = sorn_env::conformance::check(&mut env, &Default::default());
            assert!(report.findings.is_empty(), "{}: {report}", spec.id);
        }
    }

    #[test]
    fn batches_equal_single_environments() {
        for spec in specs() {
            let json = kwargs(serde_json::json!({ "max_episode_steps": 9 }));
            let (mut batch, made) = make_batch(&spec.id, &json, 2, AutoresetMode::SameStep).unwrap();
            let mut envs: Vec<AnyEnv> = (0..2).map(|_| make(&spec.id, &json).unwrap().0).collect();
            assert_eq!(made.max_episode_steps, Some(9));
            assert_eq!(batch.single_observation_space(), envs[0].observation_space());
            assert_eq!(batch.single_action_space(), envs[0].action_space());
            batch.reset_where(&[true; 2], &[Some(3), Some(4)], None).unwrap();
            envs.iter_mut().zip(3..).for_each(|(env, seed)| drop(env.reset(Some(seed), None).unwrap()));
            for step in 1..=20 {
                let (integers, floats) = ([1, 0], [0.5, -0.25]);
                let actions = match batch.single_action_space() {
                    Space::Discrete { .. } => Actions::Discrete(&integers),
                    _ => Actions::Box(&floats),
                };
                batch.step(actions).unwrap();
                for (i, env) in envs.iter_mut().enumerate() {
                    let action = match actions {
                        Actions::Discrete(_) => Value::Int(integers[i]),
                        Actions::Box(_) => [floats[i]].to_value(),
                    };
                    let expected = env.step(&action).unwrap();
                    let rows = batch.rows();
                    let of = |obs: &[f32], i: usize, n: usize| {
                        Vec::from(&obs[i * obs.len() / n..][..obs.len() / n])
                    };
                    assert_eq!(rows.rewards[i], expected.reward, "{} {step}", spec.id);
                    assert_eq!(
                        (rows.terminated[i], rows.truncated[i]),
                        (expected.terminated, expected.truncated)
                    );
                    let mut obs = of(rows.obs, i, 2);
                    if expected.done() {
                        let place = rows.ended.iter().position(|&ended| ended == i).unwrap();
                        let (first, _) = env.reset(None, None).unwrap();
                        assert_eq!(obs.to_value(), first);
                        obs = of(rows.final_obs, place, rows.ended.len());
                    }
                    assert_eq!(obs.to_value(), expected.obs, "{} {step}", spec.id);
                }
            }
        }
        assert_eq!(
            make_batch("CartPole-v1", &Kwargs::new(), 0, AutoresetMode::NextStep).err().unwrap().to_string(),
            "environment \"CartPole-v1\", kwargs: num_envs: at least 1 expected, found 0"
        );
    }

    #[test]
    fn time_limits_apply() {
        for (json, limit) in [
            (serde_json::json!({}), 200),
            (serde_json::json!({ "max_episode_steps": 3 }), 3),
            (serde_json::json!({ "max_episode_steps": -1 }), u64::MAX),
        ] {
            let (mut env, _) = make("CartPole-v0", &kwargs(json)).unwrap();
            env.reset(Some(0), None).unwrap();
            let steps = (1..=1000).find(|_| env.step(&Value::Int(0)).unwrap().truncated);
            assert_eq!(steps.unwrap_or(u64::MAX), limit);
        }
    }

    #[test]
    fn wrong_names_are_told() {
        let message = refusal("cartpole-v1", serde_json::json!({}));
        assert!(
            message
                .starts_with("unknown environment \"cartpole-v1\"; did you mean CartPole-v0 or CartPole-v1"),
            "{message}"
        );
        assert_eq!(
            refusal("CartPole-v1", serde_json::json!({ "sutton": true })),
            "environment \"CartPole-v1\", kwargs: unknown argument \"sutton\", allowed: sutton_barto_reward, max_episode_steps"
        );
        assert!(
            refusal("CartPole-v1", serde_json::json!({ "sutton_barto_reward": 1 }))
                .contains("expected a boolean")
        );
        assert!(refusal("CartPole-v1", serde_json::json!({ "max_episode_steps": 0 })).contains("found 0"));
    }

    #[test]
    fn adapters_are_features() {
        let message = |id: &str| make(id, &Kwargs::new()).err().map(|e| e.to_string());
        if cfg!(not(feature = "gymnasium")) {
            let text = message("gymnasium:Acrobot-v1").unwrap();
            assert!(
                text.contains("needs the feature \"gymnasium\"") && text.contains("--features"),
                "{text}"
            );
            assert_eq!(
                message("my_robots:Robot-v0").unwrap(),
                text.replace("gymnasium:Acrobot-v1", "my_robots:Robot-v0")
            );
        }
        if cfg!(not(feature = "gym-rs")) {
            let text = message("gym-rs:CartPole-v1").unwrap();
            assert!(text.contains("needs the feature \"gym-rs\""), "{text}");
        }
        let wrapper = PythonWrapper { kind: "gymnasium.wrappers:ClipReward".into(), kwargs: Kwargs::new() };
        for id in ["CartPole-v1", "gym-rs:CartPole-v1"] {
            let error =
                make_wrapped(id, &Kwargs::new(), std::slice::from_ref(&wrapper)).err().unwrap().to_string();
            assert!(error.contains("\"gymnasium.wrappers:ClipReward\" is Python's"), "{error}");
        }
    }
}
