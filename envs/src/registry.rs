//! Environments by id, as Gymnasium's `make`.

use serde::de::DeserializeOwned;
use sorn_env::wrappers::TimeLimit;
use sorn_env::{AnyEnv, Element, Env};

use crate::{Acrobot, CartPole, MaskedCartPole, MountainCar, MountainCarContinuous, Pendulum};

/// Keyword arguments of an environment, by name.
pub type Kwargs = serde_json::Map<String, serde_json::Value>;

/// What is known of an environment before it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvSpec {
    /// Name and version, e.g. `CartPole-v1`.
    pub id: String,
    /// Episodes are truncated at this many steps.
    pub max_episode_steps: Option<u64>,
    /// Mean return of 100 consecutive episodes from which the task counts as solved.
    pub reward_threshold: Option<f64>,
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
    /// A keyword argument of another name, type or range.
    #[error("environment {id:?}, kwargs: {reason}")]
    Kwargs {
        /// The environment.
        id: String,
        /// Which argument, what was found, what is allowed.
        reason: String,
    },
}

fn near_text(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) }
}

struct Entry {
    id: &'static str,
    max_episode_steps: u64,
    reward_threshold: Option<f64>,
    description: &'static str,
    kwargs: &'static [&'static str],
    new: fn(Kwargs, Option<u64>) -> Result<AnyEnv, serde_json::Error>,
}

const ENTRIES: &[Entry] = &[
    Entry {
        id: "CartPole-v0",
        max_episode_steps: 200,
        reward_threshold: Some(195.0),
        description: "Keep a pole upright on a cart, for 200 steps.",
        kwargs: &["sutton_barto_reward"],
        new: |kwargs, limit| build(kwargs, limit, CartPole::new),
    },
    Entry {
        id: "CartPole-v1",
        max_episode_steps: 500,
        reward_threshold: Some(475.0),
        description: "Keep a pole upright on a cart, for 500 steps.",
        kwargs: &["sutton_barto_reward"],
        new: |kwargs, limit| build(kwargs, limit, CartPole::new),
    },
    Entry {
        id: "MaskedCartPole-v1",
        max_episode_steps: 500,
        reward_threshold: Some(475.0),
        description: "CartPole-v1 without velocities: position and angle alone.",
        kwargs: &["sutton_barto_reward"],
        new: |kwargs, limit| build(kwargs, limit, MaskedCartPole::new),
    },
    Entry {
        id: "MountainCar-v0",
        max_episode_steps: 200,
        reward_threshold: Some(-110.0),
        description: "Swing a weak car up a hill, pushing left, right or not.",
        kwargs: &["goal_velocity"],
        new: |kwargs, limit| build(kwargs, limit, MountainCar::new),
    },
    Entry {
        id: "MountainCarContinuous-v0",
        max_episode_steps: 999,
        reward_threshold: Some(90.0),
        description: "Swing a weak car up a hill with a continuous force.",
        kwargs: &["goal_velocity"],
        new: |kwargs, limit| build(kwargs, limit, MountainCarContinuous::new),
    },
    Entry {
        id: "Acrobot-v1",
        max_episode_steps: 500,
        reward_threshold: Some(-100.0),
        description: "Swing two links above a line by a torque between them.",
        kwargs: &[],
        new: |kwargs, limit| build(kwargs, limit, Acrobot::new),
    },
    Entry {
        id: "Pendulum-v1",
        max_episode_steps: 200,
        reward_threshold: None,
        description: "Swing a rod up and hold it upright by a torque.",
        kwargs: &["g"],
        new: |kwargs, limit| build(kwargs, limit, Pendulum::new),
    },
];

fn build<C, E>(kwargs: Kwargs, limit: Option<u64>, new: fn(C) -> E) -> Result<AnyEnv, serde_json::Error>
where
    C: DeserializeOwned,
    E: Env + Send + 'static,
    E::Obs: Element,
    E::Act: Element,
{
    let env = new(serde_json::from_value(serde_json::Value::Object(kwargs))?);
    Ok(match limit {
        Some(steps) => AnyEnv::new(TimeLimit::new(env, steps)),
        None => AnyEnv::new(env),
    })
}

impl Entry {
    fn spec(&self) -> EnvSpec {
        EnvSpec {
            id: self.id.into(),
            max_episode_steps: Some(self.max_episode_steps),
            reward_threshold: self.reward_threshold,
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

/// What is known of the environment `id`.
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
/// # Errors
/// [`MakeError`] where the id is unknown or a keyword argument is unknown or out of range.
pub fn make(id: &str, kwargs: &Kwargs) -> Result<(AnyEnv, EnvSpec), MakeError> {
    let entry = entry(id)?;
    let mut spec = entry.spec();
    let refuse = |reason: String| MakeError::Kwargs { id: id.into(), reason };
    let mut kwargs = kwargs.clone();
    if let Some(limit) = kwargs.remove("max_episode_steps") {
        spec.max_episode_steps = match limit.as_i64() {
            Some(-1) => None,
            Some(steps @ 1..) => Some(steps.unsigned_abs()),
            _ => {
                return Err(refuse(format!(
                    "max_episode_steps: at least 1, or -1 for none, expected, found {limit}"
                )));
            }
        };
    }
    if let Some(unknown) = kwargs.keys().find(|key| !entry.kwargs.contains(&key.as_str())) {
        let known = entry.kwargs.iter().chain(&["max_episode_steps"]).copied().collect::<Vec<_>>().join(", ");
        return Err(refuse(format!("unknown argument {unknown:?}, allowed: {known}")));
    }
    let env = (entry.new)(kwargs, spec.max_episode_steps).map_err(|e| refuse(e.to_string()))?;
    Ok((env, spec))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sorn_env::Value;

    fn kwargs(json: serde_json::Value) -> Kwargs {
        json.as_object().unwrap().clone()
    }

    fn refusal(id: &str, json: serde_json::Value) -> String {
        make(id, &kwargs(json)).err().expect("refused").to_string()
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
}
