//! [`Codec`]: how the elements of one space pass between Python and here, worked out once per environment.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use sorn_env::{BoxSpace, Data, Dtype, Space, SpaceError};

use super::error::Fault;

/// Discrete spaces up to this size keep their elements ready as Python objects.
const READY: i64 = 1024;

/// A space of Python's, with what it takes to convert its elements.
pub(super) enum Codec {
    Discrete {
        n: i64,
        start: i64,
        /// `numpy.int64`, or the space's other type.
        scalar: Py<PyAny>,
        /// The elements in order, where there are few.
        ready: Vec<Py<PyAny>>,
    },
    Array(ArrayCodec),
    Dict(Vec<(String, Py<PyString>, Codec)>),
    Tuple(Vec<Codec>),
}

/// Box, MultiDiscrete and MultiBinary.
pub(super) struct ArrayCodec {
    pub(super) shape: Vec<usize>,
    pub(super) dtype: Dtype,
    /// The space's own `numpy.dtype`, where it is none of ours but fits `dtype`.
    pub(super) foreign: Option<Py<PyAny>>,
    /// What an action must be in, where it is more than shape, type and being a number.
    pub(super) exact: Option<Space>,
    /// The smallest element of each position of a MultiDiscrete, where one is not 0.
    pub(super) start: Option<Vec<i64>>,
}

impl ArrayCodec {
    /// Moves elements to where Python's begin (`sign` 1), or from there to 0 (-1).
    pub(super) fn shift(&self, data: &mut Data, sign: i64) {
        if let (Some(start), Data::I64(numbers)) = (&self.start, data) {
            for (number, start) in numbers.iter_mut().zip(start) {
                *number = number.wrapping_add(sign.wrapping_mul(*start));
            }
        }
    }
}

/// The type that holds every number of NumPy's type `name`.
fn dtype_of(name: &str) -> Option<(Dtype, bool)> {
    Some(match name {
        "float32" => (Dtype::F32, true),
        "float64" => (Dtype::F64, true),
        "uint8" => (Dtype::U8, true),
        "int8" => (Dtype::I8, true),
        "int32" => (Dtype::I32, true),
        "int64" => (Dtype::I64, true),
        "bool" => (Dtype::U8, false),
        "float16" => (Dtype::F32, false),
        "int16" | "uint16" => (Dtype::I32, false),
        "uint32" => (Dtype::I64, false),
        _ => return None,
    })
}

fn array_codec(space: &Bound<'_, PyAny>, exact: Option<Space>) -> Result<ArrayCodec, Fault> {
    let numpy = space.getattr("dtype")?;
    let name: String = numpy.getattr("name")?.extract()?;
    let Some((dtype, ours)) = dtype_of(&name) else {
        let allowed =
            "a space of numbers of float16, float32, float64, bool, int8 to int64, or uint8 to uint32";
        return Err(SpaceError::new(allowed, name).into());
    };
    let foreign = (!ours).then(|| numpy.unbind());
    Ok(ArrayCodec { shape: space.getattr("shape")?.extract()?, dtype, foreign, exact, start: None })
}

fn discrete(space: &Bound<'_, PyAny>) -> Result<(Codec, Space), Fault> {
    let py = space.py();
    let (n, start): (i64, i64) = (space.getattr("n")?.extract()?, space.getattr("start")?.extract()?);
    // Before Gymnasium 1.3 every Discrete space was of int64.
    let scalar = match space.getattr_opt("dtype")? {
        Some(dtype) if !dtype.is_none() => dtype.getattr("type")?,
        _ => py.import("numpy")?.getattr("int64")?,
    };
    let elements = if n <= READY { start..start + n } else { 0..0 };
    let ready = elements.map(|i| Ok(scalar.call1((i,))?.unbind())).collect::<PyResult<_>>()?;
    Ok((Codec::Discrete { n, start, scalar: scalar.unbind(), ready }, Space::Discrete { n, start }))
}

fn multi_discrete(space: &Bound<'_, PyAny>) -> Result<(Codec, Space), Fault> {
    let nvec = space.getattr("nvec")?;
    let dims: usize = nvec.getattr("ndim")?.extract()?;
    if dims != 1 {
        return Err(
            SpaceError::new("MultiDiscrete of one dimension", format!("one of {dims} dimensions")).into()
        );
    }
    let starts: Vec<i64> = match space.getattr_opt("start")? {
        Some(start) => start.call_method0("tolist")?.extract()?,
        None => vec![],
    };
    let multi = Space::MultiDiscrete { nvec: nvec.call_method0("tolist")?.extract()? };
    let mut codec = array_codec(space, Some(multi.clone()))?;
    widen(&mut codec, space, Dtype::I64)?;
    codec.start = starts.iter().any(|&start| start != 0).then_some(starts);
    Ok((Codec::Array(codec), multi))
}

