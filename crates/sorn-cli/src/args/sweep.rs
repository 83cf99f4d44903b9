//! The grammar of `sorn sweep`, `sorn tune`, `sorn track` and `sorn new sweep`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use sorn_lab::parse_numbers;

#[derive(Debug, Args)]
#[command(after_help = "\
In an array job of Slurm, Kubernetes or PBS the number of the task is read from SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX,
PBS_ARRAY_INDEX or PBS_ARRAYID if --task does not give one. Processes on any number of machines may share the directory.")]
pub(crate) struct Sweep {
    /// Experiment file with the table [sweep], or the directory of its sweep (runs/NAME)
    pub(crate) file: PathBuf,
    /// Override one value of the file, e.g. sweep.seeds=0..3; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Directory below which that of the sweep is made
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) out: PathBuf,
    /// Tasks at a time; the results do not depend on it [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), allow_negative_numbers = true)]
    pub(crate) jobs: Option<u16>,
    /// Run these tasks alone: 7, 0..20 (the last excluded), 0..=19, or 1,5,9
    #[arg(long, value_name = "TASKS", allow_hyphen_values = true)]
    pub(crate) task: Option<Tasks>,
    /// Divide the list into N parts; --task, or the number of the array job, is that of a part
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub(crate) of: Option<u64>,
    /// What carries the tasks; Ray needs the Python package: pip install 'sorn-rs[ray]'
    #[arg(long, value_name = "NAME", default_value = "local", conflicts_with_all = ["list", "collect", "claim"])]
    pub(crate) engine: Engine,
    /// With --engine ray: seconds after which a worker hands in what it did, at the end of an episode [default: 15]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub(crate) hand_in: Option<u32>,
    /// With --engine ray: workers do not write into the directory, even where they see it; what they did is brought back by Ray
    #[arg(long)]
    pub(crate) bring_back: bool,
    /// Print the tasks with their states, and run none
    #[arg(long, conflicts_with_all = ["of", "jobs", "collect", "claim"])]
    pub(crate) list: bool,
    /// Collect the results of the finished tasks, and run none; exit status 1 if some are missing
    #[arg(long, conflicts_with_all = ["task", "of", "jobs", "claim"])]
    pub(crate) collect: bool,
    /// Write the folder hparams for TensorBoard, too, when results are collected
    #[arg(long, conflicts_with_all = ["list", "claim"])]
    pub(crate) hparams: bool,
    /// Run the best configuration with the seeds of sweep.fresh_seeds, which did not choose it
    #[arg(long, conflicts_with_all = ["task", "of"])]
    pub(crate) claim: bool,
    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NewSweep {
    /// Experiment file with the table [sweep]
    pub(crate) file: PathBuf,
    /// The scheduler that is to run it
    #[arg(long = "for", value_name = "SCHEDULER")]
    pub(crate) scheduler: Scheduler,
    /// Array jobs at most; each runs a part of the list if there are more tasks
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000), allow_negative_numbers = true)]
    pub(crate) parts: u64,
    /// Processors of each array job
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024), allow_negative_numbers = true)]
    pub(crate) jobs: u16,
    /// Directory for the results, on a file system that all machines share
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) out: PathBuf,
    /// Container image that has `sorn` (Kubernetes)
    #[arg(long, value_name = "IMAGE", default_value = "sorn:latest")]
    pub(crate) image: String,
    /// Claim of the shared volume in which file and results lie (Kubernetes)
    #[arg(long, value_name = "NAME", default_value = "sorn")]
    pub(crate) volume: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
It needs the Python package with Optuna: pip install 'sorn-rs[tune]'. The space is [sweep]: the keys of random with their
distributions, those of grid and together as choices. Processes on any number of machines may work on one search.")]
pub(crate) struct Tune {
    /// Experiment file with the table [sweep]
    pub(crate) file: PathBuf,
    /// Trials that the search has when it is done, those of earlier calls and other processes among them
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub(crate) trials: u32,
    /// Override one value of the file, e.g. sweep.seeds=0..3; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Directory below which that of the search, NAME-tune, is made
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) out: PathBuf,
    /// Trials at a time; with more than one the search is not the same each time [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), allow_negative_numbers = true)]
    pub(crate) jobs: Option<u16>,
    /// What draws the values
    #[arg(long, value_name = "NAME", default_value = "tpe")]
    pub(crate) sampler: Sampler,
    /// What ends a trial after a seed if its mean so far is bad
    #[arg(long, value_name = "NAME", default_value = "median")]
    pub(crate) pruner: Pruner,
    /// End a trial within a run, too, if after every N episodes the mean return of its last window is bad beside that of other runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub(crate) prune_every: Option<u64>,
    /// Trials that are drawn at random, and that are not pruned, before the others
    #[arg(long, value_name = "N", default_value_t = 10, allow_negative_numbers = true)]
    pub(crate) startup: u32,
    /// Reports of a trial, or of a run with --prune-every, at which the median and the percentile pruner do not look
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32), allow_negative_numbers = true)]
    pub(crate) warmup: u32,
    /// Run the best trials with N more seeds at the end, and choose the best one by these
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100_000), allow_negative_numbers = true)]
    pub(crate) confirm: Option<u32>,
    /// Best trials that --confirm runs
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..), requires = "confirm", allow_negative_numbers = true)]
    pub(crate) finalists: u32,
    /// Seed of the search
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32), allow_negative_numbers = true)]
    pub(crate) seed: u32,
    /// Seconds after which no trial is begun
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub(crate) timeout: Option<u64>,
    /// Journal file, or URL of a database as Optuna takes it [default: study.journal in the directory]
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) storage: Option<String>,
    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
It needs the Python package with the tracker: pip install 'sorn-rs[mlflow]' or 'sorn-rs[wandb]'. Where runs go is said as the tracker's
users say it: MLFLOW_TRACKING_URI, WANDB_MODE=offline. What was handed over before is not handed over again.")]
pub(crate) struct Track {
    /// Run directories, or directories with runs below them: runs/NAME of `sorn run`, `sorn sweep` or `sorn tune`
    #[arg(required = true, value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,
    /// The tracker
    #[arg(long, value_name = "NAME")]
    pub(crate) to: Tracker,
    /// MLflow's experiment, or the project of Weights & Biases [default: the name of the experiment]
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,
    /// Go on until every run is finished, or Ctrl-C
    #[arg(long)]
    pub(crate) follow: bool,
    /// Hand over numbers alone: no configuration, summary, figures and checkpoints as files
    #[arg(long)]
    pub(crate) no_artifacts: bool,
    /// Say nothing of single runs
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// What keeps runs of many programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tracker {
    Mlflow,
    Wandb,
}

/// What carries the tasks of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// The processors of this machine
    Local,
    /// A cluster of Ray: the one of RAY_ADDRESS, the one that runs on this machine, or one that lasts as long as the command
    Ray,
}

/// What draws the values of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sampler {
    Tpe,
    Cmaes,
    Random,
}

/// What ends trials early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pruner {
    None,
    Median,
    Percentile,
    SuccessiveHalving,
    Hyperband,
}

/// A scheduler of clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scheduler {
    Slurm,
    Kubernetes,
    Pbs,
}

/// Distinct numbers of tasks, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tasks(pub(crate) Vec<u64>);

impl FromStr for Tasks {
    type Err = String;

    fn from_str(text: &str) -> Result<Tasks, String> {
        parse_numbers(text, 10_000_000, "task").map(Tasks)
    }
}
