//! Observations, from Python.

use numpy::{PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sorn_env::{Array, Data, Dtype, SpaceError, Value};

use super::codec::{ArrayCodec, Codec, kind, tuple_of};
use super::error::Fault;

/// The numbers of an array that already has the right type and layout.
fn read<T>(object: &Bound<'_, PyAny>, shape: &[usize]) -> Option<Data>
where
    T: numpy::Element + Copy,
    Data: From<Vec<T>>,
{
    let array = object.cast::<PyArrayDyn<T>>().ok()?;
    if array.shape() == shape { array.to_vec().ok().map(Data::from) } else { None }
}

fn read_as(object: &Bound<'_, PyAny>, dtype: Dtype, shape: &[usize]) -> Option<Data> {
    match dtype {
        Dtype::F32 => read::<f32>(object, shape),
        Dtype::F64 => read::<f64>(object, shape),
        Dtype::U8 => read::<u8>(object, shape),
        Dtype::I8 => read::<i8>(object, shape),
        Dtype::I32 => read::<i32>(object, shape),
        Dtype::I64 => read::<i64>(object, shape),
    }
}

/// The numbers of whatever NumPy can make an array of: lists, single numbers, arrays of another type or layout. Types are
/// converted where Gymnasium's vector environments would (NumPy's rule "same_kind").
pub(super) fn numbers(object: &Bound<'_, PyAny>, dtype: Dtype, shape: &[usize]) -> Result<Data, Fault> {
    if let Some(data) = read_as(object, dtype, shape) {
        return Ok(data);
    }
    let numpy = object.py().import("numpy")?;
    let refuse =
        || SpaceError::new(format!("an array of shape {} and type {dtype}", Dims(shape)), kind(object));
    // What is no array at all, e.g. a ragged list, has no shape to complain of.
    let array = numpy.call_method1("asarray", (object,)).map_err(|_| refuse())?;
    let found: Vec<usize> = array.getattr("shape")?.extract()?;
    let fits: bool =
        numpy.call_method1("can_cast", (array.getattr("dtype")?, dtype.name(), "same_kind"))?.extract()?;
    if found != shape || !fits {
        return Err(refuse().into());
    }
    let array = numpy.call_method1("ascontiguousarray", (array, dtype.name()))?;
    // `ascontiguousarray` makes a single number an array of one.
    let array = array.call_method1("reshape", (shape.to_vec(),))?;
    read_as(&array, dtype, shape).ok_or_else(|| refuse().into())
}

struct Dims<'a>(&'a [usize]);

impl std::fmt::Display for Dims<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            [one] => write!(f, "({one},)"),
            dims => {
                let dims: Vec<String> = dims.iter().map(ToString::to_string).collect();
                write!(f, "({})", dims.join(", "))
            }
        }
    }
}

fn array(codec: &ArrayCodec, object: &Bound<'_, PyAny>) -> Result<Value, Fault> {
    let mut data = numbers(object, codec.dtype, codec.their_shape())?;
    codec.shift(&mut data, -1);
    Ok(Value::Array(Array::new(codec.shape.clone(), data)?))
}

fn entry<'py>(object: &Bound<'py, PyAny>, name: &str) -> Result<Bound<'py, PyAny>, Fault> {
    let mapping = match object.cast::<PyDict>() {
        Ok(dict) => dict.get_item(name)?,
        // Gymnasium's Dict observations may be any mapping.
        Err(_) => object.call_method1("get", (name,)).ok().filter(|value| !value.is_none()),
    };
    mapping.ok_or_else(|| SpaceError::new(format!("a dict with {name:?}"), kind(object)).into())
}

impl Codec {
    /// An element of the space, from Python.
    pub(super) fn decode(&self, object: &Bound<'_, PyAny>) -> Result<Value, Fault> {
        match self {
            Codec::Discrete { .. } => match object.extract() {
                Ok(i) => Ok(Value::Int(i)),
                Err(_) => Err(SpaceError::new("an integer", kind(object)).into()),
            },
            Codec::Array(codec) => array(codec, object),
            Codec::Dict(members) => {
                let decode = |(name, _, codec): &(String, _, Codec)| {
                    let value = codec.decode(&entry(object, name)?).map_err(|e| e.within(name))?;
                    Ok((name.clone(), value))
                };
                Ok(Value::Map(members.iter().map(decode).collect::<Result<_, Fault>>()?))
            }
            Codec::Tuple(members) => {
                let items = tuple_of(object, members.len(), &format!("a tuple of {}", members.len()))?;
                let decode = |(i, (codec, item)): (usize, (&Codec, Bound<'_, PyAny>))| {
                    codec.decode(&item).map_err(|e| e.within(i))
                };
                let values = members.iter().zip(items.iter()).enumerate().map(decode);
                Ok(Value::List(values.collect::<Result<_, Fault>>()?))
            }
        }
    }

    /// `n` elements of the space that Gymnasium's vector environments have put together.
    pub(super) fn decode_batch(&self, object: &Bound<'_, PyAny>, n: usize) -> Result<Vec<Value>, Fault> {
        match self {
            Codec::Discrete { .. } => match numbers(object, Dtype::I64, &[n])? {
                Data::I64(numbers) => Ok(numbers.into_iter().map(Value::Int).collect()),
                _ => unreachable!("numbers() gives the type asked for"),
            },
            Codec::Array(codec) => {
                let shape: Vec<usize> = [n].iter().chain(codec.their_shape()).copied().collect();
                let data = numbers(object, codec.dtype, &shape)?;
                let rows = split(&data, n).into_iter();
                let element = |mut row| {
                    codec.shift(&mut row, -1);
                    Ok(Value::Array(Array::new(codec.shape.clone(), row)?))
                };
                rows.map(element).collect()
            }
            Codec::Dict(members) => {
                let mut maps = vec![std::collections::BTreeMap::new(); n];
                for (name, _, codec) in members {
                    let values = codec.decode_batch(&entry(object, name)?, n).map_err(|e| e.within(name))?;
                    for (map, value) in maps.iter_mut().zip(values) {
                        map.insert(name.clone(), value);
                    }
                }
                Ok(maps.into_iter().map(Value::Map).collect())
            }
            Codec::Tuple(members) => {
                let items = tuple_of(object, members.len(), &format!("a tuple of {}", members.len()))?;
                let mut lists = vec![Vec::with_capacity(members.len()); n];
                for (i, (codec, item)) in members.iter().zip(items.iter()).enumerate() {
                    let values = codec.decode_batch(&item, n).map_err(|e| e.within(i))?;
                    for (list, value) in lists.iter_mut().zip(values) {
                        list.push(value);
                    }
                }
                Ok(lists.into_iter().map(Value::List).collect())
            }
        }
    }
}

/// `data` in `n` equal parts.
fn split(data: &Data, n: usize) -> Vec<Data> {
    fn parts<T: Clone>(data: &[T], n: usize) -> Vec<Data>
    where
        Data: From<Vec<T>>,
    {
        let size = data.len() / n.max(1);
        (0..n).map(|i| data[i * size..(i + 1) * size].to_vec().into()).collect()
    }
    match data {
        Data::F32(v) => parts(v, n),
        Data::F64(v) => parts(v, n),
        Data::U8(v) => parts(v, n),
        Data::I8(v) => parts(v, n),
        Data::I32(v) => parts(v, n),
        Data::I64(v) => parts(v, n),
    }
}
