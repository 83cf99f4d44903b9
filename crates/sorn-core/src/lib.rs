//! The reservoir: a self-organizing recurrent neural network (SORN).
//!
//! Excitatory and inhibitory threshold neurons in discrete time, shaped by plasticity rules (Lazar, Pipa & Triesch 2009,
//! 10.3389/neuro.10.023.2009, and successors). [`Params`] says which network, [`Network`] is one, [`Activity`] is what
//! it does in a step, [`State`] is all of it as plain data. Given the same initial state, input and noise, `f64` results
//! equal those of the Python package `sorn` 0.7.4 bit for bit.
//!
//! ```
//! use sorn_core::{Network, Params};
//!
//! # fn main() -> Result<(), sorn_core::Error> {
//! let mut network = Network::new(&Params::default(), 42)?;
//! for step in 0..100 {
//!     let mut input = [0.0; 10];
//!     input[step % 10] = 1.0;
//!     let activity = network.step(&input)?;
//!     assert!(activity.spikes_e.len() <= 200);
//! }
//! # Ok(())
//! # }
//! ```

mod blocks;
mod change;
mod columns;
mod contiguous;
mod crew;
mod custom;
mod dense;
mod error;
mod events;
mod fire;
mod fork;
mod full;
mod growth;
mod health;
mod huge_pages;
mod initial;
mod input;
pub mod inputs;
mod kernel;
mod lazy;
mod network;
mod noise;
mod outgoing;
mod params;
mod places;
mod plastic;
mod presets;
mod reward;
pub mod rng;
pub mod room;
mod rows;
mod rules;
mod scaling;
#[cfg(feature = "schema")]
pub mod schema;
mod state;
mod step;
mod switches;
mod synapses;
mod topology;
mod units;
mod validate;

pub use custom::{PlasticityRule, RuleContext};
pub use dense::{DenseActivity, DenseNetwork};
pub use error::{Error, InputError, ParamError, StateError};
pub use growth::AbsentPairs;
pub use health::{Health, Problem};
pub use initial::Initial;
pub use network::{Activity, Network};
pub use noise::NoiseGenerator;
pub use params::Params;
pub use reward::RewardStdp;
pub use rules::{Rule, Rules};
pub use state::State;
pub use step::Supplied;
pub use switches::{
    Degree, Firing, Fraction, Inhibition, InitialActivity, InputMap, NetworkType, NoiseLaw, NoiseTargets,
    Precision, ThresholdInit,
};
pub use synapses::Synapses;
