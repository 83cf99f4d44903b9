//! [`Value`]: observations, actions and info entries whose type is known only at run time.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::SpaceError;
use crate::space::numbers;

/// A value of any space, or an entry of an info dictionary.
///
/// Discrete elements are `Int`, Box, MultiDiscrete and MultiBinary elements `Array`s of the space's type, Dict elements
/// `Map`s, Tuple elements `List`s. `Float`, `Bool` and `Text` appear in infos and options only.
///
/// JSON keeps every finite number to the bit; it has no other, see [`is_finite`](Value::is_finite).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A real number.
    Float(f64),
    /// Text.
    Text(String),
    /// Numbers in a shape.
    Array(Array),
    /// An ordered sequence.
    List(Vec<Value>),
    /// Values by name.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// The number of an `Int` or `Float`.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(i) => Some(*i as f64),
            Value::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// The integer of an `Int`.
    pub fn as_i64(&self) -> Option<i64> {
        if let Value::Int(i) = self { Some(*i) } else { None }
    }

    /// The array of an `Array`.
    pub fn as_array(&self) -> Option<&Array> {
        if let Value::Array(array) = self { Some(array) } else { None }
    }

    /// Whether no number in it is NaN or infinite.
    pub fn is_finite(&self) -> bool {
        match self {
            Value::Bool(_) | Value::Int(_) | Value::Text(_) => true,
            Value::Float(x) => x.is_finite(),
            Value::Array(array) => array.iter().all(f64::is_finite),
            Value::List(list) => list.iter().all(Value::is_finite),
            Value::Map(map) => map.values().all(Value::is_finite),
        }
    }

    /// A description short enough for an error message.
    pub fn describe(&self) -> String {
        match self {
            Value::Bool(b) => format!("{b}"),
            Value::Int(i) => format!("integer {i}"),
            Value::Float(f) => format!("number {f}"),
            Value::Text(text) => format!("text {text:?}"),
            Value::Array(array) => {
                format!("array of shape {} and type {}", Shape(array.shape()), array.dtype())
            }
            Value::List(list) => format!("list of {} values", list.len()),
            Value::Map(map) => format!("map of {:?}", map.keys().collect::<Vec<_>>()),
        }
    }
}

/// Numbers of one type in C order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Array {
    shape: Vec<usize>,
    data: Data,
}

/// An [`Array`] read from a file, whose shape may not fit its data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    shape: Vec<usize>,
    data: Data,
}

impl TryFrom<Unchecked> for Array {
    type Error = SpaceError;

    fn try_from(Unchecked { shape, data }: Unchecked) -> Result<Self, SpaceError> {
        Array::new(shape, data)
    }
}

impl Array {
    /// Numbers in a shape.
    ///
    /// # Errors
    /// [`SpaceError`] if the number of elements of the shape differs from that of `data`.
    pub fn new(shape: Vec<usize>, data: impl Into<Data>) -> Result<Self, SpaceError> {
        let data = data.into();
        let size = shape.iter().try_fold(1usize, |size, &dim| size.checked_mul(dim));
        if size == Some(data.len()) {
            Ok(Array { shape, data })
        } else {
            Err(SpaceError::new(
                format!("as many numbers as shape {} holds", Shape(&shape)),
                numbers(data.len()),
            ))
        }
    }

    /// Numbers in one dimension.
    pub fn vector(data: impl Into<Data>) -> Self {
        let data = data.into();
        Array { shape: vec![data.len()], data }
    }

    /// Length per dimension; empty for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers in C order.
    pub fn data(&self) -> &Data {
        &self.data
    }

    pub(crate) fn data_mut(&mut self) -> &mut Data {
        &mut self.data
    }

    /// Consumes the array and returns its numbers in C order.
    pub fn into_data(self) -> Data {
        self.data
    }

    /// Type of the numbers.
    pub fn dtype(&self) -> Dtype {
        self.data.dtype()
    }

    /// How many numbers.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers as `f64`, in C order. Integers beyond 2^53 are rounded.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        (0..self.len()).map(|i| self.data.get(i))
    }
}

/// The numbers of an [`Array`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Data {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
    /// Bytes.
    U8(Vec<u8>),
    /// Signed bytes (Gymnasium's MultiBinary).
    I8(Vec<i8>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// 64-bit integers (Gymnasium's MultiDiscrete).
    I64(Vec<i64>),
}

