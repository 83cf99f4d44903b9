//! [`Argument`]: arguments whose errors name them.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// An argument of type `T`, or what came instead. PyO3 names a wrong argument beside the error's text, and only from Python 3.11 on.
pub(crate) struct Argument<T>(Result<T, String>);

impl<T> Argument<T> {
    /// The default of an argument.
    pub(crate) fn of(value: T) -> Self {
        Argument(Ok(value))
    }

    /// # Errors
    /// `TypeError` with the argument's name, what came and what is `expected`.
    pub(crate) fn get(self, name: &str, expected: &str) -> PyResult<T> {
        self.0.map_err(|found| PyTypeError::new_err(format!("{name}: expected {expected}, found {found}")))
    }
}

impl Argument<f64> {
    pub(crate) fn real(self, name: &str) -> PyResult<f64> {
        self.get(name, "a real number")
    }
}

impl Argument<bool> {
    pub(crate) fn flag(self, name: &str) -> PyResult<bool> {
        self.get(name, "True or False")
    }
}

impl Argument<std::path::PathBuf> {
    pub(crate) fn path(self) -> PyResult<std::path::PathBuf> {
        self.get("path", "a str or a path of pathlib")
    }
}

impl<'a, 'py, T: FromPyObject<'a, 'py>> FromPyObject<'a, 'py> for Argument<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Argument(object.extract::<T>().map_err(|_| described(&object))))
    }
}

/// An object as it writes itself, if it can and is short.
pub(crate) fn described(object: &Bound<'_, PyAny>) -> String {
    const LONGEST: usize = 60;
    let text = object.repr().ok().and_then(|text| text.to_cow().ok().map(|text| text.into_owned()));
    match text {
        Some(text) if text.chars().count() <= LONGEST => text,
        _ => object.get_type().name().map_or_else(|_| "an object".into(), |name| name.to_string()),
    }
}
