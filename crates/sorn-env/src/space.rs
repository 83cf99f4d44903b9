//! [`Space`]: the set of an environment's observations or actions.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Dtype;
use crate::space_file::BoxFile;
use crate::value::Shape;

/// A set of values, as Gymnasium's fundamental and composite spaces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Space {
    /// Arrays within bounds.
    Box(BoxSpace),
    /// `start, start + 1, ..., start + n - 1`.
    Discrete {
        /// Number of elements, at least 1.
        n: i64,
        /// Smallest element.
        start: i64,
    },
    /// One integer in `0..nvec[i]` per position.
    MultiDiscrete {
        /// Number of elements per position, each at least 1.
        nvec: Vec<i64>,
    },
    /// Arrays of 0 and 1.
    MultiBinary {
        /// Shape of the arrays.
        shape: Vec<usize>,
    },
    /// Values by name, in the order given.
    Dict(Vec<(String, Space)>),
    /// One value per member.
    Tuple(Vec<Space>),
}

/// Arrays of one shape and type within bounds; `-inf` and `inf` where there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BoxFile", into = "BoxFile")]
pub struct BoxSpace {
    /// Lower bounds (inclusive), in C order.
    pub low: Vec<f64>,
    /// Upper bounds (inclusive), in C order.
    pub high: Vec<f64>,
    /// Shape of the arrays.
    pub shape: Vec<usize>,
    /// Type of the numbers.
    pub dtype: Dtype,
}

/// The error for a value that is not in a space, or for an invalid space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}{}expected {expected}, found {found}", if .place.is_empty() { "" } else { ": " })]
pub struct SpaceError {
    /// Where, e.g. `member 0`, a wrapper or an argument; empty for the value itself.
    pub place: String,
    /// What the space allows.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl SpaceError {
    /// "expected `expected`, found `found`".
    pub fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        SpaceError { place: String::new(), expected: expected.into(), found: found.into() }
    }

    /// The same error with the place where it occurred: "`place`: expected ...".
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        let place = match self.place.is_empty() {
            true => place.to_string(),
            false => format!("{place}: {}", self.place),
        };
        SpaceError { place, ..self }
    }

    /// The same error of a member of a Dict or Tuple.
    pub(crate) fn within(self, member: impl fmt::Display) -> Self {
        self.at(format_args!("member {member}"))
    }
}

/// `1 number`, `2 numbers`.
pub(crate) fn numbers(count: usize) -> String {
    format!("{count} number{}", if count == 1 { "" } else { "s" })
}

impl BoxSpace {
    /// Arrays of `shape` between `low` and `high`, both inclusive and in C order.
    ///
    /// # Errors
    /// See [`validate`](BoxSpace::validate).
    pub fn new(low: Vec<f64>, high: Vec<f64>, shape: Vec<usize>, dtype: Dtype) -> Result<Self, SpaceError> {
        let space = BoxSpace { low, high, shape, dtype };
        space.validate()?;
        Ok(space)
    }

    /// Vectors of `f32` between `low` and `high`.
    ///
    /// # Errors
    /// See [`validate`](BoxSpace::validate).
    pub fn f32(low: &[f32], high: &[f32]) -> Result<Self, SpaceError> {
        let wide = |bounds: &[f32]| bounds.iter().map(|&x| f64::from(x)).collect();
        Self::new(wide(low), wide(high), vec![low.len()], Dtype::F32)
    }

    /// Arrays of `shape` with the same bounds everywhere.
    ///
    /// # Errors
    /// See [`validate`](BoxSpace::validate).
    pub fn uniform(low: f64, high: f64, shape: Vec<usize>, dtype: Dtype) -> Result<Self, SpaceError> {
        let size = shape.iter().product();
        Self::new(vec![low; size], vec![high; size], shape, dtype)
    }

