//! Odd calls of the Python package: builds and installs it, starts `tests/campaign/odd_calls.py` and watches it.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Campaign, watch};
use crate::python::{PEERS, prepare, program};
use crate::steps::install_package;

const KIND: &str = "python";
const LIVES: &str = "no call hangs (20 s) or ends the interpreter";

pub(crate) fn build(campaign: &Campaign) -> Result<()> {
    let workspace = &campaign.workspace;
    prepare(workspace, PEERS)?;
    install_package(workspace, &mut |command| {
        let status = command.current_dir(&workspace.root).status().context("cannot start Python")?;
        if !status.success() {
            bail!("the package cannot be built: {status}");
        }
        Ok(())
    })
}

pub(crate) fn run(campaign: &Campaign) -> Result<()> {
    let workspace = &campaign.workspace;
    let script = workspace.root.join("tests/campaign/odd_calls.py");
    // Calls write files where they stand.
    let folder = campaign.scratch.join("python");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let worker = || {
        let mut command = Command::new(program(workspace, "python"));
        command.arg(&script).current_dir(&folder);
        command.env("MPLBACKEND", "Agg").env("PYTHONHASHSEED", "0").env("PYTHONDONTWRITEBYTECODE", "1");
        command
    };
    watch::all(campaign, KIND, LIVES, &worker)
}