/// Elements of MultiDiscrete are of int64 here, those of MultiBinary of int8.
fn widen(codec: &mut ArrayCodec, space: &Bound<'_, PyAny>, dtype: Dtype) -> Result<(), Fault> {
    if codec.dtype != dtype {
        codec.foreign = Some(space.getattr("dtype")?.unbind());
        codec.dtype = dtype;
    }
    Ok(())
}

fn bounds(space: &Bound<'_, PyAny>, name: &str) -> Result<Vec<f64>, Fault> {
    let flat = space.getattr(name)?.call_method1("astype", ("float64",))?.call_method0("ravel")?;
    Ok(flat.call_method0("tolist")?.extract()?)
}

fn member(name: impl std::fmt::Display, space: &Bound<'_, PyAny>) -> Result<(Codec, Space), Fault> {
    Codec::of(space).map_err(|fault| fault.within(name))
}

impl Codec {
    /// The codec of a `gymnasium.spaces.Space`, and the space itself.
    pub(super) fn of(space: &Bound<'_, PyAny>) -> Result<(Codec, Space), Fault> {
        let py = space.py();
        let spaces = py.import("gymnasium.spaces")?;
        let is = |name: &str| space.is_instance(&spaces.getattr(name)?);
        let (codec, known) = if is("Box")? {
            let codec = array_codec(space, None)?;
            let (low, high) = (bounds(space, "low")?, bounds(space, "high")?);
            let known = BoxSpace { low, high, shape: codec.shape.clone(), dtype: codec.dtype };
            (Codec::Array(codec), Space::Box(known))
        } else if is("Discrete")? {
            discrete(space)?
        } else if is("MultiDiscrete")? {
            multi_discrete(space)?
        } else if is("MultiBinary")? {
            let shape: Vec<usize> = space.getattr("shape")?.extract()?;
            let known = Space::MultiBinary { shape };
            let mut codec = array_codec(space, Some(known.clone()))?;
            widen(&mut codec, space, Dtype::I8)?;
            (Codec::Array(codec), known)
        } else if is("Dict")? {
            let members = space.getattr("spaces")?;
            let items = PyDict::new(py);
            items.call_method1("update", (members,))?;
            let (mut codecs, mut known) = (vec![], vec![]);
            for (key, inner) in items {
                let key: String = key
                    .extract()
                    .map_err(|_| SpaceError::new("a Dict whose keys are text", format!("the key {key}")))?;
                let (codec, space) = member(format!("{key:?}"), &inner)?;
                codecs.push((key.clone(), PyString::intern(py, &key).unbind(), codec));
                known.push((key, space));
            }
            (Codec::Dict(codecs), Space::Dict(known))
        } else if is("Tuple")? {
            let members: Vec<Bound<'_, PyAny>> =
                space.getattr("spaces")?.try_iter()?.collect::<PyResult<_>>()?;
            let both = members.iter().enumerate().map(|(i, inner)| member(i, inner));
            let (codecs, known) = both.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
            (Codec::Tuple(codecs), Space::Tuple(known))
        } else {
            let allowed = "a space of Box, Discrete, MultiDiscrete, MultiBinary, Dict or Tuple";
            return Err(SpaceError::new(allowed, space.get_type().name()?.to_string()).into());
        };
        known.validate()?;
        Ok((codec, known))
    }
}

/// `tuple` as a tuple of `n` values.
pub(super) fn tuple_of<'a, 'py>(
    tuple: &'a Bound<'py, PyAny>,
    n: usize,
    expected: &str,
) -> Result<&'a Bound<'py, PyTuple>, SpaceError> {
    match tuple.cast::<PyTuple>() {
        Ok(tuple) if tuple.len() == n => Ok(tuple),
        Ok(tuple) => Err(SpaceError::new(expected, format!("a tuple of {}", tuple.len()))),
        Err(_) => Err(SpaceError::new(expected, kind(tuple))),
    }
}

/// What a Python object is, short enough for an error message.
pub(super) fn kind(object: &Bound<'_, PyAny>) -> String {
    let name = object.get_type().name().map_or_else(|_| "object".into(), |name| name.to_string());
    let of = |attribute: &str| object.getattr(attribute).map(|value| value.to_string());
    match (of("shape"), of("dtype")) {
        (Ok(shape), Ok(dtype)) => format!("{name} of shape {shape} and type {dtype}"),
        _ => {
            let text = object.repr().map_or_else(|_| String::new(), |text| text.to_string());
            let short: String = text.chars().take(60).collect();
            format!("{name} {short}")
        }
    }
}
