//! Configurations as JSON, with the infinities and NaN that TOML has and JSON has not.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use sorn_envs::kwargs::{not_finite, number};
use toml::{Table, Value};

/// `config` as JSON; an infinity or NaN is an object that stands for it ([`number`]).
pub(crate) fn of<T: Serialize>(config: &T) -> Json {
    let value =
        Value::try_from(config).unwrap_or_else(|e| unreachable!("a configuration is plain data: {e}"));
    json(value)
}

pub(crate) fn serialize<T: Serialize, S: Serializer>(config: &T, serializer: S) -> Result<S::Ok, S::Error> {
    of(config).serialize(serializer)
}

pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let json = Json::deserialize(deserializer)?;
    match toml(&json) {
        Some(value) => value.try_into().map_err(|e: toml::de::Error| D::Error::custom(e.message())),
        // Nothing at all; TOML has no word for it.
        None => T::deserialize(Json::Null).map_err(D::Error::custom),
    }
}

fn json(value: Value) -> Json {
    match value {
        Value::String(text) => text.into(),
        Value::Integer(i) => i.into(),
        Value::Float(x) => number(x),
        Value::Boolean(flag) => flag.into(),
        Value::Datetime(time) => time.to_string().into(),
        Value::Array(list) => list.into_iter().map(json).collect(),
        Value::Table(table) => {
            Json::Object(table.into_iter().map(|(key, value)| (key, json(value))).collect())
        }
    }
}

/// `None` for null, and for whole numbers that are beyond TOML's.
fn toml(json: &Json) -> Option<Value> {
    if let Some(x) = not_finite(json) {
        return Some(Value::Float(x));
    }
    Some(match json {
        Json::Null => return None,
        Json::Bool(flag) => Value::Boolean(*flag),
        Json::Number(number) if number.is_f64() => Value::Float(number.as_f64()?),
        Json::Number(number) => Value::Integer(number.as_i64()?),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(list) => Value::Array(list.iter().map(toml).collect::<Option<_>>()?),
        Json::Object(map) => {
            let entries = map.iter().filter_map(|(key, value)| Some((key.clone(), toml(value)?)));
            Value::Table(entries.collect::<Table>())
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::Experiment;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Kept {
        #[serde(with = "super")]
        experiment: Experiment,
    }

    #[test]
    fn infinities_go_through_json_and_toml_unchanged() {
        let text = "name = \"a\"\n[env]\nid = \"gymnasium:Hopper-v5\"\nobserve = [\"b\"]\n\
                    kwargs = { z = [0.7, inf], deep = { x = nan } }\n\
                    wrappers = [{ kind = \"a:B\", kwargs = { low = -inf, high = 1.5 } }, { kind = \"clip_reward\", min = -inf, max = 1.0 }]\n";
        let experiment = crate::read::experiment(text, "a.toml", &[]).unwrap();
        let toml = experiment.to_toml();
        assert!(toml.contains("[0.7, inf]") && toml.contains("-inf") && toml.contains("nan"), "{toml}");
        assert_eq!(crate::read::experiment(&toml, "b.toml", &[]).unwrap(), experiment);
        let kept = Kept { experiment };
        let json = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Kept>(&json).unwrap(), kept, "{json}");
    }
}
