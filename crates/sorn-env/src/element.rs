//! [`Element`]: Rust types that can be elements of a [`Space`].

use crate::space_values::{check_length, one_hot};
use crate::{Array, BoxSpace, Data, Space, SpaceError, Value};

/// A type whose values are observations or actions.
///
/// Integers are elements of Discrete spaces. `f32` and `f64` arrays and vectors are elements of one-dimensional Box spaces of
/// that type, single numbers of Box spaces of shape `()`, `[i64; N]` and `Vec<i64>` of MultiDiscrete and integer Box spaces,
/// `[i8; N]` of MultiBinary spaces of shape `(N,)`, `(i64, i64)` of Tuples of two Discrete spaces. [`Array`] and [`Value`] can be elements of any.
pub trait Element: Sized {
    /// The element as a [`Value`].
    fn to_value(&self) -> Value;

    /// Like [`to_value`](Element::to_value), but consumes the element.
    fn into_value(self) -> Value {
        self.to_value()
    }

    /// The inverse of [`to_value`](Element::to_value). Floats of the other width are rounded.
    ///
    /// # Errors
    /// [`SpaceError`] if `value` has another kind or shape.
    fn from_value(value: &Value) -> Result<Self, SpaceError>;

    /// Calls `using` with the element in `value`: like [`from_value`](Element::from_value), but without a copy if possible.
    ///
    /// # Errors
    /// As [`from_value`](Element::from_value).
    fn with_value<R>(value: &Value, using: impl FnOnce(&Self) -> R) -> Result<R, SpaceError> {
        Ok(using(&Self::from_value(value)?))
    }

    /// Writes the element as numbers, as Gymnasium's `flatten` does: Box in C order, Discrete and MultiDiscrete one-hot,
    /// MultiBinary as 0 and 1, Dict and Tuple one member after the other. `out` has length [`Space::flat_dim`].
    ///
    /// # Errors
    /// [`SpaceError`] if the value does not fit the space or the length.
    fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError>;
}

impl Element for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
    fn into_value(self) -> Value {
        self
    }
    fn from_value(value: &Value) -> Result<Self, SpaceError> {
        Ok(value.clone())
    }
    fn with_value<R>(value: &Value, using: impl FnOnce(&Self) -> R) -> Result<R, SpaceError> {
        Ok(using(value))
    }
    fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError> {
        space.flatten_into(self, out)
    }
}

impl Element for Array {
    fn to_value(&self) -> Value {
        Value::Array(self.clone())
    }
    fn into_value(self) -> Value {
        Value::Array(self)
    }
    fn from_value(value: &Value) -> Result<Self, SpaceError> {
        Self::with_value(value, Clone::clone)
    }
    fn with_value<R>(value: &Value, using: impl FnOnce(&Self) -> R) -> Result<R, SpaceError> {
        value.as_array().map(using).ok_or_else(|| SpaceError::new("an array", value.describe()))
    }
    fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError> {
        space.flatten_into(&self.to_value(), out)
    }
}

macro_rules! integer_element {
    ($type:ty) => {
        impl Element for $type {
            /// A number beyond 64-bit signed integers saturates.
            fn to_value(&self) -> Value {
                Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
            }
            fn from_value(value: &Value) -> Result<Self, SpaceError> {
                let number = value.as_i64().and_then(|i| <$type>::try_from(i).ok());
                number.ok_or_else(|| {
                    SpaceError::new(concat!("an integer of ", stringify!($type)), value.describe())
                })
            }
            fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError> {
                let value = self.to_value();
                match (space, &value) {
                    (Space::Discrete { start, .. }, Value::Int(i)) => {
                        check_length(space, out)?;
                        space.check(&value)?;
                        one_hot(out, (i - start) as usize);
                        Ok(())
                    }
                    _ => Err(SpaceError::new(space.to_string(), value.describe())),
                }
            }
        }
    };
}

integer_element!(i64);
integer_element!(usize);

fn flatten_box<T: Copy + Into<f64>>(
    numbers: &[T],
    shape: &[usize],
    space: &Space,
    out: &mut [f64],
) -> Result<(), SpaceError> {
    match space {
        Space::Box(BoxSpace { shape: expected, .. }) if expected == shape => {
            check_length(space, out)?;
            out.iter_mut().zip(numbers).for_each(|(out, &x)| *out = x.into());
            Ok(())
        }
        _ => Err(SpaceError::new(space.to_string(), format!("numbers of shape {shape:?}"))),
    }
}

