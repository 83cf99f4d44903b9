//! [`Kwargs`]: keyword arguments, and the numbers in them that JSON does not have.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// Keyword arguments of an environment or wrapper, by name.
///
/// JSON has neither infinity nor NaN; [`number`] represents them here.
pub type Kwargs = Map<String, Value>;

/// The only key of an object that represents a number that JSON does not have.
const TAG: &str = "$float";

/// A number of an argument: JSON's, or for infinities and NaN the object `{"$float": "inf"}`, `"-inf"` or `"nan"`.
///
/// ```
/// use sorn_envs::kwargs::{not_finite, number};
///
/// assert_eq!(number(0.7), serde_json::json!(0.7));
/// assert_eq!(number(f64::INFINITY), serde_json::json!({ "$float": "inf" }));
/// assert_eq!(not_finite(&number(f64::INFINITY)), Some(f64::INFINITY));
/// assert_eq!(not_finite(&number(0.7)), None);
/// ```
pub fn number(x: f64) -> Value {
    let name = match x {
        f64::INFINITY => "inf",
        f64::NEG_INFINITY => "-inf",
        x if x.is_nan() => "nan",
        finite => return finite.into(),
    };
    Value::Object(Map::from_iter([(TAG.to_string(), name.into())]))
}

/// The infinity or NaN that `value` represents, if it is an object made by [`number`].
pub fn not_finite(value: &Value) -> Option<f64> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    match object.get(TAG)?.as_str()? {
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        "nan" => Some(f64::NAN),
        _ => None,
    }
}

/// The first infinity or NaN in `kwargs`, with its key.
pub(crate) fn first_not_finite(kwargs: &Kwargs) -> Option<(String, f64)> {
    fn within(key: &str, value: &Value) -> Option<(String, f64)> {
        if let Some(found) = not_finite(value) {
            return Some((key.into(), found));
        }
        match value {
            Value::Array(list) => {
                list.iter().enumerate().find_map(|(i, item)| within(&format!("{key}[{i}]"), item))
            }
            Value::Object(map) => map.iter().find_map(|(name, item)| within(&format!("{key}.{name}"), item)),
            _ => None,
        }
    }
    kwargs.iter().find_map(|(key, value)| within(key, value))
}

/// Writes `kwargs` with every number as one, for formats that have infinities and NaN (`#[serde(with = "sorn_envs::kwargs")]`).
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(kwargs: &Kwargs, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(kwargs.len()))?;
    for (name, value) in kwargs {
        map.serialize_entry(name, &Plain(value))?;
    }
    map.end()
}

/// Reads what [`serialize`] wrote, and JSON in which [`number`]'s objects stand for infinities and NaN.
///
/// # Errors
/// The deserializer's.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kwargs, D::Error> {
    let read = std::collections::BTreeMap::<String, Read>::deserialize(deserializer)?;
    Ok(read.into_iter().map(|(name, Read(value))| (name, value)).collect())
}

/// A value whose numbers are written as numbers.
struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(x) = not_finite(self.0) {
            return serializer.serialize_f64(x);
        }
        match self.0 {
            Value::Array(list) => {
                let mut seq = serializer.serialize_seq(Some(list.len()))?;
                list.iter().try_for_each(|item| seq.serialize_element(&Plain(item)))?;
                seq.end()
            }
            Value::Object(map) => serialize(map, serializer),
            plain => plain.serialize(serializer),
        }
    }
}

/// A value as a file has it.
struct Read(Value);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> serde::de::Visitor<'de> for Visitor {
    type Value = Read;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Read, E> {
        Ok(Read(value.into()))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Read, E> {
        Ok(Read(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Read, E> {
        Ok(Read(value.into()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Read, E> {
        Ok(Read(number(value)))
    }
    fn visit_str<E>(self, value: &str) -> Result<Read, E> {
        Ok(Read(value.into()))
    }
    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Read(Value::Null))
    }
    fn visit_none<E>(self) -> Result<Read, E> {
        Ok(Read(Value::Null))
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read, D::Error> {
        Read::deserialize(deserializer)
    }
    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Read, A::Error> {
        let mut list = Vec::new();
        while let Some(Read(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Read(list.into()))
    }
    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut entries: A) -> Result<Read, A::Error> {
        let mut map = Map::new();
        while let Some((name, Read(value))) = entries.next_entry::<String, Read>()? {
            map.insert(name, value);
        }
        Ok(Read(map.into()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        #[serde(with = "super")]
        kwargs: Kwargs,
    }

    #[test]
    fn every_value_goes_through_json_unchanged() {
        let kwargs = json!({
            "range": [0.7, number(f64::INFINITY)], "deep": { "low": number(f64::NEG_INFINITY), "nan": number(f64::NAN) },
            "none": null, "flag": true, "whole": -3, "large": u64::MAX, "text": "inf",
        });
        let file = File { kwargs: kwargs.as_object().unwrap().clone() };
        // As whoever writes JSON keeps them: with their tags.
        let read: File = serde_json::from_value(json!({ "kwargs": file.kwargs })).unwrap();
        assert_eq!(read, file);
        assert_eq!(first_not_finite(&file.kwargs), Some(("deep.low".into(), f64::NEG_INFINITY)));
        assert!(not_finite(&file.kwargs["deep"]["nan"]).unwrap().is_nan());
        assert_eq!(not_finite(&json!("inf")), None);
    }
}
