//! `sorn resume`: on from the last checkpoint.

use sorn_lab::{RunDir, Sweep};

use super::run::{many, one};
use crate::ExitStatus;
use crate::args::Resume;
use crate::live;

pub(crate) fn run(args: &Resume) -> anyhow::Result<ExitStatus> {
    live::check(&args.how)?;
    match Sweep::open(&args.dir)? {
        Some(sweep) => many(&sweep, &args.how),
        None => one(&RunDir::open(&args.dir)?, &args.how),
    }
}
