//! Rewards and flags of a step, from Python.

use pyo3::prelude::*;
use pyo3::types::PyBool;
use sorn_env::SpaceError;

use super::codec::kind;
use super::error::Fault;

/// One number, of Python's or NumPy's.
pub(super) fn reward(object: &Bound<'_, PyAny>) -> Result<f64, Fault> {
    object.extract().map_err(|_| {
        let many = object.len().is_ok_and(|len| len > 1);
        let expected = match many && !object.is_instance_of::<pyo3::types::PyString>() {
            true => {
                "a number as reward (a wrapper makes one of several, e.g. mo_gymnasium.wrappers:LinearReward)"
            }
            false => "a number as reward",
        };
        SpaceError::new(expected, kind(object)).into()
    })
}

/// True or False, of Python's or NumPy's, alone or as an array of no dimension; 0 and 1 stand for them.
pub(super) fn flag(name: &str, object: &Bound<'_, PyAny>) -> Result<bool, Fault> {
    if let Ok(flag) = object.cast::<PyBool>() {
        return Ok(flag.is_true());
    }
    // NumPy's own numbers and arrays of no dimension have an `item`; what has a shape is several.
    let alone = match object.getattr_opt("shape")? {
        Some(shape) => shape.extract::<Vec<usize>>().is_ok_and(|shape| shape.is_empty()),
        None => true,
    };
    let number = if alone { object.extract::<f64>().ok() } else { None };
    match number {
        Some(0.0) => Ok(false),
        Some(1.0) => Ok(true),
        _ => Err(SpaceError::new(format!("True or False as {name}"), kind(object)).into()),
    }
}
