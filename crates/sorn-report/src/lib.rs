//! Statistics of what a run recorded, and figures of it.
//!
//! [`stats`] holds plain functions on slices; each names its definition and says what it answers for
//! empty and degenerate data. [`figure`] draws: every figure is an SVG that needs no font of the system,
//! and a PNG of the same drawing.

pub mod figure;
pub mod stats;
