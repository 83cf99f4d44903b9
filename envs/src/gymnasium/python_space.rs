//! [`PythonSpace`]: a space of Gymnasium's, for programs that meet observations outside an environment.

use pyo3::prelude::*;
use sorn_env::{Space, Value};

use super::codec::Codec;
use super::error::GymnasiumError;

/// A `gymnasium.spaces.Space` object, and how its elements are written in Rust.
pub struct PythonSpace {
    name: &'static str,
    codec: Codec,
    space: Space,
}

impl PythonSpace {
    /// The space of a Python object; `name` is how messages call it.
    ///
    /// # Errors
    /// [`GymnasiumError::Value`] where it is none of [`Space`]'s.
    pub fn new(name: &'static str, space: &Bound<'_, PyAny>) -> Result<Self, GymnasiumError> {
        Self::observing(name, space, &[])
    }

    /// [`new`](PythonSpace::new), of a Dict of which only the members `observe` are kept; all if `observe` is empty.
    ///
    /// # Errors
    /// Those of [`new`](PythonSpace::new), and if there is no such member or the space is no Dict.
    pub fn observing(
        name: &'static str,
        space: &Bound<'_, PyAny>,
        observe: &[String],
    ) -> Result<Self, GymnasiumError> {
        let (codec, space) =
            Codec::observing(name, space, observe).map_err(|fault| fault.at(space.py(), name, "its type"))?;
        Ok(PythonSpace { name, codec, space })
    }

    /// The space in Rust.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// An element of it, from Python's.
    ///
    /// # Errors
    /// [`GymnasiumError::Value`] for another kind or shape.
    pub fn decode(&self, object: &Bound<'_, PyAny>) -> Result<Value, GymnasiumError> {
        self.codec.decode(object).map_err(|fault| fault.at(object.py(), self.name, "an element"))
    }

    /// An element of it, as Python's.
    ///
    /// # Errors
    /// [`GymnasiumError::Value`] for another kind or shape.
    pub fn encode<'py>(&self, py: Python<'py>, value: &Value) -> Result<Bound<'py, PyAny>, GymnasiumError> {
        self.codec.encode(py, value).map_err(|fault| fault.at(py, self.name, "an element"))
    }
}
