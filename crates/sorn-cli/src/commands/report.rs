//! `sorn report`: runs and experiments as one HTML file.

use sorn_lab::{Quiet, Report};

use crate::ExitStatus;
use crate::args::Report as Args;
use crate::output::{note, result};
use crate::paths::writable;

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    args.out.iter().try_for_each(|path| writable("--out", path))?;
    let Some(report) = Report::of(&args.dirs, &Quiet)? else { return Ok(ExitStatus::Interrupted) };
    report.problems().iter().for_each(|problem| note(&format!("left out: {problem}")));
    let path = args.out.clone().unwrap_or_else(|| args.dirs[0].join("report.html"));
    report.write(&path)?;
    result(&format!("{}\n", path.display()))?;
    Ok(ExitStatus::Done)
}