    /// Checks that both bounds have one number per element, are not NaN, are in the type's range, and that `low <= high`.
    ///
    /// # Errors
    /// [`SpaceError`] naming the bound, its position, and what is allowed.
    pub fn validate(&self) -> Result<(), SpaceError> {
        let size: usize = self.shape.iter().product();
        for (name, bounds) in [("low", &self.low), ("high", &self.high)] {
            if bounds.len() != size {
                return Err(SpaceError::new(
                    format!("Box {name} with {size} bounds for shape {}", Shape(&self.shape)),
                    format!("{} bounds", bounds.len()),
                ));
            }
        }
        let (min, max) = self.dtype.range();
        for (i, (&low, &high)) in self.low.iter().zip(&self.high).enumerate() {
            for (name, bound) in [("low", low), ("high", high)] {
                let infinite = bound.is_infinite() && self.dtype.is_float();
                if !(infinite || (min..=max).contains(&bound)) {
                    return Err(SpaceError::new(
                        format!("Box {name}[{i}] within the range of {}", self.dtype),
                        format!("{bound}"),
                    ));
                }
                if !self.dtype.is_float() && bound.fract() != 0.0 {
                    return Err(SpaceError::new(
                        format!("an integer for Box {name}[{i}] of {}", self.dtype),
                        format!("{bound}"),
                    ));
                }
            }
            if low > high {
                return Err(SpaceError::new(
                    format!("Box low[{i}] <= high[{i}]"),
                    format!("low {low}, high {high}"),
                ));
            }
        }
        Ok(())
    }

    /// Whether every element is bounded below and above.
    pub fn is_bounded(&self) -> bool {
        self.low.iter().chain(&self.high).all(|x| x.is_finite())
    }

    /// The bounds of the `i`-th element as a range for scaling; a bound that does not limit the element is infinite.
    ///
    /// Some environments write a missing bound as the type's largest number or another very large one. Bounds of
    /// [`UNBOUNDED`](Self::UNBOUNDED) and more count as infinite.
    ///
    /// # Panics
    /// If there is no `i`-th element.
    pub fn range(&self, i: usize) -> (f64, f64) {
        let (low, high) = (self.low[i], self.high[i]);
        (
            if low <= -Self::UNBOUNDED { f64::NEG_INFINITY } else { low },
            if high >= Self::UNBOUNDED { f64::INFINITY } else { high },
        )
    }

    /// Bounds from here on are no range to scale by: single precision, in which most actions are, has steps of 64 here.
    pub const UNBOUNDED: f64 = 1e9;
}

impl Space {
    /// `0, 1, ..., n - 1`.
    ///
    /// # Errors
    /// [`SpaceError`] if `n` is less than 1.
    pub fn discrete(n: i64) -> Result<Self, SpaceError> {
        let space = Space::Discrete { n, start: 0 };
        space.validate()?;
        Ok(space)
    }

    /// Vectors of `f32` between `low` and `high`.
    ///
    /// # Errors
    /// See [`BoxSpace::validate`].
    pub fn box_f32(low: &[f32], high: &[f32]) -> Result<Self, SpaceError> {
        BoxSpace::f32(low, high).map(Space::Box)
    }

    /// Checks that the space is valid: counts are at least 1, bounds pass [`BoxSpace::validate`], and names are unique.
    ///
    /// # Errors
    /// [`SpaceError`] that says what is wrong.
    pub fn validate(&self) -> Result<(), SpaceError> {
        match self {
            Space::Box(space) => space.validate(),
            Space::Discrete { n, start } => {
                if *n < 1 {
                    Err(SpaceError::new("Discrete with n >= 1", format!("n = {n}")))
                } else if start.checked_add(n - 1).is_none() {
                    Err(SpaceError::new(
                        "Discrete whose largest element fits 64 bits",
                        format!("n = {n}, start = {start}"),
                    ))
                } else {
                    Ok(())
                }
            }
            Space::MultiDiscrete { nvec } => match nvec.iter().position(|&n| n < 1) {
                Some(i) => Err(SpaceError::new(
                    format!("MultiDiscrete with nvec[{i}] >= 1"),
                    format!("nvec[{i}] = {}", nvec[i]),
                )),
                None => Ok(()),
            },
            Space::MultiBinary { .. } => Ok(()),
            Space::Dict(members) => members.iter().enumerate().try_for_each(|(i, (name, space))| {
                if members[..i].iter().any(|(other, _)| other == name) {
                    return Err(SpaceError::new("Dict with unique names", format!("{name:?} twice")));
                }
                space.validate().map_err(|e| e.within(name))
            }),
            Space::Tuple(members) => members
                .iter()
                .enumerate()
                .try_for_each(|(i, space)| space.validate().map_err(|e| e.within(i))),
        }
    }

    /// Length of an element as numbers (Gymnasium's `flatdim`).
    pub fn flat_dim(&self) -> usize {
        let count = |n: &i64| usize::try_from(*n).unwrap_or(0);
        match self {
            Space::Box(space) => space.low.len(),
            Space::Discrete { n, .. } => count(n),
            Space::MultiDiscrete { nvec } => nvec.iter().map(count).sum(),
            Space::MultiBinary { shape } => shape.iter().product(),
            Space::Dict(members) => members.iter().map(|(_, space)| space.flat_dim()).sum(),
            Space::Tuple(members) => members.iter().map(Space::flat_dim).sum(),
        }
    }
}

