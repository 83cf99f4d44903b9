//! Mutated files and command lines: starts the fuzzer of `tests/tests/fuzz/`, watches it, and goes on behind what ended it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Campaign;
use super::process::{self, End};
use super::work::HANG;
use crate::steps::TESTED;
use crate::workspace::cargo;

const KIND: &str = "fuzz";
const LIVES: &str = "no input hangs (20 s), aborts or takes more than 4 GB";
/// Address space of a fuzzer, in KiB.
const MEMORY: u64 = 4 << 20;

/// A reader, as the fuzzer lists it.
struct Target {
    name: String,
    promise: String,
}

pub(crate) fn run(campaign: &Campaign) -> Result<()> {
    let program = build(campaign)?;
    let list = Command::new(&program).arg("--list").output().context("cannot start the fuzzer")?;
    let list = String::from_utf8(list.stdout).context("the fuzzer's list is no text")?;
    let targets: Vec<Target> = list
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, promise)| Target { name: name.into(), promise: promise.into() })
        .collect();
    if targets.is_empty() {
        bail!("the fuzzer lists no target");
    }
    let left = campaign.deadline.saturating_duration_since(Instant::now());
    let jobs = campaign.jobs.min(targets.len());
    let share = left.mul_f64(jobs as f64 / targets.len() as f64);
    let next = AtomicUsize::new(0);
    let results: Vec<Result<()>> = std::thread::scope(|scope| {
        let one = || -> Result<()> {
            while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                watch(campaign, &program, target, share)?;
            }
            Ok(())
        };
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(one)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread panicked")))
            .collect()
    });
    results.into_iter().collect()
}

/// Builds the fuzzer as the tests are built, and copies it to where no other build replaces it.
fn build(campaign: &Campaign) -> Result<PathBuf> {
    let mut command = cargo();
    if campaign.coverage {
        // What cargo-fuzz passes to a nightly compiler; the stable one knows these options as well.
        let flags = "-C passes=sancov-module -C llvm-args=-sanitizer-coverage-level=3 -C llvm-args=-sanitizer-coverage-inline-8bit-counters";
        command
            .env("RUSTFLAGS", flags)
            .env("CARGO_TARGET_DIR", campaign.workspace.target.join("campaign/coverage"));
        // The flags must not reach build scripts and macros, which do not know the function that takes the counters.
        command.args(["test", "--target", env!("TARGET"), "--package", "sorn-tests"]);
    } else {
        command.arg("test").args(TESTED);
    }
    command.args(["--features", "sorn-tests/fuzz", "--no-run", "--test", "fuzz", "--message-format=json"]);
    let output = command
        .current_dir(&campaign.workspace.root)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the fuzzer cannot be built: {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let built =
        text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
            let ours = message["target"]["name"] == "fuzz";
            message["executable"].as_str().filter(|_| ours).map(PathBuf::from)
        });
    let built = built.context("cargo names no fuzzer")?;
    let program = campaign.scratch.join("fuzzer");
    fs::copy(&built, &program).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(program)
}

/// One target for its share of the time.
fn watch(campaign: &Campaign, program: &Path, target: &Target, share: Duration) -> Result<()> {
    let until = Instant::now() + share;
    let dir = campaign.scratch.join(format!("fuzz-{}", target.name));
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
        let seconds = if end < u64::MAX { u64::MAX } else { left };
        let mut running = process::start(
            &mut worker(campaign, program, target, from, end, seconds, &dir),
            &dir.join("stderr"),
        )?;
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
            (false, End::Code(2)) => bail!("fuzz {}: {}", target.name, done.tail()),
            (true, _) => stops.push((at, "hangs (20 s)".to_string())),
            (false, end) => stops.push((at, format!("the program ends: {end:?}: {}", done.tail()))),
        }
        tried += at + 1 - from;
        from = at + 1;
    }
    let repeat = |case: u64| format!("{} (target {})", campaign.repeat(KIND, case), target.name);
    let failures: Vec<(String, String)> = fs::read_to_string(dir.join("failures.jsonl"))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|line| {
            let said = line["said"].as_str().unwrap_or_default();
            let input = dir.join(line["input"].as_str().unwrap_or_default());
            (repeat(line["case"].as_u64().unwrap_or(0)), format!("{said}; input: {}", input.display()))
        })
        .collect();
    campaign.table.add(KIND, &target.promise, tried, failures.len() as u64, failures);
    let stops: Vec<_> =
        stops.into_iter().map(|(at, said)| (repeat(at), format!("{}: {said}", target.name))).collect();
    campaign.table.add(KIND, LIVES, tried, stops.len() as u64, stops);
    if campaign.coverage {
        campaign.table.note(format!("fuzz: {}: {reached} counters of coverage reached", target.name));
    }
    Ok(())
}

fn worker(
    campaign: &Campaign,
    program: &Path,
    target: &Target,
    from: u64,
    until: u64,
    seconds: u64,
    dir: &Path,
) -> Command {
    // The shell sets the limit, which the standard library cannot.
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("ulimit -v {MEMORY} 2>/dev/null; ulimit -c 0; exec \"$@\""))
        .arg("sh")
        .arg(program);
    command.args([
        "--target",
        &target.name,
        "--seed",
        &campaign.seed.to_string(),
        "--from",
        &from.to_string(),
    ]);
    command.args(["--until", &until.to_string(), "--seconds", &seconds.to_string(), "--dir"]).arg(dir);
    command.env("NO_COLOR", "1").env("SORN_LOG", "off");
    command
}

/// Waits until the process has ended, or ends it where one case takes too long: true in that case.
fn supervise(running: &mut process::Running, dir: &Path) -> Result<bool> {
    let mut last = (progress(dir), Instant::now());
    while !running.has_ended()? {
        sleep(Duration::from_millis(20));
        let now = progress(dir);
        if now != last.0 {
            last = (now, Instant::now());
        } else if last.1.elapsed() > HANG {
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