macro_rules! float_elements {
    ($type:ty, $other:ty, $variant:ident, $wide:ident) => {
        impl Element for $type {
            fn to_value(&self) -> Value {
                Value::Array(Array::new(vec![], vec![*self]).expect("one number has shape ()"))
            }
            fn from_value(value: &Value) -> Result<Self, SpaceError> {
                if let Some(number) = value.as_f64() {
                    return Ok(number as $type);
                }
                match value.as_array() {
                    Some(array) if array.len() == 1 && array.dtype().is_float() => {
                        Ok(array.iter().next().map_or(0.0, |x| x as $type))
                    }
                    _ => Err(SpaceError::new("one number", value.describe())),
                }
            }
            fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError> {
                flatten_box(&[*self], &[], space, out)
            }
        }

        impl<const N: usize> Element for [$type; N] {
            fn to_value(&self) -> Value {
                Value::Array(Array::vector(self.to_vec()))
            }
            fn from_value(value: &Value) -> Result<Self, SpaceError> {
                match value.as_array().map(|array| (array.shape(), array.data())) {
                    Some((&[n], Data::$variant(v))) if n == N => Ok(std::array::from_fn(|i| v[i])),
                    Some((&[n], Data::$wide(v))) if n == N => Ok(std::array::from_fn(|i| v[i] as $type)),
                    _ => Err(SpaceError::new(
                        format!(concat!("an array of shape ({},) and type ", stringify!($type)), N),
                        value.describe(),
                    )),
                }
            }
            fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError> {
                flatten_box(self, &[N], space, out)
            }
        }

        impl Element for Vec<$type> {
            fn to_value(&self) -> Value {
                Value::Array(Array::vector(self.clone()))
            }
            fn from_value(value: &Value) -> Result<Self, SpaceError> {
                match value.as_array().map(|array| (array.shape(), array.data())) {
                    Some(([_], Data::$variant(v))) => Ok(v.clone()),
                    Some(([_], Data::$wide(v))) => Ok(v.iter().map(|&x| x as $type).collect()),
                    _ => Err(SpaceError::new(
                        concat!("a one-dimensional array of type ", stringify!($type)),
                        value.describe(),
                    )),
                }
            }
            fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError> {
                flatten_box(self, &[self.len()], space, out)
            }
        }
    };
}

float_elements!(f32, f64, F32, F64);
float_elements!(f64, f32, F64, F32);

impl Element for Vec<i64> {
    fn to_value(&self) -> Value {
        Value::Array(Array::vector(self.clone()))
    }
    fn from_value(value: &Value) -> Result<Self, SpaceError> {
        match value.as_array().map(|array| (array.shape(), array.data())) {
            Some(([_], Data::I64(v))) => Ok(v.clone()),
            _ => Err(SpaceError::new("a one-dimensional array of type i64", value.describe())),
        }
    }
    fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError> {
        space.flatten_into(&self.to_value(), out)
    }
}

impl<const N: usize> Element for [i64; N] {
    fn to_value(&self) -> Value {
        Value::Array(Array::vector(self.to_vec()))
    }
    fn from_value(value: &Value) -> Result<Self, SpaceError> {
        match value.as_array().map(|array| (array.shape(), array.data())) {
            Some((&[n], Data::I64(v))) if n == N => Ok(std::array::from_fn(|i| v[i])),
            _ => Err(SpaceError::new(format!("an array of shape ({N},) and type i64"), value.describe())),
        }
    }
    fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError> {
        let Space::MultiDiscrete { nvec } = space else {
            return space.flatten_into(&self.to_value(), out);
        };
        check_length(space, out)?;
        let fits = |(i, n): (&i64, &i64)| (0..*n).contains(i);
        if nvec.len() != N || !self.iter().zip(nvec).all(fits) {
            return Err(SpaceError::new(space.to_string(), format!("{self:?}")));
        }
        let mut rest = out;
        for (&choice, &n) in self.iter().zip(nvec) {
            let (code, after) = rest.split_at_mut(n as usize);
            one_hot(code, choice as usize);
            rest = after;
        }
        Ok(())
    }
}

impl<const N: usize> Element for [i8; N] {
    fn to_value(&self) -> Value {
        Value::Array(Array::vector(self.to_vec()))
    }
    fn from_value(value: &Value) -> Result<Self, SpaceError> {
        match value.as_array().map(|array| (array.shape(), array.data())) {
            Some((&[n], Data::I8(v))) if n == N => Ok(std::array::from_fn(|i| v[i])),
            _ => Err(SpaceError::new(format!("an array of shape ({N},) and type i8"), value.describe())),
        }
    }
    fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError> {
        let fits = matches!(space, Space::MultiBinary { shape } if shape[..] == [N]);
        if !fits || !self.iter().all(|bit| (0..2).contains(bit)) {
            return Err(SpaceError::new(space.to_string(), format!("{self:?}")));
        }
        check_length(space, out)?;
        out.iter_mut().zip(self).for_each(|(out, &bit)| *out = bit.into());
        Ok(())
    }
}

