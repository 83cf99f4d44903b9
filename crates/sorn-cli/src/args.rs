//! The command line's grammar.

mod sweep;

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use sorn_lab::{FigureKind, Probe, TaskSort};

pub(crate) use sweep::{Engine, NewSweep, Scheduler, Sweep, Tasks, Track, Tracker, Tune};

/// Reinforcement learning with self-organizing recurrent neural networks (SORN).
#[derive(Debug, Parser)]
#[command(name = "sorn", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
// One value per process: its size is of no matter.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Command {
    /// Run an experiment file: train an agent, or do a task of sequences or dynamics
    Run(Run),
    /// Try many configurations of an experiment, as its table [sweep] says: on all cores, or a task at a time
    Sweep(Sweep),
    /// Search the values of the table [sweep] with Optuna (needs the Python package)
    Tune(Tune),
    /// Hand what runs recorded to MLflow or Weights & Biases, after them or while they go (needs the Python package)
    Track(Track),
    /// Go on with a run, or a run over several seeds, that was stopped, or is to train on
    Resume(Resume),
    /// Evaluate what a run learnt: greedy policy, nothing learning
    Eval(Eval),
    /// Save the agent of a run as a file of its own, for Rust, Python and `sorn eval`
    Export(Export),
    /// Step a reservoir alone: inputs in, probes and state out
    Simulate(Simulate),
    /// Compare experiments that ran over several seeds: table, rank tests, figure
    Compare(Compare),
    /// Read past observations, actions and rewards from a reservoir's activity: how well, by lag, before and after plasticity
    Decode(Decode),
    /// Draw a figure of a run
    Plot(Plot),
    /// Report runs and experiments in one HTML file that opens anywhere
    Report(Report),
    /// List the environments, or show one: spaces, time limit, arguments
    Envs(Envs),
    /// Check that an environment, or what an experiment file names, keeps the contract
    Check(Check),
    /// Write a new file to begin from
    #[command(subcommand)]
    New(New),
    /// Explain the keys of an experiment file
    Explain(Explain),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Write the manual pages, one per command
    Man(Man),
    /// Print versions and what the machine offers
    Doctor,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Experiment files, one after another
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Seed of the run [default: run.seed of the file]
    #[arg(long, value_name = "N", conflicts_with = "seeds", value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
    /// Several seeds: 0..20 (the last excluded), 0..=19, or 1,5,9; those that are there are not run again
    #[arg(long, value_name = "SEEDS", allow_hyphen_values = true)]
    pub(crate) seeds: Option<Seeds>,
    /// Override one value of the file, e.g. agent.reservoir.kind=static; elements of lists by name, kind or number,
    /// e.g. task.phases.measure.steps=1000; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Controls beside it, all or some, separated by commas: static, none, rewired, esn, random of an agent, each in the directory
    /// NAME-CONTROL, compared at the end; static, none, rewired, without:RULE of a task of sequences or dynamics
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) controls: Vec<String>,
    /// Directory below which run directories are made
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) how: How,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// Run directory (runs/NAME/seed-N), or that of several seeds (runs/NAME)
    pub(crate) dir: PathBuf,
    /// Train on with a larger budget: run.episodes=2000, run.steps=100000 or run.stop_when_solved=false; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    #[command(flatten)]
    pub(crate) how: How,
}

