//! `sorn plot`: a figure, from what was recorded.

use sorn_lab::{FigureKind, Quiet};

use crate::ExitStatus;
use crate::args::Plot;
use crate::output::{Usage, result};

pub(crate) fn run(args: &Plot) -> anyhow::Result<ExitStatus> {
    if args.over.is_some() && args.kind != FigureKind::LearningCurve {
        let reason = format!("--over: expected the figure learning-curve, found {}", args.kind);
        return Err(Usage(reason).into());
    }
    match sorn_lab::draw(&args.dir, args.kind, args.over.map(Into::into), &Quiet)? {
        Some(path) => result(&format!("{}\n", path.display())).map(|()| ExitStatus::Done),
        None => Ok(ExitStatus::Interrupted),
    }
}
