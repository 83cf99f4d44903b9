//! Why a figure could not be drawn.

use crate::stats::StatsError;

/// Why a figure could not be drawn.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// There is nothing to draw.
    #[error("nothing to draw: {0}")]
    Empty(String),
    /// A value cannot be drawn.
    #[error("{place}: {source}")]
    Data {
        /// Which part of the data, such as `arm "SORN", run 3`.
        place: String,
        /// What is wrong with it.
        source: StatsError,
    },
    /// A drawn thing lies outside the range it was said to lie in.
    #[error("{place}: expected {allowed}, found {found}")]
    OutOfRange {
        /// Which part of the data.
        place: String,
        /// The value found.
        found: String,
        /// The allowed range in words.
        allowed: String,
    },
    /// Width or height is too small to hold labels, or too large.
    #[error("{argument}: expected {least} to {most} pixels, found {found}")]
    Size {
        /// `width` or `height`.
        argument: &'static str,
        /// The value found, in pixels.
        found: u32,
        /// The smallest allowed.
        least: u32,
        /// The largest allowed.
        most: u32,
    },
    /// The scale of a PNG lies outside its range.
    #[error("scale: expected 0.1 to 10 dots per pixel, found {0}")]
    Scale(f32),
    /// The drawing library failed, for example on a label that no XML document may contain.
    #[error("drawing failed: {0}")]
    Drawing(String),
}

impl FigureError {
    pub(super) fn drawing(source: impl std::fmt::Display) -> Self {
        Self::Drawing(source.to_string())
    }
}
