//! [`Element`]: Rust types that can be elements of a [`Space`].

use crate::{Space, SpaceError, Value};

/// A type whose values are observations or actions.
pub trait Element: Sized {
    /// The same as a [`Value`].
    fn to_value(&self) -> Value;

    /// The reverse of [`to_value`](Element::to_value).
    ///
    /// # Errors
    /// [`SpaceError`] where `value` is of another kind or shape.
    fn from_value(value: &Value) -> Result<Self, SpaceError>;

    /// Writes the element as numbers, as Gymnasium's `flatten` does: Box in C order, Discrete and MultiDiscrete one-hot,
    /// MultiBinary as 0 and 1, Dict and Tuple one member after the other. `out` has length [`Space::flat_dim`].
    ///
    /// # Errors
    /// [`SpaceError`] where the value does not fit the space or the length.
    fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError>;
}

impl Element for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
    fn from_value(value: &Value) -> Result<Self, SpaceError> {
        Ok(value.clone())
    }
    fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError> {
        space.flatten_into(self, out)
    }
}
