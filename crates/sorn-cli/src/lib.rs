//! The `sorn` command as a library: [`run`] takes arguments and gives an exit status.
//!
//! [`run_with`] does so with environments, parts of agents and sources of tasks of one's own.
//!
//! Results go to stdout; progress, warnings and errors to stderr.

mod args;
mod commands;
mod live;
mod output;
mod paths;
mod progress;
mod reference;
mod registered;
mod stopping;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
pub use sorn_lab::{self, Registry};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done.
    Done,
    /// The work failed.
    Failed,
    /// The command, or a file it was given, was wrong.
    Usage,
    /// Stopped by SIGINT, SIGTERM or SIGHUP; what was done is saved.
    Interrupted,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> ExitCode {
        ExitCode::from(match status {
            ExitStatus::Done => 0,
            ExitStatus::Failed => 1,
            ExitStatus::Usage => 2,
            ExitStatus::Interrupted => stopping::INTERRUPTED,
        })
    }
}

/// What the Python package adds to the command.
pub trait Extras {
    /// Searches for `sorn tune` as `request` says, and says how that ended.
    ///
    /// # Errors
    /// What failed.
    fn search(&self, tuning: sorn_lab::Tuning, request: &serde_json::Value) -> anyhow::Result<ExitStatus>;

    /// Runs the tasks `numbers` of a sweep on Ray, for `sorn sweep --engine ray`, as `request` says. If that cannot be done at all, it says
    /// why on the standard error and gives the status.
    ///
    /// # Errors
    /// What failed.
    fn ray(
        &self,
        sweep: &sorn_lab::SweepDir,
        numbers: &[u64],
        request: &serde_json::Value,
    ) -> anyhow::Result<Result<sorn_lab::Worked, ExitStatus>>;

    /// Hands runs to a tracker for `sorn track` as `request` says, and says how that ended.
    ///
    /// # Errors
    /// What failed.
    fn track(&self, request: &serde_json::Value) -> anyhow::Result<ExitStatus>;
}

/// Makes Ctrl-C and the other signals ask the work to stop, after a library took them for itself.
pub fn stop_on_signals() {
    stopping::on_signals(stopping::SAVED);
}

/// Since when the work is asked to stop by a signal, if it is.
pub fn asked_to_stop() -> Option<std::time::Instant> {
    stopping::asked()
}

/// Runs the command line `args`, the program's name first, with what `registry` adds to what is built in: a program of one's own is
/// the whole command, and its experiment files name its own environments and parts of agents.
///
/// ```no_run
/// use sorn_cli::Registry;
///
/// fn main() -> std::process::ExitCode {
///     let registry = Registry::new(); // .env(...).encoder(...).learner(...).rule(...)
///     sorn_cli::run_with(registry, std::env::args_os()).into()
/// }
/// ```
pub fn run_with(registry: Registry, args: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let args: Vec<OsString> = args.into_iter().collect();
    output::name_program(args.first());
    match registry.register() {
        Ok(()) => run(args),
        Err(error) => output::report(&error.into()),
    }
}

/// Runs the command line `args`, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitStatus {
    run_extended(args, None)
}

/// [`run`], with what the Python package adds to it.
pub fn run_extended(args: impl IntoIterator<Item = OsString>, extras: Option<&dyn Extras>) -> ExitStatus {
    let cli = match args::Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; a closed pipe is nobody's fault.
            let _ = error.print();
            return if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Done };
        }
    };
    output::start_log();
    match commands::dispatch(cli.command, extras) {
        Ok(status) => status,
        Err(error) => output::report(&error),
    }
}
