//! `[task] kind = "dynamics"`: a network goes through phases without a readout, and what it does of itself is measured.
//!
//! [`DynamicsTask`] is the configuration: [`DynamicsPhase`]s say how long, which rules are frozen and what is fed, and each
//! [`MeasureConfig`] looks on in some of them. A measure is one file of `measure/`: it gives scores, and data that can be pooled
//! over runs and drawn.

mod config;
mod figure;
mod measure;
mod run;

pub use config::{DynamicsPhase, DynamicsTask};
pub use figure::draw_dynamics;
pub(crate) use figure::{OfDynamics, kinds, of, picture};
pub use measure::{
    ActivityConfig, AmbiguityConfig, AvalancheConfig, BranchingConfig, ConnectionConfig, FluctuationConfig,
    IntervalConfig, LifetimeConfig, MeasureConfig, OnsetConfig, PatternConfig, ReplayConfig, ResponseConfig,
    WeightConfig, Window,
};
pub use run::DynamicsRun;