#[derive(Debug, Args)]
pub(crate) struct How {
    /// Threads for several seeds; the results do not depend on it [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), allow_negative_numbers = true)]
    pub(crate) threads: Option<u16>,
    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Watch learning curve, environment and spikes in the terminal; q leaves (needs the feature live)
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) live: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Run directory (runs/NAME/seed-N), that of several seeds (runs/NAME), or the file of an agent
    pub(crate) dir: PathBuf,
    /// Environment for the file of an agent, e.g. CartPole-v1 [default: the one it was trained in]
    #[arg(long, value_name = "ID")]
    pub(crate) env: Option<String>,
    /// Episodes [default: eval.episodes of the run]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub(crate) episodes: Option<u64>,
    /// Seed of the evaluation's episodes [default: the run's]
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
    /// Evaluate the agent of the best evaluation while training (eval.every), not the last one
    #[arg(long, conflicts_with = "env")]
    pub(crate) best: bool,
    /// Draw the actions from the policy, as while training, instead of taking the best
    #[arg(long)]
    pub(crate) stochastic: bool,
    /// Film the first episode (of one run, not of several seeds)
    #[arg(long, value_name = "FILE.gif")]
    pub(crate) gif: Option<PathBuf>,
    /// In the film, draw the reservoir's spikes beside the environment: a row per excitatory neuron, a column per step
    #[arg(long, requires = "gif")]
    pub(crate) spikes: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Run directory (runs/NAME/seed-N)
    pub(crate) dir: PathBuf,
    /// Where the agent goes
    #[arg(long, value_name = "FILE.safetensors")]
    pub(crate) out: PathBuf,
    /// Save the agent of the best evaluation while training (eval.every), not the last one
    #[arg(long)]
    pub(crate) best: bool,
    /// Save a policy alone: it acts greedily, learns nothing more, and takes less space
    #[arg(long)]
    pub(crate) policy: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// TOML file of parameters; its key `preset` names where to start from
    pub(crate) params: Option<PathBuf>,
    /// Parameters to start from: upstream, lazar2009, counting, zheng2013, hartmann2015 or delpapa2017
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<String>,
    /// Set one parameter, e.g. ne=400; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Seed of topology, noise and structural plasticity [default: 0]
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
    /// Inputs: an .npy array of shape (nu, steps)
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) input: Option<PathBuf>,
    /// Steps [default: as many as there are inputs]; without --input, the input is 0
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub(crate) steps: Option<u64>,
    /// Freeze plasticity rules: stdp, ip, sp, istdp, ss, rmstdp, separated by commas
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub(crate) freeze: Option<Vec<String>>,
    /// Record a quantity, every step or every N-th: ExcitatoryActivation, InhibitoryActivation, RecurrentActivation,
    /// RecurrentDrive, WEE, WEI, WIE, TE, TI, EEConnectionCounts, EIConnectionCounts, SynapseBirths, SynapseDeaths; may be
    /// repeated
    #[arg(long, value_name = "NAME[:N]", requires = "out")]
    pub(crate) probe: Vec<Probe>,
    /// Where the probes go: an .npz file with one array per probe, steps along the first axis
    #[arg(long, value_name = "FILE.npz", requires = "probe")]
    pub(crate) out: Option<PathBuf>,
    /// Store activity as bits, as np.packbits(activity, axis=1) does
    #[arg(long)]
    pub(crate) bits: bool,
    /// Go on from a saved state (.safetensors, or .npz with upstream's Wee, Wei, Wie, Te, Ti, X, Y)
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Save the state after the last step (.npz: with upstream's names and shapes; else safetensors)
    #[arg(long, value_name = "FILE")]
    pub(crate) save_state: Option<PathBuf>,
    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Directories of several seeds (runs/NAME), the one of interest first; with --along that of a sweep
    #[arg(required = true)]
    pub(crate) dirs: Vec<PathBuf>,
    /// Show how a measure of a sweep depends on this key of it, e.g. env.kwargs.k: medians, quartiles, rank tests and a figure, a
    /// line for each combination of the other keys
    #[arg(long, value_name = "KEY", conflicts_with_all = ["over", "out"])]
    pub(crate) along: Option<String>,
    /// Number of summary.json that is measured along the key [default: sweep.measure]
    #[arg(long, value_name = "NAME", requires = "along")]
    pub(crate) measure: Option<String>,
    /// Count the seeds whose measure is at least this, and find the largest value of the key up to which 4 of 5 are
    #[arg(long, value_name = "NUMBER", requires = "along", allow_negative_numbers = true)]
    pub(crate) reach: Option<f64>,
    /// Where the figures go [default: figures/ in the first directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// What the learning curves run over [default: what the first directory's budget limits]
    #[arg(long, value_name = "UNIT")]
    pub(crate) over: Option<Over>,
    /// Print a table in Markdown of all experiments, each control beside its own; no figures
    #[arg(long, conflicts_with_all = ["out", "over", "json"])]
    pub(crate) markdown: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Decode {
    /// Run directory (runs/NAME/seed-N), or that of several seeds (runs/NAME)
    pub(crate) dir: PathBuf,
    /// Steps back up to which is read
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=1000), allow_negative_numbers = true)]
    pub(crate) lags: u16,
    /// Observations of each run: three fifths to fit linear readouts, a fifth to choose their penalties, a fifth to test them
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=10_000_000), allow_negative_numbers = true)]
    pub(crate) steps: u64,
    /// Who acts: actions drawn at random, or the policy that was learnt
    #[arg(long, value_name = "WHO", default_value = "random")]
    pub(crate) actions: Actor,
    /// Threads for several seeds; the results do not depend on it [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), allow_negative_numbers = true)]
    pub(crate) threads: Option<u16>,
    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Who acts while a reservoir is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Actor {
    Random,
    Policy,
}

