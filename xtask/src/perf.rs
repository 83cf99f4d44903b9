//! `cargo xtask perf`: instructions of a step, counted by callgrind, against a table.
//!
//! Counts do not depend on other work on the machine. They depend on the compiler, so a new one may need new counts. Callgrind
//! has AVX2 and no AVX-512. The profile is that of the tests, which are built anyway; it checks what a release does not.

use crate::workspace::cargo;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const USAGE: &str = "\
Usage: cargo xtask perf [--update]

  Counts the instructions of a step of ten networks under callgrind and compares them with
  xtask/perf.tsv; a count more than 2 % above it fails. Needs valgrind.

  --update       write the counts to the table instead
";

const NAMES: [&str; 10] = [
    "exact-200-plastic",
    "exact-1000-plastic",
    "exact-20000-plastic",
    "exact-200-frozen",
    "exact-1000-frozen",
    "fast-200-plastic",
    "fast-1000-plastic",
    "fast-20000-plastic",
    "fast-200-frozen",
    "fast-1000-frozen",
];

/// How much a count may grow.
const TOLERANCE: f64 = 0.02;

/// Compares, or updates the table; returns whether no count grew too much.
pub(crate) fn run(args: &[String]) -> Result<bool> {
    let update = match args {
        [] => false,
        [flag] if flag == "--update" => true,
        _ => bail!("expected at most --update, found {:?}\n\n{USAGE}", args.join(" ")),
    };
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("valgrind is not installed, so nothing was counted; on Debian: apt-get install valgrind");
        return Ok(!update);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = root.join("perf.tsv");
    let program = build(root)?;
    let mut counts = BTreeMap::new();
    for name in NAMES {
        let steps = if name.contains("20000") { 3 } else { 40 };
        let count = (count(&program, name, 2 * steps)? - count(&program, name, steps)?) / steps as f64;
        println!("{name:<22}{count:>14.0}");
        counts.insert(name, count);
    }
    if update {
        let lines = counts.iter().map(|(name, count)| format!("{name}\t{count:.0}\n"));
        std::fs::write(&table, lines.collect::<String>())
            .with_context(|| format!("writing {}", table.display()))?;
        return Ok(true);
    }
    let text = std::fs::read_to_string(&table).with_context(|| format!("reading {}", table.display()))?;
    let mut good = true;
    for (number, line) in text.lines().enumerate() {
        let row = line.split_once('\t').and_then(|(name, count)| Some((name, count.parse::<f64>().ok()?)));
        let Some((name, before)) = row else {
            bail!("{}, line {}: expected NAME<tab>COUNT, found {line:?}", table.display(), number + 1);
        };
        let Some(now) = counts.get(name) else {
            bail!("{}, line {}: unknown benchmark {name:?}", table.display(), number + 1);
        };
        if *now > before * (1.0 + TOLERANCE) {
            good = false;
            eprintln!("{name}: expected at most {before:.0} instructions and 2 %, found {now:.0}");
        }
    }
    Ok(good)
}

/// Builds the example `perf` of sorn-core.
fn build(root: &Path) -> Result<PathBuf> {
    let done = cargo().args(["build", "-p", "sorn-core", "--example", "perf"]).status()?;
    if !done.success() {
        bail!("the example `perf` of sorn-core does not compile");
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("../target"), PathBuf::from);
    Ok(target.join("debug/examples/perf"))
}

/// Instructions of a run of `steps` steps.
fn count(program: &Path, name: &str, steps: usize) -> Result<f64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([name, &steps.to_string()])
        .output()?;
    let text = String::from_utf8_lossy(&run.stderr);
    let count = text.lines().find_map(|line| line.split("Collected :").nth(1)?.trim().parse().ok());
    count.with_context(|| format!("valgrind {} {name}: no count in\n{text}", program.display()))
}
