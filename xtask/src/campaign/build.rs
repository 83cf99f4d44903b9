//! The programs that are tried: built once, copied to where no other build replaces them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};

use super::Campaign;
use crate::steps::TESTED;
use crate::workspace::cargo;

/// The library that lets file operations fail; Linux alone has `LD_PRELOAD` as it is used here.
pub(crate) const HAS_SHIM: bool = cfg!(target_os = "linux");
const SHIM: &str = "libsorn_faults.so";

/// Builds the command and the library of faults, in the selection of packages of the other steps, so that nothing is built twice.
pub(crate) fn programs(campaign: &Campaign) -> Result<()> {
    static BUILT: AtomicBool = AtomicBool::new(false);
    if BUILT.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    // The tests of the command bring the command along.
    build(campaign, cargo().arg("test").args(TESTED).args(["--no-run", "--test", "cli"]))?;
    copy(campaign, &format!("sorn{}", std::env::consts::EXE_SUFFIX), "sorn")?;
    if HAS_SHIM {
        build(campaign, cargo().args(["build", "--package", "sorn-faults"]))?;
        copy(campaign, SHIM, SHIM)?;
    }
    Ok(())
}

pub(crate) fn build(campaign: &Campaign, command: &mut Command) -> Result<()> {
    let status = command
        .arg("--quiet")
        .current_dir(&campaign.workspace.root)
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("the programs cannot be built: {status}");
    }
    Ok(())
}

/// Copies a program of the profile `dev`.
pub(crate) fn copy(campaign: &Campaign, from: &str, to: &str) -> Result<()> {
    fs::create_dir_all(&campaign.programs)
        .with_context(|| format!("cannot make {}", campaign.programs.display()))?;
    let from = campaign.workspace.target.join("debug").join(from);
    let to = campaign.programs.join(to);
    // Renamed: a program that runs cannot be written, but its name can be given to another.
    let temporary = to.with_extension(std::process::id().to_string());
    let copied = fs::copy(&from, &temporary).and_then(|_| fs::rename(&temporary, &to));
    copied.with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// The command in the folder `dir`.
pub(crate) fn sorn(campaign: &Campaign, dir: &Path, args: &[String]) -> Command {
    sorn_as(campaign, "sorn", dir, args)
}

/// The command under the name with which it was copied.
pub(crate) fn sorn_as(campaign: &Campaign, name: &str, dir: &Path, args: &[String]) -> Command {
    let mut command = Command::new(campaign.programs.join(name));
    command.args(args).current_dir(dir).env_remove("SORN_LOG").env("NO_COLOR", "1");
    command
}

/// Adds the library of faults: operations below `dir` count, and at the n-th `what` happens.
pub(crate) fn with_faults(
    campaign: &Campaign,
    command: &mut Command,
    dir: &Path,
    what: &str,
    log: Option<PathBuf>,
) {
    command.env("LD_PRELOAD", campaign.programs.join(SHIM));
    command.env("SORN_FAULTS_DIR", dir).env("SORN_FAULTS", what);
    if let Some(log) = log {
        command.env("SORN_FAULTS_LOG", log);
    }
}
