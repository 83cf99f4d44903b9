//! `sorn export`: the agent of a run as a file of its own.

use sorn_lab::{LabError, RunDir, Sweep, export};

use crate::ExitStatus;
use crate::args::Export;
use crate::output::note;
use crate::paths::writable;

pub(crate) fn run(args: &Export) -> anyhow::Result<ExitStatus> {
    writable("--out", &args.out)?;
    if let Some(sweep) = Sweep::read(&args.dir)? {
        let one = sweep.runs().next().map(|(_, path)| path.display().to_string()).unwrap_or_default();
        let reason = format!("holds several runs, and one agent is exported; name a run, e.g. {one}");
        return Err(LabError::Directory { path: args.dir.clone(), reason }.into());
    }
    let dir = RunDir::read(&args.dir)?;
    let trained = if args.best { dir.best()? } else { dir.trained()? };
    export(&dir, trained, args.policy, &args.out)?;
    let what = if args.policy { "a policy that acts only" } else { "an agent that goes on learning" };
    note(&format!("{}: {what}", args.out.display()));
    Ok(ExitStatus::Done)
}
