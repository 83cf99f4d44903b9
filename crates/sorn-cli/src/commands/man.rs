//! `sorn man`: the manual pages.

use std::path::Path;

use clap::CommandFactory;

use crate::ExitStatus;
use crate::args::{Cli, Man};
use crate::output::{Usage, result};

pub(crate) fn run(args: &Man) -> anyhow::Result<ExitStatus> {
    if !args.out.is_dir() {
        return Err(Usage(format!("--out: expected a directory, found {}", args.out.display())).into());
    }
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let pages = write(&command, &args.out)?;
    result(&format!("{pages} pages in {}\n", args.out.display()))?;
    Ok(ExitStatus::Done)
}

/// The page of `command` and those below it; how many.
fn write(command: &clap::Command, dir: &Path) -> anyhow::Result<usize> {
    let man = clap_mangen::Man::new(command.clone());
    let path = dir.join(man.get_filename());
    let mut page = Vec::new();
    man.render(&mut page)?;
    sorn_lab::write_whole(&path, &page)?;
    let mut pages = 1;
    for inner in command.get_subcommands() {
        pages += write(inner, dir)?;
    }
    Ok(pages)
}
