//! Mutated files and command lines: starts the fuzzer of `tests/tests/fuzz/`, watches it, and goes on behind what ended it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Campaign, watch};
use crate::steps::TESTED;
use crate::workspace::cargo;

const KIND: &str = "fuzz";
const LIVES: &str = "no input hangs (20 s), aborts or takes more than 4 GB";
/// Address space of a fuzzer, in KiB.
const MEMORY: u64 = 4 << 20;

pub(crate) fn run(campaign: &Campaign) -> Result<()> {
    let program = program(campaign);
    // The shell sets the limit, which the standard library cannot.
    let limited = format!("ulimit -v {MEMORY} 2>/dev/null; ulimit -c 0; exec \"$@\"");
    let worker = || {
        let mut command = Command::new("sh");
        command.args(["-c", &limited, "sh"]).arg(&program).env("NO_COLOR", "1").env("SORN_LOG", "off");
        command
    };
    watch::all(campaign, KIND, LIVES, &worker)
}

fn program(campaign: &Campaign) -> PathBuf {
    campaign.scratch.join("fuzzer")
}

/// Builds the fuzzer as the tests are built, and copies it to where no other build replaces it.
pub(crate) fn build(campaign: &Campaign) -> Result<()> {
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
    fs::copy(&built, program(campaign)).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(())
}
