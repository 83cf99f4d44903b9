//! [`Value`]: observations, actions and info entries whose type is known only at run time.

use std::collections::BTreeMap;

/// A value of any space, or an entry of an info dictionary.
///
/// Discrete elements are `Int`, Box, MultiDiscrete and MultiBinary elements `Array`s of the space's type, Dict elements
/// `Map`s, Tuple elements `List`s. `Float`, `Bool` and `Text` appear in infos and options only.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number.
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

/// Numbers of one type in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    data: Data,
}

/// The numbers of an [`Array`].
#[derive(Clone, Debug, PartialEq)]
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

/// The type of the numbers of an [`Array`] or a Box space, by NumPy's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Dtype {
    F32,
    F64,
    U8,
    I8,
    I32,
    I64,
}