impl Element for (i64, i64) {
    fn to_value(&self) -> Value {
        Value::List(vec![Value::Int(self.0), Value::Int(self.1)])
    }
    fn from_value(value: &Value) -> Result<Self, SpaceError> {
        match value {
            Value::List(list) => match list[..] {
                [Value::Int(first), Value::Int(second)] => Ok((first, second)),
                _ => Err(SpaceError::new("two integers", value.describe())),
            },
            _ => Err(SpaceError::new("two integers", value.describe())),
        }
    }
    fn flatten_into(&self, space: &Space, out: &mut [f64]) -> Result<(), SpaceError> {
        let Space::Tuple(members) = space else {
            return Err(SpaceError::new(space.to_string(), self.to_value().describe()));
        };
        let [first, second] = &members[..] else {
            return Err(SpaceError::new(space.to_string(), self.to_value().describe()));
        };
        check_length(space, out)?;
        let (left, right) = out.split_at_mut(first.flat_dim());
        self.0.flatten_into(first, left)?;
        self.1.flatten_into(second, right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        assert_eq!(<[f32; 2]>::from_value(&[1.5f32, -2.0].to_value()), Ok([1.5, -2.0]));
        assert_eq!(Vec::<f64>::from_value(&vec![1.5f32].to_value()), Ok(vec![1.5]));
        assert_eq!(f32::from_value(&0.25f32.to_value()), Ok(0.25));
        assert_eq!(i64::from_value(&(-3i64).to_value()), Ok(-3));
        assert_eq!(Vec::<i64>::from_value(&vec![1i64, 2].to_value()), Ok(vec![1, 2]));
        assert!(usize::from_value(&Value::Int(-1)).is_err());
        assert!(<[f32; 2]>::from_value(&vec![1.0f32; 3].to_value()).is_err());
        assert!(i64::from_value(&Value::Float(1.0)).is_err());
    }

    #[test]
    fn flattening_equals_the_spaces() {
        let cases: [(Space, Value); 2] = [
            (Space::box_f32(&[-1.0; 2], &[1.0; 2]).unwrap(), [0.5f32, 0.25].to_value()),
            (Space::Discrete { n: 3, start: -1 }, Value::Int(1)),
        ];
        for (space, value) in cases {
            let mut by_space = vec![0.0; space.flat_dim()];
            space.flatten_into(&value, &mut by_space).unwrap();
            let mut by_element = vec![0.0; space.flat_dim()];
            match space {
                Space::Discrete { .. } => {
                    i64::from_value(&value).unwrap().flatten_into(&space, &mut by_element)
                }
                _ => <[f32; 2]>::from_value(&value).unwrap().flatten_into(&space, &mut by_element),
            }
            .unwrap();
            assert_eq!(by_space, by_element);
        }
        let factors = Space::MultiDiscrete { nvec: vec![2, 3] };
        let pair = Space::Tuple(vec![Space::Discrete { n: 2, start: 0 }, Space::Discrete { n: 3, start: 0 }]);
        let (mut one, mut other, mut third) = ([0.0; 5], [0.0; 5], [0.0; 5]);
        [1i64, 2].flatten_into(&factors, &mut one).unwrap();
        factors.flatten_into(&[1i64, 2].to_value(), &mut other).unwrap();
        (1, 2).flatten_into(&pair, &mut third).unwrap();
        assert_eq!((one, one), (other, third));
        assert_eq!(one, [0.0, 1.0, 0.0, 0.0, 1.0]);
        assert_eq!(
            [1i64, 3].flatten_into(&factors, &mut one).unwrap_err().to_string(),
            "expected MultiDiscrete([2, 3]), found [1, 3]"
        );
        assert_eq!(<(i64, i64)>::from_value(&(4, 5).to_value()), Ok((4, 5)));
        assert_eq!(<[i64; 2]>::from_value(&[4i64, 5].to_value()), Ok([4, 5]));
        assert!(<[i64; 3]>::from_value(&[4i64, 5].to_value()).is_err());
        let bits = Space::MultiBinary { shape: vec![3] };
        let mut out = [9.0; 3];
        [0i8, 1, 1].flatten_into(&bits, &mut out).unwrap();
        assert_eq!(out, [0.0, 1.0, 1.0]);
        assert_eq!(
            [0i8, 2, 1].flatten_into(&bits, &mut out).unwrap_err().to_string(),
            "expected MultiBinary(3), found [0, 2, 1]"
        );
        assert_eq!(<[i8; 2]>::from_value(&[0i8, 1].to_value()), Ok([0, 1]));
        let mut out = [0.0; 3];
        assert!(5usize.flatten_into(&Space::Discrete { n: 3, start: 0 }, &mut out).is_err());
        assert!([1.0f32; 3].flatten_into(&Space::Discrete { n: 3, start: 0 }, &mut out).is_err());
    }
}
