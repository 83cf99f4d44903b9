//! Disks that are full, break, or write by half, and what the command says and leaves.

use std::path::Path;

use anyhow::Result;

use super::Campaign;
use super::build::HAS_SHIM;
use super::pool::{Group, groups};
use super::process::{self, Done, End};
use super::rng::Rng;
use super::same::{Tree, difference, tree};
use super::work::{HANG, Piece, Work, copy};

const KIND: &str = "faults";
/// Cases with one piece of work.
const SIZE: u64 = 8;

const SAID: &str = "a failing disk is an error that names the file, exit code 1 or 2";
const KEPT: &str = "results of other runs stay as they are";
const WHOLE: &str = "what has a result's name is whole after a failure";
const SAME: &str = "the work is finished afterwards with the same bits";
const SHORT: &str = "a short write, which is no error, changes nothing";
const ENDS: &str = "no command hangs (20 s)";

/// Errors of Linux by number: what a disk, a quota, a network file system and a careless administrator bring.
const ERRORS: [(i32, &str); 6] =
    [(28, "ENOSPC"), (5, "EIO"), (122, "EDQUOT"), (30, "EROFS"), (13, "EACCES"), (24, "EMFILE")];

pub(crate) fn run(campaign: &Campaign) -> Result<()> {
    if !HAS_SHIM {
        campaign.table.note("faults: not tried, not Linux: there is no LD_PRELOAD as it is used here".into());
        return Ok(());
    }
    groups(campaign, KIND, SIZE, campaign.jobs, group)
}

fn group(group: &Group<'_>) -> Result<()> {
    let campaign = group.campaign;
    let piece = Piece::random(campaign, &group.dir, &mut Rng::new(campaign.seed, KIND, group.number * SIZE))?;
    let operations = piece.operations(campaign)?;
    for case in group.cases() {
        one(campaign, &piece, &operations, case, &group.dir)?;
    }
    Ok(())
}

/// What goes wrong, as the library of faults takes it, and in words.
fn fault(rng: &mut Rng, operations: &[String]) -> (String, String) {
    let number = rng.within(1, operations.len() as u64);
    let (code, name) = rng.pick(&ERRORS);
    let what = match rng.below(6) {
        0 => "short".to_string(),
        1 => format!("half {code}"),
        2 => format!("full {code}"),
        _ => format!("error {code}"),
    };
    let at = operations.get(number as usize - 1).map_or("", String::as_str);
    (format!("{number} {what}"), format!("{what} ({name}) at {at}"))
}

fn one(campaign: &Campaign, piece: &Piece, operations: &[String], case: u64, home: &Path) -> Result<()> {
    let mut rng = Rng::new(campaign.seed, KIND, case);
    // The first numbers chose the piece of work.
    rng.next();
    let repeat = || campaign.repeat(KIND, case);
    let tried = |promise: &str, outcome: Result<(), String>, told: &str| {
        campaign.table.tried(
            KIND,
            promise,
            repeat,
            outcome.map_err(|said| format!("{:?}, {told}: {said}", piece.work)),
        );
    };
    let dir = piece.place("case")?;
    let neighbour = dir.join("neighbour");
    copy(&home.join("whole"), &neighbour)?;
    let others = tree(&neighbour)?;
    let (fault, told) = fault(&mut rng, operations);
    let (stderr, after) = (home.join("case.err"), home.join("after.err"));
    let limit = HANG.max(20 * piece.took);
    let mut command = piece.faulty(campaign, &dir, &fault, None)?;
    if rng.one_in(3) {
        command.env("SORN_FAULTS_READS", "1");
    }
    let done = process::run(&mut command, &stderr, limit)?;
    tried(ENDS, if done.end == End::Hung { Err("hangs".into()) } else { Ok(()) }, &told);
    tried(KEPT, untouched(&others, &neighbour)?, &told);
    std::fs::remove_dir_all(&neighbour)?;
    // A report names what it could not read, and tells of the rest.
    let partly =
        piece.work == Work::Report && done.end == End::Code(0) && done.stderr.contains("cannot be read");
    if partly {
        tried(SAID, Ok(()), &told);
    } else if fault.ends_with("short") {
        let outcome = match done.end {
            End::Code(0) => piece.check_end(&dir)?,
            end => Err(format!("{end:?}: {}", done.tail())),
        };
        tried(SHORT, outcome, &told);
    } else {
        // Some failures do no harm: then nothing else may have changed.
        let outcome = match done.end {
            End::Code(0) => piece.check_end(&dir)?.map_err(|said| format!("exit code 0, but {said}")),
            _ => said(&done),
        };
        tried(SAID, outcome, &told);
    }
    if !partly {
        tried(WHOLE, piece.check_results(&dir)?, &told);
    }
    let done = process::run(&mut piece.command(campaign, &dir)?, &after, limit)?;
    tried(ENDS, if done.end == End::Hung { Err("hangs afterwards".into()) } else { Ok(()) }, &told);
    let outcome = match done.end {
        End::Code(0) => piece.check_end(&dir)?,
        end => Err(format!("afterwards {end:?}: {}", done.tail())),
    };
    tried(SAME, outcome, &told);
    Ok(())
}

fn untouched(before: &Tree, dir: &Path) -> Result<Result<(), String>> {
    Ok(difference(before, &tree(dir)?))
}

/// Whether a failure was reported as it should be.
fn said(done: &Done) -> Result<(), String> {
    let text = &done.stderr;
    let error = text.lines().find(|line| line.starts_with("error: "));
    let names_a_file = |line: &str| {
        let words = line.split([' ', ':']).filter(|word| !word.is_empty());
        words.filter(|word| word.contains('.') || word.contains('/')).count() > 0
    };
    match (done.end, error) {
        _ if text.contains("panicked") => Err(format!("a panic: {}", done.tail())),
        (End::Code(1 | 2), Some(line)) if names_a_file(line) => Ok(()),
        (End::Code(1 | 2), Some(line)) => Err(format!("names no file: {line}")),
        (end, _) => Err(format!("{end:?}: {}", done.tail())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn done(end: End, stderr: &str) -> Done {
        Done { end, stderr: stderr.into(), took: Duration::ZERO }
    }

    #[test]
    fn silence_panics_signals_and_errors_without_a_file_are_found() {
        let whole = "error: runs/a/metrics.jsonl: cannot be written: No space left\n";
        assert_eq!(said(&done(End::Code(1), whole)), Ok(()));
        for (end, text) in [
            (End::Code(1), ""),
            (End::Code(101), whole),
            (End::Signal(6), whole),
            (End::Code(1), "error: No space left\n"),
            (End::Code(1), "thread 'main' panicked at src/a.rs:1\nerror: a.json: b\n"),
        ] {
            assert!(said(&done(end, text)).is_err(), "{end:?} {text}");
        }
    }
}
