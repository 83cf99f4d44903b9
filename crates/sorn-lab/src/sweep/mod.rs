//! Sweeps: what an experiment file with `[sweep]` tries, as tasks that any number of processes work through.
//!
//! `config.rs` is the table, `axis.rs` makes of it keys and values, `plan.rs` the list of tasks, `dir.rs` their directory, `work.rs` runs
//! them, `kind.rs` knows the kinds of tasks. `results.rs` reads what came of them, `ranking.rs` chooses the best configuration,
//! `bundle.rs` carries run directories between machines that share none,
//! `curve.rs` shows how a measure depends on one key.

mod axis;
mod bundle;
mod claim;
mod config;
mod curve;
mod dir;
pub(crate) mod figures;
mod hparams;
mod kind;
mod parallel;
#[cfg(feature = "parquet")]
mod parquet;
mod plan;
mod ranking;
mod results;
mod single;
mod tune;
mod work;

pub(crate) use axis::plain;
pub use bundle::Held;
pub use claim::SweepClaim;
pub use config::{Goal, Keep, RandomConfig, SeedList, SweepConfig, parse_numbers, parse_seeds};
pub use curve::{CurveArm, CurvePoint, SweepCurve};
pub(crate) use dir::refuse;
pub use dir::{SweepDir, TaskState, is_sweep_dir};
pub use figures::Importance;
pub use plan::{Plan, SweepTask};
pub use ranking::{Ranked, Ranking};
pub(crate) use results::summary_number;
pub use results::{SweepRow, SweepTable};
pub use single::{SingleRun, Unwatched, Watch};
pub use tune::{Trial, Tuning};
pub use work::{SweepProgress, Worked};