#[derive(Debug, Args)]
pub(crate) struct Plot {
    /// Run directory, or that of several seeds
    pub(crate) dir: PathBuf,
    /// Which figure; it becomes figures/KIND.svg and .png in the directory
    #[arg(value_parser = figure_kinds())]
    pub(crate) kind: FigureKind,
    /// What a learning curve runs over [default: what the budget limits]
    #[arg(long, value_name = "UNIT")]
    pub(crate) over: Option<Over>,
}

/// What a learning curve runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Over {
    Episodes,
    Steps,
    Seconds,
}

impl From<Over> for sorn_lab::Over {
    fn from(over: Over) -> Self {
        match over {
            Over::Episodes => sorn_lab::Over::Episodes,
            Over::Steps => sorn_lab::Over::Steps,
            Over::Seconds => sorn_lab::Over::Seconds,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Run directories (runs/NAME/seed-N) or those of several seeds (runs/NAME), the one of interest first
    #[arg(required = true)]
    pub(crate) dirs: Vec<PathBuf>,
    /// The file [default: report.html in the first directory]
    #[arg(long, value_name = "FILE.html")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Envs {
    /// Id of an environment, or an experiment file (FILE.toml) whose environment, inside its wrappers, is to be shown
    #[arg(value_name = "ID|FILE.toml")]
    pub(crate) env: Option<String>,
    /// Keyword argument of the environment, as JSON or TOML where it is one; may be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "env")]
    pub(crate) kwarg: Vec<String>,
    /// Override one value of the experiment file; may be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "env", conflicts_with = "kwarg")]
    pub(crate) set: Vec<String>,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Id of an environment, or an experiment file (FILE.toml), whose environment, inside its wrappers, and whose own encoder,
    /// learner, policy and rules are to be checked; of a task, its own sources
    #[arg(value_name = "ID|FILE.toml")]
    pub(crate) env: String,
    /// Keyword argument of the environment, as JSON or TOML where it is one; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) kwarg: Vec<String>,
    /// Override one value of the experiment file; may be repeated
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "kwarg")]
    pub(crate) set: Vec<String>,
    /// Seed of the check
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum New {
    /// Write a commented experiment file that runs as it is
    Experiment(NewExperiment),
    /// Write the script with which a scheduler of clusters runs a sweep
    Sweep(NewSweep),
}

#[derive(Debug, Args)]
pub(crate) struct NewExperiment {
    /// Name of the experiment, or its file, NAME.toml
    pub(crate) name: String,
    /// Id of the environment
    #[arg(long, value_name = "ID", default_value = "CartPole-v1", conflicts_with = "task")]
    pub(crate) env: String,
    /// A task without an agent instead of an environment
    #[arg(long, value_name = "KIND", value_parser = TaskSort::NAMES)]
    pub(crate) task: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Dotted key, e.g. run.episodes or agent.learner [default: all tables]
    pub(crate) key: Option<String>,
    /// Print the JSON Schema of experiment files, for editors
    #[arg(long, conflicts_with = "key")]
    pub(crate) schema: bool,
    /// Print every key as a page in Markdown
    #[arg(long, conflicts_with_all = ["key", "schema"])]
    pub(crate) markdown: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Directory for the pages: sorn.1, sorn-run.1 and so on
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

fn figure_kinds() -> impl TypedValueParser<Value = FigureKind> {
    PossibleValuesParser::new(FigureKind::ALL.iter().map(|kind| kind.name()))
        .try_map(|name| name.parse::<FigureKind>())
}

/// One seed.
fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("expected an integer from 0 to {}", u64::MAX))
}

/// Distinct seeds, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seeds(pub(crate) Vec<u64>);

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seeds, String> {
        sorn_lab::parse_seeds(text).map(Seeds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
