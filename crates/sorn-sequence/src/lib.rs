//! Sequence tasks: a network is fed a sequence, organises itself, and a readout says what its activity knows.
//!
//! [`Task`] is the whole configuration: a [`SourceConfig`] gives one item per step, [`Phase`]s say how long, which rules are
//! frozen and what the steps are for, [`ReadoutConfig`] what is fitted. [`Run`] steps through the phases, as other kinds of task
//! do by a [`Walk`], and ends with named [`Scores`]. A [`Control`] changes one thing of a task.

mod config;
mod control;
mod error;
mod features;
mod fit;
mod generate;
mod phase;
mod run;
mod score;
mod source;
mod walk;

pub use config::{ReadoutConfig, ReadoutKind, Target, Task};
pub use control::Control;
pub use error::TaskError;
pub use features::{FeatureKind, Features};
pub use phase::{Freeze, FreezeEvery, Overrides, Phase, PhaseState, Role, check_branches};
pub use run::Run;
pub use score::{Decoded, Score, ScoreConfig, ScoreEntry, ScoreSetup, Scores, check_score};
pub use sorn_agents::OwnConfig;
pub use source::{
    GrammarConfig, GrammarName, Item, RandomConfig, RepeatedConfig, Source, SourceConfig, SourceEntry,
    SourceSetup, Symbols, TextConfig, WordsConfig, check_source,
};
pub use walk::{Stage, Walk};
