//! [`keys_of`]: which keys a type reads from a table.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

/// The keys that `T`, a struct that derives `Deserialize`, reads from a table; `None` if `T` takes a table of any keys.
///
/// A registry uses the keys to list what an environment or a part of an agent takes, and rejects every other key.
///
/// ```
/// #[derive(serde::Deserialize)]
/// #[serde(default)]
/// # #[derive(Default)]
/// struct Config {
///     speed: f64,
///     #[serde(rename = "range")]
///     reach: f64,
/// }
/// assert_eq!(sorn_env::keys_of::<Config>(), Some(&["speed", "range"][..]));
/// assert_eq!(sorn_env::keys_of::<std::collections::BTreeMap<String, f64>>(), None);
/// # let Config { speed, reach } = Config::default();
/// # assert_eq!(speed, reach);
/// ```
pub fn keys_of<'de, T: Deserialize<'de>>() -> Option<&'static [&'static str]> {
    match T::deserialize(Ask) {
        Err(Answer(fields)) => fields,
        Ok(_) => Some(&[]),
    }
}

/// A deserializer that returns the fields that the type asks for, in place of a value.
struct Ask;

#[derive(Debug)]
struct Answer(Option<&'static [&'static str]>);

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no value")
    }
}

impl std::error::Error for Answer {}

impl de::Error for Answer {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Answer(None)
    }
}

impl<'de> Deserializer<'de> for Ask {
    type Error = Answer;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Answer> {
        Err(Answer(None))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Answer> {
        Err(Answer(Some(fields)))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Answer> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}
