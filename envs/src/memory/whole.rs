//! Tasks whose state is saved as a whole: [`Stateful`](crate::Stateful) without names.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sorn_env::seeding::Generator;
use sorn_env::{SpaceError, Value};

use crate::stateful::{AttributeError, optional, part, wrong};

/// A task whose fields but for the generator are written down together.
pub(super) trait Whole: Serialize + DeserializeOwned {
    /// Whether `other`, read from a saved state, is a state of this task with the same arguments.
    fn fits(&self, other: &Self) -> bool;
}

/// The fields as JSON's text, and the generator.
pub(super) fn save(task: &impl Whole, generator: Option<&Generator>) -> Value {
    let text = serde_json::to_string(task).expect("numbers, flags and lists of them");
    let task = ("task".to_string(), Value::Text(text));
    let generator = generator.map(|generator| ("generator".to_string(), generator.to_value()));
    Value::Map(std::iter::once(task).chain(generator).collect())
}

/// What [`save`] wrote down, without its generator, and that generator.
pub(super) fn restore<T: Whole>(task: &T, saved: &Value) -> Result<(T, Option<Generator>), AttributeError> {
    let found = part(saved, "task")?;
    let Value::Text(text) = found else { return Err(wrong("task", "the text of a saved task", found)) };
    let refused = |found: String| AttributeError::Value {
        name: "task".into(),
        source: SpaceError::new("a saved state of this task with the same arguments", found),
    };
    let read: T = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
    if !task.fits(&read) {
        return Err(refused(shortened(text)));
    }
    let generator = optional(saved, "generator").map(Generator::from_value).transpose();
    Ok((read, generator.map_err(|source| AttributeError::Value { name: "generator".into(), source })?))
}

fn shortened(text: &str) -> String {
    const MOST: usize = 80;
    let begin: String = text.chars().take(MOST).collect();
    if begin.len() < text.len() { format!("{begin}...") } else { begin }
}

/// [`Stateful`](crate::Stateful) of a [`Whole`] task with a generator in its field `rng`.
macro_rules! whole {
    ($name:ty) => {
        impl $crate::stateful::Stateful for $name {
            fn attributes(&self) -> &'static [&'static str] {
                &[]
            }
            fn attribute(
                &self,
                name: &str,
            ) -> Result<Option<::sorn_env::Value>, $crate::stateful::AttributeError> {
                Err(self.unknown(name))
            }
            fn set_attribute(
                &mut self,
                name: &str,
                _: Option<&::sorn_env::Value>,
            ) -> Result<(), $crate::stateful::AttributeError> {
                Err(self.unknown(name))
            }
            fn generator(&self) -> Option<&Generator> {
                self.rng.as_ref()
            }
            fn set_generator(&mut self, generator: Option<Generator>) {
                self.rng = generator;
            }
            fn saved_state(&self) -> ::sorn_env::Value {
                super::whole::save(self, self.rng.as_ref())
            }
            fn restore_state(
                &mut self,
                saved: &::sorn_env::Value,
            ) -> Result<(), $crate::stateful::AttributeError> {
                let (task, rng) = super::whole::restore(self, saved)?;
                *self = Self { rng, ..task };
                Ok(())
            }
        }
    };
}
pub(super) use whole;
