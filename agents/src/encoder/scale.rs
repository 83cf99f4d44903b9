//! [`Scale`]: one number for all, or one for each.

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Scales of an observation's numbers: one for all of them, or a list with one for each. An empty list means 1 everywhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Scale {
    /// The same for every number.
    All(f64),
    /// One per number; none means 1 everywhere.
    Each(Vec<f64>),
}

impl Default for Scale {
    fn default() -> Self {
        Scale::Each(Vec::new())
    }
}

impl From<Vec<f64>> for Scale {
    fn from(scale: Vec<f64>) -> Self {
        Scale::Each(scale)
    }
}

impl<'de> Deserialize<'de> for Scale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrEach)
    }
}

struct OneOrEach;

impl<'de> Visitor<'de> for OneOrEach {
    type Value = Scale;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number or a list of numbers")
    }
    fn visit_f64<E: de::Error>(self, scale: f64) -> Result<Scale, E> {
        Ok(Scale::All(scale))
    }
    fn visit_i64<E: de::Error>(self, scale: i64) -> Result<Scale, E> {
        Ok(Scale::All(scale as f64))
    }
    fn visit_u64<E: de::Error>(self, scale: u64) -> Result<Scale, E> {
        Ok(Scale::All(scale as f64))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scale, A::Error> {
        let mut each = Vec::new();
        while let Some(scale) = list.next_element()? {
            each.push(scale);
        }
        Ok(Scale::Each(each))
    }
}
