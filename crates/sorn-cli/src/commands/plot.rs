//! `sorn plot`: a figure again, from what was recorded.

use sorn_lab::draw_learning_curve;

use crate::ExitStatus;
use crate::args::Plot;
use crate::output::result;

pub(crate) fn run(args: &Plot) -> anyhow::Result<ExitStatus> {
    // The only kind there is; clap refuses others.
    let path = draw_learning_curve(&args.dir)?;
    result(&format!("{}\n", path.display()))?;
    Ok(ExitStatus::Done)
}
