//! Python objects as numbers and configurations, and back.

use ndarray::{Array, Array1, Array2, ArrayView, Dimension, Ix1, Ix2};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::{PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde_json::{Map, Number, Value};
use sorn_lab::readable;
use sorn_lab::sorn_core::Params;
use sorn_lab::sorn_envs::gymnasium::call;

use crate::argument::described;
use crate::error::value_error;
use crate::legacy::room_for;

/// `len` real numbers, from an array or whatever NumPy makes one of; `expected` is what messages call the length.
///
/// The length is checked before anything is copied: an array may claim to be longer than any memory.
pub(crate) fn vector(
    name: &str,
    object: &Bound<'_, PyAny>,
    len: usize,
    expected: &str,
) -> PyResult<Array1<f64>> {
    let check = |shape: &[usize]| match *shape {
        [found] if found == len => Ok(()),
        [found] => Err(format!("expected {expected}, found {found}")),
        _ => Err(format!("expected one axis, found shape {}", tuple(shape))),
    };
    let check =
        |shape: &[usize]| check(shape).map_err(|wrong| PyValueError::new_err(format!("{name}: {wrong}")));
    if let Ok(array) = object.cast::<PyArray1<f64>>() {
        let array = array.try_readonly().map_err(value_error)?;
        check(array.shape())?;
        return Ok(owned(array.as_array()));
    }
    numbers(name, object, check)?.into_dimensionality::<Ix1>().map_err(value_error)
}

/// Indices of the ones among `len` zeros and ones.
pub(crate) fn active(name: &str, object: &Bound<'_, PyAny>, len: usize) -> PyResult<Vec<u32>> {
    let values = vector(name, object, len, &format!("{len} values"))?;
    if let Some(index) = values.iter().position(|value| *value != 0.0 && *value != 1.0) {
        let found = values[index];
        return Err(PyValueError::new_err(format!("{name}[{index}]: expected 0 or 1, found {found}")));
    }
    Ok((0..len as u32).filter(|index| values[*index as usize] == 1.0).collect())
}

/// Real numbers of shape (steps, `columns`), as many rows as there is memory for.
pub(crate) fn rows(name: &str, object: &Bound<'_, PyAny>, columns: usize) -> PyResult<Array2<f64>> {
    let check = |shape: &[usize]| {
        let expected = match *shape {
            [_, found] if found == columns => return room_for(name, shape),
            [_, _] => format!("shape (steps, {columns})"),
            _ => "two axes".into(),
        };
        Err(PyValueError::new_err(format!("{name}: expected {expected}, found shape {}", tuple(shape))))
    };
    if let Ok(array) = object.cast::<PyArray2<f64>>() {
        let array = array.try_readonly().map_err(value_error)?;
        check(array.shape())?;
        return Ok(owned(array.as_array()));
    }
    let array = numbers(name, object, check)?;
    let array = array.into_dimensionality::<Ix2>().map_err(value_error)?;
    Ok(owned(array.view()))
}

/// A copy that lies in order. A slice without rows may have strides that ndarray takes for wrong.
fn owned<D: Dimension>(view: ArrayView<'_, f64, D>) -> Array<f64, D> {
    if view.is_empty() { Array::zeros(view.raw_dim()) } else { view.as_standard_layout().into_owned() }
}

/// Real numbers of a shape that `check` accepts.
fn numbers(
    name: &str,
    object: &Bound<'_, PyAny>,
    check: impl Fn(&[usize]) -> PyResult<()>,
) -> PyResult<ndarray::ArrayD<f64>> {
    let py = object.py();
    let numpy = py.import("numpy")?;
    let wrong = |found: String| PyTypeError::new_err(format!("{name}: expected real numbers, found {found}"));
    let array = call(&numpy.getattr("asarray")?, (object,), None)
        .map_err(|error| wrong(error.value(py).to_string()))?;
    let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
    if !["f", "i", "u", "b"].contains(&kind.as_str()) {
        return Err(wrong(format!("{} of dtype {}", object.get_type().name()?, array.getattr("dtype")?)));
    }
    check(&array.getattr("shape")?.extract::<Vec<usize>>()?)?;
    let array = array.call_method1("astype", (numpy.getattr("float64")?,))?;
    let array = array.cast_into::<numpy::PyArrayDyn<f64>>().map_err(PyErr::from)?;
    Ok(owned(array.try_readonly().map_err(value_error)?.as_array()))
}

/// Names in a list or another iterable. A sequence may claim any length, so it is read item by item.
pub(crate) fn names(argument: &str, object: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    const MOST: usize = 1000;
    let wrong = |found: &str| {
        let message = format!("{argument}: expected a list of names, found {found}");
        PyTypeError::new_err(message)
    };
    if object.is_instance_of::<PyString>() || object.is_instance_of::<PyDict>() {
        return Err(wrong(&described(object)));
    }
    let mut names = Vec::new();
    for item in object.try_iter().map_err(|_| wrong(&described(object)))? {
        let item = item?;
        if names.len() == MOST {
            let message = format!("{argument}: expected {MOST} names or fewer, found more");
            return Err(PyValueError::new_err(message));
        }
        names.push(item.extract().map_err(|_| wrong(&format!("{} in it", described(&item))))?);
    }
    Ok(names)
}

/// A number of 64 bits without sign.
pub(crate) fn unsigned(name: &str, object: &Bound<'_, PyAny>) -> PyResult<u64> {
    let wrong = || format!("{name}: expected integers from 0 to 2**64 - 1, found {object}");
    if object.is_instance_of::<PyBool>() {
        return Err(PyTypeError::new_err(wrong()));
    }
    object.extract().map_err(|error: PyErr| match error.is_instance_of::<PyTypeError>(object.py()) {
        true => PyTypeError::new_err(wrong()),
        false => PyValueError::new_err(wrong()),
    })
}

/// True or False, NumPy's as well.
pub(crate) fn flag(name: &str, object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let numpy = object.get_type().name().is_ok_and(|class| class == "bool_" || class == "bool");
    if object.is_instance_of::<PyBool>() || numpy {
        return object.is_truthy();
    }
    Err(PyTypeError::new_err(format!("{name}: expected True or False, found {}", described(object))))
}

/// A seed, 0 if not given.
pub(crate) fn seed(object: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
    object.map_or(Ok(0), |object| unsigned("seed", object))
}

/// A shape as Python writes it.
pub(crate) fn tuple(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// No configuration is nested deeper than this; what contains itself is.
const DEEPEST: usize = 16;
/// No array in a configuration has more values than this.
const LONGEST: usize = 1 << 20;

/// A Python object as JSON; `name` is how messages call it.
pub(crate) fn to_json(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    nested(name, object, 0)
}

fn nested(name: &str, object: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    if depth > DEEPEST {
        return Err(PyValueError::new_err(format!("{name}: expected {DEEPEST} levels or fewer, found more")));
    }
    let wrong = || {
        let found = object.get_type().name().map_or_else(|_| "an object".into(), |n| n.to_string());
        let expected = "None, bool, int, float, str, list, tuple or dict";
        PyTypeError::new_err(format!("{name}: expected {expected}, found {found}"))
    };
    if object.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(value) = object.cast::<PyBool>() {
        return Ok(value.is_true().into());
    }
    if let Ok(text) = object.cast::<PyString>() {
        let text = text.to_cow().map(|text| text.into_owned().into());
        return text
            .map_err(|_| PyValueError::new_err(format!("{name}: expected Unicode text, found {object:?}")));
    }
    if object.is_instance_of::<PyInt>() {
        let number = object.extract::<u64>().map(Number::from);
        let number = number.or_else(|_| object.extract::<i64>().map(Number::from));
        return number.map(Value::Number).map_err(|_| {
            PyValueError::new_err(format!("{name}: expected integers of 64 bits, found {object}"))
        });
    }
    if object.is_instance_of::<PyFloat>() {
        let value: f64 = object.extract()?;
        return Number::from_f64(value).map(Value::Number).ok_or_else(|| {
            PyValueError::new_err(format!("{name}: expected finite numbers, found {object}"))
        });
    }
    if let Ok(dict) = object.cast::<PyDict>() {
        let mut map = Map::new();
        for (key, value) in dict {
            let key: String = key.extract().map_err(|_| wrong())?;
            let value = nested(&format!("{name}.{key}"), &value, depth + 1)?;
            map.insert(key, value);
        }
        return Ok(Value::Object(map));
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        let items = object.try_iter()?.enumerate();
        return items.map(|(k, item)| nested(&format!("{name}[{k}]"), &item?, depth + 1)).collect();
    }
    // NumPy's scalars and arrays.
    // An array without strides looks as large as it likes and takes no memory: all its values count, not its rows.
    let size = object.getattr("size").and_then(|size| size.extract::<usize>());
    if size.or_else(|_| object.len()).is_ok_and(|size| size > LONGEST) {
        let message = format!("{name}: expected {LONGEST} values or fewer, found more");
        return Err(PyValueError::new_err(message));
    }
    match object.getattr("tolist").and_then(|list| call(&list, (), None)) {
        Ok(plain) if !plain.get_type().is(object.get_type()) => nested(name, &plain, depth + 1),
        _ => Err(wrong()),
    }
}

/// JSON as Python objects.
pub(crate) fn from_json<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    call(&py.import("json")?.getattr("loads")?, (value.to_string(),), None)
}

/// JSON as Python objects that refuse changes, which would have no effect on what they show.
pub(crate) fn read_only<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let read_only = py.import("sorn_rs._readonly")?.getattr("read_only")?;
    call(&read_only, (from_json(py, value)?,), None)
}

