//! [`Schedule`]: a number that changes over the episodes of training.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::AgentError;
use crate::error::check;

/// A step size or an exploration rate over the episodes of training, `t = 0, 1, ...`; from episode `n` on it stays at `to`.
///
/// In an experiment file a number is a constant; otherwise a table says how it changes:
///
/// ```toml
/// actor_step = 0.1
/// critic_step = { kind = "linear", from = 0.1, to = 0.0, episodes = 600 }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// Always the same.
    Constant(f64),
    /// `from + (to - from) t / n`.
    Linear {
        /// At episode 0.
        from: f64,
        /// From episode `episodes` on.
        to: f64,
        /// `n`, 1 or more.
        episodes: u64,
    },
    /// `from (to / from)^(t / n)`; both positive.
    Exponential {
        /// At episode 0.
        from: f64,
        /// From episode `episodes` on.
        to: f64,
        /// `n`, 1 or more.
        episodes: u64,
    },
}

impl From<f64> for Schedule {
    fn from(value: f64) -> Self {
        Schedule::Constant(value)
    }
}

impl Schedule {
    /// The number in episode `episode` of training, from 0.
    pub fn at(&self, episode: u64) -> f64 {
        let progress = |episodes: u64| episode as f64 / episodes as f64;
        match *self {
            Schedule::Constant(value) => value,
            Schedule::Linear { to, episodes, .. } | Schedule::Exponential { to, episodes, .. }
                if episode >= episodes =>
            {
                to
            }
            Schedule::Linear { from, to, episodes } => from + (to - from) * progress(episodes),
            Schedule::Exponential { from, to, episodes } => from * libm::pow(to / from, progress(episodes)),
        }
    }

    /// Checks that every value is in `range`, which `allowed` describes.
    pub(crate) fn validate(
        &self,
        key: &str,
        range: impl Fn(f64) -> bool,
        allowed: &str,
    ) -> Result<(), AgentError> {
        let (from, to, episodes, exponential) = match *self {
            Schedule::Constant(value) => return check(key, value, range(value), allowed),
            Schedule::Linear { from, to, episodes } => (from, to, episodes, false),
            Schedule::Exponential { from, to, episodes } => (from, to, episodes, true),
        };
        for (name, value) in [("from", from), ("to", to)] {
            let key = format!("{key}.{name}");
            check(&key, value, range(value), allowed)?;
            check(&key, value, !exponential || value > 0.0, "a positive number (kind = \"exponential\")")?;
        }
        match episodes {
            0 => Err(AgentError::config(&format!("{key}.episodes"), 0, "at least 1")),
            _ => Ok(()),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Ramp {
    Linear {
        /// The value at the beginning.
        from: f64,
        /// The value at the end.
        to: f64,
        /// Episodes from the first value to the second.
        episodes: u64,
    },
    Exponential {
        /// The value at the beginning.
        from: f64,
        /// The value at the end.
        to: f64,
        /// Episodes from the first value to the second.
        episodes: u64,
    },
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Schedule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Schedule".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let ramp = generator.subschema_for::<Ramp>();
        schemars::json_schema!({ "anyOf": [{ "type": "number" }, ramp] })
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Schedule::Constant(value) => serializer.serialize_f64(value),
            Schedule::Linear { from, to, episodes } => {
                Ramp::Linear { from, to, episodes }.serialize(serializer)
            }
            Schedule::Exponential { from, to, episodes } => {
                Ramp::Exponential { from, to, episodes }.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Schedule;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a number, or a table with kind = \"linear\" or \"exponential\", from, to and episodes",
                )
            }
            fn visit_f64<E>(self, value: f64) -> Result<Schedule, E> {
                Ok(Schedule::Constant(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Schedule, E> {
                Ok(Schedule::Constant(value as f64))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Schedule, E> {
                Ok(Schedule::Constant(value as f64))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Schedule, A::Error> {
                Ok(match Ramp::deserialize(MapAccessDeserializer::new(map))? {
                    Ramp::Linear { from, to, episodes } => Schedule::Linear { from, to, episodes },
                    Ramp::Exponential { from, to, episodes } => Schedule::Exponential { from, to, episodes },
                })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct One {
        step: Schedule,
    }

    fn read(text: &str) -> Result<Schedule, String> {
        toml::from_str::<One>(&format!("step = {text}")).map(|one| one.step).map_err(|e| e.to_string())
    }

    #[test]
    fn schedules_run_from_one_value_to_the_other() {
        let linear = read(r#"{ kind = "linear", from = 1.0, to = 0.5, episodes = 10 }"#).unwrap();
        assert_eq!([0, 5, 10, 99].map(|t| linear.at(t)), [1.0, 0.75, 0.5, 0.5]);
        let halving = read(r#"{ kind = "exponential", from = 8.0, to = 1.0, episodes = 3 }"#).unwrap();
        for (episode, expected) in [(0, 8.0), (1, 4.0), (2, 2.0), (3, 1.0), (4, 1.0)] {
            assert!((halving.at(episode) - expected).abs() < 1e-12);
        }
        assert_eq!(read("2").unwrap().at(7), 2.0);
    }

    #[test]
    fn written_and_read_again_they_are_the_same() {
        let all = [
            Schedule::Constant(0.25),
            Schedule::Linear { from: 1.0, to: 0.0, episodes: 4 },
            Schedule::Exponential { from: 1.0, to: 0.1, episodes: 4 },
        ];
        for step in all {
            let text = toml::to_string(&One { step }).unwrap();
            assert_eq!(toml::from_str::<One>(&text).unwrap().step, step, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = read("\"fast\"").unwrap_err();
        assert!(error.contains("a number, or a table with kind = \"linear\""), "{error}");
        let error = read(r#"{ kind = "linear", from = 1.0, to = 0.5, steps = 10 }"#).unwrap_err();
        assert!(error.contains("`steps`"), "{error}");
        let validate = |text: &str| {
            let positive = |v: f64| v >= 0.0;
            read(text).unwrap().validate("learner.step", positive, "0 or more").unwrap_err().to_string()
        };
        assert_eq!(validate("-1.0"), "learner.step: expected 0 or more, found -1");
        let error = validate(r#"{ kind = "exponential", from = 1.0, to = 0.0, episodes = 10 }"#);
        assert!(error.starts_with("learner.step.to: expected a positive number"), "{error}");
        let error = validate(r#"{ kind = "linear", from = 1.0, to = 0.0, episodes = 0 }"#);
        assert_eq!(error, "learner.step.episodes: expected at least 1, found 0");
    }
}
