//! [`Rows`]: many feature vectors, mostly 0.

use crate::ReadoutError;
use crate::error::{finite, length};

/// Feature vectors of one length, of which only the entries that are not 0 are kept.
///
/// ```
/// use sorn_readout::Rows;
///
/// # fn main() -> Result<(), sorn_readout::ReadoutError> {
/// let mut rows = Rows::new(4);
/// rows.push_active(&[0, 3])?; // the neurons that fire
/// rows.push(&[0.0, 0.5, 0.0, 1.0])?;
/// assert_eq!(rows.row(1).collect::<Vec<_>>(), [(1, 0.5), (3, 1.0)]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    features: usize,
    starts: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f64>,
}

impl Rows {
    /// No rows yet, of `features` numbers each.
    pub fn new(features: usize) -> Rows {
        Rows { features, starts: vec![0], indices: Vec::new(), values: Vec::new() }
    }

    /// Adds a vector that is 1 at the indices `active`, which are ascending, and 0 elsewhere.
    ///
    /// # Errors
    /// [`ReadoutError`] if an index is too large or not above the one before.
    pub fn push_active(&mut self, active: &[u32]) -> Result<(), ReadoutError> {
        self.push_sparse(active.iter().map(|&index| (index, 1.0)))
    }

    /// Adds a vector of `features` numbers.
    ///
    /// # Errors
    /// [`ReadoutError`] for a wrong length or a number that is not finite.
    pub fn push(&mut self, vector: &[f64]) -> Result<(), ReadoutError> {
        length("features", self.features, vector.len())?;
        self.push_sparse((0..).zip(vector.iter().copied()))
    }

    /// Adds a vector by its entries `(index, value)`, indices ascending.
    ///
    /// # Errors
    /// [`ReadoutError`] if an index is too large or not above the one before, a value is not finite, or there is no memory for more
    /// rows.
    pub fn push_sparse(&mut self, entries: impl Iterator<Item = (u32, f64)>) -> Result<(), ReadoutError> {
        let start = self.indices.len();
        let mut least = 0;
        let mut error = None;
        for (index, value) in entries {
            if index < least || index as usize >= self.features {
                let expected = format!("ascending indices below {}", self.features);
                error = Some(ReadoutError::new("features", index, expected));
                break;
            }
            if let Err(found) = finite("features", &[value]) {
                error = Some(found);
                break;
            }
            least = index + 1;
            if value != 0.0 {
                if let Err(found) = self.room() {
                    error = Some(found);
                    break;
                }
                self.indices.push(index);
                self.values.push(value);
            }
        }
        if let Some(error) = error.or_else(|| self.room().err()) {
            self.indices.truncate(start);
            self.values.truncate(start);
            return Err(error);
        }
        self.starts.push(self.indices.len());
        Ok(())
    }

    /// Makes sure of a place for one more entry and one more row.
    fn room(&mut self) -> Result<(), ReadoutError> {
        let Rows { starts, indices, values, .. } = self;
        let had =
            starts.try_reserve(1).and_then(|()| indices.try_reserve(1)).and_then(|()| values.try_reserve(1));
        had.map_err(|_| {
            ReadoutError::new("rows", format!("{} rows", self.len() + 1), "as many as there is memory for")
        })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of features.
    pub fn features(&self) -> usize {
        self.features
    }

    /// The entries `(index, value)` of row `row` that are not 0, ascending.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (u32, f64)> + Clone + '_ {
        let range = self.starts[row]..self.starts[row + 1];
        self.indices[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }

    /// Indices and values of row `row`.
    pub(crate) fn parts(&self, row: usize) -> (&[u32], &[f64]) {
        let range = self.starts[row]..self.starts[row + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// Whether every entry is 0 or 1.
    pub(crate) fn is_binary(&self) -> bool {
        self.values.iter().all(|&value| value == 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_row_leaves_no_trace() {
        let mut rows = Rows::new(3);
        rows.push_active(&[2]).unwrap();
        let before = rows.clone();
        let error = rows.push_active(&[1, 3]).unwrap_err().to_string();
        assert_eq!(error, "readout: features: expected ascending indices below 3, found 3");
        assert!(rows.push_active(&[1, 1]).is_err() && rows.push(&[1.0, f64::INFINITY, 0.0]).is_err());
        assert!(rows.push(&[1.0]).is_err());
        assert_eq!(rows, before);
        assert!(rows.is_binary() && rows.len() == 1);
    }
}