macro_rules! each_dtype {
    ($(($variant:ident, $type:ty, $name:literal)),+) => {
        impl Data {
            /// How many numbers.
            pub fn len(&self) -> usize {
                match self { $(Data::$variant(v) => v.len()),+ }
            }

            /// Whether there is none.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Type of the numbers.
            pub fn dtype(&self) -> Dtype {
                match self { $(Data::$variant(_) => Dtype::$variant),+ }
            }

            pub(crate) fn get(&self, i: usize) -> f64 {
                match self { $(Data::$variant(v) => v[i] as f64),+ }
            }

            pub(crate) fn set(&mut self, i: usize, x: f64) {
                match self { $(Data::$variant(v) => v[i] = x as $type),+ }
            }

            /// Converts `values` to one type. Numbers that do not fit the type are rounded and saturated.
            pub fn cast(values: impl Iterator<Item = f64>, dtype: Dtype) -> Data {
                match dtype { $(Dtype::$variant => Data::$variant(values.map(|x| x as $type).collect())),+ }
            }
        }

        impl Dtype {
            /// NumPy's name.
            pub fn name(self) -> &'static str {
                match self { $(Dtype::$variant => $name),+ }
            }

            /// Smallest and largest finite number.
            pub fn range(self) -> (f64, f64) {
                match self { $(Dtype::$variant => (<$type>::MIN as f64, <$type>::MAX as f64)),+ }
            }
        }

        $(impl From<Vec<$type>> for Data {
            fn from(data: Vec<$type>) -> Data {
                Data::$variant(data)
            }
        })+
    };
}

each_dtype!(
    (F32, f32, "float32"),
    (F64, f64, "float64"),
    (U8, u8, "uint8"),
    (I8, i8, "int8"),
    (I32, i32, "int32"),
    (I64, i64, "int64")
);

/// The type of the numbers of an [`Array`] or a Box space, by NumPy's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Dtype {
    F32,
    F64,
    U8,
    I8,
    I32,
    I64,
}

impl Dtype {
    /// Whether numbers of this type are floating-point.
    pub fn is_float(self) -> bool {
        matches!(self, Dtype::F32 | Dtype::F64)
    }

    /// Whether every number of this type is one of `other` (NumPy's `can_cast`).
    pub fn fits(self, other: Dtype) -> bool {
        use Dtype::{F32, F64, I8, I32, I64, U8};
        self == other
            || matches!(
                (self, other),
                (F32, F64) | (U8 | I8, I32 | I64 | F32 | F64) | (I32, I64 | F64) | (I64, F64)
            )
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A shape as Python prints it: `(4,)`.
pub(crate) struct Shape<'a>(pub(crate) &'a [usize]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [one] => write!(f, "({one},)"),
            dims => {
                let dims: Vec<String> = dims.iter().map(usize::to_string).collect();
                write!(f, "({})", dims.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn array_counts_its_numbers() {
        let array = Array::new(vec![2, 3], vec![1.0f32; 6]).unwrap();
        assert_eq!((array.len(), array.dtype(), array.shape()), (6, Dtype::F32, &[2, 3][..]));
        let error = Array::new(vec![2, 3], vec![1i64; 5]).unwrap_err();
        assert_eq!(error.to_string(), "expected as many numbers as shape (2, 3) holds, found 5 numbers");
        assert!(Array::new(vec![usize::MAX, 2], vec![0u8; 2]).is_err());
        assert_eq!(Array::new(vec![], vec![2.5]).unwrap().iter().collect::<Vec<_>>(), [2.5]);
    }

    #[test]
    fn json_keeps_every_bit() {
        let floats = vec![0.1 + 0.2, -0.0, 5e-324, f64::MAX];
        let value = Value::Map(BTreeMap::from([
            (
                "all".to_string(),
                Value::List(vec![Value::Int(i64::MIN), Value::Bool(true), Value::Text("a".into())]),
            ),
            ("floats".to_string(), Value::Array(Array::new(vec![2, 2], floats).unwrap())),
            ("narrow".to_string(), Value::Array(Array::vector(vec![0.1f32, f32::MIN_POSITIVE / 3.0]))),
        ]));
        let text = serde_json::to_string(&value).unwrap();
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(format!("{back:?}"), format!("{value:?}"));
        assert!(value.is_finite() && !Value::List(vec![value, Value::Float(f64::NAN)]).is_finite());
        let wrong = text.replace("[2,2]", "[2,3]");
        let error = serde_json::from_str::<Value>(&wrong).unwrap_err().to_string();
        assert!(error.contains("as many numbers as shape (2, 3) holds"), "{error}");
    }

    #[test]
    fn casting_is_numpys() {
        assert!(Dtype::F32.fits(Dtype::F64) && !Dtype::F64.fits(Dtype::F32));
        assert!(Dtype::I64.fits(Dtype::F64) && !Dtype::I32.fits(Dtype::F32) && !Dtype::U8.fits(Dtype::I8));
    }
}