/// An array that refuses changes, which would have no effect on what it is a copy of.
pub(crate) fn fixed<'py, T: numpy::Element, D: ndarray::Dimension>(
    array: Bound<'py, numpy::PyArray<T, D>>,
) -> Bound<'py, numpy::PyArray<T, D>> {
    array.readwrite().make_nonwriteable();
    array
}

/// A configuration from JSON; an error names the key below `name`.
pub(crate) fn from_value<T: serde::de::DeserializeOwned>(name: &str, value: Value) -> PyResult<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." { name.to_string() } else { format!("{name}.{path}") };
        value_error(format!("{at}: {}", readable(&error.inner().to_string())))
    })
}

/// Parameters of a network from `None`, the name of a preset, or a dictionary (whose `preset` names where it starts from),
/// with `overrides` put in.
pub(crate) fn params(
    given: Option<&Bound<'_, PyAny>>,
    overrides: Option<&Bound<'_, PyDict>>,
) -> PyResult<Params> {
    let mut changes = Map::new();
    match given.map(|given| to_json("params", given)).transpose()? {
        None | Some(Value::Null) => {}
        Some(Value::String(preset)) => {
            changes.insert("preset".into(), preset.into());
        }
        Some(Value::Object(map)) => changes = map,
        Some(other) => {
            let message =
                format!("params: expected the name of a preset, a dictionary or None, found {other}");
            return Err(PyTypeError::new_err(message));
        }
    }
    if let Some(overrides) = overrides
        && let Value::Object(map) = to_json("params", overrides.as_any())?
    {
        changes.extend(map);
    }
    let whole = |params: &Params| match serde_json::to_value(params) {
        Ok(Value::Object(all)) => all,
        other => unreachable!("plain data: {other:?}"),
    };
    let whole =
        Params::with_preset(changes, &Params::default(), whole).map_err(|e| match e.allowed.as_str() {
            "a name" => {
                let allowed = Params::PRESETS.join(", ");
                PyTypeError::new_err(format!("preset: expected one of {allowed}, found {}", e.found))
            }
            _ => value_error(e),
        })?;
    let params: Params = from_value("params", Value::Object(whole))?;
    params.validate().map_err(value_error)?;
    room(&params)?;
    Ok(params)
}

/// Refuses a network that there is no memory for: a failed allocation would end the process.
pub(crate) fn room(params: &Params) -> PyResult<()> {
    params.check_memory().map_err(|error| PyMemoryError::new_err(error.to_string()))
}