/// Gymnasium's notation: `Box(-1, 1, (3,), float32)`, `Discrete(2)`.
impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Space::Box(space) => space.fmt(f),
            Space::Discrete { n, start: 0 } => write!(f, "Discrete({n})"),
            Space::Discrete { n, start } => write!(f, "Discrete({n}, start={start})"),
            Space::MultiDiscrete { nvec } => write!(f, "MultiDiscrete({nvec:?})"),
            Space::MultiBinary { shape } => match shape[..] {
                [n] => write!(f, "MultiBinary({n})"),
                _ => write!(f, "MultiBinary({})", Shape(shape)),
            },
            Space::Dict(members) => {
                let members: Vec<String> =
                    members.iter().map(|(name, space)| format!("'{name}': {space}")).collect();
                write!(f, "Dict({})", members.join(", "))
            }
            Space::Tuple(members) => {
                let members: Vec<String> = members.iter().map(Space::to_string).collect();
                write!(f, "Tuple({})", members.join(", "))
            }
        }
    }
}

impl fmt::Display for BoxSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `as f32` gives 4.8 back for the f32 nearest to 4.8, not its 17 digits.
        let number = |x: f64| match self.dtype {
            Dtype::F32 => format!("{}", x as f32),
            _ => format!("{x}"),
        };
        let bounds = |bounds: &[f64]| match bounds {
            [first, rest @ ..] if rest.iter().all(|x| x == first) => number(*first),
            _ => format!("[{}]", bounds.iter().map(|&x| number(x)).collect::<Vec<_>>().join(", ")),
        };
        write!(
            f,
            "Box({}, {}, {}, {})",
            bounds(&self.low),
            bounds(&self.high),
            Shape(&self.shape),
            self.dtype
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_spaces_are_refused() {
        let message = |result: Result<Space, SpaceError>| result.unwrap_err().to_string();
        assert_eq!(
            message(Space::box_f32(&[0.0, 2.0], &[1.0, 1.0])),
            "expected Box low[1] <= high[1], found low 2, high 1"
        );
        assert_eq!(
            message(Space::box_f32(&[f32::NAN], &[1.0])),
            "expected Box low[0] within the range of float32, found NaN"
        );
        assert_eq!(message(Space::discrete(0)), "expected Discrete with n >= 1, found n = 0");
        assert!(BoxSpace::new(vec![0.0], vec![1.0, 1.0], vec![2], Dtype::F64).is_err());
        assert!(BoxSpace::uniform(0.0, f64::INFINITY, vec![2], Dtype::U8).is_err());
        assert!(BoxSpace::uniform(0.0, 0.5, vec![2], Dtype::I32).is_err());
        assert!(BoxSpace::uniform(f64::NEG_INFINITY, f64::INFINITY, vec![2, 2], Dtype::F32).is_ok());
        let twice = Space::Dict(vec![
            ("a".into(), Space::Discrete { n: 1, start: 0 }),
            ("a".into(), Space::Discrete { n: 1, start: 0 }),
        ]);
        assert!(twice.validate().is_err());
        assert!(Space::Discrete { n: 2, start: i64::MAX }.validate().is_err());
    }

    #[test]
    fn huge_bounds_are_no_range() {
        let max = f64::from(f32::MAX);
        let space = BoxSpace::new(vec![-max, -1.0, 0.0], vec![max, 2.0, 1e12], vec![3], Dtype::F32).unwrap();
        let inf = f64::INFINITY;
        assert_eq!([0, 1, 2].map(|i| space.range(i)), [(-inf, inf), (-1.0, 2.0), (0.0, inf)]);
    }

    #[test]
    fn written_as_gymnasium_writes_them() {
        let pair = Space::Tuple(vec![
            Space::box_f32(&[-1.0; 3], &[1.0; 3]).unwrap(),
            Space::Dict(vec![("key".into(), Space::Discrete { n: 2, start: -1 })]),
        ]);
        assert_eq!(pair.to_string(), "Tuple(Box(-1, 1, (3,), float32), Dict('key': Discrete(2, start=-1)))");
        let cart = Space::box_f32(&[-4.8, f32::NEG_INFINITY], &[4.8, f32::INFINITY]).unwrap();
        assert_eq!(cart.to_string(), "Box([-4.8, -inf], [4.8, inf], (2,), float32)");
    }
}
