//! Actions, to Python.

use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use sorn_env::{Array, Data, SpaceError, Value};

use super::codec::{ArrayCodec, Codec};
use super::error::Fault;

/// A NumPy array of `data`, in this shape.
pub(super) fn numpy_array<'py>(py: Python<'py>, data: &Data, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    fn array<'py, T: numpy::Element + Copy>(
        py: Python<'py>,
        numbers: &[T],
        shape: &[usize],
    ) -> PyResult<Bound<'py, PyAny>> {
        let flat = PyArray1::from_slice(py, numbers);
        if shape.len() == 1 { Ok(flat.into_any()) } else { Ok(flat.reshape(shape)?.into_any()) }
    }
    match data {
        Data::F32(v) => array(py, v, shape),
        Data::F64(v) => array(py, v, shape),
        Data::U8(v) => array(py, v, shape),
        Data::I8(v) => array(py, v, shape),
        Data::I32(v) => array(py, v, shape),
        Data::I64(v) => array(py, v, shape),
    }
}

fn has_nan(data: &Data) -> bool {
    match data {
        Data::F32(v) => v.iter().any(|x| x.is_nan()),
        Data::F64(v) => v.iter().any(|x| x.is_nan()),
        _ => false,
    }
}

impl ArrayCodec {
    /// `value` as numbers of this space. The environment handles the bounds of a Box, as in Gymnasium.
    fn check<'a>(&self, value: &'a Value) -> Result<std::borrow::Cow<'a, Data>, SpaceError> {
        use std::borrow::Cow;
        let expected = || match &self.exact {
            Some(space) => space.to_string(),
            None => format!("an array of shape {:?} and type {}", self.shape, self.dtype),
        };
        let array = value
            .as_array()
            .filter(|array| array.shape() == self.shape)
            .ok_or_else(|| SpaceError::new(expected(), value.describe()))?;
        let data = match array.dtype() {
            same if same == self.dtype => Cow::Borrowed(array.data()),
            other if other.fits(self.dtype) || other.is_float() && self.dtype.is_float() => {
                Cow::Owned(Data::cast(array.iter(), self.dtype))
            }
            _ => return Err(SpaceError::new(expected(), value.describe())),
        };
        if has_nan(&data) {
            return Err(SpaceError::new("an action without NaN", format!("{:?}", array.data())));
        }
        if let Some(space) = &self.exact {
            space.check(&Value::Array(Array::new(self.shape.clone(), data.clone().into_owned())?))?;
        }
        Ok(match self.start {
            None => data,
            Some(_) => {
                let mut moved = data.into_owned();
                self.shift(&mut moved, 1);
                Cow::Owned(moved)
            }
        })
    }

    fn encode<'py>(&self, py: Python<'py>, data: &Data, shape: &[usize]) -> Result<Bound<'py, PyAny>, Fault> {
        let array = numpy_array(py, data, shape)?;
        Ok(match &self.foreign {
            Some(dtype) => array.call_method1("astype", (dtype,))?,
            None => array,
        })
    }
}

fn integer(value: &Value, n: i64, start: i64) -> Result<i64, SpaceError> {
    let inside = |i: &i64| *i >= start && *i - start < n;
    value.as_i64().filter(inside).ok_or_else(|| {
        SpaceError::new(format!("an integer from {start} to {}", start + n - 1), value.describe())
    })
}

fn entry<'a>(value: &'a Value, name: &str) -> Result<&'a Value, SpaceError> {
    let found = if let Value::Map(map) = value { map.get(name) } else { None };
    found.ok_or_else(|| SpaceError::new(format!("a map with {name:?}"), value.describe()))
}

fn entries(value: &Value, n: usize) -> Result<&[Value], SpaceError> {
    match value {
        Value::List(list) if list.len() == n => Ok(list),
        _ => Err(SpaceError::new(format!("a list of {n} values"), value.describe())),
    }
}

