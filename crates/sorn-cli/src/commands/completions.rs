//! `sorn completions`: what a shell needs to complete commands and options.

use clap::CommandFactory;

use crate::ExitStatus;
use crate::args::{Cli, Completions};
use crate::output::result;

pub(crate) fn run(args: &Completions) -> anyhow::Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sorn", &mut script);
    result(&String::from_utf8(script)?)?;
    Ok(ExitStatus::Done)
}
