//! [`StepSchedule`]: a number that changes over the steps of training.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::AgentError;
use crate::error::check;

/// A number over the steps of training, counted in all environments, `t = 0, 1, ...`.
///
/// In an experiment file a number is a constant; a table describes a change:
///
/// ```toml
/// learning_rate = 0.0003
/// clip_range = { kind = "linear", from = 0.2, to = 0.05, steps = 1000000 }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StepSchedule {
    /// Always the same.
    Constant(f64),
    /// `from + (to - from) t / steps`, and `to` from step `steps` on.
    Linear {
        /// At step 0.
        from: f64,
        /// From step `steps` on.
        to: f64,
        /// 1 or more.
        steps: u64,
    },
}

impl From<f64> for StepSchedule {
    fn from(value: f64) -> Self {
        StepSchedule::Constant(value)
    }
}

impl StepSchedule {
    /// The number at step `step` of training, from 0.
    pub fn at(&self, step: u64) -> f64 {
        match *self {
            StepSchedule::Constant(value) => value,
            StepSchedule::Linear { to, steps, .. } if step >= steps => to,
            StepSchedule::Linear { from, to, steps } => from + (to - from) * (step as f64 / steps as f64),
        }
    }

    /// Checks that every value is in `range`, which `allowed` describes.
    pub(super) fn validate(
        &self,
        key: &str,
        range: impl Fn(f64) -> bool,
        allowed: &str,
    ) -> Result<(), AgentError> {
        let (from, to, steps) = match *self {
            StepSchedule::Constant(value) => return check(key, value, range(value), allowed),
            StepSchedule::Linear { from, to, steps } => (from, to, steps),
        };
        check(&format!("{key}.from"), from, range(from), allowed)?;
        check(&format!("{key}.to"), to, range(to), allowed)?;
        match steps {
            0 => Err(AgentError::config(&format!("{key}.steps"), 0, "at least 1")),
            _ => Ok(()),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "StepRamp"))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Ramp {
    Linear {
        /// The value at the beginning.
        from: f64,
        /// The value at the end.
        to: f64,
        /// Steps from the first value to the second.
        steps: u64,
    },
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for StepSchedule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StepSchedule".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let ramp = generator.subschema_for::<Ramp>();
        schemars::json_schema!({ "anyOf": [{ "type": "number" }, ramp] })
    }
}

impl Serialize for StepSchedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            StepSchedule::Constant(value) => serializer.serialize_f64(value),
            StepSchedule::Linear { from, to, steps } => {
                Ramp::Linear { from, to, steps }.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for StepSchedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = StepSchedule;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a table with kind = \"linear\", from, to and steps")
            }
            fn visit_f64<E>(self, value: f64) -> Result<StepSchedule, E> {
                Ok(StepSchedule::Constant(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<StepSchedule, E> {
                Ok(StepSchedule::Constant(value as f64))
            }
            fn visit_u64<E>(self, value: u64) -> Result<StepSchedule, E> {
                Ok(StepSchedule::Constant(value as f64))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StepSchedule, A::Error> {
                let Ramp::Linear { from, to, steps } = Ramp::deserialize(MapAccessDeserializer::new(map))?;
                Ok(StepSchedule::Linear { from, to, steps })
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
        rate: StepSchedule,
    }

    fn read(text: &str) -> Result<StepSchedule, String> {
        toml::from_str::<One>(&format!("rate = {text}")).map(|one| one.rate).map_err(|e| e.to_string())
    }

    #[test]
    fn it_runs_from_one_value_to_the_other() {
        let linear = read(r#"{ kind = "linear", from = 1.0, to = 0.5, steps = 10 }"#).unwrap();
        assert_eq!([0, 5, 10, 99].map(|t| linear.at(t)), [1.0, 0.75, 0.5, 0.5]);
        assert_eq!(read("2").unwrap().at(7), 2.0);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = read("\"fast\"").unwrap_err();
        assert!(error.contains("a number, or a table with kind = \"linear\""), "{error}");
        let error = read(r#"{ kind = "linear", from = 1.0, to = 0.5, episodes = 10 }"#).unwrap_err();
        assert!(error.contains("`episodes`"), "{error}");
        let refused = |text: &str| {
            read(text)
                .unwrap()
                .validate("learner.learning_rate", |v| v >= 0.0, "0 or more")
                .unwrap_err()
                .to_string()
        };
        let error = refused(r#"{ kind = "linear", from = 1.0, to = -0.5, steps = 10 }"#);
        assert_eq!(error, "learner.learning_rate.to: expected 0 or more, found -0.5");
        let error = refused(r#"{ kind = "linear", from = 1.0, to = 0.0, steps = 0 }"#);
        assert_eq!(error, "learner.learning_rate.steps: expected at least 1, found 0");
    }
}
