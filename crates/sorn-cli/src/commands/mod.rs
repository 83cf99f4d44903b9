//! One file per command.

mod check;
mod compare;
mod completions;
mod decode;
mod doctor;
mod envs;
mod eval;
mod explain;
mod export;
mod man;
mod new;
mod plot;
mod report;
mod resume;
mod run;
mod scripts;
mod simulate;
mod sweep;
mod task;
mod track;
mod tune;

use crate::args::Command;
use crate::{ExitStatus, Extras};

/// `extras` is what the Python package adds, if it is there.
pub(crate) fn dispatch(command: Command, extras: Option<&dyn Extras>) -> anyhow::Result<ExitStatus> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Sweep(args) => sweep::run(&args, extras),
        Command::Tune(args) => tune::run(&args, extras),
        Command::Track(args) => track::run(&args, extras),
        Command::Resume(args) => resume::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Plot(args) => plot::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Envs(args) => envs::run(&args),
        Command::Check(args) => check::run(&args),
        Command::New(what) => new::run(&what),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Doctor => doctor::run(),
    }
}
