//! `sorn resume`: on from the last checkpoint, or beyond the end with a larger budget.

use sorn_lab::{RunDir, Sweep, TaskSort, counted};

use super::run::{many, one};
use crate::ExitStatus;
use crate::args::Resume;
use crate::live;
use crate::output::{Usage, note};

const DEPENDS: &str = "in several environments the last episodes depend on the budget: the run goes on from there, to other results than \
                       with this budget from its beginning";

const TRAINS_ON: &str = "--set run.stop_when_solved=false trains on";

/// Whether a run is finished because it solved its task, so that a larger budget changes nothing.
fn ended_solved(dir: &RunDir) -> bool {
    dir.experiment().run.stop_when_solved && dir.summary().is_ok_and(|s| s.is_some_and(|s| s.solved))
}

pub(crate) fn run(args: &Resume) -> anyhow::Result<ExitStatus> {
    live::check(&args.how)?;
    super::sweep::refuse_sweep(&args.dir)?;
    if let Some(sort) = TaskSort::of_dir(&args.dir)? {
        if let Some(text) = args.set.first() {
            let reason = format!(
                "--set {text}: expected a run of reinforcement learning, found a task whose phases say how long it takes"
            );
            return Err(Usage(reason).into());
        }
        return super::task::resume(sort, &args.dir, &args.how);
    }
    if let Some(mut sweep) = Sweep::open(&args.dir)? {
        if !args.set.is_empty() && sweep.set_budget(&args.set)? {
            note(DEPENDS);
        }
        // The budget of the directory counts: its runs take it when they go on.
        if !args.set.is_empty() && sweep.experiment().run.stop_when_solved {
            let ended =
                sweep.runs().filter(|(_, path)| RunDir::read(path).is_ok_and(|dir| ended_solved(&dir)));
            let count = ended.count() as u64;
            if count > 0 {
                note(&format!("{} ended when solved; {TRAINS_ON}", counted(count, "run")));
            }
        }
        return many(&sweep, &args.how);
    }
    let mut dir = RunDir::open(&args.dir)?;
    if !args.set.is_empty() && dir.set_budget(&args.set)? {
        note(DEPENDS);
    }
    if dir.is_finished()? {
        let more = match ended_solved(&dir) && !args.set.is_empty() {
            true => format!("; it ended when it solved its task, {TRAINS_ON}"),
            false => String::new(),
        };
        note(&format!("{}: finished before, nothing to do{more}; what it came to:", args.dir.display()));
    }
    one(&dir, &args.how)
}
