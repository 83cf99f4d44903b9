//! A value of a file, kept until it is known what reads it.

use std::fmt;

use serde::de::value::{Error, MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// Any value, numbers that JSON does not have among them.
#[derive(Clone, Debug)]
pub enum Buffered {
    /// No value.
    Nothing,
    /// True or false.
    Flag(bool),
    /// A non-negative integer.
    Unsigned(u64),
    /// An integer.
    Signed(i64),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Buffered>),
    /// Keys and their values, in the order in which they came.
    Table(Vec<(String, Buffered)>),
}

impl Buffered {
    /// A table of nothing but its kind.
    pub(crate) fn of_kind(kind: &str) -> Buffered {
        Buffered::Table(vec![("kind".into(), Buffered::Text(kind.into()))])
    }

    /// The text of the key `kind`.
    pub(crate) fn kind(&self) -> Option<&str> {
        let Buffered::Table(table) = self else { return None };
        table.iter().find_map(|(name, value)| match value {
            Buffered::Text(text) if name == "kind" => Some(text.as_str()),
            _ => None,
        })
    }

    /// The keys beside `kind`.
    pub(crate) fn into_keys(self) -> Result<Map<String, Value>, String> {
        let Buffered::Table(table) = self else { return Ok(Map::new()) };
        let keys = table.into_iter().filter(|(name, _)| name != "kind");
        keys.map(|(name, value)| Ok((name.clone(), value.into_json(&name)?))).collect()
    }

    fn into_json(self, key: &str) -> Result<Value, String> {
        Ok(match self {
            Buffered::Nothing => Value::Null,
            Buffered::Flag(value) => value.into(),
            Buffered::Unsigned(value) => value.into(),
            Buffered::Signed(value) => value.into(),
            Buffered::Number(value) if value.is_finite() => value.into(),
            Buffered::Number(value) => {
                return Err(format!("{key}: expected a finite number, found {value}"));
            }
            Buffered::Text(value) => value.into(),
            Buffered::List(list) => {
                list.into_iter().map(|value| value.into_json(key)).collect::<Result<Vec<_>, _>>()?.into()
            }
            Buffered::Table(table) => {
                let entries =
                    table.into_iter().map(|(name, value)| Ok((name.clone(), value.into_json(&name)?)));
                Value::Object(entries.collect::<Result<_, String>>()?)
            }
        })
    }
}

impl<'de> Deserialize<'de> for Buffered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Keep)
    }
}

struct Keep;

impl<'de> Visitor<'de> for Keep {
    type Value = Buffered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Buffered, E> {
        Ok(Buffered::Flag(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Buffered, E> {
        Ok(Buffered::Unsigned(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Buffered, E> {
        Ok(Buffered::Signed(value))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Buffered, E> {
        Ok(Buffered::Number(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Buffered, E> {
        Ok(Buffered::Text(value.into()))
    }
    fn visit_unit<E>(self) -> Result<Buffered, E> {
        Ok(Buffered::Nothing)
    }
    fn visit_none<E>(self) -> Result<Buffered, E> {
        Ok(Buffered::Nothing)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Buffered, D::Error> {
        Buffered::deserialize(deserializer)
    }
    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Buffered, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Buffered::List(list))
    }
    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Buffered, A::Error> {
        let mut table = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            table.push(entry);
        }
        Ok(Buffered::Table(table))
    }
}

impl IntoDeserializer<'_, Error> for Buffered {
    type Deserializer = Buffered;

    fn into_deserializer(self) -> Buffered {
        self
    }
}

impl<'de> Deserializer<'de> for Buffered {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Buffered::Nothing => visitor.visit_unit(),
            Buffered::Flag(value) => visitor.visit_bool(value),
            Buffered::Unsigned(value) => visitor.visit_u64(value),
            Buffered::Signed(value) => visitor.visit_i64(value),
            Buffered::Number(value) => visitor.visit_f64(value),
            Buffered::Text(value) => visitor.visit_string(value),
            Buffered::List(list) => {
                let mut items = SeqDeserializer::new(list.into_iter());
                let value = visitor.visit_seq(&mut items)?;
                items.end().map(|()| value)
            }
            Buffered::Table(table) => {
                let mut entries = MapDeserializer::new(table.into_iter());
                let value = visitor.visit_map(&mut entries)?;
                entries.end().map(|()| value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Buffered::Nothing => visitor.visit_none(),
            other => visitor.visit_some(other),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Buffered::Text(text) => text.into_deserializer().deserialize_enum(name, variants, visitor),
            Buffered::Table(table) => {
                let entries = MapDeserializer::new(table.into_iter());
                MapAccessDeserializer::new(entries).deserialize_enum(name, variants, visitor)
            }
            other => other.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct identifier ignored_any
    }
}
