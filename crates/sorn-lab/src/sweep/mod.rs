//! Sweeps: what an experiment file with `[sweep]` tries, as tasks that any number of processes work through.
//!
//! `config.rs` is the table, `axis.rs` makes of it keys and values, `plan.rs` the list of tasks, `dir.rs` their directory, `work.rs` runs
//! them, `kind.rs` knows the kinds of tasks. `results.rs` reads what came of them, `ranking.rs` chooses the best configuration,
//! `curve.rs` shows how a measure depends on one key.

mod axis;
mod claim;
mod config;
mod curve;
mod dir;
pub(crate) mod figures;
mod kind;
mod plan;
mod ranking;
mod results;
mod tune;
mod work;

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
pub use tune::{Trial, Tuning};
pub use work::{SweepProgress, Worked};
