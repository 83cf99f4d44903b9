//! Long runs whose memory, descriptors and disk must not grow.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Campaign;
use super::build::sorn;
use super::process::{self, End};
use super::work::HANG;

const KIND: &str = "soak";
const SAMPLES: u64 = 200;

/// What a long run may take: a few numbers per episode are kept for means and figures, the rest is flat.
const BYTES_PER_EPISODE: f64 = 400.0;
const BYTES: f64 = 2e6;
const DESCRIPTORS: f64 = 1.0;
const DISK: f64 = 256e3;

const EXPERIMENT: &str = r#"name = "long"
[env]
id = "CartPole-v1"
[agent.reservoir.params]
ne = 200
[agent.plasticity]
mode = "always"
[run]
episodes = 100000000
stop_when_solved = false
checkpoint_every = 50
"#;

/// One look at a process.
#[derive(Clone, Copy)]
struct Sample {
    seconds: f64,
    episodes: f64,
    memory: f64,
    descriptors: f64,
    disk: f64,
}

pub(crate) fn run(campaign: &Campaign) -> Result<()> {
    if !cfg!(target_os = "linux") {
        campaign.table.note("soak: not tried, not Linux: there is no /proc".into());
        return Ok(());
    }
    let dir = campaign.scratch.join("soak");
    fs::create_dir_all(&dir)?;
    fs::write(dir.join("long.toml"), EXPERIMENT)?;
    let train: &[&str] = &["run", "long.toml", "--quiet"];
    let step: &[&str] = &["simulate", "--quiet", "--set", "ne=200", "--steps", "100000000000"];
    let length = campaign.deadline.saturating_duration_since(Instant::now());
    let results: Vec<Result<()>> = std::thread::scope(|scope| {
        // What has nothing to save is ended by the signal itself.
        let subjects = [("training", train, End::Code(130)), ("a simulation", step, End::Signal(2))];
        let threads = subjects.map(|(name, args, end)| {
            let dir = &dir;
            scope.spawn(move || subject(campaign, dir, name, args, end, length))
        });
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread panicked")))
            .collect()
    });
    results.into_iter().collect()
}

fn subject(
    campaign: &Campaign,
    dir: &Path,
    name: &str,
    args: &[&str],
    expected: End,
    length: Duration,
) -> Result<()> {
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    let began = Instant::now();
    let mut running = process::start(&mut sorn(campaign, dir, &args), &dir.join(format!("{}.err", args[0])))?;
    let mut samples = Vec::new();
    while began.elapsed() < length && !running.has_ended()? {
        samples.extend(sample(running.id(), &dir.join("runs/long/seed-0"), began));
        sleep(length.div_f64(SAMPLES as f64).max(Duration::from_millis(20)));
    }
    running.send("INT")?;
    let done = running.finish(length + HANG)?;
    let tried = |promise: &str, outcome| {
        campaign.table.tried(
            KIND,
            promise,
            || format!("cargo xtask campaign soak --seed {}", campaign.seed),
            outcome,
        );
    };
    let ended = if done.end == expected {
        Ok(())
    } else {
        Err(format!("{name}: expected {expected:?}, found {:?}: {}", done.end, done.tail()))
    };
    tried("a long run is saved and ended, or ended, by SIGINT within 20 s", ended);
    // The beginning fills caches and pools.
    let steady = &samples[samples.len() / 3..];
    let (Some(first), Some(last)) = (steady.first(), steady.last()) else {
        tried("a long run can be looked at", Err(format!("{name}: no samples")));
        return Ok(());
    };
    let (seconds, episodes) = (last.seconds - first.seconds, last.episodes - first.episodes);
    let grown = |of: fn(&Sample) -> f64| slope(steady, of) * seconds;
    let (memory, descriptors, disk) = (grown(|s| s.memory), grown(|s| s.descriptors), grown(|s| s.disk));
    campaign.table.note(format!(
        "soak: {name}, {seconds:.0} s, {episodes:.0} episodes: memory {memory:+.0} bytes (of {:.1} MB), descriptors {descriptors:+.2}, disk without \
         metrics {disk:+.0} bytes",
        last.memory / 1e6
    ));
    let most = BYTES + BYTES_PER_EPISODE * episodes;
    tried("memory of a long run is flat (2 MB, and 400 bytes an episode)", within(name, memory, most));
    tried("descriptors of a long run are flat (less than one)", within(name, descriptors, DESCRIPTORS));
    tried("the disk without metrics is flat (256 KB)", within(name, disk, DISK));
    Ok(())
}

fn within(name: &str, grown: f64, most: f64) -> Result<(), String> {
    if grown <= most { Ok(()) } else { Err(format!("{name}: grew by {grown:.0}, at most {most:.0}")) }
}

/// The slope per second by least squares.
fn slope(samples: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    let n = samples.len() as f64;
    let mean = |f: &dyn Fn(&Sample) -> f64| samples.iter().map(f).sum::<f64>() / n;
    let (x, y) = (mean(&|s| s.seconds), mean(&|s| of(s)));
    let cross: f64 = samples.iter().map(|s| (s.seconds - x) * (of(s) - y)).sum();
    let square: f64 = samples.iter().map(|s| (s.seconds - x).powi(2)).sum();
    if square > 0.0 { cross / square } else { 0.0 }
}

fn sample(process: u32, run: &Path, began: Instant) -> Option<Sample> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).ok()?.count() as f64;
    let metrics = fs::read(run.join("metrics.jsonl")).unwrap_or_default();
    let episodes = metrics.iter().filter(|&&byte| byte == b'\n').count() as f64;
    Some(Sample {
        seconds: began.elapsed().as_secs_f64(),
        episodes,
        memory: 1024.0 * kib,
        descriptors,
        disk: size(run),
    })
}

/// Bytes below a folder, but for what grows by a line per episode.
fn size(dir: &Path) -> f64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0.0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => size(&entry.path()),
            Ok(found) if !entry.file_name().to_string_lossy().starts_with("metrics.") => found.len() as f64,
            _ => 0.0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_is_found_and_noise_is_none() {
        let samples = |leak: f64| -> Vec<Sample> {
            (0..100)
                .map(|n| {
                    let seconds = f64::from(n);
                    let memory = 50e6 + leak * seconds + if n % 2 == 0 { 1e5 } else { 0.0 };
                    Sample { seconds, episodes: 0.0, memory, descriptors: 9.0, disk: 0.0 }
                })
                .collect()
        };
        let grown = |leak| slope(&samples(leak), |s| s.memory) * 99.0;
        assert!(within("a", grown(0.0), BYTES).is_ok());
        assert!(within("a", grown(30e3), BYTES).is_err());
        assert!(slope(&samples(0.0), |s| s.descriptors).abs() < 1e-9);
    }
}
