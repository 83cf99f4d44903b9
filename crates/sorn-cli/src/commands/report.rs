//! `sorn report`: runs and experiments as one HTML file.

use sorn_lab::Report;

use crate::ExitStatus;
use crate::args::Report as Args;
use crate::output::{note, result};
use crate::progress::{Waiting, stop_on_signals};

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    stop_on_signals("stopping the report");
    let Some(report) = Report::of(&args.dirs, &Waiting)? else { return Ok(ExitStatus::Interrupted) };
    report.problems().iter().for_each(|problem| note(&format!("left out: {problem}")));
    let path = args.out.clone().unwrap_or_else(|| args.dirs[0].join("report.html"));
    report.write(&path)?;
    result(&format!("{}\n", path.display()))?;
    Ok(ExitStatus::Done)
}
