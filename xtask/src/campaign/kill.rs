//! Processes that are killed or interrupted at any moment, and what comes of their work afterwards.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;

use super::Campaign;
use super::build::HAS_SHIM;
use super::pool::{Group, groups};
use super::process::{self, Done, End, SIGKILL};
use super::rng::Rng;
use super::work::{HANG, Piece, Work};

const KIND: &str = "kill";
/// Cases with one piece of work.
const SIZE: u64 = 8;

const SAME: &str = "killed at any moment, work is finished afterwards with the same bits";
const WHOLE: &str = "what has a result's name is whole after a kill";
const CODE: &str = "after SIGINT, SIGTERM or SIGHUP: ended at once or saved, exit code 130, or done";
const ENDS: &str = "no command hangs (20 s)";

pub(crate) fn run(campaign: &Campaign) -> Result<()> {
    if !HAS_SHIM {
        campaign.table.note("kill: not Linux, so that processes are killed at random moments only".into());
    }
    groups(campaign, KIND, SIZE, campaign.jobs, group)
}

fn group(group: &Group<'_>) -> Result<()> {
    let campaign = group.campaign;
    let piece = Piece::random(campaign, &group.dir, &mut Rng::new(campaign.seed, KIND, group.number * SIZE))?;
    let operations = if HAS_SHIM { piece.operations(campaign)?.len() as u64 } else { 0 };
    for case in group.cases() {
        one(campaign, &piece, operations, case, &group.dir)?;
    }
    Ok(())
}

/// How a process is disturbed.
enum Blow {
    /// SIGKILL at the n-th operation on files, before or after it, or half-way through a write.
    At(u64, &'static str),
    /// This signal after this time.
    After(Duration, &'static str),
}

impl Blow {
    fn random(rng: &mut Rng, piece: &Piece, operations: u64) -> Blow {
        let exact = operations > 0 && rng.one_in(2);
        if exact {
            let how = *rng.pick(&["kill-before", "kill-after", "torn"]);
            return Blow::At(rng.within(1, operations), how);
        }
        let signal = *rng.pick(&["KILL", "KILL", "INT", "TERM", "HUP"]);
        Blow::After(piece.took.mul_f64(1.1 * rng.fraction()), signal)
    }
}

fn one(campaign: &Campaign, piece: &Piece, operations: u64, case: u64, home: &Path) -> Result<()> {
    let mut rng = Rng::new(campaign.seed, KIND, case);
    // The first numbers chose the piece of work.
    rng.next();
    let repeat = || campaign.repeat(KIND, case);
    let tried = |promise: &str, outcome| campaign.table.tried(KIND, promise, repeat, outcome);
    let dir = piece.place("case")?;
    let stderr = home.join("case.err");
    // Disturbed once, sometimes again and again, then left in peace.
    let blows = if rng.one_in(3) { rng.within(2, 6) } else { 1 };
    for _ in 0..blows {
        let blow = Blow::random(&mut rng, piece, operations);
        let done = disturbed(campaign, piece, &dir, &stderr, &blow)?;
        tried(ENDS, ends(&done));
        if let Blow::After(_, signal @ ("INT" | "TERM" | "HUP")) = blow {
            tried(CODE, right_code(piece, signal, &done).map_err(|said| format!("{:?}: {said}", piece.work)));
        }
        // An interrupted simulation saves what it did until then, and says so by its exit code.
        let partly = done.end == End::Code(130) && matches!(piece.work, Work::Simulate | Work::GoOn);
        if partly {
            continue;
        }
        tried(WHOLE, piece.check_results(&dir)?.map_err(|said| format!("{:?}: {said}", piece.work)));
        if done.end == End::Code(0) {
            break;
        }
    }
    let done = process::run(
        &mut piece.command(campaign, &dir)?,
        &home.join("after.err"),
        HANG.max(20 * piece.took),
    )?;
    tried(ENDS, ends(&done));
    let outcome = match done.end {
        End::Code(0) => piece.check_end(&dir)?,
        end => Err(format!("{end:?}: {}", done.tail())),
    };
    tried(SAME, outcome.map_err(|said| format!("{:?}: {said}", piece.work)));
    Ok(())
}

fn disturbed(campaign: &Campaign, piece: &Piece, dir: &Path, stderr: &Path, blow: &Blow) -> Result<Done> {
    let limit = HANG.max(20 * piece.took);
    match blow {
        Blow::At(number, how) => {
            let mut command = piece.faulty(campaign, dir, &format!("{number} {how}"), None)?;
            process::run(&mut command, stderr, limit)
        }
        Blow::After(delay, signal) => {
            let running = process::start(&mut piece.command(campaign, dir)?, stderr)?;
            sleep(*delay);
            running.send(signal)?;
            running.finish(limit)
        }
    }
}

fn ends(done: &Done) -> Result<(), String> {
    if done.end == End::Hung { Err(format!("killed after {:.0} s", done.took.as_secs_f64())) } else { Ok(()) }
}

/// A process that has not begun to listen ends by the signal; one that had done ends with 0.
fn right_code(piece: &Piece, signal: &str, done: &Done) -> Result<(), String> {
    let number = match signal {
        "HUP" => 1,
        "INT" => 2,
        _ => 15,
    };
    match done.end {
        End::Code(0 | 130) => Ok(()),
        End::Signal(found) if found == number => Ok(()),
        // What has nothing to save may end as a shell counts a process that the signal ended.
        End::Code(143) if !matches!(piece.work, Work::Run | Work::Seeds | Work::Task) => Ok(()),
        End::Signal(SIGKILL) => Ok(()),
        end => Err(format!("SIG{signal}: {end:?}: {}", done.tail())),
    }
}
