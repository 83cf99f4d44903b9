//! [`Stateful`]: what a native environment is between two calls, by name.

use std::collections::BTreeMap;

use sorn_env::seeding::Generator;
use sorn_env::wrappers::TimeLimit;
use sorn_env::{Array, Data, SpaceError, Value};

/// An attribute that an environment does not have, or that cannot have a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttributeError {
    /// No attribute of this name can be set or read.
    #[error("no attribute {name:?}; this environment has: {}", if .known.is_empty() { "none".into() } else { .known.join(", ") })]
    Unknown {
        /// The name asked for.
        name: String,
        /// All names.
        known: Vec<&'static str>,
    },
    /// A value that the attribute cannot have.
    #[error("{name}: {source}")]
    Value {
        /// The attribute, or the part of a saved state.
        name: String,
        /// What is allowed, and what was found.
        source: SpaceError,
    },
}

/// An environment whose state can be read, set, saved and restored by name.
///
/// Names are those that Gymnasium's class of the same environment has as attributes: `state`, and the constants of its physics,
/// each of which acts from the next step on. `None` is Python's.
///
/// ```
/// use sorn_env::{Env, Value};
/// use sorn_envs::{CartPole, Stateful};
///
/// let mut env = CartPole::default();
/// env.reset(Some(1), None)?;
/// env.set_attribute("gravity", Some(&Value::Float(1.6)))?;
/// let saved = env.saved_state();
/// let next = env.step(&1)?;
///
/// let mut other = CartPole::default();
/// other.restore_state(&saved)?;
/// assert_eq!(other.step(&1)?, next);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Stateful {
    /// Names of all attributes.
    fn attributes(&self) -> &'static [&'static str];

    /// The value of an attribute.
    ///
    /// # Errors
    /// [`AttributeError::Unknown`].
    fn attribute(&self, name: &str) -> Result<Option<Value>, AttributeError>;

    /// Sets an attribute.
    ///
    /// # Errors
    /// [`AttributeError`].
    fn set_attribute(&mut self, name: &str, value: Option<&Value>) -> Result<(), AttributeError>;

    /// The generator; `None` before the first reset.
    fn generator(&self) -> Option<&Generator>;

    /// Replaces the generator.
    fn set_generator(&mut self, generator: Option<Generator>);

    /// All that decides how it goes on, but for the arguments it was made with: its attributes and generator.
    fn saved_state(&self) -> Value {
        let read = |name: &&str| Some((name.to_string(), self.attribute(name).ok().flatten()?));
        let mut saved = BTreeMap::from([(
            "attributes".to_string(),
            Value::Map(self.attributes().iter().filter_map(read).collect()),
        )]);
        if let Some(generator) = self.generator() {
            saved.insert("generator".into(), generator.to_value());
        }
        Value::Map(saved)
    }

    /// Restores what [`saved_state`](Stateful::saved_state) returned.
    ///
    /// # Errors
    /// [`AttributeError`] naming the part that is not such an environment's; it is to be restored or reset then.
    fn restore_state(&mut self, saved: &Value) -> Result<(), AttributeError> {
        let attributes = part(saved, "attributes")?;
        let Value::Map(found) = attributes else { return Err(wrong("attributes", "a map", attributes)) };
        if let Some(unknown) = found.keys().find(|name| !self.attributes().contains(&name.as_str())) {
            return Err(self.unknown(unknown));
        }
        for name in self.attributes() {
            match (found.get(*name), self.attribute(name)?) {
                (Some(value), _) => self.set_attribute(name, Some(value))?,
                (None, Some(_)) => self.set_attribute(name, None)?,
                (None, None) => {}
            }
        }
        let generator = optional(saved, "generator").map(Generator::from_value).transpose();
        self.set_generator(
            generator.map_err(|source| AttributeError::Value { name: "generator".into(), source })?,
        );
        Ok(())
    }

    /// The refusal of an attribute `name`.
    fn unknown(&self, name: &str) -> AttributeError {
        AttributeError::Unknown { name: name.into(), known: self.attributes().to_vec() }
    }
}

/// [`Stateful`] by that of a field.
macro_rules! stateful_as {
    ($name:ty, $($field:tt).+) => {
        impl $crate::stateful::Stateful for $name {
            fn attributes(&self) -> &'static [&'static str] {
                self.$($field).+.attributes()
            }
            fn attribute(
                &self,
                name: &str,
            ) -> Result<Option<::sorn_env::Value>, $crate::stateful::AttributeError> {
                self.$($field).+.attribute(name)
            }
            fn set_attribute(
                &mut self,
                name: &str,
                value: Option<&::sorn_env::Value>,
            ) -> Result<(), $crate::stateful::AttributeError> {
                self.$($field).+.set_attribute(name, value)
            }
            fn generator(&self) -> Option<&::sorn_env::seeding::Generator> {
                self.$($field).+.generator()
            }
            fn set_generator(&mut self, generator: Option<::sorn_env::seeding::Generator>) {
                self.$($field).+.set_generator(generator);
            }
            fn saved_state(&self) -> ::sorn_env::Value {
                self.$($field).+.saved_state()
            }
            fn restore_state(
                &mut self,
                saved: &::sorn_env::Value,
            ) -> Result<(), $crate::stateful::AttributeError> {
                self.$($field).+.restore_state(saved)
            }
        }
    };
}
pub(crate) use stateful_as;

