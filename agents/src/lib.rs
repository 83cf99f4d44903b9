//! Agents: an observation becomes reservoir input, the reservoir's activity becomes scores, scores become an action.
//!
//! ```text
//! observation -> Encoder -> input -> Reservoir -> activity -> Features -> Learner's scores -> Policy -> action
//! ```
//!
//! [`AgentConfig`] says which of each, [`Agent`] is the whole, [`run`] is the loop between an agent and an environment. A
//! program that owns its own loop, as a robot does, calls [`Agent::begin`], [`Agent::act`] and [`Agent::observe`] itself.

mod action;
mod agent;
mod batch;
mod config;
mod diagnosis;
mod encoder;
mod error;
mod esn;
mod features;
mod file;
mod inputs;
mod lanes;
mod learner;
mod noise;
mod normalization;
pub mod own;
mod plasticity;
mod policy;
mod random;
mod reservoir;
mod room;
mod run_loop;
mod schedule;
mod standardization;
mod state;

pub use agent::Agent;
pub use batch::{BatchRun, run_batch};
pub use config::AgentConfig;
pub use diagnosis::{Diagnosis, Norms};
pub use encoder::{
    EncoderConfig, Encoding, GaussianPopulationConfig, OneHotConfig, PoolsConfig, RandomProjectionConfig,
    RawConfig, Scale, ThermometerConfig,
};
pub use error::AgentError;
pub use esn::EsnConfig;
pub use features::{Feature, FeaturesConfig};
pub use file::{AGENT_FORMAT_VERSION, Checksum, FileError, FileFault};
pub use inputs::Input;
pub use learner::{
    ActorCriticConfig, ArsConfig, LearnerConfig, PerformanceAnneal, PpoConfig, PpoMean, ReinforceConfig,
    RewardSignal, RmSornConfig, Selection, StepSchedule, Traces, Transition, ValueConfig,
};
pub use normalization::{NormalizationConfig, Normalized};
pub use own::{
    Encoder, EncoderEntry, EncoderSetup, Learner, LearnerEntry, LearnerSetup, NoKeys, OwnConfig, PartError,
    Policy, PolicyEntry, PolicySetup, RegisterError, RuleConfig, RuleEntry, RuleSetup,
};
pub use plasticity::PlasticityConfig;
pub use policy::{EpsilonGreedyConfig, GaussianConfig, GreedyConfig, PolicyConfig, SoftmaxConfig, Spread};
pub use reservoir::{ReservoirConfig, ReservoirKind};
pub use run_loop::{EpisodeEvent, Observer, RunError, RunErrorKind, StepEvent, run};
pub use schedule::Schedule;
pub use state::AgentState;

/// Supervised readouts fit what a reservoir says to what is known, outside an agent.
pub use sorn_readout::{Readout, ReadoutError, RecursiveLeastSquares, Ridge};
