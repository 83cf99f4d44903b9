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

#![warn(missing_debug_implementations)]

mod error;
mod fork;
mod huge_pages;
mod kernels;
mod matrix;
mod network;
mod params;
pub mod rng;
pub mod room;
#[cfg(feature = "schema")]
pub mod schema;
mod simd;
mod synapses;
mod thread_pool;
mod topology;

pub use error::{Error, InputError, ParamError, StateError};
pub use kernels::noise::NoiseGenerator;
pub use network::custom::{PlasticityRule, RuleContext};
pub use network::growth::AbsentPairs;
pub use network::health::{Health, Problem};
pub use network::initial::Initial;
pub use network::reward::RewardStdp;
pub use network::state::State;
pub use network::step::Supplied;
pub use network::{Activity, Network};
pub use params::Params;
pub use params::rules::{Rule, Rules};
pub use params::switches::{
    Degree, Firing, Fraction, Inhibition, InitialActivity, InputMap, NetworkType, NoiseLaw, NoiseTargets,
    Precision, ThresholdInit,
};
pub use synapses::Synapses;