/// With the steps of the episode under way.
impl<E: Stateful> Stateful for TimeLimit<E> {
    fn attributes(&self) -> &'static [&'static str] {
        self.inner().attributes()
    }
    fn attribute(&self, name: &str) -> Result<Option<Value>, AttributeError> {
        self.inner().attribute(name)
    }
    fn set_attribute(&mut self, name: &str, value: Option<&Value>) -> Result<(), AttributeError> {
        self.inner_mut().set_attribute(name, value)
    }
    fn generator(&self) -> Option<&Generator> {
        self.inner().generator()
    }
    fn set_generator(&mut self, generator: Option<Generator>) {
        self.inner_mut().set_generator(generator);
    }
    fn saved_state(&self) -> Value {
        let elapsed = i64::try_from(self.elapsed_steps()).unwrap_or(i64::MAX);
        Value::Map(BTreeMap::from([
            ("env".into(), self.inner().saved_state()),
            ("elapsed_steps".into(), Value::Int(elapsed)),
        ]))
    }
    fn restore_state(&mut self, saved: &Value) -> Result<(), AttributeError> {
        let steps = part(saved, "elapsed_steps")?;
        let found = steps.as_i64().and_then(|steps| u64::try_from(steps).ok());
        let found = found.ok_or_else(|| wrong("elapsed_steps", "a non-negative integer", steps))?;
        self.inner_mut().restore_state(part(saved, "env")?)?;
        self.set_elapsed_steps(found);
        Ok(())
    }
}

pub(crate) fn wrong(name: &str, expected: impl Into<String>, found: &Value) -> AttributeError {
    AttributeError::Value { name: name.into(), source: SpaceError::new(expected, found.describe()) }
}

fn none(name: &str, expected: impl Into<String>) -> AttributeError {
    AttributeError::Value { name: name.into(), source: SpaceError::new(expected, "None") }
}

/// The part `name` of a saved state.
pub(crate) fn part<'a>(saved: &'a Value, name: &str) -> Result<&'a Value, AttributeError> {
    optional(saved, name).ok_or_else(|| wrong(name, format!("a saved state with {name:?}"), saved))
}

pub(crate) fn optional<'a>(saved: &'a Value, name: &str) -> Option<&'a Value> {
    if let Value::Map(map) = saved { map.get(name) } else { None }
}

/// A finite number.
pub(crate) fn number(name: &str, value: Option<&Value>) -> Result<f64, AttributeError> {
    const EXPECTED: &str = "a finite number";
    let value = value.ok_or_else(|| none(name, EXPECTED))?;
    value.as_f64().filter(|x| x.is_finite()).ok_or_else(|| wrong(name, EXPECTED, value))
}

/// `N` numbers, in an array or list.
pub(crate) fn numbers<const N: usize>(name: &str, value: &Value) -> Result<[f64; N], AttributeError> {
    let found: Option<Vec<f64>> = match value {
        Value::Array(array) => Some(array.iter().collect()),
        Value::List(list) => list.iter().map(Value::as_f64).collect(),
        _ => None,
    };
    found.and_then(|list| list.try_into().ok()).ok_or_else(|| wrong(name, format!("{N} numbers"), value))
}

/// An attribute of numbers in double precision.
pub(crate) fn doubles<const N: usize>(state: Option<[f64; N]>) -> Option<Value> {
    state.map(|state| array(state.to_vec()))
}

/// A type of the numbers of an array.
pub(crate) trait Column: Clone {
    fn of(data: &Data) -> Option<&[Self]>;
}

macro_rules! columns {
    ($(($type:ty, $variant:ident)),+) => {
        $(impl Column for $type {
            fn of(data: &Data) -> Option<&[Self]> {
                if let Data::$variant(numbers) = data { Some(numbers) } else { None }
            }
        })+
    };
}

columns!((f32, F32), (f64, F64), (i64, I64), (u8, U8));

/// The numbers of an array of a saved batch, `len` of them.
pub(crate) fn column<T: Column>(saved: &Value, name: &str, len: usize) -> Result<Vec<T>, AttributeError> {
    let value = part(saved, name)?;
    let found = value.as_array().and_then(|array| T::of(array.data())).filter(|numbers| numbers.len() == len);
    found.map(<[T]>::to_vec).ok_or_else(|| wrong(name, format!("{len} numbers of its type"), value))
}

/// As [`column`], of flags.
pub(crate) fn flags(saved: &Value, name: &str, len: usize) -> Result<Vec<bool>, AttributeError> {
    Ok(column::<u8>(saved, name, len)?.into_iter().map(|flag| flag != 0).collect())
}

/// Numbers of a saved batch.
pub(crate) fn array(data: impl Into<Data>) -> Value {
    Value::Array(Array::vector(data))
}

/// Flags of a saved batch.
pub(crate) fn bytes(flags: &[bool]) -> Value {
    array(flags.iter().map(|&flag| u8::from(flag)).collect::<Vec<u8>>())
}
