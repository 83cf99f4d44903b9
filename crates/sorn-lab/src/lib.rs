//! An experiment file becomes a run directory.
//!
//! [`Experiment`] is the file, [`RunDir`] the directory of one seed, [`train`] fills it or goes on
//! where it stopped, [`evaluate`] looks at what was learnt, [`Sweep`] does so for many seeds. [`simulate`] steps a
//! reservoir alone.

mod agent_file;
mod aggregate;
mod budget;
mod checkpoint;
mod compare;
mod controls;
mod decode;
mod diagnostics;
mod difference;
mod dynamics;
mod error;
mod evaluate;
mod evaluations;
mod experiment;
mod figures;
mod files;
mod film;
mod initial;
mod json;
mod judge;
mod labels;
mod metrics;
mod npy;
mod outliers;
mod overrides;
mod plot;
mod read;
mod recorder;
mod recordings;
mod registry;
mod remembering;
mod replay;
mod report;
mod run_dir;
#[cfg(feature = "schema")]
mod schema;
mod sealed_line;
mod seeds;
mod series;
mod simulation;
mod steady;
mod summary;
mod sweep;
mod table;
mod task;
mod template;
mod threads;
mod train;
mod words;
mod wrapper;

pub use agent_file::{export, load_agent, read_agent};
pub use aggregate::{Aggregate, Spread};
pub use checkpoint::{Checkpoint, FORMAT_VERSION};
pub use compare::{ComparedArm, Comparison};
pub use controls::AgentControl;
pub use decode::{Actor, DecodeConfig, Decoded, DecodedRun, Legible, decode};
pub use diagnostics::Diagnostics;
pub use dynamics::{
    ActivityConfig, AmbiguityConfig, AvalancheConfig, BranchingConfig, ConnectionConfig, DynamicsPhase,
    DynamicsRun, DynamicsTask, FluctuationConfig, IntervalConfig, LifetimeConfig, MeasureConfig, OnsetConfig,
    PatternConfig, ReplayConfig, ResponseConfig, WeightConfig, Window, draw_dynamics,
};
pub use error::LabError;
pub use evaluate::{Evaluation, Trained, evaluate};
pub use evaluations::Evaluated;
pub use experiment::{EnvConfig, EvalConfig, Experiment, RunConfig};
pub use figures::draw_learning_curve;
pub use files::write_whole;
pub use film::{Filmed, film, try_film};
pub use initial::load_initial;
pub use judge::Estimate;
pub use metrics::{Episode, Solver};
pub use overrides::argument;
pub use plot::{FigureKind, draw};
pub use read::readable;
pub use recordings::RecordConfig;
pub use registry::{Registry, RegistryError};
pub use replay::Replay;
pub use report::Report;
pub use run_dir::RunDir;
#[cfg(feature = "schema")]
pub use schema::experiment_schema;
pub use seeds::{Sweep, SweepOutcome};
pub use series::{
    Answers, FileConfig, LorenzConfig, MackeyGlassConfig, MemoryCapacityConfig, NarmaConfig, Numbers,
    ParityConfig, Series, SeriesConfig, SeriesEntry, SeriesRun, SeriesSetup, SeriesTask, check_series,
    series_encoder,
};
pub use simulation::{
    Inputs, Probe, ProbeKind, Recording, SavedNetwork, Simulated, SpikeFormat, UpstreamState,
    check_room_to_save, load_network, load_params, save_network, simulate,
};
pub use summary::Summary;
pub use sweep::{
    CurveArm, CurvePoint, Goal, Held, Importance, Keep, Plan, RandomConfig, Ranked, Ranking, SeedList,
    SingleRun, SweepClaim, SweepConfig, SweepCurve, SweepDir, SweepProgress, SweepRow, SweepTable, SweepTask,
    TaskState, Trial, Tuning, Unwatched, Watch, Worked, is_sweep_dir, parse_numbers, parse_seeds,
};
pub use table::results_table;
pub use task::{
    Arm, ArmConfig, Claim, Claimed, Compared, Reference, Relation, TaskArm, TaskExperiment, TaskKind,
    TaskOutcome, TaskProgress, TaskRecordConfig, TaskRunConfig, TaskSort, TaskSummary, TaskSweep, TaskSwept,
    TaskTable, TaskWork, Than, Vary,
};
pub use template::{experiment_template, task_template};
pub use train::{Outcome, Progress, Quiet, train};
pub use words::{counted, decimal, quartile, significant};
pub use wrapper::Wrapper;

// What the public items above speak of, for crates that know this one alone.
pub use sorn_env::{ALIKE, near};
pub use sorn_report::figure::Over;
pub use {sorn_agents, sorn_core, sorn_env, sorn_envs, sorn_readout, sorn_report, sorn_sequence};
