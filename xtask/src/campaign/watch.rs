//! Programs that try case after case by themselves: started per target, watched, started again behind a case that ended them.
//!
//! With `--list` they print a target and its promise per line. In the folder `--dir` they leave `progress`, the number of the case
//! under way in eight bytes, `failures.jsonl`, and at the end `done`: the number of cases, and of counters of coverage.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Campaign;
use super::process::{self, End};
use super::work::HANG;

/// What one program tries.
struct Target {
    name: String,
    promise: String,
}

/// A program, and what it promises by living on.
struct Program<'a> {
    kind: &'static str,
    lives: &'static str,
    start: &'a (dyn Fn() -> Command + Sync),
}

/// All targets of the program that `start` makes a command for, each for its share of the time.
pub(crate) fn all(
    campaign: &Campaign,
    kind: &'static str,
    lives: &'static str,
    start: &(dyn Fn() -> Command + Sync),
) -> Result<()> {
    let list =
        start().arg("--list").output().with_context(|| format!("cannot start the program of {kind}"))?;
    let text = String::from_utf8_lossy(&list.stdout);
    let targets: Vec<Target> = text
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, promise)| Target { name: name.into(), promise: promise.into() })
        .filter(|target| campaign.target.as_ref().is_none_or(|one| *one == target.name))
        .collect();
    if targets.is_empty() {
        bail!("{kind}: no such target: {text}{}", String::from_utf8_lossy(&list.stderr));
    }
    let left = campaign.deadline.saturating_duration_since(Instant::now());
    let jobs = campaign.jobs.min(targets.len());
    let share = left.mul_f64(jobs as f64 / targets.len() as f64);
    let program = Program { kind, lives, start };
    let next = AtomicUsize::new(0);
    let one = || -> Result<()> {
        while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
            watch(campaign, &program, target, share)?;
        }
        Ok(())
    };
    let results: Vec<Result<()>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(one)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread panicked")))
            .collect()
    });
    results.into_iter().collect()
}

/// One target for its share of the time.
fn watch(campaign: &Campaign, program: &Program<'_>, target: &Target, share: Duration) -> Result<()> {
    let until = Instant::now() + share;
    let dir = campaign.scratch.join(format!("{}-{}", program.kind, target.name));
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let (mut from, mut tried, mut reached) = (campaign.case.unwrap_or(0), 0, String::new());
    let end = match (campaign.case, campaign.cases) {
        (Some(case), _) => case + 1,
        (None, Some(cases)) => cases,
        (None, None) => u64::MAX,
    };
    let mut stops = Vec::new();
    while from < end && (end < u64::MAX || Instant::now() < until) {
        let left = until.saturating_duration_since(Instant::now()).as_secs().max(1);
        let seconds = if end < u64::MAX { i64::MAX as u64 } else { left };
        for name in ["done", "progress"] {
            let _ = fs::remove_file(dir.join(name));
        }
        let mut command = (program.start)();
        command.args(["--target", &target.name, "--seed", &campaign.seed.to_string()]);
        command.args(["--from", &from.to_string(), "--until", &end.to_string()]);
        command.args(["--seconds", &seconds.to_string(), "--dir"]).arg(&dir);
        let mut running = process::start(&mut command, &dir.join("stderr"))?;
        let stopped = supervise(&mut running, &dir)?;
        let done = running.finish(Duration::ZERO)?;
        let at = progress(&dir).unwrap_or(from);
        match (stopped, done.end) {
            (false, End::Code(0)) => {
                let text = fs::read_to_string(dir.join("done")).unwrap_or_default();
                let mut numbers = text.split(' ');
                tried += numbers.next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
                reached = numbers.next().unwrap_or_default().to_string();
                break;
            }
            (false, End::Code(2)) => bail!("{} {}: {}", program.kind, target.name, done.tail()),
            (true, _) => stops.push((at, "hangs (20 s)".to_string())),
            (false, end) => stops.push((at, format!("the program ends: {end:?}: {}", done.tail()))),
        }
        tried += at + 1 - from;
        from = at + 1;
    }
    let repeat = |case: u64| format!("{} --target {}", campaign.repeat(program.kind, case), target.name);
    let failures: Vec<(String, String)> = fs::read_to_string(dir.join("failures.jsonl"))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|line| {
            let said = line["said"].as_str().unwrap_or_default();
            let input = line["input"].as_str().map(|name| format!("; input: {}", dir.join(name).display()));
            (repeat(line["case"].as_u64().unwrap_or(0)), format!("{said}{}", input.unwrap_or_default()))
        })
        .collect();
    campaign.table.add(program.kind, &target.promise, tried, failures.len() as u64, failures);
    let stops: Vec<_> =
        stops.into_iter().map(|(at, said)| (repeat(at), format!("{}: {said}", target.name))).collect();
    campaign.table.add(program.kind, program.lives, tried, stops.len() as u64, stops);
    if campaign.coverage && !reached.is_empty() && reached != "0" {
        campaign.table.note(format!("fuzz: {}: {reached} counters of coverage reached", target.name));
    }
    Ok(())
}

/// Waits until the process has ended, or ends it where one case takes too long: true in that case. What it makes before its first
/// case, such as the run whose files are damaged, may take longer.
fn supervise(running: &mut process::Running, dir: &Path) -> Result<bool> {
    let mut last = (progress(dir), Instant::now());
    while !running.has_ended()? {
        sleep(Duration::from_millis(20));
        let now = progress(dir);
        if now != last.0 {
            last = (now, Instant::now());
        } else if last.1.elapsed() > if now.is_some() { HANG } else { 6 * HANG } {
            running.send("KILL")?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// The number of the case under way.
fn progress(dir: &Path) -> Option<u64> {
    let bytes = fs::read(dir.join("progress")).ok()?;
    Some(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?))
}
