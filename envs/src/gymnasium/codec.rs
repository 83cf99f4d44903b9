//! [`Codec`]: converts the elements of a space between Python and Rust; made once per environment.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use sorn_env::{BoxSpace, Data, Dtype, Space, SpaceError};

use super::error::Fault;

/// Discrete spaces up to this size keep their elements ready as Python objects.
const READY: i64 = 1024;

/// A Python space, with the data needed to convert its elements.
pub(super) enum Codec {
    Discrete {
        n: i64,
        start: i64,
        /// `numpy.int64`, or the space's other type.
        scalar: Py<PyAny>,
        /// The elements in order, if there are few.
        ready: Vec<Py<PyAny>>,
    },
    Array(ArrayCodec),
    Dict(Vec<(String, Py<PyString>, Codec)>),
    Tuple(Vec<Codec>),
}

/// Box, MultiDiscrete and MultiBinary.
pub(super) struct ArrayCodec {
    pub(super) shape: Vec<usize>,
    /// The shape in Python, if it is another.
    pub(super) theirs: Option<Vec<usize>>,
    pub(super) dtype: Dtype,
    /// The space's own `numpy.dtype`, if it is not a supported one but fits `dtype`.
    pub(super) foreign: Option<Py<PyAny>>,
    /// What an action must be in, where it is more than shape, type and being a number.
    pub(super) exact: Option<Space>,
    /// The smallest element of each position of a MultiDiscrete, if any is not 0.
    pub(super) start: Option<Vec<i64>>,
}

impl ArrayCodec {
    /// The shape in Python.
    pub(super) fn their_shape(&self) -> &[usize] {
        self.theirs.as_deref().unwrap_or(&self.shape)
    }

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
    let shape = space.getattr("shape")?.extract()?;
    Ok(ArrayCodec { shape, theirs: None, dtype, foreign, exact, start: None })
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
    let flat = |array: Bound<'_, PyAny>| -> PyResult<Vec<i64>> {
        array.call_method0("ravel")?.call_method0("tolist")?.extract()
    };
    let starts = space.getattr_opt("start")?.map_or(Ok(vec![]), flat)?;
    let multi = Space::MultiDiscrete { nvec: flat(space.getattr("nvec")?)? };
    let mut codec = array_codec(space, Some(multi.clone()))?;
    if codec.shape.len() != 1 {
        let size = codec.shape.iter().product();
        codec.theirs = Some(std::mem::replace(&mut codec.shape, vec![size]));
    }
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

/// Names and spaces of a Dict's members, in its order.
fn members_of<'py>(space: &Bound<'py, PyAny>) -> Result<Vec<(String, Bound<'py, PyAny>)>, Fault> {
    let items = PyDict::new(space.py());
    items.call_method1("update", (space.getattr("spaces")?,))?;
    let named = items.into_iter().map(|(key, inner)| match key.extract() {
        Ok(name) => Ok((name, inner)),
        Err(_) => Err(SpaceError::new("a Dict whose keys are text", format!("the key {key}")).into()),
    });
    named.collect()
}

fn dict(members: &[(String, Bound<'_, PyAny>)]) -> Result<(Codec, Space), Fault> {
    let (mut codecs, mut known) = (vec![], vec![]);
    for (name, inner) in members {
        let (codec, space) = member(format!("{name:?}"), inner)?;
        codecs.push((name.clone(), PyString::intern(inner.py(), name).unbind(), codec));
        known.push((name.clone(), space));
    }
    Ok((Codec::Dict(codecs), Space::Dict(known)))
}

/// `fault` of the space called `name`, if a space in it is of no known kind, with what to do: choose others of the members of
/// observations, or wrap the environment.
fn with_way_out(fault: Fault, name: &str, space: &Bound<'_, PyAny>) -> Fault {
    let Fault::Value(error) = fault else { return fault };
    if !error.expected.ends_with(KINDS) {
        return error.into();
    }
    let members = if name == "observation_space" { members_of(space).unwrap_or_default() } else { vec![] };
    let fits =
        |(name, inner): &(String, Bound<'_, PyAny>)| Codec::of(inner).is_ok().then(|| format!("{name:?}"));
    let others: Vec<String> = members.iter().filter_map(fits).collect();
    let way_out = match others.is_empty() {
        true => "a wrapper around the environment makes one of these of it".into(),
        false => format!("leave it out by observe = [{}], or by a wrapper", others.join(", ")),
    };
    SpaceError { found: format!("{}; {way_out}", error.found), ..error }.into()
}

const KINDS: &str = "a space of Box, Discrete, MultiDiscrete, MultiBinary, Dict or Tuple";

impl Codec {
    /// [`of`](Codec::of) the space called `name`, of a Dict of which only the members `observe` are kept; all if there are none. What is
    /// refused comes with a way out.
    pub(super) fn observing(
        name: &str,
        space: &Bound<'_, PyAny>,
        observe: &[String],
    ) -> Result<(Codec, Space), Fault> {
        if observe.is_empty() {
            return Codec::of(space).map_err(|fault| with_way_out(fault, name, space));
        }
        let is_dict = space.is_instance(&space.py().import("gymnasium.spaces")?.getattr("Dict")?)?;
        if !is_dict {
            let found = space.get_type().name()?.to_string();
            return Err(SpaceError::new(format!("a Dict to observe {observe:?} of"), found).into());
        }
        let mut members = members_of(space)?;
        for (i, name) in observe.iter().enumerate() {
            let names: Vec<&String> = members.iter().map(|(name, _)| name).collect();
            if !names.contains(&name) {
                return Err(SpaceError::new(format!("names among {names:?}"), format!("{name:?}"))
                    .at("observe")
                    .into());
            }
            if observe[..i].contains(name) {
                return Err(SpaceError::new("each name once", format!("{name:?} twice"))
                    .at("observe")
                    .into());
            }
        }
        members.retain(|(name, _)| observe.contains(name));
        dict(&members)
    }

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
            dict(&members_of(space)?)?
        } else if is("Tuple")? {
            let members: Vec<Bound<'_, PyAny>> =
                space.getattr("spaces")?.try_iter()?.collect::<PyResult<_>>()?;
            let both = members.iter().enumerate().map(|(i, inner)| member(i, inner));
            let (codecs, known) = both.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
            (Codec::Tuple(codecs), Space::Tuple(known))
        } else {
            return Err(SpaceError::new(KINDS, space.get_type().name()?.to_string()).into());
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

/// A description of a Python object, short enough for an error message.
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
