//! `sorn resume`: on from the last checkpoint.

use sorn_lab::{RunDir, Sweep};

use super::run::{many, one};
use crate::ExitStatus;
use crate::args::Resume;
use crate::live;
use crate::output::note;

pub(crate) fn run(args: &Resume) -> anyhow::Result<ExitStatus> {
    live::check(&args.how)?;
    if sorn_lab::is_sequence_dir(&args.dir)? {
        return super::sequence::resume(&args.dir, &args.how);
    }
    match Sweep::open(&args.dir)? {
        Some(sweep) => many(&sweep, &args.how),
        None => {
            let dir = RunDir::open(&args.dir)?;
            if dir.summary()?.is_some() {
                note(&format!("{}: finished before, nothing to do; what it came to:", args.dir.display()));
            }
            one(&dir, &args.how)
        }
    }
}