impl Codec {
    /// An element of the space, for Python.
    pub(super) fn encode<'py>(&self, py: Python<'py>, value: &Value) -> Result<Bound<'py, PyAny>, Fault> {
        match self {
            Codec::Discrete { n, start, scalar, ready } => {
                let i = integer(value, *n, *start)?;
                match ready.get((i - start) as usize) {
                    Some(element) => Ok(element.bind(py).clone()),
                    None => Ok(scalar.bind(py).call1((i,))?),
                }
            }
            Codec::Array(codec) => codec.encode(py, &*codec.check(value)?, codec.their_shape()),
            Codec::Dict(members) => {
                let dict = PyDict::new(py);
                for (name, key, codec) in members {
                    let member = codec.encode(py, entry(value, name)?).map_err(|e| e.within(name))?;
                    dict.set_item(key, member)?;
                }
                Ok(dict.into_any())
            }
            Codec::Tuple(members) => {
                let values = entries(value, members.len())?;
                let encode = |(i, (codec, value)): (usize, (&Codec, &Value))| {
                    codec.encode(py, value).map_err(|e| e.within(i))
                };
                let items =
                    members.iter().zip(values).enumerate().map(encode).collect::<Result<Vec<_>, Fault>>()?;
                Ok(PyTuple::new(py, items)?.into_any())
            }
        }
    }

    /// Elements of the space put together, as Gymnasium's vector environments take them.
    pub(super) fn encode_batch<'py>(
        &self,
        py: Python<'py>,
        values: &[&Value],
    ) -> Result<Bound<'py, PyAny>, Fault> {
        match self {
            Codec::Discrete { n, start, .. } => {
                let numbers = values.iter().map(|value| integer(value, *n, *start));
                let numbers: Vec<i64> = numbers.collect::<Result<_, _>>()?;
                Ok(PyArray1::from_vec(py, numbers).into_any())
            }
            Codec::Array(codec) => {
                let mut all = Data::cast(std::iter::empty(), codec.dtype);
                for value in values {
                    append(&mut all, &*codec.check(value)?);
                }
                let shape: Vec<usize> = [values.len()].iter().chain(codec.their_shape()).copied().collect();
                codec.encode(py, &all, &shape)
            }
            Codec::Dict(members) => {
                let dict = PyDict::new(py);
                for (name, key, codec) in members {
                    let column: Vec<&Value> =
                        values.iter().map(|value| entry(value, name)).collect::<Result<_, _>>()?;
                    dict.set_item(key, codec.encode_batch(py, &column).map_err(|e| e.within(name))?)?;
                }
                Ok(dict.into_any())
            }
            Codec::Tuple(members) => {
                let rows: Vec<&[Value]> =
                    values.iter().map(|value| entries(value, members.len())).collect::<Result<_, _>>()?;
                let mut columns = Vec::with_capacity(members.len());
                for (i, codec) in members.iter().enumerate() {
                    let column: Vec<&Value> = rows.iter().map(|row| &row[i]).collect();
                    columns.push(codec.encode_batch(py, &column).map_err(|e| e.within(i))?);
                }
                Ok(PyTuple::new(py, columns)?.into_any())
            }
        }
    }
}

/// Puts `more`, of the same type, behind `all`.
fn append(all: &mut Data, more: &Data) {
    match (all, more) {
        (Data::F32(all), Data::F32(more)) => all.extend_from_slice(more),
        (Data::F64(all), Data::F64(more)) => all.extend_from_slice(more),
        (Data::U8(all), Data::U8(more)) => all.extend_from_slice(more),
        (Data::I8(all), Data::I8(more)) => all.extend_from_slice(more),
        (Data::I32(all), Data::I32(more)) => all.extend_from_slice(more),
        (Data::I64(all), Data::I64(more)) => all.extend_from_slice(more),
        _ => unreachable!("check() gives the codec's type"),
    }
}
