//! `sorn plot`: a figure, from what was recorded.

use sorn_lab::Quiet;

use crate::ExitStatus;
use crate::args::Plot;
use crate::output::result;

pub(crate) fn run(args: &Plot) -> anyhow::Result<ExitStatus> {
    match sorn_lab::draw(&args.dir, args.kind, &Quiet)? {
        Some(path) => result(&format!("{}\n", path.display())).map(|()| ExitStatus::Done),
        None => Ok(ExitStatus::Interrupted),
    }
}
