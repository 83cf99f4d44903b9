//! Values without a space: infos from Python; options and keyword arguments to Python.

use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use serde_json::Value as Json;
use sorn_env::{Array, Dtype, Info, Value};

use super::decode::numbers;
use super::encode::numpy_array;
use crate::kwargs::not_finite;

/// Deeper than this, a value is kept as text: it may contain itself.
const DEEPEST: usize = 16;

/// The entries of an info dictionary.
///
/// Booleans, integers of 64 bits, numbers, text, arrays of numbers, sequences and dictionaries convert; `None` is left out;
/// anything else is kept as the text of its `repr`.
pub(super) fn info(object: &Bound<'_, PyAny>) -> PyResult<Info> {
    match object.cast::<PyDict>() {
        Ok(dict) if dict.is_empty() => Ok(Info::new()),
        Ok(dict) => entries(dict, 0),
        Err(_) => Err(pyo3::exceptions::PyTypeError::new_err(format!(
            "info must be a dict, found {}",
            object.get_type().name()?
        ))),
    }
}

fn entries(dict: &Bound<'_, PyDict>, depth: usize) -> PyResult<Info> {
    let mut entries = Info::new();
    for (key, value) in dict {
        if let Some(value) = optional(&value, depth)? {
            let key = match key.cast::<PyString>() {
                Ok(text) => text.to_string_lossy().into_owned(),
                Err(_) => key.str()?.to_string_lossy().into_owned(),
            };
            entries.insert(key, value);
        }
    }
    Ok(entries)
}

fn optional(object: &Bound<'_, PyAny>, depth: usize) -> PyResult<Option<Value>> {
    if object.is_none() { Ok(None) } else { value(object, depth).map(Some) }
}

/// A value without a space, from Python: booleans, integers of 64 bits, numbers, text, arrays of numbers, sequences and
/// dictionaries; anything else as the text of its `repr`.
///
/// # Errors
/// What Python raises while the object is read.
pub fn from_python(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    value(object, 0)
}

/// One entry.
pub(super) fn value(object: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    if let Ok(number) = object.cast::<PyFloat>() {
        return Ok(Value::Float(number.extract()?));
    }
    if let Ok(flag) = object.cast::<PyBool>() {
        return Ok(Value::Bool(flag.is_true()));
    }
    if let Ok(number) = object.cast::<PyInt>() {
        return Ok(number.extract().map_or_else(|_| repr(object), Value::Int));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Value::Text(text.to_string_lossy().into_owned()));
    }
    if let Some(number) = numpy_number(object)? {
        return Ok(number);
    }
    if let Ok(array) = object.cast::<PyUntypedArray>() {
        return Ok(array_value(array).unwrap_or_else(|| repr(object)));
    }
    if depth == DEEPEST {
        return Ok(repr(object));
    }
    if let Ok(dict) = object.cast::<PyDict>() {
        return Ok(Value::Map(entries(dict, depth + 1)?));
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        let items = object.try_iter()?.map(|item| value(&item?, depth + 1));
        return Ok(Value::List(items.collect::<PyResult<_>>()?));
    }
    Ok(repr(object))
}

/// The value of one of NumPy's own numbers; `numpy.float64` is a float and does not come here.
fn numpy_number(object: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    static TYPES: [PyOnceLock<Py<PyType>>; 3] = [const { PyOnceLock::new() }; 3];
    let is = |i: usize, name| object.is_instance(TYPES[i].import(object.py(), "numpy", name)?);
    Ok(if is(0, "floating")? {
        Some(Value::Float(object.extract()?))
    } else if is(1, "integer")? {
        Some(object.extract().map_or_else(|_| repr(object), Value::Int))
    } else if is(2, "bool_")? {
        Some(Value::Bool(object.is_truthy()?))
    } else {
        None
    })
}

fn repr(object: &Bound<'_, PyAny>) -> Value {
    Value::Text(match object.repr() {
        Ok(text) => text.to_string_lossy().into_owned(),
        Err(_) => "no repr".into(),
    })
}

/// Numbers of the nearest type that holds them all; `None` for text, objects, and numbers that none holds.
fn array_value(array: &Bound<'_, PyUntypedArray>) -> Option<Value> {
    let dtype = array.dtype();
    // The name of a type is put together in Python for each call, which takes longer than all the rest.
    let dtype = match (dtype.kind(), dtype.itemsize()) {
        (b'f', 2 | 4) => Dtype::F32,
        (b'f', 8) => Dtype::F64,
        (b'b' | b'u', 1) => Dtype::U8,
        (b'i', 1) => Dtype::I8,
        (b'i', 2 | 4) | (b'u', 2) => Dtype::I32,
        (b'i', 8) | (b'u', 4) => Dtype::I64,
        _ => return None,
    };
    let shape = array.shape().to_vec();
    let data = numbers(array.as_any(), dtype, &shape).ok()?;
    Array::new(shape, data).ok().map(Value::Array)
}

/// A value, for Python: arrays as NumPy arrays, lists and maps as lists and dicts.
///
/// # Errors
/// What Python raises, out of memory for example.
pub fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Bool(flag) => flag.into_bound_py_any(py),
        Value::Int(i) => i.into_bound_py_any(py),
        Value::Float(x) => x.into_bound_py_any(py),
        Value::Text(text) => text.into_bound_py_any(py),
        Value::Array(array) => numpy_array(py, array.data(), array.shape()),
        Value::List(list) => {
            let items = list.iter().map(|item| to_python(py, item)).collect::<PyResult<Vec<_>>>()?;
            Ok(PyList::new(py, items)?.into_any())
        }
        Value::Map(map) => {
            let dict = PyDict::new(py);
            for (key, item) in map {
                dict.set_item(key, to_python(py, item)?)?;
            }
            Ok(dict.into_any())
        }
    }
}

/// JSON, for Python.
fn json<'py>(py: Python<'py>, value: &Json) -> PyResult<Bound<'py, PyAny>> {
    if let Some(x) = not_finite(value) {
        return x.into_bound_py_any(py);
    }
    match value {
        Json::Null => Ok(py.None().into_bound(py)),
        Json::Bool(flag) => flag.into_bound_py_any(py),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(i), _) => i.into_bound_py_any(py),
            (_, Some(u)) => u.into_bound_py_any(py),
            _ => number.as_f64().into_bound_py_any(py),
        },
        Json::String(text) => text.into_bound_py_any(py),
        Json::Array(list) => {
            let items = list.iter().map(|item| json(py, item)).collect::<PyResult<Vec<_>>>()?;
            Ok(PyList::new(py, items)?.into_any())
        }
        Json::Object(map) => Ok(keywords(py, map)?.into_any()),
    }
}

/// Keyword arguments, for Python.
pub(super) fn keywords<'py>(py: Python<'py>, kwargs: &crate::Kwargs) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (key, value) in kwargs {
        dict.set_item(key, json(py, value)?)?;
    }
    Ok(dict)
}
