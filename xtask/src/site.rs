//! `cargo xtask site`: the documentation as a folder that opens in a browser without a network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::{Workspace, cargo};
use crate::{python, steps};

pub(crate) const USAGE: &str = "\
Usage: cargo xtask site

  Builds the documentation site into target/site: the pages of docs/, the reference of the Python package
  and that of the crates. It needs Python, and installs what else it needs into the virtual environment.
";

/// Builds everything anew.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<bool> {
    if let Some(unknown) = arguments.first() {
        bail!("unknown argument {unknown:?}\n\n{USAGE}");
    }
    let mut call = |command: &mut Command| succeed(command.current_dir(&workspace.root));
    python::prepare(workspace, python::PEERS)?;
    steps::install_package(workspace, &mut call)?;
    let site = pages(workspace, &mut call)?;
    call(cargo().args(["doc", "--workspace", "--no-deps", "--exclude", "xtask"]))?;
    let crates = site.join("crates");
    copy(&workspace.target.join("doc"), &crates)?;
    println!("open {}", site.join("index.html").display());
    Ok(true)
}

/// The pages alone, every warning an error: an unknown link, a page that no other names.
pub(crate) fn pages(
    workspace: &Workspace,
    run: &mut dyn FnMut(&mut Command) -> Result<()>,
) -> Result<PathBuf> {
    let site = workspace.target.join("site");
    if site.exists() {
        fs::remove_dir_all(&site).with_context(|| format!("cannot empty {}", site.display()))?;
    }
    let mut build = Command::new(python::program(workspace, "python"));
    build.args(["-m", "sphinx", "-q", "-W", "--keep-going", "-E", "-b", "html", "-d"]);
    build.arg(workspace.target.join("doctrees")).arg("docs").arg(&site);
    run(&mut build)?;
    Ok(site)
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{:?} failed: {status}", command.get_program());
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
