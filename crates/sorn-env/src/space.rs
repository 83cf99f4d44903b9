//! [`Space`]: which observations and actions an environment knows.

/// A set of values, as Gymnasium's fundamental and composite spaces.
#[derive(Clone, Debug, PartialEq)]
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
        /// Number of elements per position.
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
#[derive(Clone, Debug, PartialEq)]
pub struct BoxSpace {
    /// Lower bounds (inclusive), in C order.
    pub low: Vec<f64>,
    /// Upper bounds (inclusive), in C order.
    pub high: Vec<f64>,
    /// Shape of the arrays.
    pub shape: Vec<usize>,
    /// Type of the numbers.
    pub dtype: crate::Dtype,
}

/// A value that is not in a space, or cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{expected} expected, found {found}")]
pub struct SpaceError {
    /// What the space allows.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl Space {
    /// Length of an element as numbers (Gymnasium's `flatdim`).
    pub fn flat_dim(&self) -> usize {
        match self {
            Space::Box(b) => b.low.len(),
            Space::Discrete { n, .. } => usize::try_from(*n).unwrap_or(0),
            Space::MultiDiscrete { nvec } => nvec.iter().map(|n| usize::try_from(*n).unwrap_or(0)).sum(),
            Space::MultiBinary { shape } => shape.iter().product(),
            Space::Dict(members) => members.iter().map(|(_, s)| s.flat_dim()).sum(),
            Space::Tuple(members) => members.iter().map(Space::flat_dim).sum(),
        }
    }

    /// Writes `value` as numbers, see [`Element::flatten_into`](crate::Element::flatten_into).
    ///
    /// # Errors
    /// [`SpaceError`] where the value does not fit the space or the length.
    pub fn flatten_into(&self, value: &crate::Value, out: &mut [f64]) -> Result<(), SpaceError> {
        let _ = (value, out);
        Err(SpaceError { expected: String::new(), found: String::new() })
    }
}
