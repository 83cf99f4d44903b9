//! `sorn plot`: a figure, from what was recorded.

use crate::ExitStatus;
use crate::args::Plot;
use crate::output::result;
use crate::progress::{Waiting, stop_on_signals};

pub(crate) fn run(args: &Plot) -> anyhow::Result<ExitStatus> {
    stop_on_signals("stopping the replay");
    match sorn_lab::draw(&args.dir, args.kind, &Waiting)? {
        Some(path) => result(&format!("{}\n", path.display())).map(|()| ExitStatus::Done),
        None => Ok(ExitStatus::Interrupted),
    }
}
