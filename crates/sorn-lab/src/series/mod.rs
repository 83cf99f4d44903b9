//! `[task] kind = "series"`: a network is fed a series of numbers, and a readout gives others: predictions, memories, combinations.
//!
//! [`SeriesTask`] is the configuration, [`Series`] what is fed and asked for; each kind of series is one file of `source/`.

mod config;
mod run;
mod score;
mod source;

pub use config::{SeriesTask, series_encoder};
pub use run::SeriesRun;
pub use source::{
    Answers, FileConfig, LorenzConfig, MackeyGlassConfig, MemoryCapacityConfig, NarmaConfig, Numbers,
    ParityConfig, Series, SeriesConfig, SeriesEntry, SeriesSetup, check_series,
};
