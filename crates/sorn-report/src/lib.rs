//! Statistics of what a run recorded, and figures of it.
//!
//! [`stats`] holds plain functions on slices and on [`SpikeTrains`]; each names its definition and says what
//! it answers for empty and degenerate data. Time is counted in steps, rates in spikes per step. [`figure`]
//! draws: every figure is an SVG that needs no font of the system, and a PNG of the same drawing.

pub mod figure;
mod spikes;
pub mod stats;

pub use spikes::{SpikeError, SpikeTrains};
